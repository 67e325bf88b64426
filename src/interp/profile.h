// Profile of executed step sequences (built with ASHLAR_PROFILE only): the raw material of fused.def.
#pragma once

#include "interp/module_code.h"

namespace ashlar::interp::profile {

/// Counts one execution of the instruction at ip.
void count(const Code* ip);

/// A module whose code is written down when it ends, or with the process: add when it begins, finish when it ends.
/// Each appends to the file named by ASHLAR_PROFILE_OUT, a line a straight run of steps: executions, then the steps.
void add(ModuleCode& code);
void finish(ModuleCode& code);

}  // namespace ashlar::interp::profile
