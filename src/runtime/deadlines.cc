// The thread behind Store::set_deadline.
#include "runtime/deadlines.h"

#include "runtime/store.h"

namespace ashlar::runtime {

/// Never destroyed: the thread uses it until the process ends.
Deadlines& Deadlines::instance() {
  static auto* const the = new Deadlines;
  return *the;
}

void Deadlines::set(Store& store, Clock::time_point at) {
  const std::lock_guard lock(mutex_);
  if (const auto found = by_store_.find(&store); found != by_store_.end()) by_time_.erase(found->second);
  const auto placed = by_time_.emplace(at, &store);
  by_store_[&store] = placed;
  if (!started_) {
    std::thread([this] { run(); }).detach();
    started_ = true;
  }
  if (placed == by_time_.begin()) changed_.notify_one();
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
      changed_.wait(lock);
      continue;
    }
    const Clock::time_point next = by_time_.begin()->first;
    if (Clock::now() < next) {
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
