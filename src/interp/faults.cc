// The fault handler: a fault in guest memory ends the innermost activation with a trap.
#include "interp/faults.h"

#include <csignal>
#include <mutex>

#include "interp/activation.h"
#include "native/enter.h"
#include "os/fault.h"
#include "runtime/memory.h"

namespace ashlar::interp {

namespace {

/// Runs on the alternate stack, async-signal-safe. Compiled code's faults come first; ours are faults of a thread that
/// runs guest code, at an address inside the reservation of a memory: the host itself never touches guest memory
/// without a check.
bool on_fault(const os::Fault& fault) {
  if (native::on_fault(fault)) return true;
  Activation* a = t_activation;
  if (fault.signal != SIGSEGV && fault.signal != SIGBUS) return false;
  if (a == nullptr || !runtime::is_memory_fault_address(fault.address)) return false;
  a->trap = runtime::Trap::out_of_bounds_memory_access;
#if ASHLAR_DISPATCH_LOOP
  a->trap_ip = a->regs->ip;
  a->trap_fp = a->regs->fp;
#else
  a->trap_ip = static_cast<const Code*>(fault.argument0);
  a->trap_fp = static_cast<Slot*>(fault.argument1);
  a->trap_by_fault = true;
#endif
  os::jump_to(a->jump);
}

}  // namespace

void install_fault_handler() {
  static std::once_flag once;
  std::call_once(once, [] { os::set_fault_handler(&on_fault); });
  os::ensure_alternate_stack();
}

}  // namespace ashlar::interp
