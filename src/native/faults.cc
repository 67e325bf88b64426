// Traps of compiled code: signals, and helpers that give up. Both record the frames and leave the activation.
#include <csignal>

#include "native/activation.h"
#include "native/arch.h"
#include "native/sanitizer.h"
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

void record_fault(StoreState& state, const Image& image, const os::Fault& fault) {
  Trace& trace = state.trace;
  trace.pcs[0] = fault.pc;
  trace.count = 1;
  trace.more = 0;
  trace.exact = true;
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
  state.trace.exact = false;
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
  record_fault(*a.state, *image, fault);
  ashlar_native_leave(a.host_sp);
  __builtin_unreachable();
}

}  // namespace ashlar::native
