// Strings by vectors of AVX2. A block computes for every place what would be written if a code point began there, and
// then keeps those places where one does: no branch depends on where the code points lie. Each block begins at the
// start of a code point, takes whole ones only and gives up on what is ill-formed: the scalar loop says what and where.
#include "component/strings_loops.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "component/strings_tables.h"
#include "os/cpu_extensions.h"

namespace ashlar::component {
namespace {

#pragma clang attribute push(__attribute__((target("avx2,bmi,popcnt"))), apply_to = function)

__m128i load_half(const void* p) { return _mm_loadu_si128(static_cast<const __m128i*>(p)); }
__m256i load(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
void store(uint8_t* p, __m128i v) { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), v); }
void store(uint8_t* p, __m256i v) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v); }
__m256i bytes(uint8_t value) { return _mm256_set1_epi8(static_cast<char>(value)); }
__m256i words(uint16_t value) { return _mm256_set1_epi16(static_cast<short>(value)); }
__m256i quads(uint32_t value) { return _mm256_set1_epi32(static_cast<int>(value)); }
__m128i half(__m256i v, int which) { return which == 0 ? _mm256_castsi256_si128(v) : _mm256_extracti128_si256(v, 1); }
__m256i both(__m256i a, __m256i b) { return _mm256_or_si256(a, b); }
__m256i masked(__m256i a, __m256i b) { return _mm256_and_si256(a, b); }
/// A bit for each byte: its highest.
uint32_t high_bits(__m256i v) { return static_cast<uint32_t>(_mm256_movemask_epi8(v)); }
/// A bit for each of 16 lanes that compare as all ones or zero.
uint32_t lanes_of(__m256i v) {
  return static_cast<uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(half(v, 0), half(v, 1))));
}
/// The byte that is n places before each one.
template <int n>
__m256i earlier(__m256i now, __m256i before) {
  return _mm256_alignr_epi8(now, _mm256_permute2x128_si256(before, now, 0x21), 16 - n);
}
__m128i shuffled(__m128i v, const Shuffle<16>& by) { return _mm_shuffle_epi8(v, load_half(by.data())); }
size_t count(uint32_t bits) { return static_cast<size_t>(std::popcount(bits)); }

// ---- UTF-8

__m256i looked_up(const Shuffle<16>& table, __m256i digits) {
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(load_half(table.data())), masked(digits, bytes(0xf)));
}

/// Not zero at bytes that cannot stand where they do, behind those `before`. What ends within a code point is right.
__m256i wrong_utf8(__m256i now, __m256i before) {
  const __m256i first = earlier<1>(now, before);
  const __m256i pairs = masked(masked(looked_up(kFirstHigh, _mm256_srli_epi16(first, 4)), looked_up(kFirstLow, first)),
                               looked_up(kSecondHigh, _mm256_srli_epi16(now, 4)));
  const __m256i third = _mm256_subs_epu8(earlier<2>(now, before), bytes(0xe0 - kTwoContinuations));
  const __m256i fourth = _mm256_subs_epu8(earlier<3>(now, before), bytes(0xf0 - kTwoContinuations));
  return _mm256_xor_si256(pairs, masked(both(third, fourth), bytes(kTwoContinuations)));
}
/// Not zero when the bytes end within a code point: one that would need another behind the last, two behind the one
/// before, three behind that.
__m256i unfinished(__m256i bytes_before) {
  alignas(32) static constexpr std::array<uint8_t, 32> kLast = [] {
    std::array<uint8_t, 32> out;
    out.fill(0xff);
    out[29] = 0xef;
    out[30] = 0xdf;
    out[31] = 0xbf;
    return out;
  }();
  return _mm256_subs_epu8(bytes_before, load(kLast.data()));
}
bool is_zero(__m256i v) { return _mm256_testz_si256(v, v) != 0; }

