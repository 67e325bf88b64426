// What C++ guests' bindings (`ashlar bindgen cpp --guest`) are made of: values to and from the canonical ABI of the
// Component Model, for wasm32. Needs nothing but the standard library; linked without exceptions or RTTI.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <expected>
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

namespace ashlar_guest {

/// A field of a record: its name in WIT, and the member that holds it.
template <class S, class M>
struct Field {
  using type = M;
  std::string_view label;
  M S::* member;
};
template <class S, class M>
Field(const char*, M S::*) -> Field<S, M>;

/// Memory that lowered values need beside what they hold themselves; freed at the end of the call.
class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() { clear(); }
  uint8_t* allocate(size_t size) {
    if (size == 0) return nullptr;
    void* out = std::malloc(size);
    if (out == nullptr) std::abort();
    blocks_.push_back(out);
    return static_cast<uint8_t*>(out);
  }
  void clear() {
    for (void* block : blocks_) std::free(block);
    blocks_.clear();
  }

 private:
  std::vector<void*> blocks_;
};

inline uint32_t address(const void* p) { return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(p)); }
template <class T = uint8_t>
T* pointer(uint32_t address) {
  return reinterpret_cast<T*>(static_cast<uintptr_t>(address));
}
/// What the other side allocated with cabi_realloc is ours.
inline void release(uint32_t address, size_t size) {
  if (size != 0) std::free(pointer<void>(address));
}
constexpr uint32_t align_to(uint32_t offset, uint32_t align) { return (offset + align - 1) & ~(align - 1); }

/// How T crosses: kSize, kAlign, kFlat (core values); load from and store to memory, lift from and lower to slots of 64
/// bits, in which numbers lie as bits, zero-extended. Lowered values point into what was lowered.
template <class T>
struct Abi;

template <class T>
struct Plain {
  static constexpr uint32_t kSize = sizeof(T), kAlign = sizeof(T), kFlat = 1;
  static T load(const uint8_t* at) {
    T out;
    std::memcpy(&out, at, sizeof out);
    return out;
  }
  static void store(Arena&, uint8_t* at, T v) { std::memcpy(at, &v, sizeof v); }
  static T lift(const uint64_t*& s) {
    T out;
    std::memcpy(&out, s++, sizeof out);
    return out;
  }
  static void lower(Arena&, uint64_t*& s, T v) {
    if constexpr (std::is_integral_v<T> && sizeof(T) < 8) {
      *s++ = static_cast<uint32_t>(v);
    } else {
      *s = 0;
      std::memcpy(s++, &v, sizeof v);
    }
  }
};
template <class T>
  requires(std::integral<T> || std::floating_point<T>)
struct Abi<T> : Plain<T> {};
template <>
struct Abi<bool> : Plain<bool> {
  static bool load(const uint8_t* at) { return *at != 0; }
  static bool lift(const uint64_t*& s) { return static_cast<uint32_t>(*s++) != 0; }
};

/// Elements whose arrays are lists as they stand.
template <class T>
inline constexpr bool kIsBits = (std::integral<T> || std::floating_point<T>) && !std::is_same_v<T, bool>;

