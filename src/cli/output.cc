// Output of the command; see output.h.
#include "cli/output.h"

#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace ashlar::cli {

std::string strf(const char* format, ...) {
  char small[256];
  va_list args;
  va_start(args, format);
  const int size = std::vsnprintf(small, sizeof small, format, args);
  va_end(args);
  if (size < static_cast<int>(sizeof small)) return std::string(small, static_cast<size_t>(size < 0 ? 0 : size));
  std::string out(static_cast<size_t>(size), '\0');
  va_start(args, format);
  std::vsnprintf(out.data(), out.size() + 1, format, args);
  va_end(args);
  return out;
}

bool write_all(int fd, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return true;
}

bool write_all(int fd, std::string_view text) {
  return write_all(fd, std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

bool use_colour(int fd) {
  const char* no_colour = std::getenv("NO_COLOR");
  if (no_colour && *no_colour) return false;
  const char* terminal = std::getenv("TERM");
  return terminal && std::string_view(terminal) != "dumb" && ::isatty(fd) == 1;
}

namespace {
std::string coloured(const char* code, std::string_view text, bool on) {
  return on ? std::string("\x1b[") + code + "m" + std::string(text) + "\x1b[0m" : std::string(text);
}
}  // namespace

std::string bold(std::string_view text, bool on) { return coloured("1", text, on); }
std::string red(std::string_view text, bool on) { return coloured("31", text, on); }
std::string green(std::string_view text, bool on) { return coloured("32", text, on); }
std::string dim(std::string_view text, bool on) { return coloured("2", text, on); }

void print_error(std::string_view text) {
  std::string line = coloured("1;31", "ashlar:", use_colour(kStderr)) + " ";
  line += text;
  line += '\n';
  write_all(kStderr, line);
}

std::string describe(const Error& error, std::string_view file) {
  Error shown = error.clone();
  // The message of an Io error names its file itself.
  if (!file.empty() && error.phase() != Phase::Io) shown = std::move(shown).in_file(std::string(file));
  if (error.phase() != Phase::Trap) return shown.render();
  std::string out(file);
  if (!file.empty()) out += ": ";
  out += "wasm trap: " + error.message();
  if (!error.notes().empty()) out += "\n" + error.notes();
  return out;
}

int report(const Error& error, std::string_view file) {
  print_error(describe(error, file));
  switch (error.phase()) {
    case Phase::Trap:
      return kExitTrap;
    case Phase::Usage:
      return kExitUsage;
    case Phase::Malformed:
    case Phase::Invalid:
    case Phase::Link:
    case Phase::Exit:
    case Phase::Io:
    case Phase::Limit:
    case Phase::Internal:
      break;
  }
  return kExitFailure;
}

int report_usage(const Error& error, std::string_view command) {
  print_error(error.message());
  const std::string topic = command.empty() ? "" : " " + std::string(command);
  write_all(kStderr, "See 'ashlar help" + topic + "'.\n");
  return kExitUsage;
}

std::string printable(std::string_view text) {
  std::string out;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || byte == '\\') {
      out += strf("\\%02x", byte);
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace ashlar::cli
