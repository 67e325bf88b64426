// Generated from wit/wasi-0.2.12/cli.wit by tools/witgen.py: not to be edited.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "component/typed.h"
#include "wasi/p2/gen/io.h"

namespace ashlar::wasi::p2::cli {

using namespace ashlar::component;

namespace environment {

inline constexpr char kName[] = "wasi:cli/environment@0.2.12";

/// What a host does for wasi:cli/environment@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  virtual ashlar::Result<std::vector<std::tuple<std::string, std::string>>> get_environment() = 0;
  virtual ashlar::Result<std::vector<std::string>> get_arguments() = 0;
  virtual ashlar::Result<std::optional<std::string>> initial_cwd() = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.function(kName, "get-environment", typed_function([&host]() { return host.get_environment(); }));
  to.function(kName, "get-arguments", typed_function([&host]() { return host.get_arguments(); }));
  to.function(kName, "initial-cwd", typed_function([&host]() { return host.initial_cwd(); }));
}

}  // namespace environment

namespace exit {

inline constexpr char kName[] = "wasi:cli/exit@0.2.12";

/// What a host does for wasi:cli/exit@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  virtual ashlar::Status exit(std::expected<void, Nothing> status) = 0;
  virtual ashlar::Status exit_with_code(uint8_t status_code) = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.function(kName, "exit",
              typed_function([&host](std::expected<void, Nothing> status) { return host.exit(std::move(status)); }));
  to.function(kName, "exit-with-code",
              typed_function([&host](uint8_t status_code) { return host.exit_with_code(std::move(status_code)); }));
}

}  // namespace exit

namespace run {

inline constexpr char kName[] = "wasi:cli/run@0.2.12";

/// What a host does for wasi:cli/run@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  virtual ashlar::Result<std::expected<void, Nothing>> run() = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.function(kName, "run", typed_function([&host]() { return host.run(); }));
}

}  // namespace run

namespace stdin_ {

inline constexpr char kName[] = "wasi:cli/stdin@0.2.12";

using InputStream = ::ashlar::wasi::p2::io::streams::InputStream;

/// What a host does for wasi:cli/stdin@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  virtual ashlar::Result<Own<::ashlar::wasi::p2::io::streams::InputStream>> get_stdin() = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.function(kName, "get-stdin", typed_function([&host]() { return host.get_stdin(); }));
}

}  // namespace stdin_

namespace stdout_ {

inline constexpr char kName[] = "wasi:cli/stdout@0.2.12";

using OutputStream = ::ashlar::wasi::p2::io::streams::OutputStream;

/// What a host does for wasi:cli/stdout@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  virtual ashlar::Result<Own<::ashlar::wasi::p2::io::streams::OutputStream>> get_stdout() = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.function(kName, "get-stdout", typed_function([&host]() { return host.get_stdout(); }));
}

}  // namespace stdout_

namespace stderr_ {

inline constexpr char kName[] = "wasi:cli/stderr@0.2.12";

using OutputStream = ::ashlar::wasi::p2::io::streams::OutputStream;

/// What a host does for wasi:cli/stderr@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  virtual ashlar::Result<Own<::ashlar::wasi::p2::io::streams::OutputStream>> get_stderr() = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.function(kName, "get-stderr", typed_function([&host]() { return host.get_stderr(); }));
}

}  // namespace stderr_

namespace terminal_input {

inline constexpr char kName[] = "wasi:cli/terminal-input@0.2.12";

struct TerminalInput;

/// What a host does for wasi:cli/terminal-input@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  /// The last handle was dropped.
  virtual void drop_terminal_input(uint32_t rep) = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.resource(kName, "terminal-input",
              {[&host](uint32_t rep) { host.drop_terminal_input(rep); }, tag_of<TerminalInput>()});
}

}  // namespace terminal_input

namespace terminal_output {

inline constexpr char kName[] = "wasi:cli/terminal-output@0.2.12";

struct TerminalOutput;

/// What a host does for wasi:cli/terminal-output@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  /// The last handle was dropped.
  virtual void drop_terminal_output(uint32_t rep) = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.resource(kName, "terminal-output",
              {[&host](uint32_t rep) { host.drop_terminal_output(rep); }, tag_of<TerminalOutput>()});
}

}  // namespace terminal_output

namespace terminal_stdin {

inline constexpr char kName[] = "wasi:cli/terminal-stdin@0.2.12";

using TerminalInput = terminal_input::TerminalInput;

/// What a host does for wasi:cli/terminal-stdin@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  virtual ashlar::Result<std::optional<Own<terminal_input::TerminalInput>>> get_terminal_stdin() = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.function(kName, "get-terminal-stdin", typed_function([&host]() { return host.get_terminal_stdin(); }));
}

}  // namespace terminal_stdin

namespace terminal_stdout {

inline constexpr char kName[] = "wasi:cli/terminal-stdout@0.2.12";

using TerminalOutput = terminal_output::TerminalOutput;

/// What a host does for wasi:cli/terminal-stdout@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  virtual ashlar::Result<std::optional<Own<terminal_output::TerminalOutput>>> get_terminal_stdout() = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.function(kName, "get-terminal-stdout", typed_function([&host]() { return host.get_terminal_stdout(); }));
}

}  // namespace terminal_stdout

namespace terminal_stderr {

inline constexpr char kName[] = "wasi:cli/terminal-stderr@0.2.12";

using TerminalOutput = terminal_output::TerminalOutput;

/// What a host does for wasi:cli/terminal-stderr@0.2.12. Errors trap.
class Host {
 public:
  virtual ~Host() = default;
  virtual ashlar::Result<std::optional<Own<terminal_output::TerminalOutput>>> get_terminal_stderr() = 0;
};
/// `host` must stay as long as instances run.
inline void add_to(HostImports& to, Host& host) {
  to.function(kName, "get-terminal-stderr", typed_function([&host]() { return host.get_terminal_stderr(); }));
}

}  // namespace terminal_stderr

}  // namespace ashlar::wasi::p2::cli
