// How long a thread has had a processor.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>

namespace ashlar::os {

/// Of one thread, readable from others while that one is alive.
class ThreadClock {
 public:
  /// The calling thread's. Nothing where the system has none.
  static std::optional<ThreadClock> current();
  /// Nanoseconds; 0 when it can't be read.
  uint64_t now() const;

 private:
  explicit ThreadClock(clockid_t id) : id_(id) {}
  clockid_t id_;
};

}  // namespace ashlar::os
