// Calls from C++ into compiled code: arguments and results by type, the stack to run on, errors that come out.
#include "native/enter.h"

#include <algorithm>

#include "native/activation.h"
#include "native/arch.h"
#include "native/backtrace.h"
#include "native/sanitizer.h"
#include "os/fault.h"

namespace ashlar::native {

constinit thread_local Activation* t_activation = nullptr;

namespace {

using isa::ValType;
using runtime::Slot;

Slot widen(const runtime::Store& store, ValType type, Slot value) {
  return runtime::is_narrow(store, type) ? static_cast<uint32_t>(value) : value;
}

void put_arguments(const runtime::Store& store, const module::FuncType& type, const Slot* slots, Transfer& t,
                   Slot* buffer) {
  ParamWalk walk;
  for (ValType param : type.params) {
    const ParamPlace place = walk.next(param);
    const Slot lo = widen(store, param, *slots);
    const Slot hi = param.is_vec() ? slots[1] : 0;
    slots += param.slot_count();
    switch (place.kind) {
      case ParamPlace::Int:
        t.ints[place.index] = lo;
        break;
      case ParamPlace::Float:
        t.floats[place.index] = {lo, hi};
        break;
      case ParamPlace::Buffer:
        buffer[place.index] = lo;
        if (param.is_vec()) buffer[place.index + 1] = hi;
        break;
    }
  }
}

void take_results(const runtime::Store& store, const module::FuncType& type, const Transfer& t, const Slot* buffer,
                  Slot* slots) {
  if (type.results.size() > 1) {
    for (ValType result : type.results) {
      *slots++ = widen(store, result, *buffer++);
      if (result.is_vec()) *slots++ = *buffer++;
    }
    return;
  }
  for (ValType result : type.results) {
    slots[0] = widen(store, result, ParamWalk::in_float_register(result) ? t.floats[0].lo : t.ints[0]);
    if (result.is_vec()) slots[1] = t.floats[0].hi;
  }
}

/// Where the store's stack is free: below the innermost run that was called from it, else all of it.
uint8_t* free_stack(const StoreState& state) {
  constexpr uint64_t kRedZone = 128;
  for (const Activation* a = t_activation; a != nullptr; a = a->previous) {
    if (!state.stack.contains(a->host_sp)) continue;
    return reinterpret_cast<uint8_t*>((reinterpret_cast<uintptr_t>(a->host_sp) - kRedZone) & ~uintptr_t{15});
  }
  return state.stack.high();
}

enum class Entered : uint8_t { Function, Loop };

Status enter(runtime::Store& store, const runtime::FuncCell& f, const void* entry, Slot* slots, Entered what) {
  if (!kSupported) return make_error(ErrorCode::not_implemented, kNoOffset, "machine code on this processor");
  StoreState* state = state_of(store);
  if (state == nullptr) return make_error(ErrorCode::call_stack_exhausted);
  if (t_activation == nullptr) os::ensure_alternate_stack();
  if (std::max(f.param_slots, f.result_slots) > state->buffer_slots) {
    return make_error(ErrorCode::implementation_limit, kNoOffset, "parameters and results of a call");
  }
  const module::FuncType& type = store.types().get(f.type_id).def.func;
  Transfer t;  // registers without an argument may hold anything
  if (what == Entered::Function) {
    put_arguments(store, type, slots, t, state->results());
  } else {
    t.ints[1] = reinterpret_cast<uint64_t>(slots);
  }
  Activation a;
  switch (begin(a, store, *state, entry, f.ctx, static_cast<const uint8_t*>(__builtin_frame_address(0)))) {
    case Begun::Exhausted:
      return make_error(ErrorCode::call_stack_exhausted);
    case Begun::Interrupted:
      a.trap = runtime::Trap::interrupted;
      state->trace.begin(entry, Trace::First::Instruction);
      end(a);
      break;
    case Begun::Yes: {
      const StackSwitch on(a.sp != nullptr ? &state->stack : nullptr);
      ashlar_native_enter_loaded(&a, &t);
      end(a);
      break;
    }
  }
  if (a.trap != runtime::Trap::none) return std::unexpected(error_of(a));
  take_results(store, type, t, state->results(), slots);
  return {};
}

}  // namespace

Begun begin(Activation& a, runtime::Store& store, StoreState& state, const void* code, void* context,
            const uint8_t* here) {
  a.sp = state.stack.contains(here) ? nullptr : free_stack(state);
  if ((a.sp != nullptr ? a.sp : here) < state.words().helper_limit) return Begun::Exhausted;
  a.code = code;
  a.context = context;
  a.store = &store;
  a.state = &state;
  a.previous = t_activation;
  a.outer = state.activation;
  a.outer_caller = state.words().outside;
  a.collections = store.heap().stats().minor;
  a.trap = runtime::Trap::none;
  a.has_error = false;
  state.words().outside = nullptr;
  state.activation = &a;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  t_activation = &a;
  if (a.outer == nullptr) store.begin_machine_code();
  return store.interrupt_flag().load(std::memory_order_relaxed) != 0 ? Begun::Interrupted : Begun::Yes;
}

// A call where it is used: a run may end in another thread than it began in (fiber.h).
[[gnu::noinline]] void end(Activation& a) {
  if (a.outer == nullptr) a.store->end_machine_code();
  t_activation = a.previous;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  a.state->activation = a.outer;
  a.state->words().outside = a.outer_caller;
  // As in runtime::Store::invoke: later frames do not find the references of these.
  if (a.sp != nullptr && a.store->heap().stats().minor != a.collections) [[unlikely]]
    a.state->stack.discard(static_cast<const uint8_t*>(a.sp));
}

Error error_of(Activation& a) {
  Error e = a.has_error ? std::move(a.state->error).error() : runtime::make_trap(*a.store, a.trap);
  a.state->error = {};
  a.trap = runtime::Trap::none;
  a.has_error = false;
  if (e.code() == ErrorCode::uncaught_exception) {
    leave_frames(a.state->trace, a.store->left_frames);
    return e;
  }
  a.store->left_frames.clear();
  if (e.phase() == Phase::Exit) return e;
  return runtime::add_backtrace(std::move(e), backtrace_of(a.state->trace));
}

Status call(runtime::Store& store, const runtime::FuncCell& f, const void* entry, Slot* slots) {
  return enter(store, f, entry, slots, Entered::Function);
}

Status enter_loop(runtime::Store& store, const runtime::FuncCell& f, const void* entry, Slot* frame) {
  return enter(store, f, entry, frame, Entered::Loop);
}

}  // namespace ashlar::native
