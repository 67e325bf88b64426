// Linking: the objects of all parts of a module become one position-independent piece of code with its tables.
#pragma once

#include <span>

#include "base/error.h"
#include "native/image.h"
#include "optimizing/emit.h"

namespace ashlar::optimizing {

/// Fills code, text_size, entries, frames, pads and places of `parts`; empties the objects. The functions of the module
/// are those numbered imported_funcs and up. Objects call each other by symbol. Errors: compiler_failed when an object
/// refers to what is not there.
Status link(std::span<ObjectCode> objects, size_t imported_funcs, size_t defined_funcs, native::ImageParts& parts);

}  // namespace ashlar::optimizing
