// Where stacks end.
#pragma once

namespace ashlar::os {

/// The first address above the stack that `sp` points into: the calling thread's own, or another that runs on it (a
/// fiber's), which is taken to be a mapping of its own. Null where the system does not tell.
const void* stack_end(const void* sp);

}  // namespace ashlar::os
