// UTF-8: validation and decoding of one code point.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace ashlar::base {

inline constexpr uint32_t kInvalidCodePoint = ~uint32_t{0};

/// Decodes the code point at bytes[pos] and advances pos; kInvalidCodePoint (pos unchanged) when ill-formed:
/// overlong forms, surrogates and values above U+10FFFF included. pos < bytes.size().
constexpr uint32_t decode_utf8(std::span<const uint8_t> bytes, size_t& pos) {
  const uint32_t first = bytes[pos];
  if (first < 0x80) {
    ++pos;
    return first;
  }
  const size_t extra = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  if (first < 0xc2 || first > 0xf4 || bytes.size() - pos <= extra) return kInvalidCodePoint;
  uint32_t value = first & (0x3fu >> extra);
  for (size_t i = 1; i <= extra; ++i) {
    const uint32_t byte = bytes[pos + i];
    if ((byte & 0xc0) != 0x80) return kInvalidCodePoint;
    value = value << 6 | (byte & 0x3f);
  }
  constexpr uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value < 0xe000;
  if (value < kLeast[extra] || value > 0x10ffff || surrogate) return kInvalidCodePoint;
  pos += extra + 1;
  return value;
}

inline bool is_utf8(std::span<const uint8_t> bytes) {
  size_t pos = 0;
  while (pos < bytes.size()) {
    // ASCII by eight: names are mostly that.
    uint64_t word;
    if (bytes.size() - pos >= sizeof word) {
      std::memcpy(&word, bytes.data() + pos, sizeof word);
      if ((word & 0x8080808080808080ull) == 0) {
        pos += sizeof word;
        continue;
      }
    }
    if (decode_utf8(bytes, pos) == kInvalidCodePoint) return false;
  }
  return true;
}
inline bool is_utf8(std::string_view text) {
  return is_utf8(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

/// Appends a code point (a Unicode scalar value).
inline void append_utf8(std::string& out, uint32_t code_point) {
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
    return;
  }
  const int extra = code_point < 0x800 ? 1 : code_point < 0x10000 ? 2 : 3;
  constexpr uint32_t kLead[] = {0, 0xc0, 0xe0, 0xf0};
  out += static_cast<char>(kLead[extra] | code_point >> (6 * extra));
  for (int i = extra - 1; i >= 0; --i) out += static_cast<char>(0x80 | ((code_point >> (6 * i)) & 0x3f));
}

}  // namespace ashlar::base
