// All state of one WASI program: arguments, environment, descriptors, exit.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "wasi/host/fd_table.h"
#include "wasi/host/interrupt.h"

namespace ashlar::wasi::p1 {

/// Belongs to one thread of one program. A program can reach what its builder was given and nothing else.
class Context {
 public:
  class Builder;

  const std::vector<std::string>& args() const { return program_->args; }
  /// "NAME=value" each.
  const std::vector<std::string>& env() const { return program_->env; }
  host::FdTable& fds() { return program_->fds; }
  host::Interrupt& interrupt() { return interrupt_; }

  /// For another thread of the program, with a hook of its own; made on the thread that has this one, outside of
  /// calls. From then on both are used at the same time.
  Context for_thread(std::function<bool()> interrupted);

  /// The program asked to end; the call that is running reports it when it returns.
  void request_exit(uint32_t code) { exit_code_ = code; }
  std::optional<uint32_t> take_exit() { return std::exchange(exit_code_, std::nullopt); }

 private:
  /// What its threads share.
  struct Program {
    std::vector<std::string> args;
    std::vector<std::string> env;
    host::FdTable fds;
  };
  Context() = default;
  std::shared_ptr<Program> program_ = std::make_shared<Program>();
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
  /// A pipe of the host's; with a waiter, which it wakes.
  Builder& stdio(uint32_t fd, std::shared_ptr<host::Pipe> pipe);
  Builder& preopen_dir(std::string host_path, std::string guest_path, bool read_only);
  /// A directory that is open.
  Builder& preopen_dir(os::Fd handle, std::string guest_path, bool read_only);
  /// "ADDRESS:PORT"; see os::listen_tcp.
  Builder& preopen_listener(std::string address);
  /// A socket that listens already.
  Builder& preopen_listener(os::Fd handle);
  Builder& interrupted(std::function<bool()> hook);
  /// Waits in place of the thread, and says when the program is to end; outlives the context.
  Builder& waiter(host::Waiter* waiter);
  Builder& resolution(host::Resolution resolution);
  /// Counts descriptors, those that are granted among them; outlives the context.
  Builder& quota(host::Quota* quota);

  /// Opens what was granted. The builder is empty afterwards.
  Result<Context> build();

 private:
  struct Dir {
    std::string host_path;
    os::Fd handle;
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
  std::shared_ptr<host::Pipe> pipes_[3];
  std::vector<Dir> dirs_;
  std::vector<Listener> listeners_;
  std::function<bool()> interrupted_;
  host::Resolution resolution_ = host::Resolution::Kernel;
  host::Quota* quota_ = nullptr;
  host::Waiter* waiter_ = nullptr;
};

}  // namespace ashlar::wasi::p1
