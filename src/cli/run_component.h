// Runs a component from a command line.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "cli/load_component.h"
#include "cli/run_plan.h"
#include "component/plan.h"

namespace ashlar::cli {

/// Instantiates the component with WASI 0.2 as the plan grants it and calls what it exports as wasi:cli/run, or the
/// function that --invoke names. Errors: those of loading and running; program_exit.
Status run_component(Plan& plan);

/// The exported function that a user means: its whole name, or what stands behind the last '#'. Errors: no_such_export.
Result<uint32_t> find_component_func(const component::Plan& plan, std::string_view name);

}  // namespace ashlar::cli
