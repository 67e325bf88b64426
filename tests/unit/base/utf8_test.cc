// UTF-8 validation.
#include "base/utf8.h"

#include <gtest/gtest.h>

namespace ashlar::base {
namespace {

TEST(Utf8, AcceptsScalarValues) {
  for (const uint32_t code_point : {0u, 0x7fu, 0x80u, 0x7ffu, 0x800u, 0xd7ffu, 0xe000u, 0xffffu, 0x10000u, 0x10ffffu}) {
    std::string text;
    append_utf8(text, code_point);
    EXPECT_TRUE(is_utf8(text)) << code_point;
    size_t pos = 0;
    const std::span bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size());
    EXPECT_EQ(decode_utf8(bytes, pos), code_point);
    EXPECT_EQ(pos, text.size());
  }
}

TEST(Utf8, RefusesIllFormed) {
  for (const std::string_view text :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xe0\x80\x80", "\xed\xa0\x80", "\xef\xbf", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "12345678\xff"}) {
    EXPECT_FALSE(is_utf8(text));
  }
}

}  // namespace
}  // namespace ashlar::base
