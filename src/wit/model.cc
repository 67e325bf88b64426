// Look-ups in the model; see model.h.
#include "wit/model.h"

#include <algorithm>

namespace ashlar::wit {
namespace {

constexpr std::string_view kPrimNames[] = {"bool", "s8",  "u8",  "s16", "u16",  "s32",    "u32",
                                           "s64",  "u64", "f32", "f64", "char", "string", "error-context"};
static_assert(std::size(kPrimNames) == kPrimCount);

}  // namespace

std::string_view prim_name(Prim prim) { return kPrimNames[static_cast<size_t>(prim)]; }

std::optional<Prim> find_prim(std::string_view name) {
  const auto* found = std::ranges::find(kPrimNames, name);
  if (found == std::end(kPrimNames)) return std::nullopt;
  return static_cast<Prim>(found - std::begin(kPrimNames));
}

std::optional<PackageId> Resolve::find_package(const PackageName& name) const {
  for (size_t i = 0; i < packages.size(); ++i) {
    if (packages[i].name == name) return static_cast<PackageId>(i);
  }
  return std::nullopt;
}

std::optional<InterfaceId> Resolve::find_interface(PackageId package, std::string_view name) const {
  for (const InterfaceId id : (*this)[package].interfaces) {
    if ((*this)[id].name == name) return id;
  }
  return std::nullopt;
}

std::optional<WorldId> Resolve::find_world(PackageId package, std::string_view name) const {
  for (const WorldId id : (*this)[package].worlds) {
    if ((*this)[id].name == name) return id;
  }
  return std::nullopt;
}

std::optional<TypeId> Resolve::find_type(InterfaceId interface, std::string_view name) const {
  for (const TypeId id : (*this)[interface].types) {
    if ((*this)[id].name == name) return id;
  }
  return std::nullopt;
}

const Function* Resolve::find_function(InterfaceId interface, std::string_view name) const {
  for (const Function& function : (*this)[interface].functions) {
    if (function.name == name) return &function;
  }
  return nullptr;
}

std::string Resolve::full_name(InterfaceId id) const {
  const Interface& interface = (*this)[id];
  return interface.name.empty() ? std::string() : InterfaceName{(*this)[interface.package].name, interface.name}.str();
}

std::string Resolve::full_name(WorldId id) const {
  const World& world = (*this)[id];
  return InterfaceName{(*this)[world.package].name, world.name}.str();
}

std::string Resolve::extern_name(const WorldItem& item) const {
  if (!item.label.empty()) return item.label;
  return full_name(std::get<InterfaceId>(item.what));
}

TypeId Resolve::dealias(TypeId id) const {
  const Type type = dealias(Type(id));
  return type.is_prim() ? id : type.id();
}

Type Resolve::dealias(Type type) const {
  while (!type.is_prim()) {
    const std::optional<Type> next = aliased(type.id());
    if (!next) break;
    type = *next;
  }
  return type;
}

std::optional<Type> Resolve::aliased(TypeId id) const {
  const TypeKind& kind = (*this)[id].kind;
  if (const auto* alias = std::get_if<Alias>(&kind)) return alias->type;
  if (const auto* used = std::get_if<Used>(&kind)) return Type(used->type);
  return std::nullopt;
}

const TypeDef* Resolve::definition(Type type) const {
  const Type behind = dealias(type);
  return behind.is_prim() ? nullptr : &(*this)[behind.id()];
}

std::vector<InterfaceId> Resolve::dependencies(InterfaceId id) const {
  std::vector<InterfaceId> out;
  for (const TypeId type : (*this)[id].types) {
    const auto* used = std::get_if<Used>(&(*this)[type].kind);
    if (used == nullptr) continue;
    const auto* owner = std::get_if<InterfaceId>(&(*this)[used->type].owner);
    if (owner != nullptr && std::ranges::find(out, *owner) == out.end()) out.push_back(*owner);
  }
  return out;
}

std::vector<const Function*> Resolve::functions_of(InterfaceId interface, TypeId resource) const {
  std::vector<const Function*> out;
  for (const Function& function : (*this)[interface].functions) {
    if (function.resource == resource) out.push_back(&function);
  }
  return out;
}

}  // namespace ashlar::wit
