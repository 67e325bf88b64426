// The addresses of what the processors' stubs define in assembly.
#include "native/arch.h"

namespace ashlar::native {

extern "C" void ashlar_native_exhausted();
extern "C" void ashlar_native_bridge();
extern "C" void ashlar_native_host();
#define LIBCALL(number, id, signature) extern "C" void ashlar_native_entry_##id();
#define LIBCALL_KEEPING LIBCALL
#include "runtime/libcalls.def"
#undef LIBCALL_KEEPING
#undef LIBCALL

namespace {
template <class F>
const void* address_of(F* f) {
  return reinterpret_cast<const void*>(f);
}
}  // namespace

const void* exhausted_pc() { return address_of(&ashlar_native_exhausted); }
const void* bridge() { return address_of(&ashlar_native_bridge); }
const void* host_stub() { return address_of(&ashlar_native_host); }

const void* const* libcall_table() {
  static const void* const table[] = {
#define LIBCALL(number, id, signature) address_of(&ashlar_native_entry_##id),
#define LIBCALL_KEEPING LIBCALL
#include "runtime/libcalls.def"
#undef LIBCALL_KEEPING
#undef LIBCALL
  };
  return table;
}

}  // namespace ashlar::native
