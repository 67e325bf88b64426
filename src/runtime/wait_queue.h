// Process-wide queues of threads that wait on an address of a shared memory (memory.atomic.wait and notify).
#pragma once

#include <atomic>
#include <cstdint>

namespace ashlar::runtime {

/// Results of memory.atomic.wait32 and wait64 (threads proposal, "wait and notify operators").
enum class WaitResult : uint32_t { Woken = 0, NotEqual = 1, TimedOut = 2 };

/// Waits while the `size` (4 or 8) bytes at `address` equal `expected`, until notified, `timeout_ns` has passed
/// (negative: never) or `interrupted` is set; the last counts as TimedOut. Whoever sets it calls wake_interrupted()
/// afterwards. `address` is aligned and stays mapped.
WaitResult wait_on_address(const void* address, uint64_t expected, int size, int64_t timeout_ns,
                           const std::atomic<uint32_t>& interrupted);
/// Wakes at most `count` waiters, first come first served; returns how many.
uint32_t notify_address(const void* address, uint32_t count);
/// Wakes those that wait with this flag, which was set.
void wake_interrupted(const std::atomic<uint32_t>& interrupted);

}  // namespace ashlar::runtime
