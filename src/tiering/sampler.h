// Where a thread's time goes: samples taken by a timer on its processor time, read by another thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "interp/sample.h"
#include "os/cpu_timer.h"
#include "runtime/store.h"

namespace ashlar::tiering {

/// Started and stopped on the thread that is watched. Until the first sample nothing has happened: no thread, no
/// memory.
class Sampler {
 public:
  /// `limit`: of the watched instance. It is lowered for a safepoint, from some samples on until woken(), so that
  /// somebody comes to read them.
  bool start(runtime::Slot** limit);
  void stop() { timer_.stop(); }
  /// Somebody reads.
  void woken() { awake_.store(true, std::memory_order_relaxed); }
  /// For the reader. 0: no more samples.
  void set_interval(uint64_t ns) { timer_.set_interval(ns); }

  /// The samples since the last call. `lost`: how many more there were.
  std::vector<interp::Sample> read(uint64_t& lost);

 private:
  static void on_tick(const os::Interrupted& at, void* self);

  static constexpr uint32_t kSize = 1024;
  os::CpuTimer timer_;
  runtime::Slot** limit_ = nullptr;
  uint32_t first_ = 0;  ///< samples outside of machine code before anybody read
  std::atomic<bool> awake_{false};
  std::atomic<uint64_t> written_{0};
  std::atomic<uint64_t> read_{0};
  std::atomic<uint64_t> lost_{0};
  interp::Sample ring_[kSize];
};

}  // namespace ashlar::tiering
