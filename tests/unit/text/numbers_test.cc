// Tests number literals: ranges, rounding to nearest even, printing that parses back.
#include "text/numbers.h"

#include <gtest/gtest.h>

#include <bit>
#include <random>
#include <string>

namespace ashlar::text {
namespace {

TEST(Numbers, Integers) {
  EXPECT_EQ(parse_nat("4_294_967_295", 0xffffffff), 0xffffffffu);
  EXPECT_EQ(parse_nat("4294967296", 0xffffffff), std::nullopt);
  EXPECT_EQ(parse_nat("0xffff_ffff_ffff_ffff", ~uint64_t{0}), ~uint64_t{0});
  EXPECT_EQ(parse_nat("18446744073709551616", ~uint64_t{0}), std::nullopt);
  EXPECT_EQ(parse_int("-2147483648", 32), 0x80000000u);
  EXPECT_EQ(parse_int("-2147483649", 32), std::nullopt);
  EXPECT_EQ(parse_int("+0xffffffff", 32), 0xffffffffu);
  EXPECT_EQ(parse_int("-0x8000_0000_0000_0000", 64), uint64_t{1} << 63);
  EXPECT_EQ(parse_int("-0x8000000000000001", 64), std::nullopt);
  EXPECT_EQ(parse_int("255", 8), 255u);
  EXPECT_EQ(parse_int("-128", 8), 0x80u);
  EXPECT_EQ(parse_int("256", 8), std::nullopt);
}

TEST(Numbers, FloatsAreRoundedToNearestEven) {
  EXPECT_EQ(parse_f32("0x1.000001p0"), 0x3f800000u);                // a tie: down to even
  EXPECT_EQ(parse_f32("0x1.000003p0"), 0x3f800002u);                // a tie: up to even
  EXPECT_EQ(parse_f32("0x1.00000100000000000001p0"), 0x3f800001u);  // just above a tie
  EXPECT_EQ(parse_f32("0x1.fffffefffffff8000000p127"), 0x7f7fffffu);
  EXPECT_EQ(parse_f32("0x1.ffffffp127"), std::nullopt);
  EXPECT_EQ(parse_f32("0x1p-149"), 1u);
  EXPECT_EQ(parse_f32("0x1p-150"), 0u);
  EXPECT_EQ(parse_f32("0x1.000002p-150"), 1u);
  EXPECT_EQ(parse_f32("0x1.992273p-127"), 0x66489du);
  EXPECT_EQ(parse_f32("340282356779733623858607532500980858880"), 0x7f7fffffu);
  EXPECT_EQ(parse_f32("340282356779733661637539395458142568448"), std::nullopt);
  EXPECT_EQ(parse_f64("0x1.fffffffffffff7p1023"), 0x7fefffffffffffffu);
  EXPECT_EQ(parse_f64("0x1.fffffffffffff8p1023"), std::nullopt);
  EXPECT_EQ(parse_f64("4.9406564584124654e-324"), 1u);
}

TEST(Numbers, ExtremeExponents) {
  EXPECT_EQ(parse_f64("1e-99999999999999999999"), 0u);
  EXPECT_EQ(parse_f64("1e99999999999999999999"), std::nullopt);
  EXPECT_EQ(parse_f64("0e99999999999999999999"), 0u);
  EXPECT_EQ(parse_f64("0x1p99999999999999999999"), std::nullopt);
  EXPECT_EQ(parse_f64("-0x1p-99999999999999999999"), uint64_t{1} << 63);
  EXPECT_EQ(parse_f64("1" + std::string(400, '0') + "e-2"), std::nullopt);
  EXPECT_EQ(parse_f64("0." + std::string(400, '0') + "1e2"), 0u);
  EXPECT_EQ(parse_f64("1" + std::string(400, '0') + "e-400"), std::bit_cast<uint64_t>(1.0));
}

TEST(Numbers, SpecialFloats) {
  EXPECT_EQ(parse_f32("-inf"), 0xff800000u);
  EXPECT_EQ(parse_f32("nan"), 0x7fc00000u);
  EXPECT_EQ(parse_f32("-nan:0x1"), 0xff800001u);
  EXPECT_EQ(parse_f32("nan:0x80_0000"), std::nullopt);
  EXPECT_EQ(parse_f64("nan:0x0"), std::nullopt);
  EXPECT_EQ(parse_f64("nan:0xf_ffff_ffff_ffff"), 0x7fffffffffffffffu);
  EXPECT_EQ(print_f32(0x7fc00000), "nan");
  EXPECT_EQ(print_f32(0xff800001), "-nan:0x1");
  EXPECT_EQ(print_f64(uint64_t{1} << 63), "-0");
}

TEST(Numbers, PrintedFloatsParseBack) {
  std::mt19937_64 random(20260101);
  for (int i = 0; i < 100000; ++i) {
    const uint64_t bits = random();
    ASSERT_EQ(parse_f64(print_f64(bits)), bits) << print_f64(bits);
    const uint32_t low = static_cast<uint32_t>(bits);
    ASSERT_EQ(parse_f32(print_f32(low)), low) << print_f32(low);
  }
}

}  // namespace
}  // namespace ashlar::text
