// Encoding of WIT types; see type_encoder.h.
#include "componentize/type_encoder.h"

#include <utility>
#include <variant>

namespace ashlar::componentize {

namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

}  // namespace

component::PrimType prim_type(wit::Prim prim) {
  static_assert(static_cast<int>(component::PrimType::Bool) - static_cast<int>(wit::Prim::String) ==
                static_cast<int>(component::PrimType::String));
  if (prim == wit::Prim::ErrorContext) return component::PrimType::ErrorContext;
  return static_cast<component::PrimType>(static_cast<int>(component::PrimType::Bool) - static_cast<int>(prim));
}

// --- what is needed

void Needed::function(const wit::Function& function) {
  if (functions_.insert(&function).second) types_of(function);
}

void Needed::types_of(const wit::Function& function) {
  if (function.resource) type(*function.resource);
  for (const wit::Param& param : function.params) type(param.type);
  optional(function.result);
}

void Needed::optional(std::optional<wit::Type> type) {
  if (type) this->type(*type);
}

void Needed::type(wit::Type given) {
  if (given.is_prim() || !types_.insert(given.id()).second) return;
  // Names of names follow without calls: there may be any number of them.
  while (const std::optional<wit::Type> named = model_.aliased(given.id())) {
    if (named->is_prim() || !types_.insert(named->id()).second) return;
    given = *named;
  }
  std::visit(Overloaded{
                 [&](const wit::Record& t) {
                   for (const wit::Field& field : t.fields) type(field.type);
                 },
                 [&](const wit::Variant& t) {
                   for (const wit::Case& one : t.cases) optional(one.type);
                 },
                 [&](const wit::Tuple& t) {
                   for (const wit::Type one : t.types) type(one);
                 },
                 [&](const wit::List& t) { type(t.element); },
                 [&](const wit::FixedList& t) { type(t.element); },
                 [&](const wit::Map& t) {
                   type(t.key);
                   type(t.value);
                 },
                 [&](const wit::Option& t) { type(t.type); },
                 [&](const wit::ResultType& t) {
                   optional(t.ok);
                   optional(t.error);
                 },
                 [&](const wit::Handle& t) { type(t.resource); },
                 [&](const wit::Future& t) { optional(t.type); },
                 [&](const wit::Stream& t) { optional(t.type); },
                 [](const wit::Flags&) {},
                 [](const wit::Enum&) {},
                 [](const wit::Resource&) {},
                 [](const wit::Alias&) {},
                 [](const wit::Used&) {},
             },
             model_[given.id()].kind);
}

void Needed::interface(wit::InterfaceId id) {
  interfaces_.insert(id);
  for (const wit::TypeId one : model_[id].types) type(one);
  for (const wit::Function& one : model_[id].functions) function(one);
}

bool Needed::has_any(wit::InterfaceId id) const {
  if (interfaces_.contains(id)) return true;
  for (const wit::TypeId one : model_[id].types) {
    if (has(one)) return true;
  }
  for (const wit::Function& one : model_[id].functions) {
    if (has(one)) return true;
  }
  return false;
}

// --- types

component::TypeRef TypeEncoder::ref(wit::Type type) {
  if (type.is_prim()) return component::TypeRef::of(prim_type(type.prim()));
  const wit::TypeDef& def = model_[type.id()];
  if (!def.name.empty()) return component::TypeRef::at(lookup_(type.id()));
  if (const auto known = anonymous_.find(type.id()); known != anonymous_.end()) {
    return component::TypeRef::at(known->second);
  }
  const uint32_t index = space_.type(structure(def.kind));
  anonymous_.emplace(type.id(), index);
  return component::TypeRef::at(index);
}

std::optional<component::TypeRef> TypeEncoder::optional(std::optional<wit::Type> type) {
  if (!type) return std::nullopt;
  return ref(*type);
}

uint32_t TypeEncoder::unnamed(wit::TypeId id) {
  const wit::TypeKind& kind = model_[id].kind;
  if (const auto* used = std::get_if<wit::Used>(&kind)) return lookup_(used->type);
  if (const auto* alias = std::get_if<wit::Alias>(&kind); alias != nullptr && !alias->type.is_prim()) {
    return ref(alias->type).index;
  }
  return space_.type(structure(kind));
}

