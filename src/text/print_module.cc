// Prints a module's fields; print_func.cc prints the functions.
#include <algorithm>

#include "text/name_section.h"
#include "text/printer.h"

namespace ashlar::text {

using binary::BodyReader;
using binary::Imm;
using isa::Op;
using module::ExternKind;
using module::SegmentMode;

namespace {

constexpr std::string_view kSectionNames[] = {"first",  "type",  "import", "func", "table", "memory",    "global",
                                              "export", "start", "elem",   "code", "data",  "datacount", "tag"};

std::string_view as_text(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

Printer::Printer(const module::Module& m, const PrintOptions& options)
    : m_(m), options_(options), names_(options.names ? NameTable(m) : NameTable()), writer_(m, names_) {}

Status Printer::check_size() const {
  if (out_.size() <= options_.max_bytes) return {};
  return make_error(ErrorCode::implementation_limit, kNoOffset,
                    "printed text exceeds " + std::to_string(options_.max_bytes) + " bytes");
}

Result<std::string> Printer::run() {
  if (options_.customs) find_hints();
  out_ = options_.head.empty() ? "(module" : options_.head;
  if (options_.head.empty() && options_.names && m_.names.module.data() != nullptr) {
    const Ident ident = make_ident(m_.names.module);
    if (!ident.id.empty()) out_ += " " + ident.id;
    if (options_.customs) out_ += ident.annotation;
  }
  types();
  imports();
  TRY(tables());
  memories();
  tags();
  TRY(globals());
  TRY(funcs());
  exports();
  if (m_.start) out_ += "\n  (start " + reference(names_.funcs, *m_.start) + ")";
  TRY(elems());
  TRY(datas());
  if (options_.customs) {
    if (m_.data_count && !writer_.uses_data_count()) out_ += "\n  (@ashlar.datacount)";
    customs();
  }
  out_ += ")\n";
  TRY(check_size());
  return std::move(out_);
}

// " $id (@name ...) (;index;)"
void Printer::define(const Idents& idents, uint32_t index) {
  const auto ident = idents.find(index);
  if (ident != idents.end()) {
    if (!ident->second.id.empty()) out_ += " " + ident->second.id;
    if (options_.customs) out_ += ident->second.annotation;
  }
  out_ += " (;" + std::to_string(index) + ";)";
}

// --- Types. ---

void Printer::types() {
  for (const module::RecGroup& group : m_.rec_groups) {
    const bool alone = group.count == 1;
    if (!alone) out_ += "\n  (rec";
    for (uint32_t i = 0; i < group.count; ++i) {
      out_ += alone ? "\n  (type" : "\n    (type";
      define(names_.types, group.first + i);
      out_ += ' ';
      const auto fields = names_.fields.find(group.first + i);
      writer_.sub_type(out_, m_.types[group.first + i], fields == names_.fields.end() ? nullptr : &fields->second,
                       options_.customs);
      out_ += ')';
    }
    if (!alone) out_ += ')';
  }
}

// --- Imports and exports. ---

void Printer::imports() {
  for (const module::Import& import : m_.imports) {
    out_ += "\n  (import ";
    append_string(out_, import.module, true);
    out_ += ' ';
    append_string(out_, import.name, true);
    out_ += " (";
    out_ += extern_keyword(import.kind);
    import_type(import);
    out_ += "))";
  }
}

void Printer::import_type(const module::Import& import) {
  switch (import.kind) {
    case ExternKind::Func: {
      define(names_.funcs, import.index);
      const uint32_t type = m_.funcs[import.index].type;
      const auto locals = m_.names.locals.find(import.index);
      Idents params;
      if (options_.names && locals != m_.names.locals.end()) {
        const bool is_func = type < m_.types.size() && m_.types[type].kind == module::CompositeKind::Func;
        const size_t count = is_func ? m_.types[type].func.params.size() : 0;
        module::NameMap::Names used;
        params = make_idents(locals->second, static_cast<uint32_t>(count), used);
        if (!used.empty()) names_.used.locals.emplace(import.index, std::move(used));
      }
      return writer_.type_use(out_, type, &params);
    }
    case ExternKind::Table:
      define(names_.tables, import.index);
      return writer_.table_type(out_, m_.tables[import.index].type);
    case ExternKind::Memory:
      define(names_.memories, import.index);
      return writer_.memory_type(out_, m_.memories[import.index].type);
    case ExternKind::Global:
      define(names_.globals, import.index);
      return writer_.global_type(out_, m_.globals[import.index].type);
    case ExternKind::Tag:
      define(names_.tags, import.index);
      return writer_.type_use(out_, m_.tags[import.index].type.type, nullptr);
  }
}

void Printer::exports() {
  const Idents* const spaces[] = {&names_.funcs, &names_.tables, &names_.memories, &names_.globals, &names_.tags};
  for (const module::Export& item : m_.exports) {
    out_ += "\n  (export ";
    append_string(out_, item.name, true);
    out_ += " (";
    out_ += extern_keyword(item.kind);
    out_ += ' ' + reference(*spaces[static_cast<size_t>(item.kind)], item.index) + "))";
  }
}

// --- Definitions. ---

// A single instruction in parentheses; several in (wrapper ...) or, without wrapper, one after the other.
Status Printer::const_expr(const module::ConstExpr& expr, std::string_view wrapper) {
  BodyReader reader(m_.bytes, expr.offset, size_t{expr.offset} + expr.size, options_.features);
  BodyContext context;
  Imm imm;
  std::string text;
  size_t count = 0;
  while (!reader.at_end()) {
    const Op op = reader.next(imm);
    if (op == Op::kCount) return std::unexpected(reader.take_error());
    if (op == Op::end && context.labels.empty()) break;
    if (count++ > 0) text += ' ';
    if (!writer_.write(text, op, imm, context))
      return make_error(ErrorCode::text_print, reader.op_pos(), "unbalanced block");
  }
  if (!reader.at_end() || !context.labels.empty()) {
    return make_error(ErrorCode::text_print, reader.op_pos(), "unbalanced block");
  }
  out_ += ' ';
  if (count == 1) {
    out_ += "(" + text + ")";
  } else if (wrapper.empty()) {
    out_ += text;
  } else {
    out_ += "(" + std::string(wrapper) + (text.empty() ? "" : " ") + text + ")";
  }
  return check_size();
}

Status Printer::tables() {
  for (uint32_t i = m_.imported_tables; i < m_.tables.size(); ++i) {
    out_ += "\n  (table";
    define(names_.tables, i);
    writer_.table_type(out_, m_.tables[i].type);
    if (m_.tables[i].init) TRY(const_expr(*m_.tables[i].init, ""));
    out_ += ')';
  }
  return {};
}

void Printer::memories() {
  for (uint32_t i = m_.imported_memories; i < m_.memories.size(); ++i) {
    out_ += "\n  (memory";
    define(names_.memories, i);
    writer_.memory_type(out_, m_.memories[i].type);
    out_ += ')';
  }
}

void Printer::tags() {
  for (uint32_t i = m_.imported_tags; i < m_.tags.size(); ++i) {
    out_ += "\n  (tag";
    define(names_.tags, i);
    writer_.type_use(out_, m_.tags[i].type.type, nullptr);
    out_ += ')';
  }
}

Status Printer::globals() {
  for (uint32_t i = m_.imported_globals; i < m_.globals.size(); ++i) {
    out_ += "\n  (global";
    define(names_.globals, i);
    writer_.global_type(out_, m_.globals[i].type);
    TRY(const_expr(m_.globals[i].init, ""));
    out_ += ')';
  }
  return {};
}

Status Printer::elems() {
  constexpr size_t kPerLine = 16;
  for (uint32_t i = 0; i < m_.elems.size(); ++i) {
    const module::Elem& elem = m_.elems[i];
    out_ += "\n  (elem";
    define(names_.elems, i);
    if (elem.mode == SegmentMode::Declared) out_ += " declare";
    if (elem.mode == SegmentMode::Active) {
      if (elem.table != 0) out_ += " (table " + reference(names_.tables, elem.table) + ")";
      TRY(const_expr(elem.offset, "offset"));
    }
    const bool by_index =
        elem.exprs.empty() && (!elem.funcs.empty() || elem.type == isa::ValType::ref(isa::AbsHeap::Func));
    out_ += ' ';
    if (by_index) {
      out_ += "func";
    } else {
      writer_.val_type(out_, elem.type);
    }
    for (size_t j = 0; j < elem.funcs.size(); ++j) {
      out_ += j % kPerLine == 0 && elem.funcs.size() > kPerLine ? "\n    " : " ";
      out_ += reference(names_.funcs, elem.funcs[j]);
    }
    for (const module::ConstExpr& expr : elem.exprs) TRY(const_expr(expr, "item"));
    out_ += ')';
    TRY(check_size());
  }
  return {};
}

void Printer::bytes(std::span<const uint8_t> data) {
  constexpr size_t kPerLine = 64;
  if (data.size() <= kPerLine) {
    out_ += ' ';
    return append_string(out_, as_text(data), false);
  }
  for (size_t at = 0; at < data.size(); at += kPerLine) {
    out_ += "\n    ";
    append_string(out_, as_text(data.subspan(at, std::min(kPerLine, data.size() - at))), false);
  }
}

Status Printer::datas() {
  for (uint32_t i = 0; i < m_.datas.size(); ++i) {
    const module::Data& data = m_.datas[i];
    out_ += "\n  (data";
    define(names_.datas, i);
    if (data.mode == SegmentMode::Active) {
      if (data.memory != 0) out_ += " (memory " + reference(names_.memories, data.memory) + ")";
      TRY(const_expr(data.offset, "offset"));
    }
    bytes(m_.bytes.subspan(data.bytes_offset, data.bytes_size));
    out_ += ')';
    TRY(check_size());
  }
  return {};
}

// --- Custom sections. ---

// The names that the text says, as the parser will write them, are exactly the section; and it stands behind the
// others.
bool Printer::names_are_canonical(const module::CustomSection& section) const {
  if (!options_.names) return false;
  for (const module::SectionInfo& known : m_.sections) {
    if (known.offset > section.contents_offset) return false;
  }
  for (const module::CustomSection& other : m_.customs) {
    if (&other != &section && other.name == kNameSection) return false;
  }
  const std::vector<uint8_t> written = encode_names(names_.used);
  const std::span<const uint8_t> contents = m_.bytes.subspan(section.contents_offset, section.contents_size);
  return !is_empty(names_.used) && std::equal(written.begin(), written.end(), contents.begin(), contents.end());
}

void Printer::place(uint8_t after_section) {
  if (after_section == 0) {
    out_ += " (before first)";
  } else if (after_section < std::size(kSectionNames)) {
    out_ += " (after " + std::string(kSectionNames[after_section]) + ")";
  }
}

void Printer::customs() {
  for (const module::CustomSection& section : m_.customs) {
    if (&section == hint_section_) continue;
    if (section.name == kNameSection && names_are_canonical(section)) {
      if (&section != &m_.customs.back()) out_ += "\n  (@ashlar.names)";
      continue;
    }
    out_ += "\n  (@custom ";
    append_string(out_, section.name, true);
    const bool is_last = std::none_of(m_.sections.begin(), m_.sections.end(),
                                      [&](const auto& known) { return known.offset > section.contents_offset; });
    if (!is_last || m_.sections.empty()) place(section.after_section);
    bytes(m_.bytes.subspan(section.contents_offset, section.contents_size));
    out_ += ')';
  }
}

Result<std::string> print(const module::Module& m, const PrintOptions& options) { return Printer(m, options).run(); }

}  // namespace ashlar::text
