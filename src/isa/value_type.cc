// Owns the text forms of value types.
#include "isa/value_type.h"

namespace ashlar::isa {

std::optional<AbsHeap> abs_heap_from_name(std::string_view name) {
  for (size_t i = 0; i < kAbsHeapCount; ++i) {
    if (kAbsHeapTable[i].name == name) return static_cast<AbsHeap>(i);
  }
  return std::nullopt;
}

std::optional<Packed> packed_from_name(std::string_view name) {
#define PACKED(id, text, code) \
  if (name == text) return Packed::id;
#include "isa/value_types.def"
  return std::nullopt;
}

std::optional<ValType> val_type_from_name(std::string_view name) {
#define VALTYPE(id, text, code) \
  if (name == text) return ValType::num(ValKind::id);
#define HEAP(id, text, ref_text, code) \
  if (name == ref_text) return ValType::ref_null(AbsHeap::id);
#include "isa/value_types.def"
  return std::nullopt;
}

std::string to_string(HeapType heap) {
  if (heap.is_concrete()) return std::to_string(heap.index());
  if (heap.is_bot()) return "bot";
  return std::string(kAbsHeapTable[static_cast<size_t>(heap.abs())].name);
}

std::string to_string(ValType type) {
  switch (type.kind()) {
#define VALTYPE(id, name, code) \
  case ValKind::id:             \
    return name;
#include "isa/value_types.def"
    case ValKind::Bot:
      return "bot";
    case ValKind::Ref:
      break;
  }
  const HeapType heap = type.heap();
  if (type.nullable() && heap.is_abstract() && !heap.is_bot()) {
    return std::string(kAbsHeapTable[static_cast<size_t>(heap.abs())].ref_name);
  }
  return (type.nullable() ? "(ref null " : "(ref ") + to_string(heap) + ")";
}

std::string to_string(StorageType storage) {
  switch (storage.packed) {
#define PACKED(id, name, code) \
  case Packed::id:             \
    return name;
#include "isa/value_types.def"
    case Packed::None:
      break;
  }
  return to_string(storage.type);
}

std::string to_string(const FieldType& field) {
  const std::string storage = to_string(field.storage);
  return field.mut ? "(mut " + storage + ")" : storage;
}

}  // namespace ashlar::isa
