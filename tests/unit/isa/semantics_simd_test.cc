// Checks the vector semantics against plain loops over lanes, on operands full of edge values.
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "isa/semantics.h"

namespace ashlar::isa {
namespace {

using sem::V128;

template <class T>
using Array = std::array<T, 16 / sizeof(T)>;

template <class T>
Array<T> to_array(V128 value) {
  return std::bit_cast<Array<T>>(value);
}
template <class T>
V128 vec(const Array<T>& values) {
  // Hidden from the optimizer, so that the host's instructions are what is tested.
  V128 value = std::bit_cast<V128>(values);
  asm volatile("" : "+m"(value));
  return value;
}

// Vectors of edge values; every pair of values meets in some lane of some pair of vectors.
template <class T>
std::vector<V128> vectors_of(const std::vector<T>& edges) {
  std::vector<V128> vectors;
  for (size_t start = 0; start < edges.size(); ++start) {
    Array<T> values;
    for (size_t i = 0; i < values.size(); ++i) values[i] = edges[(start + i * (1 + start)) % edges.size()];
    vectors.push_back(vec<T>(values));
    values.fill(edges[start]);
    vectors.push_back(vec<T>(values));
  }
  return vectors;
}

template <class T>
std::vector<V128> integers() {
  using U = std::make_unsigned_t<T>;
  const U top = U{1} << (8 * sizeof(T) - 1);
  std::vector<T> edges;
  for (U base : {U{0}, top, static_cast<U>(top >> 1), static_cast<U>(0x5a5a5a5a5a5a5a5a)}) {
    for (int offset : {-1, 0, 1, 3}) edges.push_back(static_cast<T>(static_cast<U>(base + offset)));
  }
  return vectors_of(edges);
}

template <class T>
std::vector<V128> floats() {
  using Limits = std::numeric_limits<T>;
  const T inf = Limits::infinity();
  return vectors_of<T>({T(0),
                        -T(0),
                        T(1),
                        T(-1.5),
                        T(2.5),
                        T(-0.5),
                        T(0.75),
                        Limits::max(),
                        Limits::lowest(),
                        Limits::denorm_min(),
                        inf,
                        -inf,
                        Limits::quiet_NaN(),
                        -Limits::quiet_NaN(),
                        Limits::signaling_NaN(),
                        T(2147483648.0),
                        T(-2147483649.0),
                        T(2147483647.0),
                        T(4294967296.0),
                        T(4294967040.0),
                        T(3000000000.5),
                        T(1e15),
                        T(-1e15)});
}

// Result lanes of type R from operand lanes of type T.
template <class Op, class R, class T, class Lane>
void expect_binary(const std::vector<V128>& operands, Lane lane) {
  static_assert(sizeof(R) == sizeof(T));
  for (V128 a : operands) {
    for (V128 b : operands) {
      const auto x = to_array<T>(a), y = to_array<T>(b);
      Array<R> expected;
      for (size_t i = 0; i < x.size(); ++i) expected[i] = static_cast<R>(lane(x[i], y[i]));
      ASSERT_EQ(to_array<R>(Op::eval(a, b)), expected);
    }
  }
}
template <class Op, class T, class Lane>
void expect_binary_int(Lane lane) {
  expect_binary<Op, T, T>(integers<T>(), lane);
}
template <class Op, class R, class T, class Lane>
void expect_unary(const std::vector<V128>& operands, Lane lane) {
  for (V128 a : operands) {
    const auto x = to_array<T>(a);
    Array<R> expected;
    for (size_t i = 0; i < x.size(); ++i) expected[i] = static_cast<R>(lane(x[i]));
    ASSERT_EQ(to_array<R>(Op::eval(a)), expected);
  }
}

// Float results as bits; any quiet NaN stands for any other.
template <class T>
auto comparable(T value) {
  using Bits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
  const Bits quiet = sizeof(T) == 4 ? Bits{0x00400000} : static_cast<Bits>(0x0008000000000000);
  const Bits bits = std::bit_cast<Bits>(value);
  return value != value && (bits & quiet) ? ~Bits{0} : bits;
}
template <class Op, class T, class Lane>
void expect_float_binary(Lane lane) {
  for (V128 a : floats<T>()) {
    for (V128 b : floats<T>()) {
      const auto x = to_array<T>(a), y = to_array<T>(b), actual = to_array<T>(Op::eval(a, b));
      for (size_t i = 0; i < x.size(); ++i) ASSERT_EQ(comparable(actual[i]), comparable<T>(lane(x[i], y[i])));
    }
  }
}
template <class Op, class Scalar, class T>
void expect_like_scalar() {
  for (V128 a : floats<T>()) {
    const auto x = to_array<T>(a), actual = to_array<T>(Op::eval(a));
    for (size_t i = 0; i < x.size(); ++i) ASSERT_EQ(comparable(actual[i]), comparable<T>(Scalar::eval(x[i])));
  }
}

template <class T>
T clamp(int64_t value) {
  const int64_t low = std::numeric_limits<T>::min(), high = std::numeric_limits<T>::max();
  return static_cast<T>(value < low ? low : value > high ? high : value);
}

TEST(SemanticsSimd, ModularArithmetic) {
  expect_binary_int<sem::i8x16_add, uint8_t>([](auto a, auto b) { return a + b; });
  expect_binary_int<sem::i16x8_sub, uint16_t>([](auto a, auto b) { return a - b; });
  expect_binary_int<sem::i16x8_mul, uint16_t>([](uint32_t a, uint32_t b) { return a * b; });
  expect_binary_int<sem::i32x4_mul, uint32_t>([](auto a, auto b) { return a * b; });
  expect_binary_int<sem::i64x2_mul, uint64_t>([](auto a, auto b) { return a * b; });
  expect_unary<sem::i8x16_neg, uint8_t, uint8_t>(integers<uint8_t>(), [](auto a) { return -a; });
  expect_unary<sem::i64x2_abs, uint64_t, int64_t>(
      integers<int64_t>(), [](int64_t a) { return a < 0 ? -static_cast<uint64_t>(a) : static_cast<uint64_t>(a); });
  expect_unary<sem::i8x16_abs, uint8_t, int8_t>(integers<int8_t>(), [](int a) { return a < 0 ? -a : a; });
  expect_unary<sem::i8x16_popcnt, uint8_t, uint8_t>(integers<uint8_t>(), [](uint8_t a) { return std::popcount(a); });
}

TEST(SemanticsSimd, SaturationMinMaxAverage) {
  expect_binary_int<sem::i8x16_add_sat_s, int8_t>([](int a, int b) { return clamp<int8_t>(a + b); });
  expect_binary_int<sem::i8x16_add_sat_u, uint8_t>([](int a, int b) { return clamp<uint8_t>(a + b); });
  expect_binary_int<sem::i16x8_sub_sat_s, int16_t>([](int a, int b) { return clamp<int16_t>(a - b); });
  expect_binary_int<sem::i16x8_sub_sat_u, uint16_t>([](int a, int b) { return clamp<uint16_t>(a - b); });
  expect_binary_int<sem::i8x16_min_s, int8_t>([](auto a, auto b) { return a < b ? a : b; });
  expect_binary_int<sem::i16x8_max_u, uint16_t>([](auto a, auto b) { return a < b ? b : a; });
  expect_binary_int<sem::i32x4_min_u, uint32_t>([](auto a, auto b) { return a < b ? a : b; });
  expect_binary_int<sem::i32x4_max_s, int32_t>([](auto a, auto b) { return a < b ? b : a; });
  expect_binary_int<sem::i8x16_avgr_u, uint8_t>([](int a, int b) { return (a + b + 1) / 2; });
  expect_binary_int<sem::i16x8_avgr_u, uint16_t>([](int a, int b) { return (a + b + 1) / 2; });
  expect_binary_int<sem::i16x8_q15mulr_sat_s, int16_t>(
      [](int a, int b) { return clamp<int16_t>((a * b + 0x4000) >> 15); });
}

TEST(SemanticsSimd, Comparisons) {
  expect_binary_int<sem::i8x16_lt_s, int8_t>([](auto a, auto b) { return -(a < b); });
  expect_binary_int<sem::i8x16_gt_u, uint8_t>([](auto a, auto b) { return -(a > b); });
  expect_binary_int<sem::i16x8_le_u, uint16_t>([](auto a, auto b) { return -(a <= b); });
  expect_binary_int<sem::i32x4_ge_s, int32_t>([](auto a, auto b) { return -(a >= b); });
  expect_binary_int<sem::i64x2_gt_s, int64_t>([](auto a, auto b) { return -(a > b); });
  expect_binary_int<sem::i64x2_ne, uint64_t>([](auto a, auto b) { return -int64_t{a != b}; });
  expect_binary<sem::f32x4_ne, int32_t, float>(floats<float>(), [](auto a, auto b) { return -(a != b); });
  expect_binary<sem::f64x2_le, int64_t, double>(floats<double>(), [](auto a, auto b) { return -int64_t{a <= b}; });
}

TEST(SemanticsSimd, ShiftsTakeTheCountModuloTheWidth) {
  for (uint32_t count : {0u, 1u, 7u, 8u, 15u, 31u, 33u, 63u, 64u, 0xffffffffu}) {
    for (V128 a : integers<uint8_t>()) {
      for (size_t i = 0; i < 16; ++i) {
        const uint8_t x = to_array<uint8_t>(a)[i];
        ASSERT_EQ(to_array<uint8_t>(sem::i8x16_shl::eval(a, count))[i], static_cast<uint8_t>(x << (count % 8)));
        ASSERT_EQ(to_array<int8_t>(sem::i8x16_shr_s::eval(a, count))[i], static_cast<int8_t>(x) >> (count % 8));
        ASSERT_EQ(to_array<uint8_t>(sem::i8x16_shr_u::eval(a, count))[i], x >> (count % 8));
      }
      for (size_t i = 0; i < 8; ++i) {
        ASSERT_EQ(to_array<int16_t>(sem::i16x8_shr_s::eval(a, count))[i], to_array<int16_t>(a)[i] >> (count % 16));
      }
      for (size_t i = 0; i < 2; ++i) {
        ASSERT_EQ(to_array<uint64_t>(sem::i64x2_shl::eval(a, count))[i], to_array<uint64_t>(a)[i] << (count % 64));
        ASSERT_EQ(to_array<int64_t>(sem::i64x2_shr_s::eval(a, count))[i], to_array<int64_t>(a)[i] >> (count % 64));
      }
    }
  }
}

TEST(SemanticsSimd, Reductions) {
  for (V128 a : integers<uint8_t>()) {
    uint32_t mask8 = 0, mask16 = 0, mask32 = 0, mask64 = 0;
    bool all8 = true, all16 = true;
    for (uint32_t i = 0; i < 16; ++i) mask8 |= uint32_t{to_array<int8_t>(a)[i] < 0} << i;
    for (uint32_t i = 0; i < 8; ++i) mask16 |= uint32_t{to_array<int16_t>(a)[i] < 0} << i;
    for (uint32_t i = 0; i < 4; ++i) mask32 |= uint32_t{to_array<int32_t>(a)[i] < 0} << i;
    for (uint32_t i = 0; i < 2; ++i) mask64 |= uint32_t{to_array<int64_t>(a)[i] < 0} << i;
    for (uint8_t lane : to_array<uint8_t>(a)) all8 = all8 && lane != 0;
    for (uint16_t lane : to_array<uint16_t>(a)) all16 = all16 && lane != 0;
    ASSERT_EQ(sem::i8x16_bitmask::eval(a), mask8);
    ASSERT_EQ(sem::i16x8_bitmask::eval(a), mask16);
    ASSERT_EQ(sem::i32x4_bitmask::eval(a), mask32);
    ASSERT_EQ(sem::i64x2_bitmask::eval(a), mask64);
    ASSERT_EQ(sem::i8x16_all_true::eval(a), uint32_t{all8});
    ASSERT_EQ(sem::i16x8_all_true::eval(a), uint32_t{all16});
  }
  EXPECT_EQ(sem::v128_any_true::eval(V128{0, 0}), 0u);
  EXPECT_EQ(sem::v128_any_true::eval(V128{0, 1}), 1u);
  EXPECT_EQ(sem::i64x2_all_true::eval(V128{1, 0}), 0u);
  EXPECT_EQ(sem::i32x4_all_true::eval(V128{0x100000001, 0x100000001}), 1u);
}

template <class Op, class To, class From>
void expect_narrow() {
  for (V128 a : integers<From>()) {
    for (V128 b : integers<From>()) {
      const auto x = to_array<From>(a), y = to_array<From>(b);
      Array<To> expected;
      for (size_t i = 0; i < x.size(); ++i) {
        expected[i] = clamp<To>(x[i]);
        expected[i + x.size()] = clamp<To>(y[i]);
      }
      ASSERT_EQ(to_array<To>(Op::eval(a, b)), expected);
    }
  }
}

TEST(SemanticsSimd, Narrow) {
  expect_narrow<sem::i8x16_narrow_i16x8_s, int8_t, int16_t>();
  expect_narrow<sem::i8x16_narrow_i16x8_u, uint8_t, int16_t>();
  expect_narrow<sem::i16x8_narrow_i32x4_s, int16_t, int32_t>();
  expect_narrow<sem::i16x8_narrow_i32x4_u, uint16_t, int32_t>();
}

// Low and High extend and multiply, Pairwise adds neighbours; all in lanes twice as wide.
template <class ExtendLow, class ExtendHigh, class MulLow, class MulHigh, class To, class From>
void expect_extend() {
  constexpr size_t kHalf = 16 / sizeof(To);
  for (V128 a : integers<From>()) {
    for (V128 b : integers<From>()) {
      const auto x = to_array<From>(a), y = to_array<From>(b);
      Array<To> low, high, mul_low, mul_high;
      for (size_t i = 0; i < kHalf; ++i) {
        low[i] = x[i];
        high[i] = x[i + kHalf];
        mul_low[i] = static_cast<To>(To{x[i]} * To{y[i]});
        mul_high[i] = static_cast<To>(To{x[i + kHalf]} * To{y[i + kHalf]});
      }
      ASSERT_EQ(to_array<To>(ExtendLow::eval(a)), low);
      ASSERT_EQ(to_array<To>(ExtendHigh::eval(a)), high);
      ASSERT_EQ(to_array<To>(MulLow::eval(a, b)), mul_low);
      ASSERT_EQ(to_array<To>(MulHigh::eval(a, b)), mul_high);
    }
  }
}
template <class Op, class To, class From>
void expect_pairwise() {
  for (V128 a : integers<From>()) {
    const auto x = to_array<From>(a);
    Array<To> expected;
    for (size_t i = 0; i < expected.size(); ++i) expected[i] = static_cast<To>(To{x[2 * i]} + To{x[2 * i + 1]});
    ASSERT_EQ(to_array<To>(Op::eval(a)), expected);
  }
}

TEST(SemanticsSimd, Extend) {
  expect_extend<sem::i16x8_extend_low_i8x16_s, sem::i16x8_extend_high_i8x16_s, sem::i16x8_extmul_low_i8x16_s,
                sem::i16x8_extmul_high_i8x16_s, int16_t, int8_t>();
  expect_extend<sem::i32x4_extend_low_i16x8_u, sem::i32x4_extend_high_i16x8_u, sem::i32x4_extmul_low_i16x8_u,
                sem::i32x4_extmul_high_i16x8_u, uint32_t, uint16_t>();
  expect_extend<sem::i64x2_extend_low_i32x4_s, sem::i64x2_extend_high_i32x4_s, sem::i64x2_extmul_low_i32x4_s,
                sem::i64x2_extmul_high_i32x4_s, int64_t, int32_t>();
  expect_extend<sem::i64x2_extend_low_i32x4_u, sem::i64x2_extend_high_i32x4_u, sem::i64x2_extmul_low_i32x4_u,
                sem::i64x2_extmul_high_i32x4_u, uint64_t, uint32_t>();
  expect_pairwise<sem::i16x8_extadd_pairwise_i8x16_s, int16_t, int8_t>();
  expect_pairwise<sem::i16x8_extadd_pairwise_i8x16_u, uint16_t, uint8_t>();
  expect_pairwise<sem::i32x4_extadd_pairwise_i16x8_s, int32_t, int16_t>();
  expect_pairwise<sem::i32x4_extadd_pairwise_i16x8_u, uint32_t, uint16_t>();
}

TEST(SemanticsSimd, DotProducts) {
  for (V128 a : integers<int16_t>()) {
    for (V128 b : integers<int16_t>()) {
      const auto x = to_array<int16_t>(a), y = to_array<int16_t>(b);
      Array<uint32_t> expected;
      for (size_t i = 0; i < 4; ++i) {
        expected[i] = static_cast<uint32_t>(x[2 * i] * y[2 * i]) + static_cast<uint32_t>(x[2 * i + 1] * y[2 * i + 1]);
      }
      ASSERT_EQ(to_array<uint32_t>(sem::i32x4_dot_i16x8_s::eval(a, b)), expected);

      const auto p = to_array<int8_t>(a), q = to_array<int8_t>(b);
      Array<int16_t> sums;
      Array<uint32_t> totals;
      for (size_t i = 0; i < 8; ++i) {
        sums[i] = static_cast<int16_t>(p[2 * i] * q[2 * i] + p[2 * i + 1] * q[2 * i + 1]);
      }
      for (size_t i = 0; i < 4; ++i) {
        totals[i] = static_cast<uint32_t>(sums[2 * i] + sums[2 * i + 1]) + to_array<uint32_t>(a)[i];
      }
      ASSERT_EQ(to_array<int16_t>(sem::i16x8_relaxed_dot_i8x16_i7x16_s::eval(a, b)), sums);
      ASSERT_EQ(to_array<uint32_t>(sem::i32x4_relaxed_dot_i8x16_i7x16_add_s::eval(a, b, a)), totals);
    }
  }
}

TEST(SemanticsSimd, LanesAndShuffles) {
  Array<uint8_t> count, indices, reversed;
  for (uint8_t i = 0; i < 16; ++i) {
    count[i] = static_cast<uint8_t>(0xf0 + i);
    indices[i] = static_cast<uint8_t>(i * 17 - 3);
    reversed[i] = static_cast<uint8_t>(31 - 2 * i);
  }
  const V128 a = vec<uint8_t>(count), b = vec<uint8_t>(indices);
  Array<uint8_t> swizzled, shuffled;
  for (size_t i = 0; i < 16; ++i) {
    swizzled[i] = indices[i] < 16 ? count[indices[i]] : uint8_t{0};
    shuffled[i] = reversed[i] < 16 ? count[reversed[i]] : indices[reversed[i] - 16];
  }
  EXPECT_EQ(to_array<uint8_t>(sem::i8x16_swizzle::eval(a, b)), swizzled);
  EXPECT_EQ(to_array<uint8_t>(sem::i8x16_relaxed_swizzle::eval(a, b)), swizzled);
  EXPECT_EQ(to_array<uint8_t>(sem::i8x16_shuffle::eval(a, b, reversed.data())), shuffled);
  EXPECT_EQ(sem::i8x16_extract_lane_s::eval(a, 15), 0xffffffffu);
  EXPECT_EQ(sem::i8x16_extract_lane_u::eval(a, 15), 0xffu);
  EXPECT_EQ(sem::i16x8_extract_lane_s::eval(a, 1), 0xfffff3f2u);
  EXPECT_EQ(sem::v128_store16_lane::eval(a, 1), 0xf3f2u);
  for (uint8_t lane = 0; lane < 16; ++lane) {
    Array<uint8_t> expected = count;
    expected[lane] = 0x42;
    ASSERT_EQ(to_array<uint8_t>(sem::i8x16_replace_lane::eval(a, 0x142, lane)), expected);
  }
  EXPECT_EQ(to_array<uint64_t>(sem::i64x2_replace_lane::eval(a, 7, 1))[1], 7u);
  EXPECT_EQ(to_array<float>(sem::f32x4_replace_lane::eval(a, 2.5f, 3))[3], 2.5f);
  const double nan = std::bit_cast<double>(uint64_t{0x7ff4000000000001});
  EXPECT_EQ(to_array<uint64_t>(sem::f64x2_splat::eval(nan))[1], 0x7ff4000000000001u);
  EXPECT_EQ(std::bit_cast<uint64_t>(sem::f64x2_extract_lane::eval(sem::f64x2_splat::eval(nan), 1)),
            0x7ff4000000000001u);
}

TEST(SemanticsSimd, BitsAndLoads) {
  const V128 a{0xff00ff00ff00ff00, 3}, b{0x0f0f0f0f0f0f0f0f, 5}, mask{0xffffffff00000000, 1};
  EXPECT_EQ(sem::v128_andnot::eval(a, b)[0], 0xf000f000f000f000u);
  EXPECT_EQ(sem::v128_bitselect::eval(a, b, mask)[0], 0xff00ff000f0f0f0fu);
  EXPECT_EQ(sem::i32x4_relaxed_laneselect::eval(a, b, mask)[1], 5u);
  EXPECT_EQ(to_array<int16_t>(sem::v128_load8x8_s::eval(0x80'00000000'0000ff)),
            (Array<int16_t>{-1, 0, 0, 0, 0, 0, 0, -128}));
  EXPECT_EQ(to_array<uint32_t>(sem::v128_load16x4_u::eval(0xffff'0000'0001'8000)),
            (Array<uint32_t>{0x8000, 1, 0, 0xffff}));
  EXPECT_EQ(sem::v128_load32_zero::eval(9)[0], 9u);
  EXPECT_EQ(sem::v128_load32_zero::eval(9)[1], 0u);
  EXPECT_EQ(sem::v128_load16_splat::eval(0x1234)[1], 0x1234123412341234u);
}

TEST(SemanticsSimd, FloatArithmeticAgreesWithTheScalar) {
  expect_float_binary<sem::f32x4_min, float>([](float a, float b) { return sem::f32_min::eval(a, b); });
  expect_float_binary<sem::f32x4_max, float>([](float a, float b) { return sem::f32_max::eval(a, b); });
  expect_float_binary<sem::f64x2_min, double>([](double a, double b) { return sem::f64_min::eval(a, b); });
  expect_float_binary<sem::f64x2_max, double>([](double a, double b) { return sem::f64_max::eval(a, b); });
  expect_float_binary<sem::f64x2_relaxed_max, double>([](double a, double b) { return sem::f64_max::eval(a, b); });
  expect_float_binary<sem::f32x4_pmin, float>([](float a, float b) { return b < a ? b : a; });
  expect_float_binary<sem::f64x2_pmax, double>([](double a, double b) { return a < b ? b : a; });
  expect_float_binary<sem::f32x4_div, float>([](float a, float b) { return sem::f32_div::eval(a, b); });
  expect_like_scalar<sem::f32x4_nearest, sem::f32_nearest, float>();
  expect_like_scalar<sem::f64x2_ceil, sem::f64_ceil, double>();
  expect_like_scalar<sem::f64x2_sqrt, sem::f64_sqrt, double>();
  expect_like_scalar<sem::f32x4_abs, sem::f32_abs, float>();
  expect_like_scalar<sem::f64x2_neg, sem::f64_neg, double>();
}

TEST(SemanticsSimd, FloatConversions) {
  for (V128 a : floats<float>()) {
    const auto x = to_array<float>(a);
    for (size_t i = 0; i < 4; ++i) {
      ASSERT_EQ(to_array<uint32_t>(sem::i32x4_trunc_sat_f32x4_s::eval(a))[i], sem::i32_trunc_sat_f32_s::eval(x[i]));
      ASSERT_EQ(to_array<uint32_t>(sem::i32x4_trunc_sat_f32x4_u::eval(a))[i], sem::i32_trunc_sat_f32_u::eval(x[i]));
    }
    const auto wide = to_array<double>(sem::f64x2_promote_low_f32x4::eval(a));
    for (size_t i = 0; i < 2; ++i) {
      ASSERT_EQ(comparable(wide[i]), comparable(sem::f64_promote_f32::eval(x[i])));
    }
  }
  for (V128 a : floats<double>()) {
    const auto x = to_array<double>(a);
    const V128 low_s = sem::i32x4_trunc_sat_f64x2_s_zero::eval(a), low_u = sem::i32x4_trunc_sat_f64x2_u_zero::eval(a);
    const V128 narrow = sem::f32x4_demote_f64x2_zero::eval(a);
    for (size_t i = 0; i < 2; ++i) {
      ASSERT_EQ(to_array<uint32_t>(low_s)[i], sem::i32_trunc_sat_f64_s::eval(x[i]));
      ASSERT_EQ(to_array<uint32_t>(low_u)[i], sem::i32_trunc_sat_f64_u::eval(x[i]));
      ASSERT_EQ(comparable(to_array<float>(narrow)[i]), comparable(sem::f32_demote_f64::eval(x[i])));
    }
    ASSERT_EQ(low_s[1] | low_u[1] | narrow[1], 0u);
  }
  for (V128 a : integers<uint32_t>()) {
    const auto x = to_array<uint32_t>(a);
    for (size_t i = 0; i < 4; ++i) {
      ASSERT_EQ(to_array<float>(sem::f32x4_convert_i32x4_s::eval(a))[i], sem::f32_convert_i32_s::eval(x[i]));
      ASSERT_EQ(to_array<float>(sem::f32x4_convert_i32x4_u::eval(a))[i], sem::f32_convert_i32_u::eval(x[i]));
    }
    for (size_t i = 0; i < 2; ++i) {
      ASSERT_EQ(to_array<double>(sem::f64x2_convert_low_i32x4_s::eval(a))[i], sem::f64_convert_i32_s::eval(x[i]));
      ASSERT_EQ(to_array<double>(sem::f64x2_convert_low_i32x4_u::eval(a))[i], sem::f64_convert_i32_u::eval(x[i]));
    }
  }
}

TEST(SemanticsSimd, RelaxedMultiplyAddRoundsTwice) {
  const Array<float> a{0x1.000004p+0f, 2, 0x1.fffffep+127f, 3}, b{0x1.0002p+0f, 3, 2, -4};
  const Array<float> c{-0x1.000204p+0f, 1, -0x1.fffffep+127f, 5};
  EXPECT_EQ(to_array<float>(sem::f32x4_relaxed_madd::eval(vec<float>(a), vec<float>(b), vec<float>(c))),
            (Array<float>{0, 7, INFINITY, -7}));
  EXPECT_EQ(
      to_array<double>(sem::f64x2_relaxed_nmadd::eval(vec<double>({2, 1}), vec<double>({3, 1}), vec<double>({10, 1}))),
      (Array<double>{4, 0}));
}

}  // namespace
}  // namespace ashlar::isa
