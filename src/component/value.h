// A component-level value whose type is known at run time: what dynamic calls, the command line and tests pass.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "component/types.h"

namespace ashlar::component {

/// A value. Positional: fields, cases and flags are numbers in the order of the type, which has the labels (see
/// label_index). Lists of numbers, bools and chars are packed: bytes as in an array of C. Copies are deep, moves cheap
/// (24 bytes). A moved-from value may only be assigned or destroyed. Not synchronized.
class Val {
 public:
  Val() = default;  ///< false
  Val(Val&&) noexcept = default;
  Val& operator=(Val&&) noexcept = default;
  Val(const Val& other);
  Val& operator=(const Val& other);
  ~Val() = default;

  static Val boolean(bool v) { return {TypeKind::Bool, 0, v}; }
  static Val s8(int8_t v) { return {TypeKind::S8, 0, extend(v)}; }
  static Val u8(uint8_t v) { return {TypeKind::U8, 0, v}; }
  static Val s16(int16_t v) { return {TypeKind::S16, 0, extend(v)}; }
  static Val u16(uint16_t v) { return {TypeKind::U16, 0, v}; }
  static Val s32(int32_t v) { return {TypeKind::S32, 0, extend(v)}; }
  static Val u32(uint32_t v) { return {TypeKind::U32, 0, v}; }
  static Val s64(int64_t v) { return {TypeKind::S64, 0, extend(v)}; }
  static Val u64(uint64_t v) { return {TypeKind::U64, 0, v}; }
  static Val f32(float v);
  static Val f64(double v);
  /// A Unicode scalar value; lowering refuses others.
  static Val character(char32_t v) { return {TypeKind::Char, 0, v}; }
  /// UTF-8; lowering refuses what is not.
  static Val string(std::string utf8);
  /// Also for lists of fixed length. Elements that are all numbers, bools or chars of one type are packed.
  static Val list(std::vector<Val> elements);
  /// A packed list: `bytes` is an array of kind `element`, which is at most Char. Bools are 0 or 1, signalling NaNs and
  /// chars as they are; bytes.size() is a multiple of packed_size(element).
  static Val packed_list(TypeKind element, std::vector<uint8_t> bytes);
  static Val record(std::vector<Val> fields);
  static Val tuple(std::vector<Val> elements);
  /// Entries are tuples of key and value.
  static Val map(std::vector<Val> entries);
  /// A case with or without payload.
  static Val variant(uint32_t index) { return {TypeKind::Variant, index, 0}; }
  static Val variant(uint32_t index, Val payload) { return with(TypeKind::Variant, index, std::move(payload)); }
  static Val enumeration(uint32_t index) { return {TypeKind::Enum, index, 0}; }
  static Val none() { return {TypeKind::Option, 0, 0}; }
  static Val some(Val payload) { return with(TypeKind::Option, 1, std::move(payload)); }
  static Val ok() { return {TypeKind::Result, 0, 0}; }
  static Val ok(Val payload) { return with(TypeKind::Result, 0, std::move(payload)); }
  static Val error() { return {TypeKind::Result, 1, 0}; }
  static Val error(Val payload) { return with(TypeKind::Result, 1, std::move(payload)); }
  /// Bit i is the flag of label i.
  static Val flags(uint32_t bits) { return {TypeKind::Flags, 0, bits}; }
  /// own, borrow, stream, future or error-context. What `token` is, the handle space says (see HandleSpace).
  static Val handle(TypeKind kind, ResourceId resource, uint64_t token) { return {kind, resource, token}; }

  /// List also for lists of fixed length.
  TypeKind kind() const { return kind_; }
  /// Bool, integers (signed ones sign-extended), Char, Flags, handles' tokens; bits of floats.
  uint64_t bits() const { return bits_; }
  bool as_bool() const { return bits_ != 0; }
  int64_t as_signed() const { return static_cast<int64_t>(bits_); }
  float as_f32() const;
  double as_f64() const;
  /// Strings only.
  const std::string& as_string() const;
  /// Case number of a variant, enum, option (1: some) or result (1: error).
  uint32_t index() const { return index_; }
  ResourceId resource() const { return index_; }
  /// Payload of a variant, option or result; null: none.
  const Val* payload() const;

  /// Elements, fields or entries; 0 for others.
  size_t size() const;
  /// Element, field or entry i < size(); packed elements are made.
  Val at(size_t i) const;
  bool is_packed() const { return packed_ != kNotPacked; }
  TypeKind packed_kind() const { return static_cast<TypeKind>(packed_); }  ///< of a packed list's elements
  std::span<const uint8_t> packed_bytes() const;
  std::span<const Val> elements() const;  ///< of what is not packed
  std::span<Val> elements();
  /// The payload or the elements leave this value.
  std::vector<Val> take_elements() &&;
  Val take_payload() &&;
  std::string take_string() &&;

  /// Floats compare by bits, but all NaNs are equal. A packed list equals the same elements not packed.
  bool operator==(const Val& other) const;

 private:
  struct Node {
    Node() = default;
    Node(const Node&) = default;
    virtual ~Node() = default;
    virtual std::unique_ptr<Node> copy() const = 0;
  };
  template <class T>
  struct Of;
  static constexpr uint8_t kNotPacked = 0xff;

  Val(TypeKind kind, uint32_t index, uint64_t bits) : kind_(kind), index_(index), bits_(bits) {}
  static uint64_t extend(int64_t v) { return static_cast<uint64_t>(v); }
  static Val with(TypeKind kind, uint32_t index, Val payload);
  static Val of_vals(TypeKind kind, std::vector<Val> vals);
  template <class T>
  const T* get() const;

  TypeKind kind_ = TypeKind::Bool;
  uint8_t packed_ = kNotPacked;
  uint32_t index_ = 0;
  uint64_t bits_ = 0;
  std::unique_ptr<Node> node_;
};

/// Bytes of an element of a packed list; `kind` is at most Char.
constexpr size_t packed_size(TypeKind kind) {
  constexpr uint8_t kSizes[] = {1, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8, 4};
  return kSizes[static_cast<size_t>(kind)];
}
constexpr bool is_packable(TypeKind kind) { return kind <= TypeKind::Char; }

/// Position of a field, case or flag in its type; -1: there is none of that name.
int64_t label_index(const ValType& type, std::string_view label);

}  // namespace ashlar::component
