// A component made ready for an engine: its core modules compiled, its plan's names resolved to indices. Immutable and
// shared by all instances, on any thread.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/error.h"
#include "component/adapter.h"
#include "component/plan.h"
#include "runtime/engine.h"

namespace ashlar::component {

/// Makes a module of an engine out of one that a component holds, or out of generated adapters. `index` counts them.
using ModuleCompiler =
    std::function<Result<std::shared_ptr<runtime::CompiledModule>>(const CoreModuleDef& module, size_t index)>;

/// Where a core item is found: an instance that was made before, and which of its exports.
struct CoreSource {
  uint32_t instance = module::kNoIndex;  ///< kNoIndex: a trampoline
  uint32_t index = module::kNoIndex;     ///< the export's, or the trampoline's; kNoIndex: by name (imported modules)
  std::string name;                      ///< only where `index` does not say
};

class Executable {
 public:
  /// `component` must be validated. Errors: those of make_plan and of `compile`; Link when a module lacks what the
  /// component takes from it.
  static Result<std::shared_ptr<const Executable>> make(std::shared_ptr<runtime::Engine> engine,
                                                        std::shared_ptr<const Component> component,
                                                        const ModuleCompiler& compile);

  const Plan& plan() const { return *plan_; }
  const std::shared_ptr<runtime::Engine>& engine() const { return engine_; }
  /// Null for those that the host gives.
  const std::shared_ptr<runtime::CompiledModule>& module(uint32_t index) const { return modules_[index]; }
  /// Of a core instance, in the order of its module's imports. Of a module that the host gives: see resolve().
  const std::vector<CoreSource>& sources(uint32_t core_instance) const { return sources_[core_instance]; }
  /// What instances need of a trampoline, worked out once: a program has a hundred.
  struct Trampoline {
    uint32_t type;     ///< canonical
    bool adapted;      ///< an adapter module has it
    std::string name;  ///< of its host function
  };
  const Trampoline& trampoline(uint32_t index) const { return trampolines_[index]; }

  const std::vector<AdapterModule>& adapters() const { return adapters_; }
  const std::shared_ptr<runtime::CompiledModule>& adapter_module(size_t index) const { return adapter_modules_[index]; }

  CoreSource source_of(const CoreRef& ref) const;
  CoreSource source_of(uint32_t instance, std::string_view name) const;
  /// The imports of `m`, were it module of that core instance. Errors: Link.
  Result<std::vector<CoreSource>> resolve(const module::Module& m, const PlanCoreInstance& instance) const;

 private:
  Executable() = default;
  std::shared_ptr<runtime::Engine> engine_;
  std::shared_ptr<const Component> component_;
  std::unique_ptr<Plan> plan_;
  std::vector<std::shared_ptr<runtime::CompiledModule>> modules_;
  std::vector<std::vector<CoreSource>> sources_;
  std::vector<Trampoline> trampolines_;
  std::vector<AdapterModule> adapters_;
  std::vector<std::shared_ptr<runtime::CompiledModule>> adapter_modules_;
};

/// The canonical type of a core function.
uint32_t intern_flat(runtime::Engine& engine, const std::vector<FlatType>& params,
                     const std::vector<FlatType>& results);

}  // namespace ashlar::component
