// Meaning of the integer and bitwise vector instructions (spec 4.3.5), and of lane access, shuffles and vector loads.
#pragma once

#include "isa/semantics_common.h"

// Portable vector code is always there; intrinsics replace it only where the compiler does not find the instruction.
#if defined(__SSE4_1__)
#include <smmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace ashlar::isa::sem {
namespace family {

// Comparisons set all bits of a true lane. T has the signedness of the comparison.
template <class T>
struct LaneEq {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) { return to_v128(lanes<T>(a) == lanes<T>(b)); }
};
template <class T>
struct LaneNe {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) { return to_v128(lanes<T>(a) != lanes<T>(b)); }
};
template <class T>
struct LaneLt {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) { return to_v128(lanes<T>(a) < lanes<T>(b)); }
};
template <class T>
struct LaneGt {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) { return to_v128(lanes<T>(a) > lanes<T>(b)); }
};
template <class T>
struct LaneLe {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) { return to_v128(lanes<T>(a) <= lanes<T>(b)); }
};
template <class T>
struct LaneGe {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) { return to_v128(lanes<T>(a) >= lanes<T>(b)); }
};

// Modular arithmetic; T is unsigned.
template <class T>
struct LaneAdd {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) { return to_v128(lanes<T>(a) + lanes<T>(b)); }
};
template <class T>
struct LaneSub {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) { return to_v128(lanes<T>(a) - lanes<T>(b)); }
};
template <class T>
struct LaneMul {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) { return to_v128(lanes<T>(a) * lanes<T>(b)); }
};
template <class T>
struct LaneNeg {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a) { return to_v128(-lanes<T>(a)); }
};
// T is signed; the smallest value stays itself.
template <class T>
struct LaneAbs {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a) { return to_v128(__builtin_elementwise_abs(lanes<T>(a))); }
};
template <class T>
struct LanePopcnt {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a) {
    return to_v128(__builtin_elementwise_popcount(lanes<T>(a)));
  }
};
// T has the signedness of the instruction, here and below.
template <class T>
struct LaneMin {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) {
    return to_v128(__builtin_elementwise_min(lanes<T>(a), lanes<T>(b)));
  }
};
template <class T>
struct LaneMax {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) {
    return to_v128(__builtin_elementwise_max(lanes<T>(a), lanes<T>(b)));
  }
};
template <class T>
struct LaneAddSat {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) {
    return to_v128(__builtin_elementwise_add_sat(lanes<T>(a), lanes<T>(b)));
  }
};
template <class T>
struct LaneSubSat {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) {
    return to_v128(__builtin_elementwise_sub_sat(lanes<T>(a), lanes<T>(b)));
  }
};
// The average rounded up, without the carry that a + b + 1 would need.
template <class T>
struct LaneAvgrU {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) {
#if defined(__SSE4_1__)
    if constexpr (sizeof(T) == 1)
      return to_v128(_mm_avg_epu8(bits_as<__m128i>(a), bits_as<__m128i>(b)));
    else
      return to_v128(_mm_avg_epu16(bits_as<__m128i>(a), bits_as<__m128i>(b)));
#else
    const Lanes<T> x = lanes<T>(a);
    const Lanes<T> y = lanes<T>(b);
    return to_v128((x | y) - ((x ^ y) >> splat<T>(1)));
#endif
  }
};

// Shift counts are taken modulo the lane width.
template <class T>
struct LaneShl {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, uint32_t count) {
    return to_v128(lanes<T>(a) << splat<T>(static_cast<T>(count & (8 * sizeof(T) - 1))));
  }
};
template <class T>
struct LaneShr {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, uint32_t count) {
    return to_v128(lanes<T>(a) >> splat<T>(static_cast<T>(count & (8 * sizeof(T) - 1))));
  }
};

// Whether any bit is set.
[[gnu::always_inline]] constexpr uint32_t any_bit(V128 a) {
#if defined(__SSE4_1__)
  return !_mm_testz_si128(bits_as<__m128i>(a), bits_as<__m128i>(a));
#else
  return (a[0] | a[1]) != 0;
#endif
}

