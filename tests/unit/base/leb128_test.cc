// LEB128 decoding limits and encoding.
#include "base/leb128.h"

#include <gtest/gtest.h>

namespace ashlar::base {
namespace {

using Bytes = std::vector<uint8_t>;

template <class T, int bits = sizeof(T) * 8>
Leb<T> decode(const Bytes& bytes) {
  return decode_leb<T, bits>(bytes.data(), bytes.data() + bytes.size());
}

TEST(Leb128, RoundTrips) {
  for (const uint64_t value : {uint64_t{0}, uint64_t{127}, uint64_t{128}, uint64_t{624485}, ~uint64_t{0}}) {
    Bytes bytes;
    append_leb_u64(bytes, value);
    EXPECT_EQ(bytes.size(), leb_u64_size(value));
    EXPECT_EQ(decode<uint64_t>(bytes).value, value);
  }
  for (const int64_t value : {int64_t{0}, int64_t{63}, int64_t{64}, int64_t{-64}, int64_t{-65}, INT64_MIN, INT64_MAX}) {
    Bytes bytes;
    append_leb_s64(bytes, value);
    EXPECT_EQ(decode<int64_t>(bytes).value, value);
  }
}

TEST(Leb128, RefusesLongLargeAndCut) {
  EXPECT_EQ(decode<uint32_t>({0x80, 0x80, 0x80, 0x80, 0x80, 0}).status, LebStatus::TooLong);
  EXPECT_EQ(decode<uint32_t>({0xff, 0xff, 0xff, 0xff, 0x1f}).status, LebStatus::TooLarge);
  EXPECT_EQ(decode<uint32_t>({0x80}).status, LebStatus::End);
  EXPECT_EQ(decode<uint32_t>({0xff, 0xff, 0xff, 0xff, 0x0f}).value, ~uint32_t{0});
  EXPECT_EQ(decode<int32_t>({0xff, 0xff, 0xff, 0xff, 0x7f}).value, -1);
  EXPECT_EQ(decode<int32_t>({0xff, 0xff, 0xff, 0xff, 0x0f}).status, LebStatus::TooLarge);
  EXPECT_EQ(decode<int32_t>({0x80, 0x80, 0x80, 0x80, 0x70}).status, LebStatus::TooLarge);
  EXPECT_EQ((decode<int64_t, 33>({0xff, 0xff, 0xff, 0xff, 0x0f}).value), 0xffffffffll);
  EXPECT_EQ((decode<int64_t, 33>({0x80, 0x80, 0x80, 0x80, 0x20}).status), LebStatus::TooLarge);
}

}  // namespace
}  // namespace ashlar::base
