// Whether a component fits a world.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "componentize/wit_decoder.h"

namespace ashlar::componentize {

/// Why a component of these bytes cannot be used where a component of the world is wanted; nothing when it can. It may
/// import what the world imports, or less, and must export what the world exports, or more; interfaces of compatible
/// versions stand in for each other when their types fit. Errors: a component that is not valid.
Result<std::vector<std::string>> misfits(const std::vector<uint8_t>& component, const wit::Resolve& model,
                                         wit::WorldId world, const BinaryOptions& options);

}  // namespace ashlar::componentize
