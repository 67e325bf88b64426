// Components of core modules: a module that says what its world is, and adapters for what else it imports.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "componentize/wit_decoder.h"
#include "module/module.h"

namespace ashlar::componentize {

/// A module that gives what others import from `name`. It may import from the program's world and its own
/// (its sections "component-type"), "env" "memory" (the program's memory), and __main_module__ (the program's exports).
struct AdapterInput {
  std::string name;
  const module::Module* core = nullptr;
};

/// Names of modules that `core` imports from and that its world does not have: what adapters must give.
Result<std::vector<std::string>> missing_modules(const module::Module& core, const BinaryOptions& options);

/// The component's binary. Imports are those of the world that the module, or what is left of an adapter, uses; exports
/// are those of the module's world, and those of adapters that it does not have. Adapters that nothing is imported from
/// are left out. Core names follow the Canonical ABI's first convention ("ns:pkg/i" "f", "$root", "[export]i"
/// "[resource-new]r", "i#f", "cabi_post_i#f", "cabi_realloc", "_initialize"). The modules must be valid.
/// Errors: Link (an import nobody gives, an export that lacks, a wrong core type); of the sections.
Result<std::vector<uint8_t>> new_component(const module::Module& core, const std::vector<AdapterInput>& adapters,
                                           const BinaryOptions& options);

}  // namespace ashlar::componentize
