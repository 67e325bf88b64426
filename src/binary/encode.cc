// The binary encoder: sections in order, custom sections where the model says they stood.
#include "binary/encode.h"

#include <algorithm>
#include <string_view>

#include "base/leb128.h"
#include "binary/section.h"
#include "binary/type_writer.h"

namespace ashlar::binary {

using isa::ValType;
using module::Module;
using module::SegmentMode;

namespace {

class Encoder {
 public:
  explicit Encoder(const Module& m) : m_(m) {}

  std::vector<uint8_t> run() {
    out_.reserve(m_.bytes.size());
    raw(std::string_view("\0asm\1\0\0\0", 8));
    customs_after(Section::Custom);
    for (const Section id : kSectionOrder) {
      section(id);
      customs_after(id);
    }
    return std::move(out_);
  }

 private:
  void byte(uint8_t b) { out_.push_back(b); }
  void u32(uint32_t v) { base::append_leb_u32(out_, v); }
  void u64(uint64_t v) { base::append_leb_u64(out_, v); }
  void size(size_t v) { base::append_leb_u64(out_, v); }
  void raw(std::string_view s) { out_.insert(out_.end(), s.begin(), s.end()); }
  void copy(uint32_t offset, uint32_t n) {
    const auto from = m_.bytes.subspan(offset, n);
    out_.insert(out_.end(), from.begin(), from.end());
  }
  void name(std::string_view s) { append_name(out_, s); }
  void expr(const module::ConstExpr& e) { copy(e.offset, e.size); }

  void section(Section id);
  void section_contents(Section id);
  bool has_section(Section id) const;
  void customs_after(Section id);
  void types();
  void imports();
  void tables();
  void elem(const module::Elem& elem);
  void data(const module::Data& data);
  void code();

