// Host functions of C++ types: lifting and lowering written by the compiler. What generated bindings are made of.
//
// WIT            C++
// bool .. char   bool, int8_t .. uint64_t, float, double, char32_t
// string         std::string
// list<T>        std::vector<T>
// option<T>      std::optional<T>
// result<T, E>   std::expected<T, E>; without T: void; without E: Nothing
// tuple          std::tuple
// record         a struct with `static constexpr auto fields = std::tuple(Field{"name", &S::member}, ...)`
// variant        a struct with `std::variant<...> value` and `static constexpr std::array cases{"a", ...}`; cases
// without
//                payload are Nothing
// enum           an enum class with `constexpr auto abi_labels(E) { return std::array{"a", ...}; }`
// flags          a struct with `uint32_t bits` and `static constexpr std::array labels{"a", ...}`
// own, borrow    Own<R>, Borrow<R>; R says nothing but which resource is meant
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "component/call_context.h"
#include "component/canon.h"

namespace ashlar::component {

struct Nothing {
  bool operator==(const Nothing&) const = default;
};
/// A resource that is given: its representation.
template <class R>
struct Own {
  uint32_t rep = 0;
};
/// A resource for the time of the call.
template <class R>
struct Borrow {
  uint32_t rep = 0;
};
/// What each R's tag is the address of; not const, so that no linker makes one of several.
template <class R>
inline char g_resource_tag = 0;
/// For HostResource, of what typed functions take and give as Own<R> and Borrow<R>.
template <class R>
ResourceTag tag_of() {
  return {&g_resource_tag<R>};
}
template <class S, class M>
struct Field {
  using type = M;
  std::string_view label;
  M S::* member;
};
template <class S, class M>
Field(std::string_view, M S::*) -> Field<S, M>;
template <class S, class M>
Field(const char*, M S::*) -> Field<S, M>;

namespace abi {

using runtime::Slot;

constexpr uint32_t align_to(uint32_t offset, uint32_t align) { return (offset + align - 1) & ~(align - 1); }

/// How T crosses: kSize, kAlign (in 32-bit memories), kFlat (core values), matches(type, uses), and load and store at
/// an address that was checked, lift from and lower to slots. Slots of unused payloads are zero.
template <class T>
struct Abi;

template <class T, TypeKind kind, class Wire = T>
struct Scalar {
  static constexpr uint32_t kSize = sizeof(Wire), kAlign = sizeof(Wire), kFlat = 1;
  static bool matches(const ValType& t, ResourceUses&) { return t.kind == kind; }
  static T load(CallContext& cx, uint32_t at, const ValType&) { return static_cast<T>(cx.read<Wire>(at)); }
  static void store(CallContext& cx, uint32_t at, T v, const ValType&) { cx.write(at, static_cast<Wire>(v)); }
  static T lift(CallContext&, const Slot*& s, const ValType&) {
    if constexpr (std::is_floating_point_v<T>) {
      const Slot bits = *s++;
      T out;
      std::memcpy(&out, &bits, sizeof out);
      return out;
    } else {
      return static_cast<T>(*s++);
    }
  }
  static void lower(CallContext&, Slot*& s, T v, const ValType&) {
    if constexpr (std::is_floating_point_v<T>) {
      Slot bits = 0;
      std::memcpy(&bits, &v, sizeof v);
      *s++ = bits;
    } else if constexpr (sizeof(T) < 8) {
      *s++ = static_cast<uint32_t>(v);
    } else {
      *s++ = static_cast<Slot>(v);
    }
  }
};
template <>
struct Abi<uint8_t> : Scalar<uint8_t, TypeKind::U8> {};
template <>
struct Abi<int8_t> : Scalar<int8_t, TypeKind::S8> {};
template <>
struct Abi<uint16_t> : Scalar<uint16_t, TypeKind::U16> {};
template <>
struct Abi<int16_t> : Scalar<int16_t, TypeKind::S16> {};
template <>
struct Abi<uint32_t> : Scalar<uint32_t, TypeKind::U32> {};
template <>
struct Abi<int32_t> : Scalar<int32_t, TypeKind::S32> {};
template <>
struct Abi<uint64_t> : Scalar<uint64_t, TypeKind::U64> {};
template <>
struct Abi<int64_t> : Scalar<int64_t, TypeKind::S64> {};
template <>
struct Abi<float> : Scalar<float, TypeKind::F32> {};
template <>
struct Abi<double> : Scalar<double, TypeKind::F64> {};

template <>
struct Abi<bool> {
  static constexpr uint32_t kSize = 1, kAlign = 1, kFlat = 1;
  static bool matches(const ValType& t, ResourceUses&) { return t.kind == TypeKind::Bool; }
  static bool load(CallContext& cx, uint32_t at, const ValType&) { return cx.read<uint8_t>(at) != 0; }
  static void store(CallContext& cx, uint32_t at, bool v, const ValType&) { cx.write<uint8_t>(at, v ? 1 : 0); }
  static bool lift(CallContext&, const Slot*& s, const ValType&) { return static_cast<uint32_t>(*s++) != 0; }
  static void lower(CallContext&, Slot*& s, bool v, const ValType&) { *s++ = v ? 1 : 0; }
};

template <>
struct Abi<char32_t> {
  static constexpr uint32_t kSize = 4, kAlign = 4, kFlat = 1;
  static bool matches(const ValType& t, ResourceUses&) { return t.kind == TypeKind::Char; }
  static char32_t checked(CallContext& cx, uint32_t c) {
    if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) cx.fail(AdapterTrap::bad_char);
    return c;
  }
  static char32_t load(CallContext& cx, uint32_t at, const ValType&) { return checked(cx, cx.read<uint32_t>(at)); }
  static void store(CallContext& cx, uint32_t at, char32_t v, const ValType&) { cx.write<uint32_t>(at, v); }
  static char32_t lift(CallContext& cx, const Slot*& s, const ValType&) {
    return checked(cx, static_cast<uint32_t>(*s++));
  }
  static void lower(CallContext&, Slot*& s, char32_t v, const ValType&) { *s++ = v; }
};

/// What is a pointer and a length.
template <class Derived, class T>
struct Pair {
  static constexpr uint32_t kSize = 8, kAlign = 4, kFlat = 2;
  static T load(CallContext& cx, uint32_t at, const ValType& t) {
    return Derived::get(cx, cx.read<uint32_t>(at), cx.read<uint32_t>(at + 4), t);
  }
  static void store(CallContext& cx, uint32_t at, const T& v, const ValType& t) {
    const auto [pointer, length] = Derived::put(cx, v, t);
    if (cx.failed()) return;
    cx.write(at, pointer);
    cx.write(at + 4, length);
  }
  static T lift(CallContext& cx, const Slot*& s, const ValType& t) {
    const auto pointer = static_cast<uint32_t>(s[0]);
    const auto length = static_cast<uint32_t>(s[1]);
    s += 2;
    return Derived::get(cx, pointer, length, t);
  }
  static void lower(CallContext& cx, Slot*& s, const T& v, const ValType& t) {
    const auto [pointer, length] = Derived::put(cx, v, t);
    *s++ = pointer;
    *s++ = length;
  }
};

template <>
struct Abi<std::string> : Pair<Abi<std::string>, std::string> {
  static bool matches(const ValType& t, ResourceUses&) { return t.kind == TypeKind::String; }
  static std::string get(CallContext& cx, uint32_t pointer, uint32_t length, const ValType&) {
    return cx.load_string(pointer, length);
  }
  static std::pair<uint32_t, uint32_t> put(CallContext& cx, const std::string& v, const ValType&) {
    return cx.store_string(v);
  }
};

template <class T>
inline constexpr bool kIsBits = std::is_integral_v<T> && !std::is_same_v<T, bool> && !std::is_same_v<T, char32_t>;

template <class T>
struct Abi<std::vector<T>> : Pair<Abi<std::vector<T>>, std::vector<T>> {
  using E = Abi<T>;
  static bool matches(const ValType& t, ResourceUses& uses) {
    return t.kind == TypeKind::List && E::matches(*t.members[0].type, uses);
  }
  static std::vector<T> get(CallContext& cx, uint32_t pointer, uint32_t length, const ValType& t) {
    const uint64_t size = uint64_t{length} * E::kSize;
    if (size > kMaxListBytes) {
      cx.fail(AdapterTrap::list_too_long);
      return {};
    }
    const uint8_t* bytes = cx.bytes(pointer, size, E::kAlign);
    if (bytes == nullptr) return {};
    std::vector<T> out;
    if constexpr (kIsBits<T>) {
      out.resize(length);
      if (size != 0) std::memcpy(out.data(), bytes, size);
    } else {
      out.reserve(length);
      for (uint32_t i = 0; i < length && !cx.failed(); ++i) {
        out.push_back(E::load(cx, pointer + i * E::kSize, *t.members[0].type));
      }
    }
    return out;
  }
  static std::pair<uint32_t, uint32_t> put(CallContext& cx, const std::vector<T>& v, const ValType& t) {
    const uint32_t at = cx.allocate(E::kAlign, uint64_t{v.size()} * E::kSize);
    if (cx.failed()) return {};
    if constexpr (kIsBits<T>) {
      if (!v.empty()) std::memcpy(cx.bytes(at, v.size() * E::kSize, 1), v.data(), v.size() * E::kSize);
    } else {
      for (size_t i = 0; i < v.size() && !cx.failed(); ++i) {
        E::store(cx, at + static_cast<uint32_t>(i) * E::kSize, v[i], *t.members[0].type);
      }
    }
    return {at, static_cast<uint32_t>(v.size())};
  }
};

/// Members one after the other: records and tuples.
template <class... T>
struct Members {
  static constexpr uint32_t kAlign = std::max({uint32_t{1}, Abi<T>::kAlign...});
  static constexpr auto kOffsets = [] {
    std::array<uint32_t, sizeof...(T) + 1> out{};
    uint32_t at = 0;
    size_t i = 0;
    ((at = align_to(at, Abi<T>::kAlign), out[i++] = at, at += Abi<T>::kSize), ...);
    out[i] = align_to(at, kAlign);
    return out;
  }();
  static constexpr uint32_t kSize = kOffsets[sizeof...(T)];
  static constexpr uint32_t kFlat = (uint32_t{0} + ... + Abi<T>::kFlat);
};

template <class... T>
struct Abi<std::tuple<T...>> : Members<T...> {
  using M = Members<T...>;
  using All = std::tuple<T...>;
  using Indices = std::index_sequence_for<T...>;
  static bool matches(const ValType& t, ResourceUses& uses) {
    return t.kind == TypeKind::Tuple && t.members.size() == sizeof...(T) && match(t, uses, Indices());
  }
  static All load(CallContext& cx, uint32_t at, const ValType& t) { return load(cx, at, t, Indices()); }
  static void store(CallContext& cx, uint32_t at, const All& v, const ValType& t) { store(cx, at, v, t, Indices()); }
  static All lift(CallContext& cx, const Slot*& s, const ValType& t) { return lift(cx, s, t, Indices()); }
  static void lower(CallContext& cx, Slot*& s, const All& v, const ValType& t) { lower(cx, s, v, t, Indices()); }

