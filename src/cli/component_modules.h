// The core modules of a component from a file: validated, and compiled as the tier wants, with what the cache knows of
// them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "cli/load_component.h"
#include "component/executable.h"
#include "component/validate.h"
#include "runtime/engine.h"
#include "tiering/tiering.h"

namespace ashlar::tiering {
class AutoTier;
}

namespace ashlar::cli {

struct Settings;

class ComponentModules {
 public:
  using Tiers = std::vector<std::pair<const runtime::CompiledModule*, std::shared_ptr<tiering::AutoTier>>>;
  /// To be made before the file is read. Modules that are to be compiled while they run are added to `tiers`.
  ComponentModules(std::shared_ptr<runtime::Engine> engine, const std::string& file, const Settings& settings,
                   Tiers& tiers);

  /// Validates the component, unless the cache knows that this very file was valid with the same features: then bodies
  /// are left to their first calls, and nothing else is looked at again but modules that have no image.
  Status check(const LoadedComponent& loaded);
  /// For component::ModuleCompiler: one of the component's, or an adapter.
  Result<std::shared_ptr<runtime::CompiledModule>> compile(const component::CoreModuleDef& def);

 private:
  component::ValidateOptions options(bool lazy) const;

  std::shared_ptr<runtime::Engine> engine_;
  std::string file_;
  const Settings& settings_;
  Tiers& tiers_;
  std::optional<os::FileInfo> before_;
  std::shared_ptr<const tiering::ContainerFile> container_;
  std::unique_ptr<component::Validated> valid_;  ///< null: known as valid
};

/// Whether the file is a component to be run, compiled or not.
bool is_component_program(const std::string& file);

/// Gives a file's component, in place of load_component.
using ReadComponent = std::function<Result<LoadedComponent>(const std::string& file)>;

/// A component made ready for the tier that is asked for, or a compiled one where that is allowed. Modules that are to
/// be compiled while they run are added to `tiers`. Errors: those of reading, checking and compiling it.
Result<std::shared_ptr<const component::Executable>> load_executable(const std::shared_ptr<runtime::Engine>& engine,
                                                                     const std::string& file, const Settings& settings,
                                                                     ComponentModules::Tiers& tiers,
                                                                     const ReadComponent& read = {});

}  // namespace ashlar::cli
