// membarrier, and what stands for it where it is missing: real barriers on both sides.
#include "os/asymmetric_barrier.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ashlar::os {

namespace internal {
constinit std::atomic<bool> g_has_heavy_barrier = false;
}  // namespace internal

namespace {
bool membarrier(int command) { return ::syscall(SYS_membarrier, command, 0, 0) == 0; }
}  // namespace

void prepare_barriers() {
  if (internal::g_has_heavy_barrier.load(std::memory_order_relaxed)) return;
  const bool there =
      membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) && membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
  internal::g_has_heavy_barrier.store(there, std::memory_order_relaxed);
}

// The threads that have passed a light barrier while it was heavy lose nothing by this one.
void heavy_barrier() {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!internal::g_has_heavy_barrier.load(std::memory_order_relaxed)) return;
  if (membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)) return;
  // A forked process might have to register again.
  membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
  membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
}

}  // namespace ashlar::os
