// Fault signals: installation, chaining to earlier handlers, alternate stacks.
#include "os/fault.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iterator>

#include <sys/mman.h>

#include "os/signal_context.h"

namespace ashlar::os {

namespace {

FaultHandler g_handler = nullptr;

constexpr int kSignals[] = {
    SIGSEGV,
    SIGBUS,
    SIGILL,
#if defined(__aarch64__)
    SIGTRAP,  // brk
#endif
};
struct sigaction g_old[std::size(kSignals)];

void pass_on(int signal, siginfo_t* info, void* context) {
  const auto* at = std::find(std::begin(kSignals), std::end(kSignals), signal);
  const struct sigaction& old = g_old[at - std::begin(kSignals)];
  if ((old.sa_flags & SA_SIGINFO) != 0 && old.sa_sigaction != nullptr) {
    old.sa_sigaction(signal, info, context);
    return;
  }
  if (old.sa_handler == SIG_IGN) return;
  if (old.sa_handler != SIG_DFL) {
    old.sa_handler(signal);
    return;
  }
  // Returning repeats what faulted, now with the default action.
  ::signal(signal, SIG_DFL);
  if (info->si_code <= 0) ::raise(signal);
}

/// The thread sanitizer calls handlers with all signals blocked, whatever their flags, and blocks them until the
/// handler returns: ours may never do so.
void unblock([[maybe_unused]] const void* context) {
#if __has_feature(thread_sanitizer)
  ::pthread_sigmask(SIG_SETMASK, &static_cast<const ucontext_t*>(context)->uc_sigmask, nullptr);
#endif
}

void on_signal(int signal, siginfo_t* info, void* context) {
  unblock(context);
  // A code above zero: the kernel's own, not a signal that another thread or process sent.
  if (g_handler != nullptr && info->si_code > 0) {
    Fault f = read_registers(signal, static_cast<const ucontext_t*>(context));
    f.address = info->si_addr;
    if (g_handler(f)) return;
  }
  pass_on(signal, info, context);
}

/// Owns a thread's alternate stack.
struct AlternateStack {
  static constexpr size_t kSize = 64 * 1024;
  void* memory = nullptr;
  ~AlternateStack() {
    if (memory == nullptr) return;
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    ::sigaltstack(&none, nullptr);
    ::munmap(memory, kSize);
  }
};
thread_local AlternateStack t_stack;

}  // namespace

void set_fault_handler(FaultHandler handler) {
  g_handler = handler;
  struct sigaction action{};
  action.sa_sigaction = &on_signal;
  // NODEFER: the handler may leave by a jump, which would keep the signal blocked.
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < std::size(kSignals); ++i) ::sigaction(kSignals[i], &action, &g_old[i]);
}

void ensure_alternate_stack() {
  if (t_stack.memory != nullptr) return;
  stack_t current{};
  if (::sigaltstack(nullptr, &current) == 0 && (current.ss_flags & SS_DISABLE) == 0) return;
  void* memory = ::mmap(nullptr, AlternateStack::kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  stack_t stack{};
  stack.ss_sp = memory;
  stack.ss_size = AlternateStack::kSize;
  ::sigaltstack(&stack, nullptr);
  t_stack.memory = memory;
}

}  // namespace ashlar::os
