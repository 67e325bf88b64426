// The thread behind Store::set_deadline.
#include "runtime/deadlines.h"

#include <new>
#include <system_error>

#include "os/quiet_thread.h"
#include "runtime/store.h"

namespace ashlar::runtime {

/// Never destroyed: the thread uses it until the process ends.
Deadlines& Deadlines::instance() {
  static auto* const the = new Deadlines;
  return *the;
}

void Deadlines::set(Store& store, Clock::time_point at) {
  const std::lock_guard lock(mutex_);
  start();
  // All that may fail comes before the first change that lasts.
  ByTime one;
  one.emplace(at, &store);
  const auto [known, fresh] = by_store_.try_emplace(&store, by_time_.end());
  if (!fresh) by_time_.erase(known->second);
  const auto placed = by_time_.insert(one.extract(one.begin()));
  known->second = placed;
  // Requests one after another, with the same time each, wake nobody: the thread sleeps until the first one's deadline.
  if (at < sleeps_until_) changed_.notify_one();
}

/// Under the mutex. No thread to be had is no memory, too.
void Deadlines::start() {
  if (started_) return;
  try {
    os::quiet_thread([this] { run(); }).detach();
  } catch (const std::system_error&) {
    throw std::bad_alloc();
  }
  started_ = true;
}

bool Deadlines::clear(Store& store) {
  const std::lock_guard lock(mutex_);
  const auto found = by_store_.find(&store);
  if (found == by_store_.end()) return false;
  by_time_.erase(found->second);
  by_store_.erase(found);
  return true;
}

void Deadlines::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (by_time_.empty()) {
      sleeps_until_ = Clock::time_point::max();
      changed_.wait(lock);
      continue;
    }
    const Clock::time_point next = by_time_.begin()->first;
    if (Clock::now() < next) {
      sleeps_until_ = next;
      changed_.wait_until(lock, next);
      continue;
    }
    // With the lock held: whoever destroys the store waits for it in clear().
    Store* const store = by_time_.begin()->second;
    by_time_.erase(by_time_.begin());
    by_store_.erase(store);
    store->interrupt(kReason);
  }
}

}  // namespace ashlar::runtime
