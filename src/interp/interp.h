// The interpreter's face: its tier entry points.
#pragma once

#include "runtime/engine.h"

namespace ashlar::interp {

/// The interpreter as a tier; see runtime::Tier.
const runtime::Tier& tier();

}  // namespace ashlar::interp
