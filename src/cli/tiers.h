// From the user's choice of a tier to modules that run in it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/load.h"
#include "base/error.h"
#include "cli/config_flags.h"
#include "runtime/engine.h"
#include "tiering/load.h"

namespace ashlar::cli {

/// The tier for the engine.
const runtime::Tier& engine_tier(const Settings& settings);

/// Gives the module its compiled code where the tier wants that before it starts. `file`: where the module came from;
/// empty when it is in no file.
Status add_compiled_code(runtime::CompiledModule& module, const std::string& file, const Settings& settings);

/// Gives a file's module, in place of api::read_module.
using ReadModule = std::function<Result<api::ModuleBytes>(const std::string& file)>;

/// Loads a program, or a compiled one where that is allowed, for the tier that is asked for. `read`: asked where the
/// module itself is needed.
Result<tiering::Program> load_program(const std::shared_ptr<runtime::Engine>& engine, const std::string& file,
                                      const Settings& settings, const ReadModule& read = {});

/// A module that is in no file by itself, for the tier that is asked for. Modules that are to be compiled while they
/// run are added to `tiers`.
Result<std::shared_ptr<runtime::CompiledModule>> compile_in_memory(
    const std::shared_ptr<runtime::Engine>& engine, const api::ModuleBytes& source, const Settings& settings,
    std::vector<std::pair<const runtime::CompiledModule*, std::shared_ptr<tiering::AutoTier>>>& tiers);

/// A module that is a part of a file (ImageRequest::part): as load_program, from the cache where that knows the file.
Result<std::shared_ptr<runtime::CompiledModule>> load_part(
    const std::shared_ptr<runtime::Engine>& engine, std::shared_ptr<const tiering::ContainerFile> container,
    std::string part, const tiering::ModuleLoader& load, const Settings& settings,
    std::vector<std::pair<const runtime::CompiledModule*, std::shared_ptr<tiering::AutoTier>>>& tiers);

}  // namespace ashlar::cli
