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
