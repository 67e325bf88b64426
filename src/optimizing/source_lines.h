// Reading of a module's DWARF: which lines of the guest's source its code comes from.
#pragma once

#include <cstdint>
#include <span>

#include "module/module.h"
#include "native/source_lines.h"

namespace ashlar::optimizing {

/// Rows for those of the offsets (in the module, ascending) for which its DWARF names a function. The DWARF may hold
/// anything; what makes no sense is passed over.
native::SourceLines read_source_lines(const module::Module& m, std::span<const uint32_t> offsets);

}  // namespace ashlar::optimizing
