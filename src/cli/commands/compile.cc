// ashlar compile: compiles a module or a component to machine code ahead of time.
#include "api/load.h"
#include "cli/compile_component.h"
#include "cli/config_flags.h"
#include "cli/load_component.h"
#include "cli/output.h"
#include "cli/output_file.h"
#include "cli/progress.h"
#include "cli/registry.h"
#include "os/cpu_extensions.h"
#include "tiering/compiler_process.h"

namespace ashlar::cli {
namespace {

using native::CompileRequest;

enum CompileFlag : int { kOutput = kFirstOwnFlag, kLevel, kCpu, kTarget, kThreads, kEmitIr, kCountFuel, kDebugInfo };

constexpr Flag kFlags[] = {
    {kOutput, 'o', "output", "FILE", "where to write ('-' is standard output; FILE.cwasm\nbeside the input)"},
    {kLevel, 'O', "opt-level", "0|1|2|3|s",
     "optimize not at all, for quick compilation, as usual\n(2), without regard to time, or for size"},
    {kTarget, 0, "target", "x86_64|aarch64", "architecture it is to run on (this machine's)"},
    {kCpu, 0, "cpu", "NAME",
     "oldest processor it is to run on, such as x86-64-v2,\nx86-64-v3 or generic (this machine's)"},
    {kThreads, 'j', "threads", "N", "how many threads compile (all cores)"},
    {kDebugInfo, 'g', "debug-info", "",
     "note where each instruction comes from, for debuggers\nand profilers; the code is the same"},
    {kEmitIr, 0, "emit-ir", "", "write the optimized intermediate code of LLVM instead"},
    {kCountFuel, 0, "fuel", "", "count instructions, for 'ashlar run --fuel'"},
    kFuelCostFlagRow,
    kBoundsChecksFlagRow,
    kPretendUnsupportedFlagRow,
    kFeatureFlagRow,
};

/// What the command line asks for.
struct Plan {
  Settings settings;
  CompileRequest request;
  std::string input;
  std::string output;
};

std::unexpected<Error> bad_value(const Args::Given& given, const char* wanted) {
  return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(given.flag), std::string(given.value), wanted);
}

Status read_flag(const Args::Given& given, CompileRequest& out) {
  switch (given.id) {
    case kLevel:
      if (given.value.size() != 1 || !std::string_view("0123s").contains(given.value[0])) {
        return bad_value(given, "0, 1, 2, 3 or s");
      }
      out.level = given.value[0];
      break;
    case kTarget:
      if (given.value != "x86_64" && given.value != "aarch64") return bad_value(given, "x86_64 or aarch64");
      out.arch = given.value;
      break;
    case kCpu:
      out.cpu = given.value;
      break;
    case kThreads: {
      TRY_ASSIGN(const uint64_t threads, parse_count(given.flag, given.value));
      constexpr uint64_t kMost = 1024;
      if (threads == 0 || threads > kMost) return bad_value(given, "a number from 1 to 1024");
      out.threads = static_cast<unsigned>(threads);
      break;
    }
    case kDebugInfo:
      out.all_places = true;
      break;
    case kEmitIr:
      out.emit = CompileRequest::Emit::Ir;
      break;
    case kCountFuel:
      out.config.fuel = true;
      break;
    default:
      break;
  }
  return {};
}

Result<Plan> read_plan(const Args& args) {
  Plan plan;
  TRY_ASSIGN(plan.settings, read_settings(args));
  if (args.operands.empty()) return make_error(ErrorCode::missing_operand, kNoOffset, "FILE");
  if (args.operands.size() > 1) return make_error(ErrorCode::extra_operand, kNoOffset, std::string(args.operands[1]));
  plan.input = args.operands[0];
  const runtime::Config& config = plan.settings.config;
  plan.request.config.fuel = config.fuel;
  for (const Args::Given& given : args.flags) TRY(read_flag(given, plan.request));
  if (plan.request.config.fuel) plan.request.config.fuel_costs = config.fuel_costs.text();
  plan.request.config.explicit_bounds = config.bounds_checks == runtime::BoundsChecks::Explicit;
  plan.request.config.features = config.features.raw();
  plan.request.pretend_unsupported = plan.settings.tier.pretend_unsupported;
  // There is no processor here to take as the measure.
  const bool foreign = !plan.request.arch.empty() && plan.request.arch != os::cpu_arch();
  if (foreign && plan.request.cpu.empty()) plan.request.cpu = "generic";
  const bool ir = plan.request.emit == CompileRequest::Emit::Ir;
  plan.output = output_path(args.value(kOutput), plan.input, ir ? ".ll" : ".cwasm");
  return plan;
}

Status compile_to_file(const Plan& plan) {
  if (is_component_file(plan.input)) {
    return compile_component(plan.input, plan.output, plan.request, plan.settings.config);
  }
  TRY_ASSIGN(const api::ModuleBytes source, api::read_module(plan.input));
  // The compiler checks again, but it knows nothing of lines and columns.
  TRY(api::check(source, plan.settings.config, std::make_shared<module::TypeRegistry>()));
  tiering::CompileJob job;
  job.request = plan.request;
  job.wasm = source.bytes;
  if (plan.output == "-") {
    job.output_fd = kStdout;
  } else {
    job.request.output = plan.output;
  }
  // A path that looks like a flag or a descriptor stays a path.
  if (job.request.output.starts_with("-") || job.request.output.starts_with("fd:")) job.request.output.insert(0, "./");
  TRY_ASSIGN(auto process, tiering::CompilerProcess::start(job));
  ProgressBar bar("compiling " + plan.input);
  return process.wait([&bar](uint64_t done, uint64_t all) { bar.update(done, all); });
}

int run_compile(const Args& args) {
  const Result<Plan> plan = read_plan(args);
  if (!plan) return report_usage(plan.error(), "compile");
  const Status done = compile_to_file(*plan);
  return done ? kExitOk : report(done.error(), plan->input);
}

}  // namespace

constinit const Command kCompileCommand = {
    .name = "compile",
    .operands = "FILE",
    .summary = "Compile a program to machine code ahead of time",
    .details =
        "FILE is a WebAssembly binary or text, '-' is standard input. 'ashlar run --allow-precompiled' runs the "
        "result\n"
        "on machines that have the features of the processor that it was compiled for; the module is inside. Of a\n"
        "component all core modules and the adapters between its parts are compiled into one file.\n"
        "-W, --bounds-checks, --fuel and --fuel-cost must be the same for both.",
    .flags = kFlags,
    .flags_end_at_operand = false,
    .run = run_compile,
};

}  // namespace ashlar::cli
