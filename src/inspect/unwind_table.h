// How to find the callers of compiled functions, as debuggers read it: .eh_frame out of an image's rows.
#pragma once

#include <cstdint>
#include <span>

#include "inspect/bytes.h"
#include "inspect/functions.h"
#include "native/image.h"

namespace ashlar::inspect {

/// The section for these functions, which will lie at `address`. Empty for processors whose frames it does not know.
Bytes eh_frame(const native::Image& image, std::span<const Function> functions, uint64_t address);

}  // namespace ashlar::inspect
