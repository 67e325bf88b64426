// A compiler program that is kept for further modules: it is started once and forks for each.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "os/file.h"

namespace ashlar::tiering {

/// One server, which compiles one module at a time. Not thread-safe; the functions that find and keep one are.
/// A server ends when its socket is closed: with this object, or with the process.
class CompilerServer {
 public:
  /// One that is idle, or a new one. Errors: compiler_missing, compiler_failed (the program is no server), Io.
  static Result<std::unique_ptr<CompilerServer>> take();
  /// For the next who takes one. It has answered.
  static void keep(std::unique_ptr<CompilerServer> server);

  ~CompilerServer();
  CompilerServer(const CompilerServer&) = delete;
  CompilerServer& operator=(const CompilerServer&) = delete;

  /// The process that is the parent of those that compile.
  pid_t pid() const { return pid_; }
  /// Asks for one run with these arguments. The first descriptor becomes standard error, the others 3, 4, ...
  Status send(const std::vector<std::string>& arguments, std::span<const int> descriptors);

  struct Answer {
    bool ended = false;         ///< false: not yet
    std::optional<int> status;  ///< of waitpid; nothing when the server itself ended
  };
  Answer receive(bool block);

 private:
  CompilerServer(std::string path, pid_t pid, os::Fd socket)
      : path_(std::move(path)), pid_(pid), socket_(std::move(socket)) {}
  static Result<std::unique_ptr<CompilerServer>> start(const std::string& path);

  std::string path_;
  pid_t pid_;
  os::Fd socket_;
};

}  // namespace ashlar::tiering
