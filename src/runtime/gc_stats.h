// What a GC heap has done so far.
#pragma once

#include <cstdint>

namespace ashlar::runtime {

/// Times in nanoseconds. A pause is any time that the collector works at a stretch, steps of marking included.
struct GcStats {
  uint64_t minor = 0;        ///< collections of the young generation
  uint64_t major = 0;        ///< finished cycles of marking and sweeping
  uint64_t compactions = 0;  ///< of the old generation
  uint64_t steps = 0;        ///< pieces of marking and sweeping between
  uint64_t pauses = 0;       ///< all stops
  uint64_t pause_ns = 0;     ///< together
  uint64_t longest_ns = 0;   ///< the longest one
  uint64_t allocated = 0;    ///< bytes of young blocks used up and of large objects
  uint64_t promoted = 0;     ///< bytes that moved to the old generation
  uint64_t pinned = 0;       ///< objects that stayed because of a stack
  uint64_t peak_bytes = 0;   ///< of blocks in use, at collections
  uint64_t finalized = 0;    ///< host boxes
  uint64_t live_bytes = 0;   ///< that the last marking found
};

}  // namespace ashlar::runtime
