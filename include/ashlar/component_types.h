// The C++ types of WIT's types, and how values of them become Vals and the other way round.
//
// WIT                    C++
// bool .. char           bool, int8_t .. uint64_t, float, double, char32_t
// string                 std::string; as a parameter also std::string_view
// list<T>                std::vector<T>; as a parameter also std::span<const T>
// list<T, N>             std::array<T, N>
// option<T>              std::optional<T>
// result<T, E>           std::expected<T, E>; without T: void; without E: std::monostate
// tuple<...>             std::tuple<...>
// record                 a struct with
//                        `static constexpr auto fields = std::tuple(ashlar::WitField{"name", &S::member}, ...)`
// variant                a struct with `std::variant<...> value` and
//                        `static constexpr std::array cases{"a", ...}`; cases without payload are std::monostate
// enum                   an enum class with `constexpr auto wit_labels(E) { return std::array{"a", ...}; }` beside it
// flags                  a struct with `uint32_t bits` and `static constexpr std::array labels{"a", ...}`
// resource of a guest    own: a class derived from ashlar::OwnedResource; borrow: `const C&` as a parameter, else
//                        `const C*`
// resource of the host   own: std::unique_ptr<T>; borrow: `T&` as a parameter, else `T*`
//
// Functions whose parameters and result are all numbers, bools, strings and lists of numbers (as results not of floats)
// pass them without a Val between: a host function's std::string_view and std::span then lie in the guest's memory, and
// are valid until it returns.
//
// `ashlar bindgen cpp` writes these types.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstring>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "ashlar/component_value.h"
#include "ashlar/value.h"