template <class T>
struct LaneAllTrue {
  [[gnu::always_inline]] static constexpr uint32_t eval(V128 a) { return !any_bit(to_v128(lanes<T>(a) == 0)); }
};
// The sign bits of the lanes, lane 0 lowest. T is signed.
template <class T>
struct LaneBitmask {
  [[gnu::always_inline]] static constexpr uint32_t eval(V128 a) {
#if defined(__SSE4_1__)
    const auto bits = bits_as<__m128i>(a);
    if constexpr (sizeof(T) == 1) return static_cast<uint32_t>(_mm_movemask_epi8(bits));
    if constexpr (sizeof(T) == 2) return static_cast<uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(bits, bits))) & 0xff;
    if constexpr (sizeof(T) == 4) return static_cast<uint32_t>(_mm_movemask_ps(bits_as<__m128>(a)));
    if constexpr (sizeof(T) == 8) return static_cast<uint32_t>(_mm_movemask_pd(bits_as<__m128d>(a)));
#else
    using Mask = std::conditional_t<sizeof(T) == 1, uint16_t, uint8_t>;
    using Flags = bool __attribute__((ext_vector_type(sizeof(Mask) * 8)));
    if constexpr (sizeof(T) <= 2) {
      return bits_as<Mask>(__builtin_convertvector(lanes<T>(a) < 0, Flags));
    } else {
      uint32_t mask = 0;
      for (int i = 0; i < kLaneCount<T>; ++i) mask |= static_cast<uint32_t>(lanes<T>(a)[i] < 0) << i;
      return mask;
    }
#endif
  }
};

// From is signed, and saturates to the range of To.
template <class To, class From>
struct LaneNarrow {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) {
#if defined(__SSE4_1__)
    const auto x = bits_as<__m128i>(a);
    const auto y = bits_as<__m128i>(b);
    if constexpr (std::is_same_v<To, int8_t>) return to_v128(_mm_packs_epi16(x, y));
    if constexpr (std::is_same_v<To, uint8_t>) return to_v128(_mm_packus_epi16(x, y));
    if constexpr (std::is_same_v<To, int16_t>) return to_v128(_mm_packs_epi32(x, y));
    if constexpr (std::is_same_v<To, uint16_t>) return to_v128(_mm_packus_epi32(x, y));
#else
    return join_halves(half(a), half(b));
#endif
  }

  [[gnu::always_inline]] static constexpr HalfLanes<To> half(V128 a) {
    constexpr From kLow = std::is_signed_v<To> ? -(From{1} << (8 * sizeof(To) - 1)) : 0;
    constexpr From kHigh = (From{1} << (8 * sizeof(To) - std::is_signed_v<To>)) - 1;
    const Lanes<From> clamped =
        __builtin_elementwise_min(__builtin_elementwise_max(lanes<From>(a), splat<From>(kLow)), splat<From>(kHigh));
    return __builtin_convertvector(clamped, HalfLanes<To>);
  }
};
// To and From have the signedness of the instruction, here and below.
template <class To, class From>
struct LaneExtendLow {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a) {
    return to_v128(__builtin_convertvector(low_half<From>(a), Lanes<To>));
  }
};
template <class To, class From>
struct LaneExtendHigh {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a) {
    return to_v128(__builtin_convertvector(high_half<From>(a), Lanes<To>));
  }
};
// The full product always fits, so signed lanes do not overflow.
template <class To, class From>
struct LaneExtmulLow {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) {
    return to_v128(__builtin_convertvector(low_half<From>(a), Lanes<To>) *
                   __builtin_convertvector(low_half<From>(b), Lanes<To>));
  }
};
template <class To, class From>
struct LaneExtmulHigh {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) {
    return to_v128(__builtin_convertvector(high_half<From>(a), Lanes<To>) *
                   __builtin_convertvector(high_half<From>(b), Lanes<To>));
  }
};

// The even and odd lanes of From, extended in place to the lanes of To that contain them.
template <class To, class From>
[[gnu::always_inline]] constexpr Lanes<To> even_lanes(V128 a) {
  const auto shift = splat<To>(8 * sizeof(From));
  const auto raised =
      bits_as<Lanes<To>>(lanes<std::make_unsigned_t<To>>(a) << bits_as<Lanes<std::make_unsigned_t<To>>>(shift));
  return raised >> shift;
}
template <class To, class From>
[[gnu::always_inline]] constexpr Lanes<To> odd_lanes(V128 a) {
  return lanes<To>(a) >> splat<To>(8 * sizeof(From));
}

