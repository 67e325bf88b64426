// Import matching by kind.
#include "runtime/import_match.h"

#include "module/subtyping.h"

namespace ashlar::runtime {

namespace {

using module::Limits;
using module::Module;
using module::TypeRegistry;

std::string expected_found(const std::string& expected, const std::string& found, const std::string& why = {}) {
  return "expected " + expected + ", found " + found + (why.empty() ? "" : ": " + why);
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

std::string describe_func(const TypeRegistry& types, uint32_t type_id) {
  return "function " + module::to_string(types.get(type_id).def.func);
}

/// A defined type as the text format has it; the types of its fields are not looked into.
std::string describe_object(const TypeRegistry& types, uint32_t type_id) {
  const module::SubType& def = types.get(type_id).def;
  if (def.kind == module::CompositeKind::Func) return "func " + module::to_string(def.func);
  std::string out = def.kind == module::CompositeKind::Struct ? "struct" : "array";
  for (const isa::FieldType& field : def.fields) out += " " + isa::to_string(field);
  return out;
}

/// What is behind the number in a type: "7 is (struct i32)".
std::string explain(const TypeRegistry& types, isa::ValType type) {
  if (!type.is_ref() || !type.heap().is_concrete()) return {};
  const uint32_t id = type.heap().index();
  return std::to_string(id) + " is (" + describe_object(types, id) + ")";
}

/// Why a value of type `sub` cannot stand where `super` is wanted; empty when it can.
std::string value_mismatch(const TypeRegistry& types, isa::ValType sub, isa::ValType super, bool same) {
  if (same ? sub == super : module::val_matches(types, sub, super)) return {};
  std::string out = isa::to_string(sub) + (same ? " is not " : " is no subtype of ") + isa::to_string(super);
  if (!same && sub.is_ref() && super.is_ref() && module::val_matches(types, sub.as_non_null(), super)) {
    return "it may be null";
  }
  for (isa::ValType type : {sub, super}) {
    if (const std::string what = explain(types, type); !what.empty())
      out += (type == sub ? ", where " : ", and ") + what;
  }
  return out;
}

/// `given.min` is the current size. A maximum may only be narrower than the one asked for.
std::string limits_mismatch(const Limits& given, const Limits& wanted) {
  if (given.is64 != wanted.is64) return wanted.is64 ? "its addresses are i32" : "its addresses are i64";
  if (given.shared != wanted.shared) return wanted.shared ? "it is not shared" : "it is shared";
  if (given.min < wanted.min) {
    return "it has " + std::to_string(given.min) + ", at least " + std::to_string(wanted.min) + " are wanted";
  }
  if (!wanted.max) return {};
  if (!given.max) return "it has no maximum, " + std::to_string(*wanted.max) + " is wanted";
  if (*given.max <= *wanted.max) return {};
  return "its maximum is " + std::to_string(*given.max) + ", at most " + std::to_string(*wanted.max) + " is wanted";
}

/// Of two function types the first place where they do not match.
std::string func_mismatch(const TypeRegistry& types, const module::FuncType& given, const module::FuncType& wanted) {
  const auto counts = [](const char* what, size_t has, size_t needs) {
    return "it has " + std::to_string(has) + " " + what + ", " + std::to_string(needs) + " are wanted";
  };
  if (given.params.size() != wanted.params.size()) {
    return counts("parameters", given.params.size(), wanted.params.size());
  }
  if (given.results.size() != wanted.results.size()) {
    return counts("results", given.results.size(), wanted.results.size());
  }
  for (size_t i = 0; i < given.params.size(); ++i) {
    const std::string why = value_mismatch(types, wanted.params[i], given.params[i], false);
    if (!why.empty()) return "parameter " + std::to_string(i + 1) + ": " + why;
  }
  for (size_t i = 0; i < given.results.size(); ++i) {
    const std::string why = value_mismatch(types, given.results[i], wanted.results[i], false);
    if (!why.empty()) return "result " + std::to_string(i + 1) + ": " + why;
  }
  return "it is declared as another type";
}

std::string match_func(const TypeRegistry& types, uint32_t given, uint32_t wanted) {
  if (given == wanted || types.is_subtype(given, wanted)) return {};
  return expected_found(describe_func(types, wanted), describe_func(types, given),
                        func_mismatch(types, types.get(given).def.func, types.get(wanted).def.func));
}

std::string match_table(const TypeRegistry& types, const module::TableType& given, const module::TableType& wanted) {
  std::string why = value_mismatch(types, given.elem, wanted.elem, true);
  if (why.empty()) why = limits_mismatch(given.limits, wanted.limits);
  return why.empty() ? why : expected_found(describe(wanted), describe(given), why);
}

std::string match_memory(const module::MemoryType& given, const module::MemoryType& wanted) {
  std::string why = limits_mismatch(given.limits, wanted.limits);
  if (given.page_size_log2 != wanted.page_size_log2) why = "its pages are of another size";
  return why.empty() ? why : expected_found(describe(wanted), describe(given), why);
}

std::string match_global(const TypeRegistry& types, const module::GlobalType& given, const module::GlobalType& wanted) {
  std::string why = value_mismatch(types, given.type, wanted.type, wanted.mut);
  if (given.mut != wanted.mut) why = given.mut ? "it is mutable" : "it is not mutable";
  return why.empty() ? why : expected_found(describe(wanted), describe(given), why);
}

std::string match_tag(const TypeRegistry& types, uint32_t given, uint32_t wanted) {
  if (given == wanted) return {};
  return expected_found("tag of " + describe_func(types, wanted), "tag of " + describe_func(types, given));
}

/// The type of a living item; `min` of limits is the current size.
ItemType item_type(const Extern& item) {
  ItemType out;
  out.kind = item.kind;
  switch (item.kind) {
    case module::ExternKind::Func:
      out.type_id = item.func->type_id;
      break;
    case module::ExternKind::Table:
      out.table = item.table->type();
      out.table.limits.min = item.table->size();
      break;
    case module::ExternKind::Memory:
      out.memory = item.memory->type();
      out.memory.limits.min = item.memory->pages();
      break;
    case module::ExternKind::Global:
      out.global = item.global->type;
      break;
    case module::ExternKind::Tag:
      out.type_id = item.tag->type_id;
      break;
  }
  return out;
}

}  // namespace

ItemType item_type(const Module& m, module::ExternKind kind, uint32_t index) {
  ItemType out;
  out.kind = kind;
  switch (kind) {
    case module::ExternKind::Func:
      out.type_id = m.canonical[m.funcs[index].type];
      break;
    case module::ExternKind::Table:
      out.table = m.tables[index].type;
      out.table.elem = module::to_canonical(m, out.table.elem);
      break;
    case module::ExternKind::Memory:
      out.memory = m.memories[index].type;
      break;
    case module::ExternKind::Global:
      out.global = m.globals[index].type;
      out.global.type = module::to_canonical(m, out.global.type);
      break;
    case module::ExternKind::Tag:
      out.type_id = m.canonical[m.tags[index].type.type];
      break;
  }
  return out;
}

std::string item_mismatch(const TypeRegistry& types, const ItemType& given, const ItemType& wanted) {
  if (given.kind != wanted.kind) {
    return expected_found(std::string(module::to_string(wanted.kind)), std::string(module::to_string(given.kind)));
  }
  switch (wanted.kind) {
    case module::ExternKind::Func:
      return match_func(types, given.type_id, wanted.type_id);
    case module::ExternKind::Table:
      return match_table(types, given.table, wanted.table);
    case module::ExternKind::Memory:
      return match_memory(given.memory, wanted.memory);
    case module::ExternKind::Global:
      return match_global(types, given.global, wanted.global);
    case module::ExternKind::Tag:
      return match_tag(types, given.type_id, wanted.type_id);
  }
  return "unknown kind";
}

std::string import_mismatch(const TypeRegistry& types, const Module& m, const module::Import& import,
                            const Extern& given) {
  return item_mismatch(types, item_type(given), item_type(m, import.kind, import.index));
}

}  // namespace ashlar::runtime
