// Bulk operations on memories and tables.
#include "runtime/bulk.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "runtime/store.h"

namespace ashlar::runtime {

namespace {

bool interrupted(const Store& store) { return store.interrupt_flag().load(std::memory_order_relaxed) != 0; }

}  // namespace

Trap move_in_chunks(const Store& store, void* dst, const void* src, uint64_t n) {
  auto* to = static_cast<uint8_t*>(dst);
  const auto* from = static_cast<const uint8_t*>(src);
  // Overlapping upwards: from the end, as memmove does within a chunk.
  const bool backwards = to > from && to < from + n;
  while (n > kBulkChunk) {
    if (interrupted(store)) return Trap::interrupted;
    n -= kBulkChunk;
    if (backwards) {
      std::memmove(to + n, from + n, kBulkChunk);
      continue;
    }
    std::memmove(to, from, kBulkChunk);
    to += kBulkChunk;
    from += kBulkChunk;
  }
  std::memmove(to, from, n);
  return Trap::none;
}

Trap fill_bytes(Store& store, void* dst, uint8_t value, uint64_t n) {
  auto* to = static_cast<uint8_t*>(dst);
  for (; n > kBulkChunk; n -= kBulkChunk, to += kBulkChunk) {
    if (interrupted(store)) return Trap::interrupted;
    std::memset(to, value, kBulkChunk);
  }
  if (n != 0) std::memset(to, value, n);
  return Trap::none;
}

Trap memory_fill(Store& store, Memory& memory, uint64_t d, uint8_t value, uint64_t n) {
  if (!in_bounds(d, n, memory.byte_size())) return Trap::out_of_bounds_memory_access;
  return fill_bytes(store, memory.base() + d, value, n);
}

Trap memory_init(Instance& instance, uint32_t data, Memory& memory, uint64_t d, uint64_t s, uint64_t n) {
  const std::span<const uint8_t> bytes = instance.data(data);
  if (!in_bounds(s, n, bytes.size()) || !in_bounds(d, n, memory.byte_size())) return Trap::out_of_bounds_memory_access;
  return move_bytes(instance.store(), memory.base() + d, bytes.data() + s, n);
}

Trap table_copy(Store& store, Table& dst, Table& src, uint64_t d, uint64_t s, uint64_t n) {
  if (!in_bounds(s, n, src.size()) || !in_bounds(d, n, dst.size())) return Trap::out_of_bounds_table_access;
  return move_bytes(store, dst.elems() + d, src.elems() + s, n * sizeof(Slot));
}

// Tables hold at most Table::kMaxElements: one fill is short enough not to be interrupted.
Trap table_fill(Store&, Table& table, uint64_t i, Slot value, uint64_t n) {
  if (!in_bounds(i, n, table.size())) return Trap::out_of_bounds_table_access;
  std::fill_n(table.elems() + i, n, value);
  return Trap::none;
}

Trap table_init(Instance& instance, uint32_t elem, Table& table, uint64_t d, uint64_t s, uint64_t n) {
  const std::span<const Slot> refs = instance.elem(elem);
  if (!in_bounds(s, n, refs.size()) || !in_bounds(d, n, table.size())) return Trap::out_of_bounds_table_access;
  std::copy_n(refs.data() + s, n, table.elems() + d);
  return Trap::none;
}

}  // namespace ashlar::runtime
