// Val and WitType: values of components whose types are known at run time, and those types.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ashlar/error.h"

namespace ashlar {
inline namespace v0 {

/// What kinds of values components pass (WIT's types). List is also what lists of fixed length hold as values.
enum class WitKind : uint8_t {
  Bool,
  S8,
  U8,
  S16,
  U16,
  S32,
  U32,
  S64,
  U64,
  F32,
  F64,
  Char,
  String,
  ErrorContext,
  Record,
  Variant,
  List,
  FixedList,
  Tuple,
  Flags,
  Enum,
  Option,
  Result,
  Own,
  Borrow,
  Stream,
  Future,
  Map,
};

/// A type of WIT, of some component. Immutable and cheap to copy; keeps what it needs of its component. Thread-safe.
class WitType {
 public:
  /// Which kind of type it is.
  WitKind kind() const;
  /// How many parts it is made of: fields, elements of a tuple, cases, flags; 1 for an option ("some") and for lists
  /// (the element), 2 for a result ("ok", "error") and a map (key, value); else 0.
  size_t size() const;
  /// The name of part i < size(); empty for parts without.
  std::string_view label(size_t i) const;
  /// The type of part i < size(); nothing for flags, cases of enums, and cases without payload.
  std::optional<WitType> member(size_t i) const;
  /// Position of the field, case or flag of that name; nothing when there is none.
  std::optional<size_t> find(std::string_view label) const;
  /// Elements of a list of fixed length; 0 for others.
  uint32_t fixed_length() const;
  /// As in WIT: "list<u8>", "record { x: f32 }"; long ones are cut.
  std::string to_string() const;

 private:
  friend struct detail::Access;
  std::shared_ptr<const void> owner_;
  const void* type_ = nullptr;
};

/// A component-level value. Positional: fields, cases and flags are numbers in the order of the type, which has the
/// labels. Lists of numbers, bools and chars are packed: bytes as in an array of C, so that a list of a million bytes
/// is one allocation. Copies are deep, moves cheap; a moved-from value may only be assigned or destroyed. Accessors are
/// for values of the kinds that they name; for others they give zero, an empty value or null. Not synchronized.
///
/// A value may hold handles of resources. Those that a call gives (own) stay with the instance that gave them until
/// they are passed on as arguments or dropped with ComponentInstance::drop(); forgotten ones live as long as the store.
class Val {
 public:
  /// A bool, false.
  Val();
  Val(Val&& other) noexcept;
  Val& operator=(Val&& other) noexcept;
  Val(const Val& other);
  Val& operator=(const Val& other);
  ~Val();

  // Numbers, bools and chars. A char is a Unicode scalar value; calls refuse others.
  static Val boolean(bool v);
  static Val s8(int8_t v);
  static Val u8(uint8_t v);
  static Val s16(int16_t v);
  static Val u16(uint16_t v);
  static Val s32(int32_t v);
  static Val u32(uint32_t v);
  static Val s64(int64_t v);
  static Val u64(uint64_t v);
  static Val f32(float v);
  static Val f64(double v);
  static Val character(char32_t v);
  /// UTF-8; calls refuse what is not.
  static Val string(std::string utf8);
  /// A list of any length; what is all numbers, bools or chars of one kind becomes packed.
  static Val list(std::vector<Val> elements);
  /// A packed list: `bytes` is an array of kind `element`, which is at most Char; bools are bytes 0 or 1. Aborts when
  /// bytes.size() is no multiple of the element's size.
  static Val packed_list(WitKind element, std::vector<uint8_t> bytes);
  // Fields, elements, and entries (tuples of key and value), in the type's order.
  static Val record(std::vector<Val> fields);
  static Val tuple(std::vector<Val> elements);
  static Val map(std::vector<Val> entries);
  // The case of that position, with or without payload; a label of an enum.
  static Val variant(uint32_t index);
  static Val variant(uint32_t index, Val payload);
  static Val enumeration(uint32_t index);
  // Options and results; results may be without payloads.
  static Val none();
  static Val some(Val payload);
  static Val ok();
  static Val ok(Val payload);
  static Val error();
  static Val error(Val payload);
  /// Bit i is the flag of label i.
  static Val flags(uint32_t bits);
  /// A resource of the host, given away by a host function: `rep` is what the guest's handle stands for, and comes back
  /// in its calls (rep()) and when it is dropped (ComponentLinker::resource).
  static Val resource(uint32_t rep);

  /// Which kind of value it is.
  WitKind kind() const;
  // What it holds: Bool; signed integers; unsigned integers; floats; Char; Flags.
  bool as_bool() const;
  int64_t as_signed() const;
  uint64_t as_unsigned() const;
  float as_f32() const;
  double as_f64() const;
  char32_t as_char() const;
  uint32_t as_flags() const;
  /// Of a String, valid as long as the value.
  std::string_view as_string() const;
  /// The case of a variant or enum; option: 1 is some; result: 1 is error.
  uint32_t index() const;
  /// What a handle of the host's resource stands for (resource()).
  uint32_t rep() const;
  /// The payload of a variant, option or result leaves the value; nothing when it has none.
  std::optional<Val> take_payload();
  /// A copy of the payload; nothing when there is none.
  std::optional<Val> payload() const;

  /// Elements, fields or entries; 0 for others.
  size_t size() const;
  /// A copy of element, field or entry i < size().
  Val at(size_t i) const;
  /// Element, field or entry i < size() leaves the value.
  Val take(size_t i);
  /// The elements of a packed list, as an array of C; nothing for what is not packed. An empty list is not.
  std::optional<std::span<const uint8_t>> packed() const;
  /// Of what kind a packed list's elements are.
  WitKind packed_kind() const;

  /// The value that `text` (WAVE: `{width: 640, data: [1, 2]}`) means as that type. Handles have no text. Errors:
  /// Usage, with line and column.
  static Result<Val> parse(std::string_view text, const WitType& type);
  /// As WAVE, on one line; `type` is the value's.
  std::string to_string(const WitType& type) const;

  /// Floats compare by bits, but all NaNs are equal. A packed list equals the same elements not packed.
  bool operator==(const Val& other) const;

 private:
  friend struct detail::Access;
  static constexpr size_t kBytes = 24;
  alignas(8) unsigned char storage_[kBytes];
};

}  // namespace v0
}  // namespace ashlar
