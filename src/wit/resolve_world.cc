// Worlds: their types, imports and exports, and what they include.
#include <algorithm>
#include <utility>

#include "wit/resolver.h"

namespace ashlar::wit {
namespace {

const char* import_or_export(bool is_export) { return is_export ? "export" : "import"; }

WorldItem type_item(const TypeDef& def, TypeId id) {
  WorldItem item;
  item.label = def.name;
  item.what = id;
  item.docs = def.docs;
  item.stability = def.stability;
  item.external_id = def.external_id;
  return item;
}

WorldItem function_item(Function function) {
  WorldItem item;
  item.label = function.name;
  item.docs = function.docs;
  item.stability = function.stability;
  item.external_id = function.external_id;
  item.what = std::move(function);
  return item;
}

/// The name that `with` gives instead of `label`; that of a resource's function follows its resource.
std::string renamed(const std::string& label, const std::vector<ast::UseName>& names) {
  const size_t bracket = label.starts_with('[') ? label.find(']') + 1 : 0;
  const std::string_view rest = std::string_view(label).substr(bracket);
  const std::string_view name = bracket == 0 ? rest : rest.substr(0, rest.find('.'));
  for (const ast::UseName& row : names) {
    if (row.name.name != name) continue;
    return label.substr(0, bracket) + std::string(row.as.name) + std::string(rest.substr(name.size()));
  }
  return label;
}

}  // namespace

Status Resolver::world_types(Scope& scope, const ast::World& tree, World& world, WorldNames& names) {
  std::vector<const ast::Use*> uses;
  std::vector<const ast::TypeDef*> defs;
  for (const ast::WorldItem& item : tree.items) {
    if (const auto* use = std::get_if<ast::Use>(&item)) uses.push_back(use);
    if (const auto* def = std::get_if<ast::TypeDef>(&item)) defs.push_back(def);
  }
  TRY(declare_all(scope, uses, defs));
  names.imports = scope.taken;
  std::vector<TypeId> types;
  TRY(define_types(scope, uses, defs, types));
  for (const TypeId id : types) {
    world.imports.push_back(type_item(model_[id], id));
    if (of_file_.contains(id)) names.file_types.emplace(model_[id].name, id);
  }
  // Methods may name any type: they come behind all.
  for (const ast::TypeDef* def : defs) {
    TRY_ASSIGN(std::vector<Function> methods, define_methods(scope, *def));
    for (Function& method : methods) world.imports.push_back(function_item(std::move(method)));
  }
  return {};
}

Status Resolver::world_extern(Scope& scope, const ast::Extern& tree, World& world, WorldNames& names,
                              uint32_t position) {
  TRY_ASSIGN(const std::string feature, lacking_feature(scope.file, parts_[scope.part].package, tree.head));
  if (!feature.empty()) return {};
  const char* kind = import_or_export(tree.is_export);
  if (tree.label) {
    auto& taken = tree.is_export ? names.exports : names.imports;
    if (!taken.insert(canonical_label(tree.label->name)).second) {
      return fail(scope.file, tree.label->at,
                  Error(ErrorCode::wit_duplicate, kNoOffset, tree.is_export ? "export" : "import or type",
                        std::string(tree.label->name), " in " + scope.where));
    }
  }
  WorldItem item;
  item.position = position;
  item.docs = tree.head.docs;
  item.stability = tree.head.stability;
  item.external_id = tree.head.external_id;
  if (tree.label) item.label = tree.label->name;
  if (const auto* path = std::get_if<ast::UsePath>(&tree.what)) {
    const Item& target = items_[found_.at(path)];
    if (!target.excluded.empty()) return gated(scope.file, path->name, "interface", target.excluded);
    auto& ids = tree.is_export ? names.export_ids : names.import_ids;
    if (!tree.label && !ids.insert(target.interface_id).second) {
      return fail(scope.file, path->name.at,
                  Error(ErrorCode::wit_duplicate, kNoOffset, std::string(kind) + " of interface",
                        std::string(path->name.name), " in " + scope.where));
    }
    item.what = target.interface_id;
  } else if (const auto* inside = std::get_if<ast::Interface>(&tree.what)) {
    TRY_ASSIGN(item.what, add_interface(*inside, scope.part, ""));
  } else {
    ast::NamedFunc named;
    named.head = tree.head;
    named.name = *tree.label;
    named.func = std::get<ast::Func>(tree.what);
    TRY_ASSIGN(item.what, define_function(scope, named, std::nullopt));
  }
  (tree.is_export ? world.exports : world.imports).push_back(std::move(item));
  return charge();
}

Result<Type> Resolver::copy_of(Type type, std::unordered_map<TypeId, TypeId>& copies) {
  if (type.is_prim()) return type;
  const auto found = copies.find(type.id());
  if (found != copies.end()) return Type(found->second);
  // Types of interfaces stay what they are; anonymous ones may hold a type that is copied.
  if (!std::holds_alternative<std::monostate>(model_[type.id()].owner)) return type;
  TypeDef def = model_[type.id()];
  TRY(copy_parts(def.kind, copies));
  TRY_ASSIGN(const TypeId copy, add_type(std::move(def)));
  copies.emplace(type.id(), copy);
  return Type(copy);
}

Status Resolver::copy_parts(TypeKind& kind, std::unordered_map<TypeId, TypeId>& copies) {
  const auto change = [&](Type& type) -> Status {
    TRY_ASSIGN(type, copy_of(type, copies));
    return {};
  };
  const auto change_optional = [&](std::optional<Type>& type) -> Status { return type ? change(*type) : Status(); };
  if (auto* record = std::get_if<Record>(&kind)) {
    for (Field& field : record->fields) TRY(change(field.type));
  } else if (auto* variant = std::get_if<Variant>(&kind)) {
    for (Case& one : variant->cases) TRY(change_optional(one.type));
  } else if (auto* alias = std::get_if<Alias>(&kind)) {
    TRY(change(alias->type));
  } else if (auto* tuple = std::get_if<Tuple>(&kind)) {
    for (Type& type : tuple->types) TRY(change(type));
  } else if (auto* list = std::get_if<List>(&kind)) {
    TRY(change(list->element));
  } else if (auto* fixed = std::get_if<FixedList>(&kind)) {
    TRY(change(fixed->element));
  } else if (auto* map = std::get_if<Map>(&kind)) {
    TRY(change(map->value));
  } else if (auto* option = std::get_if<Option>(&kind)) {
    TRY(change(option->type));
  } else if (auto* result = std::get_if<ResultType>(&kind)) {
    TRY(change_optional(result->ok));
    TRY(change_optional(result->error));
  } else if (auto* handle = std::get_if<Handle>(&kind)) {
    const auto found = copies.find(handle->resource);
    if (found != copies.end()) handle->resource = found->second;
  } else if (auto* future = std::get_if<Future>(&kind)) {
    TRY(change_optional(future->type));
  } else if (auto* stream = std::get_if<Stream>(&kind)) {
    TRY(change_optional(stream->type));
  }
  return {};
}

Result<TypeId> Resolver::copy_type(TypeId id, WorldId owner, std::string name,
                                   std::unordered_map<TypeId, TypeId>& copies) {
  TypeDef def = model_[id];
  def.name = std::move(name);
  def.owner = owner;
  TRY(copy_parts(def.kind, copies));
  TRY_ASSIGN(const TypeId copy, add_type(std::move(def)));
  copies.emplace(id, copy);
  return copy;
}

Status Resolver::copy_function(Function& function, std::string_view label, std::unordered_map<TypeId, TypeId>& copies) {
  function.name = label;
  if (function.kind == FuncKind::Free) function.label = label;
  if (function.resource) {
    const auto found = copies.find(*function.resource);
    if (found != copies.end()) function.resource = found->second;
  }
  for (Param& param : function.params) {
    TRY_ASSIGN(param.type, copy_of(param.type, copies));
  }
  if (function.result) {
    TRY_ASSIGN(function.result, copy_of(*function.result, copies));
  }
  return {};
}

Status Resolver::include_item(Scope& scope, const ast::Include& tree, bool is_export, WorldItem item, World& world,
                              WorldNames& names) {
  TRY(charge());
  auto& items = is_export ? world.exports : world.imports;
  if (!item.label.empty()) {
    auto& taken = is_export ? names.exports : names.imports;
    if (!taken.insert(canonical_label(item.label)).second) {
      return fail(scope.file, tree.path.name.at,
                  Error(ErrorCode::wit_duplicate, kNoOffset, import_or_export(is_export), item.label,
                        " in " + scope.where + ": rename it, as in 'with { " + item.label + " as other-name }'"));
    }
    items.push_back(std::move(item));
    return {};
  }
  auto& ids = is_export ? names.export_ids : names.import_ids;
  if (ids.insert(std::get<InterfaceId>(item.what)).second) {
    items.push_back(std::move(item));
    return {};
  }
  // Of two includes, the one that promises more counts.
  for (WorldItem& other : items) {
    const bool same = other.label.empty() && other.what.index() == 0 &&
                      std::get<InterfaceId>(other.what) == std::get<InterfaceId>(item.what);
    if (same && other.origin != WorldItem::Origin::Written && other.stability.kind == Stability::Kind::Unstable) {
      other.stability = item.stability;
    }
  }
  return {};
}

Status Resolver::include_items(Scope& scope, const ast::Include& tree, bool is_export, World& world, WorldId id,
                               WorldNames& names, std::unordered_map<TypeId, TypeId>& copies) {
  const World& from = model_[items_[found_.at(&tree.path)].world_id];
  for (const WorldItem& source : is_export ? from.exports : from.imports) {
    if (source.origin == WorldItem::Origin::Implied) continue;
    WorldItem item = source;
    item.origin = WorldItem::Origin::Included;
    item.position = 0;
    if (!item.label.empty()) item.label = renamed(item.label, tree.names);
    if (const auto* type = std::get_if<TypeId>(&item.what)) {
      const bool of_file = of_file_.contains(*type) && model_[*type].name == item.label;
      if (const auto known = names.file_types.find(item.label); of_file && known != names.file_types.end()) {
        TRY(charge());
        copies.emplace(*type, known->second);
        continue;
      }
      TRY_ASSIGN(const TypeId copy, copy_type(*type, id, item.label, copies));
      if (of_file) {
        of_file_.insert(copy);
        names.file_types.emplace(item.label, copy);
      }
      item.what = copy;
    } else if (auto* function = std::get_if<Function>(&item.what)) {
      TRY(copy_function(*function, item.label, copies));
    }
    TRY(include_item(scope, tree, is_export, std::move(item), world, names));
  }
  return {};
}

Status Resolver::world_include(Scope& scope, const ast::Include& tree, World& world, WorldId id, WorldNames& names) {
  TRY_ASSIGN(const std::string feature, lacking_feature(scope.file, parts_[scope.part].package, tree.head));
  if (!feature.empty()) return {};
  const Item& target = items_[found_.at(&tree.path)];
  if (!target.excluded.empty()) return gated(scope.file, tree.path.name, "world", target.excluded);
  const World& from = model_[target.world_id];
  Include out;
  out.world = target.world_id;
  out.docs = tree.head.docs;
  out.stability = tree.head.stability;
  std::vector<std::string_view> labels;
  for (const auto* items : {&from.imports, &from.exports}) {
    for (const WorldItem& item : *items) {
      if (!item.label.empty() && !item.label.starts_with('[')) labels.push_back(item.label);
    }
  }
  std::unordered_set<std::string_view> known(labels.begin(), labels.end());
  for (const ast::UseName& name : tree.names) {
    if (!known.erase(name.name.name)) {
      std::vector<std::string_view> candidates(known.begin(), known.end());
      const std::string from_name(target.name());
      Error error(ErrorCode::wit_rename, kNoOffset, from_name, std::string(name.name.name),
                  " (interfaces under their own names keep them)");
      return fail(scope.file, name.name.at, std::move(error));
    }
    out.renames.emplace_back(std::string(name.name.name), std::string(name.as.name));
  }
  std::unordered_map<TypeId, TypeId> copies;
  TRY(include_items(scope, tree, false, world, id, names, copies));
  TRY(include_items(scope, tree, true, world, id, names, copies));
  world.includes.push_back(std::move(out));
  return {};
}

Status Resolver::define_world(Item& item) {
  const ast::World& tree = *item.world;
  const auto id = static_cast<WorldId>(model_.worlds.size());
  item.world_id = id;
  model_.worlds.push_back({});
  World world;
  world.name = tree.name.name;
  world.package = static_cast<PackageId>(parts_[item.part].package);
  world.docs = tree.head.docs;
  world.stability = tree.head.stability;
  Scope scope;
  scope.owner = id;
  scope.part = item.part;
  scope.file = parts_[item.part].file;
  scope.where = "world '" + world.name + "'";
  WorldNames names;
  TRY(world_types(scope, tree, world, names));
  uint32_t position = 0;
  for (const ast::WorldItem& inner : tree.items) {
    const auto* external = std::get_if<ast::Extern>(&inner);
    if (external != nullptr) TRY(world_extern(scope, *external, world, names, position++));
  }
  for (const ast::WorldItem& inner : tree.items) {
    const auto* include = std::get_if<ast::Include>(&inner);
    if (include != nullptr) TRY(world_include(scope, *include, world, id, names));
  }
  TRY(elaborate(world, scope.file, tree.name.at));
  model_[id] = std::move(world);
  return {};
}

}  // namespace ashlar::wit
