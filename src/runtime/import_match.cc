// Import matching by kind.
#include "runtime/import_match.h"

namespace ashlar::runtime {

namespace {

using module::Limits;
using module::Module;

std::string expected_found(const std::string& expected, const std::string& found) {
  return "expected " + expected + ", found " + found;
}

std::string describe(const Limits& limits) {
  std::string out = limits.is64 ? "i64 " : "";
  out += std::to_string(limits.min);
  if (limits.max) out += " " + std::to_string(*limits.max);
  if (limits.shared) out += " shared";
  return out;
}

std::string describe(const module::GlobalType& type) {
  const std::string name = isa::to_string(type.type);
  return type.mut ? "(global (mut " + name + "))" : "(global " + name + ")";
}

std::string describe(const module::MemoryType& type) {
  std::string out = "(memory " + describe(type.limits);
  if (type.page_size_log2 != 16) out += " (pagesize " + std::to_string(1u << type.page_size_log2) + ")";
  return out + ")";
}

std::string describe(const module::TableType& type) {
  return "(table " + describe(type.limits) + " " + isa::to_string(type.elem) + ")";
}

std::string describe_func(const Store& store, uint32_t type_id) {
  return "function " + module::to_string(store.types().get(type_id).def.func);
}

/// `given.min` is the current size. A maximum may only be narrower than the one asked for.
bool limits_match(const Limits& given, const Limits& wanted) {
  if (given.is64 != wanted.is64 || given.shared != wanted.shared || given.min < wanted.min) return false;
  return !wanted.max || (given.max && *given.max <= *wanted.max);
}

std::string match_func(const Store& store, const Module& m, uint32_t index, const FuncCell& given) {
  const uint32_t wanted = m.canonical[m.funcs[index].type];
  if (given.type_id == wanted || store.types().is_subtype(given.type_id, wanted)) return {};
  std::string expected = describe_func(store, wanted);
  std::string found = describe_func(store, given.type_id);
  if (expected == found) found += " declared as another type";
  return expected_found(expected, found);
}

std::string match_table(const Module& m, uint32_t index, const Table& given) {
  module::TableType wanted = m.tables[index].type;
  wanted.elem = module::to_canonical(m, wanted.elem);
  module::TableType actual = given.type();
  actual.limits.min = given.size();
  if (actual.elem == wanted.elem && limits_match(actual.limits, wanted.limits)) return {};
  return expected_found(describe(wanted), describe(actual));
}

std::string match_memory(const Module& m, uint32_t index, const Memory& given) {
  const module::MemoryType& wanted = m.memories[index].type;
  module::MemoryType actual = given.type();
  actual.limits.min = given.pages();
  if (actual.page_size_log2 == wanted.page_size_log2 && limits_match(actual.limits, wanted.limits)) return {};
  return expected_found(describe(wanted), describe(actual));
}

std::string match_global(const Store& store, const Module& m, uint32_t index, const GlobalInstance& given) {
  module::GlobalType wanted = m.globals[index].type;
  wanted.type = module::to_canonical(m, wanted.type);
  const bool types_match =
      wanted.mut ? given.type.type == wanted.type : module::val_matches(store.types(), given.type.type, wanted.type);
  if (given.type.mut == wanted.mut && types_match) return {};
  return expected_found(describe(wanted), describe(given.type));
}

std::string match_tag(const Store& store, const Module& m, uint32_t index, const TagInstance& given) {
  const uint32_t wanted = m.canonical[m.tags[index].type.type];
  if (given.type_id == wanted) return {};
  return expected_found("tag of " + describe_func(store, wanted), "tag of " + describe_func(store, given.type_id));
}

}  // namespace

std::string import_mismatch(const Store& store, const Module& m, const module::Import& import, const Extern& given) {
  if (given.kind != import.kind) {
    return expected_found(std::string(module::to_string(import.kind)), std::string(module::to_string(given.kind)));
  }
  switch (import.kind) {
    case module::ExternKind::Func:
      return match_func(store, m, import.index, *given.func);
    case module::ExternKind::Table:
      return match_table(m, import.index, *given.table);
    case module::ExternKind::Memory:
      return match_memory(m, import.index, *given.memory);
    case module::ExternKind::Global:
      return match_global(store, m, import.index, *given.global);
    case module::ExternKind::Tag:
      return match_tag(store, m, import.index, *given.tag);
  }
  return "unknown kind";
}

}  // namespace ashlar::runtime
