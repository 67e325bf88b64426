// Throwing: the search for a landing pad through the frames of an activation.
#include "native/activation.h"
#include "native/arch.h"
#include "native/image_registry.h"

namespace ashlar::native {

namespace {

/// The registers of the landing pad that catches what the callee of r.pc throws. False when nothing does.
bool find_landing(UnwindCache& cache, Registers& r) {
  const uint64_t gone = images_gone();
  for (;;) {
    const UnwindStep step = cache.at(reinterpret_cast<const void*>(r.pc), gone);
    if (step.row == nullptr) return false;
    if (step.pad != nullptr) {
      r.pc = reinterpret_cast<uint64_t>(step.pad);
      return true;
    }
    step_out(*step.row, r);
  }
}

// Traps of a throw at the address and stack pointer of `throw_exn`'s caller. Scalars: as a pair, the compiler reads
// both at once, and waits for the entry's two stores to reach the cache.
[[gnu::cold, gnu::noinline]] void trap(runtime::Trap trap, uint64_t pc, uint64_t sp) {
  raise(trap, {reinterpret_cast<const void*>(pc), reinterpret_cast<const uint8_t*>(sp)});
}

}  // namespace

/// From throw_exn's entry: `r` is its caller's on entry, the landing pad's on return. Returns the exception.
extern "C" uint64_t ashlar_native_unwind(runtime::GcRef exn, Registers* r) {
  const uint64_t pc = r->pc;
  const uint64_t sp = r->sp;
  Activation& a = *t_activation;
  if (exn == runtime::kNullRef) [[unlikely]]
    trap(runtime::Trap::null_exception_reference, pc, sp);
  // Alarms must come in compiled code, which a loop that does nothing but throw hardly runs.
  if (a.store->interrupt_flag().load(std::memory_order_relaxed) != 0) [[unlikely]]
    trap(runtime::Trap::interrupted, pc, sp);
  if (find_landing(a.state->unwind_cache, *r)) [[likely]] {
    a.state->error = {};
    a.store->left_frames.clear();
    return exn;
  }
  a.store->pending_exception = exn;
  a.has_error = !a.state->error.has_value();  // of the callee that it came from: with its backtrace
  trap(runtime::Trap::uncaught_exception, pc, sp);
  __builtin_unreachable();
}

}  // namespace ashlar::native
