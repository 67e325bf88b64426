// Imports, exports and aliases: their types, names and visibility; see validator.h.
#include <algorithm>

#include "component/validator.h"

namespace ashlar::component {

namespace {

std::string index_text(std::string_view what, uint32_t index) {
  return std::string(what) + " " + std::to_string(index);
}

bool is_nominal(TypeKind kind) {
  return kind == TypeKind::Record || kind == TypeKind::Variant || kind == TypeKind::Flags || kind == TypeKind::Enum;
}

}  // namespace

// --- what an import or export is

Result<Extern> Validator::extern_of(Scope& s, const ExternDesc& desc, std::vector<ResourceId>& fresh) {
  const auto node_of = [&](NodeKind kind, std::string_view what) -> Result<const Node*> {
    if (desc.type >= s.types.size()) return unknown("type", desc.type);
    if (s.types[desc.type]->kind == kind) return s.types[desc.type];
    return rule(index_text("type", desc.type) + " is no " + std::string(what) + " type");
  };
  switch (desc.sort.sort) {
    case Sort::Core:
      if (desc.sort.core != CoreSort::Module) return rule("of core items only modules are imported or exported");
      if (desc.type >= s.core_types.size()) return unknown("core type", desc.type);
      if (s.core_types[desc.type].module == nullptr) {
        return rule(index_text("core type", desc.type) + " is no module type");
      }
      return Extern{Extern::Kind::Module, s.core_types[desc.type].module};
    case Sort::Func: {
      TRY_ASSIGN(const Node* node, node_of(NodeKind::Func, "function"));
      return Extern{Extern::Kind::Func, node};
    }
    case Sort::Value:
      TRY(gate(Gate::Values, "an import or export of a value"));
      return make_error(ErrorCode::not_implemented, offset(), "values of components");
    case Sort::Type:
      if (desc.sub_resource) {
        fresh.push_back(graph_.fresh_resource());
        return Extern{Extern::Kind::Type, graph_.resource(fresh.back())};
      }
      if (desc.type >= s.types.size()) return unknown("type", desc.type);
      return Extern{Extern::Kind::Type, graph_.copy(s.types[desc.type])};
    case Sort::Component: {
      TRY_ASSIGN(const Node* node, node_of(NodeKind::Component, "component"));
      return Extern{Extern::Kind::Component, node};
    }
    case Sort::Instance: {
      TRY_ASSIGN(const Node* node, node_of(NodeKind::Instance, "instance"));
      return Extern{Extern::Kind::Instance, graph_.open(static_cast<const InstanceNode&>(*node), fresh)};
    }
  }
  return rule("unknown sort");
}

Result<Extern> Validator::extern_at(Scope& s, const SortIdx& item) {
  const auto at = [&](const auto& space, Extern::Kind kind) -> Result<Extern> {
    if (item.index >= space.size()) return unknown(to_string(kind), item.index);
    return Extern{kind, space[item.index]};
  };
  switch (item.sort.sort) {
    case Sort::Core:
      if (item.sort.core == CoreSort::Module) return at(s.core_modules, Extern::Kind::Module);
      return rule("of core items only modules are given to or exported by components");
    case Sort::Func:
      return at(s.funcs, Extern::Kind::Func);
    case Sort::Value:
      TRY(gate(Gate::Values, "a value"));
      return make_error(ErrorCode::not_implemented, offset(), "values of components");
    case Sort::Type:
      return at(s.types, Extern::Kind::Type);
    case Sort::Component:
      return at(s.components, Extern::Kind::Component);
    case Sort::Instance:
      return at(s.instances, Extern::Kind::Instance);
  }
  return rule("unknown sort");
}

Status Validator::push(Scope& s, Extern type) {
  switch (type.kind) {
    case Extern::Kind::Module:
      TRY(room(s.core_modules, "core modules"));
      s.core_modules.push_back(static_cast<const ModuleNode*>(type.node));
      return {};
    case Extern::Kind::Func:
      TRY(room(s.funcs, "functions"));
      s.funcs.push_back(static_cast<const FuncNode*>(type.node));
      return {};
    case Extern::Kind::Value:
      return {};
    case Extern::Kind::Type:
      TRY(room(s.types, "types"));
      s.types.push_back(type.node);
      return {};
    case Extern::Kind::Instance:
      TRY(room(s.instances, "instances"));
      s.instances.push_back(static_cast<const InstanceNode*>(type.node));
      return {};
    case Extern::Kind::Component:
      TRY(room(s.components, "components"));
      s.components.push_back(static_cast<const ComponentNode*>(type.node));
      return {};
  }
  return {};
}

Status Validator::import(Scope& s, const ImportDef& def) {
  TRY_ASSIGN(const Extern type, extern_of(s, def.desc, s.imported));
  TRY(add_name(s.import_names, def.name, type, true));
  TRY(check_visible(s, def.name.name, type, true));
  s.imports.add(def.name.name, type);
  return push(s, type);
}

Status Validator::export_decl(Scope& s, const ExportDecl& def) {
  TRY_ASSIGN(const Extern type, extern_of(s, def.desc, s.defined));
  TRY(add_name(s.export_names, def.name, type, false));
  TRY(check_visible(s, def.name.name, type, false));
  s.exports.add(def.name.name, type);
  return push(s, type);
}

// --- names

Status Validator::add_name(NameScope& names, const ExternName& name, Extern type, bool imports) {
  const std::string_view what = imports ? "import" : "export";
  ParsedName parsed;
  if (std::string why = parse_name(name.name, imports, options_.gates, parsed); !why.empty()) {
    return make_error(ErrorCode::component_name, offset(), std::string(what), name.name, std::move(why));
  }
  TRY(check_attributes(name, parsed, type, what));
  TRY(check_annotation(names, name, parsed, type));
  const auto [at, added] = names.names.try_emplace(name_key(name.name), name.name);
  if (!added) {
    return make_error(ErrorCode::component_name_taken, offset(), std::string(what), name.name, at->second);
  }
  if (type.kind == Extern::Kind::Type && type.node->kind == NodeKind::Resource && parsed.kind == NameKind::Label) {
    names.resources.emplace(name.name, static_cast<const ResourceNode*>(type.node)->id);
  }
  return {};
}

Status Validator::check_attributes(const ExternName& name, const ParsedName& parsed, Extern type,
                                   std::string_view what) {
  if (name.external_id) TRY(gate(Gate::Implements, "(external-id)"));
  if (name.implements) {
    TRY(gate(Gate::Implements, "(implements)"));
    ParsedName of;
    std::string why = parse_name(*name.implements, false, options_.gates, of);
    if (why.empty() && of.kind != NameKind::Interface) why = "it must be an interface's";
    if (!why.empty()) {
      return make_error(ErrorCode::component_name, offset(), "(implements)", *name.implements, std::move(why));
    }
    if (type.kind != Extern::Kind::Instance) return rule("only instances can have (implements)");
    if (parsed.kind != NameKind::Label) {
      return rule(std::string(what) + " name `" + name.name + "` cannot have (implements): it is no plain name");
    }
  }
  if (!name.version_suffix) return {};
  TRY(gate(Gate::CanonicalNames, "(versionsuffix)"));
  if (type.kind != Extern::Kind::Instance) return rule("only instances can have (versionsuffix)");
  if (parsed.kind != NameKind::Interface || !is_canonical_version(parsed.version)) {
    return rule("(versionsuffix) needs a name with a canonical version, `" + name.name + "` has none");
  }
  const std::string whole = std::string(parsed.version) + *name.version_suffix;
  return is_semver(whole) ? Status() : rule("`" + whole + "` is no semantic version");
}

Status Validator::check_annotation(const NameScope& names, const ExternName& name, const ParsedName& parsed,
                                   Extern type) {
  if (parsed.resource.empty()) return {};
  if (type.kind != Extern::Kind::Func) return rule("`" + name.name + "` is no function");
  const auto at = names.resources.find(std::string(parsed.resource));
  if (at == names.resources.end()) {
    return rule("`" + name.name + "`: no resource type `" + std::string(parsed.resource) + "` is named before it");
  }
  const FuncType& func = static_cast<const FuncNode*>(type.node)->type;
  const auto is_handle = [&](const ValType* t, TypeKind kind) {
    return t != nullptr && t->kind == kind && t->resource == at->second;
  };
  if (parsed.kind == NameKind::Constructor) {
    if (func.async) return rule("`" + name.name + "` is a constructor: it cannot be async");
    const ValType* result = func.result;
    if (result != nullptr && result->kind == TypeKind::Result) result = result->members[0].type;
    if (is_handle(result, TypeKind::Own)) return {};
    return rule("`" + name.name + "` must return (own $" + std::string(parsed.resource) + "), maybe in a result");
  }
  if (parsed.kind == NameKind::Method) {
    if (!func.params.empty() && func.params[0].label == "self" && is_handle(func.params[0].type, TypeKind::Borrow)) {
      return {};
    }
    return rule("`" + name.name + "` must have a first parameter \"self\" of type (borrow $" +
                std::string(parsed.resource) + ")");
  }
  return {};
}

// --- visibility (Explainer.md, external visibility of types)

Status Validator::check_visible(Scope& s, const std::string& name, Extern type, bool imports) {
  TRY(work());
  // Instance types are looked at where a component imports or exports them.
  if (s.kind == Scope::Kind::InstanceType || make_visible(s, type, imports)) return work();
  TRY(work());
  return rule(std::string(imports ? "import" : "export") + " `" + name + "` uses a type without a name: " +
              (imports ? "it must be imported before" : "it must be imported or exported before"));
}

bool Validator::make_visible(Scope& s, Extern type, bool imports) {
  if (!graph_.step()) return false;
  const std::unordered_set<const Node*>& named = imports ? s.importable : s.exportable;
  switch (type.kind) {
    case Extern::Kind::Type:
      if (!parts_named(type.node, named)) return false;
      if (imports) s.importable.insert(type.node);
      s.exportable.insert(type.node);
      return true;
    case Extern::Kind::Instance: {
      const auto& list = static_cast<const InstanceNode*>(type.node)->exports.list();
      return std::ranges::all_of(list, [&](const NamedExtern& e) { return make_visible(s, e.type, imports); });
    }
    case Extern::Kind::Func:
      return parts_named(type.node, named);
    case Extern::Kind::Value:
      return value_named(static_cast<const ValueNode*>(type.node), named);
    case Extern::Kind::Module:
    case Extern::Kind::Component:
      return true;
  }
  return true;
}

bool Validator::parts_named(const Node* node, const std::unordered_set<const Node*>& named) {
  const auto all = [&](const std::vector<const ValueNode*>& parts) {
    return std::ranges::all_of(parts, [&](const ValueNode* part) { return value_named(part, named); });
  };
  switch (node->kind) {
    case NodeKind::Value: {
      const auto& value = static_cast<const ValueNode&>(*node);
      return all(value.parts) && (value.resource == nullptr || named.contains(value.resource));
    }
    case NodeKind::Func: {
      const auto& func = static_cast<const FuncNode&>(*node);
      return all(func.params) && value_named(func.result, named);
    }
    case NodeKind::Instance: {
      const auto& list = static_cast<const InstanceNode&>(*node).exports.list();
      return std::ranges::all_of(list, [&](const NamedExtern& e) {
        return e.type.kind != Extern::Kind::Type || parts_named(e.type.node, named);
      });
    }
    case NodeKind::Resource:
    case NodeKind::Component:
    case NodeKind::Module:
      return true;
  }
  return true;
}

bool Validator::value_named(const ValueNode* node, const std::unordered_set<const Node*>& named) {
  if (node == nullptr) return true;
  if (!graph_.step()) return false;
  return is_nominal(node->type->kind) ? named.contains(node) : parts_named(node, named);
}

// --- aliases

Status Validator::alias(Scope& s, const AliasDef& def) {
  if (const auto* a = std::get_if<ExportAlias>(&def.target)) return export_alias(s, *a);
  if (const auto* a = std::get_if<CoreExportAlias>(&def.target)) return core_export_alias(s, *a);
  return outer_alias(s, std::get<OuterAlias>(def.target));
}

namespace {

bool is_sort(Extern::Kind kind, AnySort sort) {
  switch (sort.sort) {
    case Sort::Core:
      return sort.core == CoreSort::Module && kind == Extern::Kind::Module;
    case Sort::Func:
      return kind == Extern::Kind::Func;
    case Sort::Value:
      return kind == Extern::Kind::Value;
    case Sort::Type:
      return kind == Extern::Kind::Type;
    case Sort::Component:
      return kind == Extern::Kind::Component;
    case Sort::Instance:
      return kind == Extern::Kind::Instance;
  }
  return false;
}

}  // namespace

Status Validator::export_alias(Scope& s, const ExportAlias& a) {
  if (s.kind != Scope::Kind::Component && a.sort.sort != Sort::Type && a.sort.sort != Sort::Instance) {
    return rule("in a type only instances and types are aliased");
  }
  if (a.sort.sort == Sort::Value) TRY(gate(Gate::Values, "an alias of a value"));
  if (a.instance >= s.instances.size()) return unknown("instance", a.instance);
  const Extern* found = s.instances[a.instance]->exports.find(a.name);
  if (found == nullptr) return rule(index_text("instance", a.instance) + " has no export named `" + a.name + "`");
  if (!is_sort(found->kind, a.sort)) {
    return rule("export `" + a.name + "` of " + index_text("instance", a.instance) +
                " is of another sort: " + std::string(to_string(found->kind)));
  }
  return push(s, *found);
}

Status Validator::core_export_alias(Scope& s, const CoreExportAlias& a) {
  if (s.kind != Scope::Kind::Component) return rule("in a type only instances and types are aliased");
  if (a.instance >= s.core_instances.size()) return unknown("core instance", a.instance);
  const auto& exports = s.core_instances[a.instance]->exports;
  const auto at = exports.find(a.name);
  if (at == exports.end()) {
    return rule(index_text("core instance", a.instance) + " has no export named `" + a.name + "`");
  }
  // Kinds of core items have the numbers of their sorts.
  if (static_cast<uint8_t>(at->second.kind) != static_cast<uint8_t>(a.sort)) {
    return rule("export `" + a.name + "` of " + index_text("core instance", a.instance) +
                " is of another sort: " + std::string(module::to_string(at->second.kind)));
  }
  TRY(room(s.core_funcs, "core functions"));
  push_core(s, at->second);
  return {};
}

Result<Scope*> Validator::outer_scope(Scope& s, uint32_t count, bool& crosses_component) {
  Scope* at = &s;
  crosses_component = false;
  for (uint32_t i = 0; i < count; ++i) {
    crosses_component |= at->kind == Scope::Kind::Component;
    at = at->parent;
    if (at == nullptr)
      return rule("outer alias of scope " + std::to_string(count) + ": there are only " + std::to_string(i + 1) +
                  " (the innermost is 0)");
  }
  return at;
}

Status Validator::outer_alias(Scope& s, const OuterAlias& a) {
  bool crosses = false;
  TRY_ASSIGN(Scope * from, outer_scope(s, a.count, crosses));
  const bool in_component = s.kind == Scope::Kind::Component;
  if (a.sort.sort == Sort::Type) {
    if (a.index >= from->types.size()) return unknown("outer type", a.index);
    TRY(room(s.types, "types"));
    const Node* node = from->types[a.index];
    if (crosses && graph_.has_free_resource(node)) {
      return rule("an outer type that refers to resource types of its component cannot be aliased inside another");
    }
    s.types.push_back(node);
    return work();
  }
  if (a.sort.sort == Sort::Core && a.sort.core == CoreSort::Type) {
    if (a.index >= from->core_types.size()) return unknown("outer core type", a.index);
    TRY(room(s.core_types, "core types"));
    s.core_types.push_back(from->core_types[a.index]);
    return {};
  }
  if (!in_component) return rule("in a type only types and core types of outer scopes are aliased");
  if (a.sort.sort == Sort::Component) {
    if (a.index >= from->components.size()) return unknown("outer component", a.index);
    return push(s, {Extern::Kind::Component, from->components[a.index]});
  }
  if (a.sort.sort == Sort::Core && a.sort.core == CoreSort::Module) {
    if (a.index >= from->core_modules.size()) return unknown("outer core module", a.index);
    return push(s, {Extern::Kind::Module, from->core_modules[a.index]});
  }
  return rule("items of this sort cannot be aliased from outer scopes");
}

}  // namespace ashlar::component
