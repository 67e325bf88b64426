// ashlar validate: decodes and validates modules and components, binary or text.
#include "api/load.h"
#include "cli/config_flags.h"
#include "cli/load_component.h"
#include "cli/output.h"
#include "cli/registry.h"

namespace ashlar::cli {
namespace {

constexpr Flag kFlags[] = {kFeatureFlagRow};

Status check_file(const std::string& path, const runtime::Config& config) {
  TRY_ASSIGN(InputFile file, read_input(path));
  if (file.is_component) {
    TRY_ASSIGN(const LoadedComponent component, decode_component(file.bytes, file.storage, config));
    return check_component(component, config, true, nullptr);
  }
  TRY_ASSIGN(const api::ModuleBytes source, api::assemble(file.bytes, std::move(file.storage)));
  TRY(api::check(source, config, std::make_shared<module::TypeRegistry>()));
  return {};
}

int run_validate(const Args& args) {
  if (args.operands.empty()) {
    return report_usage(Error(ErrorCode::missing_operand, kNoOffset, "FILE"), "validate");
  }
  Result<Settings> settings = read_settings(args);
  if (!settings) return report_usage(settings.error(), "validate");
  int code = kExitOk;
  for (std::string_view file : args.operands) {
    const std::string path(file);
    const Status valid = check_file(path, settings->config);
    if (!valid) code = report(valid.error(), path);
  }
  return code;
}

}  // namespace

constinit const Command kValidateCommand = {
    .name = "validate",
    .operands = "FILES...",
    .summary = "Check that modules and components are valid",
    .details =
        "Prints nothing and exits with 0 when all are; says what is wrong with each of the others. '-' "
        "reads standard input.",
    .flags = kFlags,
    .flags_end_at_operand = false,
    .run = run_validate,
};

}  // namespace ashlar::cli
