// ashlar snapshot: runs a program's initialisation and writes a program that begins behind it.
#include "cli/load_component.h"
#include "cli/output.h"
#include "cli/output_file.h"
#include "cli/registry.h"
#include "cli/snapshot_program.h"

namespace ashlar::cli {

namespace {

enum SnapshotFlag : int { kOutput = kFirstFlagBehindRun, kInit, kAllowRandom, kRename };

constexpr auto kFlags = std::to_array<Flag>({
    {kOutput, 'o', "output", "FILE", "where to write ('-' is standard output; FILE.snapshot.wasm\nbeside the input)"},
    {kInit, 0, "init", "NAME",
     "the exported function that initialises the program\n(wizer-initialize or wizer.initialize of a module)"},
    {kRename, 0, "rename-func", "NEW=OLD", "export OLD as NEW, in place of what is exported as NEW (modules)"},
    {kAllowRandom, 0, "allow-random", "", "let it have random numbers, the same ones after every start"},
    kDirFlagRow,
    kEnvFlagRow,
    kInheritEnvFlagRow,
    kConfigFlagRow,
    kConfigFileFlagRow,
    {kMaxMemoryFlag, 0, "max-memory", "SIZE", "limit of linear memory (512M, 2G)"},
    {kMaxStackFlag, 0, "max-stack", "SIZE", "limit of the call stack (8M)"},
    kMaxGcHeapFlagRow,
    {kFuelFlag, 0, "fuel", "N", "trap after about N instructions"},
    {kTimeoutFlag, 0, "timeout", "DURATION", "trap when the initialisation has run so long (5s, 500ms)"},
    kTierFlagRow,
    kNoCacheFlagRow,
    kFeatureFlagRow,
});

Result<SnapshotPlan> read_snapshot_plan(const Args& args) {
  SnapshotPlan out;
  TRY_ASSIGN(out.run, read_plan(args));
  if (args.operands.size() > 1) {
    return make_error(ErrorCode::extra_operand, kNoOffset, std::string(args.operands[1]));
  }
  out.run.wasi.max_threads = 0;
  out.run.wasi.allow_threads = "a program with threads has no snapshot";
  if (args.has(kInit)) out.init = args.value(kInit);
  out.allow_random = args.has(kAllowRandom);
  for (const Args::Given& given : args.flags) {
    if (given.id != kRename) continue;
    const size_t equals = given.value.find('=');
    if (equals == given.value.npos || equals == 0) {
      return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(given.flag), std::string(given.value),
                        "NEW=OLD");
    }
    out.renamed.emplace_back(given.value.substr(0, equals), given.value.substr(equals + 1));
  }
  return out;
}

int run_snapshot(const Args& args) {
  Result<SnapshotPlan> plan = read_snapshot_plan(args);
  if (!plan) return report_usage(plan.error(), args.command->name);
  const std::string file = plan->run.file;
  const Result<Snapshot> made = is_component_file(file) ? snapshot_component(*plan) : snapshot_module(*plan);
  if (!made) return report(made.error(), file);
  if (!made->notes.empty()) print_error(file + ": note: " + made->notes);
  const Status written = replace_output(output_path(args.value(kOutput), file, ".snapshot.wasm"), made->bytes);
  return written ? kExitOk : report(written.error());
}

}  // namespace

constinit const Command kSnapshotCommand = {
    .name = "snapshot",
    .operands = "FILE",
    .summary = "Initialise a program once and write one that starts from there",
    .details =
        "FILE is a module or component, binary or text. It is instantiated, initialised (by _initialize, if it\n"
        "exports that, and then by the function that --init names) and written again with its memories, globals\n"
        "and tables as they are by then, without start functions, _initialize and the function of --init.\n"
        "While it is initialised it has what the flags here grant; what it found there stays, and so the result\n"
        "should be given the same directories. Refused, with the reason: open files, random numbers, objects of\n"
        "the garbage collector or the host in globals and tables, memories and tables of others, threads.",
    .flags = kFlags,
    .flags_end_at_operand = false,
    .run = run_snapshot,
};

}  // namespace ashlar::cli
