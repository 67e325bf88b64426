// Traps of compiled code: faults, helpers that give up, alarms of an interrupted store. All record the frames and leave
// the activation.
#include <csignal>

#include "native/activation.h"
#include "native/arch.h"
#include "native/sanitizer.h"
#include "native/turn.h"
#include "runtime/memory.h"

namespace ashlar::native {

namespace {

using runtime::Trap;

void append_frames(StoreState& state, Site site) {
  Trace& trace = state.trace;
  while (const Image* image = find_image(site.pc)) {
    const FrameRow* row = image->find_frame(site.pc, true);
    if (row == nullptr) return;
    if (trace.count < Trace::kMost) {
      trace.pcs[trace.count++] = site.pc;
    } else {
      ++trace.more;
    }
    if (!state.stack.contains(site.sp) || !state.stack.contains(cfa_of(*row, site.sp))) return;
    site = caller_of(*row, site);
  }
}

void record_fault(StoreState& state, const Image& image, const os::Fault& fault, Trace::First what) {
  state.trace.begin(fault.pc, what);
  const FrameRow* row = image.find_frame(fault.pc);
  if (row != nullptr) append_frames(state, caller_at_fault(image, *row, fault, state.stack));
}

Trap trap_of(const os::Fault& fault, const Image& image, const StoreState& state) {
  if (fault.signal != SIGSEGV && fault.signal != SIGBUS) return decode_trap(fault, image);
  if (runtime::is_memory_fault_address(fault.address)) return Trap::out_of_bounds_memory_access;
  if (state.stack.guard_contains(fault.address)) return Trap::call_stack_exhausted;
  return Trap::none;
}

}  // namespace

void record_frames(StoreState& state, const Site& site) {
  state.trace.count = 0;
  state.trace.more = 0;
  state.trace.first = Trace::First::Return;
  append_frames(state, site);
}

void raise(Trap trap, const Site& site) {
  Activation& a = *t_activation;
  a.trap = trap;
  record_frames(*a.state, site);
  forget_frames(a.state->stack);
  ashlar_native_leave(a.host_sp);
  __builtin_unreachable();
}

// Code of an image runs only inside this thread's innermost activation. What faults there holds no lock and is not in
// the middle of an allocation, so that all may be called here. Faults elsewhere, even in C++ that runs on a guest's
// stack, are not ours: nobody knows what they would leave behind.
bool on_fault(const os::Fault& fault) {
  if (fault.pc == exhausted_pc() && fault.signal == kTrapSignal && t_activation != nullptr) {
    Activation& a = *t_activation;
    a.trap = Trap::call_stack_exhausted;
    record_frames(*a.state, caller_at_entry(fault));
    ashlar_native_leave(a.host_sp);
  }
  const Image* image = find_image(fault.pc);
  if (image == nullptr || t_activation == nullptr) return false;
  Activation& a = *t_activation;
  const Trap trap = trap_of(fault, *image, *a.state);
  if (trap == Trap::none) return false;
  a.trap = trap;
  record_fault(*a.state, *image, fault, Trace::First::Instruction);
  ashlar_native_leave(a.host_sp);
  __builtin_unreachable();
}

// The guest stops where it may be left: in the image's own instructions, between any two of them, as for a fault. In
// C++ that the image called nobody knows what holds a lock: the alarm comes again. What the bridge called looks by
// itself, or is followed by a look. An activation of another store inside, too, was called through a bridge.
const void* on_alarm(const os::Fault& at) {
  Activation* a = t_activation;
  if (a == nullptr || a->state->words().outside != nullptr) return nullptr;
  const bool interrupted = a->store->interrupt_flag().load(std::memory_order_relaxed) != 0;
  if (!interrupted && !a->store->wants_turn()) return nullptr;
  if (find_image(at.pc) == nullptr) {
    a->store->repeat_alarm();
    return nullptr;
  }
  if (!interrupted) return turn_at(*a, at);
  stop_at(*a, at);
  return nullptr;
}

void stop_at(Activation& a, const os::Fault& at) {
  a.trap = Trap::interrupted;
  record_fault(*a.state, *find_image(at.pc), at, Trace::First::Anywhere);
  forget_frames(a.state->stack);
  ashlar_native_leave(a.host_sp);
  __builtin_unreachable();
}

}  // namespace ashlar::native
