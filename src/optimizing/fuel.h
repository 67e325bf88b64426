// Fuel in a register instead of memory.
#pragma once

#include <llvm/IR/Instruction.h>
#include <llvm/IR/PassManager.h>

namespace ashlar::optimizing {

/// Translation notes what its blocks take (stores of the amount), where the fuel is compared (loads), and where memory
/// is brought up to date: in each round of a loop, before calls, returns and throws ("commits"). This pass keeps the
/// fuel in a value less a known offset (FuelOffsets), and stores it at those commits that somebody may see: a call, a
/// return, or a trap before the next one. After calls it is read again, but for functions that get it in a register and
/// give it back in one (Unit::passes_fuel): memory is written for traps, and nobody waits for it. Runs once, after
/// inlining, so that what was inlined counts as the same function, and before passes that move or widen accesses.
class KeepFuelPass : public llvm::PassInfoMixin<KeepFuelPass> {
 public:
  llvm::PreservedAnalyses run(llvm::Function& f, llvm::FunctionAnalysisManager& analyses);
};

/// Whether an instruction stores the fuel where it may be seen.
bool is_fuel_commit(const llvm::Instruction& i);
/// Whether somebody may look at the fuel in memory when this runs. There it is what it was when it was committed the
/// last time.
bool shows_fuel(const llvm::Instruction& i);

}  // namespace ashlar::optimizing
