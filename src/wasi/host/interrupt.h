// The hook that lets an embedder end blocking calls, and the waiting that asks it.
#pragma once

#include <functional>

#include "wasi/host/errno.h"

namespace ashlar::wasi::host {

/// How long a blocking call may go without asking the hook.
inline constexpr uint64_t kInterruptSlice = 10'000'000;  // nanoseconds

/// Asked again and again while a call blocks; once the hook has said yes, every blocking call ends with Errno::intr.
class Interrupt {
 public:
  Interrupt() = default;
  explicit Interrupt(std::function<bool()> hook) : hook_(std::move(hook)) {}

  bool armed() const { return static_cast<bool>(hook_); }
  bool requested() {
    if (!fired_ && hook_ && hook_()) fired_ = true;
    return fired_;
  }
  /// True after a call was ended.
  bool fired() const { return fired_; }
  void reset() { fired_ = false; }

 private:
  std::function<bool()> hook_;
  bool fired_ = false;
};

/// Blocks until the handle can be read (or written, or is at its end or in error); intr when interrupted.
HostStatus wait_until_ready(int fd, bool for_writing, Interrupt& interrupt);
/// Whether a read (or write) would not block now.
bool ready_now(int fd, bool for_writing);

}  // namespace ashlar::wasi::host
