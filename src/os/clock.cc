// Clocks by clock_gettime.
#include "os/clock.h"

#include <sched.h>
#include <time.h>

#include <cerrno>

namespace ashlar::os {
namespace {

constexpr clockid_t kNative[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID};

uint64_t nanoseconds(const timespec& t) {
  if (t.tv_sec < 0) return 0;
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_nsec);
}

}  // namespace

SysResult<uint64_t> clock_now(Clock clock) {
  timespec t;
  if (::clock_gettime(kNative[static_cast<int>(clock)], &t) != 0) return std::unexpected(errno);
  return nanoseconds(t);
}

SysResult<uint64_t> clock_resolution(Clock clock) {
  timespec t;
  if (::clock_getres(kNative[static_cast<int>(clock)], &t) != 0) return std::unexpected(errno);
  return nanoseconds(t);
}

uint64_t monotonic_now() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return nanoseconds(t);
}

void yield_thread() { ::sched_yield(); }

}  // namespace ashlar::os