template <class To, class From>
struct LaneExtaddPairwise {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a) {
#if defined(__SSE4_1__)
    const auto x = bits_as<__m128i>(a);
    if constexpr (std::is_same_v<From, int8_t>) return to_v128(_mm_maddubs_epi16(_mm_set1_epi8(1), x));
    if constexpr (std::is_same_v<From, uint8_t>) return to_v128(_mm_maddubs_epi16(x, _mm_set1_epi8(1)));
    if constexpr (std::is_same_v<From, int16_t>) return to_v128(_mm_madd_epi16(x, _mm_set1_epi16(1)));
#endif
    return to_v128(even_lanes<To, From>(a) + odd_lanes<To, From>(a));
  }
};

// The sum of two products of -32768 wraps.
[[gnu::always_inline]] constexpr V128 dot_i16x8(V128 a, V128 b) {
#if defined(__SSE4_1__)
  return to_v128(_mm_madd_epi16(bits_as<__m128i>(a), bits_as<__m128i>(b)));
#else
  const Lanes<int32_t> even = even_lanes<int32_t, int16_t>(a) * even_lanes<int32_t, int16_t>(b);
  const Lanes<int32_t> odd = odd_lanes<int32_t, int16_t>(a) * odd_lanes<int32_t, int16_t>(b);
  return to_v128(bits_as<Lanes<uint32_t>>(even) + bits_as<Lanes<uint32_t>>(odd));
#endif
}

// (a * b + 2^14) >> 15, where only -1 * -1 leaves the range and saturates.
[[gnu::always_inline]] constexpr V128 q15mulr_sat(V128 a, V128 b) {
#if defined(__SSE4_1__)
  // The instruction gives 0x8000 for that product and for no other.
  const __m128i product = _mm_mulhrs_epi16(bits_as<__m128i>(a), bits_as<__m128i>(b));
  return to_v128(_mm_xor_si128(product, _mm_cmpeq_epi16(product, _mm_set1_epi16(INT16_MIN))));
#elif defined(__aarch64__)
  return to_v128(vqrdmulhq_s16(bits_as<int16x8_t>(a), bits_as<int16x8_t>(b)));
#else
  const auto half = [](HalfLanes<int16_t> x, HalfLanes<int16_t> y) {
    const Lanes<int32_t> product =
        __builtin_convertvector(x, Lanes<int32_t>) * __builtin_convertvector(y, Lanes<int32_t>);
    const Lanes<int32_t> rounded = (product + splat<int32_t>(1 << 14)) >> splat<int32_t>(15);
    return __builtin_convertvector(__builtin_elementwise_min(rounded, splat<int32_t>(INT16_MAX)), HalfLanes<int16_t>);
  };
  return join_halves(half(low_half<int16_t>(a), low_half<int16_t>(b)),
                     half(high_half<int16_t>(a), high_half<int16_t>(b)));
#endif
}

// Lanes of `a` named by `indices`; an index over 15 gives 0.
[[gnu::always_inline]] constexpr V128 swizzle(V128 a, V128 indices) {
#if defined(__SSE4_1__)
  // The shuffle reads the low four bits of an index and gives 0 where its top bit is set. The saturating sum keeps
  // those bits for 0..15 and sets the top bit for all others.
  const __m128i control = _mm_adds_epu8(bits_as<__m128i>(indices), _mm_set1_epi8(0x70));
  return to_v128(_mm_shuffle_epi8(bits_as<__m128i>(a), control));
#elif defined(__aarch64__)
  return to_v128(vqtbl1q_u8(bits_as<uint8x16_t>(a), bits_as<uint8x16_t>(indices)));
#else
  const Lanes<uint8_t> source = lanes<uint8_t>(a);
  Lanes<uint8_t> result{};
  for (int i = 0; i < 16; ++i) {
    const uint8_t index = lanes<uint8_t>(indices)[i];
    result[i] = index < 16 ? source[index & 15] : uint8_t{0};
  }
  return to_v128(result);
#endif
}

