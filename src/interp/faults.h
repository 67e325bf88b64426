// Faults of guarded memory accesses: the signal handler that turns them into traps.
#pragma once

namespace ashlar::interp {

/// Installs the handler for SIGSEGV and SIGBUS once; other faults go to the handler that was there before.
void install_fault_handler();

}  // namespace ashlar::interp
