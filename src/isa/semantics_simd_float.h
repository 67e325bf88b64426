// Meaning of the floating-point vector instructions (spec 4.3.5) and of conversions between vector shapes.
#pragma once

#include "isa/semantics_common.h"
#include "isa/semantics_convert.h"

#if defined(__SSE4_1__)
#include <smmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace ashlar::isa::sem {
namespace family {

template <class T>
struct VecFloatEq {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) { return to_v128(lanes<T>(a) == lanes<T>(b)); }
};
template <class T>
struct VecFloatNe {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) { return to_v128(lanes<T>(a) != lanes<T>(b)); }
};
template <class T>
struct VecFloatLt {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) { return to_v128(lanes<T>(a) < lanes<T>(b)); }
};
template <class T>
struct VecFloatGt {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) { return to_v128(lanes<T>(a) > lanes<T>(b)); }
};
template <class T>
struct VecFloatLe {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) { return to_v128(lanes<T>(a) <= lanes<T>(b)); }
};
template <class T>
struct VecFloatGe {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) { return to_v128(lanes<T>(a) >= lanes<T>(b)); }
};

// Sign changes act on the bits alone, of NaNs too.
template <class T>
struct VecFloatAbs {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a) {
    return to_v128(lanes<Bits<T>>(a) & splat<Bits<T>>(~kSignBit<T>));
  }
};
template <class T>
struct VecFloatNeg {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a) {
    return to_v128(lanes<Bits<T>>(a) ^ splat<Bits<T>>(kSignBit<T>));
  }
};
template <class T>
struct VecFloatCeil {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a) { return to_v128(__builtin_elementwise_ceil(lanes<T>(a))); }
};
template <class T>
struct VecFloatFloor {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a) {
    return to_v128(__builtin_elementwise_floor(lanes<T>(a)));
  }
};
template <class T>
struct VecFloatTrunc {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a) {
    return to_v128(__builtin_elementwise_trunc(lanes<T>(a)));
  }
};
template <class T>
struct VecFloatNearest {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a) {
    return to_v128(__builtin_elementwise_roundeven(lanes<T>(a)));
  }
};
template <class T>
struct VecFloatSqrt {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a) { return to_v128(__builtin_elementwise_sqrt(lanes<T>(a))); }
};
template <class T>
struct VecFloatAdd {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) { return to_v128(lanes<T>(a) + lanes<T>(b)); }
};
template <class T>
struct VecFloatSub {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) { return to_v128(lanes<T>(a) - lanes<T>(b)); }
};
template <class T>
struct VecFloatMul {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) { return to_v128(lanes<T>(a) * lanes<T>(b)); }
};
template <class T>
struct VecFloatDiv {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) { return to_v128(lanes<T>(a) / lanes<T>(b)); }
};

// One-sided selections: the second operand where the comparison fails or is unordered (the host's min and max).
template <class T>
[[gnu::always_inline]] constexpr Lanes<T> lesser_or_second(Lanes<T> a, Lanes<T> b) {
#if defined(__SSE4_1__)
  if constexpr (sizeof(T) == 4)
    return bits_as<Lanes<T>>(_mm_min_ps(a, b));
  else
    return bits_as<Lanes<T>>(_mm_min_pd(a, b));
#else
  return a < b ? a : b;
#endif
}
template <class T>
[[gnu::always_inline]] constexpr Lanes<T> greater_or_second(Lanes<T> a, Lanes<T> b) {
#if defined(__SSE4_1__)
  if constexpr (sizeof(T) == 4)
    return bits_as<Lanes<T>>(_mm_max_ps(a, b));
  else
    return bits_as<Lanes<T>>(_mm_max_pd(a, b));
#else
  return a > b ? a : b;
#endif
}

// All bits of the lanes with a NaN operand.
template <class T>
[[gnu::always_inline]] constexpr Lanes<Bits<T>> unordered_lanes(Lanes<T> a, Lanes<T> b) {
#if defined(__SSE4_1__)
  if constexpr (sizeof(T) == 4)
    return bits_as<Lanes<Bits<T>>>(_mm_cmpunord_ps(a, b));
  else
    return bits_as<Lanes<Bits<T>>>(_mm_cmpunord_pd(a, b));
#else
  return bits_as<Lanes<Bits<T>>>((a != a) | (b != b));
#endif
}

// Sets the lanes of `nan` to a canonical NaN: all ones without the payload below the quiet bit.
template <class T>
[[gnu::always_inline]] constexpr V128 with_canonical_nans(Lanes<Bits<T>> value, Lanes<Bits<T>> nan) {
  constexpr Bits<T> kPayloadShift = sizeof(T) == 4 ? 10 : 13;
  return to_v128((value | nan) & ~(nan >> splat<Bits<T>>(kPayloadShift)));
}

