// What a script does with components: checks, instances, calls with component values.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/load.h"
#include "component/gates.h"
#include "component/instance.h"
#include "runtime/store.h"
#include "text/script.h"

namespace ashlar::cli {

/// The components of one script, in the script's store.
class ComponentScripts {
 public:
  using Compiler = std::function<Result<std::shared_ptr<runtime::CompiledModule>>(const api::ModuleBytes&)>;
  ComponentScripts(std::shared_ptr<runtime::Engine> engine, runtime::Store& store, Compiler compile)
      : engine_(std::move(engine)), store_(store), compile_(std::move(compile)) {}

  /// What later components may use.
  void set_gates(component::Gates gates) { gates_ = gates; }
  /// Errors of parsing, decoding and validating.
  Status check(const text::ModuleSource& source) const;
  /// Module and ModuleDefinition: the latter does not instantiate.
  Status define(const text::Command& command);
  /// ModuleInstance.
  Status instantiate(const text::Command& command);
  /// Instantiates what must not be possible, or trap, under no name.
  Status try_instance(const text::ModuleSource& source);
  bool has(const std::string& id) const { return instances_.contains(id); }
  /// A module was made: the latest instance is not a component any more.
  void forget_latest() { instances_.erase(""); }

  Result<std::optional<component::Val>> invoke(const text::Action& action);
  Status assert_return(const text::Command& command);

 private:
  using Shared = std::shared_ptr<const component::Component>;
  Result<Shared> load(const text::ModuleSource& source) const;
  Result<component::Instance*> make(const Shared& component);
  Result<const component::PlanFunc*> find(const text::Action& action, component::Instance** instance,
                                          uint32_t* func) const;

  std::shared_ptr<runtime::Engine> engine_;
  runtime::Store& store_;
  Compiler compile_;
  component::Gates gates_;
  component::HostImports imports_;
  std::map<std::string, Shared, std::less<>> definitions_;
  std::map<std::string, component::Instance*, std::less<>> instances_;
  std::vector<std::unique_ptr<component::Instance>> all_;
};

}  // namespace ashlar::cli
