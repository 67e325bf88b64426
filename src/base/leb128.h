// LEB128 integers: decoding with the exact checks of the binary format, and minimal encoding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace ashlar::base {

enum class LebStatus : uint8_t { Ok, End, TooLong, TooLarge };

/// Result of decoding one integer; `next` is behind its last byte (on failure: at the offending byte).
template <class T>
struct Leb {
  T value;
  LebStatus status;
  const uint8_t* next;
};

/// Decodes an integer of `bits` significant bits (spec 5.2.2) from [p, end).
template <class T, int bits = static_cast<int>(sizeof(T)) * 8>
constexpr Leb<T> decode_leb(const uint8_t* p, const uint8_t* end) {
  using U = std::make_unsigned_t<T>;
  constexpr bool is_signed = std::is_signed_v<T>;
  U value = 0;
  for (int shift = 0;; shift += 7) {
    const int left = bits - shift;
    if (left <= 0) return {0, LebStatus::TooLong, p};
    if (p == end) return {0, LebStatus::End, p};
    const uint8_t byte = *p;
    const uint8_t low = byte & 0x7f;
    if (left < 7) {
      // The unused high bits must repeat the sign (signed) or be zero (unsigned).
      const uint8_t mask = static_cast<uint8_t>((0x7f << (is_signed ? left - 1 : left)) & 0x7f);
      const bool fits = (low & mask) == 0 || (is_signed && (low & mask) == mask);
      if (!fits) return {0, LebStatus::TooLarge, p};
    }
    value |= static_cast<U>(low) << shift;
    ++p;
    if ((byte & 0x80) == 0) {
      const int used = shift + 7;
      if (is_signed && (byte & 0x40) != 0 && used < static_cast<int>(sizeof(T)) * 8) value |= ~U{0} << used;
      return {static_cast<T>(value), LebStatus::Ok, p};
    }
  }
}

inline void append_leb_u64(std::vector<uint8_t>& out, uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<uint8_t>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<uint8_t>(value));
}
inline void append_leb_u32(std::vector<uint8_t>& out, uint32_t value) { append_leb_u64(out, value); }

inline void append_leb_s64(std::vector<uint8_t>& out, int64_t value) {
  for (;;) {
    const uint8_t low = static_cast<uint8_t>(value) & 0x7f;
    value >>= 7;
    const bool done = (value == 0 && (low & 0x40) == 0) || (value == -1 && (low & 0x40) != 0);
    out.push_back(done ? low : static_cast<uint8_t>(low | 0x80));
    if (done) return;
  }
}
inline void append_leb_s32(std::vector<uint8_t>& out, int32_t value) { append_leb_s64(out, value); }

/// Bytes append_leb_u64 writes.
constexpr size_t leb_u64_size(uint64_t value) {
  size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

}  // namespace ashlar::base
