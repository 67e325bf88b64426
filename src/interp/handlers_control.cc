// Handlers of control transfer: entry, returns, branch tables, safepoints, traps, throws and slot operations.
#include "interp/activation.h"
#include "interp/keys.h"
#include "interp/steps.h"
#include "runtime/slot_ops.h"

namespace ashlar::interp {

namespace {

/// A slot operation: handler 8, function 8, base 2, immediates 18, padded to 8.
inline constexpr int kSlotOpSize = 40;

[[gnu::noinline]] void record_trap(Activation& a, Trap trap, const Code* ip, Slot* fp) {
  a.trap = trap;
  a.trap_ip = ip;
  a.trap_fp = fp;
}

/// Function entry: a frame of n slots must fit. Stream: u32 frame slots, u16 first slot to zero, u16 count.
[[gnu::always_inline]] inline bool frame_fits(const Regs& s) {
  return s.fp + read<uint32_t>(s.ip + 8) <= __atomic_load_n(&s.ctx->stack_limit, __ATOMIC_RELAXED);
}
[[gnu::always_inline]] inline void zero_locals(const Regs& s) {
  Slot* at = s.fp + read<uint16_t>(s.ip + 12);
  Slot* end = at + read<uint16_t>(s.ip + 14);
#pragma clang loop vectorize(disable) unroll(disable)
  for (; at != end; ++at) {
    *at = 0;
    asm volatile("" ::: "memory");  // keeps this from becoming a call of memset
  }
}

[[gnu::noinline]] void take_safepoint(InstanceContext* ctx) { ctx->store->take_safepoint(); }

/// The limit that the frame did not fit may have been lowered: by an interruption, or for a safepoint.
ASHLAR_HANDLER stack_slow(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  bool stopped = s.ctx->interrupt->load(std::memory_order_relaxed) != 0;
  if (!stopped && s.fp + read<uint32_t>(s.ip + 8) <= s.ctx->store->stack_limit) {
    take_safepoint(s.ctx);
    ASHLAR_NEXT(s.ip);
  }
  record_trap(activation_of(s), stopped ? Trap::interrupted : Trap::call_stack_exhausted, s.ip, s.fp);
  ASHLAR_LEAVE();
}

ASHLAR_HANDLER enter(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  if (!frame_fits(s)) [[unlikely]]
    ASHLAR_GOTO(stack_slow, s.ip);
  zero_locals(s);
  ASHLAR_NEXT(s.ip + 16);
}
/// The same, then loads the hot locals. Stream: as enter, then three slots.
ASHLAR_HANDLER enter_l(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  if (!frame_fits(s)) [[unlikely]]
    ASHLAR_GOTO(stack_slow, s.ip);
  zero_locals(s);
  s.l0 = s.fp[read<uint16_t>(s.ip + 16)];
  s.l1 = s.fp[read<uint16_t>(s.ip + 18)];
  s.l2 = s.fp[read<uint16_t>(s.ip + 20)];
  ASHLAR_NEXT(s.ip + 24);
}
/// Hot locals to and from their home slots, around calls. Stream: three slots.
ASHLAR_HANDLER spill_l(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  s.fp[read<uint16_t>(s.ip + 8)] = s.l0;
  s.fp[read<uint16_t>(s.ip + 10)] = s.l1;
  s.fp[read<uint16_t>(s.ip + 12)] = s.l2;
  ASHLAR_NEXT(s.ip + 16);
}
ASHLAR_HANDLER reload_l(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  s.l0 = s.fp[read<uint16_t>(s.ip + 8)];
  s.l1 = s.fp[read<uint16_t>(s.ip + 10)];
  s.l2 = s.fp[read<uint16_t>(s.ip + 12)];
  ASHLAR_NEXT(s.ip + 16);
}

/// Stream: i64 cost of the block that follows. Taken at the next of the handlers below.
ASHLAR_HANDLER fuel(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  activation_of(s).pending_fuel += read<int64_t>(s.ip + 8);
  ASHLAR_NEXT(s.ip + 16);
}
/// The same where a round of a loop begins.
ASHLAR_HANDLER fuel_check(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  activation_of(s).pending_fuel += read<int64_t>(s.ip + 8);
  take_pending_fuel(s);
  if (s.ctx->store->fuel < 0) [[unlikely]] {
    s.r = static_cast<uint64_t>(Trap::out_of_fuel);
    ASHLAR_GOTO(trap_exit, s.ip);
  }
  ASHLAR_NEXT(s.ip + 16);
}
/// The same where a function begins: what is pending then was left by a trap.
ASHLAR_HANDLER fuel_enter(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  activation_of(s).pending_fuel = read<int64_t>(s.ip + 8);
  if (s.ctx->store->fuel < activation_of(s).pending_fuel) [[unlikely]] {
    take_pending_fuel(s);
    s.r = static_cast<uint64_t>(Trap::out_of_fuel);
    ASHLAR_GOTO(trap_exit, s.ip);
  }
  ASHLAR_NEXT(s.ip + 16);
}
/// Before calls, returns and throws.
ASHLAR_HANDLER fuel_commit(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  take_pending_fuel(s);
  ASHLAR_NEXT(s.ip + 8);
}

ASHLAR_HANDLER unreachable_(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  s.r = static_cast<uint64_t>(Trap::unreachable);
  ASHLAR_GOTO(trap_exit, s.ip);
}

/// Stream: header, source, count.
ASHLAR_HANDLER ret_many(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  const Code* to = reinterpret_cast<const Code*>(s.fp[read<uint16_t>(s.ip + 8)]);
  const Slot* from = s.fp + read<uint16_t>(s.ip + 10);
  uint32_t n = read<uint16_t>(s.ip + 12);
#pragma clang loop vectorize(disable) unroll(disable)
  for (uint32_t i = 0; i < n; ++i) {
    s.fp[i] = from[i];
    asm volatile("" ::: "memory");
  }
  s.r = s.fp[0];
  std::memcpy(&s.x, s.fp, 16);
  ASHLAR_RETURN(to);
}

/// Index in r. Stream: u32 count of labels without the default; (count + 1) displacements from the instruction's start.
ASHLAR_HANDLER br_table(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  uint32_t i = static_cast<uint32_t>(s.r);
  uint32_t n = read<uint32_t>(s.ip + 8);
  if (i > n) i = n;
  const Code* target = s.ip + read<int32_t>(s.ip + 12 + 4 * uint64_t{i});
  if (target <= s.ip && must_stop(s)) [[unlikely]]
    ASHLAR_GOTO(safepoint_slow, target);
  ASHLAR_NEXT(target);
}

/// Stream: function, u16 base slot, then the function's immediates (10 bytes). The hot locals survive.
ASHLAR_HANDLER slot_op(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  SlotFn fn = read<SlotFn>(s.ip + 8);
  Slot* base = s.fp + read<uint16_t>(s.ip + 16);
  Trap t = fn(s.ctx, base, s.ip + 18);
  if (t != Trap::none) [[unlikely]] {
    s.r = static_cast<uint64_t>(t);
    ASHLAR_GOTO(trap_exit, s.ip);
  }
  ASHLAR_NEXT(s.ip + kSlotOpSize);
}

/// Continues where an exception (in r) is caught, or leaves.
ASHLAR_HANDLER raise(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  Activation& a = activation_of(s);
  Landing l = unwind(a, s.ip, s.fp, s.ctx, static_cast<runtime::GcRef>(s.r));
  if (l.ip == nullptr) {
    s.ctx->store->pending_exception = static_cast<runtime::GcRef>(s.r);
    record_trap(a, Trap::uncaught_exception, s.ip, s.fp);
    ASHLAR_LEAVE();
  }
  s.fp = l.fp;
  s.ctx = l.ctx;
  s.mem = l.ctx->mem0_base;
  ASHLAR_NEXT(l.ip);
}

/// Stream: u32 tag, u16 first payload slot, u16 payload slots.
ASHLAR_HANDLER throw_(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  uint16_t n = read<uint16_t>(s.ip + 14);
  runtime::GcHeap& heap = s.ctx->store->heap();
  {
    const runtime::GcHeap::LiveSlots live(heap, s.fp + read<uint16_t>(s.ip + 12) + n);
    s.r = heap.alloc_exn(s.ctx->tags[read<uint32_t>(s.ip + 8)], n);
  }
  if (s.r == runtime::kNullRef) [[unlikely]] {
    s.r = static_cast<uint64_t>(Trap::gc_heap_exhausted);
    ASHLAR_GOTO(trap_exit, s.ip);
  }
  const Slot* payload = s.fp + read<uint16_t>(s.ip + 12);
  Slot* to = heap.exn_payload(static_cast<runtime::GcRef>(s.r));
  for (uint32_t i = 0; i < n; ++i) to[i] = payload[i];
  ASHLAR_GOTO(raise, s.ip);
}
/// Stream: u16 slot of the exnref.
ASHLAR_HANDLER throw_ref(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  s.r = s.fp[read<uint16_t>(s.ip + 8)];
  if (s.r == runtime::kNullRef) {
    s.r = static_cast<uint64_t>(Trap::null_exception_reference);
    ASHLAR_GOTO(trap_exit, s.ip);
  }
  ASHLAR_GOTO(raise, s.ip);
}

}  // namespace

ASHLAR_HANDLER trap_exit(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  record_trap(activation_of(s), static_cast<Trap>(s.r), s.ip, s.fp);
  ASHLAR_LEAVE();
}
ASHLAR_HANDLER safepoint_slow(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  if (s.ctx->interrupt->load(std::memory_order_relaxed) == 0) {
    take_safepoint(s.ctx);
    ASHLAR_NEXT(s.ip);
  }
  record_trap(activation_of(s), Trap::interrupted, s.ip, s.fp);
  ASHLAR_LEAVE();
}
ASHLAR_HANDLER raise_exception(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  ASHLAR_GOTO(raise, s.ip);
}

Handler call_family_handler(MiscOp op);
Handler struct_new_many_handler();

Handler misc_handler(MiscOp op) {
  switch (op) {
    case MiscOp::unreachable_:
      return &unreachable_;
    case MiscOp::enter:
      return &enter;
    case MiscOp::enter_l:
      return &enter_l;
    case MiscOp::spill_l:
      return &spill_l;
    case MiscOp::reload_l:
      return &reload_l;
    case MiscOp::fuel:
      return &fuel;
    case MiscOp::fuel_check:
      return &fuel_check;
    case MiscOp::fuel_enter:
      return &fuel_enter;
    case MiscOp::fuel_commit:
      return &fuel_commit;
    case MiscOp::ret_many:
      return &ret_many;
    case MiscOp::br_table:
      return &br_table;
    case MiscOp::slot_op:
      return &slot_op;
    case MiscOp::struct_new_many:
      return struct_new_many_handler();
    case MiscOp::throw_:
      return &throw_;
    case MiscOp::throw_ref:
      return &throw_ref;
    case MiscOp::call_direct:
    case MiscOp::call_cell:
    case MiscOp::call_indirect:
    case MiscOp::call_ref:
    case MiscOp::tail_call_direct:
    case MiscOp::tail_call_cell:
    case MiscOp::tail_call_indirect:
    case MiscOp::tail_call_ref:
      return call_family_handler(op);
  }
  __builtin_unreachable();
}

}  // namespace ashlar::interp
