// Slot operations on memories: size, growth, bulk operations, and loads and stores of single lanes.
#include <cstring>

#include "runtime/bulk.h"
#include "runtime/slot_ops_families.h"

namespace ashlar::runtime {

namespace {

// a = memory.
Trap memory_size(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  base[0] = memory_at(ctx, slot_imm(imm).a).pages();
  return Trap::none;
}

Trap memory_grow(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  Memory& memory = memory_at(ctx, slot_imm(imm).a);
  base[0] = grow_result(ctx->store->memory_grow(memory, base[0]), memory.type().limits.is64);
  return Trap::none;
}

Trap memory_fill(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  return memory_fill(*ctx->store, memory_at(ctx, slot_imm(imm).a), base[0], static_cast<uint8_t>(base[1]), base[2]);
}

// a = destination, b = source.
Trap memory_copy(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  const SlotImm i = slot_imm(imm);
  return memory_copy(*ctx->store, memory_at(ctx, i.a), memory_at(ctx, i.b), base[0], base[1], base[2]);
}

// a = memory, b = data segment.
Trap memory_init(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  const SlotImm i = slot_imm(imm);
  return memory_init(*ctx->instance, i.b, memory_at(ctx, i.a), base[0], base[1], base[2]);
}

// b = data segment.
Trap data_drop(InstanceContext* ctx, Slot*, const uint8_t* imm) {
  ctx->instance->drop_data(slot_imm(imm).b);
  return Trap::none;
}

// Lanes: a = memory, b = lane, offset. Operands: address, vector.
template <class T>
uint8_t* lane_of(Slot* vector, uint32_t lane) {
  return reinterpret_cast<uint8_t*>(vector) + lane * sizeof(T);
}

template <class T>
Trap load_lane(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  const SlotImm i = slot_imm(imm);
  const Memory& memory = memory_at(ctx, i.a);
  uint64_t at;
  if (!in_memory(memory, base[0], slot_offset(imm), sizeof(T), &at)) return Trap::out_of_bounds_memory_access;
  base[0] = base[1];
  base[1] = base[2];
  std::memcpy(lane_of<T>(base, i.b), memory.base() + at, sizeof(T));
  return Trap::none;
}

template <class T>
Trap store_lane(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  const SlotImm i = slot_imm(imm);
  const Memory& memory = memory_at(ctx, i.a);
  uint64_t at;
  if (!in_memory(memory, base[0], slot_offset(imm), sizeof(T), &at)) return Trap::out_of_bounds_memory_access;
  std::memcpy(memory.base() + at, lane_of<T>(base + 1, i.b), sizeof(T));
  return Trap::none;
}

}  // namespace

SlotFn memory_function(Op op) {
  switch (op) {
    case Op::memory_size:
      return memory_size;
    case Op::memory_grow:
      return memory_grow;
    case Op::memory_fill:
      return memory_fill;
    case Op::memory_copy:
      return memory_copy;
    case Op::memory_init:
      return memory_init;
    case Op::data_drop:
      return data_drop;
    case Op::v128_load8_lane:
      return load_lane<uint8_t>;
    case Op::v128_load16_lane:
      return load_lane<uint16_t>;
    case Op::v128_load32_lane:
      return load_lane<uint32_t>;
    case Op::v128_load64_lane:
      return load_lane<uint64_t>;
    case Op::v128_store8_lane:
      return store_lane<uint8_t>;
    case Op::v128_store16_lane:
      return store_lane<uint16_t>;
    case Op::v128_store32_lane:
      return store_lane<uint32_t>;
    case Op::v128_store64_lane:
      return store_lane<uint64_t>;
    default:
      return nullptr;
  }
}

}  // namespace ashlar::runtime
