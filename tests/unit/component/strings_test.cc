// Transcoders: the loops by vectors and by code points, against a plain reference, on what is at the edges of vectors.
#include "component/strings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include "base/utf8.h"
#include "component/strings_loops.h"

namespace ashlar::component {
namespace {

using Bytes = std::vector<uint8_t>;
using Transcoder = Transcoded (*)(const StringView&, size_t, std::span<uint8_t>);
constexpr CodeUnits kAll[] = {CodeUnits::Utf8, CodeUnits::Utf16, CodeUnits::Latin1};

/// Those that write one encoding: as the runtime calls them, and without vectors.
struct Pair {
  CodeUnits to;
  Transcoder ours, by_code_points;
};
constexpr Pair kTranscoders[] = {{CodeUnits::Utf8, to_utf8, scalar::to_utf8},
                                 {CodeUnits::Utf16, to_utf16, scalar::to_utf16},
                                 {CodeUnits::Latin1, to_latin1, scalar::to_latin1}};

StringView view(CodeUnits encoding, const Bytes& bytes) {
  return {encoding, bytes.data(), bytes.size() / (encoding == CodeUnits::Utf16 ? 2 : 1)};
}

uint32_t unit(const StringView& s, size_t i) {
  return s.encoding == CodeUnits::Utf16 ? s.data[2 * i] | s.data[2 * i + 1] << 8 : s.data[i];
}
uint32_t decode(const StringView& s, size_t& pos) {
  if (s.encoding == CodeUnits::Utf8) return base::decode_utf8({s.data, s.units}, pos);
  const uint32_t first = unit(s, pos);
  if (s.encoding == CodeUnits::Latin1 || first < 0xd800 || first > 0xdfff) {
    ++pos;
    return first;
  }
  const uint32_t second = pos + 1 < s.units ? unit(s, pos + 1) : 0;
  if (first > 0xdbff || second < 0xdc00 || second > 0xdfff) return base::kInvalidCodePoint;
  pos += 2;
  return 0x10000 + ((first & 0x3ff) << 10 | (second & 0x3ff));
}
/// A code point in an encoding: nothing when it cannot be said.
struct Encoded {
  std::array<uint8_t, 4> bytes{};
  size_t size = 0;

