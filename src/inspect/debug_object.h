// An ELF object in memory that tells debuggers of the compiled code in an image: symbols, unwind tables and DWARF.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "inspect/functions.h"
#include "module/module.h"
#include "native/image.h"
#include "native/source_lines.h"

namespace ashlar::inspect {

/// Its addresses are the code's own; the vector must stay where it is.
std::vector<uint8_t> make_debug_object(const native::Image& image, const module::Module& m,
                                       std::span<const Function> functions, const native::SourceLines& lines);

}  // namespace ashlar::inspect
