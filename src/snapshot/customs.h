// Custom sections: which are still true of a module whose data and segments are others.
#pragma once

#include <cstdint>
#include <vector>

#include "module/module.h"

namespace ashlar::snapshot {

/// Changes m.customs to what stays. Contents that change are appended to `bytes`, which begins with m.bytes and is what
/// offsets count in. Names of segments go; DWARF goes where functions do not keep their places in the code section;
/// source maps and relocations, which count in the whole file or its data, go.
void keep_true_customs(module::Module& m, std::vector<uint8_t>& bytes);

}  // namespace ashlar::snapshot