/// What is an address and a length.
template <class Derived, class T>
struct Pair {
  static constexpr uint32_t kSize = 8, kAlign = 4, kFlat = 2;
  static T load(const uint8_t* at) {
    uint32_t words[2];
    std::memcpy(words, at, sizeof words);
    return Derived::get(words[0], words[1]);
  }
  static void store(Arena& a, uint8_t* at, const T& v) {
    const uint32_t words[2] = {address(Derived::put(a, v)), static_cast<uint32_t>(v.size())};
    std::memcpy(at, words, sizeof words);
  }
  static T lift(const uint64_t*& s) {
    const auto at = static_cast<uint32_t>(*s++);
    return Derived::get(at, static_cast<uint32_t>(*s++));
  }
  static void lower(Arena& a, uint64_t*& s, const T& v) {
    *s++ = address(Derived::put(a, v));
    *s++ = v.size();
  }
};
template <>
struct Abi<std::string> : Pair<Abi<std::string>, std::string> {
  static std::string get(uint32_t at, uint32_t length) {
    std::string out(pointer<const char>(at), length);
    release(at, length);
    return out;
  }
  static const void* put(Arena&, const std::string& v) { return v.data(); }
};
template <>
struct Abi<std::string_view> : Pair<Abi<std::string_view>, std::string_view> {
  static const void* put(Arena&, std::string_view v) { return v.data(); }
};
template <class T>
struct ListAbi {
  static std::vector<T> get(uint32_t at, uint32_t length) {
    constexpr uint32_t size = Abi<T>::kSize;
    std::vector<T> out;
    if constexpr (kIsBits<T>) {
      out.assign(pointer<const T>(at), pointer<const T>(at) + length);
    } else {
      out.reserve(length);
      for (uint32_t i = 0; i < length; ++i) out.push_back(Abi<T>::load(pointer(at) + size_t{i} * size));
    }
    release(at, size_t{length} * size);
    return out;
  }
  template <class Range>
  static const void* put(Arena& a, const Range& v) {
    if constexpr (kIsBits<T>) {
      return v.data();
    } else {
      uint8_t* const out = a.allocate(v.size() * Abi<T>::kSize);
      for (size_t i = 0; i < v.size(); ++i) Abi<T>::store(a, out + i * Abi<T>::kSize, v[i]);
      return out;
    }
  }
};
template <class T>
struct Abi<std::vector<T>> : Pair<Abi<std::vector<T>>, std::vector<T>>, ListAbi<T> {};
template <class T>
struct Abi<std::span<const T>> : Pair<Abi<std::span<const T>>, std::span<const T>>, ListAbi<T> {};
template <class T, size_t n>
struct Abi<std::array<T, n>> {
  static constexpr uint32_t kSize = n * Abi<T>::kSize, kAlign = Abi<T>::kAlign, kFlat = n * Abi<T>::kFlat;
  static std::array<T, n> load(const uint8_t* at) {
    std::array<T, n> out{};
    for (size_t i = 0; i < n; ++i) out[i] = Abi<T>::load(at + i * Abi<T>::kSize);
    return out;
  }
  static void store(Arena& a, uint8_t* at, const std::array<T, n>& v) {
    for (size_t i = 0; i < n; ++i) Abi<T>::store(a, at + i * Abi<T>::kSize, v[i]);
  }
  static std::array<T, n> lift(const uint64_t*& s) {
    std::array<T, n> out{};
    for (T& element : out) element = Abi<T>::lift(s);
    return out;
  }
  static void lower(Arena& a, uint64_t*& s, const std::array<T, n>& v) {
    for (const T& element : v) Abi<T>::lower(a, s, element);
  }
};

template <class... T>
struct Abi<std::tuple<T...>> {
  static constexpr uint32_t kAlign = [] {
    uint32_t out = 1;
    ((out = Abi<T>::kAlign > out ? Abi<T>::kAlign : out), ...);
    return out;
  }();
  static constexpr std::array<uint32_t, sizeof...(T) + 1> kOffsets = [] {
    std::array<uint32_t, sizeof...(T) + 1> out{};
    uint32_t at = 0;
    size_t i = 0;
    ((at = align_to(at, Abi<T>::kAlign), out[i++] = at, at += Abi<T>::kSize), ...);
    out[i] = at;
    return out;
  }();
  static constexpr uint32_t kSize = align_to(kOffsets[sizeof...(T)], kAlign);
  static constexpr uint32_t kFlat = (0 + ... + Abi<T>::kFlat);
  static std::tuple<T...> load([[maybe_unused]] const uint8_t* at) {
    size_t i = 0;
    return std::tuple<T...>{Abi<T>::load(at + kOffsets[i++])...};
  }
  static void store(Arena& a, uint8_t* at, const std::tuple<T...>& v) {
    std::apply([&](const auto&... e) { store_each(a, at, e...); }, v);
  }
  static void store_each([[maybe_unused]] Arena& a, [[maybe_unused]] uint8_t* at, const T&... e) {
    [[maybe_unused]] size_t i = 0;
    (Abi<T>::store(a, at + kOffsets[i++], e), ...);
  }
  static std::tuple<T...> lift(const uint64_t*& s) { return std::tuple<T...>{Abi<T>::lift(s)...}; }
  static void lower(Arena& a, uint64_t*& s, const std::tuple<T...>& v) {
    std::apply([&](const auto&... e) { (Abi<T>::lower(a, s, e), ...); }, v);
  }
};

