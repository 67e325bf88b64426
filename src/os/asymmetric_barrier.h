// A pair of memory barriers of which one is nearly free: it only keeps the compiler from moving accesses, and the other
// makes all threads of the process pass a real one (Linux's membarrier).
#pragma once

#include <atomic>

namespace ashlar::os {

namespace internal {
/// Whether heavy_barrier() reaches other threads.
extern constinit std::atomic<bool> g_has_heavy_barrier;
}  // namespace internal

/// Makes light_barrier() light, where the system can; idempotent.
void prepare_barriers();

/// With heavy_barrier() on another thread: what is written before the one is seen behind the other, or the other way
/// round.
inline void light_barrier() {
  if (internal::g_has_heavy_barrier.load(std::memory_order_relaxed)) [[likely]] {
    std::atomic_signal_fence(std::memory_order_seq_cst);
  } else {
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }
}
/// Microseconds.
void heavy_barrier();

}  // namespace ashlar::os
