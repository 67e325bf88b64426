// What a store's garbage collector did, as text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "runtime/store.h"

namespace ashlar::inspect {

/// One fact a line, each beginning with "gc: "; MB are 2^20 bytes. At the end the types whose objects are alive, those
/// with most bytes first, at most `most_types`. Collects, after it has taken the numbers. `run_ns`: how long the
/// program ran.
std::string describe_heap(runtime::Store& store, uint64_t run_ns, size_t most_types = 10);

}  // namespace ashlar::inspect