namespace ashlar {
inline namespace v0 {

class ComponentCaller;

namespace detail {
struct ComponentInstanceState;
}

/// A field of a record: its name in WIT, and the member that holds it.
template <class S, class M>
struct WitField {
  using type = M;          ///< the member's
  std::string_view label;  ///< in WIT
  M S::* member;           ///< in C++
};
template <class S, class M>
WitField(const char*, M S::*) -> WitField<S, M>;

/// A handle that owns a resource of a guest, given by a call. Move-only. When it goes the resource's destructor runs,
/// errors of which are lost (drop() tells them). It may outlive the store, and does nothing then; else it belongs to
/// the store's thread.
class OwnedResource {
 public:
  OwnedResource() = default;
  OwnedResource(OwnedResource&& other) noexcept;
  OwnedResource& operator=(OwnedResource&& other) noexcept;
  ~OwnedResource();

  /// Whether it owns one; not when moved from, dropped, or passed to a guest.
  explicit operator bool() const { return bool(value_); }
  /// Runs the destructor. Errors: Trap; those of calls.
  Status drop();

 private:
  friend struct detail::Access;
  std::weak_ptr<detail::ComponentInstanceState> instance_;
  std::optional<Val> value_;
};

namespace detail {

/// What a call's values belong to; the first failure counts. What was lent comes back when it goes.
struct Passing {
  ComponentInstanceState* instance = nullptr;
  Status status = {};
  std::vector<uint32_t> lent = {};
  ~Passing();
};

/// Objects of the host behind handles of guests.
Val keep_object(Passing& passing, std::unique_ptr<External> object);
/// For the time of the call.
Val lend_object(Passing& passing, std::unique_ptr<External> object);
External* find_object(Passing& passing, const Val& handle);
std::unique_ptr<External> take_object(Passing& passing, const Val& handle);
/// For those that only find their type: a failed status, wrong_resource.
void wrong_object(Passing& passing);
Val give_resource(Passing& passing, OwnedResource&& resource);
Val lend_resource(Passing& passing, const OwnedResource& resource);
/// Of a call that was refused: what was to be given away is still the host's, and nobody else has it.
void drop_refused(Passing& passing, std::span<Val> values);
void take_resource(Passing& passing, Val handle, OwnedResource& to);

/// How T is a value: matches(type); give(passing, v): a Val of it; take(passing, val): the T. Values of types that
/// match are of the kinds expected here.
template <class T>
struct Wit;

template <class T, WitKind kind, Val (*make)(T)>
struct WitScalar {
  static bool matches(const WitType& t) { return t.kind() == kind; }
  static Val give(Passing&, T v) { return make(v); }
  static T take(Passing&, Val v) {
    if constexpr (std::is_same_v<T, bool>) {
      return v.as_bool();
    } else if constexpr (std::is_same_v<T, float>) {
      return v.as_f32();
    } else if constexpr (std::is_same_v<T, double>) {
      return v.as_f64();
    } else {
      return static_cast<T>(v.as_unsigned());
    }
  }
  static constexpr WitKind kKind = kind;
};
template <>
struct Wit<bool> : WitScalar<bool, WitKind::Bool, Val::boolean> {};
template <>
struct Wit<int8_t> : WitScalar<int8_t, WitKind::S8, Val::s8> {};
template <>
struct Wit<uint8_t> : WitScalar<uint8_t, WitKind::U8, Val::u8> {};
template <>
struct Wit<int16_t> : WitScalar<int16_t, WitKind::S16, Val::s16> {};
template <>
struct Wit<uint16_t> : WitScalar<uint16_t, WitKind::U16, Val::u16> {};
template <>
struct Wit<int32_t> : WitScalar<int32_t, WitKind::S32, Val::s32> {};
template <>
struct Wit<uint32_t> : WitScalar<uint32_t, WitKind::U32, Val::u32> {};
template <>
struct Wit<int64_t> : WitScalar<int64_t, WitKind::S64, Val::s64> {};
template <>
struct Wit<uint64_t> : WitScalar<uint64_t, WitKind::U64, Val::u64> {};
template <>
struct Wit<float> : WitScalar<float, WitKind::F32, Val::f32> {};
template <>
struct Wit<double> : WitScalar<double, WitKind::F64, Val::f64> {};
template <>
struct Wit<char32_t> : WitScalar<char32_t, WitKind::Char, Val::character> {};

/// Numbers and bools go into core values as they are, without a Val between.
template <class T>
concept FlatScalar = (std::is_arithmetic_v<T> && !std::is_same_v<T, char32_t>) && requires { Wit<T>::kKind; };

template <FlatScalar T>
uint64_t scalar_to_slot(T v) {
  if constexpr (std::is_same_v<T, float>) {
    return std::bit_cast<uint32_t>(v);
  } else if constexpr (std::is_same_v<T, double>) {
    return std::bit_cast<uint64_t>(v);
  } else if constexpr (sizeof(T) <= sizeof(uint32_t)) {
    return static_cast<uint32_t>(v);
  } else {
    return static_cast<uint64_t>(v);
  }
}
template <FlatScalar T>
T scalar_from_slot(uint64_t slot) {
  if constexpr (std::is_same_v<T, bool>) {
    return static_cast<uint32_t>(slot) != 0;
  } else if constexpr (std::is_same_v<T, float>) {
    return std::bit_cast<float>(static_cast<uint32_t>(slot));
  } else if constexpr (std::is_same_v<T, double>) {
    return std::bit_cast<double>(slot);
  } else {
    return static_cast<T>(slot);
  }
}
/// A call of a function whose parameters and result are such; they flatten to no more than fit in registers of the ABI.
Status call_flat(ComponentInstanceState* instance, uint32_t func, std::span<uint64_t> slots);
inline constexpr size_t kMostFlat = 16;

/// An argument or result of a function whose values need no Val: numbers, strings, and lists of numbers.
struct DirectValue {
  uint64_t bits = 0;           ///< a number, as its core value
  const void* data = nullptr;  ///< a string or list: where it is, in bytes, and how many
  size_t size = 0;
};
/// Where the result goes: `bits` is set, or take(to, data, size) is called, once, with what is there during the call.
struct DirectResult {
  uint64_t bits = 0;
  void (*take)(void* to, const void* data, size_t size) = nullptr;
  void* to = nullptr;
};

template <>
struct Wit<std::string> {
  static bool matches(const WitType& t) { return t.kind() == WitKind::String; }
  static Val give(Passing&, std::string v) { return Val::string(std::move(v)); }
  static std::string take(Passing&, Val v) { return std::string(v.as_string()); }
};
template <>
struct Wit<std::string_view> : Wit<std::string> {
  static Val give(Passing&, std::string_view v) { return Val::string(std::string(v)); }
};

/// Whether lists of T are packed, with elements as T lies in memory.
template <class T>
concept Packable = requires { Wit<T>::kKind; };

template <class T>
struct WitList {
  static bool matches_element(const WitType& t) { return Wit<T>::matches(*t.member(0)); }
  template <class Range>
  static Val give_range(Passing& p, Range&& range) {
    if constexpr (Packable<T>) {
      std::vector<uint8_t> bytes(range.size() * sizeof(T));
      if constexpr (std::is_same_v<T, bool>) {
        for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = range[i] ? 1 : 0;
      } else if (!bytes.empty()) {
        std::memcpy(bytes.data(), range.data(), bytes.size());
      }
      return Val::packed_list(Wit<T>::kKind, std::move(bytes));
    } else {
      std::vector<Val> out;
      out.reserve(range.size());
      for (auto& element : range) {
        if constexpr (std::is_const_v<std::remove_reference_t<decltype(element)>>) {
          out.push_back(Wit<T>::give(p, element));
        } else {
          out.push_back(Wit<T>::give(p, std::move(element)));
        }
      }
      return Val::list(std::move(out));
    }
  }
  /// `out` has the list's size.
  template <class Range>
  static void take_into(Passing& p, Val& v, Range& out) {
    if constexpr (Packable<T>) {
      if (const auto packed = v.packed()) {
        if constexpr (std::is_same_v<T, bool>) {
          for (size_t i = 0; i < packed->size(); ++i) out[i] = (*packed)[i] != 0;
        } else if (!packed->empty()) {
          std::memcpy(out.data(), packed->data(), packed->size());
        }
        return;
      }
    }
    for (size_t i = 0; i < out.size(); ++i) out[i] = Wit<T>::take(p, v.take(i));
  }
};

template <class T>
struct Wit<std::vector<T>> : WitList<T> {
  static bool matches(const WitType& t) { return t.kind() == WitKind::List && WitList<T>::matches_element(t); }
  static Val give(Passing& p, const std::vector<T>& v)
    requires std::is_copy_constructible_v<T>
  {
    return WitList<T>::give_range(p, v);
  }
  static Val give(Passing& p, std::vector<T>&& v) { return WitList<T>::give_range(p, v); }
  static std::vector<T> take(Passing& p, Val v) {
    std::vector<T> out(v.size());
    WitList<T>::take_into(p, v, out);
    return out;
  }
};
template <class T>
struct Wit<std::span<const T>> : Wit<std::vector<T>> {
  static Val give(Passing& p, std::span<const T> v) { return WitList<T>::give_range(p, v); }
};
template <class T, size_t n>
struct Wit<std::array<T, n>> : WitList<T> {
  static bool matches(const WitType& t) {
    return t.kind() == WitKind::FixedList && t.fixed_length() == n && WitList<T>::matches_element(t);
  }
  static Val give(Passing& p, std::array<T, n> v) { return WitList<T>::give_range(p, v); }
  static std::array<T, n> take(Passing& p, Val v) {
    std::array<T, n> out{};
    WitList<T>::take_into(p, v, out);
    return out;
  }
};

/// Core values that a DirectValue is: none for types that are none.
template <class T>
struct Direct {
  static constexpr size_t kFlat = 0;
};
template <FlatScalar T>
struct Direct<T> {
  static constexpr size_t kFlat = 1;
  static DirectValue give(T v) { return {scalar_to_slot(v), nullptr, 0}; }
  static T take(const DirectValue& v) { return scalar_from_slot<T>(v.bits); }
};
/// A string or list that lies in one piece.
template <class T>
struct DirectBytes {
  static constexpr size_t kFlat = 2;
  using Element = std::remove_const_t<typename T::value_type>;
  static DirectValue give(const T& v) { return {0, v.data(), v.size() * sizeof(Element)}; }
  static T take(const DirectValue& v) {
    const auto* const data = static_cast<const Element*>(v.data);
    if constexpr (std::is_constructible_v<T, const Element*, size_t>) {
      return T(data, v.size / sizeof(Element));
    } else {
      return T(data, data + v.size / sizeof(Element));
    }
  }
  static void assign(void* to, const void* data, size_t size) {
    const auto* const first = static_cast<const Element*>(data);
    static_cast<T*>(to)->assign(first, first + size / sizeof(Element));
  }
};
template <>
struct Direct<std::string> : DirectBytes<std::string> {};
template <>
struct Direct<std::string_view> : DirectBytes<std::string_view> {};
template <class T>
  requires(FlatScalar<T> && !std::is_same_v<T, bool>)
struct Direct<std::vector<T>> : DirectBytes<std::vector<T>> {};
template <class T>
  requires(FlatScalar<T> && !std::is_same_v<T, bool>)
struct Direct<std::span<const T>> : DirectBytes<std::span<const T>> {};

/// Whether the core values of such parameters are all in slots; references to what a resource may be do not count.
template <class... A>
inline constexpr bool kDirectParameters =
    ((Direct<std::remove_cvref_t<A>>::kFlat != 0 &&
      (!std::is_lvalue_reference_v<A> || std::is_const_v<std::remove_reference_t<A>>)) &&
     ...) &&
    (Direct<std::remove_cvref_t<A>>::kFlat + ... + 0) <= kMostFlat;
/// Results are values. NaNs in lists that guests give may have to be changed, so those are not among them.
template <class R>
inline constexpr bool kDirectResult = std::is_void_v<R> || FlatScalar<R> || std::is_same_v<R, std::string>;
template <class T>
  requires(std::is_integral_v<T>)
inline constexpr bool kDirectResult<std::vector<T>> = Direct<std::vector<T>>::kFlat != 0;

/// Calls a function whose parameters and result are such. Strings must be UTF-8. Errors: those of ComponentFunc::call.
Status call_direct(ComponentInstanceState* instance, uint32_t func, std::span<const DirectValue> args,
                   DirectResult& result);

template <class... T>
struct Wit<std::tuple<T...>> {
  static bool matches(const WitType& t) {
    if (t.kind() != WitKind::Tuple || t.size() != sizeof...(T)) return false;
    size_t i = 0;
    return (Wit<T>::matches(*t.member(i++)) && ...);
  }
  static Val give(Passing& p, std::tuple<T...> v) {
    std::vector<Val> out;
    out.reserve(sizeof...(T));
    std::apply([&](auto&... e) { (out.push_back(Wit<T>::give(p, std::move(e))), ...); }, v);
    return Val::tuple(std::move(out));
  }
  static std::tuple<T...> take(Passing& p, Val v) {
    return [&]<size_t... i>(std::index_sequence<i...>) {
      return std::tuple<T...>{Wit<T>::take(p, v.take(i))...};
    }(std::index_sequence_for<T...>());
  }
};

/// A payload, which may be none: void and std::monostate.
template <class T>
inline constexpr bool kNoPayload = std::is_void_v<T> || std::is_same_v<T, std::monostate>;
template <class T>
bool matches_payload(const std::optional<WitType>& t) {
  if constexpr (kNoPayload<T>) {
    return !t;
  } else {
    return t && Wit<T>::matches(*t);
  }
}

template <class T>
struct Wit<std::optional<T>> {
  static bool matches(const WitType& t) { return t.kind() == WitKind::Option && Wit<T>::matches(*t.member(0)); }
  static Val give(Passing& p, std::optional<T> v) {
    return v ? Val::some(Wit<T>::give(p, std::move(*v))) : Val::none();
  }
  static std::optional<T> take(Passing& p, Val v) {
    std::optional<Val> payload = v.take_payload();
    if (!payload) return std::nullopt;
    return Wit<T>::take(p, std::move(*payload));
  }
};

template <class T, class E>
struct Wit<std::expected<T, E>> {
  static bool matches(const WitType& t) {
    return t.kind() == WitKind::Result && matches_payload<T>(t.member(0)) && matches_payload<E>(t.member(1));
  }
  static Val give(Passing& p, std::expected<T, E> v) {
    if (!v) {
      if constexpr (kNoPayload<E>) {
        return Val::error();
      } else {
        return Val::error(Wit<E>::give(p, std::move(v).error()));
      }
    }
    if constexpr (kNoPayload<T>) {
      return Val::ok();
    } else {
      return Val::ok(Wit<T>::give(p, std::move(*v)));
    }
  }
  static std::expected<T, E> take(Passing& p, Val v) {
    if (v.index() != 0) {
      if constexpr (kNoPayload<E>) {
        return std::unexpected(E{});
      } else {
        return std::unexpected(Wit<E>::take(p, std::move(*v.take_payload())));
      }
    }
    if constexpr (kNoPayload<T>) {
      return {};
    } else {
      return Wit<T>::take(p, std::move(*v.take_payload()));
    }
  }
};

template <class T>
concept WitRecord = requires { T::fields; };
template <class T>
concept WitVariant = requires(T v) {
  T::cases;
  v.value;
};
template <class T>
concept WitFlags = requires(T v) {
  T::labels;
  v.bits;
};
template <class T>
concept WitEnum = std::is_enum_v<T> && requires(T v) { wit_labels(v); };

template <size_t n>
bool same_labels(const WitType& t, const std::array<const char*, n>& labels) {
  if (t.size() != n) return false;
  for (size_t i = 0; i < n; ++i) {
    if (t.label(i) != labels[i]) return false;
  }
  return true;
}

template <WitRecord T>
struct Wit<T> {
  template <class F>
  using MemberOf = typename std::remove_cvref_t<F>::type;
  static bool matches(const WitType& t) {
    if (t.kind() != WitKind::Record) return false;
    size_t i = 0;
    return std::apply(
        [&](const auto&... f) {
          return t.size() == sizeof...(f) &&
                 ((t.label(i) == f.label && Wit<MemberOf<decltype(f)>>::matches(*t.member(i)) && (++i, true)) && ...);
        },
        T::fields);
  }
  static Val give(Passing& p, const T& v)
    requires std::is_copy_constructible_v<T>
  {
    std::vector<Val> out;
    std::apply([&](const auto&... f) { (out.push_back(Wit<MemberOf<decltype(f)>>::give(p, v.*(f.member))), ...); },
               T::fields);
    return Val::record(std::move(out));
  }
  static Val give(Passing& p, T&& v) {
    std::vector<Val> out;
    std::apply(
        [&](const auto&... f) { (out.push_back(Wit<MemberOf<decltype(f)>>::give(p, std::move(v.*(f.member)))), ...); },
        T::fields);
    return Val::record(std::move(out));
  }
  static T take(Passing& p, Val v) {
    T out{};
    size_t i = 0;
    std::apply([&](const auto&... f) { ((out.*(f.member) = Wit<MemberOf<decltype(f)>>::take(p, v.take(i++))), ...); },
               T::fields);
    return out;
  }
};

template <WitVariant T>
struct Wit<T> {
  using Value = decltype(T::value);
  using Indices = std::make_index_sequence<std::variant_size_v<Value>>;
  template <size_t i>
  using Payload = std::variant_alternative_t<i, Value>;
  static bool matches(const WitType& t) {
    return t.kind() == WitKind::Variant && same_labels(t, T::cases) && match(t, Indices());
  }
  static Val give(Passing& p, T v) { return give(p, v, Indices()); }
  static T take(Passing& p, Val v) { return take(p, v, Indices()); }

 private:
  template <size_t... i>
  static bool match(const WitType& t, std::index_sequence<i...>) {
    return (matches_payload<Payload<i>>(t.member(i)) && ...);
  }
  template <size_t i>
  static Val give_case(Passing& p, T& v) {
    if constexpr (kNoPayload<Payload<i>>) {
      return Val::variant(i);
    } else {
      return Val::variant(i, Wit<Payload<i>>::give(p, std::move(*std::get_if<i>(&v.value))));
    }
  }
  template <size_t... i>
  static Val give(Passing& p, T& v, std::index_sequence<i...>) {
    Val out;
    ((v.value.index() == i ? (void)(out = give_case<i>(p, v)) : (void)0), ...);
    return out;
  }
  template <size_t i>
  static void take_case(Passing& p, Val& v, T& out) {
    if constexpr (kNoPayload<Payload<i>>) {
      out.value.template emplace<i>();
    } else {
      out.value.template emplace<i>(Wit<Payload<i>>::take(p, std::move(*v.take_payload())));
    }
  }
  template <size_t... i>
  static T take(Passing& p, Val& v, std::index_sequence<i...>) {
    T out{};
    ((v.index() == i ? take_case<i>(p, v, out) : (void)0), ...);
    return out;
  }
};

template <WitEnum T>
struct Wit<T> {
  static bool matches(const WitType& t) { return t.kind() == WitKind::Enum && same_labels(t, wit_labels(T{})); }
  static Val give(Passing&, T v) { return Val::enumeration(static_cast<uint32_t>(v)); }
  static T take(Passing&, Val v) { return static_cast<T>(v.index()); }
};
template <WitFlags T>
struct Wit<T> {
  static bool matches(const WitType& t) { return t.kind() == WitKind::Flags && same_labels(t, T::labels); }
  static Val give(Passing&, T v) { return Val::flags(v.bits); }
  static T take(Passing&, Val v) { return T{v.as_flags()}; }
};

// ---- resources

template <std::derived_from<OwnedResource> T>
struct Wit<T> {
  static bool matches(const WitType& t) { return t.kind() == WitKind::Own; }
  static Val give(Passing& p, T v) { return give_resource(p, std::move(v)); }
  static T take(Passing& p, Val v) {
    T out;
    take_resource(p, std::move(v), out);
    return out;
  }
};
template <std::derived_from<OwnedResource> T>
struct Wit<const T*> {
  static bool matches(const WitType& t) { return t.kind() == WitKind::Borrow; }
  static Val give(Passing& p, const T* v) { return lend_resource(p, *v); }
};
template <class T>
struct Wit<std::unique_ptr<T>> {
  using Object = ExternalOf<std::unique_ptr<T>>;
  static bool matches(const WitType& t) { return t.kind() == WitKind::Own; }
  static Val give(Passing& p, std::unique_ptr<T> v) { return keep_object(p, std::make_unique<Object>(std::move(v))); }
  static std::unique_ptr<T> take(Passing& p, Val v) {
    const std::unique_ptr<External> object = take_object(p, v);
    if (auto* found = external_as<std::unique_ptr<T>>(object.get())) return std::move(*found);
    wrong_object(p);
    return nullptr;
  }
};
template <class T>
struct Wit<T*> {
  static bool matches(const WitType& t) { return t.kind() == WitKind::Borrow; }
  static Val give(Passing& p, T* v) { return lend_object(p, std::make_unique<ExternalOf<T*>>(v)); }
  static T* take(Passing& p, Val v) {
    External* const object = find_object(p, v);
    if (auto* found = external_as<std::unique_ptr<T>>(object)) return found->get();
    if (auto* lent = external_as<T*>(object)) return *lent;
    wrong_object(p);
    return nullptr;
  }
};

// ---- functions

/// How a parameter of type A passes: references to resources are borrows.
template <class A, class Bare = std::remove_cvref_t<A>>
struct WitParameter : Wit<Bare> {
  /// What holds the argument while a host function runs.
  using Stored = decltype(Wit<Bare>::take(std::declval<Passing&>(), std::declval<Val>()));
  static A pass(Stored& stored) {
    if constexpr (std::is_lvalue_reference_v<A>) {
      return stored;
    } else if constexpr (std::is_same_v<Stored, Bare>) {
      return std::move(stored);
    } else {
      return A(stored);
    }
  }
};
template <class A, class Bare>
  requires(std::is_lvalue_reference_v<A> && std::is_const_v<std::remove_reference_t<A>> &&
           std::derived_from<Bare, OwnedResource>)
struct WitParameter<A, Bare> : Wit<const Bare*> {
  static Val give(Passing& p, const Bare& v) { return Wit<const Bare*>::give(p, &v); }
};
template <class A, class Bare>
  requires(std::is_lvalue_reference_v<A> && !std::is_const_v<std::remove_reference_t<A>>)
struct WitParameter<A, Bare> : Wit<Bare*> {
  static Val give(Passing& p, Bare& v) { return Wit<Bare*>::give(p, &v); }
  using Stored = Bare*;
  static A pass(Stored& stored) { return *stored; }
};
template <class A>
using WitOf = WitParameter<A>;

template <class R, class... A, class Params>
bool component_types_match(const Params& params, const std::optional<WitType>& result) {
  if (params.size() != sizeof...(A)) return false;
  [[maybe_unused]] size_t i = 0;
  return (WitOf<A>::matches(params[i++].type) && ...) && matches_payload<R>(result);
}
using ComponentSignatureCheck = bool (*)(std::span<const WitType> params, const std::optional<WitType>& result);

template <class R>
struct ComponentReturned {
  using type = R;
  static constexpr bool may_fail = false;
};
template <class R>
struct ComponentReturned<std::expected<R, Error>> {
  using type = R;
  static constexpr bool may_fail = true;
};

ComponentInstanceState* instance_of(const ComponentCaller& caller);

/// The direct form of a host function: strings and lists lie in the guest's memory while it runs.
using DirectHostFunction = std::function<Status(ComponentCaller&, std::span<const DirectValue>, DirectResult&)>;

template <bool takes_caller, class R, class... A>
struct ComponentHost {
  using Value = typename ComponentReturned<R>::type;
  static bool matches(std::span<const WitType> params, const std::optional<WitType>& result) {
    if (params.size() != sizeof...(A)) return false;
    [[maybe_unused]] size_t i = 0;
    return (WitOf<A>::matches(params[i++]) && ...) && matches_payload<Value>(result);
  }
  /// Both forms; without the direct one where a type needs a Val.
  template <class F>
  static std::pair<std::function<Result<Val>(ComponentCaller&, std::span<Val>)>, DirectHostFunction> adapt(F f) {
    // Shared, since a std::function must be copyable and what a callable holds need not be.
    auto shared = std::make_shared<F>(std::move(f));
    DirectHostFunction direct;
    if constexpr (kDirectParameters<A...> && kDirectResult<Value>) {
      direct = [shared](ComponentCaller& caller, std::span<const DirectValue> args, DirectResult& result) -> Status {
        return call_directly(*shared, caller, args, result, std::index_sequence_for<A...>());
      };
    }
    return {[shared](ComponentCaller& caller, std::span<Val> args) -> Result<Val> {
              return call(*shared, caller, args, std::index_sequence_for<A...>());
            },
            std::move(direct)};
  }

 private:
  template <class F, size_t... i>
  static Status call_directly(F& f, ComponentCaller& caller, [[maybe_unused]] std::span<const DirectValue> args,
                              [[maybe_unused]] DirectResult& result, std::index_sequence<i...>) {
    std::tuple<std::remove_cvref_t<A>...> stored{Direct<std::remove_cvref_t<A>>::take(args[i])...};
    const auto run = [&]() -> R {
      if constexpr (takes_caller) {
        return f(caller, static_cast<A&&>(std::get<i>(stored))...);
      } else {
        return f(static_cast<A&&>(std::get<i>(stored))...);
      }
    };
    if constexpr (std::is_void_v<R>) {
      run();
    } else if constexpr (ComponentReturned<R>::may_fail) {
      R out = run();
      if (!out) return std::unexpected(std::move(out).error());
      if constexpr (!std::is_void_v<Value>) give_directly(*out, result);
    } else {
      give_directly(run(), result);
    }
    return {};
  }
  template <class V>
  static void give_directly(const V& value, DirectResult& result) {
    const DirectValue out = Direct<V>::give(value);
    result.bits = out.bits;
    if constexpr (!FlatScalar<V>) result.take(result.to, out.data, out.size);
  }
  template <class F, size_t... i>
  static Result<Val> call(F& f, ComponentCaller& caller, [[maybe_unused]] std::span<Val> args,
                          std::index_sequence<i...>) {
    Passing passing{instance_of(caller)};
    std::tuple<typename WitOf<A>::Stored...> stored{WitOf<A>::take(passing, std::move(args[i]))...};
    if (!passing.status) return std::unexpected(std::move(passing.status).error());
    const auto run = [&]() -> R {
      if constexpr (takes_caller) {
        return f(caller, WitOf<A>::pass(std::get<i>(stored))...);
      } else {
        return f(WitOf<A>::pass(std::get<i>(stored))...);
      }
    };
    if constexpr (std::is_void_v<R>) {
      run();
      return Val();
    } else if constexpr (ComponentReturned<R>::may_fail) {
      R out = run();
      if (!out) return std::unexpected(std::move(out).error());
      if constexpr (std::is_void_v<Value>) {
        return Val();
      } else {
        return give(passing, std::move(*out));
      }
    } else {
      return give(passing, run());
    }
  }
  template <class V>
  static Result<Val> give(Passing& passing, V&& value) {
    Val out = Wit<Value>::give(passing, std::forward<V>(value));
    if (!passing.status) return std::unexpected(std::move(passing.status).error());
    return out;
  }
};

template <class F>
struct ComponentSignatureOf;
template <class F>
  requires requires { &F::operator(); }
struct ComponentSignatureOf<F> : ComponentSignatureOf<decltype(&F::operator())> {};
template <class R, class... A>
struct ComponentSignatureOf<R (*)(A...)> {
  using type = ComponentHost<false, R, A...>;
};
template <class R, class... A>
struct ComponentSignatureOf<R (*)(ComponentCaller&, A...)> {
  using type = ComponentHost<true, R, A...>;
};
template <class C, class R, class... A>
struct ComponentSignatureOf<R (C::*)(A...)> : ComponentSignatureOf<R (*)(A...)> {};
template <class C, class R, class... A>
struct ComponentSignatureOf<R (C::*)(A...) const> : ComponentSignatureOf<R (*)(A...)> {};
template <class C, class R, class... A>
struct ComponentSignatureOf<R (C::*)(A...) noexcept> : ComponentSignatureOf<R (*)(A...)> {};
template <class C, class R, class... A>
struct ComponentSignatureOf<R (C::*)(A...) const noexcept> : ComponentSignatureOf<R (*)(A...)> {};

template <class F>
concept ComponentCallable =
    requires { typename ComponentSignatureOf<std::decay_t<F>>::type; } &&
    !std::is_same_v<std::decay_t<F>, std::function<Result<Val>(ComponentCaller&, std::span<Val>)>> &&
    !std::is_invocable_r_v<Result<Val>, std::decay_t<F>&, ComponentCaller&, std::span<Val>>;
template <class F>
using ComponentHostCall = typename ComponentSignatureOf<std::decay_t<F>>::type;

}  // namespace detail
}  // namespace v0
}  // namespace ashlar
