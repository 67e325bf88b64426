// Handlers of calls: direct, through cells, indirect, by reference, tail calls; host functions; changes of instance.
#include "interp/activation.h"
#include "interp/keys.h"
#include "interp/module_code.h"
#include "interp/steps.h"
#include "native/enter.h"

namespace ashlar::interp {

ASHLAR_HANDLER raise_exception(ASHLAR_PARAMS);

namespace {

using runtime::FuncCell;

// A call instruction: handler | 8 bytes | u16 distance of the frames, 6 bytes. Return addresses point behind it.
inline constexpr int kCallSize = 24;

/// Stream: pointer to the callee's Entry::code; u16 distance, u16 header.
ASHLAR_HANDLER call_direct(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  const Code* const* entry = read<const Code* const*>(s.ip + 8);
  s.fp += read<uint16_t>(s.ip + 16);
  s.fp[read<uint16_t>(s.ip + 18)] = reinterpret_cast<Slot>(s.ip + kCallSize);
  ASHLAR_NEXT(__atomic_load_n(entry, __ATOMIC_ACQUIRE));
}

/// Lowers function f; null (with the error in the activation) when that is refused.
[[gnu::noinline]] const Code* lower_for(InstanceContext* ctx, uint32_t f) {
  auto lowered = static_cast<ModuleCode*>(ctx->tier_module)->lower_now(f);
  if (lowered) {
    if (FuncCell* cell = ctx->funcs[f]; cell != nullptr) cell->code = *lowered;
    return *lowered;
  }
  Activation& a = *static_cast<Activation*>(ctx->store->activation);
  a.error = std::unexpected(std::move(lowered).error());
  a.has_error = true;
  a.trap = Trap::host_trap;
  a.trap_ip = nullptr;
  return nullptr;
}

/// The first instruction of a function that has not been lowered: Entry::stub. Lowers and goes on there.
ASHLAR_HANDLER lower_stub(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  const Code* target = lower_for(s.ctx, static_cast<uint32_t>(read<uint64_t>(s.ip + 8)));
  if (target == nullptr) [[unlikely]]
    ASHLAR_LEAVE();
  ASHLAR_NEXT(target);
}

[[gnu::noinline]] void push_cross(Activation& a, InstanceContext* ctx, const Code* return_ip, Slot* fp) {
  a.cross.push_back({ctx, return_ip, fp});
}

/// Back from a call that changed the instance.
ASHLAR_HANDLER restore_ctx(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  Activation& a = activation_of(s);
  CrossFrame f = a.cross.back();
  a.cross.pop_back();
  s.ctx = f.ctx;
  s.mem = f.ctx->mem0_base;
  s.fp -= read<uint16_t>(f.return_ip - 8);
  ASHLAR_NEXT(f.return_ip);
}

}  // namespace

void narrow(const runtime::Store& store, const std::vector<isa::ValType>& types, Slot* slots) {
  for (isa::ValType t : types) {
    bool narrow = t.kind() == isa::ValKind::I32 || (t.is_ref() && !store.is_func_ref(t));
    if (narrow) *slots &= 0xffff'ffffu;
    slots += t.slot_count();
  }
}

namespace {

/// What code outside the interpreter is: a host function, a compiled function, or a compiled loop of the frame itself.
struct Outside {
  const void* native = nullptr;  ///< null: the host
  bool is_loop = false;
};

/// Calls the host or machine code; false when the run must end (trap recorded) or an exception
/// is to be raised (in *exn).
[[gnu::noinline]] bool call_outside(InstanceContext* ctx, const FuncCell* cell, Outside outside, Slot* fp,
                                    const Code* ip, runtime::GcRef* exn) {
  runtime::Store& store = *ctx->store;
  Activation& a = *static_cast<Activation*>(store.activation);
  uint32_t header = cell->param_slots > cell->result_slots ? cell->param_slots : cell->result_slots;
  Slot* saved_top = store.stack_top;
  // The trap is the caller's: inside its call, in its frame.
  auto trap = [&](Trap t) {
    a.trap = t;
    a.trap_ip = ip - 1;
    a.trap_fp = fp - read<uint16_t>(ip - 8);
  };
  if (fp + header + 1 > store.stack_limit) {
    trap(Trap::call_stack_exhausted);
    return false;
  }
  store.stack_top = fp + header + 1;
  a.outside_ip = outside.native != nullptr ? ip - 1 : nullptr;
  Status status = outside.native == nullptr ? store.call_host(*cell, ctx->instance, fp)
                  : outside.is_loop         ? native::enter_loop(store, *cell, outside.native, fp)
                                            : native::call(store, *cell, outside.native, fp);
  a.outside_ip = nullptr;
  store.stack_top = saved_top;
  if (status) [[likely]] {
    narrow(store, store.types().get(cell->type_id).def.func.results, fp);
    return true;
  }
  if (status.error().code() == ErrorCode::uncaught_exception && store.pending_exception != runtime::kNullRef) {
    *exn = store.pending_exception;
    store.pending_exception = runtime::kNullRef;
    a.error = std::move(status);  // should nothing catch it: where it came from
    return false;
  }
  a.error = std::move(status);
  a.has_error = true;
  trap(Trap::host_trap);
  return false;
}

/// The rest of a handler: leaves the interpreter for `cell`, whose arguments and return address are in the frame, and
/// returns to its caller. The throwing instruction of an exception is the caller's call: one byte before the return
/// address lies inside it.
#define ASHLAR_CALL_OUTSIDE(cell, ...)                                                                            \
  do {                                                                                                            \
    const FuncCell* cell_ = (cell);                                                                               \
    const uint32_t header_ = cell_->param_slots > cell_->result_slots ? cell_->param_slots : cell_->result_slots; \
    const Code* return_ip_ = reinterpret_cast<const Code*>(s.fp[header_]);                                        \
    runtime::GcRef exn_ = runtime::kNullRef;                                                                      \
    if (!call_outside(s.ctx, cell_, Outside{__VA_ARGS__}, s.fp, return_ip_, &exn_)) [[unlikely]] {                \
      if (exn_ == runtime::kNullRef) ASHLAR_LEAVE();                                                              \
      s.r = exn_;                                                                                                 \
      s.fp -= read<uint16_t>(return_ip_ - 8);                                                                     \
      ASHLAR_GOTO(raise_exception, return_ip_ - 1);                                                               \
    }                                                                                                             \
    s.r = s.fp[0];                                                                                                \
    std::memcpy(&s.x, s.fp, 16);                                                                                  \
    s.fp -= read<uint16_t>(return_ip_ - 8);                                                                       \
    ASHLAR_NEXT(return_ip_);                                                                                      \
  } while (0)

/// FuncCell::code of host functions; the cell is in r, the frame holds the parameters and the return address.
ASHLAR_HANDLER host_call(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  const auto* cell = reinterpret_cast<const FuncCell*>(s.r);
  ASHLAR_CALL_OUTSIDE(cell, nullptr);
}

[[gnu::noinline]] const FuncCell* cell_of(InstanceContext* ctx, uint32_t f) { return ctx->instance->func_cell(f); }

/// The first instruction of a function with machine code: Entry::stub.
ASHLAR_HANDLER native_stub(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  const auto* entry = reinterpret_cast<const ModuleCode::Entry*>(s.ip - offsetof(ModuleCode::Entry, stub));
  const FuncCell* cell = cell_of(s.ctx, static_cast<uint32_t>(entry->index));
  ASHLAR_CALL_OUTSIDE(cell, entry->native.load(std::memory_order_acquire));
}

/// The same for calls through the function's cell: FuncCell::stub.
ASHLAR_HANDLER native_cell_stub(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  const auto* cell = reinterpret_cast<const FuncCell*>(s.ip - offsetof(FuncCell, stub));
  ASHLAR_CALL_OUTSIDE(cell, cell->native);
}

/// The machine code of the loop whose head is at ip, and the function's cell. Hot locals go home.
struct LoopCall {
  const void* entry;
  const FuncCell* cell;
};
[[gnu::noinline]] LoopCall loop_call(InstanceContext* ctx, const Code* ip, Slot* fp, const uint64_t* hot) {
  const FuncCode& code = *find_code(ip).func;
  if (handler_at(code.begin()) == misc_handler(MiscOp::enter_l)) {
    for (int i = 0; i < 3; ++i) fp[read<uint16_t>(code.begin() + 16 + 2 * i)] = hot[i];
  }
  LoopCall out{nullptr, cell_of(ctx, code.index)};
  for (const LoopHead& loop : code.loops) {
    if (code.begin() + loop.code == ip && loop.entry != nullptr) out.entry = loop.entry;
  }
  return out;
}

/// At the head of a loop with machine code of its own: that does the rest of the function.
ASHLAR_HANDLER enter_loop(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  const uint64_t hot[3] = {s.l0, s.l1, s.l2};
  const LoopCall call = loop_call(s.ctx, s.ip, s.fp, hot);
  take_pending_fuel(s);
  ASHLAR_CALL_OUTSIDE(call.cell, call.entry, true);
}

/// Goes to `cell` in the frame at s.fp whose header slot is `header`, to return to `return_ip`.
#define ASHLAR_GOTO_CELL(cell, header, return_ip)                                                \
  do {                                                                                           \
    const FuncCell* cell_ = (cell);                                                              \
    const Code* return_ip_ = (return_ip);                                                        \
    if (cell_->ctx != s.ctx) [[unlikely]] {                                                      \
      if (cell_->ctx != nullptr) {                                                               \
        if (return_ip_ != restore_code()) push_cross(activation_of(s), s.ctx, return_ip_, s.fp); \
        return_ip_ = restore_code();                                                             \
        s.ctx = cell_->ctx;                                                                      \
        s.mem = s.ctx->mem0_base;                                                                \
      } else {                                                                                   \
        s.r = reinterpret_cast<uint64_t>(cell_);                                                 \
      }                                                                                          \
    }                                                                                            \
    s.fp[header] = reinterpret_cast<Slot>(return_ip_);                                           \
    ASHLAR_NEXT(static_cast<const Code*>(cell_->code));                                          \
  } while (0)

/// Stream: u32 function (an import), u32 unused; u16 distance, u16 header.
ASHLAR_HANDLER call_cell(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  const FuncCell* cell = s.ctx->funcs[read<uint32_t>(s.ip + 8)];
  uint16_t header = read<uint16_t>(s.ip + 18);
  const Code* back = s.ip + kCallSize;
  s.fp += read<uint16_t>(s.ip + 16);
  ASHLAR_GOTO_CELL(cell, header, back);
}

[[gnu::noinline]] bool is_callable_as(const InstanceContext* ctx, const FuncCell* cell, uint32_t type_id) {
  return ctx->store->types().is_subtype(cell->type_id, type_id);
}

/// The callee of call_indirect: table, index in r, expected canonical type.
[[gnu::always_inline]] inline Trap indirect_callee(const Regs& s, uint32_t table, uint32_t type_id,
                                                   const FuncCell** out) {
  runtime::Table* t = s.ctx->tables[table];
  if (s.r >= t->size()) [[unlikely]]
    return Trap::undefined_element;
  const FuncCell* cell = runtime::as_func(t->get(s.r));
  if (cell == nullptr) [[unlikely]]
    return Trap::uninitialized_element;
  if (cell->type_id != type_id) [[unlikely]] {
    if (!is_callable_as(s.ctx, cell, type_id)) return Trap::indirect_call_type_mismatch;
  }
  *out = cell;
  return Trap::none;
}

/// Index in r. Stream: u32 canonical type, u32 table; u16 distance, u16 header.
ASHLAR_HANDLER call_indirect(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  const FuncCell* cell = nullptr;
  Trap t = indirect_callee(s, read<uint32_t>(s.ip + 12), read<uint32_t>(s.ip + 8), &cell);
  if (t != Trap::none) [[unlikely]] {
    s.r = static_cast<uint64_t>(t);
    ASHLAR_GOTO(trap_exit, s.ip);
  }
  uint16_t header = read<uint16_t>(s.ip + 18);
  const Code* back = s.ip + kCallSize;
  s.fp += read<uint16_t>(s.ip + 16);
  ASHLAR_GOTO_CELL(cell, header, back);
}

/// Function reference in r. Stream: 8 bytes unused; u16 distance, u16 header.
ASHLAR_HANDLER call_ref(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  const auto* cell = reinterpret_cast<const FuncCell*>(s.r);
  if (cell == nullptr) [[unlikely]] {
    s.r = static_cast<uint64_t>(Trap::null_function_reference);
    ASHLAR_GOTO(trap_exit, s.ip);
  }
  uint16_t header = read<uint16_t>(s.ip + 18);
  const Code* back = s.ip + kCallSize;
  s.fp += read<uint16_t>(s.ip + 16);
  ASHLAR_GOTO_CELL(cell, header, back);
}

/// Moves the arguments of a tail call to the frame's start; the caller has read the return address. Stream at p: u16
/// source, u16 count.
[[gnu::always_inline]] inline void move_arguments(const Regs& s, const Code* p) {
  const Slot* from = s.fp + read<uint16_t>(p);
  uint32_t n = read<uint16_t>(p + 2);
#pragma clang loop vectorize(disable) unroll(disable)
  for (uint32_t i = 0; i < n; ++i) {
    s.fp[i] = from[i];
    asm volatile("" ::: "memory");
  }
}
// Tail calls. Stream: 8 bytes as in the call; u16 source, u16 count, u16 own header, u16 callee's header.
[[gnu::always_inline]] inline const Code* own_return(const Regs& s) {
  return reinterpret_cast<const Code*>(s.fp[read<uint16_t>(s.ip + 20)]);
}

ASHLAR_HANDLER tail_call_direct(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  const Code* const* entry = read<const Code* const*>(s.ip + 8);
  const Code* back = own_return(s);
  move_arguments(s, s.ip + 16);
  s.fp[read<uint16_t>(s.ip + 22)] = reinterpret_cast<Slot>(back);
  if (must_stop(s)) [[unlikely]]
    ASHLAR_GOTO(safepoint_slow, __atomic_load_n(entry, __ATOMIC_ACQUIRE));
  ASHLAR_NEXT(__atomic_load_n(entry, __ATOMIC_ACQUIRE));
}
ASHLAR_HANDLER tail_call_cell(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  const FuncCell* cell = s.ctx->funcs[read<uint32_t>(s.ip + 8)];
  uint16_t header = read<uint16_t>(s.ip + 22);
  const Code* back = own_return(s);
  move_arguments(s, s.ip + 16);
  ASHLAR_GOTO_CELL(cell, header, back);
}
ASHLAR_HANDLER tail_call_indirect(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  const FuncCell* cell = nullptr;
  Trap t = indirect_callee(s, read<uint32_t>(s.ip + 12), read<uint32_t>(s.ip + 8), &cell);
  if (t != Trap::none) [[unlikely]] {
    s.r = static_cast<uint64_t>(t);
    ASHLAR_GOTO(trap_exit, s.ip);
  }
  uint16_t header = read<uint16_t>(s.ip + 22);
  const Code* back = own_return(s);
  move_arguments(s, s.ip + 16);
  ASHLAR_GOTO_CELL(cell, header, back);
}
ASHLAR_HANDLER tail_call_ref(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  const auto* cell = reinterpret_cast<const FuncCell*>(s.r);
  if (cell == nullptr) [[unlikely]] {
    s.r = static_cast<uint64_t>(Trap::null_function_reference);
    ASHLAR_GOTO(trap_exit, s.ip);
  }
  uint16_t header = read<uint16_t>(s.ip + 22);
  const Code* back = own_return(s);
  move_arguments(s, s.ip + 16);
  ASHLAR_GOTO_CELL(cell, header, back);
}

ASHLAR_HANDLER leave(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  (void)s;
  ASHLAR_LEAVE();
}

/// Code that is not of any function: [frame distance 0][handler].
struct Landmark {
  uint64_t distance;
  Handler handler;
};
constexpr Landmark kExit{0, &leave};
constexpr Landmark kRestore{0, &restore_ctx};
constexpr Landmark kHost{0, &host_call};

}  // namespace

const Code* exit_code() { return reinterpret_cast<const Code*>(&kExit.handler); }
const Code* restore_code() { return reinterpret_cast<const Code*>(&kRestore.handler); }
const Code* host_code() { return reinterpret_cast<const Code*>(&kHost.handler); }

Handler stub_handler() { return &lower_stub; }
Handler native_handler() { return &native_stub; }
Handler loop_handler() { return &enter_loop; }
Handler native_cell_handler() { return &native_cell_stub; }

Handler call_family_handler(MiscOp op) {
  switch (op) {
    case MiscOp::call_direct:
      return &call_direct;
    case MiscOp::call_cell:
      return &call_cell;
    case MiscOp::call_indirect:
      return &call_indirect;
    case MiscOp::call_ref:
      return &call_ref;
    case MiscOp::tail_call_direct:
      return &tail_call_direct;
    case MiscOp::tail_call_cell:
      return &tail_call_cell;
    case MiscOp::tail_call_indirect:
      return &tail_call_indirect;
    case MiscOp::tail_call_ref:
      return &tail_call_ref;
    default:
      return nullptr;
  }
}

}  // namespace ashlar::interp
