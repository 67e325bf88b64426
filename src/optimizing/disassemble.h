// Machine code of an artifact as text, beside the WebAssembly offsets it came from.
#pragma once

#include <string>

#include "base/error.h"

namespace ashlar::optimizing {

/// Prints every function of the artifact (path or "fd:N") to the descriptor. Any architecture will do.
Status disassemble_artifact(const std::string& artifact, int out);

}  // namespace ashlar::optimizing
