// wasi:cli, wasi:clocks and wasi:random.
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "os/random.h"
#include "wasi/p2/interfaces.h"

namespace ashlar::wasi::p2 {

namespace {

constexpr uint64_t kSecond = 1'000'000'000;

Status exit_with(uint32_t code) { return make_error(ashlar::ErrorCode::program_exit, kNoOffset, std::to_string(code)); }

Error io_error(const char* what, int code) {
  return Error(ashlar::ErrorCode::io_failed, kNoOffset, what, std::strerror(code));
}

Result<clocks::wall_clock::Datetime> datetime(os::SysResult<uint64_t> nanoseconds) {
  if (!nanoseconds) return std::unexpected(io_error("clock", nanoseconds.error()));
  return clocks::wall_clock::Datetime{*nanoseconds / kSecond, static_cast<uint32_t>(*nanoseconds % kSecond)};
}

}  // namespace

// ---- cli

Result<std::vector<std::tuple<std::string, std::string>>> CliHost::get_environment() {
  std::vector<std::tuple<std::string, std::string>> out;
  for (const auto& [name, value] : w_.env) out.emplace_back(name, value);
  return out;
}

Status CliHost::exit(std::expected<void, Nothing> status) { return exit_with(status ? 0 : 1); }

Status CliHost::exit_with_code(uint8_t status_code) { return exit_with(status_code); }

Result<Own<io::streams::InputStream>> CliHost::get_stdin() {
  return Own<io::streams::InputStream>{w_.input.add({.descriptor = w_.stdio[0], .offset = std::nullopt})};
}

Own<io::streams::OutputStream> CliHost::output(int fd) {
  return {w_.output.add({.descriptor = w_.stdio[fd], .offset = std::nullopt})};
}

Result<std::optional<Own<cli::terminal_input::TerminalInput>>> CliHost::get_terminal_stdin() {
  if (::isatty(w_.stdio[0]->handle.raw()) == 0) return std::nullopt;
  return Own<cli::terminal_input::TerminalInput>{};
}

std::optional<Own<cli::terminal_output::TerminalOutput>> CliHost::terminal(int fd) const {
  if (::isatty(w_.stdio[fd]->handle.raw()) == 0) return std::nullopt;
  return Own<cli::terminal_output::TerminalOutput>{};
}

// ---- clocks

Result<uint64_t> MonotonicHost::resolution() {
  const auto out = os::clock_resolution(os::Clock::Monotonic);
  if (!out) return std::unexpected(io_error("clock", out.error()));
  return *out;
}

Result<Own<MonotonicHost::Pollable>> MonotonicHost::subscribe_instant(uint64_t when) {
  return Own<Pollable>{w_.pollable({PollableState::Kind::Deadline, when, nullptr})};
}

Result<Own<MonotonicHost::Pollable>> MonotonicHost::subscribe_duration(uint64_t when) {
  const uint64_t now = os::monotonic_now();
  return subscribe_instant(when > std::numeric_limits<uint64_t>::max() - now ? std::numeric_limits<uint64_t>::max()
                                                                             : now + when);
}

Result<clocks::wall_clock::Datetime> WallHost::now() { return datetime(os::clock_now(os::Clock::Realtime)); }

Result<clocks::wall_clock::Datetime> WallHost::resolution() {
  return datetime(os::clock_resolution(os::Clock::Realtime));
}

// ---- random

Result<std::vector<uint8_t>> RandomHost::get_random_bytes(uint64_t len) {
  // More does not fit a list.
  if (len > component::kMaxListBytes) {
    return make_error(ashlar::ErrorCode::component_trap, kNoOffset,
                      "wasi:random: " + std::to_string(len) + " bytes do not fit a list");
  }
  std::vector<uint8_t> out(len);
  if (const auto done = os::fill_random(out); !done) return std::unexpected(io_error("random", done.error()));
  return out;
}

Result<uint64_t> RandomHost::get_random_u64() {
  TRY_ASSIGN(const std::vector<uint8_t> bytes, get_random_bytes(sizeof(uint64_t)));
  uint64_t out = 0;
  std::memcpy(&out, bytes.data(), sizeof out);
  return out;
}

Result<std::tuple<uint64_t, uint64_t>> RandomHost::insecure_seed() {
  if (seed_) return *seed_;
  TRY_ASSIGN(const uint64_t first, get_random_u64());
  TRY_ASSIGN(const uint64_t second, get_random_u64());
  return seed_.emplace(first, second);
}

}  // namespace ashlar::wasi::p2
