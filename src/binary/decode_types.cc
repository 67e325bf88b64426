// The type, import, table, memory, global and tag sections; see decoder.h.
#include <optional>

#include "binary/decoder.h"
#include "binary/type_reader.h"

namespace ashlar::binary {

using isa::Feature;
using isa::ValType;
using module::CompositeKind;
using module::ExternKind;
using module::SubType;

void Decoder::type_section() {
  const uint32_t n = count(0, limits_.rec_groups, "recursion groups");
  m_.types.reserve(n);
  m_.rec_groups.reserve(n);
  for (uint32_t i = 0; i < n && in_.ok(); ++i) rec_group();
}

void Decoder::rec_group() {
  const auto first = static_cast<uint32_t>(m_.types.size());
  const size_t at = in_.pos();
  uint32_t n = 1;
  if (in_.peek() == isa::kRecTypeCode && features_.has(Feature::gc)) {
    in_.u8();
    n = count(0, limits_.rec_group_size, "types in a recursion group");
  }
  if (uint64_t{first} + n > limits_.types) {
    return in_.fail_at(ErrorCode::module_limit, at, "types", std::to_string(limits_.types));
  }
  for (uint32_t i = 0; i < n && in_.ok(); ++i) m_.types.push_back(sub_type());
  m_.rec_groups.push_back({first, n});
}

SubType Decoder::sub_type() {
  SubType out;
  const size_t at = in_.pos();
  uint8_t code = in_.u8();
  if ((code == isa::kSubTypeCode || code == isa::kSubFinalTypeCode) && features_.has(Feature::gc)) {
    out.is_final = code == isa::kSubFinalTypeCode;
    const uint32_t supers = length();
    if (supers > 1) in_.fail_at(ErrorCode::several_supertypes, at, std::to_string(supers));
    if (supers == 1) out.super = in_.leb_u32();
    code = in_.u8();
  }
  composite_type(out, code);
  return out;
}

void Decoder::composite_type(SubType& out, uint8_t code) {
  if (!in_.ok()) return;
  const size_t at = in_.pos() - 1;
  if ((code & 0x80) != 0) return in_.fail_at(ErrorCode::integer_too_long, at);
  if (code == isa::kFuncTypeCode) {
    out.kind = CompositeKind::Func;
    out.func.params = val_types(limits_.params, "parameters");
    out.func.results = val_types(limits_.results, "results");
    return;
  }
  const bool known = code == isa::kStructTypeCode || code == isa::kArrayTypeCode;
  if (!known || !features_.has(Feature::gc)) {
    return in_.fail_at(ErrorCode::malformed_definition_type, at, hex_byte(code), known ? " (feature gc is off)" : "");
  }
  if (code == isa::kArrayTypeCode) {
    out.kind = CompositeKind::Array;
    out.fields.push_back(field_type());
    return;
  }
  out.kind = CompositeKind::Struct;
  const uint32_t n = count(0, limits_.struct_fields, "fields in a structure");
  out.fields.reserve(n);
  for (uint32_t i = 0; i < n && in_.ok(); ++i) out.fields.push_back(field_type());
}

std::vector<ValType> Decoder::val_types(uint32_t limit, std::string_view what) {
  std::vector<ValType> out;
  const uint32_t n = count(0, limit, what);
  out.reserve(n);
  for (uint32_t i = 0; i < n && in_.ok(); ++i) out.push_back(read_val_type(in_, features_));
  return out;
}

bool Decoder::mutability() {
  const size_t at = in_.pos();
  const uint8_t byte = in_.u8();
  if (byte > 1) in_.fail_at(ErrorCode::malformed_mutability, at, hex_byte(byte));
  return byte == 1;
}

module::FieldType Decoder::field_type() {
  const isa::StorageType storage = read_storage_type(in_, features_);
  return {storage, mutability()};
}

module::Limits Decoder::limits(bool is_memory, uint8_t* page_size_log2) {
  constexpr uint8_t kHasMax = 1, kShared = 2, k64 = 4, kPageSize = 8;
  const size_t at = in_.pos();
  const uint8_t flags = in_.u8();
  uint8_t allowed = kHasMax;
  if (features_.has(Feature::memory64)) allowed |= k64;
  if (is_memory && features_.has(Feature::threads)) allowed |= kShared;
  if (is_memory && features_.has(Feature::custom_page_sizes)) allowed |= kPageSize;
  module::Limits out;
  if ((flags & ~allowed) != 0) {
    in_.fail_at(ErrorCode::malformed_limits_flags, at, hex_byte(flags));
    return out;
  }
  out.shared = (flags & kShared) != 0;
  out.is64 = (flags & k64) != 0;
  out.min = in_.leb_u64();
  if ((flags & kHasMax) != 0) out.max = in_.leb_u64();
  if ((flags & kPageSize) != 0) {
    const uint32_t log2 = in_.leb_u32();
    if (log2 >= 64) in_.fail_at(ErrorCode::malformed_page_size, at, std::to_string(log2));
    *page_size_log2 = static_cast<uint8_t>(log2);
  }
  return out;
}

module::TableType Decoder::table_type() {
  const ValType elem = read_ref_type(in_, features_);
  return {elem, limits(false, nullptr)};
}

module::MemoryType Decoder::memory_type() {
  module::MemoryType out;
  out.limits = limits(true, &out.page_size_log2);
  return out;
}

module::GlobalType Decoder::global_type() {
  const ValType type = read_val_type(in_, features_);
  return {type, mutability()};
}

module::TagType Decoder::tag_type() {
  const size_t at = in_.pos();
  const uint8_t attribute = in_.u8();
  if (attribute != 0) in_.fail_at(ErrorCode::malformed_tag_attribute, at, hex_byte(attribute));
  return {in_.leb_u32()};
}

void Decoder::import_section() {
  const uint32_t n = count(0, limits_.imports, "imports");
  for (uint32_t i = 0; i < n && in_.ok(); ++i) import_entry();
}

void Decoder::import_entry() {
  module::Import out{};
  out.offset = static_cast<uint32_t>(in_.pos());
  out.module = name();
  out.name = name();
  const size_t at = in_.pos();
  const uint8_t kind = in_.u8();
  const bool tags = features_.has(Feature::exceptions) || features_.has(Feature::legacy_exceptions);
  if (in_.ok() && kind > static_cast<uint8_t>(tags ? ExternKind::Tag : ExternKind::Global)) {
    return in_.fail_at(ErrorCode::malformed_import_kind, at, hex_byte(kind));
  }
  if (!in_.ok()) return;
  out.kind = ExternKind{kind};
  // The new item's index is the number there were; imports come first in every index space.
  const auto add = [&](auto& space, uint32_t& imported, auto item) {
    out.index = imported++;
    item.imported = true;
    space.push_back(std::move(item));
  };
  switch (out.kind) {
    case ExternKind::Func: {
      module::Func func;
      func.type = in_.leb_u32();
      add(m_.funcs, m_.imported_funcs, func);
      break;
    }
    case ExternKind::Table: {
      module::Table table;
      table.type = table_type();
      add(m_.tables, m_.imported_tables, std::move(table));
      break;
    }
    case ExternKind::Memory: {
      module::Memory memory;
      memory.type = memory_type();
      add(m_.memories, m_.imported_memories, memory);
      break;
    }
    case ExternKind::Global: {
      module::Global global;
      global.type = global_type();
      add(m_.globals, m_.imported_globals, std::move(global));
      break;
    }
    case ExternKind::Tag: {
      module::Tag tag;
      tag.type = tag_type();
      add(m_.tags, m_.imported_tags, tag);
      break;
    }
  }
  m_.imports.push_back(out);
}

void Decoder::table_section() {
  const uint32_t n = count(m_.tables.size(), limits_.tables, "tables");
  for (uint32_t i = 0; i < n && in_.ok(); ++i) {
    module::Table table;
    // 0x40 0x00 announces an initializer; 0x40 is no reference type.
    const bool has_init = in_.peek() == 0x40 && features_.has(Feature::function_references);
    if (has_init) {
      in_.u8();
      if (in_.u8() != 0) return in_.fail_at(ErrorCode::zero_byte_expected, in_.pos() - 1);
    }
    table.type = table_type();
    if (has_init) table.init = const_expr();
    m_.tables.push_back(std::move(table));
  }
}

void Decoder::memory_section() {
  const uint32_t n = count(m_.memories.size(), limits_.memories, "memories");
  for (uint32_t i = 0; i < n && in_.ok(); ++i) {
    module::Memory memory;
    memory.type = memory_type();
    m_.memories.push_back(memory);
  }
}

void Decoder::global_section() {
  const uint32_t n = count(m_.globals.size(), limits_.globals, "globals");
  for (uint32_t i = 0; i < n && in_.ok(); ++i) {
    module::Global global;
    global.type = global_type();
    global.init = const_expr();
    m_.globals.push_back(std::move(global));
  }
}

void Decoder::tag_section() {
  const uint32_t n = count(m_.tags.size(), limits_.tags, "tags");
  for (uint32_t i = 0; i < n && in_.ok(); ++i) {
    module::Tag tag;
    tag.type = tag_type();
    m_.tags.push_back(tag);
  }
}

}  // namespace ashlar::binary
