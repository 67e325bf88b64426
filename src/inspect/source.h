// Places of compiled code in the guest's source.
#pragma once

#include <cstdint>
#include <vector>

#include "base/error.h"
#include "module/module.h"
#include "native/image.h"
#include "native/source_lines.h"

namespace ashlar::inspect {

/// Lines for all places of the image. Errors: those of tiering::read_source_lines.
Result<native::SourceLines> source_lines_of(const native::Image& image, const module::Module& m);

/// From `at` (an offset in the image's code) on, the code of a function is of this place.
struct PlaceStart {
  uint32_t at;
  native::Place place;
};

/// The places of a function, from its first byte on, one for each offset.
std::vector<PlaceStart> place_starts(const native::Image& image, const native::FrameRow& row, const module::Module& m);

}  // namespace ashlar::inspect
