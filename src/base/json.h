// Text as JSON writes it.
#pragma once

#include <string>
#include <string_view>

namespace ashlar::base {

/// The text as a JSON string, quotes included; bytes that are no UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

}  // namespace ashlar::base
