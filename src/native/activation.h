// Activation: one run of machine code between a call from C++ and its return; how it ends early.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/error.h"
#include "native/arch.h"
#include "native/stack.h"
#include "runtime/traps.h"

namespace ashlar::native {

struct Activation {
  runtime::Store* store = nullptr;
  StoreState* state = nullptr;
  Activation* previous = nullptr;  ///< of this thread
  Activation* outer = nullptr;     ///< of this store
  void* host_sp = nullptr;         ///< of the entry stub: what leave() goes back to
  /// The host or the interpreter was called and has not returned: looks at the store's interruption then.
  std::atomic<bool> outside{false};
  // Filled when the run ends early; the frames are in state->trace.
  runtime::Trap trap = runtime::Trap::none;
  bool has_error = false;  ///< `error` tells more than `trap`
  /// A callee's error; also that of an exception which came from a callee and is still under way.
  Status error;
};

/// The innermost activation of this thread.
extern constinit thread_local Activation* t_activation;

/// The compiled code that called the calling function, which is an entry of libcalls.def.
[[gnu::always_inline]] inline Site calling_site() { return caller_of_helper(__builtin_frame_address(0)); }

/// Records the frames from `site` on.
void record_frames(StoreState& state, const Site& site);

/// Ends the innermost activation with a trap at `site`. Does not return; not declared so, because sanitizers would then
/// look for the thread's own stack. No object with a destructor may be alive in frames of this run.
void raise(runtime::Trap trap, const Site& site);

}  // namespace ashlar::native