 private:
  template <size_t... i>
  static bool match(const ValType& t, [[maybe_unused]] ResourceUses& uses, std::index_sequence<i...>) {
    return (Abi<T>::matches(*t.members[i].type, uses) && ...);
  }
  template <size_t... i>
  static All load(CallContext& cx, uint32_t at, const ValType& t, std::index_sequence<i...>) {
    return All{Abi<T>::load(cx, at + M::kOffsets[i], *t.members[i].type)...};
  }
  template <size_t... i>
  static void store(CallContext& cx, uint32_t at, const All& v, const ValType& t, std::index_sequence<i...>) {
    (Abi<T>::store(cx, at + M::kOffsets[i], std::get<i>(v), *t.members[i].type), ...);
  }
  template <size_t... i>
  static All lift(CallContext& cx, const Slot*& s, const ValType& t, std::index_sequence<i...>) {
    return All{Abi<T>::lift(cx, s, *t.members[i].type)...};
  }
  template <size_t... i>
  static void lower(CallContext& cx, Slot*& s, const All& v, const ValType& t, std::index_sequence<i...>) {
    (Abi<T>::lower(cx, s, std::get<i>(v), *t.members[i].type), ...);
  }
};

/// Variants of any sort, by index. `V` gives the case's number and payload; payloads are Nothing or a type.
template <class P>
struct Payload : Abi<P> {
  static bool matches(const ValType* t, ResourceUses& uses) { return t != nullptr && Abi<P>::matches(*t, uses); }
};
template <>
struct Payload<Nothing> {
  static constexpr uint32_t kSize = 0, kAlign = 1, kFlat = 0;
  static bool matches(const ValType* t, ResourceUses&) { return t == nullptr; }
  static Nothing load(CallContext&, uint32_t, const ValType&) { return {}; }
  static void store(CallContext&, uint32_t, Nothing, const ValType&) {}
  static Nothing lift(CallContext&, const Slot*&, const ValType&) { return {}; }
  static void lower(CallContext&, Slot*&, Nothing, const ValType&) {}
};

template <class... P>
struct Cases {
  using Value = std::variant<P...>;
  static constexpr uint32_t kDiscriminant = discriminant_size(sizeof...(P));
  static constexpr uint32_t kPayloadAlign = std::max({Payload<P>::kAlign...});
  static constexpr uint32_t kAlign = std::max(kDiscriminant, kPayloadAlign);
  static constexpr uint32_t kPayload = kAlign;  ///< its offset: both alignments are powers of two
  static constexpr uint32_t kSize = align_to(kPayload + std::max({Payload<P>::kSize...}), kAlign);
  static constexpr uint32_t kFlat = 1 + std::max({Payload<P>::kFlat...});

