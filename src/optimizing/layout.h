// Offsets of what compiled code reads, from runtime/layout.def.
#pragma once

#include <cstdint>

#include "runtime/gc_heap.h"
#include "runtime/memory.h"

namespace ashlar::optimizing::layout {

#define FIELD(type, field, offset) inline constexpr uint32_t type##_##field = offset;
#include "runtime/layout.def"
#undef FIELD

inline constexpr uint32_t Memory_base = runtime::Memory::base_offset();
inline constexpr uint32_t Memory_size = runtime::Memory::size_offset();
inline constexpr uint32_t Table_elems = 0;
inline constexpr uint32_t Table_size = 8;
inline constexpr uint32_t Exn_tag = sizeof(runtime::GcHeader);
inline constexpr uint32_t Exn_payload = 16;

}  // namespace ashlar::optimizing::layout
