// The lock-free list of address ranges that linear memories have reserved; read by the fault handler.
#pragma once

#include <cstdint>

namespace ashlar::runtime {

struct MemoryRange;

/// Publishes [begin, end). The result is for remove_memory_range. Thread-safe.
MemoryRange* add_memory_range(const void* begin, const void* end);
void remove_memory_range(MemoryRange* range);

}  // namespace ashlar::runtime
