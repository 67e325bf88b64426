// Checks the scalar semantics at the edges of their ranges.
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

#include "isa/semantics.h"

namespace ashlar::isa {
namespace {

using sem::NumTrap;

constexpr uint32_t kMin32 = 0x80000000;
constexpr uint64_t kMin64 = uint64_t{1} << 63;

// Operands the compiler cannot fold, so that the host's instruction is what is tested.
template <class T>
T opaque(T value) {
  asm volatile("" : "+m"(value));
  return value;
}

uint32_t bits(float value) { return std::bit_cast<uint32_t>(value); }
uint64_t bits(double value) { return std::bit_cast<uint64_t>(value); }
float f32(uint32_t value) { return opaque(std::bit_cast<float>(value)); }
double f64(uint64_t value) { return opaque(std::bit_cast<double>(value)); }

constexpr uint32_t kSignalling32 = 0x7fa00001;
constexpr uint64_t kSignalling64 = 0x7ff4000000000001;

bool is_quiet_nan(float value) { return value != value && (bits(value) & 0x00400000) != 0; }
bool is_quiet_nan(double value) { return value != value && (bits(value) & 0x0008000000000000) != 0; }

TEST(SemanticsInt, Division) {
  EXPECT_EQ(sem::i32_div_s::check(1, 0), NumTrap::DivideByZero);
  EXPECT_EQ(sem::i32_div_s::check(kMin32, ~0u), NumTrap::Overflow);
  EXPECT_EQ(sem::i32_div_s::check(kMin32, 1), NumTrap::None);
  EXPECT_EQ(sem::i32_div_s::eval(static_cast<uint32_t>(-7), 2), static_cast<uint32_t>(-3));
  EXPECT_EQ(sem::i32_div_u::eval(static_cast<uint32_t>(-8), 2), 0x7ffffffcu);
  EXPECT_EQ(sem::i32_rem_s::check(kMin32, ~0u), NumTrap::None);
  EXPECT_EQ(sem::i32_rem_s::eval(opaque(kMin32), opaque(~0u)), 0u);
  EXPECT_EQ(sem::i32_rem_s::eval(static_cast<uint32_t>(-7), 3), static_cast<uint32_t>(-1));
  EXPECT_EQ(sem::i32_rem_u::check(1, 0), NumTrap::DivideByZero);
  EXPECT_EQ(sem::i64_div_s::check(kMin64, ~uint64_t{0}), NumTrap::Overflow);
  EXPECT_EQ(sem::i64_div_u::check(kMin64, ~uint64_t{0}), NumTrap::None);
  EXPECT_EQ(sem::i64_rem_s::eval(opaque(kMin64), opaque(~uint64_t{0})), 0u);
}

TEST(SemanticsInt, Counts) {
  EXPECT_EQ(sem::i32_clz::eval(0), 32u);
  EXPECT_EQ(sem::i32_ctz::eval(0), 32u);
  EXPECT_EQ(sem::i64_clz::eval(0), 64u);
  EXPECT_EQ(sem::i64_ctz::eval(0), 64u);
  EXPECT_EQ(sem::i32_clz::eval(1), 31u);
  EXPECT_EQ(sem::i64_ctz::eval(kMin64), 63u);
  EXPECT_EQ(sem::i64_popcnt::eval(~uint64_t{0}), 64u);
}

TEST(SemanticsInt, ShiftsTakeTheCountModuloTheWidth) {
  EXPECT_EQ(sem::i32_shl::eval(1, 33), 2u);
  EXPECT_EQ(sem::i32_shr_s::eval(kMin32, 63), ~0u);
  EXPECT_EQ(sem::i32_shr_u::eval(kMin32, 63), 1u);
  EXPECT_EQ(sem::i64_shl::eval(1, 64), 1u);
  EXPECT_EQ(sem::i64_shr_s::eval(kMin64, 127), ~uint64_t{0});
  EXPECT_EQ(sem::i32_rotl::eval(0x80000001, 32), 0x80000001u);
  EXPECT_EQ(sem::i32_rotl::eval(0x80000001, 1), 3u);
  EXPECT_EQ(sem::i64_rotr::eval(1, 65), kMin64);
}

TEST(SemanticsInt, ComparisonsAndSigns) {
  EXPECT_EQ(sem::i32_lt_s::eval(kMin32, 0), 1u);
  EXPECT_EQ(sem::i32_lt_u::eval(kMin32, 0), 0u);
  EXPECT_EQ(sem::i64_ge_s::eval(0, kMin64), 1u);
  EXPECT_EQ(sem::i64_gt_u::eval(0, kMin64), 0u);
  EXPECT_EQ(sem::i32_extend8_s::eval(0x180), 0xffffff80u);
  EXPECT_EQ(sem::i64_extend16_s::eval(0x17fff), 0x7fffu);
  EXPECT_EQ(sem::i64_extend32_s::eval(0x1'8000'0000), 0xffffffff80000000u);
  EXPECT_EQ(sem::i64_extend_i32_s::eval(kMin32), 0xffffffff80000000u);
  EXPECT_EQ(sem::i64_extend_i32_u::eval(kMin32), 0x80000000u);
  EXPECT_EQ(sem::i32_wrap_i64::eval(0x1234567890abcdef), 0x90abcdefu);
}

TEST(SemanticsInt, WideArithmetic) {
  constexpr uint64_t kOnes = ~uint64_t{0};
  EXPECT_EQ(sem::i64_add128::eval(kOnes, 1, 1, 2), (sem::Wide{0, 4}));
  EXPECT_EQ(sem::i64_sub128::eval(0, 4, 1, 2), (sem::Wide{kOnes, 1}));
  EXPECT_EQ(sem::i64_mul_wide_u::eval(kOnes, kOnes), (sem::Wide{1, kOnes - 1}));
  EXPECT_EQ(sem::i64_mul_wide_s::eval(kOnes, kOnes), (sem::Wide{1, 0}));
  EXPECT_EQ(sem::i64_mul_wide_s::eval(kMin64, kMin64), (sem::Wide{0, uint64_t{1} << 62}));
}

TEST(SemanticsFloat, ArithmeticQuietsNans) {
  const float nan = f32(kSignalling32);
  const double wide_nan = f64(kSignalling64);
  EXPECT_TRUE(is_quiet_nan(sem::f32_add::eval(nan, 1)));
  EXPECT_TRUE(is_quiet_nan(sem::f32_div::eval(1, nan)));
  EXPECT_TRUE(is_quiet_nan(sem::f32_min::eval(nan, 1)));
  EXPECT_TRUE(is_quiet_nan(sem::f32_max::eval(1, nan)));
  EXPECT_TRUE(is_quiet_nan(sem::f32_sqrt::eval(nan)));
  EXPECT_TRUE(is_quiet_nan(sem::f32_ceil::eval(nan)));
  EXPECT_TRUE(is_quiet_nan(sem::f32_nearest::eval(nan)));
  EXPECT_TRUE(is_quiet_nan(sem::f64_min::eval(wide_nan, 1)));
  EXPECT_TRUE(is_quiet_nan(sem::f64_floor::eval(wide_nan)));
  EXPECT_TRUE(is_quiet_nan(sem::f64_trunc::eval(wide_nan)));
  EXPECT_TRUE(is_quiet_nan(sem::f32_demote_f64::eval(wide_nan)));
  EXPECT_TRUE(is_quiet_nan(sem::f64_promote_f32::eval(nan)));
}

TEST(SemanticsFloat, SignOperationsKeepNanBits) {
  EXPECT_EQ(bits(sem::f32_neg::eval(f32(kSignalling32))), kSignalling32 | kMin32);
  EXPECT_EQ(bits(sem::f32_abs::eval(f32(kSignalling32 | kMin32))), kSignalling32);
  EXPECT_EQ(bits(sem::f64_copysign::eval(f64(kSignalling64), f64(kMin64))), kSignalling64 | kMin64);
  EXPECT_EQ(bits(sem::f64_neg::eval(f64(0))), kMin64);
  EXPECT_EQ(sem::i32_reinterpret_f32::eval(f32(kSignalling32)), kSignalling32);
  EXPECT_EQ(bits(sem::f64_reinterpret_i64::eval(kSignalling64)), kSignalling64);
}

TEST(SemanticsFloat, MinAndMaxOrderZeros) {
  EXPECT_EQ(bits(sem::f32_min::eval(opaque(0.0f), opaque(-0.0f))), kMin32);
  EXPECT_EQ(bits(sem::f32_min::eval(opaque(-0.0f), opaque(0.0f))), kMin32);
  EXPECT_EQ(bits(sem::f32_max::eval(opaque(0.0f), opaque(-0.0f))), 0u);
  EXPECT_EQ(bits(sem::f64_max::eval(opaque(-0.0), opaque(0.0))), 0u);
  EXPECT_EQ(bits(sem::f64_max::eval(opaque(-0.0), opaque(-0.0))), kMin64);
  EXPECT_EQ(sem::f64_min::eval(-INFINITY, 3), -INFINITY);
  EXPECT_EQ(sem::f64_max::eval(2, 3), 3);
}

TEST(SemanticsFloat, NearestRoundsHalvesToEven) {
  EXPECT_EQ(sem::f32_nearest::eval(opaque(0.5f)), 0);
  EXPECT_EQ(sem::f32_nearest::eval(opaque(1.5f)), 2);
  EXPECT_EQ(sem::f64_nearest::eval(opaque(-2.5)), -2);
  EXPECT_EQ(bits(sem::f64_nearest::eval(opaque(-0.3))), kMin64);
  EXPECT_EQ(sem::f64_nearest::eval(opaque(4503599627370497.5)), 4503599627370498.0);
}

TEST(SemanticsConvert, TruncationRanges) {
  EXPECT_EQ(sem::i32_trunc_f32_s::check(NAN), NumTrap::InvalidConversion);
  EXPECT_EQ(sem::i32_trunc_f32_s::check(2147483648.0f), NumTrap::Overflow);
  EXPECT_EQ(sem::i32_trunc_f32_s::check(-2147483648.0f), NumTrap::None);
  EXPECT_EQ(sem::i32_trunc_f32_s::check(-2147483904.0f), NumTrap::Overflow);
  EXPECT_EQ(sem::i32_trunc_f64_s::check(2147483647.9), NumTrap::None);
  EXPECT_EQ(sem::i32_trunc_f64_s::check(-2147483648.9), NumTrap::None);
  EXPECT_EQ(sem::i32_trunc_f64_s::check(-2147483649.0), NumTrap::Overflow);
  EXPECT_EQ(sem::i32_trunc_f64_u::check(4294967295.9), NumTrap::None);
  EXPECT_EQ(sem::i32_trunc_f64_u::check(-0.9), NumTrap::None);
  EXPECT_EQ(sem::i32_trunc_f64_u::check(-1.0), NumTrap::Overflow);
  EXPECT_EQ(sem::i64_trunc_f32_s::check(9223372036854775808.0f), NumTrap::Overflow);
  EXPECT_EQ(sem::i64_trunc_f64_s::check(-9223372036854775808.0), NumTrap::None);
  EXPECT_EQ(sem::i64_trunc_f64_s::check(-9223372036854777856.0), NumTrap::Overflow);
  EXPECT_EQ(sem::i64_trunc_f64_u::check(18446744073709551616.0), NumTrap::Overflow);
  EXPECT_EQ(sem::i64_trunc_f64_u::eval(opaque(18446744073709549568.0)), 18446744073709549568u);
  EXPECT_EQ(sem::i64_trunc_f32_u::eval(opaque(-0.5f)), 0u);
  EXPECT_EQ(sem::i32_trunc_f64_s::eval(opaque(-2147483648.9)), kMin32);
}

TEST(SemanticsConvert, SaturatingTruncation) {
  EXPECT_EQ(sem::i32_trunc_sat_f32_s::eval(NAN), 0u);
  EXPECT_EQ(sem::i32_trunc_sat_f32_s::eval(INFINITY), 0x7fffffffu);
  EXPECT_EQ(sem::i32_trunc_sat_f64_s::eval(-INFINITY), kMin32);
  EXPECT_EQ(sem::i32_trunc_sat_f64_u::eval(-5), 0u);
  EXPECT_EQ(sem::i32_trunc_sat_f64_u::eval(4294967296.0), ~0u);
  EXPECT_EQ(sem::i64_trunc_sat_f64_s::eval(1e30), ~uint64_t{0} >> 1);
  EXPECT_EQ(sem::i64_trunc_sat_f32_u::eval(1e30f), ~uint64_t{0});
  EXPECT_EQ(sem::i64_trunc_sat_f32_s::eval(-1.9f), ~uint64_t{0});
}

TEST(SemanticsConvert, IntegersRoundOnce) {
  // Between two floats, just above the middle: rounding to double first would lose the last bit.
  EXPECT_EQ(sem::f32_convert_i64_u::eval(opaque(uint64_t{0x8000008000000001})), 0x1.000002p63f);
  EXPECT_EQ(sem::f32_convert_i64_s::eval(opaque(uint64_t{0x7fffff4000000001})), 0x1.fffffep62f);
  EXPECT_EQ(sem::f64_convert_i64_u::eval(opaque(~uint64_t{0})), 0x1p64);
  EXPECT_EQ(sem::f64_convert_i64_u::eval(opaque(kMin64 + 1025)), 0x1.0000000000001p63);
  EXPECT_EQ(sem::f32_convert_i32_u::eval(opaque(~0u)), 0x1p32f);
  EXPECT_EQ(sem::f32_convert_i32_s::eval(opaque(~0u)), -1);
  EXPECT_EQ(sem::f64_convert_i32_u::eval(opaque(~0u)), 4294967295.0);
}

}  // namespace
}  // namespace ashlar::isa