  static uint32_t checked(CallContext& cx, uint32_t index) {
    if (index < sizeof...(P)) return index;
    cx.fail(AdapterTrap::bad_discriminant);
    return 0;
  }
  static const ValType& type_of(const ValType& t, size_t i) {
    const ValType* payload = case_payload(t, i);
    return payload != nullptr ? *payload : t;  // Nothing does not look at it
  }
  static bool matches(const ValType& t, ResourceUses& uses) {
    return case_count(t) == sizeof...(P) && match(t, uses, Indices());
  }
  static Value load(CallContext& cx, uint32_t at, const ValType& t) {
    uint32_t index = 0;
    if constexpr (kDiscriminant == 1) {
      index = cx.read<uint8_t>(at);
    } else if constexpr (kDiscriminant == 2) {
      index = cx.read<uint16_t>(at);
    } else {
      index = cx.read<uint32_t>(at);
    }
    return pick(checked(cx, index),
                [&]<size_t i, class Q>() { return Payload<Q>::load(cx, at + kPayload, type_of(t, i)); });
  }
  static void store(CallContext& cx, uint32_t at, const Value& v, const ValType& t) {
    if constexpr (kDiscriminant == 1) {
      cx.write(at, static_cast<uint8_t>(v.index()));
    } else if constexpr (kDiscriminant == 2) {
      cx.write(at, static_cast<uint16_t>(v.index()));
    } else {
      cx.write(at, static_cast<uint32_t>(v.index()));
    }
    with(v, [&]<size_t i, class Q>(const Q& payload) { Payload<Q>::store(cx, at + kPayload, payload, type_of(t, i)); });
  }
  static Value lift(CallContext& cx, const Slot*& s, const ValType& t) {
    const Slot* end = s + kFlat;
    const uint32_t index = checked(cx, static_cast<uint32_t>(*s++));
    Value out = pick(index, [&]<size_t i, class Q>() { return Payload<Q>::lift(cx, s, type_of(t, i)); });
    s = end;
    return out;
  }
  static void lower(CallContext& cx, Slot*& s, const Value& v, const ValType& t) {
    Slot* end = s + kFlat;
    *s++ = v.index();
    with(v, [&]<size_t i, class Q>(const Q& payload) { Payload<Q>::lower(cx, s, payload, type_of(t, i)); });
    while (s != end) *s++ = 0;
  }

