// A timer on the processor time of one thread, whose signals look at what the thread is doing.
#pragma once

#include <cstdint>
#include <memory>

namespace ashlar::os {

/// What a signal interrupted.
struct Interrupted {
  const void* pc;
  void* argument0;  ///< first and second argument register of preserve_none functions
  void* argument1;
};

/// Runs in a signal handler on the thread's alternate stack, if it has one.
using TickHandler = void (*)(const Interrupted& at, void* context);

/// Any number of them may watch a thread: one timer of the system ticks for all. Costs nothing before the first tick.
class CpuTimer {
 public:
  CpuTimer() = default;
  ~CpuTimer() { stop(); }
  CpuTimer(const CpuTimer&) = delete;
  CpuTimer& operator=(const CpuTimer&) = delete;

  /// Ticks after `first` nanoseconds of the calling thread's processor time and then every `interval` (the system
  /// rounds up to its own clock's step); where the thread is watched already, as often as that began. False when the
  /// system has no such timer, or another part of the process uses the signal (SIGPROF).
  bool start(uint64_t first, uint64_t interval, TickHandler handler, void* context);
  /// From any thread: no tick comes any more, and none is under way. Not from the handler.
  void stop();

 private:
  friend struct ThreadTimer;
  struct Watch;
  std::shared_ptr<Watch> watch_;
};

}  // namespace ashlar::os
