// Core types to bytes; see type_writer.h.
#include "binary/type_writer.h"

#include "base/leb128.h"

namespace ashlar::binary {

using isa::HeapType;
using isa::ValType;
using module::CompositeKind;
using module::SubType;

namespace {

void append_field_type(Bytes& out, const module::FieldType& field) {
  switch (field.storage.packed) {
#define PACKED(id, name, code) \
  case isa::Packed::id:        \
    out.push_back(code);       \
    break;
#include "isa/value_types.def"
    case isa::Packed::None:
      append_val_type(out, field.storage.type);
      break;
  }
  out.push_back(field.mut ? 1 : 0);
}

}  // namespace

void append_heap_type(Bytes& out, HeapType heap) {
  if (heap.is_concrete()) {
    base::append_leb_s64(out, heap.index());
  } else {
    out.push_back(isa::code_of(heap.abs()));
  }
}

void append_val_type(Bytes& out, ValType type) {
  if (!type.is_ref()) return out.push_back(isa::code_of(type.kind()));
  if (type.nullable() && type.heap().is_abstract()) return out.push_back(isa::code_of(type.heap().abs()));
  out.push_back(type.nullable() ? isa::kRefNullCode : isa::kRefCode);
  append_heap_type(out, type.heap());
}

void append_sub_type(Bytes& out, const SubType& type) {
  if (!type.is_final || type.super != module::kNoIndex) {
    out.push_back(type.is_final ? isa::kSubFinalTypeCode : isa::kSubTypeCode);
    base::append_leb_u32(out, type.super == module::kNoIndex ? 0 : 1);
    if (type.super != module::kNoIndex) base::append_leb_u32(out, type.super);
  }
  switch (type.kind) {
    case CompositeKind::Func:
      out.push_back(isa::kFuncTypeCode);
      base::append_leb_u64(out, type.func.params.size());
      for (const ValType v : type.func.params) append_val_type(out, v);
      base::append_leb_u64(out, type.func.results.size());
      for (const ValType v : type.func.results) append_val_type(out, v);
      return;
    case CompositeKind::Struct:
      out.push_back(isa::kStructTypeCode);
      base::append_leb_u64(out, type.fields.size());
      break;
    case CompositeKind::Array:
      out.push_back(isa::kArrayTypeCode);
      break;
  }
  for (const module::FieldType& field : type.fields) append_field_type(out, field);
}

void append_limits(Bytes& out, const module::Limits& limits, uint8_t page_size_log2) {
  const bool paged = page_size_log2 != 16;
  out.push_back(
      static_cast<uint8_t>((limits.max ? 1 : 0) | (limits.shared ? 2 : 0) | (limits.is64 ? 4 : 0) | (paged ? 8 : 0)));
  base::append_leb_u64(out, limits.min);
  if (limits.max) base::append_leb_u64(out, *limits.max);
  if (paged) base::append_leb_u32(out, page_size_log2);
}

void append_table_type(Bytes& out, const module::TableType& type) {
  append_val_type(out, type.elem);
  append_limits(out, type.limits, 16);
}

void append_global_type(Bytes& out, const module::GlobalType& type) {
  append_val_type(out, type.type);
  out.push_back(type.mut ? 1 : 0);
}

void append_tag_type(Bytes& out, const module::TagType& type) {
  out.push_back(0);
  base::append_leb_u32(out, type.type);
}

void append_memory_type(Bytes& out, const module::MemoryType& type) {
  append_limits(out, type.limits, type.page_size_log2);
}

void append_name(Bytes& out, std::string_view name) {
  base::append_leb_u64(out, name.size());
  out.insert(out.end(), name.begin(), name.end());
}

}  // namespace ashlar::binary
