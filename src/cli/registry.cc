// The list of subcommands, and the overview made of it.
#include "cli/registry.h"

#include "cli/output.h"

namespace ashlar::cli {

namespace {
constexpr const Command* kCommands[] = {
#define ASHLAR_COMMAND(name) &k##name##Command,
#include "cli/commands.def"
#undef ASHLAR_COMMAND
};
}  // namespace

std::span<const Command* const> commands() { return kCommands; }

const Command* find_command(std::string_view name) {
  for (const Command* command : kCommands) {
    if (command->name == name) return command;
  }
  return nullptr;
}

std::vector<std::string_view> command_names() {
  std::vector<std::string_view> out;
  for (const Command* command : kCommands) out.push_back(command->name);
  return out;
}

std::string overview(bool colour) {
  std::string out = "Ashlar runs WebAssembly.\n\n" + bold("Usage:", colour) +
                    " ashlar FILE [ARGS...]\n       ashlar COMMAND [FLAGS] ...\n\n" + bold("Commands:", colour) + "\n";
  for (const Command* command : kCommands) {
    out += strf("  %-12.*s", static_cast<int>(command->name.size()), command->name.data());
    out += std::string(command->summary) + "\n";
  }
  return out +
         "\n'ashlar help COMMAND' tells more about one. 'ashlar --version' prints the version.\n"
         "Exit codes: the program's own; 134 after a trap; 1 when something failed; 2 for a wrong command line.\n";
}

}  // namespace ashlar::cli
