// Bulk operations on GC arrays.
#include <cstring>
#include <span>

#include "runtime/bulk.h"
#include "runtime/store.h"

namespace ashlar::runtime {

namespace {

template <class T>
Trap fill_elements(Store& store, uint8_t* to, T value, uint64_t n) {
  constexpr uint64_t kChunk = (16 << 20) / sizeof(T);
  while (n != 0) {
    if (store.interrupt_flag().load(std::memory_order_relaxed) != 0) return Trap::interrupted;
    const uint64_t part = n < kChunk ? n : kChunk;
    for (uint64_t i = 0; i < part; ++i) std::memcpy(to + i * sizeof(T), &value, sizeof(T));
    to += part * sizeof(T);
    n -= part;
  }
  return Trap::none;
}

struct Pair {
  uint64_t lo, hi;
};

Trap fill(Store& store, const GcLayout& layout, uint8_t* to, const Slot* value, uint64_t n) {
  switch (field_size(layout.kinds[0])) {
    case 1:
      return fill_bytes(store, to, static_cast<uint8_t>(value[0]), n);
    case 2:
      return fill_elements(store, to, static_cast<uint16_t>(value[0]), n);
    case 4:
      return fill_elements(store, to, static_cast<uint32_t>(value[0]), n);
    case 8:
      return fill_elements(store, to, value[0], n);
    default:
      return fill_elements(store, to, Pair{value[0], value[1]}, n);
  }
}

/// Element segments hold slots; arrays hold references in their own width.
void store_references(const GcLayout& layout, uint8_t* to, std::span<const Slot> refs) {
  const FieldKind kind = layout.kinds[0];
  for (const Slot& ref : refs) {
    store_gc_field(to, kind, &ref);
    to += layout.elem_size;
  }
}

}  // namespace

Trap array_new(Store& store, uint32_t type_id, const Slot* value, uint32_t n, GcRef* out) {
  GcHeap& heap = store.heap();
  *out = heap.alloc_array(type_id, n);
  if (*out == kNullRef) return Trap::gc_heap_exhausted;
  // New arrays are zero already.
  const GcLayout& layout = heap.layout(type_id);
  const bool wide = layout.kinds[0] == FieldKind::V128;
  if (value[0] == 0 && (!wide || value[1] == 0)) return Trap::none;
  const Trap trap = fill(store, layout, heap.elements(*out), value, n);
  heap.wrote_elements(*out, 0, n);
  return trap;
}

Trap array_new_data(Instance& instance, uint32_t type_id, uint32_t data, uint32_t s, uint32_t n, GcRef* out) {
  GcHeap& heap = instance.store().heap();
  const uint64_t bytes = uint64_t{heap.layout(type_id).elem_size} * n;
  const std::span<const uint8_t> segment = instance.data(data);
  if (!in_bounds(s, bytes, segment.size())) return Trap::out_of_bounds_memory_access;
  *out = heap.alloc_array(type_id, n);
  if (*out == kNullRef) return Trap::gc_heap_exhausted;
  return move_bytes(instance.store(), heap.elements(*out), segment.data() + s, bytes);
}

Trap array_new_elem(Instance& instance, uint32_t type_id, uint32_t elem, uint32_t s, uint32_t n, GcRef* out) {
  GcHeap& heap = instance.store().heap();
  const std::span<const Slot> refs = instance.elem(elem);
  if (!in_bounds(s, n, refs.size())) return Trap::out_of_bounds_table_access;
  *out = heap.alloc_array(type_id, n);
  if (*out == kNullRef) return Trap::gc_heap_exhausted;
  store_references(heap.layout(type_id), heap.elements(*out), refs.subspan(s, n));
  heap.wrote_elements(*out, 0, n);
  return Trap::none;
}

Trap array_init_data(Instance& instance, uint32_t type_id, uint32_t data, GcRef array, uint32_t d, uint32_t s,
                     uint32_t n) {
  if (array == kNullRef) return Trap::null_array_reference;
  GcHeap& heap = instance.store().heap();
  if (!in_bounds(d, n, heap.header(array)->length)) return Trap::out_of_bounds_array_access;
  const uint64_t size = heap.layout(type_id).elem_size;
  const std::span<const uint8_t> segment = instance.data(data);
  if (!in_bounds(s, n * size, segment.size())) return Trap::out_of_bounds_memory_access;
  return move_bytes(instance.store(), heap.elements(array) + d * size, segment.data() + s, n * size);
}

Trap array_init_elem(Instance& instance, uint32_t type_id, uint32_t elem, GcRef array, uint32_t d, uint32_t s,
                     uint32_t n) {
  if (array == kNullRef) return Trap::null_array_reference;
  GcHeap& heap = instance.store().heap();
  if (!in_bounds(d, n, heap.header(array)->length)) return Trap::out_of_bounds_array_access;
  const std::span<const Slot> refs = instance.elem(elem);
  if (!in_bounds(s, n, refs.size())) return Trap::out_of_bounds_table_access;
  const GcLayout& layout = heap.layout(type_id);
  store_references(layout, heap.elements(array) + uint64_t{d} * layout.elem_size, refs.subspan(s, n));
  heap.wrote_elements(array, d, n);
  return Trap::none;
}

Trap array_copy(Store& store, uint32_t type_id, GcRef dst, uint32_t d, GcRef src, uint32_t s, uint32_t n) {
  if (dst == kNullRef || src == kNullRef) return Trap::null_array_reference;
  GcHeap& heap = store.heap();
  if (!in_bounds(d, n, heap.header(dst)->length) || !in_bounds(s, n, heap.header(src)->length)) {
    return Trap::out_of_bounds_array_access;
  }
  const uint64_t size = heap.layout(type_id).elem_size;
  const Trap trap = move_bytes(store, heap.elements(dst) + d * size, heap.elements(src) + s * size, n * size);
  heap.wrote_elements(dst, d, n);
  return trap;
}

Trap array_fill(Store& store, uint32_t type_id, GcRef array, uint32_t d, const Slot* value, uint32_t n) {
  if (array == kNullRef) return Trap::null_array_reference;
  GcHeap& heap = store.heap();
  if (!in_bounds(d, n, heap.header(array)->length)) return Trap::out_of_bounds_array_access;
  const GcLayout& layout = heap.layout(type_id);
  const Trap trap = fill(store, layout, heap.elements(array) + uint64_t{d} * layout.elem_size, value, n);
  heap.wrote_elements(array, d, n);
  return trap;
}

}  // namespace ashlar::runtime
