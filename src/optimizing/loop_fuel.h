// Loops that need not count: one check of the fuel in front of those whose cost is bounded.
#pragma once

#include <llvm/IR/PassManager.h>

namespace ashlar::optimizing {

/// Doubles loops, with the loops inside, that take at most a known amount of fuel a round: where there is enough for
/// all rounds, the copy that is taken does not look for the end of it. What each round takes is still subtracted, and
/// taken from the store's where it was, so that every trap leaves the same. Needs simplified loops in LCSSA form, and
/// runs behind KeepFuelPass.
class FuelChecksPass : public llvm::PassInfoMixin<FuelChecksPass> {
 public:
  llvm::PreservedAnalyses run(llvm::Function& f, llvm::FunctionAnalysisManager& analyses);
};

/// In loops in which nothing can trap, nobody sees the store's fuel: it is written behind them.
class SinkFuelPass : public llvm::PassInfoMixin<SinkFuelPass> {
 public:
  llvm::PreservedAnalyses run(llvm::Function& f, llvm::FunctionAnalysisManager& analyses);
};

/// On loops for the case that a check failed: their speed is of no interest.
inline constexpr char kSlowLoop[] = "ashlar.slow";

}  // namespace ashlar::optimizing