 private:
  using Indices = std::index_sequence_for<P...>;
  template <size_t... i>
  static bool match(const ValType& t, ResourceUses& uses, std::index_sequence<i...>) {
    return (Payload<P>::matches(case_payload(t, i), uses) && ...);
  }
  template <class F>
  static Value pick(uint32_t index, F&& f) {
    return pick(index, f, Indices());
  }
  template <class F, size_t... i>
  static Value pick(uint32_t index, F& f, std::index_sequence<i...>) {
    std::optional<Value> out;
    ((index == i ? (void)out.emplace(std::in_place_index<i>, f.template operator()<i, P>()) : (void)0), ...);
    return std::move(*out);
  }
  template <class F>
  static void with(const Value& v, F&& f) {
    with(v, f, Indices());
  }
  template <class F, size_t... i>
  static void with(const Value& v, F& f, std::index_sequence<i...>) {
    ((v.index() == i ? f.template operator()<i, P>(*std::get_if<i>(&v)) : (void)0), ...);
  }
};

/// For C++ types that are variants in disguise: To and from std::variant.
template <class T, class C, class Convert, TypeKind kind>
struct Disguised {
  static constexpr uint32_t kSize = C::kSize, kAlign = C::kAlign, kFlat = C::kFlat;
  static bool matches(const ValType& t, ResourceUses& uses) { return t.kind == kind && C::matches(t, uses); }
  static T load(CallContext& cx, uint32_t at, const ValType& t) { return Convert::from(C::load(cx, at, t)); }
  static void store(CallContext& cx, uint32_t at, const T& v, const ValType& t) { C::store(cx, at, Convert::to(v), t); }
  static T lift(CallContext& cx, const Slot*& s, const ValType& t) { return Convert::from(C::lift(cx, s, t)); }
  static void lower(CallContext& cx, Slot*& s, const T& v, const ValType& t) { C::lower(cx, s, Convert::to(v), t); }
};

template <class T>
struct ConvertOption {
  using V = std::variant<Nothing, T>;
  static std::optional<T> from(V v) {
    if (v.index() == 0) return std::nullopt;
    return std::move(*std::get_if<1>(&v));
  }
  static V to(const std::optional<T>& v) { return v ? V(std::in_place_index<1>, *v) : V(std::in_place_index<0>); }
};
template <class T>
struct Abi<std::optional<T>> : Disguised<std::optional<T>, Cases<Nothing, T>, ConvertOption<T>, TypeKind::Option> {};

template <class T, class E>
struct ConvertResult {
  using Ok = std::conditional_t<std::is_void_v<T>, Nothing, T>;
  using V = std::variant<Ok, E>;
  static std::expected<T, E> from(V v) {
    if (v.index() == 1) return std::unexpected(std::move(*std::get_if<1>(&v)));
    if constexpr (std::is_void_v<T>) {
      return {};
    } else {
      return std::move(*std::get_if<0>(&v));
    }
  }
  static V to(const std::expected<T, E>& v) {
    if (!v) return V(std::in_place_index<1>, v.error());
    if constexpr (std::is_void_v<T>) {
      return V(std::in_place_index<0>);
    } else {
      return V(std::in_place_index<0>, *v);
    }
  }
};
template <class T, class E>
struct Abi<std::expected<T, E>> : Disguised<std::expected<T, E>, Cases<typename ConvertResult<T, E>::Ok, E>,
                                            ConvertResult<T, E>, TypeKind::Result> {};

// ---- what bindings define

template <class T>
concept Record = requires { T::fields; };
template <class T>
concept Variant = requires(T v) {
  T::cases;
  v.value;
};
template <class T>
concept Flags = requires(T v) {
  T::labels;
  v.bits;
};
template <class T>
concept Enum = std::is_enum_v<T> && requires(T v) { abi_labels(v); };

template <Record T>
struct Abi<T> {
  template <class Fields>
  struct Of;
  template <class... F>
  struct Of<std::tuple<F...>> {
    using Tuple = Abi<std::tuple<typename F::type...>>;
    using Values = std::tuple<typename F::type...>;
  };
  using Inner = Of<std::remove_cvref_t<decltype(T::fields)>>;
  using Tuple = typename Inner::Tuple;
  static constexpr uint32_t kSize = Tuple::kSize, kAlign = Tuple::kAlign, kFlat = Tuple::kFlat;
  static bool matches(const ValType& t, ResourceUses& uses) {
    if (t.kind != TypeKind::Record) return false;
    size_t i = 0;
    return std::apply(
        [&](const auto&... f) {
          return t.members.size() == sizeof...(f) &&
                 ((t.members[i].label == f.label && match(f, *t.members[i++].type, uses)) && ...);
        },
        T::fields);
  }
  static T load(CallContext& cx, uint32_t at, const ValType& t) { return from(Tuple::load(cx, at, t)); }
  static void store(CallContext& cx, uint32_t at, const T& v, const ValType& t) { Tuple::store(cx, at, to(v), t); }
  static T lift(CallContext& cx, const Slot*& s, const ValType& t) { return from(Tuple::lift(cx, s, t)); }
  static void lower(CallContext& cx, Slot*& s, const T& v, const ValType& t) { Tuple::lower(cx, s, to(v), t); }

