// SHA-256 against the examples of FIPS 180-4 and against itself in pieces.
#include "base/sha256.h"

#include <gtest/gtest.h>

#include <string>

namespace ashlar::base {
namespace {

std::string hex_of(std::string_view text) { return to_hex(Sha256().add(text).finish()); }

TEST(Sha256, Examples) {
  EXPECT_EQ(hex_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex_of(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesMakeTheWhole) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += static_cast<char>(i * 7);
  for (size_t size = 0; size < text.size(); ++size) {
    const std::string_view whole = std::string_view(text).substr(0, size);
    for (size_t piece : {size_t{1}, size_t{63}, size_t{64}, size_t{65}}) {
      Sha256 hash;
      for (size_t at = 0; at < size; at += piece) hash.add(whole.substr(at, piece));
      ASSERT_EQ(to_hex(hash.finish()), hex_of(whole)) << size << " in pieces of " << piece;
    }
  }
}

}  // namespace
}  // namespace ashlar::base
