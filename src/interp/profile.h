// Profile of executed step sequences (built with ASHLAR_PROFILE only): the raw material of fused.def.
#pragma once

#include "interp/module_code.h"

namespace ashlar::interp::profile {

/// Counts one execution of the instruction at ip.
void count(const Code* ip);

/// Appends to the file named by ASHLAR_PROFILE_OUT, a line a straight run of steps: executions, then the steps.
void dump(ModuleCode& code, const FuncCode& f);

}  // namespace ashlar::interp::profile
