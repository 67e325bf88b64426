// Loops whose accesses of linear memory are all inside it: proved by their ranges, or by one check before the loop.
#pragma once

#include <llvm/IR/PassManager.h>

#include <cstdint>

#include "module/module.h"

namespace ashlar::optimizing {

/// What may be known of memory 0 before anything runs.
struct MemoryFacts {
  bool usable = false;     ///< guarded and not shared: accesses are plain loads and stores at base + index
  uint64_t min_bytes = 0;  ///< memories never shrink
};

MemoryFacts memory_facts(const module::Module& m, bool explicit_bounds);

/// Makes volatile accesses plain where it can be seen that they never trap. A loop whose addresses run in steps is
/// doubled: the copy that is taken when one check says that all addresses are inside the memory (and that what it
/// writes is apart from what it reads elsewhere) has plain accesses with 64-bit indices.
///
/// Exactness: a plain load may move or go away, as it cannot trap. Stores become plain only in loops in which nothing
/// can trap, and barriers at its entry and at each exit keep them inside.
class LoopRangesPass : public llvm::PassInfoMixin<LoopRangesPass> {
 public:
  explicit LoopRangesPass(MemoryFacts memory) : memory_(memory) {}
  llvm::PreservedAnalyses run(llvm::Function& f, llvm::FunctionAnalysisManager& analyses);

 private:
  MemoryFacts memory_;
};

/// Marks functions with small innermost loops over floating-point numbers or vectors, and has them load the memory's
/// base once. Only there the time that the passes below take is well spent: other loops were made as good by the
/// guest's compiler as they get.
class FindNumericLoopsPass : public llvm::PassInfoMixin<FindNumericLoopsPass> {
 public:
  llvm::PreservedAnalyses run(llvm::Function& f, llvm::FunctionAnalysisManager& analyses);
};

/// Marks loops around loops for unrolling where they have few rounds, known ones, and little code: their inner loops'
/// counts become constants, and with them the addresses.
class MarkSmallNestsPass : public llvm::PassInfoMixin<MarkSmallNestsPass> {
 public:
  llvm::PreservedAnalyses run(llvm::Function& f, llvm::FunctionAnalysisManager& analyses);
};

/// Set on functions that these passes found something in: others are worth their time there.
inline constexpr char kNumericLoopsAttribute[] = "ashlar-numeric-loops";
inline constexpr char kSmallNestsAttribute[] = "ashlar-small-nests";
inline constexpr char kRangedLoopsAttribute[] = "ashlar-ranged-loops";

}  // namespace ashlar::optimizing
