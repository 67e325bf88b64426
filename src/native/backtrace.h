// From recorded code addresses to the frames of a backtrace.
#pragma once

#include "native/stack.h"
#include "runtime/backtrace.h"

namespace ashlar::native {

/// Inlined calls are frames of their own. Images that were never attached have none.
runtime::Backtrace backtrace_of(const Trace& trace);

/// The same for later. The trace is of an exception: all its addresses are returns of calls.
void leave_frames(const Trace& trace, runtime::LeftFrames& out);

}  // namespace ashlar::native
