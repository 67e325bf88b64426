// Clocks of threads; see thread_clock.h.
#include "os/thread_clock.h"

#include <pthread.h>

namespace ashlar::os {

std::optional<ThreadClock> ThreadClock::current() {
  clockid_t id{};
  if (::pthread_getcpuclockid(::pthread_self(), &id) != 0) return std::nullopt;
  return ThreadClock(id);
}

uint64_t ThreadClock::now() const {
  timespec at{};
  if (::clock_gettime(id_, &at) != 0) return 0;
  constexpr uint64_t kSecond = 1'000'000'000;
  return static_cast<uint64_t>(at.tv_sec) * kSecond + static_cast<uint64_t>(at.tv_nsec);
}

}  // namespace ashlar::os
