// Fuel in a register instead of memory.
#pragma once

#include <llvm/IR/PassManager.h>

namespace ashlar::optimizing {

/// Translation loads, lowers and stores the store's fuel at each of its blocks. This pass keeps it in a value, and
/// writes it only before what could show it: calls, returns, traps, accesses of linear memory (which may trap without a
/// branch). After calls it is read again. Runs once, after inlining, so that what was inlined counts as the same
/// function, and before passes that move or widen accesses.
class KeepFuelPass : public llvm::PassInfoMixin<KeepFuelPass> {
 public:
  llvm::PreservedAnalyses run(llvm::Function& f, llvm::FunctionAnalysisManager& analyses);
};

}  // namespace ashlar::optimizing
