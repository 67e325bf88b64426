// The pass pipeline: what turns translated IR into what the code generator gets.
#pragma once

#include <llvm/IR/Module.h>
#include <llvm/Target/TargetMachine.h>

#include "base/error.h"
#include "optimizing/compile.h"
#include "optimizing/loop_ranges.h"

namespace ashlar::optimizing {

/// Optimizes the module in place. Errors: a bad CompileOptions::pass_log.
Status optimize(llvm::Module& ir, llvm::TargetMachine& target, const CompileOptions& options, MemoryFacts memory);

}  // namespace ashlar::optimizing
