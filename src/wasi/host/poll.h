// Waiting for several things at once: clocks and descriptors.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "os/clock.h"
#include "wasi/host/fd_table.h"
#include "wasi/host/interrupt.h"

namespace ashlar::wasi::host {

inline constexpr uint32_t kMaxSubscriptions = 1 << 16;

struct Subscription {
  enum class Kind : uint8_t { Clock, Read, Write } kind = Kind::Clock;
  uint64_t userdata = 0;
  uint32_t fd = 0;                         ///< Read, Write
  os::Clock clock = os::Clock::Monotonic;  ///< Clock
  uint64_t timeout = 0;                    ///< nanoseconds from now, or on the clock
  bool absolute = false;
  Errno error = Errno::success;  ///< reported at once when set: a subscription that could not be understood
};

struct Event {
  uint64_t userdata = 0;
  Errno error = Errno::success;
  Subscription::Kind kind = Subscription::Kind::Clock;
  uint64_t bytes = 0;  ///< readable now, where that is known
  bool hangup = false;
};

/// Waits until one subscription at least has happened, and appends one event for each that has, in their order. Wrong
/// subscriptions are events with an error. inval for none or too many.
HostStatus poll(FdTable& table, std::span<const Subscription> subscriptions, std::vector<Event>& events,
                Interrupt& interrupt);

}  // namespace ashlar::wasi::host
