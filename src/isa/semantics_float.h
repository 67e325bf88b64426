// Meaning of the scalar floating-point instructions (spec 4.3.3).
#pragma once

#include "isa/semantics_common.h"

namespace ashlar::isa::sem {
namespace family {

template <class T>
struct FloatEq {
  [[gnu::always_inline]] static constexpr uint32_t eval(T a, T b) { return a == b; }
};
template <class T>
struct FloatNe {
  [[gnu::always_inline]] static constexpr uint32_t eval(T a, T b) { return a != b; }
};
template <class T>
struct FloatLt {
  [[gnu::always_inline]] static constexpr uint32_t eval(T a, T b) { return a < b; }
};
template <class T>
struct FloatGt {
  [[gnu::always_inline]] static constexpr uint32_t eval(T a, T b) { return a > b; }
};
template <class T>
struct FloatLe {
  [[gnu::always_inline]] static constexpr uint32_t eval(T a, T b) { return a <= b; }
};
template <class T>
struct FloatGe {
  [[gnu::always_inline]] static constexpr uint32_t eval(T a, T b) { return a >= b; }
};

// abs, neg and copysign touch the sign bit only: NaNs pass through with their payload, signalling ones too.
template <class T>
struct FloatAbs {
  [[gnu::always_inline]] static constexpr T eval(T a) { return bits_as<T>(bits_as<Bits<T>>(a) & ~kSignBit<T>); }
};
template <class T>
struct FloatNeg {
  [[gnu::always_inline]] static constexpr T eval(T a) { return bits_as<T>(bits_as<Bits<T>>(a) ^ kSignBit<T>); }
};
template <class T>
struct FloatCopysign {
  [[gnu::always_inline]] static constexpr T eval(T a, T b) {
    return bits_as<T>((bits_as<Bits<T>>(a) & ~kSignBit<T>) | (bits_as<Bits<T>>(b) & kSignBit<T>));
  }
};

// The elementwise builtins are the rounding instructions themselves: no errno, no rounding mode, NaNs quieted.
template <class T>
struct FloatCeil {
  [[gnu::always_inline]] static constexpr T eval(T a) { return __builtin_elementwise_ceil(a); }
};
template <class T>
struct FloatFloor {
  [[gnu::always_inline]] static constexpr T eval(T a) { return __builtin_elementwise_floor(a); }
};
template <class T>
struct FloatTrunc {
  [[gnu::always_inline]] static constexpr T eval(T a) { return __builtin_elementwise_trunc(a); }
};
template <class T>
struct FloatNearest {
  [[gnu::always_inline]] static constexpr T eval(T a) { return __builtin_elementwise_roundeven(a); }
};
template <class T>
struct FloatSqrt {
  [[gnu::always_inline]] static constexpr T eval(T a) { return __builtin_elementwise_sqrt(a); }
};

template <class T>
struct FloatAdd {
  [[gnu::always_inline]] static constexpr T eval(T a, T b) { return a + b; }
};
template <class T>
struct FloatSub {
  [[gnu::always_inline]] static constexpr T eval(T a, T b) { return a - b; }
};
template <class T>
struct FloatMul {
  [[gnu::always_inline]] static constexpr T eval(T a, T b) { return a * b; }
};
template <class T>
struct FloatDiv {
  [[gnu::always_inline]] static constexpr T eval(T a, T b) { return a / b; }
};

// Any NaN operand gives a quiet NaN (the sum is one), and -0 is less than +0. Equal operands differ at most in the
// sign of zero, so combining their bits gives the right zero.
template <class T>
struct FloatMin {
  [[gnu::always_inline]] static constexpr T eval(T a, T b) {
    if (__builtin_isunordered(a, b)) [[unlikely]]
      return a + b;
    if (a == b) [[unlikely]]
      return bits_as<T>(bits_as<Bits<T>>(a) | bits_as<Bits<T>>(b));
    return a < b ? a : b;
  }
};
template <class T>
struct FloatMax {
  [[gnu::always_inline]] static constexpr T eval(T a, T b) {
    if (__builtin_isunordered(a, b)) [[unlikely]]
      return a + b;
    if (a == b) [[unlikely]]
      return bits_as<T>(bits_as<Bits<T>>(a) & bits_as<Bits<T>>(b));
    return a > b ? a : b;
  }
};

}  // namespace family

struct f32_eq : family::FloatEq<float> {};
struct f32_ne : family::FloatNe<float> {};
struct f32_lt : family::FloatLt<float> {};
struct f32_gt : family::FloatGt<float> {};
struct f32_le : family::FloatLe<float> {};
struct f32_ge : family::FloatGe<float> {};
struct f32_abs : family::FloatAbs<float> {};
struct f32_neg : family::FloatNeg<float> {};
struct f32_ceil : family::FloatCeil<float> {};
struct f32_floor : family::FloatFloor<float> {};
struct f32_trunc : family::FloatTrunc<float> {};
struct f32_nearest : family::FloatNearest<float> {};
struct f32_sqrt : family::FloatSqrt<float> {};
struct f32_add : family::FloatAdd<float> {};
struct f32_sub : family::FloatSub<float> {};
struct f32_mul : family::FloatMul<float> {};
struct f32_div : family::FloatDiv<float> {};
struct f32_min : family::FloatMin<float> {};
struct f32_max : family::FloatMax<float> {};
struct f32_copysign : family::FloatCopysign<float> {};

struct f64_eq : family::FloatEq<double> {};
struct f64_ne : family::FloatNe<double> {};
struct f64_lt : family::FloatLt<double> {};
struct f64_gt : family::FloatGt<double> {};
struct f64_le : family::FloatLe<double> {};
struct f64_ge : family::FloatGe<double> {};
struct f64_abs : family::FloatAbs<double> {};
struct f64_neg : family::FloatNeg<double> {};
struct f64_ceil : family::FloatCeil<double> {};
struct f64_floor : family::FloatFloor<double> {};
struct f64_trunc : family::FloatTrunc<double> {};
struct f64_nearest : family::FloatNearest<double> {};
struct f64_sqrt : family::FloatSqrt<double> {};
struct f64_add : family::FloatAdd<double> {};
struct f64_sub : family::FloatSub<double> {};
struct f64_mul : family::FloatMul<double> {};
struct f64_div : family::FloatDiv<double> {};
struct f64_min : family::FloatMin<double> {};
struct f64_max : family::FloatMax<double> {};
struct f64_copysign : family::FloatCopysign<double> {};

}  // namespace ashlar::isa::sem
