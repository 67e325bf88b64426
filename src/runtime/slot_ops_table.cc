// Slot operations on tables: single elements, size, growth and bulk operations.
#include "runtime/bulk.h"
#include "runtime/slot_ops_families.h"

namespace ashlar::runtime {

namespace {

Table& table_at(InstanceContext* ctx, uint32_t index) { return *ctx->tables[index]; }

// a = table.
Trap table_get(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  Table& table = table_at(ctx, slot_imm(imm).a);
  if (base[0] >= table.size()) [[unlikely]]
    return Trap::out_of_bounds_table_access;
  base[0] = table.get(base[0]);
  return Trap::none;
}

Trap table_set(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  Table& table = table_at(ctx, slot_imm(imm).a);
  if (base[0] >= table.size()) [[unlikely]]
    return Trap::out_of_bounds_table_access;
  table.set(base[0], base[1]);
  return Trap::none;
}

Trap table_size(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  base[0] = table_at(ctx, slot_imm(imm).a).size();
  return Trap::none;
}

Trap table_grow(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  Table& table = table_at(ctx, slot_imm(imm).a);
  base[0] = grow_result(ctx->store->table_grow(table, base[1], base[0]), table.type().limits.is64);
  return Trap::none;
}

Trap table_fill(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  return table_fill(*ctx->store, table_at(ctx, slot_imm(imm).a), base[0], base[1], base[2]);
}

// a = destination, b = source.
Trap table_copy(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  const SlotImm i = slot_imm(imm);
  return table_copy(*ctx->store, table_at(ctx, i.a), table_at(ctx, i.b), base[0], base[1], base[2]);
}

// a = table, b = element segment.
Trap table_init(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  const SlotImm i = slot_imm(imm);
  return table_init(*ctx->instance, i.b, table_at(ctx, i.a), base[0], base[1], base[2]);
}

// b = element segment.
Trap elem_drop(InstanceContext* ctx, Slot*, const uint8_t* imm) {
  ctx->instance->drop_elem(slot_imm(imm).b);
  return Trap::none;
}

}  // namespace

SlotFn table_function(Op op) {
  switch (op) {
    case Op::table_get:
      return table_get;
    case Op::table_set:
      return table_set;
    case Op::table_size:
      return table_size;
    case Op::table_grow:
      return table_grow;
    case Op::table_fill:
      return table_fill;
    case Op::table_copy:
      return table_copy;
    case Op::table_init:
      return table_init;
    case Op::elem_drop:
      return elem_drop;
    default:
      return nullptr;
  }
}

}  // namespace ashlar::runtime
