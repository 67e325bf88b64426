// Alarms: a signal to one thread, from any other, whose handler looks at what the thread is doing.
#pragma once

#include <atomic>
#include <cstdint>

#include "os/fault.h"

namespace ashlar::os {

// The signal is SIGURG: without a handler it does nothing, so that one which comes late, or after another part of the
// process took it, is lost and no more. Our handler is installed when the first alarm rings, and passes what is
// not ours on to the one that was there before. System calls are restarted (those that never are, as poll, fail with
// EINTR).

/// Runs in a signal handler on the thread that was meant, on its alternate stack, if it has one. May leave by a jump.
/// Returns what is to be called in front of the instruction that the signal found, or null; always null where
/// !kAlarmsCall. That function finds all registers as they were, but for the stack pointer: at that lies the return
/// address, kAlarmGap bytes below where the stack ended. It keeps every register and returns behind the gap. There is
/// room, and the stack is written by nobody else.
using AlarmHandler = const void* (*)(const Fault& at);
/// The thread sanitizer shows handlers a copy of the registers, and too late.
#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
inline constexpr bool kAlarmsCall = true;
#else
inline constexpr bool kAlarmsCall = false;
#endif
/// What code may use below its stack pointer.
inline constexpr uint64_t kAlarmGap = 128;
/// The process's, for all alarms.
void set_alarm_handler(AlarmHandler handler);

namespace internal {
/// Of the calling thread; 0: to be asked for. In the threads' first block also of a shared library: calls look at it.
[[gnu::tls_model("initial-exec")]] extern constinit thread_local int t_alarm_target;
int new_alarm_target();
}  // namespace internal

/// The calling thread, for ring(). It takes alarms from now on: the first call unblocks the signal.
inline int alarm_target() {
  const int known = internal::t_alarm_target;
  return known != 0 ? known : internal::new_alarm_target();
}
/// 0 unless the thread has called that.
inline int known_alarm_target() { return internal::t_alarm_target; }

/// A timer of a thread, as the kernel keeps it.
class ThreadAlarm {
 public:
  ThreadAlarm() = default;
  ~ThreadAlarm();
  ThreadAlarm(const ThreadAlarm&) = delete;
  ThreadAlarm& operator=(const ThreadAlarm&) = delete;

  /// Runs the handler on that thread now; not at all when it has ended. False when the system has no timer left.
  /// From any thread, but from one at a time.
  bool ring(int thread);
  /// Once more, a little later. For the handler, which the last ring() made run.
  void ring_again();

 private:
  bool arm(uint64_t ns);
  void remove();

  static constexpr intptr_t kNone = -1;
  std::atomic<intptr_t> timer_{kNone};
};

}  // namespace ashlar::os
