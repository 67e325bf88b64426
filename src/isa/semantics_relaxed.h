// Meaning of the relaxed vector instructions: for each, the one permitted behaviour that Ashlar always shows.
#pragma once

#include "isa/semantics_simd_float.h"
#include "isa/semantics_simd_int.h"

namespace ashlar::isa::sem {
namespace family {

// Two roundings, the choice that every host makes equally fast and every tier can repeat exactly.
template <class T>
struct RelaxedMadd {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b, V128 c) {
    return to_v128(lanes<T>(a) * lanes<T>(b) + lanes<T>(c));
  }
};
template <class T>
struct RelaxedNmadd {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b, V128 c) {
    return to_v128(-(lanes<T>(a) * lanes<T>(b)) + lanes<T>(c));
  }
};

// Sums of adjacent products of signed bytes; only -128 * -128 * 2 leaves the range, and wraps.
[[gnu::always_inline]] constexpr V128 dot_i8x16(V128 a, V128 b) {
  const auto product = [](Lanes<int16_t> x, Lanes<int16_t> y) {
    return bits_as<Lanes<uint16_t>>(x) * bits_as<Lanes<uint16_t>>(y);
  };
  return to_v128(product(even_lanes<int16_t, int8_t>(a), even_lanes<int16_t, int8_t>(b)) +
                 product(odd_lanes<int16_t, int8_t>(a), odd_lanes<int16_t, int8_t>(b)));
}

}  // namespace family

struct i8x16_relaxed_swizzle : i8x16_swizzle {};
struct i32x4_relaxed_trunc_f32x4_s : i32x4_trunc_sat_f32x4_s {};
struct i32x4_relaxed_trunc_f32x4_u : i32x4_trunc_sat_f32x4_u {};
struct i32x4_relaxed_trunc_f64x2_s_zero : i32x4_trunc_sat_f64x2_s_zero {};
struct i32x4_relaxed_trunc_f64x2_u_zero : i32x4_trunc_sat_f64x2_u_zero {};
struct f32x4_relaxed_madd : family::RelaxedMadd<float> {};
struct f32x4_relaxed_nmadd : family::RelaxedNmadd<float> {};
struct f64x2_relaxed_madd : family::RelaxedMadd<double> {};
struct f64x2_relaxed_nmadd : family::RelaxedNmadd<double> {};
struct i8x16_relaxed_laneselect : v128_bitselect {};
struct i16x8_relaxed_laneselect : v128_bitselect {};
struct i32x4_relaxed_laneselect : v128_bitselect {};
struct i64x2_relaxed_laneselect : v128_bitselect {};
struct f32x4_relaxed_min : f32x4_min {};
struct f32x4_relaxed_max : f32x4_max {};
struct f64x2_relaxed_min : f64x2_min {};
struct f64x2_relaxed_max : f64x2_max {};
struct i16x8_relaxed_q15mulr_s : i16x8_q15mulr_sat_s {};
struct i16x8_relaxed_dot_i8x16_i7x16_s {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b) { return family::dot_i8x16(a, b); }
};
struct i32x4_relaxed_dot_i8x16_i7x16_add_s {
  [[gnu::always_inline]] static constexpr V128 eval(V128 a, V128 b, V128 c) {
    const V128 pairs = i32x4_extadd_pairwise_i16x8_s::eval(family::dot_i8x16(a, b));
    return i32x4_add::eval(pairs, c);
  }
};

}  // namespace ashlar::isa::sem