template <>
struct Abi<std::monostate> {
  static constexpr uint32_t kSize = 0, kAlign = 1, kFlat = 0;
  static std::monostate load(const uint8_t*) { return {}; }
  static void store(Arena&, uint8_t*, std::monostate) {}
  static std::monostate lift(const uint64_t*&) { return {}; }
  static void lower(Arena&, uint64_t*&, std::monostate) {}
};

template <size_t cases>
using Discriminant =
    std::conditional_t<cases <= 0x100, uint8_t, std::conditional_t<cases <= 0x10000, uint16_t, uint32_t>>;

/// Variants, options and results.
template <class... P>
struct Cases {
  using Value = std::variant<P...>;
  using Tag = Discriminant<sizeof...(P)>;
  static constexpr uint32_t kPayloadAlign = [] {
    uint32_t out = 1;
    ((out = Abi<P>::kAlign > out ? Abi<P>::kAlign : out), ...);
    return out;
  }();
  static constexpr uint32_t kAlign = kPayloadAlign > sizeof(Tag) ? kPayloadAlign : sizeof(Tag);
  static constexpr uint32_t kPayload = align_to(sizeof(Tag), kPayloadAlign);
  static constexpr uint32_t kSize = [] {
    uint32_t out = 0;
    ((out = Abi<P>::kSize > out ? Abi<P>::kSize : out), ...);
    return align_to(kPayload + out, kAlign);
  }();
  static constexpr uint32_t kFlat = [] {
    uint32_t out = 0;
    ((out = Abi<P>::kFlat > out ? Abi<P>::kFlat : out), ...);
    return 1 + out;
  }();
  static Value load(const uint8_t* at) {
    Tag tag;
    std::memcpy(&tag, at, sizeof tag);
    return pick(tag, [&]<class Q> { return Abi<Q>::load(at + kPayload); });
  }
  static Value lift(const uint64_t*& s) {
    const uint64_t* const end = s + kFlat;
    const auto tag = static_cast<uint32_t>(*s++);
    Value out = pick(tag, [&]<class Q> { return Abi<Q>::lift(s); });
    s = end;
    return out;
  }
  template <class Q>
  static void store_case(Arena& a, uint8_t* at, uint32_t index, const Q& payload) {
    const auto tag = static_cast<Tag>(index);
    std::memcpy(at, &tag, sizeof tag);
    Abi<Q>::store(a, at + kPayload, payload);
  }
  template <class Q>
  static void lower_case(Arena& a, uint64_t*& s, uint32_t index, const Q& payload) {
    uint64_t* const end = s + kFlat;
    *s++ = index;
    Abi<Q>::lower(a, s, payload);
    while (s != end) *s++ = 0;
  }
  static void store(Arena& a, uint8_t* at, const Value& v) {
    visit(v, [&]<class Q>(const Q& payload) { store_case<Q>(a, at, v.index(), payload); }, Indices());
  }
  static void lower(Arena& a, uint64_t*& s, const Value& v) {
    visit(v, [&]<class Q>(const Q& payload) { lower_case<Q>(a, s, v.index(), payload); }, Indices());
  }

 private:
  using Indices = std::index_sequence_for<P...>;
  template <class F>
  static Value pick(uint32_t index, F f) {
    return pick(index, f, Indices());
  }
  template <class F, size_t... i>
  static Value pick(uint32_t index, F& f, std::index_sequence<i...>) {
    std::optional<Value> out;
    ((index == i ? (void)out.emplace(std::in_place_index<i>, f.template operator()<P>()) : (void)0), ...);
    if (!out) std::abort();
    return std::move(*out);
  }
  template <class F, size_t... i>
  static void visit(const Value& v, F f, std::index_sequence<i...>) {
    ((v.index() == i ? f.template operator()<P>(*std::get_if<i>(&v)) : (void)0), ...);
  }
};

