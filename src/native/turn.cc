// See turn.h.
#include "native/turn.h"

#include "os/thread_alarm.h"

namespace ashlar::native {

const void* turn_at(const Activation& a, const os::Fault& at) {
  const StoreState& state = *a.state;
  if (!os::kAlarmsCall || state.fiber == nullptr || !a.store->may_give_turn()) return nullptr;
  // Helpers have as much room; the red zone and what the stub saves are far less than that.
  if (!state.stack.contains(at.sp) || at.sp < state.words().helper_limit + os::kAlarmGap) return nullptr;
  return turn_stub();
}

namespace {

/// As if the guest had called the host: alarms leave it alone.
[[gnu::noinline]] void give_turn(StoreState& state, runtime::Store& store) {
  state.words().outside = &state;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  store.take_turn();
  std::atomic_signal_fence(std::memory_order_seq_cst);
  state.words().outside = nullptr;
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

/// A call: the guest may have gone on in another thread.
[[gnu::noinline]] void stop(const TurnFrame& frame) { stop_at(*t_activation, registers_of(frame)); }

}  // namespace

void turn_in_helper(runtime::Store& store) {
  StoreState& state = *t_activation->state;
  if (state.fiber != nullptr && store.may_give_turn()) give_turn(state, store);
}

/// From the stub, which has looked for room.
extern "C" void ashlar_native_turn_taken(const TurnFrame* frame) {
  runtime::Store& store = *t_activation->store;
  give_turn(*t_activation->state, store);
  if (store.interrupt_flag().load(std::memory_order_relaxed) != 0) stop(*frame);
}

}  // namespace ashlar::native
