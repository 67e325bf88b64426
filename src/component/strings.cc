// Transcoders: by vectors as far as they go, then runs of ASCII by eight bytes, the rest by code points.
#include "component/strings.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/utf8.h"
#include "component/strings_loops.h"

namespace ashlar::component {
namespace {

constexpr uint64_t kHighBits = 0x8080808080808080ull;
constexpr uint64_t kNotAsciiUnits = 0xff80ff80ff80ff80ull, kNotLatin1Units = 0xff00ff00ff00ff00ull;
constexpr uint32_t kInvalid = base::kInvalidCodePoint;

uint64_t word_at(const uint8_t* p) {
  uint64_t word;
  std::memcpy(&word, p, sizeof word);
  return word;
}
uint32_t unit_at(const uint8_t* utf16, size_t i) {
  uint16_t unit;
  std::memcpy(&unit, utf16 + 2 * i, sizeof unit);
  return unit;
}

/// The code point at unit `pos`, which advances; kInvalid (pos unchanged) when ill-formed.
inline uint32_t next(const StringView& s, size_t& pos) {
  if (s.encoding == CodeUnits::Utf8) return base::decode_utf8({s.data, s.units}, pos);
  if (s.encoding == CodeUnits::Latin1) return s.data[pos++];
  const uint32_t unit = unit_at(s.data, pos);
  if (unit < 0xd800 || unit > 0xdfff) {
    ++pos;
    return unit;
  }
  if (unit > 0xdbff || s.units - pos < 2) return kInvalid;
  const uint32_t low = unit_at(s.data, pos + 1);
  if (low < 0xdc00 || low > 0xdfff) return kInvalid;
  pos += 2;
  return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

/// How many bytes from the start, in whole words, have none of the bits of `mask`.
size_t clear_words(const uint8_t* data, size_t size, uint64_t mask) {
  size_t i = 0;
  while (size - i >= 32) {
    const uint64_t all = word_at(data + i) | word_at(data + i + 8) | word_at(data + i + 16) | word_at(data + i + 24);
    if ((all & mask) != 0) break;
    i += 32;
  }
  while (size - i >= 8 && (word_at(data + i) & mask) == 0) i += 8;
  return i;
}

/// Units from `from` on that are ASCII, at most `most`; of UTF-16 those of whole words only.
size_t ascii_run(const StringView& s, size_t from, size_t most) {
  const size_t n = std::min(most, s.units - from);
  if (s.encoding != CodeUnits::Utf16) return ascii_prefix(s.data + from, n);
  return clear_words(s.data + 2 * from, 2 * n, kNotAsciiUnits) / 2;
}

void narrow(const uint8_t* utf16, size_t units, uint8_t* out) {
  for (size_t i = 0; i < units; ++i) out[i] = utf16[2 * i];
}
void widen(const uint8_t* bytes, size_t n, uint8_t* out) {
  for (size_t i = 0; i < n; ++i) {
    const uint16_t unit = bytes[i];
    std::memcpy(out + 2 * i, &unit, sizeof unit);
  }
}

/// Units of a word, and how many of those at its beginning are ASCII.
constexpr size_t kByteUnits = 8, kWordUnits = 4;
size_t ascii_bytes(uint64_t word) { return static_cast<size_t>(std::countr_zero(word & kHighBits)) / 8; }
size_t ascii_units(uint64_t word) { return static_cast<size_t>(std::countr_zero(word & kNotAsciiUnits)) / 16; }

/// What a text that is not ASCII has of it between two other letters, a word at a time: into `out`, of which all of a
/// word may be written. Returns how many units.
size_t short_run_to_bytes(const StringView& s, size_t pos, std::span<uint8_t> out) {
  const size_t left = s.units - pos;
  if (out.size() < kByteUnits) return 0;
  if (s.encoding == CodeUnits::Utf16) {
    if (left < kWordUnits) return 0;
    const uint8_t* const from = s.data + 2 * pos;
    narrow(from, kWordUnits, out.data());
    return ascii_units(word_at(from));
  }
  if (left < kByteUnits) return 0;
  const uint64_t word = word_at(s.data + pos);
  std::memcpy(out.data(), &word, sizeof word);
  return ascii_bytes(word);
}
size_t short_run_to_units(const StringView& s, size_t pos, std::span<uint8_t> out) {
  const size_t left = s.units - pos;
  if (out.size() < 2 * kByteUnits) return 0;
  if (s.encoding == CodeUnits::Utf16) {
    if (left < kWordUnits) return 0;
    const uint64_t word = word_at(s.data + 2 * pos);
    std::memcpy(out.data(), &word, sizeof word);
    return ascii_units(word);
  }
  if (left < kByteUnits) return 0;
  widen(s.data + pos, kByteUnits, out.data());
  return ascii_bytes(word_at(s.data + pos));
}

/// Bytes of `c` in UTF-8, written when they fit in `room`; 0 when not.
size_t put_utf8(uint32_t c, uint8_t* out, size_t room) {
  const size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  if (n > room) return 0;
  if (n == 1) {
    out[0] = static_cast<uint8_t>(c);
    return 1;
  }
  constexpr uint8_t kLead[] = {0, 0, 0xc0, 0xe0, 0xf0};
  for (size_t i = n - 1; i > 0; --i, c >>= 6) out[i] = static_cast<uint8_t>(0x80 | (c & 0x3f));
  out[0] = static_cast<uint8_t>(kLead[n] | c);
  return n;
}
size_t put_utf16(uint32_t c, uint8_t* out, size_t room) {
  uint16_t units[2] = {static_cast<uint16_t>(c), 0};
  const size_t bytes = c < 0x10000 ? 2 : 4;
  if (bytes > room) return 0;
  if (c >= 0x10000) {
    units[0] = static_cast<uint16_t>(0xd800 + ((c - 0x10000) >> 10));
    units[1] = static_cast<uint16_t>(0xdc00 + ((c - 0x10000) & 0x3ff));
  }
  std::memcpy(out, units, bytes);
  return bytes;
}

}  // namespace

size_t ascii_prefix(const uint8_t* data, size_t size) {
  size_t i = clear_words(data, size, kHighBits);
  while (i < size && data[i] < 0x80) ++i;
  return i;
}

size_t ascii_prefix(const StringView& s) {
  size_t i = ascii_run(s, 0, s.units);
  while (s.encoding == CodeUnits::Utf16 && i < s.units && unit_at(s.data, i) < 0x80) ++i;
  return i;
}

size_t latin1_prefix(const uint8_t* utf16, size_t units) {
  size_t i = clear_words(utf16, 2 * units, kNotLatin1Units) / 2;
  while (i < units && unit_at(utf16, i) < 0x100) ++i;
  return i;
}

namespace scalar {

bool well_formed(const StringView& s) {
  if (s.encoding == CodeUnits::Latin1) return true;
  const bool bytes = s.encoding == CodeUnits::Utf8;
  const size_t word = bytes ? kByteUnits : kWordUnits;
  size_t pos = 0;
  while (pos < s.units) {
    if (s.units - pos >= word) {
      const size_t few = bytes ? ascii_bytes(word_at(s.data + pos)) : ascii_units(word_at(s.data + 2 * pos));
      pos += few;
      if (few == word) {
        pos += ascii_run(s, pos, s.units - pos);
        continue;
      }
    }
    if (next(s, pos) == kInvalid) return false;
  }
  return true;
}

Transcoded to_utf8(const StringView& s, size_t from, std::span<uint8_t> out) {
  const size_t word = s.encoding == CodeUnits::Utf16 ? kWordUnits : kByteUnits;
  size_t pos = from, written = 0;
  while (pos < s.units) {
    const size_t few = short_run_to_bytes(s, pos, out.subspan(written));
    pos += few;
    written += few;
    if (few == word) {
      const size_t run = ascii_run(s, pos, out.size() - written);
      if (s.encoding == CodeUnits::Utf16) {
        narrow(s.data + 2 * pos, run, out.data() + written);
      } else if (run != 0) {
        std::memcpy(out.data() + written, s.data + pos, run);
      }
      pos += run;
      written += run;
      continue;
    }
    size_t after = pos;
    const uint32_t c = next(s, after);
    const size_t n = c == kInvalid ? 0 : put_utf8(c, out.data() + written, out.size() - written);
    if (n == 0) break;
    pos = after;
    written += n;
  }
  return {pos - from, written};
}

Transcoded to_utf16(const StringView& s, size_t from, std::span<uint8_t> out) {
  const size_t word = s.encoding == CodeUnits::Utf16 ? kWordUnits : kByteUnits;
  size_t pos = from, written = 0;
  while (pos < s.units) {
    const size_t few = short_run_to_units(s, pos, out.subspan(written));
    pos += few;
    written += 2 * few;
    if (few == word) {
      const size_t run = ascii_run(s, pos, (out.size() - written) / 2);
      if (s.encoding != CodeUnits::Utf16) {
        widen(s.data + pos, run, out.data() + written);
      } else if (run != 0) {
        std::memcpy(out.data() + written, s.data + 2 * pos, 2 * run);
      }
      pos += run;
      written += 2 * run;
      continue;
    }
    size_t after = pos;
    const uint32_t c = next(s, after);
    const size_t n = c == kInvalid ? 0 : put_utf16(c, out.data() + written, out.size() - written);
    if (n == 0) break;
    pos = after;
    written += n;
  }
  return {pos - from, written};
}

Transcoded to_latin1(const StringView& s, size_t from, std::span<uint8_t> out) {
  size_t pos = from, written = 0;
  if (s.encoding == CodeUnits::Utf16) {
    const size_t n = latin1_prefix(s.data + 2 * from, std::min(s.units - from, out.size()));
    narrow(s.data + 2 * from, n, out.data());
    return {n, n};
  }
  while (pos < s.units && written < out.size()) {
    const size_t few = short_run_to_bytes(s, pos, out.subspan(written));
    pos += few;
    written += few;
    if (few == kByteUnits) {
      const size_t run = ascii_run(s, pos, out.size() - written);
      if (run != 0) std::memcpy(out.data() + written, s.data + pos, run);
      pos += run;
      written += run;
      continue;
    }
    if (written == out.size()) break;
    size_t after = pos;
    const uint32_t c = next(s, after);
    if (c > 0xff) break;  // kInvalid too
    out[written++] = static_cast<uint8_t>(c);
    pos = after;
  }
  return {pos - from, written};
}

}  // namespace scalar

namespace {

/// The loops for what is left of `s` when it is long enough: shorter strings take no longer by words.
const VectorLoops* loops_for(const StringView& s, size_t from) {
  const size_t least = s.encoding == CodeUnits::Utf8 ? 32 : 16;
  return s.units - from >= least ? vector_loops() : nullptr;
}

const uint8_t* unit_address(const StringView& s, size_t i) {
  return s.data + (s.encoding == CodeUnits::Utf16 ? 2 * i : i);
}

/// By the vectors' loop, if there is one, and from where it stops by the scalar one.
Transcoded in_turn(VectorLoops::Loop vectors, const auto& scalar_loop, const StringView& s, size_t from,
                   std::span<uint8_t> out) {
  if (vectors == nullptr) return scalar_loop(s, from, out);
  const Transcoded done = vectors(unit_address(s, from), s.units - from, out);
  if (from + done.read == s.units) return done;
  const Transcoded rest = scalar_loop(s, from + done.read, out.subspan(done.written));
  return {done.read + rest.read, done.written + rest.written};
}

}  // namespace

bool well_formed(const StringView& s) {
  const VectorLoops* loops = loops_for(s, 0);
  if (loops == nullptr || s.encoding == CodeUnits::Latin1) return scalar::well_formed(s);
  return (s.encoding == CodeUnits::Utf8 ? loops->valid_utf8 : loops->valid_utf16)(s.data, s.units);
}

Transcoded to_utf8(const StringView& s, size_t from, std::span<uint8_t> out) {
  VectorLoops::Loop vectors = nullptr;
  const VectorLoops* loops = loops_for(s, from);
  if (loops != nullptr && s.encoding == CodeUnits::Utf16) vectors = loops->utf16_to_utf8;
  if (loops != nullptr && s.encoding == CodeUnits::Latin1) vectors = loops->latin1_to_utf8;
  return in_turn(vectors, scalar::to_utf8, s, from, out);
}

Transcoded to_utf16(const StringView& s, size_t from, std::span<uint8_t> out) {
  const VectorLoops* loops = loops_for(s, from);
  const size_t units = s.units - from;
  if (loops != nullptr && s.encoding == CodeUnits::Utf16 && out.size() >= 2 * units) {
    const uint8_t* const rest = unit_address(s, from);
    if (loops->valid_utf16(rest, units)) {
      std::memcpy(out.data(), rest, 2 * units);
      return {units, 2 * units};
    }
  }
  const bool vectors = loops != nullptr && s.encoding == CodeUnits::Utf8;
  return in_turn(vectors ? loops->utf8_to_utf16 : nullptr, scalar::to_utf16, s, from, out);
}

Transcoded to_latin1(const StringView& s, size_t from, std::span<uint8_t> out) {
  const VectorLoops* loops = loops_for(s, from);
  const bool vectors = loops != nullptr && s.encoding == CodeUnits::Utf8;
  return in_turn(vectors ? loops->utf8_to_latin1 : nullptr, scalar::to_latin1, s, from, out);
}

}  // namespace ashlar::component
