// A timer on the processor time of one thread, whose signals look at what the thread is doing.
#pragma once

#include <cstdint>

namespace ashlar::os {

/// What a signal interrupted.
struct Interrupted {
  const void* pc;
  void* argument0;  ///< first and second argument register of preserve_none functions
  void* argument1;
};

/// Runs in a signal handler on the thread's alternate stack, if it has one.
using TickHandler = void (*)(const Interrupted& at, void* context);

/// One a thread. Costs nothing before the first tick. Made, started and stopped on the thread that it watches.
class CpuTimer {
 public:
  CpuTimer() = default;
  ~CpuTimer() { stop(); }
  CpuTimer(const CpuTimer&) = delete;
  CpuTimer& operator=(const CpuTimer&) = delete;

  /// Ticks after `first` nanoseconds of the calling thread's processor time and then every `interval` (the system
  /// rounds up to its own clock's step). False when the system has no such timer, or another part of the process uses
  /// the signal (SIGPROF).
  bool start(uint64_t first, uint64_t interval, TickHandler handler, void* context);
  /// Thread-safe while the timer runs.
  void set_interval(uint64_t interval);
  /// No tick comes any more.
  void stop();

 private:
  void* timer_ = nullptr;
  bool running_ = false;
};

}  // namespace ashlar::os