// Both orders agree except for zeros of different sign, where combining the bits gives the right zero, and for NaNs.
template <class T>
struct VecFloatMin {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) {
    const Lanes<T> x = lanes<T>(a);
    const Lanes<T> y = lanes<T>(b);
#if defined(__aarch64__)
    return to_v128(__builtin_elementwise_minimum(x, y));
#else
    const auto ab = bits_as<Lanes<Bits<T>>>(lesser_or_second<T>(x, y));
    const auto ba = bits_as<Lanes<Bits<T>>>(lesser_or_second<T>(y, x));
    return with_canonical_nans<T>(ab | ba, unordered_lanes<T>(x, y));
#endif
  }
};
template <class T>
struct VecFloatMax {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) {
    const Lanes<T> x = lanes<T>(a);
    const Lanes<T> y = lanes<T>(b);
#if defined(__aarch64__)
    return to_v128(__builtin_elementwise_maximum(x, y));
#else
    const auto ab = bits_as<Lanes<Bits<T>>>(greater_or_second<T>(x, y));
    const auto ba = bits_as<Lanes<Bits<T>>>(greater_or_second<T>(y, x));
    return with_canonical_nans<T>(ab & ba, unordered_lanes<T>(x, y));
#endif
  }
};
// b < a ? b : a, and a < b ? b : a.
template <class T>
struct VecFloatPmin {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) {
    return to_v128(lesser_or_second<T>(lanes<T>(b), lanes<T>(a)));
  }
};
template <class T>
struct VecFloatPmax {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) {
    return to_v128(greater_or_second<T>(lanes<T>(b), lanes<T>(a)));
  }
};

// Lane by lane, for hosts without a vector form. Result lanes beyond the source's stay 0.
template <class I, class F>
[[gnu::always_inline]] constexpr V128 trunc_sat_lanes(V128 a) {
  Lanes<uint32_t> result{};
  for (int i = 0; i < kLaneCount<F>; ++i) result[i] = TruncSat<I, F>::eval(lanes<F>(a)[i]);
  return to_v128(result);
}

}  // namespace family

struct f32x4_eq : family::VecFloatEq<float> {};
struct f32x4_ne : family::VecFloatNe<float> {};
struct f32x4_lt : family::VecFloatLt<float> {};
struct f32x4_gt : family::VecFloatGt<float> {};
struct f32x4_le : family::VecFloatLe<float> {};
struct f32x4_ge : family::VecFloatGe<float> {};
struct f32x4_abs : family::VecFloatAbs<float> {};
struct f32x4_neg : family::VecFloatNeg<float> {};
struct f32x4_ceil : family::VecFloatCeil<float> {};
struct f32x4_floor : family::VecFloatFloor<float> {};
struct f32x4_trunc : family::VecFloatTrunc<float> {};
struct f32x4_nearest : family::VecFloatNearest<float> {};
struct f32x4_sqrt : family::VecFloatSqrt<float> {};
struct f32x4_add : family::VecFloatAdd<float> {};
struct f32x4_sub : family::VecFloatSub<float> {};
struct f32x4_mul : family::VecFloatMul<float> {};
struct f32x4_div : family::VecFloatDiv<float> {};
struct f32x4_min : family::VecFloatMin<float> {};
struct f32x4_max : family::VecFloatMax<float> {};
struct f32x4_pmin : family::VecFloatPmin<float> {};
struct f32x4_pmax : family::VecFloatPmax<float> {};

struct f64x2_eq : family::VecFloatEq<double> {};
struct f64x2_ne : family::VecFloatNe<double> {};
struct f64x2_lt : family::VecFloatLt<double> {};
struct f64x2_gt : family::VecFloatGt<double> {};
struct f64x2_le : family::VecFloatLe<double> {};
struct f64x2_ge : family::VecFloatGe<double> {};
struct f64x2_abs : family::VecFloatAbs<double> {};
struct f64x2_neg : family::VecFloatNeg<double> {};
struct f64x2_ceil : family::VecFloatCeil<double> {};
struct f64x2_floor : family::VecFloatFloor<double> {};
struct f64x2_trunc : family::VecFloatTrunc<double> {};
struct f64x2_nearest : family::VecFloatNearest<double> {};
struct f64x2_sqrt : family::VecFloatSqrt<double> {};
struct f64x2_add : family::VecFloatAdd<double> {};
struct f64x2_sub : family::VecFloatSub<double> {};
struct f64x2_mul : family::VecFloatMul<double> {};
struct f64x2_div : family::VecFloatDiv<double> {};
struct f64x2_min : family::VecFloatMin<double> {};
struct f64x2_max : family::VecFloatMax<double> {};
struct f64x2_pmin : family::VecFloatPmin<double> {};
struct f64x2_pmax : family::VecFloatPmax<double> {};