bool valid_utf8(const uint8_t* data, size_t size) {
  __m256i before = _mm256_setzero_si256(), wrong = before;
  size_t pos = 0;
  for (; size - pos >= 64; pos += 64) {
    const __m256i a = load(data + pos), b = load(data + pos + 32);
    if (high_bits(both(a, b)) == 0) {
      wrong = both(wrong, unfinished(before));
    } else {
      wrong = both(wrong, both(wrong_utf8(a, before), wrong_utf8(b, a)));
    }
    before = b;
  }
  // The rest, and at least one zero, which no code point goes on with.
  alignas(32) uint8_t rest[96] = {};
  std::memcpy(rest, data + pos, size - pos);
  for (size_t i = 0; i <= size - pos; i += 32) {
    const __m256i now = load(rest + i);
    wrong = both(wrong, wrong_utf8(now, before));
    before = now;
  }
  return is_zero(wrong);
}

/// Which of 32 bytes are what, a bit each.
struct Utf8Marks {
  uint32_t continues = 0;  ///< within a code point
  uint32_t three = 0;      ///< begin one of at least three bytes
  uint32_t four = 0;       ///< of four
  uint32_t read = 32;      ///< bytes of whole code points
};
Utf8Marks marks_of(__m256i v, uint32_t high) {
  const uint32_t second = high_bits(_mm256_slli_epi16(v, 1)), leads = high & second;
  Utf8Marks out{.continues = high & ~second};
  out.three = leads & high_bits(_mm256_slli_epi16(v, 2));
  out.four = out.three & high_bits(_mm256_slli_epi16(v, 3));
  const uint32_t cut = (leads & 0x80000000u) | (out.three & 0xc0000000u) | (out.four & 0xe0000000u);
  if (cut != 0) out.read = static_cast<uint32_t>(std::countr_zero(cut));
  return out;
}
uint32_t below(uint32_t end) { return static_cast<uint32_t>((uint64_t{1} << end) - 1); }

struct Utf8ToUtf16 {
  static constexpr size_t kReads = 36, kWrites = 64;
  static constexpr size_t kUnit = 1, kOutUnit = 2;

  /// What code points of at most three bytes are that begin at each of 16 bytes.
  static __m256i units(const uint8_t* in, bool three_bytes) {
    const __m256i low6 = words(0x3f), b0 = _mm256_cvtepu8_epi16(load_half(in));
    const __m256i b1 = masked(_mm256_cvtepu8_epi16(load_half(in + 1)), low6);
    const __m256i two = both(_mm256_slli_epi16(masked(b0, words(0x1f)), 6), b1);
    const __m256i out = _mm256_blendv_epi8(b0, two, _mm256_cmpgt_epi16(b0, words(0xbf)));
    if (!three_bytes) return out;
    const __m256i b2 = masked(_mm256_cvtepu8_epi16(load_half(in + 2)), low6);
    const __m256i three = both(_mm256_slli_epi16(b0, 12), both(_mm256_slli_epi16(b1, 6), b2));
    return _mm256_blendv_epi8(out, three, _mm256_cmpgt_epi16(b0, words(0xdf)));
  }
  /// The same with surrogates where code points of four bytes have their first and their second one.
  static __m256i with_surrogates(__m256i units, const uint8_t* in, __m128i before) {
    const __m256i low6 = words(0x3f), b0 = _mm256_cvtepu8_epi16(load_half(in));
    const __m256i b1 = _mm256_cvtepu8_epi16(load_half(in + 1)), b2 = _mm256_cvtepu8_epi16(load_half(in + 2));
    const __m256i top =
        both(_mm256_slli_epi16(masked(b0, words(7)), 8),
             both(_mm256_slli_epi16(masked(b1, low6), 2), _mm256_srli_epi16(masked(b2, words(0x30)), 4)));
    const __m256i first = _mm256_add_epi16(top, words(0xd800 - 0x40));
    const __m256i second = both(words(0xdc00), both(_mm256_slli_epi16(masked(b1, words(0xf)), 6), masked(b2, low6)));
    const __m256i begins = words(0xef);
    const __m256i out = _mm256_blendv_epi8(units, first, _mm256_cmpgt_epi16(b0, begins));
    return _mm256_blendv_epi8(out, second, _mm256_cmpgt_epi16(_mm256_cvtepu8_epi16(before), begins));
  }
  static size_t keep(__m256i units, uint32_t kept, uint8_t* out) {
    store(out, shuffled(half(units, 0), kKeptWords[kept & 0xff]));
    const size_t first = 2 * count(kept & 0xff);
    store(out + first, shuffled(half(units, 1), kKeptWords[kept >> 8 & 0xff]));
    return first + 2 * count(kept >> 8 & 0xff);
  }
  static Transcoded block(const uint8_t* in, uint8_t* out) {
    const __m256i v = load(in), none = _mm256_setzero_si256();
    const uint32_t high = high_bits(v);
    if (high == 0) {
      store(out, _mm256_cvtepu8_epi16(half(v, 0)));
      store(out + 32, _mm256_cvtepu8_epi16(half(v, 1)));
      return {32, 64};
    }
    if (!is_zero(wrong_utf8(v, none))) return {};
    const Utf8Marks marks = marks_of(v, high);
    const uint32_t kept = (~marks.continues | marks.four << 1) & below(marks.read);
    __m256i low = units(in, marks.three != 0), top = units(in + 16, marks.three != 0);
    if (marks.four != 0) {
      const __m256i before = earlier<1>(v, none);
      low = with_surrogates(low, in, half(before, 0));
      top = with_surrogates(top, in + 16, half(before, 1));
    }
    const size_t first = keep(low, kept & 0xffff, out);
    return {marks.read, first + keep(top, kept >> 16, out + first)};
  }
};

