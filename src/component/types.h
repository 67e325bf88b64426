// Value types and function types with their meaning: interned nodes, with what the Canonical ABI needs to know of each
// (sizes, alignment, flat types). Validation, linking, lifting and lowering share them.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "component/syntax.h"

namespace ashlar::component {

enum class TypeKind : uint8_t {
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

/// Identity of a resource type. Who makes the nodes says what the number means: validation numbers what each scope
/// declares, linking numbers the resource types of a whole graph.
using ResourceId = uint32_t;

/// Core types that values flatten to.
enum class FlatType : uint8_t { I32, I64, F32, F64 };

struct ValType;
/// A member: record field, tuple element (label empty), variant case (type null: no payload), flag or enum label
/// (null). Option: one member "some"; Result: members "ok" and "error", each maybe null; List, FixedList, Stream,
/// Future: one (null: stream or future without type); Map: key and value.
struct Member {
  std::string label;
  const ValType* type = nullptr;
};

/// Layout in a linear memory with 32-bit or 64-bit addresses (Canonical ABI: elem_size, alignment).
struct AbiLayout {
  uint32_t size = 0;  ///< bytes; saturates at 2^31: validation refuses such types
  uint32_t align = 1;
};

/// An interned value type: two types are equal exactly when their nodes are the same (labels and resources count).
/// Immutable; owned by a TypeArena.
struct ValType {
  TypeKind kind = TypeKind::Bool;
  std::vector<Member> members;
  uint32_t length = 0;      ///< FixedList
  ResourceId resource = 0;  ///< Own, Borrow

  // What the Canonical ABI derives; computed when the node is made.
  AbiLayout layout32, layout64;
  uint32_t flat_count = 0;  ///< core values it flattens to; saturates at kManyFlat
  /// The first kFlatKept core types, two bits each from the lowest (see flat_at). Kept because working them out again
  /// costs a walk that grows with the product of the cases of nested variants.
  uint64_t flat32 = 0, flat64 = 0;
  bool has_borrow = false;   ///< somewhere inside
  bool has_handle = false;   ///< own, borrow, stream, future or error-context inside
  bool has_pointer = false;  ///< string, list or map inside: needs memory, and realloc to be lowered
  bool is_bits = false;  ///< any bytes of layout32.size are a value as they stand (integers, floats, records of them
                         ///< without padding): lists of it can be copied
  uint32_t depth = 1;
};
inline constexpr uint32_t kManyFlat = 1000;
inline constexpr uint32_t kFlatKept = 32;

/// What `type` has in a memory of this address width.
inline const AbiLayout& layout(const ValType& type, bool memory64) { return memory64 ? type.layout64 : type.layout32; }
/// Layout of members one after the other: of a record or tuple, of an entry of a map, of spilled parameters.
AbiLayout record_layout(std::span<const Member> members, bool memory64);
/// Bytes of the discriminant of a variant, enum, option or result with `cases` cases: 1, 2 or 4. A payload follows at
/// the type's alignment, which is never less.
constexpr uint32_t discriminant_size(size_t cases) { return cases <= 0x100 ? 1 : cases <= 0x10000 ? 2 : 4; }
/// Cases of a variant, enum, option or result.
size_t case_count(const ValType& type);
/// Payload type of such a case (null: none); `index` < case_count.
const ValType* case_payload(const ValType& type, size_t index);
constexpr uint64_t align_up(uint64_t offset, uint64_t align) { return (offset + align - 1) & ~(align - 1); }

/// A function type: parameters by name, at most one result.
struct FuncType {
  bool async = false;
  std::vector<Member> params;
  const ValType* result = nullptr;
  bool operator==(const FuncType& other) const;
};

/// Owns and interns value types. Not thread-safe while it grows.
class TypeArena {
 public:
  TypeArena();
  ~TypeArena();
  TypeArena(TypeArena&&) noexcept;
  TypeArena& operator=(TypeArena&&) noexcept;

  const ValType* prim(PrimType type) const;
  /// Interns a type; `members` must be nodes of this arena. `length` and `resource` as in ValType.
  const ValType* make(TypeKind kind, std::vector<Member> members, uint32_t length = 0, ResourceId resource = 0);

  /// A short text for errors, as in WIT: "list<u8>", "record { x: f32 }" (long ones are cut).
  static std::string to_string(const ValType& type);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Core type number `index` of the kept ones; index < min(type.flat_count, kFlatKept).
inline FlatType flat_at(const ValType& type, bool memory64, uint32_t index) {
  return static_cast<FlatType>((memory64 ? type.flat64 : type.flat32) >> (2 * index) & 3);
}

/// Appends the core types that `type` flattens to (Canonical ABI: flatten_type). Stops after `limit` entries in `out`,
/// or after kFlatKept of the type: false when there were more.
bool flatten(const ValType& type, bool memory64, std::vector<FlatType>& out, size_t limit);

/// Limits of the Canonical ABI.
inline constexpr size_t kMaxFlatParams = 16;
inline constexpr size_t kMaxFlatResults = 1;
inline constexpr size_t kMaxFlatAsyncParams = 4;

}  // namespace ashlar::component
