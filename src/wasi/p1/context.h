// All state of one WASI program: arguments, environment, descriptors, exit.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "wasi/host/fd_table.h"
#include "wasi/host/interrupt.h"

namespace ashlar::wasi::p1 {

/// Belongs to one program and one thread at a time. A program can reach what its builder was given and nothing else.
class Context {
 public:
  class Builder;

  const std::vector<std::string>& args() const { return args_; }
  /// "NAME=value" each.
  const std::vector<std::string>& env() const { return env_; }
  host::FdTable& fds() { return fds_; }
  host::Interrupt& interrupt() { return interrupt_; }

  /// The program asked to end; the call that is running reports it when it returns.
  void request_exit(uint32_t code) { exit_code_ = code; }
  std::optional<uint32_t> take_exit() { return std::exchange(exit_code_, std::nullopt); }

 private:
  Context() = default;
  std::vector<std::string> args_;
  std::vector<std::string> env_;
  host::FdTable fds_;
  host::Interrupt interrupt_;
  std::optional<uint32_t> exit_code_;
};

/// Collects what a program is granted. Without inherit_stdio the standard streams are empty and swallow everything.
/// Directories take the numbers from 3 on in the order given, listeners those after them: C libraries look for
/// directories from 3 on and stop at the first number that is none.
class Context::Builder {
 public:
  /// The first is the program's name.
  Builder& args(std::vector<std::string> args);
  Builder& arg(std::string arg);
  /// Replaces an earlier value of the same name.
  Builder& env(std::string_view name, std::string_view value);
  Builder& inherit_env();
  Builder& inherit_stdio();
  /// Another handle as standard stream 0, 1 or 2.
  Builder& stdio(uint32_t fd, os::Fd handle);
  Builder& preopen_dir(std::string host_path, std::string guest_path, bool read_only);
  /// "ADDRESS:PORT"; see os::listen_tcp.
  Builder& preopen_listener(std::string address);
  /// A socket that listens already.
  Builder& preopen_listener(os::Fd handle);
  Builder& interrupted(std::function<bool()> hook);
  Builder& resolution(host::Resolution resolution);

  /// Opens what was granted. The builder is empty afterwards.
  Result<Context> build();

 private:
  struct Dir {
    std::string host_path;
    std::string guest_path;
    bool read_only;
  };
  struct Listener {
    std::string address;
    os::Fd handle;
  };

  Status open_stdio(Context& context);
  Status open_dirs(Context& context);
  Status open_listeners(Context& context);

  std::vector<std::string> args_;
  std::vector<std::string> env_;
  os::Fd stdio_[3];
  std::vector<Dir> dirs_;
  std::vector<Listener> listeners_;
  std::function<bool()> interrupted_;
  host::Resolution resolution_ = host::Resolution::Kernel;
};

}  // namespace ashlar::wasi::p1
