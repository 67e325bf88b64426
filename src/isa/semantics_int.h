// Meaning of the scalar integer instructions (spec 4.3.2) and of wide arithmetic.
#pragma once

#include "isa/semantics_common.h"

namespace ashlar::isa::sem {
namespace family {

template <class T>
struct Eqz {
  [[gnu::always_inline]] static constexpr uint32_t eval(T a) { return a == 0; }
};
template <class T>
struct Eq {
  [[gnu::always_inline]] static constexpr uint32_t eval(T a, T b) { return a == b; }
};
template <class T>
struct Ne {
  [[gnu::always_inline]] static constexpr uint32_t eval(T a, T b) { return a != b; }
};
template <class T>
struct LtS {
  [[gnu::always_inline]] static constexpr uint32_t eval(T a, T b) {
    return static_cast<Signed<T>>(a) < static_cast<Signed<T>>(b);
  }
};
template <class T>
struct LtU {
  [[gnu::always_inline]] static constexpr uint32_t eval(T a, T b) { return a < b; }
};
template <class T>
struct GtS {
  [[gnu::always_inline]] static constexpr uint32_t eval(T a, T b) { return LtS<T>::eval(b, a); }
};
template <class T>
struct GtU {
  [[gnu::always_inline]] static constexpr uint32_t eval(T a, T b) { return a > b; }
};
template <class T>
struct LeS {
  [[gnu::always_inline]] static constexpr uint32_t eval(T a, T b) {
    return static_cast<Signed<T>>(a) <= static_cast<Signed<T>>(b);
  }
};
template <class T>
struct LeU {
  [[gnu::always_inline]] static constexpr uint32_t eval(T a, T b) { return a <= b; }
};
template <class T>
struct GeS {
  [[gnu::always_inline]] static constexpr uint32_t eval(T a, T b) { return LeS<T>::eval(b, a); }
};
template <class T>
struct GeU {
  [[gnu::always_inline]] static constexpr uint32_t eval(T a, T b) { return a >= b; }
};

template <class T>
struct Clz {
  // The second argument is the result for zero.
  [[gnu::always_inline]] static constexpr T eval(T a) {
    return static_cast<T>(__builtin_clzg(a, static_cast<int>(8 * sizeof(T))));
  }
};
template <class T>
struct Ctz {
  [[gnu::always_inline]] static constexpr T eval(T a) {
    return static_cast<T>(__builtin_ctzg(a, static_cast<int>(8 * sizeof(T))));
  }
};
template <class T>
struct Popcnt {
  [[gnu::always_inline]] static constexpr T eval(T a) { return static_cast<T>(__builtin_popcountg(a)); }
};

template <class T>
struct Add {
  [[gnu::always_inline]] static constexpr T eval(T a, T b) { return a + b; }
};
template <class T>
struct Sub {
  [[gnu::always_inline]] static constexpr T eval(T a, T b) { return a - b; }
};
template <class T>
struct Mul {
  [[gnu::always_inline]] static constexpr T eval(T a, T b) { return a * b; }
};

template <class T>
struct DivS {
  static constexpr bool can_trap = true;
  [[gnu::always_inline]] static constexpr NumTrap check(T a, T b) {
    if (b == 0) [[unlikely]]
      return NumTrap::DivideByZero;
    if (a == kSignBit<T> && b == ~T{0}) [[unlikely]]
      return NumTrap::Overflow;
    return NumTrap::None;
  }
  [[gnu::always_inline]] static constexpr T eval(T a, T b) {
    return static_cast<T>(static_cast<Signed<T>>(a) / static_cast<Signed<T>>(b));
  }
};
template <class T>
struct DivU {
  static constexpr bool can_trap = true;
  [[gnu::always_inline]] static constexpr NumTrap check(T, T b) {
    if (b == 0) [[unlikely]]
      return NumTrap::DivideByZero;
    return NumTrap::None;
  }
  [[gnu::always_inline]] static constexpr T eval(T a, T b) { return a / b; }
};
template <class T>
struct RemS {
  static constexpr bool can_trap = true;
  [[gnu::always_inline]] static constexpr NumTrap check(T, T b) {
    if (b == 0) [[unlikely]]
      return NumTrap::DivideByZero;
    return NumTrap::None;
  }
  // The remainder by -1 is 0; the host's division would fault for the smallest dividend.
  [[gnu::always_inline]] static constexpr T eval(T a, T b) {
    if (b == ~T{0}) [[unlikely]]
      return 0;
    return static_cast<T>(static_cast<Signed<T>>(a) % static_cast<Signed<T>>(b));
  }
};
template <class T>
struct RemU {
  static constexpr bool can_trap = true;
  [[gnu::always_inline]] static constexpr NumTrap check(T, T b) {
    if (b == 0) [[unlikely]]
      return NumTrap::DivideByZero;
    return NumTrap::None;
  }
  [[gnu::always_inline]] static constexpr T eval(T a, T b) { return a % b; }
};

template <class T>
struct And {
  [[gnu::always_inline]] static constexpr T eval(T a, T b) { return a & b; }
};
template <class T>
struct Or {
  [[gnu::always_inline]] static constexpr T eval(T a, T b) { return a | b; }
};
template <class T>
struct Xor {
  [[gnu::always_inline]] static constexpr T eval(T a, T b) { return a ^ b; }
};

// Shift counts are taken modulo the width.
template <class T>
inline constexpr T kCountMask = 8 * sizeof(T) - 1;

template <class T>
struct Shl {
  [[gnu::always_inline]] static constexpr T eval(T a, T b) { return a << (b & kCountMask<T>); }
};
template <class T>
struct ShrS {
  [[gnu::always_inline]] static constexpr T eval(T a, T b) {
    return static_cast<T>(static_cast<Signed<T>>(a) >> (b & kCountMask<T>));
  }
};
template <class T>
struct ShrU {
  [[gnu::always_inline]] static constexpr T eval(T a, T b) { return a >> (b & kCountMask<T>); }
};
template <class T>
struct Rotl {
  [[gnu::always_inline]] static constexpr T eval(T a, T b) {
    return (a << (b & kCountMask<T>)) | (a >> ((T{0} - b) & kCountMask<T>));
  }
};
template <class T>
struct Rotr {
  [[gnu::always_inline]] static constexpr T eval(T a, T b) {
    return (a >> (b & kCountMask<T>)) | (a << ((T{0} - b) & kCountMask<T>));
  }
};

// Sign-extends the low bits of From within T.
template <class T, class From>
struct ExtendS {
  [[gnu::always_inline]] static constexpr T eval(T a) { return static_cast<T>(Signed<T>{static_cast<From>(a)}); }
};

}  // namespace family

struct i32_eqz : family::Eqz<uint32_t> {};
struct i32_eq : family::Eq<uint32_t> {};
struct i32_ne : family::Ne<uint32_t> {};
struct i32_lt_s : family::LtS<uint32_t> {};
struct i32_lt_u : family::LtU<uint32_t> {};
struct i32_gt_s : family::GtS<uint32_t> {};
struct i32_gt_u : family::GtU<uint32_t> {};
struct i32_le_s : family::LeS<uint32_t> {};
struct i32_le_u : family::LeU<uint32_t> {};
struct i32_ge_s : family::GeS<uint32_t> {};
struct i32_ge_u : family::GeU<uint32_t> {};
struct i32_clz : family::Clz<uint32_t> {};
struct i32_ctz : family::Ctz<uint32_t> {};
struct i32_popcnt : family::Popcnt<uint32_t> {};
struct i32_add : family::Add<uint32_t> {};
struct i32_sub : family::Sub<uint32_t> {};
struct i32_mul : family::Mul<uint32_t> {};
struct i32_div_s : family::DivS<uint32_t> {};
struct i32_div_u : family::DivU<uint32_t> {};
struct i32_rem_s : family::RemS<uint32_t> {};
struct i32_rem_u : family::RemU<uint32_t> {};
struct i32_and : family::And<uint32_t> {};
struct i32_or : family::Or<uint32_t> {};
struct i32_xor : family::Xor<uint32_t> {};
struct i32_shl : family::Shl<uint32_t> {};
struct i32_shr_s : family::ShrS<uint32_t> {};
struct i32_shr_u : family::ShrU<uint32_t> {};
struct i32_rotl : family::Rotl<uint32_t> {};
struct i32_rotr : family::Rotr<uint32_t> {};
struct i32_extend8_s : family::ExtendS<uint32_t, int8_t> {};
struct i32_extend16_s : family::ExtendS<uint32_t, int16_t> {};

struct i64_eqz : family::Eqz<uint64_t> {};
struct i64_eq : family::Eq<uint64_t> {};
struct i64_ne : family::Ne<uint64_t> {};
struct i64_lt_s : family::LtS<uint64_t> {};
struct i64_lt_u : family::LtU<uint64_t> {};
struct i64_gt_s : family::GtS<uint64_t> {};
struct i64_gt_u : family::GtU<uint64_t> {};
struct i64_le_s : family::LeS<uint64_t> {};
struct i64_le_u : family::LeU<uint64_t> {};
struct i64_ge_s : family::GeS<uint64_t> {};
struct i64_ge_u : family::GeU<uint64_t> {};
struct i64_clz : family::Clz<uint64_t> {};
struct i64_ctz : family::Ctz<uint64_t> {};
struct i64_popcnt : family::Popcnt<uint64_t> {};
struct i64_add : family::Add<uint64_t> {};
struct i64_sub : family::Sub<uint64_t> {};
struct i64_mul : family::Mul<uint64_t> {};
struct i64_div_s : family::DivS<uint64_t> {};
struct i64_div_u : family::DivU<uint64_t> {};
struct i64_rem_s : family::RemS<uint64_t> {};
struct i64_rem_u : family::RemU<uint64_t> {};
struct i64_and : family::And<uint64_t> {};
struct i64_or : family::Or<uint64_t> {};
struct i64_xor : family::Xor<uint64_t> {};
struct i64_shl : family::Shl<uint64_t> {};
struct i64_shr_s : family::ShrS<uint64_t> {};
struct i64_shr_u : family::ShrU<uint64_t> {};
struct i64_rotl : family::Rotl<uint64_t> {};
struct i64_rotr : family::Rotr<uint64_t> {};
struct i64_extend8_s : family::ExtendS<uint64_t, int8_t> {};
struct i64_extend16_s : family::ExtendS<uint64_t, int16_t> {};
struct i64_extend32_s : family::ExtendS<uint64_t, int32_t> {};

// Wide arithmetic: 128-bit operands and results as (low, high) pairs of i64.
struct i64_add128 {
  [[gnu::always_inline]] static constexpr Wide eval(uint64_t a_lo, uint64_t a_hi, uint64_t b_lo, uint64_t b_hi) {
    const uint64_t lo = a_lo + b_lo;
    return {lo, a_hi + b_hi + (lo < a_lo)};
  }
};
struct i64_sub128 {
  [[gnu::always_inline]] static constexpr Wide eval(uint64_t a_lo, uint64_t a_hi, uint64_t b_lo, uint64_t b_hi) {
    return {a_lo - b_lo, a_hi - b_hi - (a_lo < b_lo)};
  }
};
struct i64_mul_wide_s {
  [[gnu::always_inline]] static constexpr Wide eval(uint64_t a, uint64_t b) {
    const auto product =
        static_cast<unsigned __int128>(static_cast<__int128>(static_cast<int64_t>(a)) * static_cast<int64_t>(b));
    return {static_cast<uint64_t>(product), static_cast<uint64_t>(product >> 64)};
  }
};
struct i64_mul_wide_u {
  [[gnu::always_inline]] static constexpr Wide eval(uint64_t a, uint64_t b) {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return {static_cast<uint64_t>(product), static_cast<uint64_t>(product >> 64)};
  }
};

}  // namespace ashlar::isa::sem