template <class T>
struct Abi<std::optional<T>> {
  using C = Cases<std::monostate, T>;
  static constexpr uint32_t kSize = C::kSize, kAlign = C::kAlign, kFlat = C::kFlat;
  static std::optional<T> from(typename C::Value v) {
    if (v.index() == 0) return std::nullopt;
    return std::move(*std::get_if<1>(&v));
  }
  static std::optional<T> load(const uint8_t* at) { return from(C::load(at)); }
  static std::optional<T> lift(const uint64_t*& s) { return from(C::lift(s)); }
  static void store(Arena& a, uint8_t* at, const std::optional<T>& v) {
    if (v) return C::template store_case<T>(a, at, 1, *v);
    C::template store_case<std::monostate>(a, at, 0, {});
  }
  static void lower(Arena& a, uint64_t*& s, const std::optional<T>& v) {
    if (v) return C::template lower_case<T>(a, s, 1, *v);
    C::template lower_case<std::monostate>(a, s, 0, {});
  }
};
template <class T, class E>
struct Abi<std::expected<T, E>> {
  using Ok = std::conditional_t<std::is_void_v<T>, std::monostate, T>;
  using C = Cases<Ok, E>;
  static constexpr uint32_t kSize = C::kSize, kAlign = C::kAlign, kFlat = C::kFlat;
  static std::expected<T, E> from(typename C::Value v) {
    if (v.index() == 1) return std::unexpected(std::move(*std::get_if<1>(&v)));
    if constexpr (std::is_void_v<T>) {
      return {};
    } else {
      return std::move(*std::get_if<0>(&v));
    }
  }
  static std::expected<T, E> load(const uint8_t* at) { return from(C::load(at)); }
  static std::expected<T, E> lift(const uint64_t*& s) { return from(C::lift(s)); }
  static void store(Arena& a, uint8_t* at, const std::expected<T, E>& v) {
    if (!v) return C::template store_case<E>(a, at, 1, v.error());
    if constexpr (std::is_void_v<T>) {
      C::template store_case<Ok>(a, at, 0, {});
    } else {
      C::template store_case<Ok>(a, at, 0, *v);
    }
  }
  static void lower(Arena& a, uint64_t*& s, const std::expected<T, E>& v) {
    if (!v) return C::template lower_case<E>(a, s, 1, v.error());
    if constexpr (std::is_void_v<T>) {
      C::template lower_case<Ok>(a, s, 0, {});
    } else {
      C::template lower_case<Ok>(a, s, 0, *v);
    }
  }
};

