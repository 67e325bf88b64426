// The handler of SIGUSR2, which is free for programs to use.
#include "os/user_signal.h"

#include <atomic>
#include <csignal>

#include "os/free_signal.h"

namespace ashlar::os {

namespace {

constexpr int kSignal = SIGUSR2;

std::atomic<UserSignalHandler> g_handler{nullptr};

void on_signal(int, siginfo_t*, void*) {
  if (const UserSignalHandler handler = g_handler.load(std::memory_order_relaxed)) handler();
}

/// Takes the signal for this process, once.
bool install() {
  static const bool done = take_free_signal(kSignal, &on_signal);
  return done;
}

}  // namespace

bool set_user_signal_handler(UserSignalHandler handler) {
  g_handler.store(handler, std::memory_order_relaxed);
  return install();
}

}  // namespace ashlar::os
