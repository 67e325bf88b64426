// Runs a program from a command line.
#pragma once

#include "cli/args.h"

namespace ashlar::cli {

/// For commands with the flags of run_plan.h. Returns the exit code.
int run_program(const Args& args);

}  // namespace ashlar::cli
