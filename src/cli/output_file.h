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

/// Replaces the file, or writes to standard output for "-". Errors: Io.
Status write_output(const std::string& path, std::span<const uint8_t> bytes);

}  // namespace ashlar::cli
