// Memory faults as calls: SIGSEGV and SIGBUS with the registers an interpreter needs.
#pragma once

namespace ashlar::os {

struct Fault {
  const void* address;  ///< that was accessed
  const void* pc;
  void* argument0;  ///< first and second argument register of preserve_none functions
  void* argument1;
};

/// Returns true when handled (it may also not return at all); false passes the fault to the previous handler. Runs on
/// the alternate signal stack.
using FaultHandler = bool (*)(const Fault& fault);
void set_fault_handler(FaultHandler handler);

/// Gives the calling thread an alternate signal stack unless it has one.
void ensure_alternate_stack();

}  // namespace ashlar::os
