// Text as JSON writes it; see json.h.
#include "base/json.h"

#include <cstdint>
#include <span>

#include "base/utf8.h"

namespace ashlar::base {

std::string json_string(std::string_view text) {
  const std::span bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  std::string out = "\"";
  for (size_t pos = 0; pos < bytes.size();) {
    const uint32_t point = decode_utf8(bytes, pos);
    if (point == kInvalidCodePoint) {
      ++pos;
      out += "\\ufffd";
    } else if (point == '"' || point == '\\') {
      out += '\\';
      out += static_cast<char>(point);
    } else if (point == '\n') {
      out += "\\n";
    } else if (point < 0x20 || point == 0x7f) {
      constexpr char kDigits[] = "0123456789abcdef";
      out += "\\u00";
      out += kDigits[point >> 4];
      out += kDigits[point & 15];
    } else {
      append_utf8(out, point);
    }
  }
  return out + "\"";
}

}  // namespace ashlar::base
