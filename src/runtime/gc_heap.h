// GC objects: final layout, type descriptors and allocation. Collection is not there yet: exhaustion is a trap.
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
  uint32_t type_id;  ///< canonical id, or one of the reserved ids below
  uint32_t length;   ///< arrays: elements; exceptions: payload slots; structs: 0
};
inline constexpr uint32_t kHostType = 0xffff'fff0;
inline constexpr uint32_t kExnType = 0xffff'fff1;

/// Storage of one field: how many bytes and whether it is a reference the collector follows.
enum class FieldKind : uint8_t { I8, I16, I32, I64, F32, F64, V128, Ref, FuncRef };
uint32_t field_size(FieldKind kind);                 ///< Ref: 4 (a GcRef); FuncRef: 8 (a FuncCell*)
FieldKind field_kind(const isa::StorageType& type);  ///< not of concrete heap types: those need `concrete_is_func`
FieldKind field_kind(const isa::StorageType& type, bool concrete_is_func);
FieldKind field_kind(const module::TypeRegistry& types, const isa::StorageType& type);  ///< of a canonical type
/// Slots that a field takes on the operand stack.
constexpr uint32_t field_slots(FieldKind kind) { return kind == FieldKind::V128 ? 2 : 1; }

/// Type descriptor: where the fields are.
struct GcLayout {
  module::CompositeKind kind;
  uint32_t size;                  ///< struct: whole object, header included, 8-aligned
  std::vector<uint32_t> offsets;  ///< struct: of each field
  std::vector<FieldKind> kinds;   ///< struct: of each field; array: one
  uint32_t elem_size = 0;         ///< array
};

class GcHeap {
 public:
  GcHeap(const module::TypeRegistry& types, uint64_t max_bytes);
  ~GcHeap();
  GcHeap(const GcHeap&) = delete;
  GcHeap& operator=(const GcHeap&) = delete;

  /// Reserved on first use; fixed afterwards: 4 GiB and a guard, committed page by page as objects touch it. Allocation
  /// calls ensure(); false when there is no address space.
  bool ensure();
  /// Null before the first object.
  uint8_t* base() const { return base_; }
  /// Keeps *cell equal to base(), for contexts made before the first object. `cell` outlives the heap's use.
  void bind_base(uint8_t** cell);
  uint64_t used() const { return top_; }

  /// All return kNullRef when the heap is exhausted. Fields and elements start zeroed.
  GcRef alloc_struct(uint32_t type_id);
  GcRef alloc_array(uint32_t type_id, uint32_t length);
  GcRef alloc_exn(TagInstance* tag, uint32_t slots);
  GcRef alloc_host(uint64_t value);

  GcHeader* header(GcRef r) const { return reinterpret_cast<GcHeader*>(base_ + r); }
  uint8_t* at(GcRef r, uint64_t offset) const { return base_ + r + offset; }
  uint8_t* elements(GcRef array) const { return base_ + array + sizeof(GcHeader); }
  const GcLayout& layout(uint32_t type_id);  ///< cached; stable address

  // Exceptions.
  TagInstance* exn_tag(GcRef r) const { return *reinterpret_cast<TagInstance**>(base_ + r + 8); }
  Slot* exn_payload(GcRef r) const { return reinterpret_cast<Slot*>(base_ + r + 16); }
  uint64_t host_value(GcRef r) const { return *reinterpret_cast<uint64_t*>(base_ + r + 8); }

  // Fields as slots (v128 two; packed ones zero-extended on load).
  static void load_field(const uint8_t* p, FieldKind kind, Slot* out);
  static void store_field(uint8_t* p, FieldKind kind, const Slot* in);

  /// Whether r is a value this heap can hold: null, an i31 or an object's offset. For values that come from the host.
  bool is_valid(GcRef r) const;
  /// Whether a non-null or null value r of the any/extern/exn hierarchies matches (canonical) type.
  bool matches(GcRef r, isa::ValType type) const;
  /// The same for a function reference.
  bool func_matches(const FuncCell* f, isa::ValType type) const;

 private:
  GcRef bump(uint64_t bytes);
  GcRef alloc_object(uint64_t bytes, uint32_t type_id, uint32_t length);
  bool object_matches(const GcHeader& object, isa::HeapType heap) const;
  const module::TypeRegistry& types_;
  uint8_t* base_ = nullptr;
  uint64_t max_bytes_;  ///< at most 4 GiB
  uint64_t top_ = 16;   ///< where the next object goes; below it offset 0 stays free for null
  std::vector<uint8_t**> base_cells_;
  std::vector<std::unique_ptr<GcLayout>> layouts_;  ///< by canonical id
};

}  // namespace ashlar::runtime
