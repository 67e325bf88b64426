// Faults as calls: SIGSEGV, SIGBUS and illegal instructions with the registers that running code is judged by.
#pragma once

namespace ashlar::os {

struct Fault {
  int signal;           ///< SIGSEGV, SIGBUS, SIGILL or (aarch64) SIGTRAP
  const void* address;  ///< that was accessed; of memory faults
  const void* pc;
  const void* sp;
  const void* fp;         ///< rbp or x29: the frame pointer where code keeps one
  const void* link;       ///< x30: the return address of functions that have not saved it; x86-64: null
  const void* probe_end;  ///< r11 or x9: where the loop ends with which LLVM probes a large frame
  void* argument0;        ///< first and second argument register of preserve_none functions
  void* argument1;
};

/// Returns true when handled (it may also not return at all); false passes the fault to the previous handler. Runs on
/// the alternate signal stack. Only faults of the thread itself come here, none that somebody sent.
using FaultHandler = bool (*)(const Fault& fault);
void set_fault_handler(FaultHandler handler);

/// Gives the calling thread an alternate signal stack unless it has one.
void ensure_alternate_stack();

}  // namespace ashlar::os
