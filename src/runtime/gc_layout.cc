// Where fields and elements lie in GC objects, and how they move to and from slots.
#include "runtime/gc_layout.h"

#include <algorithm>
#include <cstring>

namespace ashlar::runtime {

uint32_t field_size(FieldKind kind) {
  switch (kind) {
    case FieldKind::I8:
      return 1;
    case FieldKind::I16:
      return 2;
    case FieldKind::I32:
    case FieldKind::F32:
    case FieldKind::Ref:
      return 4;
    case FieldKind::I64:
    case FieldKind::F64:
    case FieldKind::FuncRef:
      return 8;
    case FieldKind::V128:
      return 16;
  }
  return 0;
}

FieldKind field_kind(const isa::StorageType& type, bool concrete_is_func) {
  if (type.packed == isa::Packed::I8) return FieldKind::I8;
  if (type.packed == isa::Packed::I16) return FieldKind::I16;
  switch (type.type.kind()) {
    case isa::ValKind::I32:
      return FieldKind::I32;
    case isa::ValKind::I64:
      return FieldKind::I64;
    case isa::ValKind::F32:
      return FieldKind::F32;
    case isa::ValKind::F64:
      return FieldKind::F64;
    case isa::ValKind::V128:
      return FieldKind::V128;
    case isa::ValKind::Ref:
    case isa::ValKind::Bot:
      break;
  }
  const isa::HeapType heap = type.type.heap();
  const bool is_func =
      heap.is_concrete() ? concrete_is_func : heap == isa::AbsHeap::Func || heap == isa::AbsHeap::NoFunc;
  return is_func ? FieldKind::FuncRef : FieldKind::Ref;
}

FieldKind field_kind(const isa::StorageType& type) {
  CHECK(!type.type.is_ref() || type.type.heap().is_abstract());
  return field_kind(type, false);
}

FieldKind field_kind(const module::TypeRegistry& types, const isa::StorageType& type) {
  const bool concrete = type.type.is_ref() && type.type.heap().is_concrete();
  return field_kind(type, concrete && types.get(type.type.heap().index()).def.kind == module::CompositeKind::Func);
}

namespace {

uint32_t align_up(uint32_t value, uint32_t alignment) { return (value + alignment - 1) & ~(alignment - 1); }

template <class T>
T load(const uint8_t* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

template <class T>
void store(uint8_t* p, Slot value) {
  const auto narrow = static_cast<T>(value);
  std::memcpy(p, &narrow, sizeof narrow);
}

}  // namespace

// Validated: at most 10,000 fields of at most 16 bytes.
std::vector<uint32_t> struct_field_offsets(const std::vector<FieldKind>& kinds) {
  std::vector<uint32_t> offsets;
  uint32_t end = sizeof(GcHeader);
  for (FieldKind kind : kinds) {
    const uint32_t size = field_size(kind);
    end = align_up(end, std::min(size, 8u));
    offsets.push_back(end);
    end += size;
  }
  return offsets;
}

uint32_t struct_size(const std::vector<FieldKind>& kinds) {
  if (kinds.empty()) return sizeof(GcHeader);
  return align_up(struct_field_offsets(kinds).back() + field_size(kinds.back()), 8);
}

GcLayout make_layout(const module::TypeRegistry& types, uint32_t type_id) {
  const module::SubType& def = types.get(type_id).def;
  GcLayout layout;
  layout.kind = def.kind;
  if (def.kind == module::CompositeKind::Func) return layout;
  for (const isa::FieldType& field : def.fields) layout.kinds.push_back(field_kind(types, field.storage));
  if (def.kind == module::CompositeKind::Array) {
    layout.elem_size = field_size(layout.kinds[0]);
    return layout;
  }
  layout.offsets = struct_field_offsets(layout.kinds);
  for (size_t i = 0; i < layout.kinds.size(); ++i)
    if (layout.kinds[i] == FieldKind::Ref) layout.ref_offsets.push_back(layout.offsets[i]);
  layout.size = struct_size(layout.kinds);
  return layout;
}

void load_gc_field(const uint8_t* p, FieldKind kind, Slot* out) {
  switch (kind) {
    case FieldKind::I8:
      out[0] = *p;
      return;
    case FieldKind::I16:
      out[0] = load<uint16_t>(p);
      return;
    case FieldKind::I32:
    case FieldKind::F32:
    case FieldKind::Ref:
      out[0] = load<uint32_t>(p);
      return;
    case FieldKind::I64:
    case FieldKind::F64:
    case FieldKind::FuncRef:
      out[0] = load<uint64_t>(p);
      return;
    case FieldKind::V128:
      std::memcpy(out, p, 16);
      return;
  }
}

void store_gc_field(uint8_t* p, FieldKind kind, const Slot* in) {
  switch (kind) {
    case FieldKind::I8:
      store<uint8_t>(p, in[0]);
      return;
    case FieldKind::I16:
      store<uint16_t>(p, in[0]);
      return;
    case FieldKind::I32:
    case FieldKind::F32:
    case FieldKind::Ref:
      store<uint32_t>(p, in[0]);
      return;
    case FieldKind::I64:
    case FieldKind::F64:
    case FieldKind::FuncRef:
      store<uint64_t>(p, in[0]);
      return;
    case FieldKind::V128:
      std::memcpy(p, in, 16);
      return;
  }
}

}  // namespace ashlar::runtime
