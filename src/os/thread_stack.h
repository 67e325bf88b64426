// The calling thread's own stack.
#pragma once

namespace ashlar::os {

/// The first address above the calling thread's stack; null where the system does not tell.
const void* thread_stack_end();

}  // namespace ashlar::os
