// Owns value, heap, storage and field types: small constexpr values that are cheap to copy and compare.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace ashlar::isa {

/// Bot is the type of an operand nobody pushed (code after an unconditional branch); it matches every type.
enum class ValKind : uint8_t { I32, I64, F32, F64, V128, Ref, Bot };

/// Abstract heap types. Bot (no binary or text form) is below all of them: the heap of a reference operand
/// in unreachable code.
enum class AbsHeap : uint8_t {
#define HEAP(id, name, ref_name, code) id,
#include "isa/value_types.def"
  Bot
};

inline constexpr size_t kAbsHeapCount = static_cast<size_t>(AbsHeap::Bot);

struct AbsHeapInfo {
  std::string_view name;      // "any"
  std::string_view ref_name;  // "anyref": (ref null any)
  uint8_t code;
};

inline constexpr std::array<AbsHeapInfo, kAbsHeapCount> kAbsHeapTable = {{
#define HEAP(id, name, ref_name, code) {name, ref_name, code},
#include "isa/value_types.def"
}};

// Binary codes of types that take an operand (spec 5.3).
inline constexpr uint8_t kRefCode = 0x64;      // (ref ht)
inline constexpr uint8_t kRefNullCode = 0x63;  // (ref null ht)
inline constexpr uint8_t kFuncTypeCode = 0x60;
inline constexpr uint8_t kStructTypeCode = 0x5f;
inline constexpr uint8_t kArrayTypeCode = 0x5e;
inline constexpr uint8_t kSubTypeCode = 0x50;
inline constexpr uint8_t kSubFinalTypeCode = 0x4f;
inline constexpr uint8_t kRecTypeCode = 0x4e;
inline constexpr uint8_t kEmptyBlockTypeCode = 0x40;

/// A heap type: abstract, or the index of a defined type (whose meaning - module or canonical - is the owner's).
class HeapType {
 public:
  static constexpr uint32_t kMaxIndex = (1u << 24) - 1;

  constexpr HeapType() : HeapType(AbsHeap::Bot) {}
  constexpr HeapType(AbsHeap abs) : raw_(static_cast<uint32_t>(abs)) {}  // NOLINT: implicit on purpose
  /// The caller has checked index <= kMaxIndex.
  static constexpr HeapType concrete(uint32_t index) { return from_raw(kConcreteBit | (index & kMaxIndex)); }
  static constexpr HeapType from_raw(uint32_t raw) {
    HeapType out;
    out.raw_ = raw;
    return out;
  }

  constexpr bool is_concrete() const { return (raw_ & kConcreteBit) != 0; }
  constexpr bool is_abstract() const { return !is_concrete(); }
  constexpr bool is_bot() const { return raw_ == static_cast<uint32_t>(AbsHeap::Bot); }
  constexpr AbsHeap abs() const { return static_cast<AbsHeap>(raw_ & 0xff); }
  constexpr uint32_t index() const { return raw_ & kMaxIndex; }
  constexpr uint32_t raw() const { return raw_; }

  friend constexpr bool operator==(HeapType, HeapType) = default;

 private:
  //  bit 25   24         23 ............ 0
  //  shared | concrete | index or AbsHeap     (shared is reserved: nothing sets it yet)
  static constexpr uint32_t kConcreteBit = 1u << 24;

  uint32_t raw_;
};

class ValType {
 public:
  constexpr ValType() : ValType(ValKind::Bot) {}

  static constexpr ValType i32() { return ValType(ValKind::I32); }
  static constexpr ValType i64() { return ValType(ValKind::I64); }
  static constexpr ValType f32() { return ValType(ValKind::F32); }
  static constexpr ValType f64() { return ValType(ValKind::F64); }
  static constexpr ValType v128() { return ValType(ValKind::V128); }
  static constexpr ValType bot() { return ValType(ValKind::Bot); }
  static constexpr ValType num(ValKind kind) { return ValType(kind); }  // any kind but Ref
  static constexpr ValType ref(bool nullable, HeapType heap) {
    return from_raw(static_cast<uint32_t>(ValKind::Ref) | (nullable ? kNullableBit : 0) | (heap.raw() << kHeapShift));
  }
  static constexpr ValType ref(HeapType heap) { return ref(false, heap); }
  static constexpr ValType ref_null(HeapType heap) { return ref(true, heap); }
  static constexpr ValType funcref() { return ref_null(AbsHeap::Func); }
  static constexpr ValType nullfuncref() { return ref_null(AbsHeap::NoFunc); }
  static constexpr ValType externref() { return ref_null(AbsHeap::Extern); }
  static constexpr ValType nullexternref() { return ref_null(AbsHeap::NoExtern); }
  static constexpr ValType anyref() { return ref_null(AbsHeap::Any); }
  static constexpr ValType eqref() { return ref_null(AbsHeap::Eq); }
  static constexpr ValType i31ref() { return ref_null(AbsHeap::I31); }
  static constexpr ValType structref() { return ref_null(AbsHeap::Struct); }
  static constexpr ValType arrayref() { return ref_null(AbsHeap::Array); }
  static constexpr ValType nullref() { return ref_null(AbsHeap::None); }
  static constexpr ValType exnref() { return ref_null(AbsHeap::Exn); }
  static constexpr ValType nullexnref() { return ref_null(AbsHeap::NoExn); }
  /// For raw() values only.
  static constexpr ValType from_raw(uint32_t raw) {
    ValType out;
    out.raw_ = raw;
    return out;
  }

