// Activation: one run of machine code between a call from C++ and its return; how it ends early.
#pragma once

#include <atomic>
#include <cstdint>

#include "native/arch.h"
#include "native/stack.h"
#include "runtime/store.h"
#include "runtime/traps.h"

namespace ashlar::native {

/// begin() fills it, the entry stub reads the first four fields.
struct Activation {
  void* host_sp;     ///< of the entry stub: what leave() goes back to
  const void* code;  ///< what the entry stub calls
  void* context;     ///< its first argument
  void* sp;          ///< stack to run on, 16-aligned; null: the current one
  runtime::Store* store;
  StoreState* state;
  Activation* previous;      ///< of this thread
  Activation* outer;         ///< of this store
  const void* outer_caller;  ///< StubWords::outside of that
  uint64_t collections;      ///< there had been when it began
  // Filled when the run ends early, and empty again behind error_of(); the frames are in state->trace.
  runtime::Trap trap;  ///< none: the code returned
  bool has_error;      ///< state->error tells more than `trap`
};

/// The innermost activation of this thread. In the threads' first block, as few words may be, also in a shared library:
/// calls look at it.
[[gnu::tls_model("initial-exec")]] extern constinit thread_local Activation* t_activation;

/// What begin() found.
enum class Begun : uint8_t {
  Yes,
  Exhausted,   ///< nothing began: too little of the stack is left
  Interrupted  ///< it began, and is to end at once: as if it had been interrupted at its first instruction
};

/// Begins a run of `code`. Between this and end() nothing but the entry stub may be called. `here`: the caller's frame.
/// The thread has an alternate stack for faults.
Begun begin(Activation& a, runtime::Store& store, StoreState& state, const void* code, void* context,
            const uint8_t* here);
/// Ends what begin() began, however it went, and in whatever thread.
void end(Activation& a);

[[gnu::always_inline]] inline void end_first(Activation& a) {
  a.store->end_machine_code();
  t_activation = nullptr;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  a.state->activation = nullptr;
}
/// The same for a thread that is in no run of compiled code, and has been in one: the state keeps an activation for
/// that, of which most is always as it must be. `thread`: its alarm target. Null: the store was interrupted.
[[gnu::always_inline]] inline Activation* begin_first(runtime::Store& store, StoreState& state, const void* code,
                                                      void* context, int thread) {
  Activation* const a = state.first.get();
  a->code = code;
  a->context = context;
  state.activation = a;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  t_activation = a;
  store.begin_machine_code(thread);
  if (store.interrupt_flag().load(std::memory_order_relaxed) == 0) [[likely]]
    return a;
  end_first(*a);
  return nullptr;
}

/// Why the run that has just ended did so early.
Error error_of(Activation& a);

/// The compiled code that called the calling function, which is an entry of libcalls.def.
[[gnu::always_inline]] inline Site calling_site() { return caller_of_helper(__builtin_frame_address(0)); }

/// Records the frames from `site` on.
void record_frames(StoreState& state, const Site& site);

/// Ends the innermost activation with a trap at `site`. Does not return; not declared so, because sanitizers would then
/// look for the thread's own stack. No object with a destructor may be alive in frames of this run.
void raise(runtime::Trap trap, const Site& site);

}  // namespace ashlar::native
