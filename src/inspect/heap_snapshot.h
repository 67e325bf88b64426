// Heap snapshots in V8's format, which the Memory panel of Chrome's developer tools opens.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "runtime/store.h"

namespace ashlar::inspect {

struct SnapshotSize {
  uint64_t objects = 0;
  uint64_t bytes = 0;  ///< of the objects
};

/// Collects, then writes every object that is left, with what refers to what: whole or not at all. On the store's
/// thread, also from a GcObserver. Takes memory for each root and about 1 % of the heap. Errors: Io.
Result<SnapshotSize> write_heap_snapshot(runtime::Store& store, const std::string& path);

}  // namespace ashlar::inspect
