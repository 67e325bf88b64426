// Child processes as the compiler program needs them: what they inherit, and their end.
#pragma once

#include <spawn.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "os/file.h"

namespace ashlar::tiering {

/// An error of the system, with what it was about.
std::unexpected<Error> io_failed(const char* what, int code);

/// The descriptors that a child inherits, under the numbers it is told. Standard input is empty.
class Inherited {
 public:
  Inherited();
  ~Inherited();
  Inherited(const Inherited&) = delete;
  Inherited& operator=(const Inherited&) = delete;

  /// Gives `fd` to the child as `number`.
  Status give(int fd, int number);
  /// The same, as the next number from 3 on.
  Result<int> next(int fd);
  /// What is written there is lost.
  void silence(int number);

  /// Copies of what was given, in that order.
  std::vector<int> descriptors() const;
  /// Errors: compiler_missing.
  Result<pid_t> spawn(const std::string& program, const std::vector<std::string>& arguments);

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
  std::vector<os::Fd> copies_;
  int next_ = 3;
  int end_ = 3;  ///< one above the highest number
};

/// Ends the child with the signal, or with none when it ends by itself soon; kills it when it does not.
/// Returns waitpid's status.
int end_child(pid_t pid, int signal);

}  // namespace ashlar::tiering
