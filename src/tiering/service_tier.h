// The automatic tier of a service: instances of the same modules come and go on a few threads that stay.
#pragma once

#include <time.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "tiering/auto.h"
#include "tiering/sampler.h"

namespace ashlar::tiering {

/// Samples the threads, whatever store runs there, and drives the modules' tiers: one compilation at a time, what is
/// hot first. New instances begin in what is compiled, those that run go on in it with their next calls.
class ServiceTier final {
 public:
  /// `tiers`: that have adopted their modules, and are watched by nobody else.
  explicit ServiceTier(std::vector<std::shared_ptr<AutoTier>> tiers);
  /// Never waits for the compiler.
  ~ServiceTier();
  ServiceTier(const ServiceTier&) = delete;
  ServiceTier& operator=(const ServiceTier&) = delete;

  /// On each of the threads, whenever an instance is about to run there: from the first time on the thread is sampled,
  /// until all is compiled. Thread-safe; costs next to nothing. Must not be called when the destructor runs.
  void enter();
  /// Whether there is nothing left to do. Thread-safe.
  bool is_complete() const { return complete_.load(std::memory_order_relaxed); }

 private:
  /// A thread that is sampled.
  struct Sampled {
    clockid_t clock{};
    uint64_t start = 0, last = 0;  ///< the thread's processor time
    Sampler sampler;
  };
  void add_thread();
  void run();
  bool step();
  std::vector<interp::Sample> take_samples();
  void stop_samplers();

  const std::vector<std::shared_ptr<AutoTier>> tiers_;
  const uint64_t serial_;  ///< tells services apart, those that have gone too
  std::atomic<bool> complete_{false}, asleep_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;                              ///< guarded by mutex_
  std::vector<std::unique_ptr<Sampled>> sampled_;  ///< guarded by mutex_
  uint64_t guest_time_ = 0;                        ///< of the background thread
  std::thread thread_;
};

}  // namespace ashlar::tiering
