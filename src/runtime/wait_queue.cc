// A fixed hash of queues, each with a mutex; a waiter lives on its thread's stack and has its own condition variable.
#include "runtime/wait_queue.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace ashlar::runtime {

namespace {

using Clock = std::chrono::steady_clock;

struct Waiter {
  const void* address;
  std::condition_variable wake;
  bool woken = false;
  Waiter* next = nullptr;
};

struct Queue {
  std::mutex mutex;
  Waiter* head = nullptr;

  void push(Waiter& waiter) {
    Waiter** link = &head;
    while (*link != nullptr) link = &(*link)->next;
    *link = &waiter;
  }
  void remove(const Waiter& waiter) {
    for (Waiter** link = &head; *link != nullptr; link = &(*link)->next) {
      if (*link != &waiter) continue;
      *link = waiter.next;
      return;
    }
  }
};

constexpr size_t kQueues = 256;
constinit Queue queues[kQueues];

Queue& queue_of(const void* address) {
  // Waited-on words are 4-aligned and often a cache line apart; multiplying spreads both.
  const uint64_t mixed = (reinterpret_cast<uintptr_t>(address) >> 2) * 0x9e37'79b9'7f4a'7c15ull;
  return queues[mixed >> 56];
}

bool still_equal(const void* address, uint64_t expected, int size) {
  if (size == 4) {
    return __atomic_load_n(static_cast<const uint32_t*>(address), __ATOMIC_SEQ_CST) == static_cast<uint32_t>(expected);
  }
  return __atomic_load_n(static_cast<const uint64_t*>(address), __ATOMIC_SEQ_CST) == expected;
}

}  // namespace

WaitResult wait_on_address(const void* address, uint64_t expected, int size, int64_t timeout_ns,
                           const std::atomic<uint32_t>& interrupted) {
  constexpr auto kPoll = std::chrono::milliseconds(10);
  const Clock::time_point start = Clock::now();
  const bool forever = timeout_ns < 0 || timeout_ns > (Clock::time_point::max() - start).count();
  const Clock::time_point deadline = forever ? Clock::time_point::max() : start + std::chrono::nanoseconds(timeout_ns);

  Queue& queue = queue_of(address);
  std::unique_lock lock(queue.mutex);
  // Under the lock: a notify that follows a changed value finds this thread queued, or this read finds the change.
  if (!still_equal(address, expected, size)) return WaitResult::NotEqual;
  Waiter waiter;
  waiter.address = address;
  queue.push(waiter);
  while (!waiter.woken) {
    const Clock::time_point now = Clock::now();
    if (now >= deadline || interrupted.load(std::memory_order_relaxed) != 0) {
      queue.remove(waiter);
      return WaitResult::TimedOut;
    }
    waiter.wake.wait_until(lock, std::min(deadline, now + kPoll));
  }
  return WaitResult::Woken;
}

uint32_t notify_address(const void* address, uint32_t count) {
  Queue& queue = queue_of(address);
  std::lock_guard lock(queue.mutex);
  uint32_t woken = 0;
  for (Waiter** link = &queue.head; *link != nullptr && woken < count;) {
    Waiter* waiter = *link;
    if (waiter->address != address) {
      link = &waiter->next;
      continue;
    }
    *link = waiter->next;
    waiter->woken = true;
    waiter->wake.notify_one();  // under the lock: the waiter can't be gone yet
    ++woken;
  }
  return woken;
}

}  // namespace ashlar::runtime
