// What the command writes: whole strings to file descriptors, messages to standard error, colours on terminals.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ashlar::cli {

// Exit codes of the command; a program that ran gives its own.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;  ///< bad input, or an assertion of a script failed
inline constexpr int kExitUsage = 2;
inline constexpr int kExitTrap = 134;  ///< as a shell shows a process that aborted

inline constexpr int kStdout = 1;
inline constexpr int kStderr = 2;

/// printf into a string.
[[gnu::format(printf, 1, 2)]] std::string strf(const char* format, ...);

/// Writes everything. False when the descriptor failed (a closed pipe): nobody is there to be told.
bool write_all(int fd, std::string_view text);
bool write_all(int fd, std::span<const uint8_t> bytes);

/// Whether escape sequences are welcome: a terminal, not "dumb", and no NO_COLOR.
bool use_colour(int fd);
std::string bold(std::string_view text, bool on);
std::string red(std::string_view text, bool on);
std::string green(std::string_view text, bool on);
std::string dim(std::string_view text, bool on);

/// "ashlar: TEXT" as one line of standard error.
void print_error(std::string_view text);
/// The error as the user sees it; `file` (may be empty) is named in front.
std::string describe(const Error& error, std::string_view file = {});
/// Prints it and returns the exit code that its phase asks for.
int report(const Error& error, std::string_view file = {});
/// Prints a usage error with a pointer to the command's help; returns kExitUsage.
int report_usage(const Error& error, std::string_view command);

/// Printable ASCII as it is, other bytes as \hh: names of modules in messages.
std::string printable(std::string_view text);

}  // namespace ashlar::cli
