// Wall-clock limits: one thread of the process that interrupts stores when their time is over.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace ashlar::runtime {

class Store;

/// The thread starts with the first deadline, sleeps until the next, and ends with the process. Thread-safe.
class Deadlines {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr char kReason[] = "deadline";

  static Deadlines& instance();
  /// Interrupts the store at that time, in place of the deadline that it had. std::bad_alloc changes nothing.
  void set(Store& store, Clock::time_point at);
  /// Afterwards the store is not touched any more. True when its deadline had not passed.
  bool clear(Store& store);

 private:
  using ByTime = std::multimap<Clock::time_point, Store*>;
  Deadlines() = default;
  void start();
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  ByTime by_time_;
  std::map<Store*, ByTime::iterator> by_store_;
  bool started_ = false;
  Clock::time_point sleeps_until_ = Clock::time_point::max();
};

}  // namespace ashlar::runtime
