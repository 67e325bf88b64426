// Fault signals: installation, chaining to earlier handlers, alternate stacks.
#include "os/fault.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iterator>

#include <sys/mman.h>
#include <ucontext.h>

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

Fault read_fault(int signal, const siginfo_t* info, const ucontext_t* context) {
  Fault f{};
  f.signal = signal;
  f.address = info->si_addr;
#if defined(__x86_64__)
  const auto& regs = context->uc_mcontext.gregs;
  f.pc = reinterpret_cast<void*>(regs[REG_RIP]);
  f.sp = reinterpret_cast<void*>(regs[REG_RSP]);
  f.fp = reinterpret_cast<void*>(regs[REG_RBP]);
  f.probe_end = reinterpret_cast<void*>(regs[REG_R11]);
  f.argument0 = reinterpret_cast<void*>(regs[REG_R12]);
  f.argument1 = reinterpret_cast<void*>(regs[REG_R13]);
#elif defined(__aarch64__)
  f.pc = reinterpret_cast<void*>(context->uc_mcontext.pc);
  f.sp = reinterpret_cast<void*>(context->uc_mcontext.sp);
  f.fp = reinterpret_cast<void*>(context->uc_mcontext.regs[29]);
  f.link = reinterpret_cast<void*>(context->uc_mcontext.regs[30]);
  f.probe_end = reinterpret_cast<void*>(context->uc_mcontext.regs[9]);
  f.argument0 = reinterpret_cast<void*>(context->uc_mcontext.regs[20]);
  f.argument1 = reinterpret_cast<void*>(context->uc_mcontext.regs[21]);
#endif
  return f;
}

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

void on_signal(int signal, siginfo_t* info, void* context) {
  // A code above zero: the kernel's own, not a signal that another thread or process sent.
  if (g_handler != nullptr && info->si_code > 0) {
    Fault f = read_fault(signal, info, static_cast<const ucontext_t*>(context));
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
