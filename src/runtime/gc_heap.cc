// Allocation of GC objects by bumping a pointer, and the dynamic type tests.
#include "runtime/gc_heap.h"

#include <algorithm>

#include "os/pages.h"
#include "runtime/context.h"

namespace ashlar::runtime {

namespace {

/// What a 32-bit offset reaches, and room behind it for the widest access to a field.
constexpr uint64_t kHeapSpace = 1ull << 32;
constexpr uint64_t kHeapGuard = 64 << 10;

/// Whether the canonical type `sub` is `super` or declares it as a supertype: by the table of supertypes, in constant
/// time.
bool is_subtype(const module::TypeRegistry& types, uint32_t sub, uint32_t super) {
  if (sub == super) return true;
  const uint32_t depth = types.get(super).depth;
  const std::vector<uint32_t>& display = types.get(sub).display;
  return depth < display.size() && display[depth] == super;
}

}  // namespace

GcHeap::GcHeap(const module::TypeRegistry& types, uint64_t max_bytes)
    : types_(types), max_bytes_(std::min(max_bytes, kHeapSpace)) {}

GcHeap::~GcHeap() {
  if (base_ != nullptr) os::release_pages(base_, os::round_up_to_pages(kHeapSpace + kHeapGuard));
}

bool GcHeap::ensure() {
  if (base_ != nullptr) return true;
  const uint64_t whole = os::round_up_to_pages(kHeapSpace + kHeapGuard);
  uint8_t* range = os::reserve_pages(whole);
  if (range == nullptr) return false;
  if (max_bytes_ != 0 && !os::open_pages(range, os::round_up_to_pages(max_bytes_))) {
    os::release_pages(range, whole);
    return false;
  }
  base_ = range;
  for (uint8_t** cell : base_cells_) *cell = base_;
  base_cells_.clear();
  return true;
}

void GcHeap::bind_base(uint8_t** cell) {
  *cell = base_;
  if (base_ == nullptr) base_cells_.push_back(cell);
}

GcRef GcHeap::bump(uint64_t bytes) {
  bytes = (bytes + 7) & ~uint64_t{7};
  if (top_ > max_bytes_ || bytes > max_bytes_ - top_ || !ensure()) return kNullRef;
  const auto r = static_cast<GcRef>(top_);
  top_ += bytes;
  return r;
}

/// Pages are fresh from the system and never used twice, so what follows the header is zero.
GcRef GcHeap::alloc_object(uint64_t bytes, uint32_t type_id, uint32_t length) {
  const GcRef r = bump(bytes);
  if (r != kNullRef) *header(r) = {type_id, length};
  return r;
}

GcRef GcHeap::alloc_struct(uint32_t type_id) { return alloc_object(layout(type_id).size, type_id, 0); }

GcRef GcHeap::alloc_array(uint32_t type_id, uint32_t length) {
  const uint64_t bytes = sizeof(GcHeader) + uint64_t{layout(type_id).elem_size} * length;
  return alloc_object(bytes, type_id, length);
}

GcRef GcHeap::alloc_exn(TagInstance* tag, uint32_t slots) {
  const GcRef r = alloc_object(sizeof(GcHeader) + sizeof tag + uint64_t{slots} * sizeof(Slot), kExnType, slots);
  if (r != kNullRef) std::memcpy(at(r, sizeof(GcHeader)), &tag, sizeof tag);
  return r;
}

GcRef GcHeap::alloc_host(uint64_t value) {
  const GcRef r = alloc_object(sizeof(GcHeader) + sizeof value, kHostType, 0);
  if (r != kNullRef) std::memcpy(at(r, sizeof(GcHeader)), &value, sizeof value);
  return r;
}

bool GcHeap::is_valid(GcRef r) const {
  if (r == kNullRef || is_i31(r)) return true;
  return r % 8 == 0 && r >= 16 && base_ != nullptr && r < top_;
}

bool GcHeap::object_matches(const GcHeader& object, isa::HeapType heap) const {
  const uint32_t id = object.type_id;
  const bool typed = id < kHostType;
  if (heap.is_concrete()) return typed && is_subtype(types_, id, heap.index());
  switch (heap.abs()) {
    case isa::AbsHeap::Any:
    case isa::AbsHeap::Extern:
      return id != kExnType;
    case isa::AbsHeap::Exn:
      return id == kExnType;
    case isa::AbsHeap::Eq:
      return typed;
    case isa::AbsHeap::Struct:
      return typed && types_.get(id).def.kind == module::CompositeKind::Struct;
    case isa::AbsHeap::Array:
      return typed && types_.get(id).def.kind == module::CompositeKind::Array;
    case isa::AbsHeap::I31:
    case isa::AbsHeap::Func:
    case isa::AbsHeap::NoFunc:
    case isa::AbsHeap::NoExtern:
    case isa::AbsHeap::None:
    case isa::AbsHeap::NoExn:
    case isa::AbsHeap::Bot:
      return false;
  }
  return false;
}

bool GcHeap::matches(GcRef r, isa::ValType type) const {
  if (r == kNullRef) return type.nullable();
  const isa::HeapType heap = type.heap();
  if (!is_i31(r)) return object_matches(*header(r), heap);
  return heap == isa::AbsHeap::Any || heap == isa::AbsHeap::Eq || heap == isa::AbsHeap::I31 ||
         heap == isa::AbsHeap::Extern;
}

bool GcHeap::func_matches(const FuncCell* f, isa::ValType type) const {
  if (f == nullptr) return type.nullable();
  const isa::HeapType heap = type.heap();
  if (heap.is_concrete()) return is_subtype(types_, f->type_id, heap.index());
  return heap == isa::AbsHeap::Func;
}

}  // namespace ashlar::runtime
