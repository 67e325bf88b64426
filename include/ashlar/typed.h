// How C++ types stand for WebAssembly's in typed calls and host functions. Nothing here is called directly.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "ashlar/error.h"
#include "ashlar/value.h"

namespace ashlar {
inline namespace v0 {

namespace detail {

/// Arguments in, results out, in 64-bit slots (a v128 takes two).
using SlotFunction = std::function<Status(Caller& caller, uint64_t* slots)>;

/// Calls a function of the store on slots that hold its parameters and have room for its results.
Status call_slots(StoreState* store, void* cell, uint64_t* slots);
/// The error of a Func or Externref that belongs to another store.
Error foreign_ref();

/// A type that can be passed: kSlots, type(), store(slots, value), load(store, slots), belongs(store, value).
template <class T>
struct Wire;

struct WireNumber {
  static constexpr size_t kSlots = 1;
  template <class T>
  static bool belongs(StoreState*, const T&) {
    return true;
  }
};

template <class T>
  requires(std::is_integral_v<T> && !std::is_same_v<T, bool> && (sizeof(T) == 4 || sizeof(T) == 8))
struct Wire<T> : WireNumber {
  static ValueType type() { return sizeof(T) == 4 ? ValueType::i32() : ValueType::i64(); }
  static void store(uint64_t* slots, T v) { *slots = static_cast<std::make_unsigned_t<T>>(v); }
  static T load(StoreState*, const uint64_t* slots) { return static_cast<T>(*slots); }
};

template <>
struct Wire<float> : WireNumber {
  static ValueType type() { return ValueType::f32(); }
  static void store(uint64_t* slots, float v) { *slots = std::bit_cast<uint32_t>(v); }
  static float load(StoreState*, const uint64_t* slots) { return std::bit_cast<float>(static_cast<uint32_t>(*slots)); }
};

template <>
struct Wire<double> : WireNumber {
  static ValueType type() { return ValueType::f64(); }
  static void store(uint64_t* slots, double v) { *slots = std::bit_cast<uint64_t>(v); }
  static double load(StoreState*, const uint64_t* slots) { return std::bit_cast<double>(*slots); }
};

template <>
struct Wire<V128> : WireNumber {
  static constexpr size_t kSlots = 2;
  static ValueType type() { return ValueType::v128(); }
  static void store(uint64_t* slots, const V128& v) { std::memcpy(slots, v.bytes.data(), 16); }
  static V128 load(StoreState*, const uint64_t* slots) {
    V128 v;
    std::memcpy(v.bytes.data(), slots, 16);
    return v;
  }
};

template <>
struct Wire<Externref> {
  static constexpr size_t kSlots = 1;
  static ValueType type() { return ValueType::externref(); }
  static void store(uint64_t* slots, const Externref& r);
  static Externref load(StoreState* store, const uint64_t* slots);
  static bool belongs(StoreState* store, const Externref& r);
};

/// What a typed function returns: nothing, one value or a tuple.
template <class R>
struct Results {
  static constexpr size_t kSlots = Wire<R>::kSlots;
  static std::vector<ValueType> types() { return {Wire<R>::type()}; }
  static Result<R> load(StoreState* s, const uint64_t* slots) { return Wire<R>::load(s, slots); }
  static void store(uint64_t* slots, const R& v) { Wire<R>::store(slots, v); }
  static bool belongs(StoreState* s, const R& v) { return Wire<R>::belongs(s, v); }
};

template <>
struct Results<void> {
  static constexpr size_t kSlots = 0;
  static std::vector<ValueType> types() { return {}; }
  static Status load(StoreState*, const uint64_t*) { return {}; }
};

template <class... T>
struct Results<std::tuple<T...>> {
  static constexpr size_t kSlots = (size_t{0} + ... + Wire<T>::kSlots);
  static std::vector<ValueType> types() { return {Wire<T>::type()...}; }
  static Result<std::tuple<T...>> load(StoreState* s, const uint64_t* slots) {
    // Braces evaluate in order.
    return std::tuple<T...>{Wire<T>::load(s, std::exchange(slots, slots + Wire<T>::kSlots))...};
  }
  static void store(uint64_t* slots, const std::tuple<T...>& v) {
    std::apply([&](const T&... each) { ((Wire<T>::store(slots, each), slots += Wire<T>::kSlots), ...); }, v);
  }
  static bool belongs(StoreState* s, const std::tuple<T...>& v) {
    return std::apply([&](const T&... each) { return (Wire<T>::belongs(s, each) && ...); }, v);
  }
};

/// T out of T, Result<T> and Status.
template <class R>
struct Unwrapped {
  using type = R;
  static constexpr bool is_result = false;
};
template <class R>
struct Unwrapped<std::expected<R, Error>> {
  using type = R;
  static constexpr bool is_result = true;
};

/// The signature of a function pointer or of an object with one call operator; a leading Caller& is set apart.
template <class F>
struct SignatureOf : SignatureOf<decltype(&F::operator())> {};
template <class R, class... A>
struct SignatureOf<R (*)(A...)> {
  using Result = R;
  using Params = std::tuple<A...>;
  static constexpr bool takes_caller = false;
};
template <class R, class... A>
struct SignatureOf<R (*)(Caller&, A...)> {
  using Result = R;
  using Params = std::tuple<A...>;
  static constexpr bool takes_caller = true;
};
template <class R, class... A>
struct SignatureOf<R (*)(A...) noexcept> : SignatureOf<R (*)(A...)> {};
template <class R, class C, class... A>
struct SignatureOf<R (C::*)(A...)> : SignatureOf<R (*)(A...)> {};
template <class R, class C, class... A>
struct SignatureOf<R (C::*)(A...) const> : SignatureOf<R (*)(A...)> {};
template <class R, class C, class... A>
struct SignatureOf<R (C::*)(A...) noexcept> : SignatureOf<R (*)(A...)> {};
template <class R, class C, class... A>
struct SignatureOf<R (C::*)(A...) const noexcept> : SignatureOf<R (*)(A...)> {};

template <class F>
concept HostCallable = requires { typename SignatureOf<std::decay_t<F>>::Params; };

template <class F>
struct HostSignature {
  using Signature = SignatureOf<std::decay_t<F>>;
  using Returned = Unwrapped<typename Signature::Result>;
  using Out = Results<typename Returned::type>;
  template <class Tuple>
  struct In;
  template <class... A>
  struct In<std::tuple<A...>> {
    static std::vector<ValueType> types() { return {Wire<std::remove_cvref_t<A>>::type()...}; }
    static auto load(StoreState* s, const uint64_t* slots) {
      return std::tuple<std::remove_cvref_t<A>...>{
          Wire<std::remove_cvref_t<A>>::load(s, std::exchange(slots, slots + Wire<std::remove_cvref_t<A>>::kSlots))...};
    }
    /// Parameters that f takes by value are moved into it.
    template <class... Caller>
    static decltype(auto) invoke(F& f, std::tuple<std::remove_cvref_t<A>...>& args, Caller&... caller) {
      return std::apply([&](auto&... each) -> decltype(auto) { return f(caller..., static_cast<A&&>(each)...); }, args);
    }
  };
  using Args = In<typename Signature::Params>;

  static std::vector<ValueType> params() { return Args::types(); }
  static std::vector<ValueType> results() { return Out::types(); }

  static Status call(F& f, Caller& caller, uint64_t* slots) {
    auto args = Args::load(state_of(caller), slots);
    auto invoke = [&]() -> decltype(auto) {
      if constexpr (Signature::takes_caller) {
        return Args::invoke(f, args, caller);
      } else {
        return Args::invoke(f, args);
      }
    };
    if constexpr (std::is_void_v<typename Signature::Result>) {
      invoke();
      return {};
    } else if constexpr (Returned::is_result) {
      auto result = invoke();
      if (!result) return std::unexpected(std::move(result).error());
      if constexpr (!std::is_void_v<typename Returned::type>) return finish(caller, slots, *result);
      return {};
    } else {
      return finish(caller, slots, invoke());
    }
  }

 private:
  template <class T>
  static Status finish(Caller& caller, uint64_t* slots, const T& value) {
    if (!Out::belongs(state_of(caller), value)) return std::unexpected(foreign_ref());
    Out::store(slots, value);
    return {};
  }
};

template <class F>
SlotFunction adapt(F f) {
  // Callables that can only be moved are welcome, too.
  return [f = std::make_shared<F>(std::move(f))](Caller& caller, uint64_t* slots) {
    return HostSignature<F>::call(*f, caller, slots);
  };
}

}  // namespace detail
}  // namespace v0
}  // namespace ashlar
