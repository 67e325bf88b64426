// The two ways in which WASI programs are asked, and which one a module seems to be written for.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "module/module.h"

namespace ashlar::serve {

/// Of the question alone: what a program answers tells by its first line which way that is.
enum class ProgramStyle : uint8_t {
  Cgi,  ///< RFC 3875: the request's head in the environment, its body on standard input
  Raw   ///< the request's text on standard input
};

/// "raw WASI program".
std::string_view kind_of(ProgramStyle style);

/// "cgi", "raw".
std::optional<ProgramStyle> style_from_name(std::string_view name);

/// By the strings of its data: a variable that only CGI has, else "HTTP/1.", which who writes or reads status lines
/// has; Cgi where there is neither.
ProgramStyle guess_style(const module::Module& m);

}  // namespace ashlar::serve
