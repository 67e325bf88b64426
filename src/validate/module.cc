// Module-level rules: types, imports, definitions, segments, exports, start (spec 3.5).
#include <algorithm>

#include "validate/const_expr.h"
#include "validate/module_types.h"
#include "validate/validate.h"

namespace ashlar::validate {

using isa::Feature;
using isa::Op;
using isa::ValType;
using module::CompositeKind;
using module::ExternKind;
using module::Module;
using module::SubType;
using module::TypeRegistry;

namespace {

std::unexpected<Error> unknown(std::string_view what, uint64_t index, uint64_t offset = kNoOffset) {
  return make_error(ErrorCode::unknown_index, offset, std::string(what), std::to_string(index));
}

Status check_limits(const module::Limits& limits, uint64_t most, ErrorCode code, const std::string& most_text) {
  if (limits.min > most || limits.max.value_or(0) > most) return make_error(code, kNoOffset, most_text);
  if (limits.max && *limits.max < limits.min) {
    return make_error(ErrorCode::size_order, kNoOffset, std::to_string(limits.min), std::to_string(*limits.max));
  }
  return {};
}

class ModuleValidator {
 public:
  ModuleValidator(Module& m, const ValidateOptions& options)
      : m_(m), types_(m), options_(options), exprs_(m, options) {}

  Status rec_group(const module::RecGroup& group);

  Status run(const std::shared_ptr<TypeRegistry>& registry) {
    TRY(type_section(registry));
    TRY(declarations());
    declare_funcs();
    TRY(tables());
    TRY(globals());
    TRY(elems());
    TRY(datas());
    TRY(exports());
    return start();
  }

 private:
  bool has(Feature feature) const { return options_.features.has(feature); }

  // types.  `known`: how many types may be named.
  Status type_section(const std::shared_ptr<TypeRegistry>& registry);
  Status type_references(const SubType& type, uint32_t known) const;
  Status val_type(ValType type, uint32_t known) const;
  Status val_type(ValType type) const { return val_type(type, static_cast<uint32_t>(m_.types.size())); }
  Status supertype(uint32_t index) const;
  bool composite_matches(const SubType& sub, const SubType& super) const;
  bool field_matches(const module::FieldType& sub, const module::FieldType& super) const;

  Status declarations();
  Status func_type(module::TypeIdx type) const;
  Status table(const module::TableType& type) const;
  Status tag(const module::TagType& type) const;
  void declare_funcs();
  void declare(const module::ConstExpr& expr);
  void declare(module::FuncIdx f) {
    if (f < m_.declared_funcs.size()) m_.declared_funcs[f] = true;
  }
  Status tables();
  Status globals();
  Status elems();
  Status datas();
  Status exports();
  Status export_entry(const module::Export& e) const;
  Status start();

  uint32_t visible_globals(uint32_t before) const { return has(Feature::gc) ? before : m_.imported_globals; }
  uint32_t all_globals() const { return visible_globals(static_cast<uint32_t>(m_.globals.size())); }
  static ValType address(const module::Limits& limits) { return limits.is64 ? ValType::i64() : ValType::i32(); }