/// Only of code points below U+0100: the first byte is 0xc2 or 0xc3 then.
struct Utf8ToLatin1 {
  static constexpr size_t kReads = 36, kWrites = 32;
  static constexpr size_t kUnit = 1, kOutUnit = 1;

  static size_t keep(__m128i v, uint32_t kept, uint8_t* out) {
    const __m128i by = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(kKeptBytes[kept & 0xff].data()));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out), _mm_shuffle_epi8(v, by));
    return count(kept & 0xff);
  }
  static Transcoded block(const uint8_t* in, uint8_t* out) {
    const __m256i v = load(in);
    const uint32_t high = high_bits(v);
    if (high == 0) {
      store(out, v);
      return {32, 32};
    }
    const __m256i begins = _mm256_cmpeq_epi8(masked(v, bytes(0xfe)), bytes(0xc2));
    const uint32_t leads = high_bits(begins), continues = high & ~high_bits(_mm256_slli_epi16(v, 1));
    if (high != (leads | continues) || continues != leads << 1) return {};
    const uint32_t read = leads >> 31 != 0 ? 31 : 32, kept = ~continues & below(read);
    const __m256i letters = both(load(in + 1), masked(_mm256_slli_epi16(v, 6), bytes(0x40)));
    const __m256i all = _mm256_blendv_epi8(v, letters, begins);
    size_t written = 0;
    for (int i = 0; i < 2; ++i) {
      const __m128i part = half(all, i);
      written += keep(part, kept >> (16 * i), out + written);
      written += keep(_mm_srli_si128(part, 8), kept >> (16 * i + 8), out + written);
    }
    return {read, written};
  }
};

// ---- to UTF-8

/// 16 units below U+0800, of which those with a bit in `long_ones` are not ASCII.
size_t put_one_or_two(__m256i units, uint32_t long_ones, uint8_t* out) {
  const __m256i two =
      both(words(0x80c0), both(_mm256_srli_epi16(units, 6), _mm256_slli_epi16(masked(units, words(0x3f)), 8)));
  const __m256i all = _mm256_blendv_epi8(units, two, _mm256_cmpgt_epi16(units, words(0x7f)));
  store(out, shuffled(half(all, 0), kOneOrTwoBytes[long_ones & 0xff]));
  const size_t first = 8 + count(long_ones & 0xff);
  store(out + first, shuffled(half(all, 1), kOneOrTwoBytes[long_ones >> 8]));
  return first + 8 + count(long_ones >> 8);
}