 private:
  template <class S, class M>
  static bool match(const Field<S, M>&, const ValType& t, ResourceUses& uses) {
    return Abi<M>::matches(t, uses);
  }
  static T from(typename Inner::Values values) {
    T out;
    std::apply(
        [&](const auto&... f) { std::apply([&](auto&... v) { ((out.*(f.member) = std::move(v)), ...); }, values); },
        T::fields);
    return out;
  }
  static typename Inner::Values to(const T& v) {
    return std::apply([&](const auto&... f) { return typename Inner::Values{v.*(f.member)...}; }, T::fields);
  }
};

template <Variant T>
struct Abi<T> {
  template <class V>
  struct Of;
  template <class... P>
  struct Of<std::variant<P...>> {
    using type = Cases<P...>;
  };
  using C = typename Of<decltype(T::value)>::type;
  static constexpr uint32_t kSize = C::kSize, kAlign = C::kAlign, kFlat = C::kFlat;
  static bool matches(const ValType& t, ResourceUses& uses) {
    if (t.kind != TypeKind::Variant || !C::matches(t, uses)) return false;
    for (size_t i = 0; i < T::cases.size(); ++i) {
      if (t.members[i].label != T::cases[i]) return false;
    }
    return true;
  }
  static T load(CallContext& cx, uint32_t at, const ValType& t) { return T{C::load(cx, at, t)}; }
  static void store(CallContext& cx, uint32_t at, const T& v, const ValType& t) { C::store(cx, at, v.value, t); }
  static T lift(CallContext& cx, const Slot*& s, const ValType& t) { return T{C::lift(cx, s, t)}; }
  static void lower(CallContext& cx, Slot*& s, const T& v, const ValType& t) { C::lower(cx, s, v.value, t); }
};

template <size_t n>
bool same_labels(const ValType& t, const std::array<const char*, n>& labels) {
  if (t.members.size() != n) return false;
  for (size_t i = 0; i < n; ++i) {
    if (t.members[i].label != labels[i]) return false;
  }
  return true;
}

/// Integers of the width that so many cases or flags need.
template <uint32_t bytes>
using Bits = std::conditional_t<bytes == 1, uint8_t, std::conditional_t<bytes == 2, uint16_t, uint32_t>>;

template <Enum T>
struct Abi<T> {
  static constexpr auto kLabels = abi_labels(T{});
  using Wire = Bits<discriminant_size(kLabels.size())>;
  static constexpr uint32_t kSize = sizeof(Wire), kAlign = sizeof(Wire), kFlat = 1;
  static bool matches(const ValType& t, ResourceUses&) { return t.kind == TypeKind::Enum && same_labels(t, kLabels); }
  static T checked(CallContext& cx, uint32_t index) {
    if (index < kLabels.size()) return static_cast<T>(index);
    cx.fail(AdapterTrap::bad_discriminant);
    return T{};
  }
  static T load(CallContext& cx, uint32_t at, const ValType&) { return checked(cx, cx.read<Wire>(at)); }
  static void store(CallContext& cx, uint32_t at, T v, const ValType&) { cx.write(at, static_cast<Wire>(v)); }
  static T lift(CallContext& cx, const Slot*& s, const ValType&) { return checked(cx, static_cast<uint32_t>(*s++)); }
  static void lower(CallContext&, Slot*& s, T v, const ValType&) { *s++ = static_cast<uint32_t>(v); }
};

template <Flags T>
struct Abi<T> {
  static constexpr size_t kCount = T::labels.size();
  static constexpr uint32_t kMask = kCount >= 32 ? ~0u : (1u << kCount) - 1;
  using Wire = Bits<kCount <= 8 ? 1 : kCount <= 16 ? 2 : 4>;
  static constexpr uint32_t kSize = sizeof(Wire), kAlign = sizeof(Wire), kFlat = 1;
  static bool matches(const ValType& t, ResourceUses&) {
    return t.kind == TypeKind::Flags && same_labels(t, T::labels);
  }
  static T load(CallContext& cx, uint32_t at, const ValType&) { return T{cx.read<Wire>(at) & kMask}; }
  static void store(CallContext& cx, uint32_t at, T v, const ValType&) {
    cx.write(at, static_cast<Wire>(v.bits & kMask));
  }
  static T lift(CallContext&, const Slot*& s, const ValType&) { return T{static_cast<uint32_t>(*s++) & kMask}; }
  static void lower(CallContext&, Slot*& s, T v, const ValType&) { *s++ = v.bits & kMask; }
};

template <class T, class R, TypeKind kind, uint32_t (CallContext::*lift_rep)(ResourceId, uint32_t),
          uint32_t (CallContext::*lower_rep)(ResourceId, uint32_t)>
struct Handle {
  static constexpr uint32_t kSize = 4, kAlign = 4, kFlat = 1;
  static bool matches(const ValType& t, ResourceUses& uses) {
    if (t.kind != kind) return false;
    uses.emplace_back(t.resource, tag_of<R>());
    return true;
  }
  static T load(CallContext& cx, uint32_t at, const ValType& t) {
    return T{(cx.*lift_rep)(t.resource, cx.read<uint32_t>(at))};
  }
  static void store(CallContext& cx, uint32_t at, T v, const ValType& t) {
    cx.write(at, (cx.*lower_rep)(t.resource, v.rep));
  }
  static T lift(CallContext& cx, const Slot*& s, const ValType& t) {
    return T{(cx.*lift_rep)(t.resource, static_cast<uint32_t>(*s++))};
  }
  static void lower(CallContext& cx, Slot*& s, T v, const ValType& t) { *s++ = (cx.*lower_rep)(t.resource, v.rep); }
};
template <class R>
struct Abi<Own<R>> : Handle<Own<R>, R, TypeKind::Own, &CallContext::lift_own, &CallContext::lower_own> {};
template <class R>
struct Abi<Borrow<R>> : Handle<Borrow<R>, R, TypeKind::Borrow, &CallContext::lift_borrow, &CallContext::lower_borrow> {
};

// ---- functions

/// T out of T and Result<T>; Result<void> is Status.
template <class R>
struct Returned {
  using type = R;
  static constexpr bool may_trap = false;
};
template <class R>
struct Returned<std::expected<R, Error>> {
  using type = R;
  static constexpr bool may_trap = true;
};

/// A host function out of a callable with C++ parameters and result. Slots hold the core parameters; the core result is
/// left in slots[0].
template <class F, class R, class... A>
struct TypedFunction {
  using Params = Abi<std::tuple<std::remove_cvref_t<A>...>>;
  using Value = typename Returned<R>::type;

