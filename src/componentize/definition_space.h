// Definitions appended to a component, a component type or an instance type, with the index that each one gets.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "component/syntax.h"

namespace ashlar::componentize {

/// Types, aliases, imports and exports, in whichever of the three scopes they stand. Each call returns the index of
/// what it adds, in the index space of its sort. Borrows the scope.
class DefinitionSpace {
 public:
  explicit DefinitionSpace(component::Component& component) : component_(&component) {}
  explicit DefinitionSpace(std::vector<component::TypeDecl>& decls) : decls_(&decls) {}

  uint32_t type(component::TypeDef def);
  uint32_t alias_type(uint32_t instance, std::string name);
  uint32_t alias_outer_type(uint32_t count, uint32_t index);
  uint32_t import(component::ExternName name, const component::ExternDesc& desc);
  /// A type under a name: in a component an export of that type, in a type one that is equal to it.
  uint32_t export_type(std::string name, uint32_t type);
  /// In types only.
  uint32_t export_decl(component::ExternName name, const component::ExternDesc& desc);

 protected:
  static constexpr component::AnySort kType{component::Sort::Type, {}};
  uint32_t next(component::AnySort sort) { return counts_[{sort.sort, sort.core}]++; }
  component::Component* component_ = nullptr;

 private:
  uint32_t alias(component::AliasDef def, component::AnySort sort);
  std::vector<component::TypeDecl>* decls_ = nullptr;
  std::map<std::pair<component::Sort, component::CoreSort>, uint32_t> counts_;
};

/// What may stand in components alone.
class ComponentBuilder : public DefinitionSpace {
 public:
  explicit ComponentBuilder(component::Component& component) : DefinitionSpace(component) {}

  /// `bytes` are copied.
  uint32_t core_module(std::vector<uint8_t> bytes);
  uint32_t core_instance(uint32_t module, std::vector<component::CoreInstantiateArg> args);
  uint32_t core_instance(std::vector<component::CoreInlineExport> exports);
  uint32_t core_alias(uint32_t instance, component::CoreSort sort, std::string name);
  uint32_t component(std::unique_ptr<component::Component> component);
  uint32_t instance(uint32_t component, std::vector<component::InstantiateArg> args);
  uint32_t alias(uint32_t instance, component::AnySort sort, std::string name);
  uint32_t lift(uint32_t core_func, uint32_t type, const component::CanonOpts& opts);
  uint32_t lower(uint32_t func, const component::CanonOpts& opts);
  uint32_t resource_op(component::CanonOp op, uint32_t type);
  uint32_t export_item(component::ExternName name, component::SortIdx item,
                       std::optional<component::ExternDesc> ascribed = {});
  void custom(std::string name, std::vector<uint8_t> contents);

 private:
  uint32_t core_func(component::CanonDef def);
};

component::ExternName plain_name(std::string name);
component::ExternDesc func_desc(uint32_t type);
component::ExternDesc instance_desc(uint32_t type);
component::ExternDesc component_desc(uint32_t type);
component::ExternDesc type_desc(uint32_t equal);
component::ExternDesc resource_desc();

}  // namespace ashlar::componentize
