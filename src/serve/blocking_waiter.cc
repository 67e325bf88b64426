// See blocking_waiter.h.
#include "serve/blocking_waiter.h"

#include <chrono>

namespace ashlar::serve {

Status BlockingWaiter::wait(std::span<os::WaitItem> items, std::optional<uint64_t> deadline) {
  // Whoever interrupts the program is looked for that often.
  constexpr std::chrono::milliseconds kSlice{10};
  watch_.arm(items, deadline);
  loop_.restart();
  const auto until = std::chrono::steady_clock::now() + kSlice;
  while (!woken_ && loop_.run_one_until(until) != 0) {
  }
  woken_ = false;
  watch_.disarm();
  looked_ = std::chrono::steady_clock::now();
  return {};
}

Status BlockingWaiter::turn(bool now) {
  constexpr std::chrono::milliseconds kTurn{1};
  const auto time = std::chrono::steady_clock::now();
  if (!now && time - looked_ < kTurn) return {};
  loop_.restart();
  loop_.poll();
  looked_ = time;
  return {};
}

}  // namespace ashlar::serve
