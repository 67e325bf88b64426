// Throwing: the search for a landing pad through the frames of an activation.
#include "native/activation.h"
#include "native/arch.h"

namespace ashlar::native {

namespace {

/// The registers of the landing pad that catches what the callee of r.pc throws. False when nothing does.
bool find_landing(Registers& r) {
  for (;;) {
    const auto* pc = reinterpret_cast<const uint8_t*>(r.pc);
    const Image* image = find_image(pc);
    const FrameRow* row = image == nullptr ? nullptr : image->find_frame(pc, true);
    if (row == nullptr) return false;
    if (const void* pad = image->find_pad(*row, pc)) {
      r.pc = reinterpret_cast<uint64_t>(pad);
      return true;
    }
    step_out(*row, r);
  }
}

}  // namespace

/// From throw_exn's entry: `r` is its caller's on entry, the landing pad's on return. Returns the exception.
extern "C" uint64_t ashlar_native_unwind(runtime::GcRef exn, Registers* r) {
  const Site site{reinterpret_cast<const void*>(r->pc), reinterpret_cast<const uint8_t*>(r->sp)};
  if (exn == runtime::kNullRef) raise(runtime::Trap::null_exception_reference, site);
  Activation& a = *t_activation;
  // Alarms must come in compiled code, which a loop that does nothing but throw hardly runs.
  if (a.store->interrupt_flag().load(std::memory_order_relaxed) != 0) raise(runtime::Trap::interrupted, site);
  if (find_landing(*r)) {
    a.error = {};
    return exn;
  }
  a.store->pending_exception = exn;
  a.has_error = !a.error.has_value();  // of the callee that it came from: with its backtrace
  raise(runtime::Trap::uncaught_exception, site);
  __builtin_unreachable();
}

}  // namespace ashlar::native