  Module& m_;
  const ModuleTypes types_;
  const ValidateOptions& options_;
  ConstExprChecker exprs_;
};

// --- types

Status ModuleValidator::type_section(const std::shared_ptr<TypeRegistry>& registry) {
  if (m_.registry) {  // an earlier attempt
    m_.registry->release(m_);
    m_.canonical.clear();
  }
  m_.registry = registry;
  m_.canonical.reserve(m_.types.size());
  for (const module::RecGroup& group : m_.rec_groups) TRY(rec_group(group));
  return {};
}

Status ModuleValidator::rec_group(const module::RecGroup& group) {
  const uint32_t end = group.first + group.count;
  std::vector<uint32_t> depth(group.count);
  for (uint32_t i = group.first; i < end; ++i) {
    const SubType& type = m_.types[i];
    TRY(type_references(type, end));
    if (type.super == module::kNoIndex) continue;
    if (type.super >= i) return unknown("type", type.super);
    const uint32_t above =
        type.super >= group.first ? depth[type.super - group.first] : m_.registry->get(m_.canonical[type.super]).depth;
    depth[i - group.first] = above + 1;
    if (above + 1 > options_.limits.subtyping_depth) {
      return make_error(ErrorCode::subtyping_depth, kNoOffset, std::to_string(i), std::to_string(above + 1));
    }
  }
  TRY(m_.registry->canonicalize_group(m_.types, group, m_.canonical));
  for (uint32_t i = group.first; i < end; ++i) TRY(supertype(i));
  return {};
}

Status ModuleValidator::val_type(ValType type, uint32_t known) const {
  if (!type.is_ref() || !type.heap().is_concrete() || type.heap().index() < known) return {};
  return unknown("type", type.heap().index());
}

Status ModuleValidator::type_references(const SubType& type, uint32_t known) const {
  for (const ValType v : type.func.params) TRY(val_type(v, known));
  for (const ValType v : type.func.results) TRY(val_type(v, known));
  for (const module::FieldType& field : type.fields) TRY(val_type(field.storage.type, known));
  if (type.func.results.size() > 1 && !has(Feature::multi_value)) {
    return make_error(ErrorCode::invalid_result_arity, kNoOffset, module::to_string(type.func.results));
  }
  return {};
}

Status ModuleValidator::supertype(uint32_t index) const {
  const SubType& type = m_.types[index];
  if (type.super == module::kNoIndex) return {};
  const SubType& super = m_.types[type.super];
  if (super.is_final) {
    return make_error(ErrorCode::sub_type_mismatch, kNoOffset, std::to_string(index),
                      "has the final supertype " + std::to_string(type.super));
  }
  if (!composite_matches(type, super)) {
    return make_error(ErrorCode::sub_type_mismatch, kNoOffset, std::to_string(index),
                      "does not match its supertype " + std::to_string(type.super));
  }
  return {};
}

bool ModuleValidator::field_matches(const module::FieldType& sub, const module::FieldType& super) const {
  if (sub.mut != super.mut || sub.storage.packed != super.storage.packed) return false;
  if (!types_.matches(sub.storage.type, super.storage.type)) return false;
  return !sub.mut || types_.matches(super.storage.type, sub.storage.type);
}

bool ModuleValidator::composite_matches(const SubType& sub, const SubType& super) const {
  if (sub.kind != super.kind) return false;
  if (sub.kind != CompositeKind::Func) {
    return sub.fields.size() >= super.fields.size() &&
           std::equal(super.fields.begin(), super.fields.end(), sub.fields.begin(),
                      [&](const auto& above, const auto& below) { return field_matches(below, above); });
  }
  const auto matches = [&](ValType a, ValType b) { return types_.matches(a, b); };
  return std::ranges::equal(super.func.params, sub.func.params, matches) &&
         std::ranges::equal(sub.func.results, super.func.results, matches);
}

// --- imports and definitions

Status ModuleValidator::func_type(module::TypeIdx type) const {
  if (type >= m_.types.size()) return unknown("type", type);
  if (m_.types[type].kind == CompositeKind::Func) return {};
  return make_error(ErrorCode::type_mismatch, kNoOffset, "type " + std::to_string(type) + " is no function type");
}

Status ModuleValidator::table(const module::TableType& type) const {
  TRY(val_type(type.elem));
  return validate_table_limits(type.limits);
}

Status ModuleValidator::tag(const module::TagType& type) const {
  TRY(func_type(type.type));
  const module::FuncType& func = m_.types[type.type].func;
  if (!func.results.empty()) {
    return make_error(ErrorCode::tag_results, kNoOffset, module::to_string(func.results));
  }
  return {};
}

Status ModuleValidator::declarations() {
  for (const module::Func& f : m_.funcs) TRY(func_type(f.type));
  for (const module::Tag& t : m_.tags) TRY(tag(t.type));
  for (const module::Memory& memory_def : m_.memories) TRY(validate_memory_type(memory_def.type));
  for (const module::Table& t : m_.tables) TRY(table(t.type));
  for (const module::Global& g : m_.globals) TRY(val_type(g.type.type));
  if (m_.memories.size() > 1 && !has(Feature::multi_memory)) return make_error(ErrorCode::multiple_memories);
  if (m_.tables.size() > 1 && !has(Feature::reference_types)) return make_error(ErrorCode::multiple_tables);
  if (has(Feature::mutable_globals)) return {};
  for (uint32_t i = 0; i < m_.imported_globals; ++i) {
    if (m_.globals[i].type.mut) return make_error(ErrorCode::mutable_global_external);
  }
  return {};
}

void ModuleValidator::declare(const module::ConstExpr& expr) {
  for (const module::ConstInst& inst : expr.insts) {
    if (inst.op == Op::ref_func) declare(inst.index);
  }
}

void ModuleValidator::declare_funcs() {
  m_.declared_funcs.assign(m_.funcs.size(), false);
  for (const module::Export& e : m_.exports) {
    if (e.kind == ExternKind::Func) declare(e.index);
  }
  for (const module::Global& g : m_.globals) declare(g.init);
  for (const module::Table& t : m_.tables) {
    if (t.init) declare(*t.init);
  }
  for (const module::Elem& elem : m_.elems) {
    for (const module::FuncIdx f : elem.funcs) declare(f);
    for (const module::ConstExpr& expr : elem.exprs) declare(expr);
  }
}

Status ModuleValidator::tables() {
  for (const module::Table& t : m_.tables) {
    if (t.imported) continue;
    // Tables are set up before the module's own globals.
    if (t.init) {
      TRY(exprs_.check(*t.init, t.type.elem, m_.imported_globals));
    } else if (!t.type.elem.is_defaultable()) {
      return make_error(ErrorCode::type_mismatch, kNoOffset,
                        "a table of " + isa::to_string(t.type.elem) + " needs an initializer");
    }
  }
  return {};
}

Status ModuleValidator::globals() {
  for (uint32_t i = m_.imported_globals; i < m_.globals.size(); ++i) {
    TRY(exprs_.check(m_.globals[i].init, m_.globals[i].type.type, visible_globals(i)));
  }
  return {};
}

// --- segments

Status ModuleValidator::elems() {
  for (const module::Elem& elem : m_.elems) {
    TRY(val_type(elem.type));
    if (elem.mode == module::SegmentMode::Active) {
      if (elem.table >= m_.tables.size()) return unknown("table", elem.table);
      const module::TableType& target = m_.tables[elem.table].type;
      TRY(exprs_.check(elem.offset, address(target.limits), all_globals()));
      if (!types_.matches(elem.type, target.elem)) {
        return make_error(
            ErrorCode::type_mismatch, elem.offset.offset,
            "the segment holds " + isa::to_string(elem.type) + ", the table " + isa::to_string(target.elem));
      }
    }
    for (const module::FuncIdx f : elem.funcs) {
      if (f >= m_.funcs.size()) return unknown("function", f, elem.offset.offset);
    }
    for (const module::ConstExpr& expr : elem.exprs) TRY(exprs_.check(expr, elem.type, all_globals()));
  }
  return {};
}

Status ModuleValidator::datas() {
  for (const module::Data& data : m_.datas) {
    if (data.mode != module::SegmentMode::Active) continue;
    if (data.memory >= m_.memories.size()) return unknown("memory", data.memory, data.bytes_offset);
    TRY(exprs_.check(data.offset, address(m_.memories[data.memory].type.limits), all_globals()));
  }
  return {};
}

// --- exports and start

Status ModuleValidator::export_entry(const module::Export& e) const {
  const auto check = [&](const auto& space) -> Status {
    if (e.index >= space.size()) return unknown(module::to_string(e.kind), e.index);
    return {};
  };
  switch (e.kind) {
    case ExternKind::Func:
      return check(m_.funcs);
    case ExternKind::Table:
      return check(m_.tables);
    case ExternKind::Memory:
      return check(m_.memories);
    case ExternKind::Global:
      TRY(check(m_.globals));
      if (m_.globals[e.index].type.mut && !has(Feature::mutable_globals)) {
        return make_error(ErrorCode::mutable_global_external);
      }
      return {};
    case ExternKind::Tag:
      return check(m_.tags);
  }
  return {};
}

Status ModuleValidator::exports() {
  m_.export_index.clear();
  m_.export_index.reserve(m_.exports.size());
  for (uint32_t i = 0; i < m_.exports.size(); ++i) {
    const module::Export& e = m_.exports[i];
    TRY(export_entry(e));
    if (!m_.export_index.try_emplace(e.name, i).second) {
      return make_error(ErrorCode::duplicate_export, kNoOffset, "\"" + std::string(e.name) + "\"");
    }
  }
  return {};
}

Status ModuleValidator::start() {
  if (!m_.start) return {};
  if (*m_.start >= m_.funcs.size()) return unknown("function", *m_.start);
  const module::FuncType& type = m_.func_type(*m_.start);
  if (type.params.empty() && type.results.empty()) return {};
  return make_error(ErrorCode::start_function, kNoOffset, module::to_string(type));
}

}  // namespace

Status validate_memory_type(const module::MemoryType& type) {
  const uint32_t log2 = type.page_size_log2;
  if (log2 != 0 && log2 != 16) {
    return make_error(ErrorCode::invalid_page_size, kNoOffset, "2^" + std::to_string(log2) + ", must be 1 or 65536");
  }
  const uint32_t bits = type.limits.is64 ? 64 : 32;
  // Of pages of one byte there is one less, so that a size is an address.
  const uint64_t most = log2 == 0 ? ~uint64_t{0} >> (64 - bits) : uint64_t{1} << (bits - log2);
  const std::string text = log2 == 0    ? "2^" + std::to_string(bits) + " - 1 pages of one byte"
                           : bits == 32 ? "65536 pages (4GiB)"
                                        : "2^48 pages (16EiB)";
  TRY(check_limits(type.limits, most, ErrorCode::memory_size, text));
  if (type.limits.shared && !type.limits.max) return make_error(ErrorCode::shared_needs_max);
  return {};
}

Status validate_table_limits(const module::Limits& limits) {
  const uint64_t most = limits.is64 ? ~uint64_t{0} : ~uint32_t{0};
  return check_limits(limits, most, ErrorCode::table_size, limits.is64 ? "2^64-1" : "2^32-1");
}

Status validate_last_group(Module& m, const ValidateOptions& options) {
  const module::RecGroup group = m.rec_groups.back();
  Status status = ModuleValidator(m, options).rec_group(group);
  if (status) return status;
  if (m.canonical.size() > group.first) {  // canonicalized, then refused
    Module refused;
    refused.registry = m.registry;
    refused.rec_groups = {{0, group.count}};
    refused.canonical.assign(m.canonical.begin() + group.first, m.canonical.end());
    m.canonical.resize(group.first);
  }
  m.rec_groups.pop_back();
  m.types.resize(group.first);
  return status;
}

Status validate_module(Module& m, const std::shared_ptr<TypeRegistry>& registry, const ValidateOptions& options) {
  return ModuleValidator(m, options).run(registry);
}

}  // namespace ashlar::validate
