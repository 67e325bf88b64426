// AArch64: compiled code gives no turns. A call between any two instructions could not return with all registers as
// they were: the branch back needs one.
#if defined(__aarch64__)

#include "native/turn.h"

namespace ashlar::native {

struct TurnFrame {};

const void* turn_stub() { return nullptr; }
os::Fault registers_of(const TurnFrame&) { return {}; }

}  // namespace ashlar::native

#endif
