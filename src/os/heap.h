// The C library's heap.
#pragma once

namespace ashlar::os {

/// Gives its free pages back to the system, as far as it can. Other threads that allocate may wait meanwhile.
/// Thread-safe.
void trim_heap();

}  // namespace ashlar::os