  static bool matches(const FuncType& type, ResourceUses& uses) {
    if (type.params.size() != sizeof...(A)) return false;
    size_t i = 0;
    if (!(Abi<std::remove_cvref_t<A>>::matches(*type.params[i++].type, uses) && ...)) return false;
    if constexpr (std::is_void_v<Value>) {
      return type.result == nullptr;
    } else {
      return type.result != nullptr && Abi<Value>::matches(*type.result, uses);
    }
  }

  static Status call(F& f, CallContext& cx, const FuncType& type, Slot* slots) {
    return call(f, cx, type, slots, std::index_sequence_for<A...>());
  }

 private:
  template <size_t... i>
  static Status call(F& f, CallContext& cx, const FuncType& type, Slot* slots, std::index_sequence<i...>) {
    constexpr bool is_flat = Params::kFlat <= kMaxFlatParams;
    const Slot* at = slots;
    if constexpr (!is_flat) {
      const auto pointer = static_cast<uint32_t>(*at++);
      if (cx.bytes(pointer, Params::kSize, Params::kAlign) == nullptr) return cx.take_status();
      std::tuple<std::remove_cvref_t<A>...> args{
          Abi<std::remove_cvref_t<A>>::load(cx, pointer + Params::kOffsets[i], *type.params[i].type)...};
      return finish(f, cx, type, slots, at, std::move(args));
    } else {
      std::tuple<std::remove_cvref_t<A>...> args{Abi<std::remove_cvref_t<A>>::lift(cx, at, *type.params[i].type)...};
      return finish(f, cx, type, slots, at, std::move(args));
    }
  }

