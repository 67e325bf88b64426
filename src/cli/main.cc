// The command's entry: picks a subcommand, or runs the named file.
#include <csignal>

#include <algorithm>
#include <new>
#include <span>
#include <string>

#include "cli/output.h"
#include "cli/registry.h"
#include "os/asymmetric_barrier.h"
#include "os/file.h"

namespace ashlar::cli {
namespace {

int run_command(const Command& command, std::span<char* const> argv) {
  Result<Args> args = parse_args(command, argv);
  if (!args) return report_usage(args.error(), command.name);
  if (args->help) {
    write_all(kStdout, help_text(command, use_colour(kStdout)));
    return kExitOk;
  }
  return command.run(*args);
}

/// A word that names no file and looks like a command: a slip of the finger.
bool looks_like_command(std::string_view word) {
  return word != "-" && word.find_first_of("./") == word.npos &&
         !os::file_info_at(os::kWorkingDirectory, std::string(word).c_str());
}

int dispatch(std::span<char* const> argv) {
  if (argv.empty()) {
    write_all(kStderr, overview(use_colour(kStderr)));
    return kExitUsage;
  }
  const std::string_view first = argv[0];
  if (first == "--help" || first == "-h") {
    write_all(kStdout, overview(use_colour(kStdout)));
    return kExitOk;
  }
  if (first == "--version" || first == "-V") {
    write_all(kStdout, "ashlar " ASHLAR_VERSION "\n");
    return kExitOk;
  }
  if (const Command* command = find_command(first)) return run_command(*command, argv.subspan(1));
  if (!first.starts_with('-') && looks_like_command(first)) {
    const Error error(ErrorCode::unknown_file_or_command, kNoOffset, std::string(first),
                      suggest(first, command_names()));
    return report_usage(error, {});
  }
  return run_command(kRunCommand, argv);
}

}  // namespace
}  // namespace ashlar::cli

int main(int argc, char** argv) try {
  // A reader that went away is an error of write, for the guest too.
  std::signal(SIGPIPE, SIG_IGN);
  // While there is one thread that costs nothing; with others the kernel waits for all processors.
  ashlar::os::prepare_barriers();
  return ashlar::cli::dispatch(std::span<char* const>(argv + 1, static_cast<size_t>(std::max(argc - 1, 0))));
} catch (const std::bad_alloc&) {
  ashlar::cli::write_all(ashlar::cli::kStderr, "ashlar: out of memory\n");
  return ashlar::cli::kExitFailure;
}
