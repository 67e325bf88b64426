// What can be reached from an instance's globals and tables, as one number.
#pragma once

#include <cstdint>

#include "runtime/store.h"

namespace ashlar::fuzz {

/// A hash of the objects that the instance's globals and tables lead to: their types, their numbers, and which refers
/// to which. Where they are in memory does not matter. Only so many objects and words are looked at, the same ones
/// wherever the graph is the same.
uint64_t graph_hash(runtime::Instance& instance);

}  // namespace ashlar::fuzz
