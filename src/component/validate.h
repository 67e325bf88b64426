// Validation of components: index spaces, types, names, instantiations and canonical definitions; what linking needs of
// it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "component/gates.h"
#include "component/limits.h"
#include "component/syntax.h"
#include "component/type_graph.h"
#include "isa/features.h"
#include "module/limits.h"
#include "module/module.h"

namespace ashlar::component {

struct ValidateOptions {
  Gates gates;
  isa::Features features;  ///< of core modules
  module::ModuleLimits core_limits;
  ComponentLimits limits;
  /// Canonical core types; made when null. An engine gives its own, so that modules need no second validation.
  std::shared_ptr<module::TypeRegistry> registry;
  unsigned threads = 0;  ///< for bodies of core modules, as validate::ValidateOptions has it
  bool lazy = false;     ///< leave bodies of core modules to validate::validate_function at their first call
  bool names = true;     ///< fill module::Module::names
  /// Gives core modules that were found valid earlier, with canonical types of `registry`; null: another one.
  std::function<Result<std::unique_ptr<module::Module>>(const CoreModuleDef& def)> known;
};

/// A resource type that a component defines.
struct LocalResource {
  ResourceId id = 0;
  isa::ValType rep;
  std::optional<uint32_t> destructor;  ///< core function
};

/// What validation learns of one component (nested ones each have their own). Resource types are numbered anew by each
/// component: who links says which ones an instance has.
struct ComponentInfo {
  const Component* component = nullptr;
  const ComponentNode* type = nullptr;

  // Index spaces at the end of the component.
  std::vector<const Node*> types;
  std::vector<const FuncNode*> funcs;
  std::vector<const InstanceNode*> instances;
  std::vector<const ComponentNode*> components;
  std::vector<const ModuleNode*> core_modules;
  std::vector<uint32_t> core_funcs;  ///< canonical types
  std::vector<module::MemoryType> core_memories;
  std::vector<LocalResource> resources;

  // By position in Component::defs.
  std::unordered_map<uint32_t, std::shared_ptr<const ComponentInfo>> components_at;  ///< nested components
  /// Instantiations: which resource types here the numbers in the instantiated component's type (imported and defined)
  /// stand for. Exports with a type: which ones here those numbers of the exported type hide.
  std::unordered_map<uint32_t, std::unordered_map<ResourceId, ResourceId>> resources_at;
};

/// A valid component. Keeps all that its parts point to but the Component itself, which must outlive it.
struct Validated {
  explicit Validated(const ComponentLimits& limits) : graph(limits) {}

  TypeGraph graph;
  std::shared_ptr<module::TypeRegistry> registry;
  module::Module core_types;  ///< holds the canonical types of core type definitions and canonical functions
  std::shared_ptr<const ComponentInfo> root;
  /// Core modules, decoded and validated, to be taken out by who compiles them.
  std::unordered_map<const CoreModuleDef*, std::unique_ptr<module::Module>> modules;
};

/// Validates a component and all inside it, core modules with their bodies included. Errors: Phase::Invalid; Malformed
/// of a core module; Limit. Offsets are those of the component's binary; of errors in a core module they are the
/// module's own, which the message's file says ("core module 2").
Result<std::unique_ptr<Validated>> validate(const Component& component, const ValidateOptions& options);

/// One core module by itself, with canonical types of `registry`. Errors: Malformed, Invalid.
Result<std::unique_ptr<module::Module>> validate_core_module(const CoreModuleDef& def, const ValidateOptions& options,
                                                             const std::shared_ptr<module::TypeRegistry>& registry);

}  // namespace ashlar::component
