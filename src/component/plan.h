// Linking ahead of time: a graph of components flattened into steps over core modules. What is left open is only what
// the host gives: the root component's imports.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "component/syntax.h"
#include "component/types.h"

namespace ashlar::component {

/// Something a core module imports or a canonical option names: an export of a core instance, or a trampoline.
struct CoreRef {
  uint32_t instance = module::kNoIndex;  ///< in Plan::core_instances; kNoIndex: a trampoline
  uint32_t trampoline = 0;               ///< in Plan::trampolines
  std::string name;                      ///< of the export
  bool operator==(const CoreRef&) const = default;
};

/// Canonical options with their indices resolved.
struct PlanOptions {
  StringEncoding encoding = StringEncoding::Utf8;
  bool async = false;
  std::optional<CoreRef> memory, realloc, post_return, callback;
};

/// A component-level function: lifted from a core one, or the host's.
struct PlanFunc {
  FuncType type;
  bool imported = false;
  uint32_t import = 0;    ///< imported: in Plan::imports
  CoreRef core;           ///< lifted
  PlanOptions options;    ///< lifted
  uint32_t instance = 0;  ///< lifted: the component instance it belongs to
};

/// A resource type of the graph; ResourceIds of Plan::types count them.
struct PlanResource {
  bool imported = false;
  uint32_t import = 0;                ///< imported: in Plan::imports
  uint32_t instance = 0;              ///< defined: the component instance that implements it
  std::optional<CoreRef> destructor;  ///< defined
};

/// What the host must give: a function, a resource type or a core module, by its path ("ns:pkg/iface@1.0.0", "f").
struct PlanImport {
  enum class Kind : uint8_t { Func, Resource, CoreModule };
  Kind kind = Kind::Func;
  std::vector<std::string> path;  ///< names from the root's import inwards
  FuncType type;                  ///< Func
  uint32_t resource = 0;          ///< Resource: in Plan::resources
};
/// "ns:pkg/iface@1.0.0#f"
std::string to_string(const std::vector<std::string>& path);

/// A core function that the host makes.
struct PlanTrampoline {
  CanonOp op = CanonOp::lower;
  uint32_t instance = 0;  ///< the component instance that calls it
  uint32_t func = 0;      ///< lower: in Plan::funcs
  PlanOptions options;    ///< lower, task.return, stream and future operations
  uint32_t resource = 0;  ///< resource.new, .drop, .rep
  uint32_t slot = 0;      ///< context.get, context.set
  uint32_t before = 0;    ///< how many core instances there were: it may be needed by the next
  std::vector<FlatType> params, results;
};

/// A core module of the graph.
struct PlanModule {
  std::optional<uint32_t> import;          ///< in Plan::imports
  const CoreModuleDef* defined = nullptr;  ///< else; belongs to the component that was planned
};

/// Where imports come from: exports of a core instance, or some put together.
struct CoreInstanceItem {
  /// By names that lie in the component.
  using Exports = std::unordered_map<std::string_view, CoreRef>;
  std::optional<uint32_t> instance;        ///< in Plan::core_instances
  std::shared_ptr<const Exports> exports;  ///< of those put together; not null, then
};

/// A core instance in order of instantiation.
struct PlanCoreInstance {
  uint32_t module = 0;  ///< in Plan::modules
  uint32_t owner = 0;   ///< the component instance it belongs to
  /// By module name: the instances that its imports are taken from.
  std::map<std::string, CoreInstanceItem, std::less<>> args;
};

/// An instance of a component.
struct PlanInstance {
  uint32_t parent = module::kNoIndex;  ///< in Plan::instances; kNoIndex: the root
  bool lowers = false;                 ///< has functions lowered for its own core modules
  bool forbids_leaving = false;        ///< names functions that run while it must not be left (realloc, post-return)
};

/// An export of the root: a function, a nested instance, a type, or a core module.
struct PlanExport;
struct PlanExports {
  std::vector<std::pair<std::string, PlanExport>> items;  ///< in order
  const PlanExport* find(std::string_view name) const;
};
struct PlanExport {
  enum class Kind : uint8_t { Func, Instance, ValueType, FuncType, Resource, CoreModule, Other };
  Kind kind = Kind::Other;
  uint32_t index = 0;             ///< Func: in Plan::funcs; Resource, CoreModule: likewise
  const ValType* type = nullptr;  ///< ValueType
  std::shared_ptr<PlanExports> instance;
};

/// Immutable once made; shared by all instances. Needs the component that it was made of to stay.
struct Plan {
  TypeArena types;
  std::vector<PlanImport> imports;
  std::vector<PlanModule> modules;
  std::vector<PlanFunc> funcs;
  std::vector<PlanResource> resources;
  std::vector<PlanTrampoline> trampolines;
  std::vector<PlanInstance> instances;           ///< [0]: the root
  std::vector<PlanCoreInstance> core_instances;  ///< in the order in which they are instantiated
  PlanExports exports;
};

struct PlanLimits {
  uint32_t instances = 10'000;       ///< component instances and core instances of one graph, each
  uint32_t definitions = 5'000'000;  ///< evaluated, over all instances
};

/// Flattens a validated component. Errors: Limit; Link for what cannot be run yet (imported components, values).
Result<std::unique_ptr<Plan>> make_plan(const Component& root, const PlanLimits& limits = {});

/// The core signature of a function type (Canonical ABI: flatten_functype), 32-bit memories.
void flatten_func(const FuncType& type, bool lift, bool async, std::vector<FlatType>& params,
                  std::vector<FlatType>& results);

}  // namespace ashlar::component
