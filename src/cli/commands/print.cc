// ashlar print: a module or component as text.
#include "text/print.h"

#include "api/load.h"
#include "binary/decode.h"
#include "cli/config_flags.h"
#include "cli/load_component.h"
#include "cli/output.h"
#include "cli/output_file.h"
#include "cli/registry.h"
#include "component/text/print.h"

namespace ashlar::cli {
namespace {

enum PrintFlag : int { kOutput = kFirstOwnFlag, kFold, kFlat, kNoNames, kNoCustoms, kOffsets };

constexpr Flag kFlags[] = {
    {kOutput, 'o', "output", "FILE", "where to write (default: standard output)"},
    {kFold, 'f', "fold", "", "fold operands into their instruction: (i32.add (local.get 0) ...)"},
    {kFlat, 0, "flat", "", "one instruction a line (default)"},
    {kNoNames, 0, "no-names", "", "indices instead of the name section's identifiers"},
    {kNoCustoms, 0, "no-customs", "", "leave custom sections out"},
    {kOffsets, 0, "offsets", "", "tell the byte offset of each instruction in comments"},
    kFeatureFlagRow,
};

Result<std::string> text_of(const Settings& settings, const std::string& path, const text::PrintOptions& options) {
  TRY_ASSIGN(InputFile file, read_input(path));
  if (file.is_component) {
    TRY_ASSIGN(const LoadedComponent loaded, decode_component(file.bytes, file.storage, settings.config));
    return component::print_component(*loaded.component, options);
  }
  TRY_ASSIGN(api::ModuleBytes source, api::assemble(file.bytes, std::move(file.storage)));
  const binary::DecodeOptions decode_options{settings.config.features, settings.config.limits};
  TRY_ASSIGN(auto module, binary::decode(source.bytes, source.storage, decode_options));
  return text::print(*module, options);
}

Status print(const Args& args, const Settings& settings, const std::string& path) {
  text::PrintOptions options;
  options.features = settings.config.features;
  options.names = !args.has(kNoNames);
  options.customs = !args.has(kNoCustoms);
  options.offsets = args.has(kOffsets);
  for (const Args::Given& given : args.flags) {
    if (given.id == kFold || given.id == kFlat) options.folded = given.id == kFold;
  }
  TRY_ASSIGN(const std::string out, text_of(settings, path, options));
  return write_output(std::string(args.value(kOutput, "-")), out);
}

int run_print(const Args& args) {
  if (args.operands.size() != 1) {
    const Error error = args.operands.empty()
                            ? Error(ErrorCode::missing_operand, kNoOffset, "FILE")
                            : Error(ErrorCode::extra_operand, kNoOffset, std::string(args.operands[1]));
    return report_usage(error, "print");
  }
  Result<Settings> settings = read_settings(args);
  if (!settings) return report_usage(settings.error(), "print");
  // A module that does not match the settings can still be looked at.
  if (!args.has(kFeatureFlag)) settings->config.features = isa::Features::all();
  const std::string path(args.operands[0]);
  const Status done = print(args, *settings, path);
  return done ? kExitOk : report(done.error(), path);
}

}  // namespace

constinit const Command kPrintCommand = {
    .name = "print",
    .operands = "FILE",
    .summary = "Turn a binary into the text format (wasm2wat)",
    .details =
        "The text parses back to the same module or component (parse --debug-names). Nothing is validated. '-' reads "
        "standard input.",
    .flags = kFlags,
    .flags_end_at_operand = false,
    .run = run_print,
};

}  // namespace ashlar::cli
