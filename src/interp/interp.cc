// Entry into the interpreter, faults that become traps, and the errors that leave it.
#include "interp/interp.h"

#include <new>
#include <utility>

#include "interp/activation.h"
#include "interp/faults.h"
#include "interp/module_code.h"
#include "interp/profile.h"
#include "os/fault.h"

namespace ashlar::interp {

thread_local Activation* t_activation = nullptr;

namespace {

#if ASHLAR_DISPATCH_LOOP
void run(Activation& a, Regs regs) {
  a.regs = &regs;
  const Code* ip = regs.ip;
  while (ip != nullptr) {
#if ASHLAR_PROFILE
    profile::count(ip);
#endif
    ip = handler_at(ip)(regs);
  }
}
#else
void run(Activation&, Regs s) { handler_at(s.ip)(s.ip, s.fp, s.mem, s.l2, s.r, s.l0, s.l1, s.ctx, s.x); }
#endif

/// Runs until the guest returns, traps or faults. A fault comes back here from the signal handler.
[[gnu::noinline]] void run_guarded(Activation& a, const Regs& regs) {
  if (ASHLAR_SET_JUMP(a.jump) == 0) run(a, regs);
}

/// What a step needs and the host has not ends the run. Exceptions pass the one handler that called what threw, which
/// is an ordinary function with nothing to destroy; they never meet compiled code, whose helpers catch them.
[[gnu::noinline]] void run_caught(Activation& a, const Regs& regs) {
  try {
    run_guarded(a, regs);
  } catch (const std::bad_alloc&) {
    a.trap = runtime::Trap::out_of_memory;
    a.trap_ip = nullptr;
  }
}

/// Handlers keep ip and fp in their argument registers; an instrumented build may not. What is no frame of ours is not
/// walked.
bool is_frame(const Activation& a) {
  auto fp = reinterpret_cast<uintptr_t>(a.trap_fp);
  if (fp % alignof(Slot) != 0 || a.trap_fp < a.store->stack_base || a.trap_fp >= a.store->stack_limit) return false;
  CodeOwner owner = find_code(a.trap_ip);
  return owner.func != nullptr && a.trap_fp + owner.func->header < a.store->stack_limit;
}

Error error_of(Activation& a) {
  runtime::Store& store = *a.store;
  if (a.trap_by_fault && !is_frame(a)) a.trap_ip = nullptr;
  Error e = a.has_error ? std::move(a.error).error() : runtime::make_trap(store, a.trap);
  if (e.code() == ErrorCode::uncaught_exception) {
    if (a.trap_ip != nullptr) leave_frames(a, a.trap_ip, a.trap_fp);
    return e;
  }
  store.left_frames.clear();
  if (a.trap_ip == nullptr || e.phase() == Phase::Exit) return e;
  return runtime::add_backtrace(std::move(e), backtrace(a, a.trap_ip, a.trap_fp));
}

/// The run that was innermost before is so again. A call: the guest may have gone on in another thread, whose
/// t_activation lies elsewhere than what the compiler may have kept the address of.
[[gnu::noinline]] void end_run(const Activation& a) {
  t_activation = a.previous;
  asm volatile("" ::: "memory");
}

Status invoke(runtime::Store& store, const runtime::FuncCell& f, Slot* slots) {
  uint32_t header = f.param_slots > f.result_slots ? f.param_slots : f.result_slots;
  if (store.stack_top == nullptr) store.map_stack();
  Slot* fp = store.stack_top;
  if (fp == nullptr || fp + header + 1 > store.stack_limit) return make_error(ErrorCode::call_stack_exhausted);
  if (t_activation == nullptr) os::ensure_alternate_stack();
  Activation a;
  a.store = &store;
  a.previous = t_activation;
  a.ctx = f.ctx;
  for (uint32_t i = 0; i < f.param_slots; ++i) fp[i] = slots[i];
  narrow(store, store.types().get(f.type_id).def.func.params, fp);
  fp[header] = reinterpret_cast<Slot>(exit_code());
  Regs regs{};
  regs.ip = static_cast<const Code*>(f.code);
  regs.fp = fp;
  regs.ctx = f.ctx;
  regs.mem = f.ctx->mem0_base;
  void* outer = store.activation;
  store.activation = &a;
  t_activation = &a;
  run_caught(a, regs);
  end_run(a);
  // The backtrace walks frames that are still there.
  Status status;
  if (a.trap != runtime::Trap::none) {
    status = std::unexpected(error_of(a));
  } else {
    for (uint32_t i = 0; i < f.result_slots; ++i) slots[i] = fp[i];
  }
  store.activation = outer;
  return status;
}

std::unique_ptr<runtime::TierModule> make_module(const module::Module& m, const runtime::Config& config) {
  return std::make_unique<ModuleCode>(m, config);
}

const void* host_entry() { return host_code(); }

void* exchange_run(void* innermost) { return std::exchange(t_activation, static_cast<Activation*>(innermost)); }

bool runs_only(const runtime::Store& store) {
  for (const Activation* a = t_activation; a != nullptr; a = a->previous) {
    if (a->store != &store) return false;
  }
  return true;
}

}  // namespace

const runtime::Tier& tier() {
  static const runtime::Tier instance{&make_module,           &invoke,       &host_entry,
                                      &install_fault_handler, &exchange_run, &runs_only};
  return instance;
}

}  // namespace ashlar::interp
