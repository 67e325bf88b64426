// From the user's choice of a tier to modules that run in it.
#pragma once

#include <memory>
#include <string>

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

/// Loads a program, or a compiled one where that is allowed, for the tier that is asked for.
Result<tiering::Program> load_program(const std::shared_ptr<runtime::Engine>& engine, const std::string& file,
                                      const Settings& settings);

}  // namespace ashlar::cli
