// The sticky error of the byte reader.
#include "base/byte_reader.h"

#include <gtest/gtest.h>

#include <vector>

namespace ashlar::base {
namespace {

TEST(ByteReader, ReadsAndKeepsTheFirstError) {
  const uint8_t bytes[] = {0x2a, 1, 2, 3, 4, 0x7f, 0x80};
  ByteReader in(bytes);
  EXPECT_EQ(in.u8(), 0x2a);
  EXPECT_EQ(in.u32(), 0x04030201u);
  EXPECT_EQ(in.leb_s32(), -1);
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(in.leb_u32(), 0u);
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.u64(), 0u);
  EXPECT_TRUE(in.take(4).empty());
  const Error error = in.take_error();
  EXPECT_EQ(error.code(), ErrorCode::unexpected_end);
  EXPECT_EQ(error.offset(), 7u);
}

TEST(ByteReader, SkipsNumbers) {
  std::vector<uint8_t> bytes;
  std::vector<size_t> ends = {0};
  for (int i = 0; i < 100; ++i) {
    for (int more = i * i % 5; more > 0; --more) bytes.push_back(0x80);
    bytes.push_back(static_cast<uint8_t>(i));
    ends.push_back(bytes.size());
  }
  for (size_t from = 0; from <= 100; ++from) {
    for (size_t to = from; to <= 100; ++to) {
      ByteReader in(bytes, ends[from], bytes.size());
      in.skip_lebs(to - from);
      ASSERT_EQ(in.pos(), ends[to]) << from;
    }
  }
  ByteReader in(bytes);
  in.skip_lebs(101);
  EXPECT_FALSE(in.ok());
}

TEST(ByteReader, StaysInItsRange) {
  const uint8_t bytes[] = {1, 2, 3, 4};
  ByteReader in(bytes, 1, 3);
  EXPECT_EQ(in.remaining(), 2u);
  EXPECT_EQ(in.take(2).size(), 2u);
  EXPECT_EQ(in.pos(), 3u);
  EXPECT_EQ(in.u8(), 0);
  EXPECT_FALSE(in.ok());
}

}  // namespace
}  // namespace ashlar::base