// The host's truncation gives 0x80000000 for every lane out of range, which each function below turns into the
// saturated value.
struct i32x4_trunc_sat_f32x4_s {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a) {
#if defined(__SSE4_1__)
    const auto x = bits_as<__m128>(a);
    const __m128 number = _mm_and_ps(x, _mm_cmpord_ps(x, x));
    const __m128i too_large = _mm_castps_si128(_mm_cmpge_ps(x, _mm_set1_ps(0x1p31f)));
    return to_v128(_mm_xor_si128(_mm_cvttps_epi32(number), too_large));
#elif defined(__aarch64__)
    return to_v128(vcvtq_s32_f32(bits_as<float32x4_t>(a)));
#else
    return family::trunc_sat_lanes<int32_t, float>(a);
#endif
  }
};
struct i32x4_trunc_sat_f32x4_u {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a) {
#if defined(__SSE4_1__)
    // max gives its second operand for NaN. The value is the sum of what fits 31 bits (0x80000000 from there on) and
    // of the rest above 2^31, held between 0 and 0x7fffffff.
    const __m128 number = _mm_max_ps(bits_as<__m128>(a), _mm_setzero_ps());
    const __m128 rest = _mm_sub_ps(number, _mm_set1_ps(0x1p31f));
    const __m128i too_large = _mm_castps_si128(_mm_cmpge_ps(rest, _mm_set1_ps(0x1p31f)));
    const __m128i high = _mm_max_epi32(_mm_xor_si128(_mm_cvttps_epi32(rest), too_large), _mm_setzero_si128());
    return to_v128(_mm_add_epi32(_mm_cvttps_epi32(number), high));
#elif defined(__aarch64__)
    return to_v128(vcvtq_u32_f32(bits_as<float32x4_t>(a)));
#else
    return family::trunc_sat_lanes<uint32_t, float>(a);
#endif
  }
};
struct i32x4_trunc_sat_f64x2_s_zero {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a) {
#if defined(__SSE4_1__)
    // min gives its second operand for NaN: 0 there, the largest i32 elsewhere. Too small becomes 0x80000000.
    const auto x = bits_as<__m128d>(a);
    const __m128d limit = _mm_and_pd(_mm_cmpord_pd(x, x), _mm_set1_pd(2147483647.0));
    return to_v128(_mm_cvttpd_epi32(_mm_min_pd(x, limit)));
#else
    return family::trunc_sat_lanes<int32_t, double>(a);
#endif
  }
};
struct i32x4_trunc_sat_f64x2_u_zero {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a) {
#if defined(__SSE4_1__)
    // An integer below 2^32 plus 2^52 has that integer as its low word.
    const __m128d number = _mm_max_pd(bits_as<__m128d>(a), _mm_setzero_pd());
    const __m128d integer =
        _mm_round_pd(_mm_min_pd(number, _mm_set1_pd(4294967295.0)), _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
    const __m128 words = _mm_castpd_ps(_mm_add_pd(integer, _mm_set1_pd(0x1p52)));
    return to_v128(_mm_shuffle_ps(words, _mm_setzero_ps(), _MM_SHUFFLE(0, 0, 2, 0)));
#else
    return family::trunc_sat_lanes<uint32_t, double>(a);
#endif
  }
};

struct f32x4_convert_i32x4_s {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a) {
    return to_v128(__builtin_convertvector(lanes<int32_t>(a), Lanes<float>));
  }
};
struct f32x4_convert_i32x4_u {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a) {
    return to_v128(__builtin_convertvector(lanes<uint32_t>(a), Lanes<float>));
  }
};
struct f64x2_convert_low_i32x4_s {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a) {
    return to_v128(__builtin_convertvector(low_half<int32_t>(a), Lanes<double>));
  }
};
struct f64x2_convert_low_i32x4_u {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a) {
    return to_v128(__builtin_convertvector(low_half<uint32_t>(a), Lanes<double>));
  }
};
struct f32x4_demote_f64x2_zero {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a) {
    return join_halves(__builtin_convertvector(lanes<double>(a), HalfLanes<float>), uint64_t{0});
  }
};
struct f64x2_promote_low_f32x4 {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a) {
    return to_v128(__builtin_convertvector(low_half<float>(a), Lanes<double>));
  }
};

}  // namespace ashlar::isa::sem