struct Latin1ToUtf8 {
  static constexpr size_t kReads = 16, kWrites = 32;
  static constexpr size_t kUnit = 1, kOutUnit = 1;

  static Transcoded block(const uint8_t* in, uint8_t* out) {
    const __m128i v = load_half(in);
    const auto high = static_cast<uint32_t>(_mm_movemask_epi8(v));
    if (high == 0) {
      store(out, v);
      return {16, 16};
    }
    return {16, put_one_or_two(_mm256_cvtepu8_epi16(v), high, out)};
  }
};

struct Utf16ToUtf8 {
  static constexpr size_t kReads = 16, kWrites = 64;
  static constexpr size_t kUnit = 2, kOutUnit = 1;

  /// Eight units, wide; `before` are those before each. Of a pair of surrogates both have two bytes.
  static size_t put(__m256i u, __m256i before, bool surrogates, uint8_t* out) {
    const __m256i low6 = masked(u, quads(0x3f));
    const __m256i ge80 = _mm256_cmpgt_epi32(u, quads(0x7f));
    __m256i ge800 = _mm256_cmpgt_epi32(u, quads(0x7ff));
    __m256i two = both(quads(0x80c0), both(_mm256_srli_epi32(u, 6), _mm256_slli_epi32(low6, 8)));
    if (surrogates) {
      const __m256i kind = masked(u, quads(0xfc00));
      const __m256i is_first = _mm256_cmpeq_epi32(kind, quads(0xd800)),
                    is_second = _mm256_cmpeq_epi32(kind, quads(0xdc00));
      const __m256i top = _mm256_add_epi32(masked(u, quads(0x3ff)), quads(0x40));
      const __m256i first =
          both(quads(0x80f0), both(_mm256_srli_epi32(top, 8), _mm256_slli_epi32(masked(top, quads(0xfc)), 6)));
      const __m256i middle =
          both(_mm256_slli_epi32(masked(before, quads(3)), 4), masked(_mm256_srli_epi32(u, 6), quads(0xf)));
      const __m256i second = both(quads(0x8080), both(middle, _mm256_slli_epi32(low6, 8)));
      two = _mm256_blendv_epi8(_mm256_blendv_epi8(two, first, is_first), second, is_second);
      ge800 = _mm256_andnot_si256(both(is_first, is_second), ge800);
    }
    const __m256i three = both(both(quads(0x8080e0), _mm256_srli_epi32(u, 12)),
                               both(_mm256_slli_epi32(masked(u, quads(0xfc0)), 2), _mm256_slli_epi32(low6, 16)));
    const __m256i all = _mm256_blendv_epi8(_mm256_blendv_epi8(u, two, ge80), three, ge800);
    const auto second_bytes = static_cast<uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(ge80)));
    const auto third_bytes = static_cast<uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(ge800)));
    const uint32_t lower = (second_bytes & 0xf) | (third_bytes & 0xf) << 4;
    const uint32_t upper = second_bytes >> 4 | (third_bytes & 0xf0);
    store(out, shuffled(half(all, 0), kOneToThreeBytes[lower]));
    const size_t written = 4 + count(lower);
    store(out + written, shuffled(half(all, 1), kOneToThreeBytes[upper]));
    return written + 4 + count(upper);
  }
  static Transcoded block(const uint8_t* in, uint8_t* out) {
    const __m256i u = load(in);
    if (_mm256_testz_si256(u, words(0xf800)) != 0) {
      const uint32_t long_ones = lanes_of(_mm256_cmpgt_epi16(u, words(0x7f)));
      if (long_ones != 0) return {16, put_one_or_two(u, long_ones, out)};
      store(out, _mm_packus_epi16(half(u, 0), half(u, 1)));
      return {16, 16};
    }
    const __m256i kind = masked(u, words(0xfc00));
    const uint32_t first = lanes_of(_mm256_cmpeq_epi16(kind, words(0xd800)));
    const uint32_t second = lanes_of(_mm256_cmpeq_epi16(kind, words(0xdc00)));
    if (second != (first << 1 & 0xffff)) return {};
    const bool surrogates = first != 0;
    const __m256i before = earlier<2>(u, _mm256_setzero_si256());
    size_t written = 0;
    for (int i = 0; i < 2; ++i) {
      written +=
          put(_mm256_cvtepu16_epi32(half(u, i)), _mm256_cvtepu16_epi32(half(before, i)), surrogates, out + written);
    }
    // The first half of a pair stays for the next block, which finds what it needs at the end of this one's.
    return first >> 15 != 0 ? Transcoded{15, written - 2} : Transcoded{16, written};
  }
};

