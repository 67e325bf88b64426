// How C++ types stand for WebAssembly's in typed calls and host functions. Nothing here is called directly.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <new>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "ashlar/error.h"
#include "ashlar/value.h"

namespace ashlar {
inline namespace v0 {

/// A text or a span in a memory64: what a host function takes where the guest passes pointer and length as i64. With
/// typed calls it is not needed, for they look at the function's type.
template <class Bytes>
struct In64 {
  Bytes value;  ///< the text, or the bytes
  /// The same, without a name.
  operator const Bytes&() const { return value; }
};

namespace detail {

/// Registers of the native convention, in the order of parameters.
template <class... T>
struct Registers {};

/// A type that can be passed: kSlots, add_types(types), store(slots, value), load(store, slots), belongs(store, value).
/// Slots are 64 bits wide (a v128 takes two). `Native`: the registers in which it can be passed; absent where there are
/// none.
template <class T>
struct Wire;

template <class Register>
struct WireNumber {
  static constexpr size_t kSlots = 1;
  using Native = Registers<Register>;
  template <class T>
  static bool belongs(StoreState*, const T&) {
    return true;
  }
};

template <class T>
concept Integer = std::is_integral_v<T> && sizeof(T) <= 8;

/// Of what is narrower than 32 bits the guest's value counts by its low bits; bool is whether it is not zero.
template <Integer T>
struct Wire<T> : WireNumber<std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>> {
  using Wide = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
  template <class Types>
  static constexpr void add_types(Types& types) {
    types.push_back(sizeof(T) == 8 ? ValueType::i64() : ValueType::i32());
  }
  static void store(uint64_t* slots, T v) { *slots = static_cast<Wide>(v); }
  static T load(StoreState*, const uint64_t* slots) {
    if constexpr (std::is_same_v<T, bool>) {
      return static_cast<uint32_t>(*slots) != 0;
    } else {
      return static_cast<T>(*slots);
    }
  }
};

/// As its underlying type. A guest may pass what is no enumerator.
template <class T>
  requires std::is_enum_v<T>
struct Wire<T> : Wire<std::underlying_type_t<T>> {
  using Base = Wire<std::underlying_type_t<T>>;
  static void store(uint64_t* slots, T v) { Base::store(slots, std::to_underlying(v)); }
  static T load(StoreState* s, const uint64_t* slots) { return static_cast<T>(Base::load(s, slots)); }
};

template <>
struct Wire<float> : WireNumber<float> {
  template <class Types>
  static constexpr void add_types(Types& types) {
    types.push_back(ValueType::f32());
  }
  static void store(uint64_t* slots, float v) { *slots = std::bit_cast<uint32_t>(v); }
  static float load(StoreState*, const uint64_t* slots) { return std::bit_cast<float>(static_cast<uint32_t>(*slots)); }
};

template <>
struct Wire<double> : WireNumber<double> {
  template <class Types>
  static constexpr void add_types(Types& types) {
    types.push_back(ValueType::f64());
  }
  static void store(uint64_t* slots, double v) { *slots = std::bit_cast<uint64_t>(v); }
  static double load(StoreState*, const uint64_t* slots) { return std::bit_cast<double>(*slots); }
};

template <>
struct Wire<V128> {
  static constexpr size_t kSlots = 2;
  template <class Types>
  static constexpr void add_types(Types& types) {
    types.push_back(ValueType::v128());
  }
  static void store(uint64_t* slots, const V128& v) { std::memcpy(slots, v.bytes.data(), 16); }
  static V128 load(StoreState*, const uint64_t* slots) {
    V128 v;
    std::memcpy(v.bytes.data(), slots, 16);
    return v;
  }
  static bool belongs(StoreState*, const V128&) { return true; }
};

template <>
struct Wire<Externref> {
  static constexpr size_t kSlots = 1;
  template <class Types>
  static constexpr void add_types(Types& types) {
    types.push_back(ValueType::externref());
  }
  static void store(uint64_t* slots, const Externref& r);
  static Externref load(StoreState* store, const uint64_t* slots);
  static bool belongs(StoreState* store, const Externref& r);
};

/// Bytes of a guest's memory, passed as pointer and length.
template <class T>
struct GuestBytes : std::false_type {
  static constexpr bool is_mutable = false;
};
template <class T, class Address, bool kMutable>
struct GuestBytesOf : std::true_type {
  static constexpr size_t kSlots = 2;
  using Value = T;
  using Native = Registers<Address, Address>;
  static constexpr bool is_mutable = kMutable;
  template <class Types>
  static constexpr void add_types(Types& types) {
    add_types(types, sizeof(Address) == 8);
  }
  template <class Types>
  static constexpr void add_types(Types& types, bool wide) {
    for (int i = 0; i < 2; ++i) types.push_back(wide ? ValueType::i64() : ValueType::i32());
  }
  /// As far as a slot's low bits are an address.
  static uint64_t address(uint64_t slot) { return static_cast<Address>(slot); }
};
template <>
struct GuestBytes<std::string_view> : GuestBytesOf<std::string_view, uint32_t, false> {
  static std::string_view make(std::span<uint8_t> b) { return {reinterpret_cast<const char*>(b.data()), b.size()}; }
  static std::span<const uint8_t> bytes(std::string_view v) {
    return {reinterpret_cast<const uint8_t*>(v.data()), v.size()};
  }
};
template <>
struct GuestBytes<std::span<const uint8_t>> : GuestBytesOf<std::span<const uint8_t>, uint32_t, false> {
  static std::span<const uint8_t> make(std::span<uint8_t> b) { return b; }
  static std::span<const uint8_t> bytes(std::span<const uint8_t> v) { return v; }
};
template <>
struct GuestBytes<std::span<uint8_t>> : GuestBytesOf<std::span<uint8_t>, uint32_t, true> {
  static std::span<uint8_t> make(std::span<uint8_t> b) { return b; }
};
template <class T>
struct GuestBytes<In64<T>> : GuestBytesOf<In64<T>, uint64_t, true> {
  static In64<T> make(std::span<uint8_t> b) { return {GuestBytes<T>::make(b)}; }
};

template <class T>
inline constexpr bool kIsBytes = GuestBytes<T>::value;
/// What says how many slots and of which types.
template <class T>
using Shape = std::conditional_t<kIsBytes<T>, GuestBytes<T>, Wire<T>>;

/// The value of a number's register, in a slot, and back.
template <class Register>
uint64_t to_slot(Register r) {
  if constexpr (std::is_same_v<Register, uint32_t>) {
    return r;
  } else if constexpr (std::is_same_v<Register, float>) {
    return std::bit_cast<uint32_t>(r);
  } else {
    return std::bit_cast<uint64_t>(r);
  }
}
template <class Register>
Register from_slot(uint64_t slot) {
  if constexpr (sizeof(Register) == 4) {
    return std::bit_cast<Register>(static_cast<uint32_t>(slot));
  } else {
    return std::bit_cast<Register>(slot);
  }
}

/// The registers of several types one after another; `void` where one has none, or more are needed than there are on
/// any processor: five for integers, eight for floats.
template <class Done, class... T>
struct JoinRegisters {
  using type = void;
};
template <class... R>
struct JoinRegisters<Registers<R...>> {
  static constexpr size_t kFloats = (size_t{0} + ... + (std::is_floating_point_v<R> ? 1 : 0));
  using type = std::conditional_t<kFloats <= 8 && sizeof...(R) - kFloats <= 5, Registers<R...>, void>;
};
template <class First, class Second>
struct Append;
template <class... R, class... S>
struct Append<Registers<R...>, Registers<S...>> {
  using type = Registers<R..., S...>;
};
template <class... R, class T, class... More>
  requires requires { typename Shape<T>::Native; }
struct JoinRegisters<Registers<R...>, T, More...>
    : JoinRegisters<typename Append<Registers<R...>, typename Shape<T>::Native>::type, More...> {};

/// So many types at most, without memory of the heap.
template <size_t kMost>
class TypeList {
 public:
  constexpr void push_back(ValueType type) { all_[count_++] = type; }
  std::span<const ValueType> types() const { return {all_.data(), count_}; }

 private:
  std::array<ValueType, std::max<size_t>(kMost, 1)> all_{};
  size_t count_ = 0;
};

/// The error out_of_memory, to be returned where std::bad_alloc was caught.
std::unexpected<Error> no_memory() noexcept;

/// What f gives; of what needs a handle (Externref) the host may have none.
template <class R, class F>
Result<R> loaded(F f) {
#if defined(__cpp_exceptions)
  try {
    return f();
  } catch (const std::bad_alloc&) {
    return no_memory();
  }
#else
  return f();
#endif
}

/// What a typed function returns: nothing, one value or a tuple. `Native` is void, a register, or absent.
template <class R>
struct Results {
  static constexpr size_t kSlots = Wire<R>::kSlots;
  template <class Types>
  static constexpr void add_types(Types& types) {
    Wire<R>::add_types(types);
  }
  static Result<R> load(StoreState* s, const uint64_t* slots) {
    if constexpr (requires { typename Wire<R>::Native; }) {
      return Wire<R>::load(s, slots);
    } else {
      return loaded<R>([&] { return Wire<R>::load(s, slots); });
    }
  }
  static void store(uint64_t* slots, const R& v) { Wire<R>::store(slots, v); }
  static bool belongs(StoreState* s, const R& v) { return Wire<R>::belongs(s, v); }
};

template <>
struct Results<void> {
  static constexpr size_t kSlots = 0;
  template <class Types>
  static constexpr void add_types(Types&) {}
  static Status load(StoreState*, const uint64_t*) { return {}; }
};

template <class... T>
struct Results<std::tuple<T...>> {
  static constexpr size_t kSlots = (size_t{0} + ... + Wire<T>::kSlots);
  template <class Types>
  static constexpr void add_types(Types& types) {
    (Wire<T>::add_types(types), ...);
  }
  static Result<std::tuple<T...>> load(StoreState* s, const uint64_t* slots) {
    // Braces evaluate in order.
    return loaded<std::tuple<T...>>(
        [&] { return std::tuple<T...>{Wire<T>::load(s, std::exchange(slots, slots + Wire<T>::kSlots))...}; });
  }
  static void store(uint64_t* slots, const std::tuple<T...>& v) {
    std::apply([&](const T&... each) { ((Wire<T>::store(slots, each), slots += Wire<T>::kSlots), ...); }, v);
  }
  static bool belongs(StoreState* s, const std::tuple<T...>& v) {
    return std::apply([&](const T&... each) { return (Wire<T>::belongs(s, each) && ...); }, v);
  }
};

/// The register of a value or a result: void, or Registers<> where there is no single one.
template <class R>
struct RegisterOf {
  using type = Registers<>;
};
template <>
struct RegisterOf<void> {
  using type = void;
};
template <class R>
  requires requires { typename Wire<R>::Native; }
struct RegisterOf<R> {
  template <class Register>
  static Register only(Registers<Register>);
  using type = decltype(only(typename Wire<R>::Native{}));
};

}  // namespace detail
}  // namespace v0
}  // namespace ashlar
