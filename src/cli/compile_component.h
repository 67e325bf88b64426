// Components compiled ahead of time.
#pragma once

#include <string>

#include "base/error.h"
#include "native/compiler_protocol.h"
#include "runtime/engine.h"

namespace ashlar::cli {

/// One artifact (native::Bundle) of all core modules of the component and of the adapters between its parts.
/// `output`: "-" is standard output. Errors: those of reading and checking it; of the compiler program; Io.
Status compile_component(const std::string& input, const std::string& output, const native::CompileRequest& request,
                         const runtime::Config& config);

}  // namespace ashlar::cli
