// Stores to structs and arrays beside accesses to linear memory.
#pragma once

#include <llvm/IR/PassManager.h>

namespace ashlar::optimizing {

/// Makes stores to fields and elements volatile in functions that access linear memory. An access that is outside traps
/// without a branch that passes could see: what was stored before must be there after it, so that no pass may delay a
/// store beyond it, or leave it out for a later one. Runs before passes that would. Other traps are branches.
class PinGcStoresPass : public llvm::PassInfoMixin<PinGcStoresPass> {
 public:
  llvm::PreservedAnalyses run(llvm::Function& f, llvm::FunctionAnalysisManager& analyses);
};

}  // namespace ashlar::optimizing
