// How a call that blocks waits: in slices, asking a hook that ends it, or at a waiter of the embedder's.
#pragma once

#include <functional>
#include <optional>
#include <span>

#include "wasi/host/errno.h"
#include "wasi/host/waiter.h"

namespace ashlar::wasi::host {

/// How long a blocking call may go without asking the hook.
inline constexpr uint64_t kInterruptSlice = 10'000'000;  // nanoseconds

/// Asked again and again while a call blocks; once the hook has said yes, every blocking call ends with Errno::intr.
class Interrupt {
 public:
  Interrupt() = default;
  /// `waiter`: waits in place of the thread; null: calls block it.
  explicit Interrupt(std::function<bool()> hook, Waiter* waiter = nullptr) : hook_(std::move(hook)), waiter_(waiter) {}

  /// Whether calls must not block in the kernel.
  bool armed() const { return hook_ || waiter_ != nullptr; }
  Waiter* waiter() const { return waiter_; }
  bool requested() {
    if (!fired_ && hook_ && hook_()) fired_ = true;
    return fired_;
  }
  /// True after a call was ended.
  bool fired() const { return fired_; }
  void reset() { fired_ = false; }
  /// Something has ended the program: the error of the call.
  std::unexpected<Errno> fire() {
    fired_ = true;
    return fail(Errno::intr);
  }
  /// With a waiter: waits there. intr when the program is to end.
  HostStatus wait(std::span<os::WaitItem> items, std::optional<uint64_t> deadline);
  /// For who has found what it looked for at once, and may do so again and again: others have their turn.
  HostStatus turn();

 private:
  std::function<bool()> hook_;
  Waiter* waiter_ = nullptr;
  bool fired_ = false;
};

/// Blocks until the handle can be read (or written, or is at its end or in error); intr when interrupted.
HostStatus wait_until_ready(int fd, bool for_writing, Interrupt& interrupt);
/// Whether a read (or write) would not block now.
bool ready_now(int fd, bool for_writing);

}  // namespace ashlar::wasi::host
