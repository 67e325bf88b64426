// What a signal's context says of the code that it interrupted; private to os.
#pragma once

#include <csignal>

#include <ucontext.h>

#include "os/fault.h"

namespace ashlar::os {

/// The registers. `address` is left to handlers of faults.
inline Fault read_registers(int signal, const ucontext_t* context) {
  Fault f{};
  f.signal = signal;
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

/// Where the handler returns to calls `function` first, which returns to the instruction that was interrupted. The
/// return address lies `gap` bytes and its own size below the stack pointer.
#if defined(__x86_64__)
[[gnu::no_sanitize("address")]] inline void insert_call(ucontext_t& context, const void* function, uint64_t gap) {
  auto& regs = context.uc_mcontext.gregs;
  auto* const top = reinterpret_cast<uint64_t*>(static_cast<uint64_t>(regs[REG_RSP]) - gap) - 1;
  *top = static_cast<uint64_t>(regs[REG_RIP]);
  regs[REG_RSP] = reinterpret_cast<greg_t>(top);
  regs[REG_RIP] = reinterpret_cast<greg_t>(function);
}
#else
inline void insert_call(ucontext_t&, const void*, uint64_t) {}
#endif

}  // namespace ashlar::os
