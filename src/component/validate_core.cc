// Core modules, core types and core instances; see validator.h.
#include <algorithm>
#include <utility>

#include "binary/decode.h"
#include "component/validator.h"
#include "validate/validate.h"

namespace ashlar::component {

using runtime::ItemType;

// --- modules

Status Validator::core_module(Scope& s, const CoreModuleDef& def) {
  TRY(room(s.core_modules, "core modules"));
  const auto inside = [&](Error error) {
    return std::unexpected(std::move(error).in_file("core module " + std::to_string(s.core_modules.size())));
  };
  Result<std::unique_ptr<module::Module>> m = decode_core(def);
  if (!m) return inside(std::move(m).error());
  const ModuleNode* node = module_node(**m);
  TRY(check_unique(*node, "core module " + std::to_string(s.core_modules.size())));
  s.core_modules.push_back(node);
  out_.modules.emplace(&def, std::move(*m));
  return {};
}

Result<std::unique_ptr<module::Module>> Validator::decode_core(const CoreModuleDef& def) const {
  if (options_.known) {
    TRY_ASSIGN(auto known, options_.known(def));
    if (known != nullptr) return known;
  }
  return validate_core_module(def, options_, out_.registry);
}

Result<std::unique_ptr<module::Module>> validate_core_module(const CoreModuleDef& def, const ValidateOptions& options,
                                                             const std::shared_ptr<module::TypeRegistry>& registry) {
  binary::DecodeOptions decode;
  decode.features = options.features;
  decode.limits = options.core_limits;
  decode.names = options.names;
  TRY_ASSIGN(auto m, binary::decode(def.bytes, def.storage, decode));
  validate::ValidateOptions rules;
  rules.features = options.features;
  rules.limits = options.core_limits;
  rules.threads = options.threads;
  rules.lazy = options.lazy;
  TRY(validate::validate(*m, registry, rules));
  return m;
}

const ModuleNode* Validator::module_node(const module::Module& m) {
  ModuleNode out;
  for (const module::Import& i : m.imports) {
    out.imports.push_back({std::string(i.module), std::string(i.name), runtime::item_type(m, i.kind, i.index)});
  }
  for (const module::Export& e : m.exports) {
    out.exports.push_back({{}, std::string(e.name), runtime::item_type(m, e.kind, e.index)});
  }
  return graph_.module(std::move(out));
}

// --- types

Status Validator::core_type(Scope& s, const CoreTypeDef& def) {
  TRY(room(s.core_types, "core types"));
  if (const auto* group = std::get_if<std::vector<module::SubType>>(&def.def)) return rec_group(s, *group);
  if (s.kind == Scope::Kind::ModuleType) return rule("a module type has no module types inside");
  TRY_ASSIGN(const ModuleNode* node, module_type(s, std::get<CoreModuleType>(def.def)));
  s.core_types.push_back({0, node});
  return {};
}

Result<uint32_t> Validator::core_type_index(Scope& s, uint32_t index, uint32_t first, uint32_t count) {
  if (index >= s.core_types.size()) {
    const size_t inside = index - s.core_types.size();
    if (inside < count) return first + static_cast<uint32_t>(inside);
    return unknown("core type", index);
  }
  if (s.core_types[index].module != nullptr) return rule("core type " + std::to_string(index) + " is a module type");
  return s.core_types[index].index;
}

Result<isa::ValType> Validator::core_val_type(Scope& s, isa::ValType type, uint32_t first, uint32_t count) {
  if (!type.is_ref() || !type.heap().is_concrete()) return type;
  TRY_ASSIGN(const uint32_t index, core_type_index(s, type.heap().index(), first, count));
  return isa::ValType::ref(type.nullable(), isa::HeapType::concrete(index));
}

Status Validator::rec_group(Scope& s, const std::vector<module::SubType>& types) {
  if (types.empty()) return {};
  module::Module& all = out_.core_types;
  const auto first = static_cast<uint32_t>(all.types.size());
  const auto count = static_cast<uint32_t>(types.size());
  if (first + types.size() > options_.core_limits.types) {
    return make_error(ErrorCode::module_limit, offset(), "core types", std::to_string(options_.core_limits.types));
  }
  // The component's core types are those of one module, whose indices take the place of the scope's.
  std::vector<module::SubType> group = types;
  const auto map = [&](isa::ValType& type) -> Status {
    TRY_ASSIGN(type, core_val_type(s, type, first, count));
    return {};
  };
  for (module::SubType& type : group) {
    if (type.super != module::kNoIndex) {
      TRY_ASSIGN(type.super, core_type_index(s, type.super, first, count));
    }
    for (isa::ValType& t : type.func.params) TRY(map(t));
    for (isa::ValType& t : type.func.results) TRY(map(t));
    for (isa::FieldType& f : type.fields) TRY(map(f.storage.type));
  }
  all.types.insert(all.types.end(), group.begin(), group.end());
  all.rec_groups.push_back({first, count});
  validate::ValidateOptions rules;
  rules.features = options_.features;
  rules.limits = options_.core_limits;
  if (Status valid = validate::validate_last_group(all, rules); !valid) {
    return std::unexpected(std::move(valid.error()).at(offset()));
  }
  for (uint32_t i = 0; i < count; ++i) s.core_types.push_back({first + i, nullptr});
  return {};
}

Result<uint32_t> Validator::core_func_type(const module::FuncType& type) {
  const auto [at, added] = core_func_types_.try_emplace(module::to_string(type), 0);
  if (!added) return at->second;
  module::Module& all = out_.core_types;
  const auto first = static_cast<uint32_t>(all.types.size());
  module::SubType sub;
  sub.func = type;
  all.types.push_back(std::move(sub));
  all.rec_groups.push_back({first, 1});
  validate::ValidateOptions rules;
  rules.features = options_.features;
  TRY(validate::validate_last_group(all, rules));
  at->second = all.canonical[first];
  return at->second;
}

Result<const ModuleNode*> Validator::module_type(Scope& s, const CoreModuleType& def) {
  Scope inner(Scope::Kind::ModuleType, &s);
  ModuleNode out;
  for (const CoreModuleDecl& decl : def.decls) {
    offset_ = decl.offset;
    TRY(module_decl(inner, decl, out));
  }
  TRY(check_unique(out, "a module type"));
  const ModuleNode* node = graph_.module(std::move(out));
  TRY(check_node(node));
  return node;
}

Status Validator::check_unique(const ModuleNode& node, const std::string& what) const {
  std::unordered_set<std::string> names;
  for (const ModuleNode::Item& i : node.imports) {
    if (!names.insert(std::to_string(i.module.size()) + ":" + i.module + i.name).second) {
      return rule(what + " imports `" + i.module + "` `" + i.name + "` twice");
    }
  }
  names.clear();
  for (const ModuleNode::Item& e : node.exports) {
    if (!names.insert(e.name).second) return rule(what + " exports `" + e.name + "` twice");
  }
  return {};
}

Status Validator::module_decl(Scope& s, const CoreModuleDecl& decl, ModuleNode& out) {
  if (const auto* i = std::get_if<CoreImportDecl>(&decl.decl)) {
    TRY_ASSIGN(ItemType type, item_type(s, i->type));
    out.imports.push_back({i->module, i->name, std::move(type)});
  } else if (const auto* def = std::get_if<std::unique_ptr<CoreTypeDef>>(&decl.decl)) {
    return core_type(s, **def);
  } else if (const auto* a = std::get_if<CoreOuterAlias>(&decl.decl)) {
    bool crosses = false;
    TRY_ASSIGN(Scope * from, outer_scope(s, a->count, crosses));
    if (a->index >= from->core_types.size()) return unknown("outer core type", a->index);
    if (from->core_types[a->index].module != nullptr) return rule("a module type has no module types inside");
    TRY(room(s.core_types, "core types"));
    s.core_types.push_back(from->core_types[a->index]);
  } else {
    const auto& e = std::get<CoreExportDecl>(decl.decl);
    TRY_ASSIGN(ItemType type, item_type(s, e.type));
    out.exports.push_back({{}, e.name, std::move(type)});
  }
  return {};
}

Result<ItemType> Validator::item_type(Scope& s, const CoreExternType& type) {
  ItemType out;
  out.kind = type.kind;
  const module::Module& all = out_.core_types;
  const auto canonical = [&](isa::ValType& t) -> Status {
    TRY_ASSIGN(t, core_val_type(s, t, 0, 0));
    t = module::to_canonical(all, t);
    return {};
  };
  switch (type.kind) {
    case module::ExternKind::Func:
    case module::ExternKind::Tag: {
      TRY_ASSIGN(const uint32_t index, core_type_index(s, type.type, 0, 0));
      const module::SubType& def = all.types[index];
      if (def.kind != module::CompositeKind::Func) {
        return rule("core type " + std::to_string(type.type) + " is no function type");
      }
      if (type.kind == module::ExternKind::Tag && !def.func.results.empty()) {
        return make_error(ErrorCode::tag_results, offset(), module::to_string(def.func.results));
      }
      out.type_id = all.canonical[index];
      return out;
    }
    case module::ExternKind::Table:
      out.table = type.table;
      TRY(canonical(out.table.elem));
      TRY(validate::validate_table_limits(out.table.limits));
      return out;
    case module::ExternKind::Memory:
      out.memory = type.memory;
      TRY(validate::validate_memory_type(out.memory));
      return out;
    case module::ExternKind::Global:
      out.global = type.global;
      TRY(canonical(out.global.type));
      return out;
  }
  return out;
}

// --- instances

Status Validator::core_instance(Scope& s, const CoreInstanceDef& def) {
  TRY(room(s.core_instances, "core instances"));
  if (const auto* from = std::get_if<CoreInstantiate>(&def.expr)) return core_instantiate(s, *from);
  auto out = std::make_shared<CoreInstanceType>();
  for (const CoreInlineExport& e : std::get<std::vector<CoreInlineExport>>(def.expr)) {
    TRY_ASSIGN(const ItemType item, core_item(s, e.item));
    if (!out->exports.emplace(e.name, item).second) return rule("core instance exports `" + e.name + "` twice");
  }
  s.core_instances.push_back(std::move(out));
  return {};
}

Status Validator::core_instantiate(Scope& s, const CoreInstantiate& def) {
  if (def.module >= s.core_modules.size()) return unknown("core module", def.module);
  const ModuleNode& module = *s.core_modules[def.module];
  std::unordered_map<std::string_view, const CoreInstanceType*> args;
  for (const CoreInstantiateArg& arg : def.args) {
    if (arg.item.sort != CoreSort::Instance) return rule("core modules are given instances only");
    if (arg.item.index >= s.core_instances.size()) return unknown("core instance", arg.item.index);
    if (!args.emplace(arg.name, s.core_instances[arg.item.index].get()).second) {
      return rule("instantiation argument `" + arg.name + "` is given twice");
    }
  }
  graph_.step(module.imports.size());
  for (const ModuleNode::Item& import : module.imports) {
    const auto arg = args.find(import.module);
    if (arg == args.end())
      return rule("missing instantiation argument: the module imports from `" + import.module + "`");
    const auto item = arg->second->exports.find(import.name);
    if (item == arg->second->exports.end()) {
      return rule("instantiation argument `" + import.module + "` has no export `" + import.name + "`");
    }
    const std::string why = runtime::item_mismatch(*out_.registry, item->second, import.type);
    if (!why.empty()) {
      return make_error(ErrorCode::type_mismatch, offset(),
                        "import `" + import.module + "` `" + import.name + "`: " + why);
    }
  }
  // All instances of a module have one type.
  std::shared_ptr<const CoreInstanceType>& type = instance_types_[&module];
  if (!type) {
    auto out = std::make_shared<CoreInstanceType>();
    for (const ModuleNode::Item& e : module.exports) out->exports.emplace(e.name, e.type);
    type = std::move(out);
  }
  s.core_instances.push_back(type);
  return work();
}

Result<ItemType> Validator::core_item(Scope& s, const CoreSortIdx& item) {
  ItemType out;
  const auto at = [&](const auto& space, std::string_view what, auto& field) -> Status {
    if (item.index >= space.size()) return unknown("core " + std::string(what), item.index);
    field = space[item.index];
    return {};
  };
  switch (item.sort) {
    case CoreSort::Func:
      out.kind = module::ExternKind::Func;
      TRY(at(s.core_funcs, "function", out.type_id));
      return out;
    case CoreSort::Table:
      out.kind = module::ExternKind::Table;
      TRY(at(s.core_tables, "table", out.table));
      return out;
    case CoreSort::Memory:
      out.kind = module::ExternKind::Memory;
      TRY(at(s.core_memories, "memory", out.memory));
      return out;
    case CoreSort::Global:
      out.kind = module::ExternKind::Global;
      TRY(at(s.core_globals, "global", out.global));
      return out;
    case CoreSort::Tag:
      out.kind = module::ExternKind::Tag;
      TRY(at(s.core_tags, "tag", out.type_id));
      return out;
    case CoreSort::Type:
    case CoreSort::Module:
    case CoreSort::Instance:
      break;
  }
  return rule("core instances export functions, tables, memories, globals and tags only");
}

void Validator::push_core(Scope& s, const ItemType& item) {
  switch (item.kind) {
    case module::ExternKind::Func:
      return s.core_funcs.push_back(item.type_id);
    case module::ExternKind::Table:
      return s.core_tables.push_back(item.table);
    case module::ExternKind::Memory:
      return s.core_memories.push_back(item.memory);
    case module::ExternKind::Global:
      return s.core_globals.push_back(item.global);
    case module::ExternKind::Tag:
      return s.core_tags.push_back(item.type_id);
  }
}

}  // namespace ashlar::component
