// A fixed hash of queues, each with a mutex; a waiter lives on its thread's stack and has its own condition variable.
#include "runtime/wait_queue.h"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace ashlar::runtime {

namespace {

using Clock = std::chrono::steady_clock;

struct Queue;

struct Waiter {
  const void* address;
  const std::atomic<uint32_t>* interrupted;
  Queue* queue;
  std::condition_variable wake;  ///< with the queue's mutex
  bool woken = false;
  Waiter* next = nullptr;  ///< in the queue
  Waiter* before = nullptr;
  Waiter* next_of_flag = nullptr;  ///< in its bucket
};

struct Queue {
  std::mutex mutex;
  Waiter* first = nullptr;
  Waiter* last = nullptr;

  void push(Waiter& waiter) {
    waiter.before = last;
    (last == nullptr ? first : last->next) = &waiter;
    last = &waiter;
  }
  void remove(Waiter& waiter) {
    (waiter.before == nullptr ? first : waiter.before->next) = waiter.next;
    (waiter.next == nullptr ? last : waiter.next->before) = waiter.before;
  }
};

/// Waiters by what may interrupt them. Its mutex is taken before a queue's.
struct Bucket {
  std::mutex mutex;
  Waiter* first = nullptr;
};

constexpr size_t kQueues = 256;
constinit Queue queues[kQueues];
constinit Bucket buckets[kQueues];

/// Waited-on words are 4-aligned and often a cache line apart; multiplying spreads both.
size_t place_of(const void* address) {
  return ((reinterpret_cast<uintptr_t>(address) >> 2) * 0x9e37'79b9'7f4a'7c15ull) >> 56;
}

/// Found by who sets the flag, as long as it lives.
class Interruptible {
 public:
  explicit Interruptible(Waiter& waiter) : waiter_(waiter), bucket_(buckets[place_of(waiter.interrupted)]) {
    const std::lock_guard lock(bucket_.mutex);
    waiter.next_of_flag = bucket_.first;
    bucket_.first = &waiter;
  }
  ~Interruptible() {
    const std::lock_guard lock(bucket_.mutex);
    Waiter** link = &bucket_.first;
    while (*link != &waiter_) link = &(*link)->next_of_flag;
    *link = waiter_.next_of_flag;
  }
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;

 private:
  Waiter& waiter_;
  Bucket& bucket_;
};

bool still_equal(const void* address, uint64_t expected, int size) {
  if (size == 4) {
    return __atomic_load_n(static_cast<const uint32_t*>(address), __ATOMIC_SEQ_CST) == static_cast<uint32_t>(expected);
  }
  return __atomic_load_n(static_cast<const uint64_t*>(address), __ATOMIC_SEQ_CST) == expected;
}

}  // namespace

WaitResult wait_on_address(const void* address, uint64_t expected, int size, int64_t timeout_ns,
                           const std::atomic<uint32_t>& interrupted) {
  const Clock::time_point start = Clock::now();
  const bool forever = timeout_ns < 0 || timeout_ns > (Clock::time_point::max() - start).count();
  const Clock::time_point deadline = forever ? Clock::time_point::max() : start + std::chrono::nanoseconds(timeout_ns);

  if (!still_equal(address, expected, size)) return WaitResult::NotEqual;
  Queue& queue = queues[place_of(address)];
  Waiter waiter;
  waiter.address = address;
  waiter.interrupted = &interrupted;
  waiter.queue = &queue;
  const Interruptible interruptible(waiter);
  std::unique_lock lock(queue.mutex);
  // Under the lock: a notify that follows a changed value finds this thread queued, or this read finds the change.
  if (!still_equal(address, expected, size)) return WaitResult::NotEqual;
  queue.push(waiter);
  while (!waiter.woken) {
    if (interrupted.load() != 0 || (!forever && Clock::now() >= deadline)) {
      queue.remove(waiter);
      return WaitResult::TimedOut;
    }
    if (forever) {
      waiter.wake.wait(lock);
    } else {
      waiter.wake.wait_until(lock, deadline);
    }
  }
  return WaitResult::Woken;
}

uint32_t notify_address(const void* address, uint32_t count) {
  Queue& queue = queues[place_of(address)];
  std::lock_guard lock(queue.mutex);
  uint32_t woken = 0;
  for (Waiter* next = queue.first; next != nullptr && woken < count;) {
    Waiter& waiter = *next;
    next = waiter.next;
    if (waiter.address != address) continue;
    queue.remove(waiter);
    waiter.woken = true;
    waiter.wake.notify_one();  // under the lock: the waiter can't be gone yet
    ++woken;
  }
  return woken;
}

void wake_interrupted(const std::atomic<uint32_t>& interrupted) {
  Bucket& bucket = buckets[place_of(&interrupted)];
  const std::lock_guard lock(bucket.mutex);
  for (Waiter* waiter = bucket.first; waiter != nullptr; waiter = waiter->next_of_flag) {
    if (waiter->interrupted != &interrupted) continue;
    // With its lock: the waiter has not looked at the flag yet, or waits.
    const std::lock_guard queue_lock(waiter->queue->mutex);
    waiter->wake.notify_one();
  }
}

}  // namespace ashlar::runtime
