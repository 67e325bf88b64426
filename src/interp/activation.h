// Activation: one run of the interpreter between a host call into the guest and its return.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "interp/state.h"
#include "os/jump.h"
#include "runtime/backtrace.h"
#include "runtime/store.h"
#include "runtime/traps.h"

namespace ashlar::interp {

/// A call that changed the instance: what to restore when it returns.
struct CrossFrame {
  InstanceContext* ctx;
  const Code* return_ip;
  Slot* fp;  ///< the callee's frame
};

struct Activation {
  runtime::Store* store = nullptr;
  Activation* previous = nullptr;  ///< of this thread
  InstanceContext* ctx = nullptr;  ///< at entry
  std::vector<CrossFrame> cross;
  // Filled when the run ends by a trap.
  runtime::Trap trap = runtime::Trap::none;
  const Code* trap_ip = nullptr;
  Slot* trap_fp = nullptr;
  bool trap_by_fault = false;  ///< trap_ip and trap_fp are what two registers held at a fault
  int64_t pending_fuel = 0;    ///< of blocks since fuel was taken from the store's
  bool has_error = false;
  /// A callee's error (with has_error), or that of an exception which came out of a callee and is still under way.
  Status error;
  const Code* outside_ip = nullptr;  ///< the call of machine code that is under way; for samples
  Regs* regs = nullptr;              ///< loop dispatch only
  os::Jump jump;                     ///< back to the entry
};

/// The innermost activation of this thread.
extern thread_local Activation* t_activation;

inline Activation& activation_of(const Regs& s) { return *static_cast<Activation*>(s.ctx->store->activation); }

/// What the blocks that ran since the last time took.
inline void take_pending_fuel(const Regs& s) { s.ctx->store->fuel -= std::exchange(activation_of(s).pending_fuel, 0); }

/// Return addresses with a meaning of their own; each has a zero frame delta in the word before it.
const Code* exit_code();     ///< leaves the interpreter
const Code* restore_code();  ///< pops a CrossFrame
const Code* host_code();     ///< FuncCell::code of host functions

/// Zero-extends the i32 values and GC references among slots that came from the host.
void narrow(const runtime::Store& store, const std::vector<isa::ValType>& types, Slot* slots);

/// One frame of the guest stack, innermost first.
struct Frame {
  const Code* ip;  ///< of the trapping instruction, or the return address
  Slot* fp;
  const struct FuncCode* func;
  class ModuleCode* module;
  InstanceContext* ctx;
};

/// The backtrace of a trap at (ip, fp).
runtime::Backtrace backtrace(Activation& a, const Code* ip, Slot* fp);
/// The same frames for later, of an exception that was thrown there and that nothing in this activation catches.
void leave_frames(Activation& a, const Code* ip, Slot* fp);

/// Where to continue after a throw.
struct Landing {
  const Code* ip = nullptr;
  Slot* fp = nullptr;
  InstanceContext* ctx = nullptr;
};
/// Finds the handler of exception `exn` thrown at (ip, fp, ctx), writes its payload; ip stays null when nothing in this
/// activation catches it.
Landing unwind(Activation& a, const Code* ip, Slot* fp, InstanceContext* ctx, runtime::GcRef exn);

}  // namespace ashlar::interp
