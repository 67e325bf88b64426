// Bulk operations on memories, tables and arrays: bounds, traps and interruption as the specification has them.
#pragma once

#include <cstdint>
#include <cstring>

#include "runtime/context.h"
#include "runtime/memory.h"
#include "runtime/traps.h"
#include "runtime/value.h"

namespace ashlar::runtime {

// Handlers and compiled code call these. All bounds are checked before the first byte moves; long operations look at
// the store's interruption flag now and then, and stop half done with Trap::interrupted. i32 operands come
// zero-extended.

Trap memory_fill(Store& store, Memory& memory, uint64_t d, uint8_t value, uint64_t n);
Trap memory_init(Instance& instance, uint32_t data, Memory& memory, uint64_t d, uint64_t s, uint64_t n);

Trap table_copy(Store& store, Table& dst, Table& src, uint64_t d, uint64_t s, uint64_t n);
Trap table_fill(Store& store, Table& table, uint64_t i, Slot value, uint64_t n);
Trap table_init(Instance& instance, uint32_t elem, Table& table, uint64_t d, uint64_t s, uint64_t n);

// Types are canonical ids of array types. New arrays go to *out.
Trap array_new(Store& store, uint32_t type_id, const Slot* value, uint32_t n, GcRef* out);
Trap array_new_data(Instance& instance, uint32_t type_id, uint32_t data, uint32_t s, uint32_t n, GcRef* out);
Trap array_new_elem(Instance& instance, uint32_t type_id, uint32_t elem, uint32_t s, uint32_t n, GcRef* out);
Trap array_init_data(Instance& instance, uint32_t type_id, uint32_t data, GcRef array, uint32_t d, uint32_t s,
                     uint32_t n);
Trap array_init_elem(Instance& instance, uint32_t type_id, uint32_t elem, GcRef array, uint32_t d, uint32_t s,
                     uint32_t n);
/// `type_id` is the destination's; validated: elements of the source fit.
Trap array_copy(Store& store, uint32_t type_id, GcRef dst, uint32_t d, GcRef src, uint32_t s, uint32_t n);
Trap array_fill(Store& store, uint32_t type_id, GcRef array, uint32_t d, const Slot* value, uint32_t n);

/// Whether [offset, offset + n) lies within [0, size); no overflow.
constexpr bool in_bounds(uint64_t offset, uint64_t n, uint64_t size) { return n <= size && offset <= size - n; }

/// Large enough that looking at the flag costs nothing, small enough that an interruption is answered in milliseconds.
inline constexpr uint64_t kBulkChunk = 16 << 20;
/// More than a chunk.
Trap move_in_chunks(const Store& store, void* dst, const void* src, uint64_t n);

/// memmove and memset in chunks with a look at the interruption flag between them. Copies are inline: most are short,
/// and calls would take longer than they do.
inline Trap move_bytes(const Store& store, void* dst, const void* src, uint64_t n) {
  if (n > kBulkChunk) [[unlikely]]
    return move_in_chunks(store, dst, src, n);
  if (n != 0) std::memmove(dst, src, n);
  return Trap::none;
}
inline Trap memory_copy(const Store& store, Memory& dst, Memory& src, uint64_t d, uint64_t s, uint64_t n) {
  if (!in_bounds(s, n, src.byte_size()) || !in_bounds(d, n, dst.byte_size())) return Trap::out_of_bounds_memory_access;
  return move_bytes(store, dst.base() + d, src.base() + s, n);
}
Trap fill_bytes(Store& store, void* dst, uint8_t value, uint64_t n);

}  // namespace ashlar::runtime
