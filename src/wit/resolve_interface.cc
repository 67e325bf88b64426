// Interfaces: their names, uses and functions.
#include <utility>

#include "wit/resolver.h"

namespace ashlar::wit {
namespace {

std::vector<std::string_view> names_of(const Scope& scope) {
  std::vector<std::string_view> out;
  for (const auto& [name, entry] : scope.names) out.push_back(name);
  return out;
}

/// The uses and the definitions of a body.
template <class Item>
void split(const std::vector<Item>& items, std::vector<const ast::Use*>& uses, std::vector<const ast::TypeDef*>& defs) {
  for (const Item& item : items) {
    if (const auto* use = std::get_if<ast::Use>(&item)) uses.push_back(use);
    if (const auto* def = std::get_if<ast::TypeDef>(&item)) defs.push_back(def);
  }
}

}  // namespace

Status Resolver::charge(size_t count) {
  charged_ += count;
  if (charged_ <= kMaxWorldItems) return {};
  return make_error(ErrorCode::wit_too_many, kNoOffset, "items of worlds", std::to_string(kMaxWorldItems));
}

/// In an interface that is left out, types without a gate would be missing to those who rely on them.
Status Resolver::interface_types_gated(const Item& item) {
  if (item.interface == nullptr) return {};
  for (const ast::InterfaceItem& inner : item.interface->items) {
    const auto* def = std::get_if<ast::TypeDef>(&inner);
    if (def == nullptr || lacks(def->head)) continue;
    return fail(parts_[item.part].file, def->name.at,
                Error(ErrorCode::wit_gated_item, kNoOffset, std::string(def->name.name), std::string(item.name()),
                      item.excluded));
  }
  return {};
}

Status Resolver::declare(Scope& scope, const ast::Id& id, ScopeEntry::Kind kind) {
  if (!scope.taken.insert(canonical_label(id.name)).second) {
    return fail(scope.file, id.at,
                Error(ErrorCode::wit_duplicate, kNoOffset, "name", std::string(id.name), " in " + scope.where));
  }
  scope.names.emplace(id.name, ScopeEntry{kind, {}, {}});
  return {};
}

Status Resolver::declare(Scope& scope, const ast::Id& id, ScopeEntry::Kind kind, const ast::Head& head) {
  TRY_ASSIGN(std::string feature, lacking_feature(scope.file, parts_[scope.part].package, head));
  TRY(declare(scope, id, kind));
  if (feature.empty()) return {};
  ScopeEntry& entry = scope.names[id.name];
  entry.kind = ScopeEntry::Kind::Excluded;
  entry.feature = std::move(feature);
  return {};
}

Status Resolver::declare_all(Scope& scope, const std::vector<const ast::Use*>& uses,
                             const std::vector<const ast::TypeDef*>& defs) {
  for (const ast::Use* use : uses) {
    for (const ast::UseName& name : use->names) TRY(declare(scope, name.as, ScopeEntry::Kind::Type, use->head));
  }
  for (const ast::TypeDef* def : defs) TRY(declare(scope, def->name, ScopeEntry::Kind::Type, def->head));
  return {};
}

Status Resolver::define_use(Scope& scope, const ast::Use& use, std::vector<TypeId>& out) {
  if (lacks(use.head)) return {};
  const Item& target = items_[found_.at(&use.path)];
  if (!target.excluded.empty()) return gated(scope.file, use.path.name, "interface", target.excluded);
  const Scope& from = *interface_scopes_.at(target.interface_id);
  for (const ast::UseName& name : use.names) {
    const auto found = from.names.find(name.name.name);
    if (found == from.names.end()) return unknown(scope.file, name.name, "type", names_of(from));
    const ScopeEntry& entry = found->second;
    if (entry.kind == ScopeEntry::Kind::Excluded) return gated(scope.file, name.name, "type", entry.feature);
    if (entry.kind == ScopeEntry::Kind::Function) {
      return fail(scope.file, name.name.at,
                  Error(ErrorCode::wit_wrong_kind, kNoOffset, std::string(name.name.name), "a function", "a type"));
    }
    TypeDef def;
    def.name = name.as.name;
    def.owner = scope.owner;
    def.docs = use.head.docs;
    def.stability = use.head.stability;
    def.kind = Used{entry.type};
    TRY_ASSIGN(const TypeId id, add_type(std::move(def)));
    scope.names[name.as.name].type = id;
    out.push_back(id);
  }
  return {};
}

Result<InterfaceId> Resolver::add_interface(const ast::Interface& tree, uint32_t part, std::string name) {
  const auto id = static_cast<InterfaceId>(model_.interfaces.size());
  model_.interfaces.push_back({});
  auto owned = std::make_unique<Scope>();
  Scope& scope = *owned;
  scope.owner = id;
  scope.part = part;
  scope.file = parts_[part].file;
  scope.where = "interface '" + std::string(tree.name.name) + "'";
  scopes_.push_back(std::move(owned));
  interface_scopes_.emplace(id, &scope);

  std::vector<const ast::Use*> uses;
  std::vector<const ast::TypeDef*> defs;
  split(tree.items, uses, defs);
  TRY(declare_all(scope, uses, defs));
  for (const ast::InterfaceItem& item : tree.items) {
    const auto* func = std::get_if<ast::NamedFunc>(&item);
    if (func != nullptr) TRY(declare(scope, func->name, ScopeEntry::Kind::Function, func->head));
  }
  Interface out;
  out.name = std::move(name);
  out.package = static_cast<PackageId>(parts_[part].package);
  out.docs = tree.head.docs;
  out.stability = tree.head.stability;
  TRY(define_types(scope, uses, defs, out.types));
  for (const ast::InterfaceItem& item : tree.items) {
    if (const auto* def = std::get_if<ast::TypeDef>(&item)) {
      TRY_ASSIGN(std::vector<Function> methods, define_methods(scope, *def));
      for (Function& method : methods) out.functions.push_back(std::move(method));
    }
    const auto* func = std::get_if<ast::NamedFunc>(&item);
    if (func == nullptr || lacks(func->head)) continue;
    TRY_ASSIGN(Function function, define_function(scope, *func, std::nullopt));
    out.functions.push_back(std::move(function));
  }
  model_[id] = std::move(out);
  return id;
}

Status Resolver::define_interface(Item& item) {
  TRY_ASSIGN(item.interface_id, add_interface(*item.interface, item.part, std::string(item.name())));
  return {};
}

Result<std::vector<Function>> Resolver::define_methods(Scope& scope, const ast::TypeDef& def) {
  std::vector<Function> out;
  std::unordered_set<std::string> taken;
  const std::string resource = canonical_label(def.name.name);
  for (const ast::NamedFunc& method : def.methods) {
    TRY_ASSIGN(const std::string feature, lacking_feature(scope.file, parts_[scope.part].package, method.head));
    const bool constructor = method.kind == FuncKind::Constructor;
    if (!taken.insert(constructor ? std::string() : canonical_label(method.name.name)).second) {
      return fail(scope.file, method.name.at,
                  Error(ErrorCode::wit_duplicate, kNoOffset, constructor ? "constructor of" : "method",
                        std::string(constructor ? def.name.name : method.name.name),
                        constructor ? "" : " in resource '" + std::string(def.name.name) + "'"));
    }
    if (!feature.empty()) continue;
    if (lacks(def.head)) return gated(scope.file, {def.name.name, method.name.at}, "type", def.head.stability.feature);
    TRY_ASSIGN(Function function, define_function(scope, method, scope.names.at(def.name.name).type));
    out.push_back(std::move(function));
  }
  return out;
}

Status Resolver::define_signature(Scope& scope, const ast::Func& tree, const ast::Id& id, Function& out) {
  out.is_async = tree.is_async;
  std::unordered_set<std::string> taken;
  for (const Param& self : out.params) taken.insert(self.name);
  for (const ast::Param& param : tree.params) {
    if (!taken.insert(canonical_label(param.name.name)).second) {
      return fail(scope.file, param.name.at,
                  Error(ErrorCode::wit_duplicate, kNoOffset, "parameter", std::string(param.name.name), ""));
    }
    TRY_ASSIGN(const Type type, value_type(scope, param.type));
    out.params.push_back({std::string(param.name.name), type});
  }
  TRY_ASSIGN(const std::optional<Type> result, optional_type(scope, tree.result));
  if (result) out.result = result;
  if (out.result && has_borrow(*out.result)) {
    return fail(scope.file, id.at, Error(ErrorCode::wit_borrow_result, kNoOffset, out.name));
  }
  return {};
}

/// What is written behind "->" of a constructor: the resource, or why there is none.
Status Resolver::constructor_result(Scope& scope, const ast::NamedFunc& tree, const std::string& resource,
                                    Function& out) {
  if (!out.result) {
    TypeDef own;
    own.kind = Handle{*out.resource, false};
    TRY_ASSIGN(out.result, add_type(std::move(own)));
    return {};
  }
  const TypeDef* def = model_.definition(*out.result);
  const auto* result = def ? std::get_if<ResultType>(&def->kind) : nullptr;
  const bool has_ok = result && result->ok && !result->ok->is_prim();
  const auto* handle = has_ok ? std::get_if<Handle>(&model_[result->ok->id()].kind) : nullptr;
  if (handle != nullptr && !handle->borrowed && handle->resource == *out.resource) return {};
  return fail(scope.file, files_[scope.file]->tree.types[tree.func.result].at,
              Error(ErrorCode::wit_constructor_result, kNoOffset, resource));
}

Result<Function> Resolver::define_function(Scope& scope, const ast::NamedFunc& tree, std::optional<TypeId> resource) {
  Function out;
  out.kind = tree.kind;
  out.resource = resource;
  out.docs = tree.head.docs;
  out.stability = tree.head.stability;
  out.external_id = tree.head.external_id;
  if (tree.kind != FuncKind::Constructor) out.label = tree.name.name;
  const std::string owner = resource ? model_[*resource].name : std::string();
  switch (tree.kind) {
    case FuncKind::Free:
      out.name = out.label;
      break;
    case FuncKind::Method: {
      out.name = "[method]" + owner + "." + out.label;
      TypeDef self;
      self.kind = Handle{*resource, true};
      TRY_ASSIGN(const TypeId type, add_type(std::move(self)));
      out.params.push_back({"self", type});
      break;
    }
    case FuncKind::Static:
      out.name = "[static]" + owner + "." + out.label;
      break;
    case FuncKind::Constructor:
      out.name = "[constructor]" + owner;
      break;
  }
  TRY(define_signature(scope, tree.func, tree.name, out));
  if (tree.kind == FuncKind::Constructor) TRY(constructor_result(scope, tree, owner, out));
  return out;
}

}  // namespace ashlar::wit
