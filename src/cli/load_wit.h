// WIT for commands: text, or what binaries say of themselves.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "componentize/wit_decoder.h"
#include "runtime/engine.h"
#include "wit/load.h"

namespace ashlar::cli {

/// Paths of WIT text; or one path alone that is a component (in either format: its world, or the package that it is the
/// binary form of), or a core module with sections "component-type" (their world). Errors: as wit::load; of decoding.
Result<wit::Resolved> load_wit(const std::vector<std::string>& paths, const wit::LoadOptions& options);

/// Options of decoding for the features and limits that a command runs with.
componentize::BinaryOptions binary_options(const runtime::Config& config);

}  // namespace ashlar::cli
