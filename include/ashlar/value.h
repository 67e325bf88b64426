// Types and values of WebAssembly as the host sees them.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "ashlar/error.h"

namespace ashlar {
inline namespace v0 {

class Caller;
class Func;
class Store;

namespace detail {
struct StoreState;
StoreState* state_of(Store& store);
StoreState* state_of(const Caller& caller);

/// Its address stands for the type: not constant, so that no linker joins two of them.
template <class T>
inline char g_type_tag = 0;

/// What a reference to a host object refers to.
struct External {
  virtual ~External() = default;
  const void* tag = nullptr;
  uint64_t bytes = 0;
  External* next = nullptr;  ///< of those that wait for their end
};
template <class T>
struct ExternalOf final : External {
  explicit ExternalOf(T&& o) : object(std::move(o)) { tag = &g_type_tag<T>; }
  explicit ExternalOf(const T& o) : object(o) { tag = &g_type_tag<T>; }
  T object;
};
/// The object; null when there is none, or one of another type.
template <class T>
T* external_as(External* found) {
  using Object = std::remove_cv_t<T>;
  if (found == nullptr || found->tag != &g_type_tag<Object>) return nullptr;
  return &static_cast<ExternalOf<Object>*>(found)->object;
}
}  // namespace detail

/// A 128-bit vector; lane 0 first, little-endian lanes.
struct alignas(16) V128 {
  std::array<uint8_t, 16> bytes{};  ///< as in a memory
  friend bool operator==(const V128&, const V128&) = default;
};

/// What kinds of values there are.
enum class ValueKind : uint8_t { I32, I64, F32, F64, V128, Ref };

/// The type of a value: a number, a vector or a reference.
class ValueType {
 public:
  constexpr ValueType() = default;  ///< i32
  // Numbers and vectors.
  static constexpr ValueType i32() { return ValueType(0); }
  static constexpr ValueType i64() { return ValueType(1); }
  static constexpr ValueType f32() { return ValueType(2); }
  static constexpr ValueType f64() { return ValueType(3); }
  static constexpr ValueType v128() { return ValueType(4); }
  // References that may be null; non_null() gives the others. Functions:
  static constexpr ValueType funcref() { return abstract(0); }      ///< (ref null func)
  static constexpr ValueType nullfuncref() { return abstract(1); }  ///< null alone
  // The host's objects:
  static constexpr ValueType externref() { return abstract(2); }      ///< (ref null extern)
  static constexpr ValueType nullexternref() { return abstract(3); }  ///< null alone
  // The guest's objects:
  static constexpr ValueType anyref() { return abstract(4); }     ///< all of them, and what externs were converted to
  static constexpr ValueType eqref() { return abstract(5); }      ///< i31s, structs and arrays
  static constexpr ValueType i31ref() { return abstract(6); }     ///< numbers of 31 bits
  static constexpr ValueType structref() { return abstract(7); }  ///< structs of any type
  static constexpr ValueType arrayref() { return abstract(8); }   ///< arrays of any type
  static constexpr ValueType nullref() { return abstract(9); }    ///< null alone
  // Exceptions:
  static constexpr ValueType exnref() { return abstract(10); }      ///< (ref null exn)
  static constexpr ValueType nullexnref() { return abstract(11); }  ///< null alone

  // Which kind it is, and whether a reference.
  constexpr ValueKind kind() const { return static_cast<ValueKind>(raw_ & 0xf); }
  constexpr bool is_ref() const { return kind() == ValueKind::Ref; }
  /// Whether it is a reference that may be null.
  constexpr bool is_nullable() const { return is_ref() && (raw_ & kNullable) != 0; }
  /// Whether it is a reference to a type that a module defines; see ObjectType.
  constexpr bool is_concrete() const { return is_ref() && (raw_ & kConcrete) != 0; }
  // The same reference type without and with null; other types stay as they are.
  constexpr ValueType non_null() const { return ValueType(is_ref() ? raw_ & ~kNullable : raw_); }
  constexpr ValueType nullable() const { return ValueType(is_ref() ? raw_ | kNullable : raw_); }
  /// As in the text format: "i32", "funcref", "(ref null 3)". Indices are of the engine, not of a module.
  std::string to_string() const;

  friend constexpr bool operator==(ValueType, ValueType) = default;

 private:
  friend struct detail::Access;
  // As isa::ValType has it, which value.cc checks.
  static constexpr uint32_t kNullable = 1u << 4;
  static constexpr uint32_t kConcrete = 1u << 29;
  static constexpr ValueType abstract(uint32_t heap) { return ValueType(5 | kNullable | heap << 5); }
  constexpr explicit ValueType(uint32_t raw) : raw_(raw) {}
  uint32_t raw_ = 0;
};

/// Parameters and results of a function.
struct FuncType {
  std::vector<ValueType> params;   ///< in order
  std::vector<ValueType> results;  ///< in order
  /// "[i32 i64] -> [f32]"
  std::string to_string() const;
  friend bool operator==(const FuncType&, const FuncType&) = default;
};

/// A value with its type. One that refers to a struct, array, exception or host object keeps that alive, and follows it
/// when the collector moves it, until the Value is destroyed or assigned to. Such values cost some instructions to copy
/// and destroy, others nothing; moving is cheap always. A moved-from reference is null.
///
/// References belong to one store: giving one to another is an error (foreign_store). They belong to the thread that
/// their store belongs to. After the store's end they are null, and may still be copied and destroyed.
class Value {
 public:
  Value() = default;  ///< (i32.const 0)
  Value(const Value& o) : type_(o.type_), handle_(o.handle_), lo_(o.lo_), hi_(o.hi_), owner_(o.owner_) {
    if (handle_ != 0) [[unlikely]]
      copy_handle();
  }
  Value(Value&& o) noexcept
      : type_(o.type_), handle_(std::exchange(o.handle_, 0)), lo_(o.lo_), hi_(o.hi_), owner_(o.owner_) {}
  Value& operator=(const Value& o) {
    if (this != &o) *this = Value(o);
    return *this;
  }
  Value& operator=(Value&& o) noexcept {
    std::swap(handle_, o.handle_);
    std::swap(owner_, o.owner_);
    type_ = o.type_;
    lo_ = o.lo_;
    hi_ = o.hi_;
    o.reset();
    return *this;
  }
  ~Value() {
    if (handle_ != 0) [[unlikely]]
      drop_handle();
  }

  // Numbers and vectors.
  static Value i32(int32_t v) { return Value(ValueType::i32(), static_cast<uint32_t>(v)); }
  static Value i64(int64_t v) { return Value(ValueType::i64(), static_cast<uint64_t>(v)); }
  static Value f32(float v) { return Value(ValueType::f32(), std::bit_cast<uint32_t>(v)); }
  static Value f64(double v) { return Value(ValueType::f64(), std::bit_cast<uint64_t>(v)); }
  static Value v128(V128 v);

  static Value func(const Func& f);                                           ///< a null Func gives null_func()
  static Value null_func() { return null_ref(ValueType::funcref()); }         ///< of type funcref
  static Value null_ref(ValueType type) { return Value(type, uint64_t{0}); }  ///< null of any nullable reference type
  /// A reference (ref i31) to the low 31 bits.
  static Value i31(int32_t v) {
    return Value(ValueType::i31ref().non_null(), (uint64_t{static_cast<uint32_t>(v)} << 1 & 0xffff'ffff) | 1);
  }

  /// An externref to a C++ object, which the store owns from now on. Its destructor runs after the collector has found
  /// that neither guests nor Values refer to it, at the latest when the store ends: on the store's thread, when a call
  /// of the store or of a host function ends, in here, or in Store::collect_garbage(). It must not use the store, but
  /// may destroy Values. An object that holds Values keeps alive what they refer to; if that refers to the object, both
  /// stay until the store ends. `store`: a Store& or a host function's Caller&. `bytes`: what the object takes, so that
  /// large ones bring about collections. Errors: Trap (gc_heap_exhausted).
  template <class StoreOrCaller, class T>
  static Result<Value> external(StoreOrCaller& store, T&& object, uint64_t bytes = sizeof(std::decay_t<T>)) {
    auto made = std::make_unique<detail::ExternalOf<std::decay_t<T>>>(std::forward<T>(object));
    made->bytes = bytes;
    return make_external(detail::state_of(store), std::move(made));
  }
  /// The object behind a reference that external() made of a T; null for anything else. Valid while a Value or a guest
  /// refers to it.
  template <class T>
  T* external() const {
    return detail::external_as<T>(handle_ == 0 ? nullptr : find_external());
  }

  /// Its static type; what a reference refers to may be of a subtype (is_a()).
  ValueType type() const { return type_; }
  /// Of its type.
  ValueKind kind() const { return type_.kind(); }

  // What is not of the kind asked for reads as zero, a vector of zeros, or a null Func.
  int32_t as_i32() const { return kind() == ValueKind::I32 ? static_cast<int32_t>(lo_) : 0; }
  int64_t as_i64() const { return kind() == ValueKind::I64 ? static_cast<int64_t>(lo_) : 0; }
  float as_f32() const { return kind() == ValueKind::F32 ? std::bit_cast<float>(static_cast<uint32_t>(lo_)) : 0; }
  double as_f64() const { return kind() == ValueKind::F64 ? std::bit_cast<double>(lo_) : 0; }
  V128 as_v128() const;
  Func as_func() const;
  /// Of a reference to an i31, sign-extended; nothing for any other value.
  std::optional<int32_t> as_i31() const;
  /// Whether it may stand where a value of that type is wanted: a cast test, by what the value is and not by its static
  /// type. `store`: its Store&, or a host function's Caller&. False for references of another store.
  template <class StoreOrCaller>
  bool is_a(StoreOrCaller& store, ValueType type) const {
    return fits(detail::state_of(store), type);
  }
  // any.convert_extern and extern.convert_any: the same object in the other hierarchy, as a nullable reference. Any
  // other value stays as it is.
  Value to_any() const;
  Value to_extern() const;
  /// Whether it is a null reference, or a reference of a store that has ended.
  bool is_null() const { return kind() == ValueKind::Ref && lo_ == 0 && (handle_ == 0 || is_dead()); }
  /// Whether both are references to the same object or function, equal i31s, or null.
  bool same_ref(const Value& other) const;

  /// "42", "1.5", "0x0000000000000001_0000000000000002", "null", "(ref func)".
  std::string to_string() const;

 private:
  friend struct detail::Access;
  Value(ValueType type, uint64_t lo) : type_(type), lo_(lo) {}
  static Result<Value> make_external(detail::StoreState* store, std::unique_ptr<detail::External> object);
  void copy_handle();
  void drop_handle();
  bool is_dead() const;
  detail::External* find_external() const;
  bool fits(detail::StoreState* store, ValueType type) const;
  void reset() {
    if (handle_ != 0) [[unlikely]]
      drop_handle();
    handle_ = 0;
  }

  ValueType type_;
  uint32_t handle_ = 0;  ///< of references to objects: the handle's number and one; lo_ is zero then
  uint64_t lo_ = 0;
  uint64_t hi_ = 0;
  void* owner_ = nullptr;  ///< with a handle: detail::RefTable; of functions: detail::StoreState
};

/// An externref in typed calls and host functions; what Value says of references holds for it. The default is null.
class Externref {
 public:
  Externref() : value_(Value::null_ref(ValueType::externref())) {}
  /// Of a value of another type: null.
  explicit Externref(Value v)
      : value_(v.type() == ValueType::externref() ? std::move(v) : Value::null_ref(ValueType::externref())) {}
  /// See Value::external.
  template <class StoreOrCaller, class T>
  static Result<Externref> make(StoreOrCaller& store, T&& object, uint64_t bytes = sizeof(std::decay_t<T>)) {
    Result<Value> made = Value::external(store, std::forward<T>(object), bytes);
    if (!made) return std::unexpected(std::move(made).error());
    return Externref(std::move(*made));
  }

  /// The object behind it; null when it is none of type T.
  template <class T>
  T* get() const {
    return value_.external<T>();
  }
  /// Whether it is not null.
  explicit operator bool() const { return !value_.is_null(); }
  /// As a value of type externref.
  const Value& value() const { return value_; }
  friend bool operator==(const Externref& a, const Externref& b) { return a.value_.same_ref(b.value_); }

 private:
  Value value_;
};

}  // namespace v0
}  // namespace ashlar