  static Status finish(F& f, CallContext& cx, const FuncType& type, Slot* slots, const Slot* rest,
                       std::tuple<std::remove_cvref_t<A>...> args) {
    if (cx.failed()) return cx.take_status();
    if constexpr (std::is_void_v<Value>) {
      if constexpr (Returned<R>::may_trap) {
        TRY(std::apply(f, std::move(args)));
      } else {
        std::apply(f, std::move(args));
      }
      return {};
    } else {
      if constexpr (Returned<R>::may_trap) {
        TRY_ASSIGN(const Value value, std::apply(f, std::move(args)));
        return give(cx, type, slots, rest, value);
      } else {
        return give(cx, type, slots, rest, std::apply(f, std::move(args)));
      }
    }
  }

  static Status give(CallContext& cx, const FuncType& type, Slot* slots, const Slot* rest, const auto& value) {
    if constexpr (Abi<Value>::kFlat <= kMaxFlatResults) {
      Slot* out = slots;
      Abi<Value>::lower(cx, out, value, *type.result);
    } else {
      const auto pointer = static_cast<uint32_t>(*rest);
      if (cx.bytes(pointer, Abi<Value>::kSize, Abi<Value>::kAlign) == nullptr) return cx.take_status();
      Abi<Value>::store(cx, pointer, value, *type.result);
    }
    return cx.take_status();
  }
};

template <class F>
struct TypedOf : TypedOf<decltype(&F::operator())> {};
template <class F, class R, class... A>
struct TypedOf<R (F::*)(A...)> {
  template <class G>
  using type = TypedFunction<G, R, A...>;
};
template <class F, class R, class... A>
struct TypedOf<R (F::*)(A...) const> : TypedOf<R (F::*)(A...)> {};

}  // namespace abi

/// HostFunction of a callable with C++ parameters and result: a value, Result of it (an error traps), void or Status.
template <class F>
HostFunction typed_function(F f) {
  using T = typename abi::TypedOf<F>::template type<F>;
  HostFunction out;
  out.matches = &T::matches;
  out.typed = [f = std::move(f)](CallContext& cx, const FuncType& type, runtime::Slot* slots) mutable {
    return T::call(f, cx, type, slots);
  };
  return out;
}

}  // namespace ashlar::component
