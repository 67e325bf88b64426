// Layout of GC objects: headers, fields, and the type descriptors that generated code and the collector read.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "module/type_registry.h"
#include "runtime/value.h"

namespace ashlar::runtime {

struct TagInstance;

/// Every object begins with this. Objects are 8-aligned; offsets are 32-bit from the heap's base.
///   struct: header | fields in declaration order, naturally aligned (v128: 8)
///   array:  header (length) | elements from byte 8
///   exception (kExnType): header (payload slots) | TagInstance* | payload slots
///   host box  (kHostType): header | 64-bit host value: an externref made by the host
struct GcHeader {
  uint32_t type;    ///< id (kTypeMask: canonical, or one of the reserved ids below) and the collector's flags
  uint32_t length;  ///< arrays: elements; exceptions: payload slots; host boxes: kOwnedHost or 0; structs: 0

  static constexpr uint32_t kTypeMask = 0x00ff'ffff;
  /// Of the old generation, and nothing was written since the last collection: writes of references are to be logged.
  static constexpr uint32_t kClean = 0x8000'0000;
  /// While the young generation is collected: it has moved to `length`.
  static constexpr uint32_t kForwarded = 0x4000'0000;
  /// While the young generation is collected: a stack refers to it, so that it stays where it is.
  static constexpr uint32_t kPinned = 0x2000'0000;

  uint32_t type_id() const { return type & kTypeMask; }
};
inline constexpr uint32_t kHostType = 0x00ff'fff0;
inline constexpr uint32_t kExnType = 0x00ff'fff1;
/// GcHeader::length of host boxes whose value is the host's object, not just a number.
inline constexpr uint32_t kOwnedHost = 1;
/// Canonical ids of structs and arrays are below; the table of descriptors has as many rows.
inline constexpr uint32_t kMaxGcTypes = 1u << 23;

/// Storage of one field: how many bytes and whether it is a reference the collector follows.
enum class FieldKind : uint8_t { I8, I16, I32, I64, F32, F64, V128, Ref, FuncRef };
uint32_t field_size(FieldKind kind);                 ///< Ref: 4 (a GcRef); FuncRef: 8 (a FuncCell*)
FieldKind field_kind(const isa::StorageType& type);  ///< not of concrete heap types: those need `concrete_is_func`
FieldKind field_kind(const isa::StorageType& type, bool concrete_is_func);
FieldKind field_kind(const module::TypeRegistry& types, const isa::StorageType& type);  ///< of a canonical type
/// Slots that a field takes on the operand stack.
constexpr uint32_t field_slots(FieldKind kind) { return kind == FieldKind::V128 ? 2 : 1; }

// Fields as slots (v128 two; packed ones zero-extended on load).
void load_gc_field(const uint8_t* p, FieldKind kind, Slot* out);
void store_gc_field(uint8_t* p, FieldKind kind, const Slot* in);

/// Where the fields of a struct or array type are.
struct GcLayout {
  module::CompositeKind kind = module::CompositeKind::Func;
  uint32_t size = 0;                  ///< struct: whole object, header included, 8-aligned
  std::vector<uint32_t> offsets;      ///< struct: of each field
  std::vector<FieldKind> kinds;       ///< struct: of each field; array: one
  uint32_t elem_size = 0;             ///< array
  std::vector<uint32_t> ref_offsets;  ///< struct: of the fields that are references the collector follows
};
GcLayout make_layout(const module::TypeRegistry& types, uint32_t type_id);

/// Offsets of the fields of a struct with fields of these kinds, as generated code has them before there is a registry.
std::vector<uint32_t> struct_field_offsets(const std::vector<FieldKind>& kinds);
/// Bytes of such a struct.
uint32_t struct_size(const std::vector<FieldKind>& kinds);

/// One row of the heap's table of descriptors, by canonical id. Zero: no struct or array.
struct alignas(64) GcTypeDesc {
  enum Kind : uint8_t { None, Struct, Array };
  static constexpr uint32_t kDisplay = 8;

  uint8_t kind;
  uint8_t has_refs;  ///< 1: structs: any; arrays: the elements are references the collector follows; 2: see `layout`
  uint16_t depth;    ///< number of proper supertypes
  uint32_t size;     ///< struct: bytes of an object; array: bytes of an element
  /// Ids of the supertypes by depth, the type itself among them; 0xffffffff behind it. Deeper ones: the registry.
  uint32_t display[kDisplay];
  /// Structs: bit i: the 4 bytes at 8 + 4 * i are a reference.
  uint64_t refs;
  const GcLayout* layout;
};
static_assert(sizeof(GcTypeDesc) == 64);

}  // namespace ashlar::runtime
