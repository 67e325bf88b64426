// Sections for objdump; see sections.h.
#include "cli/sections.h"

#include <algorithm>

#include "cli/disassemble.h"
#include "cli/output.h"

namespace ashlar::cli {

using module::ExternKind;
using module::Module;

namespace {

enum SectionId : uint8_t {
  kCustom,
  kType,
  kImport,
  kFunction,
  kTable,
  kMemory,
  kGlobal,
  kExport,
  kStart,
  kElem,
  kCode,
  kData,
  kDataCount,
  kTag,
  kSectionCount
};
constexpr const char* kNames[kSectionCount] = {"Custom", "Type",  "Import", "Function", "Table", "Memory",    "Global",
                                               "Export", "Start", "Elem",   "Code",     "Data",  "DataCount", "Tag"};

size_t entries(const Module& m, uint8_t id) {
  switch (id) {
    case kType:
      return m.rec_groups.size();
    case kImport:
      return m.imports.size();
    case kFunction:
    case kCode:
      return m.funcs.size() - m.imported_funcs;
    case kTable:
      return m.tables.size() - m.imported_tables;
    case kMemory:
      return m.memories.size() - m.imported_memories;
    case kGlobal:
      return m.globals.size() - m.imported_globals;
    case kExport:
      return m.exports.size();
    case kElem:
      return m.elems.size();
    case kData:
      return m.datas.size();
    case kTag:
      return m.tags.size() - m.imported_tags;
    default:
      return 0;
  }
}

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

std::string types_text(const std::vector<isa::ValType>& types) {
  if (types.empty()) return "nil";
  std::string out;
  for (isa::ValType type : types) out += (out.empty() ? "" : ", ") + isa::to_string(type);
  return out;
}

std::string func_text(const module::FuncType& type) {
  const std::string params = type.params.empty() ? "" : types_text(type.params);
  return "(" + params + ") -> " + types_text(type.results);
}

std::string field_text(const module::FieldType& field) { return isa::to_string(field); }

std::string subtype_text(const module::SubType& type) {
  std::string out;
  switch (type.kind) {
    case module::CompositeKind::Func:
      out = func_text(type.func);
      break;
    case module::CompositeKind::Struct:
      out = "struct";
      for (const module::FieldType& field : type.fields) out += " " + field_text(field);
      break;
    case module::CompositeKind::Array:
      out = "array " + field_text(type.fields[0]);
      break;
  }
  if (type.super != module::kNoIndex) out += " super=" + std::to_string(type.super);
  return out + (type.is_final ? "" : " open");
}

std::string limits_text(const module::Limits& limits) {
  std::string out = strf("initial=%llu", static_cast<unsigned long long>(limits.min));
  if (limits.max) out += strf(" max=%llu", static_cast<unsigned long long>(*limits.max));
  if (limits.shared) out += " shared";
  return out + (limits.is64 ? " i64" : "");
}

std::string table_text(const module::TableType& type) {
  return "type=" + isa::to_string(type.elem) + " " + limits_text(type.limits);
}
std::string memory_text(const module::MemoryType& type) {
  std::string out = "pages: " + limits_text(type.limits);
  constexpr uint8_t kUsual = 16;
  if (type.page_size_log2 != kUsual) out += strf(" pagesize=%llu", 1ull << (type.page_size_log2 & 63));
  return out;
}
std::string global_text(const module::GlobalType& type) {
  return isa::to_string(type.type) + (type.mut ? " mutable=1" : " mutable=0");
}

size_t count_of(const Module& m, ExternKind kind) {
  const size_t counts[] = {m.funcs.size(), m.tables.size(), m.memories.size(), m.globals.size(), m.tags.size()};
  return counts[static_cast<size_t>(kind)];
}

/// "func[3] sig=1 <name>": an item of an index space. Nothing was validated: it may be missing there.
std::string item(const Module& m, ExternKind kind, uint32_t index) {
  const auto name_of = [index](const module::NameMap::Names& names) {
    const auto found = names.find(index);
    return found == names.end() ? std::string() : " <" + printable(found->second) + ">";
  };
  const std::string_view word = kind == ExternKind::Func ? "func" : module::to_string(kind);
  std::string out = std::string(word) + "[" + std::to_string(index) + "]";
  if (index >= count_of(m, kind)) return out + " (missing)";
  switch (kind) {
    case ExternKind::Func:
      return out + strf(" sig=%u", m.funcs[index].type) + func_name(m, index);
    case ExternKind::Table:
      return out + " " + table_text(m.tables[index].type) + name_of(m.names.tables);
    case ExternKind::Memory:
      return out + " " + memory_text(m.memories[index].type) + name_of(m.names.memories);
    case ExternKind::Global:
      return out + " " + global_text(m.globals[index].type) + name_of(m.names.globals);
    case ExternKind::Tag:
      return out + strf(" sig=%u", m.tags[index].type.type) + name_of(m.names.tags);
  }
  return out;
}

std::string import_lines(const Module& m) {
  std::string out;
  for (const module::Import& i : m.imports) {
    out += " - " + item(m, i.kind, i.index) + " <- " + printable(i.module) + "." + printable(i.name) + "\n";
  }
  return out;
}

std::string export_lines(const Module& m) {
  std::string out;
  for (const module::Export& e : m.exports) {
    out += " - " + item(m, e.kind, e.index) + " -> \"" + printable(e.name) + "\"\n";
  }
  return out;
}

std::string defined_lines(const Module& m, ExternKind kind, uint32_t from, size_t to, isa::Features features) {
  std::string out;
  for (uint32_t i = from; i < to; ++i) {
    out += " - " + item(m, kind, i);
    if (kind == ExternKind::Global) out += " - init " + const_expr_text(m, m.globals[i].init, features);
    if (kind == ExternKind::Table && m.tables[i].init) {
      out += " - init " + const_expr_text(m, *m.tables[i].init, features);
    }
    out += '\n';
  }
  return out;
}

std::string mode_text(module::SegmentMode mode) {
  switch (mode) {
    case module::SegmentMode::Active:
      return "active";
    case module::SegmentMode::Passive:
      return "passive";
    case module::SegmentMode::Declared:
      return "declared";
  }
  return {};
}

std::string elem_lines(const Module& m, isa::Features features) {
  std::string out;
  for (size_t i = 0; i < m.elems.size(); ++i) {
    const module::Elem& elem = m.elems[i];
    out += strf(" - segment[%zu] ", i) + mode_text(elem.mode) + " type=" + isa::to_string(elem.type) +
           strf(" count=%u", elem.size());
    if (elem.mode == module::SegmentMode::Active) {
      out += strf(" table=%u - init ", elem.table) + const_expr_text(m, elem.offset, features);
    }
    out += '\n';
    for (size_t k = 0; k < elem.funcs.size(); ++k) {
      out += strf("  - elem[%zu] = ref.func %u", k, elem.funcs[k]) + func_name(m, elem.funcs[k]) + "\n";
    }
    for (size_t k = 0; k < elem.exprs.size(); ++k) {
      out += strf("  - elem[%zu] = ", k) + const_expr_text(m, elem.exprs[k], features) + "\n";
    }
  }
  return out;
}

/// Sixteen bytes a line: address, hexadecimal, characters.
void append_bytes(std::span<const uint8_t> bytes, uint64_t address, std::string& out) {
  constexpr size_t kALine = 16;
  for (size_t from = 0; from < bytes.size(); from += kALine) {
    const std::span<const uint8_t> line = bytes.subspan(from, std::min(kALine, bytes.size() - from));
    out += strf("%07llx:", static_cast<unsigned long long>(address + from));
    for (size_t i = 0; i < kALine; ++i) {
      if (i % 2 == 0) out += ' ';
      out += i < line.size() ? strf("%02x", line[i]) : "  ";
    }
    out += "  ";
    for (uint8_t byte : line) out += byte >= 0x20 && byte < 0x7f ? static_cast<char>(byte) : '.';
    out += '\n';
  }
}

std::string data_lines(const Module& m, isa::Features features) {
  std::string out;
  for (size_t i = 0; i < m.datas.size(); ++i) {
    const module::Data& data = m.datas[i];
    out += strf(" - segment[%zu] ", i) + mode_text(data.mode) + strf(" size=%u", data.bytes_size);
    if (data.mode == module::SegmentMode::Active) {
      out += strf(" memory=%u - init ", data.memory) + const_expr_text(m, data.offset, features);
    }
    out += '\n';
    append_bytes(m.bytes.subspan(data.bytes_offset, data.bytes_size), data.bytes_offset, out);
  }
  return out;
}

std::string name_lines(const Module& m) {
  std::vector<std::pair<uint32_t, std::string_view>> funcs(m.names.funcs.begin(), m.names.funcs.end());
  std::ranges::sort(funcs);
  std::string out;
  if (!m.names.module.empty()) out += " - module <" + printable(m.names.module) + ">\n";
  for (const auto& [index, name] : funcs) out += strf(" - func[%u] <", index) + printable(name) + ">\n";
  return out;
}

std::string type_lines(const Module& m) {
  std::string out;
  for (const module::RecGroup& group : m.rec_groups) {
    const bool shown = group.count != 1;
    if (shown) out += strf(" - rec group of %u\n", group.count);
    for (uint32_t i = 0; i < group.count; ++i) {
      out += shown ? "   " : "";
      out += strf(" - type[%u] ", group.first + i) + subtype_text(m.types[group.first + i]) + "\n";
    }
  }
  return out;
}

std::string code_lines(const Module& m) {
  std::string out;
  for (uint32_t f = m.imported_funcs; f < m.funcs.size(); ++f) {
    out += strf(" - func[%u] size=%u", f, m.funcs[f].body_size) + func_name(m, f) + "\n";
  }
  return out;
}

}  // namespace

std::vector<SectionRow> list_sections(const Module& m, std::string_view only) {
  std::vector<SectionRow> out;
  for (const module::SectionInfo& section : m.sections) {
    if (section.id == kCustom || section.id >= kSectionCount) continue;
    out.push_back({section.id, kNames[section.id], section.offset, section.size, entries(m, section.id)});
  }
  for (const module::CustomSection& custom : m.customs) {
    out.push_back({kCustom, printable(custom.name), custom.contents_offset, custom.contents_size, 0});
  }
  std::ranges::sort(out, {}, &SectionRow::offset);
  std::erase_if(out, [only](const SectionRow& row) { return !is_called(row, only); });
  return out;
}

bool is_called(const SectionRow& row, std::string_view name) { return name.empty() || same_name(row.name, name); }

std::string section_header(const SectionRow& row) {
  std::string out =
      strf("%9s start=0x%08x end=0x%08x (size=0x%08x) ", kNames[row.id], row.offset, row.offset + row.size, row.size);
  if (row.id == kCustom) {
    out += "\"" + row.name + "\"";
  } else if (row.id != kStart && row.id != kDataCount) {
    out += strf("count: %zu", row.count);
  }
  if (out.back() == ' ') out.pop_back();
  return out + "\n";
}

std::string section_headers(const std::vector<SectionRow>& sections) {
  std::string out = "\nSections:\n\n";
  for (const SectionRow& row : sections) out += section_header(row);
  return out;
}

std::string section_details(const Module& m, const SectionRow& row, isa::Features features) {
  if (row.id == kCustom) {
    const std::string head = "Custom:\n - name: \"" + row.name + "\"\n";
    return row.name == "name" ? head + name_lines(m) : head;
  }
  if (row.id == kStart) return strf("Start:\n - start function: %u", *m.start) + func_name(m, *m.start) + "\n";
  if (row.id == kDataCount) return strf("DataCount:\n - data count: %u\n", *m.data_count);
  const std::string head = row.name + strf("[%zu]:\n", row.count);
  switch (row.id) {
    case kType:
      return head + type_lines(m);
    case kImport:
      return head + import_lines(m);
    case kFunction:
      return head + defined_lines(m, ExternKind::Func, m.imported_funcs, m.funcs.size(), features);
    case kTable:
      return head + defined_lines(m, ExternKind::Table, m.imported_tables, m.tables.size(), features);
    case kMemory:
      return head + defined_lines(m, ExternKind::Memory, m.imported_memories, m.memories.size(), features);
    case kGlobal:
      return head + defined_lines(m, ExternKind::Global, m.imported_globals, m.globals.size(), features);
    case kExport:
      return head + export_lines(m);
    case kElem:
      return head + elem_lines(m, features);
    case kCode:
      return head + code_lines(m);
    case kData:
      return head + data_lines(m, features);
    case kTag:
      return head + defined_lines(m, ExternKind::Tag, m.imported_tags, m.tags.size(), features);
    default:
      return head;
  }
}

std::string section_bytes(std::span<const uint8_t> all, const SectionRow& row) {
  std::string out = "\nContents of section " + row.name + ":\n";
  append_bytes(all.subspan(row.offset, row.size), row.offset, out);
  return out;
}

}  // namespace ashlar::cli
