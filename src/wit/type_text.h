// Types, signatures, labels and strings as WIT text.
#pragma once

#include <string>
#include <string_view>

namespace ashlar::wit {

/// In quotes, with the escapes that decode_string reads.
std::string quote_string(std::string_view text);

}  // namespace ashlar::wit
