// How to find the callers of compiled functions, as debuggers and profilers read it: .eh_frame out of an image's rows.
#pragma once

#include <cstdint>
#include <span>

#include "inspect/bytes.h"
#include "inspect/functions.h"
#include "native/image.h"

namespace ashlar::inspect {

/// The section for these functions, which will lie at `address`. Empty for processors whose frames it does not know.
Bytes eh_frame(const native::Image& image, std::span<const Function> functions, uint64_t address);

/// The same for one function whose code begins at address 0, at the next multiple of 8 behind it; then .eh_frame_hdr,
/// with its size.
struct UnwindRecord {
  Bytes bytes;
  size_t header_size = 0;
};
UnwindRecord unwind_record(const native::Image& image, const Function& function);

}  // namespace ashlar::inspect
