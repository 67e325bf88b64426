// ashlar validate: decodes and validates modules, binary or text.
#include "api/load.h"
#include "cli/config_flags.h"
#include "cli/output.h"
#include "cli/registry.h"

namespace ashlar::cli {
namespace {

constexpr Flag kFlags[] = {kFeatureFlagRow};

int run_validate(const Args& args) {
  if (args.operands.empty()) {
    return report_usage(Error(ErrorCode::missing_operand, kNoOffset, "FILE"), "validate");
  }
  Result<Settings> settings = read_settings(args);
  if (!settings) return report_usage(settings.error(), "validate");
  int code = kExitOk;
  for (std::string_view file : args.operands) {
    const std::string path(file);
    auto types = std::make_shared<module::TypeRegistry>();
    Result<api::ModuleBytes> source = api::read_module(path);
    Status valid;
    if (!source) {
      valid = std::unexpected(std::move(source).error());
    } else if (auto module = api::check(*source, settings->config, types); !module) {
      valid = std::unexpected(std::move(module).error());
    }
    if (!valid) code = report(valid.error(), path);
  }
  return code;
}

}  // namespace

constinit const Command kValidateCommand = {
    .name = "validate",
    .operands = "FILES...",
    .summary = "Check that modules are well-formed and valid",
    .details = "Prints nothing and exits with 0 when all are; says what is wrong with each of the others.",
    .flags = kFlags,
    .flags_end_at_operand = false,
    .run = run_validate,
};

}  // namespace ashlar::cli