  void put(uint32_t byte) { bytes[size++] = static_cast<uint8_t>(byte); }
  void put_unit(uint32_t u) {
    put(u & 0xff);
    put(u >> 8);
  }
};
Encoded encode(CodeUnits to, uint32_t c) {
  Encoded out;
  if (to == CodeUnits::Latin1) {
    if (c < 0x100) out.put(c);
  } else if (to == CodeUnits::Utf8) {
    std::string text;
    base::append_utf8(text, c);
    for (const char byte : text) out.put(static_cast<uint8_t>(byte));
  } else {
    if (c >= 0x10000) out.put_unit(0xd800 + ((c - 0x10000) >> 10));
    out.put_unit(c >= 0x10000 ? 0xdc00 | (c & 0x3ff) : c);
  }
  return out;
}
Bytes encode(CodeUnits to, const std::vector<uint32_t>& text) {
  Bytes out;
  for (const uint32_t c : text) {
    const Encoded one = encode(to, c);
    out.insert(out.end(), one.bytes.begin(), one.bytes.begin() + one.size);
  }
  return out;
}

Transcoded reference(CodeUnits to, const StringView& s, size_t from, std::span<uint8_t> out) {
  size_t pos = from, written = 0;
  while (pos < s.units) {
    size_t after = pos;
    const uint32_t c = decode(s, after);
    const Encoded one = c == base::kInvalidCodePoint ? Encoded{} : encode(to, c);
    if (one.size == 0 || one.size > out.size() - written) break;
    std::copy_n(one.bytes.begin(), one.size, out.begin() + static_cast<ptrdiff_t>(written));
    written += one.size;
    pos = after;
  }
  return {pos - from, written};
}
bool reference_well_formed(const StringView& s) {
  for (size_t pos = 0; pos < s.units;) {
    if (decode(s, pos) == base::kInvalidCodePoint) return false;
  }
  return true;
}

std::string hex(const StringView& s) {
  std::string out = std::to_string(static_cast<int>(s.encoding)) + ":";
  for (size_t i = 0; i < s.units; ++i) out += " " + std::to_string(unit(s, i));
  return out;
}

/// All loops do what the reference does, and no more than that: behind `room` bytes nothing is written. The source lies
/// at the end of an allocation of its own, which a sanitizer watches.
void expect_same(CodeUnits encoding, const Bytes& bytes, size_t from, size_t room) {
  const StringView s = view(encoding, bytes);
  const bool right = reference_well_formed(s);
  ASSERT_EQ(well_formed(s), right) << hex(s);
  ASSERT_EQ(scalar::well_formed(s), right) << hex(s);
  for (const Pair& pair : kTranscoders) {
    Bytes expected(room);
    const Transcoded as = reference(pair.to, s, from, expected);
    for (const Transcoder transcoder : {pair.ours, pair.by_code_points}) {
      Bytes out(room);
      const Transcoded done = transcoder(s, from, out);
      ASSERT_EQ(done.read, as.read) << hex(s) << " to " << static_cast<int>(pair.to) << " in " << room;
      ASSERT_EQ(done.written, as.written) << hex(s) << " to " << static_cast<int>(pair.to) << " in " << room;
      ASSERT_TRUE(std::equal(out.begin(), out.begin() + static_cast<ptrdiff_t>(done.written), expected.begin()))
          << hex(s) << " to " << static_cast<int>(pair.to);
    }
  }
}
void expect_same(CodeUnits encoding, const Bytes& bytes) { expect_same(encoding, bytes, 0, 3 * bytes.size()); }

/// First and last of each length in UTF-8 and UTF-16.
constexpr uint32_t kEdges[] = {0,       0x7f,    0x80,    0xbf,    0xc0,     0xff,    0x100,  0x7ff,
                               0x800,   0xfff,   0x1000,  0xd7ff,  0xe000,   0xfffd,  0xffff, 0x10000,
                               0x103ff, 0x10400, 0x3ffff, 0x40000, 0x10fc00, 0x10ffff};

TEST(Strings, EdgesAtEachPlaceOfAVector) {
  for (const uint32_t filler : {0x61u, 0xe9u, 0x416u, 0x6f22u, 0x1f600u}) {
    for (size_t before = 0; before < 68; ++before) {
      for (const uint32_t edge : kEdges) {
        std::vector<uint32_t> text(before, filler);
        text.push_back(edge);
        text.insert(text.end(), (before * 7) % 41, filler);
        for (const CodeUnits encoding : kAll) ASSERT_NO_FATAL_FAILURE(expect_same(encoding, encode(encoding, text)));
      }
    }
  }
}

TEST(Strings, WhatIsIllFormedAtEachPlaceOfAVector) {
  const std::string_view utf8[] = {"\x80",
                                   "\xbf",
                                   "\xc0\x80",
                                   "\xc1\xbf",
                                   "\xc3",
                                   "\xc3\xc3\xa9",
                                   "\xe0\x80\x80",
                                   "\xe0\x9f\xbf",
                                   "\xe1\x80",
                                   "\xed\xa0\x80",
                                   "\xed\xbf\xbf",
                                   "\xef\xbf",
                                   "\xf0\x80\x80\x80",
                                   "\xf0\x8f\xbf\xbf",
                                   "\xf0\x90\x80",
                                   "\xf4\x90\x80\x80",
                                   "\xf5\x80\x80\x80",
                                   "\xff",
                                   "\xfe\x80",
                                   "\xf1\x80",
                                   "\xf1",
                                   "\xe1",
                                   "\xc3\xa9\x80",
                                   "\xe1\x80\x80\x80",
                                   "\xf1\x80\x80\x80\x80",
                                   "a\x80",
                                   "\xe1\xc3\xa9",
                                   "\xf1\x80\x80\x61"};
  const std::vector<uint32_t> utf16[] = {{0xd800},
                                         {0xdc00},
                                         {0xdbff},
                                         {0xdfff},
                                         {0xdc00, 0xd800},
                                         {0xd800, 0xd800},
                                         {0xd800, 0xd800, 0xdc00},
                                         {0xd83d, 0xde00, 0xde00},
                                         {0xd800, 0x61}};
  for (const uint32_t filler : {0x61u, 0xe9u, 0x6f22u, 0x1f600u}) {
    for (size_t before = 0; before < 68; ++before) {
      for (const size_t behind : {0, 1, 3, 17, 40}) {
        const std::vector<uint32_t> head(before, filler), tail(behind, filler);
        const auto around = [&](CodeUnits encoding, const Bytes& middle) {
          Bytes out = encode(encoding, head);
          const Bytes end = encode(encoding, tail);
          out.insert(out.end(), middle.begin(), middle.end());
          out.insert(out.end(), end.begin(), end.end());
          expect_same(encoding, out);
        };
        for (const std::string_view wrong : utf8) {
          ASSERT_NO_FATAL_FAILURE(around(CodeUnits::Utf8, Bytes(wrong.begin(), wrong.end())));
        }
        for (const std::vector<uint32_t>& wrong : utf16) {
          Bytes bytes;
          for (const uint32_t u : wrong)
            bytes.insert(bytes.end(), {static_cast<uint8_t>(u), static_cast<uint8_t>(u >> 8)});
          ASSERT_NO_FATAL_FAILURE(around(CodeUnits::Utf16, bytes));
        }
      }
    }
  }
}

TEST(Strings, AllBytesBesideAllBytesAcrossVectors) {
  constexpr uint8_t kThird[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc2, 0xe0, 0xf0, 0xff};
  Bytes text(70, 'a');
  size_t at = 0;
  for (uint32_t i = 0; i < 0x10000; ++i) {
    for (const uint8_t third : kThird) {
      std::fill_n(text.begin() + static_cast<ptrdiff_t>(at), 4, 'a');
      at = (at + 1) % 64;
      const uint8_t some[] = {static_cast<uint8_t>(i), static_cast<uint8_t>(i >> 8), third, 0x80};
      std::ranges::copy(some, text.begin() + static_cast<ptrdiff_t>(at));
      const StringView s = view(CodeUnits::Utf8, text);
      ASSERT_EQ(well_formed(s), base::is_utf8(text)) << hex(s);
    }
  }
}

TEST(Strings, EveryCodePoint) {
  std::vector<uint32_t> text;
  for (uint32_t c = 0; c < 0x110000; ++c) {
    if (c < 0xd800 || c > 0xdfff) text.push_back(c);
  }
  for (const CodeUnits encoding : kAll) expect_same(encoding, encode(encoding, text));
}

/// Texts of a few kinds of code points, half of them with a byte that is not theirs, from somewhere on, to less room
/// than it needs or more.
TEST(Strings, RandomTextInAnyRoom) {
  std::mt19937 random(7);
  const auto below = [&random](size_t n) { return n == 0 ? 0 : random() % n; };
  for (int round = 0; round < 20000; ++round) {
    const size_t kinds = 1 + below(5), size = below(150);
    std::vector<uint32_t> text;
    while (text.size() < size) {
      constexpr uint32_t kFirst[] = {0, 0x80, 0x100, 0xe000, 0x10000}, kCount[] = {0x80, 0x80, 0x700, 0x1000, 0x100000};
      const size_t kind = below(4) == 0 ? below(kinds) : 0;
      text.push_back(below(20) == 0 ? kEdges[below(std::size(kEdges))]
                                    : kFirst[kind] + static_cast<uint32_t>(below(kCount[kind])));
    }
    for (const CodeUnits encoding : kAll) {
      Bytes bytes = encode(encoding, text);
      if (!bytes.empty() && below(2) == 0) bytes[below(bytes.size())] = static_cast<uint8_t>(random());
      size_t from = 0;
      const StringView s = view(encoding, bytes);
      for (size_t skip = below(text.size()); skip > 0 && from < s.units; --skip) {
        if (decode(s, from) == base::kInvalidCodePoint) break;
      }
      ASSERT_NO_FATAL_FAILURE(
          expect_same(encoding, bytes, from, below(2) == 0 ? 3 * bytes.size() : below(2 * bytes.size())));
    }
  }
}

TEST(Strings, PrefixesOfAsciiAndLatin1) {
  for (size_t size = 0; size < 80; ++size) {
    for (size_t at = 0; at <= size; ++at) {
      Bytes bytes(size, 'x'), words;
      if (at < size) bytes[at] = 0xe9;
      std::vector<uint32_t> text(bytes.begin(), bytes.end());
      ASSERT_EQ(ascii_prefix(view(CodeUnits::Utf8, bytes)), at);
      ASSERT_EQ(ascii_prefix(view(CodeUnits::Utf16, encode(CodeUnits::Utf16, text))), at);
      if (at < size) text[at] = 0x100;
      ASSERT_EQ(latin1_prefix(encode(CodeUnits::Utf16, text).data(), size), at);
    }
  }
}

}  // namespace
}  // namespace ashlar::component
