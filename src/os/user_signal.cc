// The handler of SIGUSR2, which is free for programs to use.
#include "os/user_signal.h"

#include <atomic>
#include <csignal>

namespace ashlar::os {

namespace {

constexpr int kSignal = SIGUSR2;

std::atomic<UserSignalHandler> g_handler{nullptr};

void on_signal(int) {
  if (const UserSignalHandler handler = g_handler.load(std::memory_order_relaxed)) handler();
}

/// Takes the signal for this process, once.
bool install() {
  static const bool done = [] {
    struct sigaction old{};
    if (::sigaction(kSignal, nullptr, &old) != 0) return false;
    if ((old.sa_flags & SA_SIGINFO) != 0 || old.sa_handler != SIG_DFL) return false;
    struct sigaction action{};
    action.sa_handler = &on_signal;
    action.sa_flags = SA_ONSTACK | SA_RESTART;
    sigemptyset(&action.sa_mask);
    return ::sigaction(kSignal, &action, nullptr) == 0;
  }();
  return done;
}

}  // namespace

bool set_user_signal_handler(UserSignalHandler handler) {
  g_handler.store(handler, std::memory_order_relaxed);
  return install();
}

}  // namespace ashlar::os
