// Types: definitions in their order, and what stands where a type is expected.
#include <utility>

#include "wit/resolver.h"

namespace ashlar::wit {
namespace {

std::vector<std::string_view> type_names(const Scope& scope) {
  std::vector<std::string_view> out;
  for (const auto& [name, entry] : scope.names) {
    if (entry.kind == ScopeEntry::Kind::Type) out.push_back(name);
  }
  return out;
}

/// Every name in a type expression. Nesting is bounded by the parser.
void names_in(const ast::File& file, ast::TypeIndex index, std::vector<ast::Id>& out) {
  if (index == ast::kNoType) return;
  const ast::Type& type = file.types[index];
  if (!type.name.name.empty()) out.push_back(type.name);
  for (const ast::TypeIndex inner : type.inner) names_in(file, inner, out);
}

bool is_map_key(Type type) {
  return type.is_prim() && type.prim() != Prim::F32 && type.prim() != Prim::F64 && type.prim() != Prim::ErrorContext;
}

}  // namespace

Result<TypeId> Resolver::add_type(TypeDef def) {
  if (model_.types.size() == kMaxTypes) {
    return make_error(ErrorCode::wit_too_many, kNoOffset, "types", std::to_string(kMaxTypes));
  }
  bool resource = std::holds_alternative<Resource>(def.kind);
  bool borrow = false;
  const auto look = [&](std::optional<Type> type) { borrow = borrow || (type && has_borrow(*type)); };
  if (const auto* alias = std::get_if<Alias>(&def.kind)) {
    resource = !alias->type.is_prim() && is_resource(alias->type.id());
    look(alias->type);
  } else if (const auto* used = std::get_if<Used>(&def.kind)) {
    resource = is_resource(used->type);
    look(used->type);
  } else if (const auto* handle = std::get_if<Handle>(&def.kind)) {
    borrow = handle->borrowed;
  } else if (const auto* record = std::get_if<Record>(&def.kind)) {
    for (const Field& field : record->fields) look(field.type);
  } else if (const auto* variant = std::get_if<Variant>(&def.kind)) {
    for (const Case& one : variant->cases) look(one.type);
  } else if (const auto* tuple = std::get_if<Tuple>(&def.kind)) {
    for (const Type type : tuple->types) look(type);
  } else if (const auto* list = std::get_if<List>(&def.kind)) {
    look(list->element);
  } else if (const auto* fixed = std::get_if<FixedList>(&def.kind)) {
    look(fixed->element);
  } else if (const auto* map = std::get_if<Map>(&def.kind)) {
    look(map->value);
  } else if (const auto* option = std::get_if<Option>(&def.kind)) {
    look(option->type);
  } else if (const auto* result = std::get_if<ResultType>(&def.kind)) {
    look(result->ok);
    look(result->error);
  }
  def.has_borrow = borrow;
  resources_.push_back(resource);
  model_.types.push_back(std::move(def));
  return static_cast<TypeId>(model_.types.size() - 1);
}

/// The type of that name as it was defined, resource or not.
Result<TypeId> Resolver::named_type(Scope& scope, const ast::Id& id) {
  const auto found = scope.names.find(id.name);
  if (found == scope.names.end()) return unknown(scope.file, id, "type", type_names(scope));
  switch (found->second.kind) {
    case ScopeEntry::Kind::Type:
      return found->second.type;
    case ScopeEntry::Kind::Function:
      return fail(scope.file, id.at,
                  Error(ErrorCode::wit_wrong_kind, kNoOffset, std::string(id.name), "a function", "a type"));
    case ScopeEntry::Kind::Excluded:
      return gated(scope.file, id, "type", found->second.feature);
  }
  std::unreachable();
}

Result<TypeId> Resolver::resource_type(Scope& scope, const ast::Id& id) {
  TRY_ASSIGN(const TypeId type, named_type(scope, id));
  if (is_resource(type)) return type;
  return fail(scope.file, id.at,
              Error(ErrorCode::wit_wrong_kind, kNoOffset, std::string(id.name), "no resource", "a resource"));
}

Result<std::optional<Type>> Resolver::optional_type(Scope& scope, ast::TypeIndex index) {
  if (index == ast::kNoType) return std::optional<Type>();
  TRY_ASSIGN(const Type type, value_type(scope, index));
  return std::optional<Type>(type);
}

Result<Type> Resolver::value_type(Scope& scope, ast::TypeIndex index) {
  const ast::Type& tree = files_[scope.file]->tree.types[index];
  if (tree.kind == ast::TypeKind::Primitive) return Type(tree.prim);
  if (tree.kind != ast::TypeKind::Name) return constructed_type(scope, tree);
  TRY_ASSIGN(const TypeId id, named_type(scope, tree.name));
  if (!is_resource(id)) return Type(id);
  // A resource's name alone, where a value is meant, is a handle that is owned.
  TypeDef own;
  own.kind = Handle{id, false};
  TRY_ASSIGN(const TypeId handle, add_type(std::move(own)));
  return Type(handle);
}

Result<Type> Resolver::constructed_type(Scope& scope, const ast::Type& tree) {
  TypeDef def;
  std::vector<std::optional<Type>> inner;
  for (const ast::TypeIndex index : tree.inner) {
    TRY_ASSIGN(const std::optional<Type> type, optional_type(scope, index));
    inner.push_back(type);
  }
  const auto one = [&]() -> std::optional<Type> { return inner.empty() ? std::nullopt : inner[0]; };
  switch (tree.kind) {
    case ast::TypeKind::Primitive:
    case ast::TypeKind::Name:
      std::unreachable();  // value_type has dealt with them
    case ast::TypeKind::Tuple: {
      Tuple tuple;
      for (const std::optional<Type> type : inner) tuple.types.push_back(*type);
      def.kind = std::move(tuple);
      break;
    }
    case ast::TypeKind::List:
      def.kind = List{*inner[0]};
      break;
    case ast::TypeKind::FixedList:
      def.kind = FixedList{*inner[0], tree.length};
      break;
    case ast::TypeKind::Option:
      def.kind = Option{*inner[0]};
      break;
    case ast::TypeKind::Result:
      def.kind = ResultType{inner[0], inner[1]};
      break;
    case ast::TypeKind::Map:
      if (!is_map_key(model_.dealias(*inner[0]))) return fail(scope.file, tree.at, Error(ErrorCode::wit_map_key));
      def.kind = Map{*inner[0], *inner[1]};
      break;
    case ast::TypeKind::Own:
    case ast::TypeKind::Borrow: {
      TRY_ASSIGN(const TypeId resource, resource_type(scope, tree.name));
      def.kind = Handle{resource, tree.kind == ast::TypeKind::Borrow};
      break;
    }
    case ast::TypeKind::Future:
    case ast::TypeKind::Stream: {
      const bool stream = tree.kind == ast::TypeKind::Stream;
      if (one() && has_borrow(*one())) {
        return fail(scope.file, tree.at, Error(ErrorCode::wit_borrow_stream, kNoOffset, stream ? "stream" : "future"));
      }
      if (stream) {
        def.kind = Stream{one()};
      } else {
        def.kind = Future{one()};
      }
      break;
    }
  }
  TRY_ASSIGN(const TypeId id, add_type(std::move(def)));
  return Type(id);
}

Result<TypeKind> Resolver::definition(Scope& scope, const ast::TypeDef& def) {
  std::unordered_set<std::string> taken;
  const auto empty = [&](const char* what, const char* part) {
    return fail(scope.file, def.name.at,
                Error(ErrorCode::wit_empty, kNoOffset, what, std::string(def.name.name), part));
  };
  for (const ast::Member& member : def.members) {
    if (taken.insert(canonical_label(member.name.name)).second) continue;
    return fail(scope.file, member.name.at,
                Error(ErrorCode::wit_duplicate, kNoOffset, "name", std::string(member.name.name),
                      " in '" + std::string(def.name.name) + "'"));
  }
  std::vector<Label> labels;
  switch (def.kind) {
    case ast::DefKind::Alias: {
      const ast::Type& tree = files_[scope.file]->tree.types[def.alias];
      // Another name of a resource is a resource, not a handle.
      if (tree.kind == ast::TypeKind::Name) {
        TRY_ASSIGN(const TypeId id, named_type(scope, tree.name));
        return Alias{id};
      }
      TRY_ASSIGN(const Type type, value_type(scope, def.alias));
      return Alias{type};
    }
    case ast::DefKind::Record: {
      Record record;
      for (const ast::Member& member : def.members) {
        TRY_ASSIGN(const Type type, value_type(scope, member.type));
        record.fields.push_back({std::string(member.name.name), member.docs, type});
      }
      return record;
    }
    case ast::DefKind::Variant: {
      if (def.members.empty()) return empty("variant", "case");
      Variant variant;
      for (const ast::Member& member : def.members) {
        TRY_ASSIGN(const std::optional<Type> type, optional_type(scope, member.type));
        variant.cases.push_back({std::string(member.name.name), member.docs, type});
      }
      return variant;
    }
    case ast::DefKind::Flags:
    case ast::DefKind::Enum:
      if (def.members.empty() && def.kind == ast::DefKind::Enum) return empty("enum", "case");
      for (const ast::Member& member : def.members) labels.push_back({std::string(member.name.name), member.docs});
      if (def.kind == ast::DefKind::Enum) return Enum{std::move(labels)};
      return Flags{std::move(labels)};
    case ast::DefKind::Resource:
      return Resource{};
  }
  std::unreachable();
}

Status Resolver::define_type(Scope& scope, const ast::TypeDef& tree, std::vector<TypeId>& out) {
  TypeDef def;
  def.name = tree.name.name;
  def.owner = scope.owner;
  def.docs = tree.head.docs;
  def.stability = tree.head.stability;
  def.external_id = tree.head.external_id;
  TRY_ASSIGN(def.kind, definition(scope, tree));
  TRY_ASSIGN(const TypeId id, add_type(std::move(def)));
  if (tree.of_file) of_file_.insert(id);
  scope.names[tree.name.name].type = id;
  out.push_back(id);
  return {};
}

Status Resolver::define_types(Scope& scope, const std::vector<const ast::Use*>& uses,
                              const std::vector<const ast::TypeDef*>& defs, std::vector<TypeId>& out) {
  for (const ast::Use* use : uses) TRY(define_use(scope, *use, out));
  std::unordered_map<std::string_view, uint32_t> numbers;
  for (uint32_t i = 0; i < defs.size(); ++i) numbers.emplace(defs[i]->name.name, i);
  const ast::File& file = files_[scope.file]->tree;
  Graph graph(defs.size());
  for (uint32_t i = 0; i < defs.size(); ++i) {
    std::vector<ast::Id> names;
    names_in(file, defs[i]->alias, names);
    for (const ast::Member& member : defs[i]->members) names_in(file, member.type, names);
    for (const ast::Id& name : names) {
      const auto found = numbers.find(name.name);
      if (found != numbers.end()) graph[i].push_back({found->second, scope.file, name.at});
    }
  }
  std::vector<uint32_t> order;
  if (const std::optional<Cycle> cycle = topological_order(graph, order)) {
    std::string chain;
    for (const uint32_t node : cycle->nodes) chain += std::string(defs[node]->name.name) + " -> ";
    const std::string name(defs[cycle->closing.to]->name.name);
    return fail(scope.file, cycle->closing.at,
                Error(ErrorCode::wit_cycle, kNoOffset, "type", name,
                      cycle->nodes.size() > 1 ? ": " + chain + name : std::string()));
  }
  for (const uint32_t i : order) {
    if (!lacks(defs[i]->head)) TRY(define_type(scope, *defs[i], out));
  }
  return {};
}

}  // namespace ashlar::wit
