// LoopVersions: doubles a loop; the first copy is for the case that one check in front of it says is safe.
#pragma once

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/TargetTransformInfo.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/PassManager.h>

#include "optimizing/loop_access.h"

namespace ashlar::optimizing {

/// Loops larger than this are left alone: what a check saves is little of what they do.
inline constexpr size_t kMostLoopInstructions = 300;

/// Whether something could end the function's run at this instruction, or see memory there: a volatile access of linear
/// memory, a call that is not known to be harmless.
bool may_leave(const llvm::Instruction& instr);

/// Nothing that touches memory moves across the entry or the exits of the loop, which has a preheader. What is said of
/// aliases in it need only be true of one run of the loop, too. No instructions come of it.
void add_barriers(llvm::Loop& loop);

/// How often a latch is taken: `taken`, if `remainder`, where there is one, is 0.
struct RoundCount {
  const llvm::SCEV* taken = nullptr;
  const llvm::SCEV* remainder = nullptr;
};

/// Of an exit when A + k * step is equal to an invariant, step a power of two: LLVM gives no count unless it can see
/// that the distance is a multiple, which a check can look at. No `taken` where it is none such.
RoundCount rounds_until_equal(llvm::Loop& loop, llvm::ScalarEvolution& scalars, llvm::BasicBlock* exiting);

/// The loop becomes the one for when the condition, known before it, holds; its copy stays as it was and is returned.
llvm::Loop* double_loop(llvm::Loop& loop, llvm::LoopInfo& loops, llvm::DominatorTree& tree,
                        llvm::ScalarEvolution& scalars, llvm::Value* condition);

class LoopVersions {
 public:
  LoopVersions(llvm::Function& f, llvm::FunctionAnalysisManager& analyses)
      : f_(f),
        loops_(analyses.getResult<llvm::LoopAnalysis>(f)),
        tree_(analyses.getResult<llvm::DominatorTreeAnalysis>(f)),
        scalars_(analyses.getResult<llvm::ScalarEvolutionAnalysis>(f)),
        wide_(analyses.getResult<llvm::TargetIRAnalysis>(f)
                  .getRegisterBitWidth(llvm::TargetTransformInfo::RGK_FixedWidthVector)
                  .getFixedValue() > 128) {}

  /// Doubles an innermost loop in simple form if its addresses run in steps. Keeps loops and dominators up to date.
  bool make(llvm::Loop& loop);

 private:
  llvm::Function& f_;
  llvm::LoopInfo& loops_;
  llvm::DominatorTree& tree_;
  llvm::ScalarEvolution& scalars_;
  const bool wide_;  ///< there are vectors of more than 128 bits
};

}  // namespace ashlar::optimizing
