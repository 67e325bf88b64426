// Types of the core language as text; see print_types.h.
#include "text/print_types.h"

namespace ashlar::text {

std::string_view extern_keyword(module::ExternKind kind) {
  constexpr std::string_view kKeywords[] = {"func", "table", "memory", "global", "tag"};
  return kKeywords[static_cast<size_t>(kind)];
}

void TypePrinter::heap_type(std::string& out, isa::HeapType type) const {
  out += type.is_concrete() ? reference(types_, type.index()) : isa::to_string(type);
}

void TypePrinter::val_type(std::string& out, isa::ValType type) const {
  if (!type.is_ref() || type.heap().is_abstract()) {
    out += isa::to_string(type);
    return;
  }
  out += type.nullable() ? "(ref null " : "(ref ";
  heap_type(out, type.heap());
  out += ')';
}

void TypePrinter::value_list(std::string& out, std::string_view keyword, std::span<const isa::ValType> types) const {
  if (types.empty()) return;
  out += " (";
  out += keyword;
  for (isa::ValType type : types) {
    out += ' ';
    val_type(out, type);
  }
  out += ')';
}

void TypePrinter::signature(std::string& out, const module::FuncType& type, const Idents* params) const {
  const std::span<const isa::ValType> all(type.params);
  size_t unnamed = 0;  // first of the current run without identifiers
  for (size_t i = 0; params != nullptr && !params->empty() && i < all.size(); ++i) {
    const auto ident = params->find(static_cast<uint32_t>(i));
    if (ident == params->end()) continue;
    value_list(out, "param", all.subspan(unnamed, i - unnamed));
    unnamed = i + 1;
    out += " (param";
    if (!ident->second.id.empty()) out += " " + ident->second.id;
    out += ident->second.annotation + " ";
    val_type(out, all[i]);
    out += ')';
  }
  value_list(out, "param", all.subspan(unnamed));
  value_list(out, "result", type.results);
}

void TypePrinter::sub_type(std::string& out, const module::SubType& type, const Idents* names, bool annotations) const {
  const bool is_sub = !type.is_final || type.super != module::kNoIndex;
  if (is_sub) {
    out += type.is_final ? "(sub final " : "(sub ";
    if (type.super != module::kNoIndex) out += reference(types_, type.super) + " ";
  }
  switch (type.kind) {
    case module::CompositeKind::Func:
      out += "(func";
      signature(out, type.func, nullptr);
      break;
    case module::CompositeKind::Struct:
      out += "(struct";
      fields(out, type, names, annotations);
      break;
    case module::CompositeKind::Array:
      out += "(array";
      fields(out, type, names, annotations);
      break;
  }
  out += is_sub ? "))" : ")";
}

void TypePrinter::fields(std::string& out, const module::SubType& type, const Idents* names, bool annotations) const {
  for (size_t i = 0; i < type.fields.size(); ++i) {
    const module::FieldType& field = type.fields[i];
    const bool in_struct = type.kind == module::CompositeKind::Struct;
    out += in_struct ? " (field " : " ";
    if (names != nullptr) {
      const auto ident = names->find(static_cast<uint32_t>(i));
      if (ident != names->end()) {
        if (!ident->second.id.empty()) out += ident->second.id + " ";
        if (annotations && !ident->second.annotation.empty()) out += ident->second.annotation.substr(1) + " ";
      }
    }
    if (field.mut) out += "(mut ";
    if (field.storage.is_packed()) {
      out += isa::to_string(field.storage);
    } else {
      val_type(out, field.storage.type);
    }
    if (field.mut) out += ')';
    if (in_struct) out += ')';
  }
}

namespace {

void append_limits(std::string& out, const module::Limits& limits) {
  out += ' ' + std::to_string(limits.min);
  if (limits.max) out += ' ' + std::to_string(*limits.max);
  if (limits.shared) out += " shared";
}

}  // namespace

void TypePrinter::memory_type(std::string& out, const module::MemoryType& type) const {
  if (type.limits.is64) out += " i64";
  append_limits(out, type.limits);
  constexpr uint8_t kDefaultPageSize = 16;
  if (type.page_size_log2 != kDefaultPageSize) {
    out += " (pagesize " + std::to_string(uint64_t{1} << (type.page_size_log2 & 63)) + ")";
  }
}

void TypePrinter::table_type(std::string& out, const module::TableType& type) const {
  if (type.limits.is64) out += " i64";
  append_limits(out, type.limits);
  out += ' ';
  val_type(out, type.elem);
}

void TypePrinter::global_type(std::string& out, const module::GlobalType& type) const {
  out += type.mut ? " (mut " : " ";
  val_type(out, type.type);
  if (type.mut) out += ')';
}

}  // namespace ashlar::text