  constexpr ValKind kind() const { return static_cast<ValKind>(raw_ & kKindMask); }
  constexpr uint32_t raw() const { return raw_; }
  constexpr bool is_ref() const { return kind() == ValKind::Ref; }
  constexpr bool is_bot() const { return kind() == ValKind::Bot; }
  constexpr bool is_num() const { return kind() <= ValKind::F64; }
  constexpr bool is_vec() const { return kind() == ValKind::V128; }

  // Of references only.
  constexpr bool nullable() const { return (raw_ & kNullableBit) != 0; }
  constexpr HeapType heap() const { return HeapType::from_raw(raw_ >> kHeapShift); }
  constexpr ValType as_non_null() const { return from_raw(raw_ & ~kNullableBit); }
  constexpr ValType as_nullable() const { return from_raw(raw_ | kNullableBit); }

  constexpr bool is_defaultable() const { return !is_ref() || nullable(); }
  /// 64-bit stack slots that a value of this type takes.
  constexpr uint32_t slot_count() const { return is_vec() ? 2 : 1; }
  /// Bytes of the value itself; references are counted as 8.
  constexpr uint32_t byte_size() const {
    switch (kind()) {
      case ValKind::I32:
      case ValKind::F32:
        return 4;
      case ValKind::V128:
        return 16;
      case ValKind::I64:
      case ValKind::F64:
      case ValKind::Ref:
        return 8;
      case ValKind::Bot:
        return 0;
    }
    return 0;
  }

  friend constexpr bool operator==(ValType, ValType) = default;

 private:
  constexpr explicit ValType(ValKind kind) : raw_(static_cast<uint32_t>(kind)) {}

  //  31  30 ............. 5   4          3 .. 0
  //   0 | HeapType::raw()   | nullable | ValKind
  static constexpr uint32_t kKindMask = 0xf;
  static constexpr uint32_t kNullableBit = 1u << 4;
  static constexpr uint32_t kHeapShift = 5;

  uint32_t raw_;
};

static_assert(sizeof(ValType) == 4 && std::is_trivially_copyable_v<ValType>);

enum class Packed : uint8_t { None, I8, I16 };

/// What a struct field or array element holds. A packed field's `type` is i32: what reading it gives.
struct StorageType {
  ValType type;
  Packed packed = Packed::None;

  static constexpr StorageType of(ValType type) { return {type, Packed::None}; }
  static constexpr StorageType i8() { return {ValType::i32(), Packed::I8}; }
  static constexpr StorageType i16() { return {ValType::i32(), Packed::I16}; }

  constexpr bool is_packed() const { return packed != Packed::None; }
  constexpr uint32_t byte_size() const {
    return packed == Packed::I8 ? 1 : packed == Packed::I16 ? 2 : type.byte_size();
  }

  friend constexpr bool operator==(const StorageType&, const StorageType&) = default;
};

struct FieldType {
  StorageType storage;
  bool mut = false;

  friend constexpr bool operator==(const FieldType&, const FieldType&) = default;
};

/// The abstract heap type with that binary code (0x70 is func), or nothing.
constexpr std::optional<AbsHeap> abs_heap_from_code(uint8_t code) {
  switch (code) {
#define HEAP(id, name, ref_name, code) \
  case code:                           \
    return AbsHeap::id;
#include "isa/value_types.def"
    default:
      return std::nullopt;
  }
}

/// The type that the one byte `code` stands for: a numeric or vector type, or a reference shorthand such as
/// funcref; nothing for other bytes (kRefCode and kRefNullCode among them).
constexpr std::optional<ValType> val_type_from_code(uint8_t code) {
  switch (code) {
#define VALTYPE(id, name, code) \
  case code:                    \
    return ValType::num(ValKind::id);
#define HEAP(id, name, ref_name, code) \
  case code:                           \
    return ValType::ref_null(AbsHeap::id);
#include "isa/value_types.def"
    default:
      return std::nullopt;
  }
}

constexpr std::optional<Packed> packed_from_code(uint8_t code) {
  switch (code) {
#define PACKED(id, name, code) \
  case code:                   \
    return Packed::id;
#include "isa/value_types.def"
    default:
      return std::nullopt;
  }
}

/// The binary code of an abstract heap type; 0 for Bot.
constexpr uint8_t code_of(AbsHeap heap) {
  return heap == AbsHeap::Bot ? 0 : kAbsHeapTable[static_cast<size_t>(heap)].code;
}

/// The binary code of a numeric or vector type; 0 for the other kinds.
constexpr uint8_t code_of(ValKind kind) {
  switch (kind) {
#define VALTYPE(id, name, code) \
  case ValKind::id:             \
    return code;
#include "isa/value_types.def"
    case ValKind::Ref:
    case ValKind::Bot:
      break;
  }
  return 0;
}

// By text keyword: "any", "i8", and "i32" or "anyref".
std::optional<AbsHeap> abs_heap_from_name(std::string_view name);
std::optional<Packed> packed_from_name(std::string_view name);
std::optional<ValType> val_type_from_name(std::string_view name);

// In the text format of the specification: "func" or "3"; "i32", "funcref", "(ref null 3)", "(ref any)";
// "i8"; "(mut i32)".
std::string to_string(HeapType heap);
std::string to_string(ValType type);
std::string to_string(StorageType storage);
std::string to_string(const FieldType& field);

}  // namespace ashlar::isa