component::TypeDef TypeEncoder::structure(const wit::TypeKind& kind) {
  using component::TypeDef;
  const auto labels = [](const std::vector<wit::Label>& from) {
    std::vector<std::string> out;
    for (const wit::Label& label : from) out.push_back(label.name);
    return out;
  };
  return std::visit(
      Overloaded{
          [&](const wit::Record& t) {
            component::RecordType out;
            for (const wit::Field& field : t.fields) out.fields.push_back({field.name, ref(field.type)});
            return TypeDef{std::move(out)};
          },
          [&](const wit::Variant& t) {
            component::VariantType out;
            for (const wit::Case& one : t.cases) out.cases.push_back({one.name, optional(one.type)});
            return TypeDef{std::move(out)};
          },
          [&](const wit::Tuple& t) {
            component::TupleType out;
            for (const wit::Type one : t.types) out.types.push_back(ref(one));
            return TypeDef{std::move(out)};
          },
          [&](const wit::Flags& t) { return TypeDef{component::FlagsType{labels(t.flags)}}; },
          [&](const wit::Enum& t) { return TypeDef{component::EnumType{labels(t.cases)}}; },
          [&](const wit::Alias& t) { return TypeDef{prim_type(t.type.prim())}; },  // others: unnamed()
          [&](const wit::List& t) { return TypeDef{component::ListType{ref(t.element), {}}}; },
          [&](const wit::FixedList& t) { return TypeDef{component::ListType{ref(t.element), t.length}}; },
          [&](const wit::Map& t) { return TypeDef{component::MapType{ref(t.key), ref(t.value)}}; },
          [&](const wit::Option& t) { return TypeDef{component::OptionType{ref(t.type)}}; },
          [&](const wit::ResultType& t) { return TypeDef{component::ResultType{optional(t.ok), optional(t.error)}}; },
          [&](const wit::Handle& t) {
            const uint32_t resource = lookup_(t.resource);
            return t.borrowed ? TypeDef{component::BorrowType{resource}} : TypeDef{component::OwnType{resource}};
          },
          [&](const wit::Future& t) { return TypeDef{component::FutureType{optional(t.type)}}; },
          [&](const wit::Stream& t) { return TypeDef{component::StreamType{optional(t.type)}}; },
          [](const wit::Resource&) -> TypeDef { std::unreachable(); },  // resources are imported, exported or local
          [](const wit::Used&) -> TypeDef { std::unreachable(); },      // unnamed()
      },
      kind);
}

uint32_t TypeEncoder::func(const wit::Function& function) {
  component::FuncTypeDef out;
  out.async = function.is_async;
  for (const wit::Param& param : function.params) out.params.push_back({param.name, ref(param.type)});
  out.result = optional(function.result);
  return space_.type(component::TypeDef{std::move(out)});
}

// --- interfaces

component::TypeDef interface_type(const wit::Resolve& model, wit::InterfaceId id, const Needed* needed,
                                  const TypeEncoder::Lookup& outer) {
  component::InstanceTypeDef out;
  DefinitionSpace space(out.decls);
  std::unordered_map<wit::TypeId, uint32_t> named;
  TypeEncoder types(model, space, [&](wit::TypeId type) {
    const auto known = named.find(type);
    if (known != named.end()) return known->second;
    const uint32_t index = space.alias_outer_type(1, outer(type));
    named.emplace(type, index);
    return index;
  });
  for (const wit::TypeId type : model[id].types) {
    if (needed != nullptr && !needed->has(type)) continue;
    const wit::TypeDef& def = model[type];
    const bool resource = std::holds_alternative<wit::Resource>(def.kind);
    component::ExternName name = plain_name(def.name);
    named[type] = resource ? space.export_decl(std::move(name), resource_desc())
                           : space.export_decl(std::move(name), type_desc(types.unnamed(type)));
  }
  for (const wit::Function& function : model[id].functions) {
    if (needed != nullptr && !needed->has(function)) continue;
    const uint32_t type = types.func(function);
    space.export_decl(plain_name(function.name), func_desc(type));
  }
  return component::TypeDef{std::move(out)};
}

}  // namespace ashlar::componentize