// Operand is the stack type of a lane, T its type in the vector; validation keeps `lane` in range.
template <class T, class Operand>
struct Splat {
  [[gnu::always_inline]] static constexpr V128 eval(Operand a) { return to_v128(splat<T>(static_cast<T>(a))); }
};
template <class T, class Operand>
struct ExtractLane {
  [[gnu::always_inline]] static constexpr Operand eval(V128 a, uint8_t lane) {
    // A float lane moves unchanged; a narrow integer is extended by its own signedness.
    return static_cast<Operand>(lanes<T>(a)[lane]);
  }
};
// Each lane holds its own number.
template <class T>
[[gnu::always_inline]] constexpr Lanes<T> lane_numbers() {
  if constexpr (sizeof(T) == 1) return lanes<T>(V128{0x0706050403020100, 0x0f0e0d0c0b0a0908});
  if constexpr (sizeof(T) == 2) return lanes<T>(V128{0x0003000200010000, 0x0007000600050004});
  if constexpr (sizeof(T) == 4) return lanes<T>(V128{0x0000000100000000, 0x0000000300000002});
  if constexpr (sizeof(T) == 8) return lanes<T>(V128{0, 1});
}

template <class T, class Operand>
struct ReplaceLane {
  // A selection, because a narrow store into a spilled vector would stall the reload of the whole.
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, Operand x, uint8_t lane) {
    using Number = std::conditional_t<sizeof(T) == 1, uint8_t, std::conditional_t<sizeof(T) == 2, uint16_t, Bits<T>>>;
    const V128 replaced = to_v128(splat<Number>(lane) == lane_numbers<Number>());
    return (to_v128(splat<T>(static_cast<T>(x))) & replaced) | (a & ~replaced);
  }
};
// Vector loads take the raw little-endian integer that was loaded.
template <class To, class From>
struct LoadExtend {
  [[gnu::always_inline]] static constexpr V128 eval(uint64_t raw) {
    return to_v128(__builtin_convertvector(bits_as<HalfLanes<From>>(raw), Lanes<To>));
  }
};

}  // namespace family

// Lane access and shuffles.
struct i8x16_shuffle {
  // `lanes` are the 16 immediate bytes, each below 32: 0..15 name bytes of a, 16..31 bytes of b.
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b, const uint8_t* lanes) {
    const V128 from_a = load_v128(lanes);
    const V128 from_b = to_v128(sem::lanes<uint8_t>(from_a) - splat<uint8_t>(16));
    return family::swizzle(a, from_a) | family::swizzle(b, from_b);
  }
};
struct i8x16_swizzle {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 indices) { return family::swizzle(a, indices); }
};
struct i8x16_splat : family::Splat<uint8_t, uint32_t> {};
struct i16x8_splat : family::Splat<uint16_t, uint32_t> {};
struct i32x4_splat : family::Splat<uint32_t, uint32_t> {};
struct i64x2_splat : family::Splat<uint64_t, uint64_t> {};
struct f32x4_splat : family::Splat<float, float> {};
struct f64x2_splat : family::Splat<double, double> {};
struct i8x16_extract_lane_s : family::ExtractLane<int8_t, uint32_t> {};
struct i8x16_extract_lane_u : family::ExtractLane<uint8_t, uint32_t> {};
struct i8x16_replace_lane : family::ReplaceLane<uint8_t, uint32_t> {};
struct i16x8_extract_lane_s : family::ExtractLane<int16_t, uint32_t> {};
struct i16x8_extract_lane_u : family::ExtractLane<uint16_t, uint32_t> {};
struct i16x8_replace_lane : family::ReplaceLane<uint16_t, uint32_t> {};
struct i32x4_extract_lane : family::ExtractLane<uint32_t, uint32_t> {};
struct i32x4_replace_lane : family::ReplaceLane<uint32_t, uint32_t> {};
struct i64x2_extract_lane : family::ExtractLane<uint64_t, uint64_t> {};
struct i64x2_replace_lane : family::ReplaceLane<uint64_t, uint64_t> {};
struct f32x4_extract_lane : family::ExtractLane<float, float> {};
struct f32x4_replace_lane : family::ReplaceLane<float, float> {};
struct f64x2_extract_lane : family::ExtractLane<double, double> {};
struct f64x2_replace_lane : family::ReplaceLane<double, double> {};

