// Threads that no signal is handled on: signals are for those that wait for them.
#pragma once

#include <pthread.h>
#include <csignal>

#include <thread>
#include <utility>

namespace ashlar::os {

/// Blocks all signals of this thread while it lives.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

/// Throws as std::thread does.
template <class F>
std::thread quiet_thread(F f) {
  const SignalsBlocked blocked;
  return std::thread(std::move(f));
}

}  // namespace ashlar::os
