// Helpers of compiled code: the rows of libcalls.def. Their entries have looked at the stack; traps are their own.
#include <array>
#include <cstring>
#include <new>

#include "native/activation.h"
#include "native/turn.h"
#include "runtime/bulk.h"
#include "runtime/slot_ops.h"

namespace ashlar::native {

namespace {

using runtime::FuncCell;
using runtime::GcRef;
using runtime::InstanceContext;
using runtime::Slot;
using runtime::SlotFn;
using runtime::Trap;

/// Only from a helper itself: its caller is compiled code.
#define ASHLAR_TRAP(trap)        \
  do {                           \
    raise(trap, calling_site()); \
    __builtin_unreachable();     \
  } while (0)
#define ASHLAR_TRAP_UNLESS_NONE(trap)     \
  do {                                    \
    const Trap trap_ = (trap);            \
    if (trap_ != Trap::none) [[unlikely]] \
      ASHLAR_TRAP(trap_);                 \
  } while (0)
/// An alarm ends compiled code only (faults.cc): a loop that runs in helpers for nearly all of its time is to look
/// here.
#define ASHLAR_LOOK(ctx)                                                   \
  do {                                                                     \
    if (ctx->interrupt->load(std::memory_order_relaxed) != 0) [[unlikely]] \
      ASHLAR_TRAP(Trap::interrupted);                                      \
  } while (0)
/// The same where a loop may be in helpers for so long that an alarm hardly ever finds it outside: turns are given,
/// too.
#define ASHLAR_LOOK_OR_TURN(ctx)               \
  do {                                         \
    if (ctx->store->wants_turn()) [[unlikely]] \
      turn_in_helper(*ctx->store);             \
    ASHLAR_LOOK(ctx);                          \
  } while (0)

std::array<SlotFn, isa::kOpCount> make_slot_functions() {
  std::array<SlotFn, isa::kOpCount> out{};
  for (size_t i = 0; i < out.size(); ++i) out[i] = runtime::slot_function(static_cast<isa::Op>(i));
  return out;
}
const std::array<SlotFn, isa::kOpCount> g_slot_functions = make_slot_functions();

GcRef made(GcRef r, const Site& site) {
  if (r == runtime::kNullRef) [[unlikely]]
    raise(Trap::gc_heap_exhausted, site);
  return r;
}

/// What `f` gives, and `none` where the host has no memory: no exception may get into compiled code.
template <class R, class F>
[[gnu::always_inline]] inline R or_else(R none, F f) {
  try {
    return f();
  } catch (const std::bad_alloc&) {
    return none;
  }
}
template <class F>
[[gnu::always_inline]] inline Trap checked(F f) {
  return or_else(Trap::out_of_memory, f);
}

/// For helpers that answer with minus a trap.
template <class Make>
int64_t made_or_trap(InstanceContext* ctx, Make make) {
  if (ctx->interrupt->load(std::memory_order_relaxed) != 0) [[unlikely]]
    return -static_cast<int64_t>(Trap::interrupted);
  const GcRef r = or_else(runtime::kNullRef, [&] { return make(ctx->store->heap()); });
  return r != runtime::kNullRef ? static_cast<int64_t>(r) : -static_cast<int64_t>(Trap::gc_heap_exhausted);
}

}  // namespace

extern "C" {

void ashlar_native_raise_trap(InstanceContext*, uint32_t trap) { ASHLAR_TRAP(static_cast<Trap>(trap)); }

// throw_exn: see unwind.cc and the entries in assembly.

uint32_t ashlar_native_new_exn(InstanceContext* ctx, uint32_t tag, const Slot* payload) {
  ASHLAR_LOOK(ctx);
  runtime::GcHeap& heap = ctx->store->heap();
  runtime::TagInstance* instance = ctx->tags[tag];
  uint32_t slots = 0;
  for (isa::ValType param : ctx->store->types().get(instance->type_id).def.func.params) slots += param.slot_count();
  const GcRef exn = made(or_else(runtime::kNullRef, [&] { return heap.alloc_exn(instance, slots); }), calling_site());
  std::memcpy(heap.exn_payload(exn), payload, slots * sizeof(Slot));
  return exn;
}

void ashlar_native_slot_op(InstanceContext* ctx, Slot* base, const uint8_t* imm, uint32_t op) {
  ASHLAR_LOOK_OR_TURN(ctx);
  ASHLAR_TRAP_UNLESS_NONE(checked([&] { return g_slot_functions[op](ctx, base, imm); }));
}

FuncCell* ashlar_native_func_cell(InstanceContext* ctx, uint32_t func) {
  FuncCell* const cell = or_else<FuncCell*>(nullptr, [&] { return ctx->instance->func_cell(func); });
  if (cell == nullptr) [[unlikely]]
    ASHLAR_TRAP(Trap::out_of_memory);
  return cell;
}

/// Of an element that is null in memory: the cell of what is deferred there (runtime/table.h), or minus the trap.
int64_t ashlar_native_table_func(InstanceContext* ctx, uint32_t table, uint64_t index) {
  const auto minus = [](Trap trap) { return -static_cast<int64_t>(trap); };
  return or_else(minus(Trap::out_of_memory), [&] {
    const Slot cell = ctx->tables[table]->get(index);
    return cell != 0 ? static_cast<int64_t>(cell) : minus(Trap::uninitialized_element);
  });
}

uint32_t ashlar_native_is_subtype(InstanceContext* ctx, uint32_t sub, uint32_t super) {
  return ctx->store->types().is_subtype(sub, super) ? 1 : 0;
}

uint32_t ashlar_native_ref_matches(InstanceContext* ctx, uint64_t value, uint32_t raw_type) {
  Slot slots[2] = {value, 0};
  uint8_t imm[runtime::kSlotImmSize] = {};
  std::memcpy(imm, &raw_type, sizeof raw_type);
  runtime::slot_test_keep(ctx, slots, imm);
  return static_cast<uint32_t>(slots[1]);
}

void ashlar_native_check_stop(InstanceContext* ctx) { ASHLAR_LOOK(ctx); }

void ashlar_native_memory_copy(InstanceContext* ctx, uint32_t dst_memory, uint32_t src_memory, uint64_t d, uint64_t s,
                               uint64_t n) {
  ASHLAR_LOOK_OR_TURN(ctx);
  ASHLAR_TRAP_UNLESS_NONE(
      runtime::memory_copy(*ctx->store, *ctx->memories[dst_memory], *ctx->memories[src_memory], d, s, n));
}

void ashlar_native_move_bytes(InstanceContext*, uint8_t* to, const uint8_t* from, uint64_t n) {
  if (n != 0) std::memmove(to, from, n);
}

void ashlar_native_memory_fill(InstanceContext* ctx, uint32_t memory, uint64_t d, uint32_t value, uint64_t n) {
  ASHLAR_LOOK_OR_TURN(ctx);
  ASHLAR_TRAP_UNLESS_NONE(runtime::memory_fill(*ctx->store, *ctx->memories[memory], d, static_cast<uint8_t>(value), n));
}

uint64_t ashlar_native_memory_grow(InstanceContext* ctx, uint32_t memory, uint64_t delta) {
  ASHLAR_LOOK_OR_TURN(ctx);
  runtime::Memory& m = *ctx->memories[memory];
  const int64_t old_pages = or_else(int64_t{-1}, [&] { return ctx->store->memory_grow(m, delta); });
  return m.type().limits.is64 ? static_cast<uint64_t>(old_pages) : static_cast<uint32_t>(old_pages);
}

uint32_t ashlar_native_alloc_struct(InstanceContext* ctx, uint32_t type_id) {
  ASHLAR_LOOK(ctx);
  return made(or_else(runtime::kNullRef, [&] { return ctx->store->heap().alloc_struct(type_id); }), calling_site());
}

uint32_t ashlar_native_alloc_array(InstanceContext* ctx, uint32_t type_id, uint32_t length) {
  ASHLAR_LOOK(ctx);
  return made(or_else(runtime::kNullRef, [&] { return ctx->store->heap().alloc_array(type_id, length); }),
              calling_site());
}

/// A reference is about to be written into an old object.
int64_t ashlar_native_gc_log(InstanceContext* ctx, uint32_t object, uint32_t value) {
  ctx->store->heap().log(object, value);
  return 0;
}

int64_t ashlar_native_gc_log_element(InstanceContext* ctx, uint32_t array, uint32_t index, uint32_t value) {
  ctx->store->heap().log_element(array, index, value);
  return 0;
}

/// The same as alloc_struct and alloc_array, for the cold side of an allocation.
int64_t ashlar_native_new_struct(InstanceContext* ctx, uint32_t type_id) {
  return made_or_trap(ctx, [&](runtime::GcHeap& heap) { return heap.alloc_struct(type_id); });
}

int64_t ashlar_native_new_array(InstanceContext* ctx, uint32_t type_id, uint32_t length) {
  return made_or_trap(ctx, [&](runtime::GcHeap& heap) { return heap.alloc_array(type_id, length); });
}

/// Validated: elements of both arrays are alike.
void ashlar_native_array_copy(InstanceContext* ctx, uint32_t dst, uint32_t d, uint32_t src, uint32_t s, uint32_t n) {
  ASHLAR_LOOK_OR_TURN(ctx);
  if (dst == runtime::kNullRef) [[unlikely]]
    ASHLAR_TRAP(Trap::null_array_reference);
  const uint32_t type_id = ctx->store->heap().header(dst)->type_id();
  ASHLAR_TRAP_UNLESS_NONE(runtime::array_copy(*ctx->store, type_id, dst, d, src, s, n));
}

/// Elements of 64 bits at most.
void ashlar_native_array_fill(InstanceContext* ctx, uint32_t array, uint32_t start, uint64_t value, uint32_t n) {
  ASHLAR_LOOK_OR_TURN(ctx);
  if (array == runtime::kNullRef) [[unlikely]]
    ASHLAR_TRAP(Trap::null_array_reference);
  const uint32_t type_id = ctx->store->heap().header(array)->type_id();
  ASHLAR_TRAP_UNLESS_NONE(runtime::array_fill(*ctx->store, type_id, array, start, &value, n));
}

uint32_t ashlar_native_array_new_data(InstanceContext* ctx, uint32_t type_id, uint32_t data, uint32_t s, uint32_t n) {
  ASHLAR_LOOK(ctx);
  GcRef r = runtime::kNullRef;
  ASHLAR_TRAP_UNLESS_NONE(checked([&] { return runtime::array_new_data(*ctx->instance, type_id, data, s, n, &r); }));
  return r;
}

}  // extern "C"

}  // namespace ashlar::native
