// ashlar help: the overview, or one command's help.
#include "cli/output.h"
#include "cli/registry.h"

namespace ashlar::cli {
namespace {

int run_help(const Args& args) {
  const bool colour = use_colour(kStdout);
  if (args.operands.empty()) {
    write_all(kStdout, overview(colour));
    return kExitOk;
  }
  const std::string_view name = args.operands[0];
  const Command* command = find_command(name);
  if (!command) {
    return report_usage(Error(ErrorCode::unknown_command, kNoOffset, std::string(name), suggest(name, command_names())),
                        {});
  }
  write_all(kStdout, help_text(*command, colour));
  return kExitOk;
}

}  // namespace

constinit const Command kHelpCommand = {
    .name = "help",
    .operands = "[COMMAND]",
    .summary = "Tell about the commands, or about one",
    .details = "",
    .flags = {},
    .flags_end_at_operand = false,
    .run = run_help,
};

}  // namespace ashlar::cli
