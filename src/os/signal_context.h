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

}  // namespace ashlar::os