// Loads and stores of vectors: what they compute besides the memory access.
struct v128_load8x8_s : family::LoadExtend<int16_t, int8_t> {};
struct v128_load8x8_u : family::LoadExtend<uint16_t, uint8_t> {};
struct v128_load16x4_s : family::LoadExtend<int32_t, int16_t> {};
struct v128_load16x4_u : family::LoadExtend<uint32_t, uint16_t> {};
struct v128_load32x2_s : family::LoadExtend<int64_t, int32_t> {};
struct v128_load32x2_u : family::LoadExtend<uint64_t, uint32_t> {};
struct v128_load8_splat : family::Splat<uint8_t, uint8_t> {};
struct v128_load16_splat : family::Splat<uint16_t, uint16_t> {};
struct v128_load32_splat : family::Splat<uint32_t, uint32_t> {};
struct v128_load64_splat : family::Splat<uint64_t, uint64_t> {};
struct v128_load8_lane : family::ReplaceLane<uint8_t, uint8_t> {};
struct v128_load16_lane : family::ReplaceLane<uint16_t, uint16_t> {};
struct v128_load32_lane : family::ReplaceLane<uint32_t, uint32_t> {};
struct v128_load64_lane : family::ReplaceLane<uint64_t, uint64_t> {};
struct v128_store8_lane : family::ExtractLane<uint8_t, uint8_t> {};
struct v128_store16_lane : family::ExtractLane<uint16_t, uint16_t> {};
struct v128_store32_lane : family::ExtractLane<uint32_t, uint32_t> {};
struct v128_store64_lane : family::ExtractLane<uint64_t, uint64_t> {};
struct v128_load32_zero {
  [[gnu::always_inline]] static constexpr V128 eval(uint32_t raw) { return V128{raw, 0}; }
};
struct v128_load64_zero {
  [[gnu::always_inline]] static constexpr V128 eval(uint64_t raw) { return V128{raw, 0}; }
};

// Bitwise instructions.
struct v128_not {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a) { return ~a; }
};
struct v128_and {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) { return a & b; }
};
struct v128_andnot {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) { return a & ~b; }
};
struct v128_or {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) { return a | b; }
};
struct v128_xor {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) { return a ^ b; }
};
struct v128_bitselect {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b, V128 mask) { return (a & mask) | (b & ~mask); }
};
struct v128_any_true {
  [[gnu::always_inline]] static constexpr uint32_t eval(V128 a) { return family::any_bit(a); }
};

// i8x16
struct i8x16_eq : family::LaneEq<uint8_t> {};
struct i8x16_ne : family::LaneNe<uint8_t> {};
struct i8x16_lt_s : family::LaneLt<int8_t> {};
struct i8x16_lt_u : family::LaneLt<uint8_t> {};
struct i8x16_gt_s : family::LaneGt<int8_t> {};
struct i8x16_gt_u : family::LaneGt<uint8_t> {};
struct i8x16_le_s : family::LaneLe<int8_t> {};
struct i8x16_le_u : family::LaneLe<uint8_t> {};
struct i8x16_ge_s : family::LaneGe<int8_t> {};
struct i8x16_ge_u : family::LaneGe<uint8_t> {};
struct i8x16_abs : family::LaneAbs<int8_t> {};
struct i8x16_neg : family::LaneNeg<uint8_t> {};
struct i8x16_popcnt : family::LanePopcnt<uint8_t> {};
struct i8x16_all_true : family::LaneAllTrue<uint8_t> {};
struct i8x16_bitmask : family::LaneBitmask<int8_t> {};
struct i8x16_shl : family::LaneShl<uint8_t> {};
struct i8x16_shr_s : family::LaneShr<int8_t> {};
struct i8x16_shr_u : family::LaneShr<uint8_t> {};
struct i8x16_add : family::LaneAdd<uint8_t> {};
struct i8x16_sub : family::LaneSub<uint8_t> {};
struct i8x16_add_sat_s : family::LaneAddSat<int8_t> {};
struct i8x16_add_sat_u : family::LaneAddSat<uint8_t> {};
struct i8x16_sub_sat_s : family::LaneSubSat<int8_t> {};
struct i8x16_sub_sat_u : family::LaneSubSat<uint8_t> {};
struct i8x16_avgr_u : family::LaneAvgrU<uint8_t> {};
struct i8x16_narrow_i16x8_s : family::LaneNarrow<int8_t, int16_t> {};
struct i8x16_narrow_i16x8_u : family::LaneNarrow<uint8_t, int16_t> {};
struct i8x16_min_s : family::LaneMin<int8_t> {};
struct i8x16_min_u : family::LaneMin<uint8_t> {};
struct i8x16_max_s : family::LaneMax<int8_t> {};
struct i8x16_max_u : family::LaneMax<uint8_t> {};

