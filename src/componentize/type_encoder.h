// WIT types as definitions of a component, and interfaces as instance types.
#pragma once

#include <functional>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "component/syntax.h"
#include "componentize/definition_space.h"
#include "wit/model.h"

namespace ashlar::componentize {

component::PrimType prim_type(wit::Prim prim);

/// What of a model is wanted: functions, and the types that they are made of.
class Needed {
 public:
  explicit Needed(const wit::Resolve& model) : model_(model) {}
  void function(const wit::Function& function);
  /// Without the function itself.
  void types_of(const wit::Function& function);
  void type(wit::Type type);
  /// All that the interface has, and itself if that is nothing.
  void interface(wit::InterfaceId id);

  bool has(const wit::Function& function) const { return functions_.contains(&function); }
  bool has(wit::TypeId type) const { return types_.contains(type); }
  /// Whether the interface, or anything of it, is wanted.
  bool has_any(wit::InterfaceId id) const;

 private:
  void optional(std::optional<wit::Type> type);
  const wit::Resolve& model_;
  std::unordered_set<const wit::Function*> functions_;
  std::unordered_set<wit::TypeId> types_;
  std::unordered_set<wit::InterfaceId> interfaces_;
};

/// Defines types in a space. Anonymous ones become definitions where they are first met; where named ones are, the
/// caller says.
class TypeEncoder {
 public:
  /// The index of a named type in the space.
  using Lookup = std::function<uint32_t(wit::TypeId)>;
  TypeEncoder(const wit::Resolve& model, DefinitionSpace& space, Lookup lookup)
      : model_(model), space_(space), lookup_(std::move(lookup)) {}

  component::TypeRef ref(wit::Type type);
  /// What a named type that is no resource is, without its name.
  uint32_t unnamed(wit::TypeId id);
  uint32_t func(const wit::Function& function);

 private:
  component::TypeDef structure(const wit::TypeKind& kind);
  std::optional<component::TypeRef> optional(std::optional<wit::Type> type);
  const wit::Resolve& model_;
  DefinitionSpace& space_;
  Lookup lookup_;
  std::unordered_map<wit::TypeId, uint32_t> anonymous_;
};

/// The instance type of an interface, or of what is `needed` of it. `outer` gives the index, in the scope around it, of
/// a type that another interface owns.
component::TypeDef interface_type(const wit::Resolve& model, wit::InterfaceId id, const Needed* needed,
                                  const TypeEncoder::Lookup& outer);

}  // namespace ashlar::componentize
