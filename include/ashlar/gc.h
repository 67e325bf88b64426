// Structs and arrays of guests: their types, making them, and what is in them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "ashlar/error.h"
#include "ashlar/module.h"
#include "ashlar/store.h"
#include "ashlar/value.h"

namespace ashlar {
inline namespace v0 {

/// What a field of a struct or the elements of an array hold.
struct FieldType {
  ValueType type;                 ///< of what reading it gives: i32 for packed ones
  uint8_t packed_bits = 0;        ///< 8 or 16 of fields that hold so many bits of an i32; else 0
  bool is_mutable = false;        ///< whether it may be set after the object was made
  std::string to_string() const;  ///< "i32", "(mut i8)", "(ref null 3)"
};

/// A struct or array type that a module defines. Equal types of all modules of an engine are the same type. Copies are
/// cheap; one keeps its module, and is as good in all stores of the engine. Thread-safe.
class ObjectType {
 public:
  /// What a reference type of the module's imports and exports refers to, as in FuncType::params. Errors: Usage
  /// (no_object_type) for types that are not concrete, and for function types.
  static Result<ObjectType> of(const Module& module, ValueType reference);
  // By the index in the module's type section, or the name in its name section, without "$". Errors: as above.
  static Result<ObjectType> at(const Module& module, uint32_t index);
  static Result<ObjectType> named(const Module& module, std::string_view name);

  // Which of the two it is.
  bool is_struct() const;
  bool is_array() const { return !is_struct(); }
  /// Of a struct all fields, inherited ones first; of an array one, for all elements.
  std::vector<FieldType> fields() const;
  /// (ref null T), for Value::is_a and Value::null_ref. It must not be used longer than this object or the module
  /// lives.
  ValueType ref() const;
  /// "(struct i32 (mut i64))", "(array (mut i8))"
  std::string to_string() const;

  friend bool operator==(const ObjectType& a, const ObjectType& b) { return a.id_ == b.id_; }

 private:
  friend struct detail::Access;
  ObjectType(Module module, uint32_t id) : module_(std::move(module)), id_(id) {}
  Module module_;
  uint32_t id_;
};

/// A reference to a struct, never null; like a Value it keeps the object alive and belongs to the store and its thread.
/// After the store's end every access is the error foreign_store.
class StructRef {
 public:
  /// A new struct with a value for each field; of packed fields the low bits of an i32 count. `store`: a Store& or a
  /// host function's Caller&. Errors: Usage for an array's type, another number of values, a value of another type or
  /// store; Trap (gc_heap_exhausted).
  template <class StoreOrCaller>
  static Result<StructRef> make(StoreOrCaller& store, const ObjectType& type, std::span<const Value> fields) {
    return make_in(detail::state_of(store), type, fields);
  }
  template <class StoreOrCaller>
  static Result<StructRef> make(StoreOrCaller& store, const ObjectType& type, std::initializer_list<Value> fields) {
    return make_in(detail::state_of(store), type, std::span<const Value>(fields.begin(), fields.size()));
  }
  /// The struct that a value refers to. Errors: Usage (wrong_object_type) for everything else, null too.
  static Result<StructRef> from(Value value);

  uint32_t size() const;                  ///< number of fields; 0 after the store's end
  std::vector<FieldType> fields() const;  ///< of what it really is, which may be a subtype
  /// What a field holds; packed ones are zero-extended, or sign-extended. Errors: Usage (no_such_field).
  Result<Value> get(uint32_t field, bool sign_extend = false) const;
  /// Errors: Usage for no such field, one that is not mutable, a value of another type or store.
  Status set(uint32_t field, const Value& value) const;

  /// As a value, of type (ref T), or of the type that from() was given.
  const Value& value() const { return value_; }
  friend bool operator==(const StructRef& a, const StructRef& b) { return a.value_.same_ref(b.value_); }

 private:
  static Result<StructRef> make_in(detail::StoreState* store, const ObjectType& type, std::span<const Value> fields);
  explicit StructRef(Value value) : value_(std::move(value)) {}
  Value value_;
};

/// A reference to an array, never null; what StructRef says holds for it.
class ArrayRef {
 public:
  /// A new array of these elements; of packed ones the low bits of an i32 count. Errors: as StructRef::make.
  template <class StoreOrCaller>
  static Result<ArrayRef> make(StoreOrCaller& store, const ObjectType& type, std::span<const Value> elements) {
    return make_in(detail::state_of(store), type, elements);
  }
  /// A new array of `size` elements that are all `fill`. Errors: the same.
  template <class StoreOrCaller>
  static Result<ArrayRef> filled(StoreOrCaller& store, const ObjectType& type, uint32_t size, const Value& fill) {
    return make_filled(detail::state_of(store), type, size, fill);
  }
  /// A new array of numbers (i8, i16, i32, i64, f32, f64), copied in one piece: of text with elements of i8, say.
  /// Errors: as above; Usage (element_size) when T is not as large as an element.
  template <class StoreOrCaller, class T>
    requires std::is_arithmetic_v<T>
  static Result<ArrayRef> of_numbers(StoreOrCaller& store, const ObjectType& type, std::span<const T> numbers) {
    return make_numbers(detail::state_of(store), type,
                        {reinterpret_cast<const uint8_t*>(numbers.data()), numbers.size_bytes()}, sizeof(T));
  }
  /// The array that a value refers to. Errors: Usage (wrong_object_type) for everything else, null too.
  static Result<ArrayRef> from(Value value);

  uint32_t size() const;      ///< number of elements; 0 after the store's end
  FieldType element() const;  ///< what each of them holds
  /// Packed elements are zero-extended, or sign-extended. Errors: Usage (no_such_element).
  Result<Value> get(uint32_t index, bool sign_extend = false) const;
  /// Errors: Usage for no such element, elements that are not mutable, a value of another type or store.
  Status set(uint32_t index, const Value& value) const;

  /// Copies numbers out of the array, from element `first` on. Errors: Usage (no_such_element, element_size).
  template <class T>
    requires std::is_arithmetic_v<T>
  Status read(uint32_t first, std::span<T> out) const {
    return copy(first, sizeof(T), {reinterpret_cast<uint8_t*>(out.data()), out.size_bytes()}, false);
  }
  /// Copies numbers into it. Errors: the same, and Usage (immutable_elements).
  template <class T>
    requires std::is_arithmetic_v<T>
  Status write(uint32_t first, std::span<const T> from) const {
    return copy(first, sizeof(T),
                {const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(from.data())), from.size_bytes()}, true);
  }

  /// As a value, of type (ref T), or of the type that from() was given.
  const Value& value() const { return value_; }
  friend bool operator==(const ArrayRef& a, const ArrayRef& b) { return a.value_.same_ref(b.value_); }

 private:
  static Result<ArrayRef> make_in(detail::StoreState* store, const ObjectType& type, std::span<const Value> elements);
  static Result<ArrayRef> make_filled(detail::StoreState* store, const ObjectType& type, uint32_t size,
                                      const Value& fill);
  static Result<ArrayRef> make_numbers(detail::StoreState* store, const ObjectType& type,
                                       std::span<const uint8_t> bytes, size_t each);
  Status copy(uint32_t first, size_t each, std::span<uint8_t> bytes, bool write) const;
  explicit ArrayRef(Value value) : value_(std::move(value)) {}
  Value value_;
};

}  // namespace v0
}  // namespace ashlar
