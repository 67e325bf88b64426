// AArch64: the entries exist so that everything links; kSupported keeps them from being reached.
#if defined(__aarch64__)

#include "native/arch.h"

namespace ashlar::native {

const bool kSupported = false;

extern "C" uint64_t ashlar_native_enter(Transfer*, void**) { check_failed("native::kSupported", __FILE__, __LINE__); }
extern "C" void ashlar_native_leave(void*) { check_failed("native::kSupported", __FILE__, __LINE__); }

Site caller_of(const FrameRow&, const Site&) { return {}; }
void step_out(const FrameRow&, Registers&) {}
Site caller_at_fault(const Image&, const FrameRow&, const os::Fault&) { return {}; }
runtime::Trap decode_trap(const os::Fault&, const Image&) { return runtime::Trap::none; }
const void* exhausted_pc() { return nullptr; }
const void* bridge() { return nullptr; }
const void* const* libcall_table() { return nullptr; }

}  // namespace ashlar::native

#endif
