// Types and values of WebAssembly as the host sees them.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "ashlar/error.h"

namespace ashlar {
inline namespace v0 {

class Func;

namespace detail {
struct StoreState;
}

/// A 128-bit vector; lane 0 first, little-endian lanes.
struct alignas(16) V128 {
  std::array<uint8_t, 16> bytes{};
  friend bool operator==(const V128&, const V128&) = default;
};

enum class ValueKind : uint8_t { I32, I64, F32, F64, V128, Ref };

/// The type of a value: a number, a vector or a reference.
class ValueType {
 public:
  constexpr ValueType() = default;  ///< i32
  static constexpr ValueType i32() { return ValueType(0); }
  static constexpr ValueType i64() { return ValueType(1); }
  static constexpr ValueType f32() { return ValueType(2); }
  static constexpr ValueType f64() { return ValueType(3); }
  static constexpr ValueType v128() { return ValueType(4); }
  static ValueType funcref();    ///< (ref null func)
  static ValueType externref();  ///< (ref null extern)

  constexpr ValueKind kind() const { return static_cast<ValueKind>(raw_ & 0xf); }
  constexpr bool is_ref() const { return kind() == ValueKind::Ref; }
  /// As in the text format: "i32", "funcref", "(ref null 3)". Indices are of the engine, not of a module.
  std::string to_string() const;

  friend constexpr bool operator==(ValueType, ValueType) = default;

 private:
  friend struct detail::Access;
  constexpr explicit ValueType(uint32_t raw) : raw_(raw) {}
  uint32_t raw_ = 0;
};

/// Parameters and results of a function.
struct FuncType {
  std::vector<ValueType> params;
  std::vector<ValueType> results;
  /// "[i32 i64] -> [f32]"
  std::string to_string() const;
  friend bool operator==(const FuncType&, const FuncType&) = default;
};

/// A value with its type. References belong to one store; those to structs, arrays, exceptions and host objects are
/// opaque and stay valid until the store runs guest code again, unless a table or global holds the object.
class Value {
 public:
  Value() = default;  ///< (i32.const 0)
  static Value i32(int32_t v) { return Value(ValueType::i32(), static_cast<uint32_t>(v)); }
  static Value i64(int64_t v) { return Value(ValueType::i64(), static_cast<uint64_t>(v)); }
  static Value f32(float v) { return Value(ValueType::f32(), std::bit_cast<uint32_t>(v)); }
  static Value f64(double v) { return Value(ValueType::f64(), std::bit_cast<uint64_t>(v)); }
  static Value v128(V128 v);
  static Value func(const Func& f);       ///< a null Func gives null_func()
  static Value null_func();               ///< of type funcref
  static Value null_ref(ValueType type);  ///< null of any nullable reference type

  ValueType type() const { return type_; }
  ValueKind kind() const { return type_.kind(); }

  // What is not of the kind asked for reads as zero, a vector of zeros, or a null Func.
  int32_t as_i32() const { return kind() == ValueKind::I32 ? static_cast<int32_t>(lo_) : 0; }
  int64_t as_i64() const { return kind() == ValueKind::I64 ? static_cast<int64_t>(lo_) : 0; }
  float as_f32() const { return kind() == ValueKind::F32 ? std::bit_cast<float>(static_cast<uint32_t>(lo_)) : 0; }
  double as_f64() const { return kind() == ValueKind::F64 ? std::bit_cast<double>(lo_) : 0; }
  V128 as_v128() const;
  Func as_func() const;
  bool is_null() const { return kind() == ValueKind::Ref && lo_ == 0; }

  /// "42", "1.5", "0x0000000000000001_0000000000000002", "null", "(ref func)".
  std::string to_string() const;

 private:
  friend struct detail::Access;
  Value(ValueType type, uint64_t lo) : type_(type), lo_(lo) {}
  ValueType type_;
  uint64_t lo_ = 0;
  uint64_t hi_ = 0;
  detail::StoreState* store_ = nullptr;  ///< of references
};

}  // namespace v0
}  // namespace ashlar
