// The list of subcommands.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "cli/args.h"

namespace ashlar::cli {

#define ASHLAR_COMMAND(name) extern const Command k##name##Command;
#include "cli/commands.def"
#undef ASHLAR_COMMAND

std::span<const Command* const> commands();
/// Null when there is none of that name.
const Command* find_command(std::string_view name);
std::vector<std::string_view> command_names();

/// What `ashlar help` and `ashlar --help` print.
std::string overview(bool colour);

}  // namespace ashlar::cli
