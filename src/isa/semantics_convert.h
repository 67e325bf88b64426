// Meaning of the scalar conversion instructions (spec 4.3.4).
#pragma once

#include "isa/semantics_common.h"

namespace ashlar::isa::sem {
namespace family {

// Which floats F have a truncation that fits the integer type I.
template <class I, class F>
struct TruncRange {
  static constexpr int kBits = 8 * sizeof(I);
  static constexpr bool kSigned = std::is_signed_v<I>;
  static constexpr int kMantissa = sizeof(F) == 4 ? 24 : 53;
  // The first power of two out of range: exact in F, 2^(kBits-1) or 2^kBits.
  static constexpr F kAbove = static_cast<F>(I{1} << (kBits - 2)) * (kSigned ? F{2} : F{4});

  // False for NaN. The lower bound is a > -2^(n-1) - 1 for signed types; where F cannot represent that bound, its next
  // value is -2^(n-1) itself, which is in range. For unsigned types it is a > -1.
  [[gnu::always_inline]] static constexpr bool contains(F a) {
    if constexpr (!kSigned) {
      return a < kAbove && a > F{-1};
    } else if constexpr (kMantissa < kBits) {
      return a < kAbove && a >= -kAbove;
    } else {
      return a < kAbove && a > -kAbove - F{1};
    }
  }
};

// I is the integer type with the instruction's signedness; results are its unsigned bits.
template <class I, class F>
struct Trunc {
  static constexpr bool can_trap = true;
  [[gnu::always_inline]] static constexpr NumTrap check(F a) {
    if (TruncRange<I, F>::contains(a)) [[likely]]
      return NumTrap::None;
    return a != a ? NumTrap::InvalidConversion : NumTrap::Overflow;
  }
  [[gnu::always_inline]] static constexpr std::make_unsigned_t<I> eval(F a) {
    return static_cast<std::make_unsigned_t<I>>(static_cast<I>(a));
  }
};

// NaN gives 0, values out of range the nearest limit.
template <class I, class F>
struct TruncSat {
  using Result = std::make_unsigned_t<I>;
  static constexpr bool kSigned = std::is_signed_v<I>;
  static constexpr Result kLargest = kSigned ? static_cast<Result>(~Result{0} >> 1) : ~Result{0};
  static constexpr Result kSmallest = kSigned ? kSignBit<Result> : Result{0};
  [[gnu::always_inline]] static constexpr Result eval(F a) {
    if (TruncRange<I, F>::contains(a)) [[likely]]
      return static_cast<Result>(static_cast<I>(a));
    if (a != a) return 0;
    return a > F{0} ? kLargest : kSmallest;
  }
};

// One correctly rounded conversion (round to nearest, ties to even).
template <class F, class I>
struct Convert {
  [[gnu::always_inline]] static constexpr F eval(std::make_unsigned_t<I> a) {
    return static_cast<F>(static_cast<I>(a));
  }
};

template <class To, class From>
struct Reinterpret {
  [[gnu::always_inline]] static constexpr To eval(From a) { return bits_as<To>(a); }
};

}  // namespace family

struct i32_wrap_i64 {
  [[gnu::always_inline]] static constexpr uint32_t eval(uint64_t a) { return static_cast<uint32_t>(a); }
};
struct i64_extend_i32_s {
  [[gnu::always_inline]] static constexpr uint64_t eval(uint32_t a) {
    return static_cast<uint64_t>(int64_t{static_cast<int32_t>(a)});
  }
};
struct i64_extend_i32_u {
  [[gnu::always_inline]] static constexpr uint64_t eval(uint32_t a) { return a; }
};

// The conversions between float widths quiet a signalling NaN.
struct f32_demote_f64 {
  [[gnu::always_inline]] static constexpr float eval(double a) { return static_cast<float>(a); }
};
struct f64_promote_f32 {
  [[gnu::always_inline]] static constexpr double eval(float a) { return a; }
};

struct i32_trunc_f32_s : family::Trunc<int32_t, float> {};
struct i32_trunc_f32_u : family::Trunc<uint32_t, float> {};
struct i32_trunc_f64_s : family::Trunc<int32_t, double> {};
struct i32_trunc_f64_u : family::Trunc<uint32_t, double> {};
struct i64_trunc_f32_s : family::Trunc<int64_t, float> {};
struct i64_trunc_f32_u : family::Trunc<uint64_t, float> {};
struct i64_trunc_f64_s : family::Trunc<int64_t, double> {};
struct i64_trunc_f64_u : family::Trunc<uint64_t, double> {};

struct i32_trunc_sat_f32_s : family::TruncSat<int32_t, float> {};
struct i32_trunc_sat_f32_u : family::TruncSat<uint32_t, float> {};
struct i32_trunc_sat_f64_s : family::TruncSat<int32_t, double> {};
struct i32_trunc_sat_f64_u : family::TruncSat<uint32_t, double> {};
struct i64_trunc_sat_f32_s : family::TruncSat<int64_t, float> {};
struct i64_trunc_sat_f32_u : family::TruncSat<uint64_t, float> {};
struct i64_trunc_sat_f64_s : family::TruncSat<int64_t, double> {};
struct i64_trunc_sat_f64_u : family::TruncSat<uint64_t, double> {};

struct f32_convert_i32_s : family::Convert<float, int32_t> {};
struct f32_convert_i32_u : family::Convert<float, uint32_t> {};
struct f32_convert_i64_s : family::Convert<float, int64_t> {};
struct f32_convert_i64_u : family::Convert<float, uint64_t> {};
struct f64_convert_i32_s : family::Convert<double, int32_t> {};
struct f64_convert_i32_u : family::Convert<double, uint32_t> {};
struct f64_convert_i64_s : family::Convert<double, int64_t> {};
struct f64_convert_i64_u : family::Convert<double, uint64_t> {};

struct i32_reinterpret_f32 : family::Reinterpret<uint32_t, float> {};
struct f32_reinterpret_i32 : family::Reinterpret<float, uint32_t> {};
struct i64_reinterpret_f64 : family::Reinterpret<uint64_t, double> {};
struct f64_reinterpret_i64 : family::Reinterpret<double, uint64_t> {};

}  // namespace ashlar::isa::sem
