// Vocabulary of the instruction semantics: operand types, numeric traps, and lane views of a v128.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

// Each WebAssembly float operation rounds on its own (spec 4.3.3): a*b+c must never become one fused operation. The
// pragma holds to the end of the translation unit, which is what every includer of these semantics needs.
#pragma clang fp contract(off)

namespace ashlar::isa::sem {

// A v128 value. Lane 0 is at the lowest address on every (little-endian) host.
using V128 = uint64_t __attribute__((vector_size(16)));

// The 16-byte vector with lanes of T, and the vector of half that size for widening and narrowing.
template <class T>
using Lanes = T __attribute__((vector_size(16)));
template <class T>
using HalfLanes = T __attribute__((vector_size(8)));
template <class T>
inline constexpr int kLaneCount = 16 / static_cast<int>(sizeof(T));

// Why a numeric instruction traps.
enum class NumTrap : uint8_t { None, DivideByZero, Overflow, InvalidConversion };

// True for the operations that declare `can_trap`: they have `check` with the operands of `eval`, and `eval` may be
// called only when `check` returned NumTrap::None.
template <class Op>
concept CanTrap = requires { requires Op::can_trap; };

// The two results of a 128-bit operation (wide arithmetic).
struct Wide {
  uint64_t lo;
  uint64_t hi;
  constexpr bool operator==(const Wide&) const = default;
};

template <class To, class From>
[[gnu::always_inline]] constexpr To bits_as(From value) {
  static_assert(sizeof(To) == sizeof(From));
  return __builtin_bit_cast(To, value);
}

template <class T>
[[gnu::always_inline]] constexpr Lanes<T> lanes(V128 value) {
  return __builtin_bit_cast(Lanes<T>, value);
}

template <class Vector>
[[gnu::always_inline]] constexpr V128 to_v128(Vector value) {
  static_assert(sizeof(Vector) == sizeof(V128));
  return __builtin_bit_cast(V128, value);
}

// Through bits_as: the compiler takes the address of the whole vector when a bit cast's operand is an element.
template <class T>
[[gnu::always_inline]] constexpr HalfLanes<T> low_half(V128 value) {
  return bits_as<HalfLanes<T>>(value[0]);
}

template <class T>
[[gnu::always_inline]] constexpr HalfLanes<T> high_half(V128 value) {
  return bits_as<HalfLanes<T>>(value[1]);
}

template <class LowHalf, class HighHalf>
[[gnu::always_inline]] constexpr V128 join_halves(LowHalf low, HighHalf high) {
  return V128{bits_as<uint64_t>(low), bits_as<uint64_t>(high)};
}

template <class T>
[[gnu::always_inline]] constexpr Lanes<T> splat(T value) {
  using Broadcast = T __attribute__((ext_vector_type(kLaneCount<T>)));
  return __builtin_bit_cast(Lanes<T>, static_cast<Broadcast>(value));
}

// Unaligned access to a v128 in memory (interpreter slots are 8-byte aligned).
[[gnu::always_inline]] inline V128 load_v128(const void* from) {
  V128 value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

[[gnu::always_inline]] inline void store_v128(void* to, V128 value) { std::memcpy(to, &value, sizeof value); }

namespace family {

template <class T>
using Signed = std::make_signed_t<T>;

// The unsigned integer with the bits of a float type.
template <class T>
using Bits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;

template <class T>
inline constexpr Bits<T> kSignBit = Bits<T>{1} << (8 * sizeof(T) - 1);

}  // namespace family
}  // namespace ashlar::isa::sem
