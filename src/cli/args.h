// Command-line flags as tables: one list a command serves parsing, help and completion.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/suggest.h"

namespace ashlar::cli {

/// One flag of a command. Everything points to static text.
struct Flag {
  int id;                  ///< the command's own enumerator; equal ids are aliases
  char letter;             ///< 0: only the long form
  std::string_view name;   ///< without dashes; empty: only the letter
  std::string_view value;  ///< what it takes ("FILE"), empty: a switch
  std::string_view help;   ///< empty: for tests, not shown
};

struct Args;

/// A subcommand: commands/<name>.cc defines one, registry.cc lists it.
struct Command {
  std::string_view name;
  std::string_view operands;  ///< for the usage line
  std::string_view summary;   ///< one line, no full stop
  std::string_view details;   ///< shown by help below the summary; lines of at most 100 columns
  std::span<const Flag> flags;
  bool flags_end_at_operand;     ///< what stands behind the first operand belongs to the guest
  int (*run)(const Args& args);  ///< the process's exit code
};

/// A parsed command line. Views point into argv.
struct Args {
  struct Given {
    int id;
    std::string_view flag;   ///< as it was written, for messages
    std::string_view value;  ///< empty for a switch
  };
  const Command* command = nullptr;
  std::vector<Given> flags;
  std::vector<std::string_view> operands;
  bool help = false;

  bool has(int id) const { return find(id) != nullptr; }
  /// The last one given; null when there is none.
  const Given* find(int id) const;
  std::string_view value(int id, std::string_view otherwise = {}) const;
};

/// Parses what follows the command's name. Errors: Phase::Usage, with the near flag.
Result<Args> parse_args(const Command& command, std::span<char* const> argv);

/// The long and short help of a command.
std::string help_text(const Command& command, bool colour);

using base::suggest;

// Values of flags. `flag` is named in the error.
Result<uint64_t> parse_count(std::string_view flag, std::string_view text);
/// Bytes with an optional suffix K, M, G (powers of 1024; KiB, MB and the like are understood).
Result<uint64_t> parse_size(std::string_view flag, std::string_view text);
/// A duration in nanoseconds: 500ms, 5s, 2m, 1.5 (seconds).
Result<uint64_t> parse_duration(std::string_view flag, std::string_view text);
/// Appends what stands between commas.
void add_list(std::vector<std::string>& out, std::string_view text);
/// y, yes, true, 1, on and their opposites.
Result<bool> parse_switch(std::string_view flag, std::string_view text);

}  // namespace ashlar::cli