// ---- what bindings declare

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
concept Enum = std::is_enum_v<T> && requires(T v) { wit_labels(v); };

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
  static T from(typename Inner::Values values) {
    T out{};
    std::apply(
        [&](const auto&... f) { std::apply([&](auto&... v) { ((out.*(f.member) = std::move(v)), ...); }, values); },
        T::fields);
    return out;
  }
  static T load(const uint8_t* at) { return from(Tuple::load(at)); }
  static T lift(const uint64_t*& s) { return from(Tuple::lift(s)); }
  static void store(Arena& a, uint8_t* at, const T& v) {
    std::apply([&](const auto&... f) { Tuple::store_each(a, at, v.*(f.member)...); }, T::fields);
  }
  static void lower(Arena& a, uint64_t*& s, const T& v) {
    std::apply(
        [&](const auto&... f) {
          (Abi<typename std::remove_cvref_t<decltype(f)>::type>::lower(a, s, v.*(f.member)), ...);
        },
        T::fields);
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
  static T load(const uint8_t* at) { return T{C::load(at)}; }
  static T lift(const uint64_t*& s) { return T{C::lift(s)}; }
  static void store(Arena& a, uint8_t* at, const T& v) { C::store(a, at, v.value); }
  static void lower(Arena& a, uint64_t*& s, const T& v) { C::lower(a, s, v.value); }
};
template <class T, class Wire>
struct Bits {
  static constexpr uint32_t kSize = sizeof(Wire), kAlign = sizeof(Wire), kFlat = 1;
  static uint32_t word(const uint8_t* at) {
    Wire out;
    std::memcpy(&out, at, sizeof out);
    return out;
  }
  static void put(uint8_t* at, uint32_t word) {
    const auto wire = static_cast<Wire>(word);
    std::memcpy(at, &wire, sizeof wire);
  }
};
template <Enum T>
struct Abi<T> : Bits<T, Discriminant<wit_labels(T{}).size()>> {
  static T load(const uint8_t* at) { return static_cast<T>(Abi::word(at)); }
  static T lift(const uint64_t*& s) { return static_cast<T>(*s++); }
  static void store(Arena&, uint8_t* at, T v) { Abi::put(at, static_cast<uint32_t>(v)); }
  static void lower(Arena&, uint64_t*& s, T v) { *s++ = static_cast<uint32_t>(v); }
};
template <Flags T>
struct Abi<T> : Bits<T, std::conditional_t<T::labels.size() <= 8, uint8_t,
                                           std::conditional_t<T::labels.size() <= 16, uint16_t, uint32_t>>> {
  static T load(const uint8_t* at) { return T{Abi::word(at)}; }
  static T lift(const uint64_t*& s) { return T{static_cast<uint32_t>(*s++)}; }
  static void store(Arena&, uint8_t* at, T v) { Abi::put(at, v.bits); }
  static void lower(Arena&, uint64_t*& s, T v) { *s++ = v.bits; }
};

// ---- resources

/// A handle: 32 bits.
template <class T>
struct HandleAbi {
  static constexpr uint32_t kSize = 4, kAlign = 4, kFlat = 1;
  static T load(const uint8_t* at) { return Abi<T>::of(Plain<uint32_t>::load(at)); }
  static T lift(const uint64_t*& s) { return Abi<T>::of(static_cast<uint32_t>(*s++)); }
  static void store(Arena& a, uint8_t* at, const T& v) { Plain<uint32_t>::store(a, at, Abi<T>::handle(v)); }
  static void lower(Arena&, uint64_t*& s, const T& v) { *s++ = Abi<T>::handle(v); }
};

/// A handle of an imported resource, base of the bindings' classes: Derived has a static drop_handle(handle).
template <class Derived>
class Imported {
 public:
  Imported() = default;
  explicit Imported(uint32_t handle) : handle_(handle) {}
  Imported(Imported&& other) noexcept : handle_(other.release()) {}
  Imported& operator=(Imported&& other) noexcept {
    reset();
    handle_ = other.release();
    return *this;
  }
  ~Imported() { reset(); }
  /// Whether there is one.
  explicit operator bool() const { return handle_ != 0; }
  uint32_t handle() const { return handle_; }
  /// The handle is somebody else's now. Lowering does so, to what it has only as const.
  uint32_t release() const { return std::exchange(handle_, 0); }

 private:
  void reset() {
    if (handle_ != 0) Derived::drop_handle(release());
  }
  mutable uint32_t handle_ = 0;
};
template <class T>
  requires std::derived_from<T, Imported<T>>
struct Abi<T> : HandleAbi<T> {
  static T of(uint32_t handle) { return T(handle); }
  // Of the base: the resource may have methods of such names.
  static uint32_t handle(const T& v) { return static_cast<const Imported<T>&>(v).release(); }
};
/// Handles that a call lent inside of lists, records and the like: they are dropped when it ends.
class Borrowed {
 public:
  Borrowed() : outer_(std::exchange(current_, this)) {}
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;
  ~Borrowed() {
    for (const Kept& k : kept_) k.drop(k.object);
    current_ = outer_;
  }
  template <class T>
  static const T* keep(uint32_t handle) {
    T* const object = new T(handle);
    current_->kept_.push_back({object, [](void* o) { delete static_cast<T*>(o); }});
    return object;
  }

