// Where a thread's time goes: samples taken by a timer on its processor time, read by another thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "interp/sample.h"
#include "os/cpu_timer.h"
#include "runtime/store.h"

namespace ashlar::tiering {

/// Until the first sample nothing has happened: no thread, no memory.
class Sampler {
 public:
  /// On the thread that is watched. `limit`: of the watched instance. It is lowered for a safepoint, from some samples
  /// on until woken(), so that somebody comes to read them. Null: somebody reads anyway.
  bool start(runtime::Slot** limit);
  /// From any thread, one at a time. What was sampled can be read still; start() may follow.
  void stop() { timer_.stop(); }
  /// Whether there are so many samples that somebody should.
  bool wants_reader() const;
  /// How many samples there were that count for that; and how many there were before this sampler.
  uint32_t counted() const { return first_.load(std::memory_order_relaxed); }
  void count_from(uint32_t earlier) { first_.store(earlier, std::memory_order_relaxed); }
  /// Somebody reads.
  void woken() { awake_.store(true, std::memory_order_relaxed); }

  /// The samples since the last call. `lost`: how many more there were.
  std::vector<interp::Sample> read(uint64_t& lost);

 private:
  static void on_tick(const os::Interrupted& at, void* self);

  static constexpr uint32_t kSize = 1024;
  os::CpuTimer timer_;
  runtime::Slot** limit_ = nullptr;
  std::atomic<uint32_t> first_{0};  ///< samples outside of machine code before anybody read
  std::atomic<bool> awake_{false};
  std::atomic<uint64_t> written_{0};
  std::atomic<uint64_t> read_{0};
  std::atomic<uint64_t> lost_{0};
  interp::Sample ring_[kSize];
};

}  // namespace ashlar::tiering
