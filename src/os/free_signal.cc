// One look and one change; who calls this does it once.
#include "os/free_signal.h"

namespace ashlar::os {

bool take_free_signal(int signal, void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction old{};
  if (::sigaction(signal, nullptr, &old) != 0) return false;
  if ((old.sa_flags & SA_SIGINFO) != 0 || old.sa_handler != SIG_DFL) return false;
  struct sigaction action{};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigemptyset(&action.sa_mask);
  return ::sigaction(signal, &action, nullptr) == 0;
}

}  // namespace ashlar::os
