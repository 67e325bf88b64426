// Waiting for an event loop: what a program does in place of blocking its thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/error.h"
#include "os/file_wait.h"

namespace ashlar::wasi::host {

/// Of the program's thread, and of its event loop.
class Waiter {
 public:
  virtual ~Waiter() = default;
  /// Back when one of the handles may be ready, at the deadline (on the monotonic clock), or after wake(); earlier,
  /// too: who waits looks again. Errors: Trap when the program is to end.
  virtual Status wait(std::span<os::WaitItem> items, std::optional<uint64_t> deadline) = 0;
  /// For programs that look again and again and never wait: the loop goes on for a moment, `now` or when it has not for
  /// too long. Errors: those.
  virtual Status turn(bool now) = 0;
  /// Something that is not a handle has happened.
  virtual void wake() = 0;
};

}  // namespace ashlar::wasi::host
