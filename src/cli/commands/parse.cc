// ashlar parse: text format to binary, checked.
#include "api/load.h"
#include "cli/config_flags.h"
#include "cli/load_component.h"
#include "cli/output.h"
#include "cli/output_file.h"
#include "cli/registry.h"

namespace ashlar::cli {
namespace {

enum ParseFlag : int { kOutput = kFirstOwnFlag, kNoCheck, kDebugNames, kNoAnnotations };

constexpr Flag kFlags[] = {
    {kOutput, 'o', "output", "FILE", "where to write; '-' is standard output\n(default: FILE with the ending .wasm)"},
    {kNoCheck, 0, "no-check", "", "do not validate the result"},
    {kDebugNames, 0, "debug-names", "", "write identifiers into a name section"},
    {kNoAnnotations, 0, "no-annotations", "", "ignore (@custom), (@name) and other annotations"},
    kFeatureFlagRow,
};

Status parse(const Args& args, const Settings& settings, const std::string& path) {
  api::AssembleOptions options;
  options.debug_names = args.has(kDebugNames);
  options.annotations = !args.has(kNoAnnotations);
  TRY_ASSIGN(InputFile file, read_input(path));
  if (file.is_component) {
    TRY_ASSIGN(const LoadedComponent component, decode_component(file.bytes, file.storage, settings.config, options));
    if (!args.has(kNoCheck)) TRY(check_component(component, settings.config, true, nullptr));
    return write_output(output_path(args.value(kOutput), path, ".wasm"), component.bytes);
  }
  TRY_ASSIGN(api::ModuleBytes source, api::assemble(file.bytes, std::move(file.storage), options));
  if (!args.has(kNoCheck)) {
    TRY_ASSIGN(auto module, api::check(source, settings.config, std::make_shared<module::TypeRegistry>()));
  }
  return write_output(output_path(args.value(kOutput), path, ".wasm"), source.bytes);
}

int run_parse(const Args& args) {
  if (args.operands.size() != 1) {
    const Error error = args.operands.empty()
                            ? Error(ErrorCode::missing_operand, kNoOffset, "FILE")
                            : Error(ErrorCode::extra_operand, kNoOffset, std::string(args.operands[1]));
    return report_usage(error, "parse");
  }
  Result<Settings> settings = read_settings(args);
  if (!settings) return report_usage(settings.error(), "parse");
  const std::string path(args.operands[0]);
  const Status done = parse(args, *settings, path);
  return done ? kExitOk : report(done.error(), path);
}

}  // namespace

constinit const Command kParseCommand = {
    .name = "parse",
    .operands = "FILE",
    .summary = "Turn the text format into a binary (wat2wasm)",
    .details = "The module or component is validated before it is written. '-' reads standard input.",
    .flags = kFlags,
    .flags_end_at_operand = false,
    .run = run_parse,
};

}  // namespace ashlar::cli
