// Where a command writes its result: -o, or beside the input.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ashlar::cli {

/// `asked` when it is not empty; else the input's path with another ending; "-" for standard input.
std::string output_path(std::string_view asked, std::string_view input, std::string_view ending);

/// Writes over the file, or writes to standard output for "-". Errors: Io.
Status write_output(const std::string& path, std::span<const uint8_t> bytes);

inline Status write_output(const std::string& path, std::string_view text) {
  return write_output(path, std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

/// The same, by a whole file or not at all: for what others may have mapped.
Status replace_output(const std::string& path, std::span<const uint8_t> bytes);

/// Makes a folder, and those above it, unless there is one. Errors: Io.
Status make_folder(const std::string& path);

}  // namespace ashlar::cli
