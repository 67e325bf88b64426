// GDB's interface for JIT compilers: a list of ELF objects in memory that a debugger reads.
#pragma once

#include <cstdint>
#include <vector>

namespace ashlar::inspect {

/// Tells a debugger of an object, for good. Not thread-safe.
void register_debug_object(std::vector<uint8_t> object);

}  // namespace ashlar::inspect