// i16x8
struct i16x8_eq : family::LaneEq<uint16_t> {};
struct i16x8_ne : family::LaneNe<uint16_t> {};
struct i16x8_lt_s : family::LaneLt<int16_t> {};
struct i16x8_lt_u : family::LaneLt<uint16_t> {};
struct i16x8_gt_s : family::LaneGt<int16_t> {};
struct i16x8_gt_u : family::LaneGt<uint16_t> {};
struct i16x8_le_s : family::LaneLe<int16_t> {};
struct i16x8_le_u : family::LaneLe<uint16_t> {};
struct i16x8_ge_s : family::LaneGe<int16_t> {};
struct i16x8_ge_u : family::LaneGe<uint16_t> {};
struct i16x8_abs : family::LaneAbs<int16_t> {};
struct i16x8_neg : family::LaneNeg<uint16_t> {};
struct i16x8_all_true : family::LaneAllTrue<uint16_t> {};
struct i16x8_bitmask : family::LaneBitmask<int16_t> {};
struct i16x8_shl : family::LaneShl<uint16_t> {};
struct i16x8_shr_s : family::LaneShr<int16_t> {};
struct i16x8_shr_u : family::LaneShr<uint16_t> {};
struct i16x8_add : family::LaneAdd<uint16_t> {};
struct i16x8_sub : family::LaneSub<uint16_t> {};
struct i16x8_mul : family::LaneMul<uint16_t> {};
struct i16x8_add_sat_s : family::LaneAddSat<int16_t> {};
struct i16x8_add_sat_u : family::LaneAddSat<uint16_t> {};
struct i16x8_sub_sat_s : family::LaneSubSat<int16_t> {};
struct i16x8_sub_sat_u : family::LaneSubSat<uint16_t> {};
struct i16x8_avgr_u : family::LaneAvgrU<uint16_t> {};
struct i16x8_narrow_i32x4_s : family::LaneNarrow<int16_t, int32_t> {};
struct i16x8_narrow_i32x4_u : family::LaneNarrow<uint16_t, int32_t> {};
struct i16x8_min_s : family::LaneMin<int16_t> {};
struct i16x8_min_u : family::LaneMin<uint16_t> {};
struct i16x8_max_s : family::LaneMax<int16_t> {};
struct i16x8_max_u : family::LaneMax<uint16_t> {};
struct i16x8_extadd_pairwise_i8x16_s : family::LaneExtaddPairwise<int16_t, int8_t> {};
struct i16x8_extend_low_i8x16_s : family::LaneExtendLow<int16_t, int8_t> {};
struct i16x8_extmul_low_i8x16_s : family::LaneExtmulLow<int16_t, int8_t> {};
struct i16x8_extend_high_i8x16_s : family::LaneExtendHigh<int16_t, int8_t> {};
struct i16x8_extmul_high_i8x16_s : family::LaneExtmulHigh<int16_t, int8_t> {};
struct i16x8_extadd_pairwise_i8x16_u : family::LaneExtaddPairwise<uint16_t, uint8_t> {};
struct i16x8_extend_low_i8x16_u : family::LaneExtendLow<uint16_t, uint8_t> {};
struct i16x8_extmul_low_i8x16_u : family::LaneExtmulLow<uint16_t, uint8_t> {};
struct i16x8_extend_high_i8x16_u : family::LaneExtendHigh<uint16_t, uint8_t> {};
struct i16x8_extmul_high_i8x16_u : family::LaneExtmulHigh<uint16_t, uint8_t> {};

