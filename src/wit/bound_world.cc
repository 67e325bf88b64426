// A world taken apart; see bindgen_world.h.
#include <algorithm>
#include <cctype>

#include "wit/bindgen_world.h"
#include "wit/print.h"

namespace ashlar::wit {

Result<BoundWorld> BoundWorld::make(const Resolve& model, WorldId world) {
  BoundWorld out(model, world);
  for (const WorldItem& item : model[world].imports) TRY(out.add(item, false));
  for (const WorldItem& item : model[world].exports) TRY(out.add(item, true));
  // What the world itself has may use types of any interface; those are in order already.
  std::vector<BoundScope> ordered;
  for (const auto& [exported, is_interface] :
       {std::pair(false, true), std::pair(false, false), std::pair(true, true), std::pair(true, false)}) {
    for (BoundScope& scope : out.scopes_) {
      if (scope.exported == exported && scope.interface.has_value() == is_interface)
        ordered.push_back(std::move(scope));
    }
  }
  out.scopes_ = std::move(ordered);
  return out;
}

std::string BoundWorld::name_space() const { return cpp_value_name((*model_)[world_].name); }

std::string BoundWorld::space_of(InterfaceId id, bool exported) const {
  const Resolve& m = *model_;
  const std::string front = exported ? "exports::" : "";
  const PackageName& own = m[m[id].package].name;
  std::string package = cpp_value_name(own.name);
  // Two versions of one package are told apart by their numbers.
  const auto same = std::ranges::count_if(m.packages, [&](const Package& p) { return p.name.base() == own.base(); });
  if (same > 1 && own.version) {
    package += "_";
    for (char c : own.version->str()) package += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  }
  return front + cpp_value_name(own.ns) + "::" + package + "::" + cpp_value_name(m[id].name);
}

BoundScope& BoundWorld::own_scope(bool exported) {
  for (BoundScope& scope : scopes_) {
    if (!scope.interface && scope.exported == exported) return scope;
  }
  BoundScope& made = scopes_.emplace_back();
  made.exported = exported;
  made.name_space = exported ? "exports" : "";
  made.title = cpp_type_name((*model_)[world_].name);
  return made;
}

Status BoundWorld::add(const WorldItem& item, bool exported) {
  const Resolve& m = *model_;
  if (const auto* function = std::get_if<Function>(&item.what)) {
    TRY(check(*function, function->name));
    own_scope(exported).functions.push_back(*function);
  } else if (const auto* type = std::get_if<TypeId>(&item.what)) {
    own_scope(exported).types.push_back(*type);
  } else {
    const InterfaceId id = std::get<InterfaceId>(item.what);
    BoundScope scope;
    scope.exported = exported;
    scope.interface = id;
    scope.abi_name = m.extern_name(item);
    const std::string front = exported ? "exports::" : "";
    scope.name_space = item.label.empty() ? space_of(id, exported) : front + cpp_value_name(item.label);
    scope.title = cpp_type_name(item.label.empty() ? m[id].name : item.label);
    scope.types = m[id].types;
    scope.functions = m[id].functions;
    for (const Function& f : scope.functions) TRY(check(f, scope.abi_name + "#" + f.name));
    for (const TypeId t : scope.types) {
      if (cpp_type_name(m[t].name) == scope.title) scope.title += "Interface";
    }
    scopes_.push_back(std::move(scope));
  }
  return {};
}

Status BoundWorld::check(const Function& f, const std::string& name) const {
  if (f.is_async)
    return make_error(ErrorCode::component_unsupported, kNoOffset, "bindings of async functions: " + name);
  for (const Param& p : f.params) TRY(check(p.type, name));
  return f.result ? check(*f.result, name) : Status();
}

Status BoundWorld::check(Type type, const std::string& where) const {
  const auto refuse = [&] {
    return make_error(ErrorCode::component_unsupported, kNoOffset,
                      "bindings of " + print_type(*model_, type) + " (in " + where + ")");
  };
  if (type.is_prim()) return type.prim() == Prim::ErrorContext ? Status(refuse()) : Status();
  return std::visit(
      [&](const auto& k) -> Status {
        using K = std::decay_t<decltype(k)>;
        if constexpr (std::is_same_v<K, Stream> || std::is_same_v<K, Future> || std::is_same_v<K, Map>) {
          return refuse();
        } else if constexpr (std::is_same_v<K, Record>) {
          for (const Field& f : k.fields) TRY(check(f.type, where));
        } else if constexpr (std::is_same_v<K, Variant>) {
          for (const Case& c : k.cases) {
            if (c.type) TRY(check(*c.type, where));
          }
        } else if constexpr (std::is_same_v<K, Tuple>) {
          for (const Type t : k.types) TRY(check(t, where));
        } else if constexpr (std::is_same_v<K, List> || std::is_same_v<K, FixedList>) {
          return check(k.element, where);
        } else if constexpr (std::is_same_v<K, Option> || std::is_same_v<K, Alias>) {
          return check(k.type, where);
        } else if constexpr (std::is_same_v<K, Used>) {
          return check(Type(k.type), where);
        } else if constexpr (std::is_same_v<K, ResultType>) {
          if (k.ok) TRY(check(*k.ok, where));
          if (k.error) return check(*k.error, where);
        }
        return {};
      },
      (*model_)[type.id()].kind);
}

const BoundScope& BoundWorld::scope_of(TypeId id, const BoundScope& from) const {
  const Owner& owner = (*model_)[id].owner;
  const auto* interface = std::get_if<InterfaceId>(&owner);
  const BoundScope* found = nullptr;
  // What the world itself exports names what the world uses, which is imported.
  const bool exported = from.exported && from.interface.has_value();
  for (const BoundScope& scope : scopes_) {
    // The world's own types are declared where its imports are.
    const bool is_it = interface != nullptr ? scope.interface == *interface : !scope.interface && !scope.exported;
    if (!is_it) continue;
    // An exported interface sees what the exports are made of; all else what is imported.
    if (found == nullptr || scope.exported == exported) found = &scope;
  }
  return found != nullptr ? *found : from;
}

std::string BoundWorld::name_in(TypeId id, const BoundScope& from) const {
  const BoundScope& scope = scope_of(id, from);
  const std::string name = cpp_type_name((*model_)[id].name);
  if (&scope == &from) return name;
  return "::" + name_space() + "::" + (scope.name_space.empty() ? "" : scope.name_space + "::") + name;
}

std::optional<Handle> BoundWorld::handle(Type type) const {
  const TypeDef* t = model_->definition(type);
  if (t == nullptr) return std::nullopt;
  if (const auto* handle = std::get_if<Handle>(&t->kind))
    return Handle{model_->dealias(handle->resource), handle->borrowed};
  if (std::holds_alternative<Resource>(t->kind)) return Handle{model_->dealias(type.id()), false};
  return std::nullopt;
}

std::string BoundWorld::view(Type type, const CppTypes& types) const {
  const Type behind = model_->dealias(type);
  if (behind.is_prim()) return behind.prim() == Prim::String ? "std::string_view" : types.text(type);
  const TypeKind& kind = (*model_)[behind.id()].kind;
  if (const auto* list = std::get_if<List>(&kind); list != nullptr && is_number(list->element)) {
    return "std::span<const " + types.text(list->element) + ">";
  }
  const bool small = std::holds_alternative<Enum>(kind) || std::holds_alternative<Flags>(kind);
  return small || has_handle(type) ? types.text(type) : "const " + types.text(type) + "&";
}

bool BoundWorld::is_number(Type type) const {
  const Type behind = model_->dealias(type);
  return behind.is_prim() && behind.prim() > Prim::Bool && behind.prim() < Prim::Char;
}

bool BoundWorld::has_handle(Type type) const {
  const TypeDef* t = model_->definition(type);
  if (t == nullptr) return false;
  return std::visit(
      [&](const auto& k) -> bool {
        using K = std::decay_t<decltype(k)>;
        if constexpr (std::is_same_v<K, Handle> || std::is_same_v<K, Resource>) {
          return true;
        } else if constexpr (std::is_same_v<K, Record>) {
          return std::ranges::any_of(k.fields, [&](const Field& f) { return has_handle(f.type); });
        } else if constexpr (std::is_same_v<K, Variant>) {
          return std::ranges::any_of(k.cases, [&](const Case& c) { return c.type && has_handle(*c.type); });
        } else if constexpr (std::is_same_v<K, Tuple>) {
          return std::ranges::any_of(k.types, [&](Type e) { return has_handle(e); });
        } else if constexpr (std::is_same_v<K, List> || std::is_same_v<K, FixedList>) {
          return has_handle(k.element);
        } else if constexpr (std::is_same_v<K, Option>) {
          return has_handle(k.type);
        } else if constexpr (std::is_same_v<K, ResultType>) {
          return (k.ok && has_handle(*k.ok)) || (k.error && has_handle(*k.error));
        } else {
          return false;
        }
      },
      t->kind);
}

}  // namespace ashlar::wit