  const Module& m_;
  std::vector<uint8_t> out_;
};

// --- framing

bool Encoder::has_section(Section id) const {
  const auto recorded = [&](uint8_t code) {
    return std::ranges::any_of(m_.sections, [&](const auto& s) { return s.id == code; });
  };
  // A section that is there but empty stays there.
  if (recorded(static_cast<uint8_t>(id))) return true;
  switch (id) {
    case Section::Custom:
      return false;
    case Section::Type:
      return !m_.rec_groups.empty();
    case Section::Import:
      return !m_.imports.empty();
    case Section::Function:
    case Section::Code:
      return m_.funcs.size() > m_.imported_funcs;
    case Section::Table:
      return m_.tables.size() > m_.imported_tables;
    case Section::Memory:
      return m_.memories.size() > m_.imported_memories;
    case Section::Global:
      return m_.globals.size() > m_.imported_globals;
    case Section::Export:
      return !m_.exports.empty();
    case Section::Start:
      return m_.start.has_value();
    case Section::Element:
      return !m_.elems.empty();
    case Section::Data:
      return !m_.datas.empty();
    case Section::DataCount:
      return m_.data_count.has_value();
    case Section::Tag:
      return m_.tags.size() > m_.imported_tags;
  }
  return false;
}

void Encoder::section(Section id) {
  if (!has_section(id)) return;
  byte(static_cast<uint8_t>(id));
  const size_t at = out_.size();
  section_contents(id);
  std::vector<uint8_t> length;
  base::append_leb_u64(length, out_.size() - at);
  out_.insert(out_.begin() + static_cast<ptrdiff_t>(at), length.begin(), length.end());
}

void Encoder::customs_after(Section id) {
  for (const module::CustomSection& custom : m_.customs) {
    if (custom.after_section != static_cast<uint8_t>(id)) continue;
    byte(0);
    size(base::leb_u64_size(custom.name.size()) + custom.name.size() + custom.contents_size);
    name(custom.name);
    copy(custom.contents_offset, custom.contents_size);
  }
}

void Encoder::section_contents(Section id) {
  switch (id) {
    case Section::Custom:
      return;
    case Section::Type:
      return types();
    case Section::Import:
      return imports();
    case Section::Function:
      size(m_.funcs.size() - m_.imported_funcs);
      for (size_t i = m_.imported_funcs; i < m_.funcs.size(); ++i) u32(m_.funcs[i].type);
      return;
    case Section::Table:
      return tables();
    case Section::Memory:
      size(m_.memories.size() - m_.imported_memories);
      for (size_t i = m_.imported_memories; i < m_.memories.size(); ++i) {
        append_memory_type(out_, m_.memories[i].type);
      }
      return;
    case Section::Global:
      size(m_.globals.size() - m_.imported_globals);
      for (size_t i = m_.imported_globals; i < m_.globals.size(); ++i) {
        append_global_type(out_, m_.globals[i].type);
        expr(m_.globals[i].init);
      }
      return;
    case Section::Export:
      size(m_.exports.size());
      for (const module::Export& e : m_.exports) {
        name(e.name);
        byte(static_cast<uint8_t>(e.kind));
        u32(e.index);
      }
      return;
    case Section::Start:
      return u32(*m_.start);
    case Section::Element:
      size(m_.elems.size());
      for (const module::Elem& e : m_.elems) elem(e);
      return;
    case Section::Code:
      return code();
    case Section::Data:
      size(m_.datas.size());
      for (const module::Data& d : m_.datas) data(d);
      return;
    case Section::DataCount:
      return u32(*m_.data_count);
    case Section::Tag:
      size(m_.tags.size() - m_.imported_tags);
      for (size_t i = m_.imported_tags; i < m_.tags.size(); ++i) append_tag_type(out_, m_.tags[i].type);
      return;
  }
}

// --- sections

void Encoder::types() {
  size(m_.rec_groups.size());
  for (const module::RecGroup& group : m_.rec_groups) {
    if (group.count != 1) {
      byte(isa::kRecTypeCode);
      u32(group.count);
    }
    for (uint32_t i = 0; i < group.count; ++i) append_sub_type(out_, m_.types[group.first + i]);
  }
}

void Encoder::imports() {
  size(m_.imports.size());
  for (const module::Import& import : m_.imports) {
    name(import.module);
    name(import.name);
    byte(static_cast<uint8_t>(import.kind));
    switch (import.kind) {
      case module::ExternKind::Func:
        u32(m_.funcs[import.index].type);
        break;
      case module::ExternKind::Table:
        append_table_type(out_, m_.tables[import.index].type);
        break;
      case module::ExternKind::Memory:
        append_memory_type(out_, m_.memories[import.index].type);
        break;
      case module::ExternKind::Global:
        append_global_type(out_, m_.globals[import.index].type);
        break;
      case module::ExternKind::Tag:
        append_tag_type(out_, m_.tags[import.index].type);
        break;
    }
  }
}

void Encoder::tables() {
  size(m_.tables.size() - m_.imported_tables);
  for (size_t i = m_.imported_tables; i < m_.tables.size(); ++i) {
    const module::Table& table = m_.tables[i];
    if (table.init) {
      byte(0x40);
      byte(0x00);
    }
    append_table_type(out_, table.type);
    if (table.init) expr(*table.init);
  }
}

void Encoder::elem(const module::Elem& elem) {
  // The shortest of the eight forms that says it all (spec 5.5.12).
  constexpr uint32_t kNotActive = 1, kExplicit = 2, kExprs = 4;
  const ValType plain_func = ValType::ref(isa::AbsHeap::Func);
  const bool by_index = elem.exprs.empty() && (!elem.funcs.empty() || elem.type == plain_func);
  const ValType implied = by_index ? plain_func : ValType::funcref();
  uint32_t flags = by_index ? 0 : kExprs;
  const bool named_type = !by_index && elem.type != implied;
  if (elem.mode != SegmentMode::Active) {
    flags |= kNotActive | (elem.mode == SegmentMode::Declared ? kExplicit : 0);
  } else if (elem.table != 0 || named_type) {
    flags |= kExplicit;
  }
  u32(flags);
  if (elem.mode == SegmentMode::Active) {
    if ((flags & kExplicit) != 0) u32(elem.table);
    expr(elem.offset);
  }
  if ((flags & (kNotActive | kExplicit)) != 0) {
    if (by_index) {
      byte(0);  // elemkind: function
    } else {
      append_val_type(out_, elem.type);
    }
  }
  size(elem.size());
  for (const module::FuncIdx f : elem.funcs) u32(f);
  for (const module::ConstExpr& e : elem.exprs) expr(e);
}

void Encoder::data(const module::Data& data) {
  const uint32_t flags = data.mode == SegmentMode::Passive ? 1 : data.memory != 0 ? 2 : 0;
  u32(flags);
  if (flags == 2) u32(data.memory);
  if (data.mode == SegmentMode::Active) expr(data.offset);
  u32(data.bytes_size);
  copy(data.bytes_offset, data.bytes_size);
}

void Encoder::code() {
  size(m_.funcs.size() - m_.imported_funcs);
  for (size_t i = m_.imported_funcs; i < m_.funcs.size(); ++i) {
    u32(m_.funcs[i].body_size);
    copy(m_.funcs[i].body_offset, m_.funcs[i].body_size);
  }
}

}  // namespace

std::vector<uint8_t> encode(const Module& m) { return Encoder(m).run(); }

}  // namespace ashlar::binary