 private:
  struct Kept {
    void* object;
    void (*drop)(void*);
  };
  std::vector<Kept> kept_;
  Borrowed* outer_;
  inline static Borrowed* current_ = nullptr;
};
template <class T>
  requires std::derived_from<T, Imported<T>>
struct Abi<const T*> : HandleAbi<const T*> {
  static const T* of(uint32_t handle) { return Borrowed::keep<T>(handle); }
  static uint32_t handle(const T* v) { return static_cast<const Imported<T>*>(v)->handle(); }
};

/// An object whose handle was given back, while its handle goes: its destructor waits.
inline const void* g_taken = nullptr;

/// An exported resource, a class of the program's: T has static new_handle(rep), handle_rep(handle),
/// drop_handle(handle).
template <class T>
struct Abi<std::unique_ptr<T>> : HandleAbi<std::unique_ptr<T>> {
  static std::unique_ptr<T> of(uint32_t handle) {
    T* const object = pointer<T>(T::handle_rep(handle));
    g_taken = object;
    T::drop_handle(handle);
    g_taken = nullptr;
    return std::unique_ptr<T>(object);
  }
  // What is lowered is const, and given away.
  static uint32_t handle(const std::unique_ptr<T>& v) {
    return T::new_handle(address(const_cast<std::unique_ptr<T>&>(v).release()));
  }
};
/// Borrowed: the component that defines a resource gets its objects themselves.
template <class T>
  requires requires { T::new_handle(0); }
struct Abi<T*> : HandleAbi<T*> {
  static T* of(uint32_t rep) { return pointer<T>(rep); }
};
/// The destructor of an exported resource.
template <class T>
void destroy(uint32_t rep) {
  if (pointer<void>(rep) != g_taken) delete pointer<T>(rep);
}

// ---- calls

inline constexpr uint32_t kMaxFlatParams = 16;

/// A result that lives until the caller has read it.
struct Kept {
  virtual ~Kept() = default;
};
template <class T>
struct KeptOf final : Kept {
  explicit KeptOf(T v) : value(std::move(v)) {}
  T value;
  Arena arena;
  alignas(8) uint8_t area[Abi<T>::kSize == 0 ? 1 : Abi<T>::kSize] = {};
};
inline Kept* g_kept = nullptr;

/// The end of an exported function: keeps the result and gives its address, or its only core value in slots[0].
template <class T>
uint8_t* give(T result, uint64_t* slots) {
  if constexpr (Abi<T>::kFlat <= 1 && requires { requires !std::is_same_v<T, void>; }) {
    Arena arena;
    Abi<T>::lower(arena, slots, result);
    return nullptr;
  } else {
    auto* const kept = new KeptOf<T>(std::move(result));
    g_kept = kept;
    Abi<T>::store(kept->arena, kept->area, kept->value);
    return kept->area;
  }
}
/// cabi_post_*
inline void post_return() { delete std::exchange(g_kept, nullptr); }

/// Parameters in memory, which is ours.
template <class... A>
std::tuple<A...> take_parameters(uint32_t at) {
  std::tuple<A...> out = Abi<std::tuple<A...>>::load(pointer(at));
  release(at, Abi<std::tuple<A...>>::kSize);
  return out;
}
/// Parameters in slots.
template <class... A>
std::tuple<A...> take_parameters(const uint64_t* slots) {
  return std::tuple<A...>{Abi<A>::lift(slots)...};
}

// Core values and slots.
inline uint64_t to_slot(uint32_t v) { return v; }
inline uint64_t to_slot(uint64_t v) { return v; }
inline uint64_t to_slot(float v) { return std::bit_cast<uint32_t>(v); }
inline uint64_t to_slot(double v) { return std::bit_cast<uint64_t>(v); }
template <class T>
T from_slot(uint64_t slot) {
  if constexpr (std::is_same_v<T, float>) {
    return std::bit_cast<float>(static_cast<uint32_t>(slot));
  } else if constexpr (std::is_same_v<T, double>) {
    return std::bit_cast<double>(slot);
  } else {
    return static_cast<T>(slot);
  }
}

}  // namespace ashlar_guest
