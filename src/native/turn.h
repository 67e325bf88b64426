// Turns of compiled code: a guest that only computes is left between two of its instructions, and goes on there later.
#pragma once

#include "native/activation.h"
#include "os/fault.h"

namespace ashlar::native {

// An alarm that finds a store which is to give a turn (Store::request_turn) in an image's own instructions inserts a
// call there. The stub keeps all registers on the guest's stack, where a scan of the fiber's frames meets them, and
// calls the store's TurnTaker as a host function would be called. Nobody may use the store's heap meanwhile: the guest
// may be in the middle of an allocation, or between a barrier and its store.

/// For the alarm's handler: what is to be called at `at`, an instruction of an image that runs in `a`. Null when the
/// guest is in no fiber, or the host has called it out of a host function, or its stack is short.
const void* turn_at(const Activation& a, const os::Fault& at);
/// Ends the innermost activation as interrupted at an instruction of an image. Does not return; see raise().
void stop_at(Activation& a, const os::Fault& at);
/// For helpers, before they have done anything: gives the turn that the store was asked for, if the guest may be left.
/// It may go on in another thread, and may be interrupted by then.
void turn_in_helper(runtime::Store& store);

// What each processor's folder provides:
/// The stub; null where the processor has none. In signal handlers.
const void* turn_stub();
struct TurnFrame;
/// What the stub has saved, as an alarm at that instruction would see it.
os::Fault registers_of(const TurnFrame& frame);

}  // namespace ashlar::native