bool valid_utf16(const uint8_t* data, size_t units) {
  // Two bits for each unit. A second half has to stand behind a first one, and nowhere else.
  uint64_t open = 0;
  const auto right = [&open](__m256i u) {
    const __m256i kind = masked(u, words(0xfc00));
    const uint64_t first = high_bits(_mm256_cmpeq_epi16(kind, words(0xd800)));
    const uint64_t second = high_bits(_mm256_cmpeq_epi16(kind, words(0xdc00)));
    const uint64_t expected = first << 2 | open;
    open = expected >> 32;
    return second == (expected & 0xffffffff);
  };
  const auto is_surrogate = [](__m256i u) { return _mm256_cmpeq_epi16(masked(u, words(0xf800)), words(0xd800)); };
  size_t pos = 0;
  for (; units - pos >= 32; pos += 32) {
    const __m256i a = load(data + 2 * pos), b = load(data + 2 * pos + 32);
    if (open == 0 && is_zero(both(is_surrogate(a), is_surrogate(b)))) continue;
    if (!right(a) || !right(b)) return false;
  }
  alignas(32) uint8_t rest[96] = {};
  std::memcpy(rest, data + 2 * pos, 2 * (units - pos));
  for (size_t i = 0; i <= units - pos; i += 16) {
    if (!right(load(rest + 2 * i))) return false;
  }
  return open == 0;
}

/// Block after block; what is left, or what has no room for whole vectors, in a copy with zeros behind it.
template <class Block>
Transcoded run(const uint8_t* from, size_t units, std::span<uint8_t> out) {
  size_t pos = 0, written = 0;
  while (units - pos >= Block::kReads && out.size() - written >= Block::kWrites) {
    const Transcoded done = Block::block(from + Block::kUnit * pos, out.data() + written);
    if (done.read == 0) return {pos, written};
    pos += done.read;
    written += done.written;
  }
  while (pos < units) {
    uint8_t in[Block::kReads * Block::kUnit] = {}, some[Block::kWrites];
    const size_t left = std::min(units - pos, Block::kReads);
    std::memcpy(in, from + Block::kUnit * pos, Block::kUnit * left);
    Transcoded done = Block::block(in, some);
    if (done.read > left) {
      done.written -= Block::kOutUnit * (done.read - left);
      done.read = left;
    }
    if (done.read == 0 || done.written > out.size() - written) break;
    std::memcpy(out.data() + written, some, done.written);
    pos += done.read;
    written += done.written;
  }
  return {pos, written};
}

#pragma clang attribute pop

constexpr VectorLoops kLoops = {.utf8_to_utf16 = run<Utf8ToUtf16>,
                                .utf8_to_latin1 = run<Utf8ToLatin1>,
                                .utf16_to_utf8 = run<Utf16ToUtf8>,
                                .latin1_to_utf8 = run<Latin1ToUtf8>,
                                .valid_utf8 = valid_utf8,
                                .valid_utf16 = valid_utf16};

}  // namespace

const VectorLoops* vector_loops() {
  static const VectorLoops* const found =
      os::cpu_has("avx2") && os::cpu_has("bmi") && os::cpu_has("popcnt") ? &kLoops : nullptr;
  return found;
}

}  // namespace ashlar::component

#else

namespace ashlar::component {
const VectorLoops* vector_loops() { return nullptr; }
}  // namespace ashlar::component

#endif