// i32x4
struct i32x4_eq : family::LaneEq<uint32_t> {};
struct i32x4_ne : family::LaneNe<uint32_t> {};
struct i32x4_lt_s : family::LaneLt<int32_t> {};
struct i32x4_lt_u : family::LaneLt<uint32_t> {};
struct i32x4_gt_s : family::LaneGt<int32_t> {};
struct i32x4_gt_u : family::LaneGt<uint32_t> {};
struct i32x4_le_s : family::LaneLe<int32_t> {};
struct i32x4_le_u : family::LaneLe<uint32_t> {};
struct i32x4_ge_s : family::LaneGe<int32_t> {};
struct i32x4_ge_u : family::LaneGe<uint32_t> {};
struct i32x4_abs : family::LaneAbs<int32_t> {};
struct i32x4_neg : family::LaneNeg<uint32_t> {};
struct i32x4_all_true : family::LaneAllTrue<uint32_t> {};
struct i32x4_bitmask : family::LaneBitmask<int32_t> {};
struct i32x4_shl : family::LaneShl<uint32_t> {};
struct i32x4_shr_s : family::LaneShr<int32_t> {};
struct i32x4_shr_u : family::LaneShr<uint32_t> {};
struct i32x4_add : family::LaneAdd<uint32_t> {};
struct i32x4_sub : family::LaneSub<uint32_t> {};
struct i32x4_mul : family::LaneMul<uint32_t> {};
struct i32x4_min_s : family::LaneMin<int32_t> {};
struct i32x4_min_u : family::LaneMin<uint32_t> {};
struct i32x4_max_s : family::LaneMax<int32_t> {};
struct i32x4_max_u : family::LaneMax<uint32_t> {};
struct i32x4_extadd_pairwise_i16x8_s : family::LaneExtaddPairwise<int32_t, int16_t> {};
struct i32x4_extend_low_i16x8_s : family::LaneExtendLow<int32_t, int16_t> {};
struct i32x4_extmul_low_i16x8_s : family::LaneExtmulLow<int32_t, int16_t> {};
struct i32x4_extend_high_i16x8_s : family::LaneExtendHigh<int32_t, int16_t> {};
struct i32x4_extmul_high_i16x8_s : family::LaneExtmulHigh<int32_t, int16_t> {};
struct i32x4_extadd_pairwise_i16x8_u : family::LaneExtaddPairwise<uint32_t, uint16_t> {};
struct i32x4_extend_low_i16x8_u : family::LaneExtendLow<uint32_t, uint16_t> {};
struct i32x4_extmul_low_i16x8_u : family::LaneExtmulLow<uint32_t, uint16_t> {};
struct i32x4_extend_high_i16x8_u : family::LaneExtendHigh<uint32_t, uint16_t> {};
struct i32x4_extmul_high_i16x8_u : family::LaneExtmulHigh<uint32_t, uint16_t> {};

// i64x2
struct i64x2_eq : family::LaneEq<uint64_t> {};
struct i64x2_ne : family::LaneNe<uint64_t> {};
struct i64x2_lt_s : family::LaneLt<int64_t> {};
struct i64x2_gt_s : family::LaneGt<int64_t> {};
struct i64x2_le_s : family::LaneLe<int64_t> {};
struct i64x2_ge_s : family::LaneGe<int64_t> {};
struct i64x2_abs : family::LaneAbs<int64_t> {};
struct i64x2_neg : family::LaneNeg<uint64_t> {};
struct i64x2_all_true : family::LaneAllTrue<uint64_t> {};
struct i64x2_bitmask : family::LaneBitmask<int64_t> {};
struct i64x2_shl : family::LaneShl<uint64_t> {};
struct i64x2_shr_s : family::LaneShr<int64_t> {};
struct i64x2_shr_u : family::LaneShr<uint64_t> {};
struct i64x2_add : family::LaneAdd<uint64_t> {};
struct i64x2_sub : family::LaneSub<uint64_t> {};
struct i64x2_mul : family::LaneMul<uint64_t> {};
struct i64x2_extend_low_i32x4_s : family::LaneExtendLow<int64_t, int32_t> {};
struct i64x2_extmul_low_i32x4_s : family::LaneExtmulLow<int64_t, int32_t> {};
struct i64x2_extend_high_i32x4_s : family::LaneExtendHigh<int64_t, int32_t> {};
struct i64x2_extmul_high_i32x4_s : family::LaneExtmulHigh<int64_t, int32_t> {};
struct i64x2_extend_low_i32x4_u : family::LaneExtendLow<uint64_t, uint32_t> {};
struct i64x2_extmul_low_i32x4_u : family::LaneExtmulLow<uint64_t, uint32_t> {};
struct i64x2_extend_high_i32x4_u : family::LaneExtendHigh<uint64_t, uint32_t> {};
struct i64x2_extmul_high_i32x4_u : family::LaneExtmulHigh<uint64_t, uint32_t> {};

struct i16x8_q15mulr_sat_s {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) { return family::q15mulr_sat(a, b); }
};
struct i32x4_dot_i16x8_s {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) { return family::dot_i16x8(a, b); }
};

}  // namespace ashlar::isa::sem
