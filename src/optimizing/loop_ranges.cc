// Proves accesses by the ranges of their addresses, and hands innermost loops that are left to the doubling.
#include "optimizing/loop_ranges.h"

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/IR/Dominators.h>
#include <llvm/Transforms/Utils/LoopUtils.h>

#include "optimizing/loop_access.h"
#include "optimizing/loop_fuel.h"
#include "optimizing/loop_versions.h"

namespace ashlar::optimizing {

namespace {

size_t loop_size(const llvm::Loop& loop) {
  size_t size = 0;
  for (const llvm::BasicBlock* block : loop.blocks()) size += block->size();
  return size;
}

class LoopRanges {
 public:
  LoopRanges(llvm::Function& f, llvm::FunctionAnalysisManager& analyses, MemoryFacts memory)
      : loops_(analyses.getResult<llvm::LoopAnalysis>(f)),
        scalars_(analyses.getResult<llvm::ScalarEvolutionAnalysis>(f)),
        versions_(f, analyses),
        memory_(memory) {}

  bool run() {
    const llvm::SmallVector<llvm::Loop*, 8> nests(loops_.begin(), loops_.end());
    for (llvm::Loop* nest : nests) visit(*nest);
    for (llvm::Loop* loop : left_) gained_ |= versions_.make(*loop);
    return changed_ || gained_;
  }
  /// Whether there are loops now that other passes can do something with.
  bool gained() const { return gained_; }

 private:
  void visit(llvm::Loop& loop);
  bool is_inside(const MemoryAccess& access);

  llvm::LoopInfo& loops_;
  llvm::ScalarEvolution& scalars_;
  LoopVersions versions_;
  const MemoryFacts memory_;
  llvm::SmallVector<llvm::Loop*, 8> left_;
  bool changed_ = false;
  bool gained_ = false;
};

bool LoopRanges::is_inside(const MemoryAccess& access) {
  uint64_t last = 0;
  if (access.index != nullptr) {
    const llvm::APInt most = scalars_.getUnsignedRangeMax(scalars_.getSCEV(access.index));
    if (most.getActiveBits() > 32) return false;
    last = most.getZExtValue();
  }
  return last + access.offset + access.width <= memory_.min_bytes;
}

/// From the outside inwards: a loop in which everything is proved is done as a whole.
void LoopRanges::visit(llvm::Loop& loop) {
  if (llvm::findOptionMDForLoop(&loop, kSlowLoop) != nullptr) return;
  llvm::SmallVector<MemoryAccess, 16> proved;
  bool all = loop.getLoopPreheader() != nullptr;
  for (llvm::BasicBlock* block : loop.blocks()) {
    for (llvm::Instruction& instr : *block) {
      const std::optional<MemoryAccess> access = is_volatile(instr) ? memory_access(instr) : std::nullopt;
      if (access && is_inside(*access)) {
        proved.push_back(*access);
      } else if (may_leave(instr)) {
        all = false;
      }
    }
  }
  for (const MemoryAccess& access : proved) {
    if (access.is_store && !all) continue;
    set_plain(access);
    changed_ = true;
  }
  if (all) {
    if (!proved.empty()) {
      add_barriers(loop);
      gained_ = true;
    }
    return;
  }
  if (loop.isInnermost()) {
    if (loop_size(loop) <= kMostLoopInstructions) left_.push_back(&loop);
    return;
  }
  for (llvm::Loop* inner : loop) visit(*inner);
}

/// Where an exit is that is always taken after a known number of rounds; others (the end of the fuel) may be sooner.
unsigned constant_rounds(const llvm::Loop& loop, llvm::ScalarEvolution& scalars) {
  llvm::SmallVector<llvm::BasicBlock*, 4> exiting;
  loop.getExitingBlocks(exiting);
  unsigned out = 0;
  for (const llvm::BasicBlock* block : exiting) {
    const unsigned rounds = scalars.getSmallConstantTripCount(&loop, block);
    if (rounds != 0 && (out == 0 || rounds < out)) out = rounds;
  }
  return out;
}

}  // namespace

llvm::PreservedAnalyses FindNumericLoopsPass::run(llvm::Function& f, llvm::FunctionAnalysisManager& analyses) {
  const auto has_numeric_access = [](const llvm::BasicBlock& block) {
    return llvm::any_of(block, [](const llvm::Instruction& instr) {
      if (!is_volatile(instr)) return false;
      const llvm::Type* type = llvm::getLoadStoreType(&instr);
      return type->isFPOrFPVectorTy() || type->isVectorTy();
    });
  };
  // The passes take time for all of a function, and large ones are seldom about numbers.
  constexpr unsigned kMostInstructions = 4000;
  if (f.getInstructionCount() > kMostInstructions || llvm::none_of(f, has_numeric_access))
    return llvm::PreservedAnalyses::all();
  for (const llvm::Loop* loop : analyses.getResult<llvm::LoopAnalysis>(f).getLoopsInPreorder()) {
    if (!loop->isInnermost() || loop_size(*loop) > kMostLoopInstructions) continue;
    if (llvm::none_of(loop->blocks(), [&](const llvm::BasicBlock* b) { return has_numeric_access(*b); })) continue;
    f.addFnAttr(kNumericLoopsAttribute);
    if (!f.arg_empty()) hoist_memory_base(f);
    return llvm::PreservedAnalyses::none();
  }
  return llvm::PreservedAnalyses::all();
}

llvm::PreservedAnalyses MarkSmallNestsPass::run(llvm::Function& f, llvm::FunctionAnalysisManager& analyses) {
  constexpr unsigned kMostRounds = 8;
  constexpr size_t kMostInstructions = 800;
  llvm::LoopInfo& loops = analyses.getResult<llvm::LoopAnalysis>(f);
  llvm::ScalarEvolution* scalars = nullptr;
  for (llvm::Loop* loop : loops.getLoopsInPreorder()) {
    if (loop->isInnermost() || llvm::findOptionMDForLoop(loop, kSlowLoop) != nullptr) continue;
    const size_t size = loop_size(*loop);
    if (size > kMostInstructions / 2) continue;
    if (scalars == nullptr) scalars = &analyses.getResult<llvm::ScalarEvolutionAnalysis>(f);
    const unsigned rounds = constant_rounds(*loop, *scalars);
    if (rounds == 0 || rounds > kMostRounds || size * rounds > kMostInstructions) continue;
    llvm::addStringMetadataToLoop(loop, "llvm.loop.unroll.full", 1);
    f.addFnAttr(kSmallNestsAttribute);
  }
  return llvm::PreservedAnalyses::all();
}

MemoryFacts memory_facts(const module::Module& m, bool explicit_bounds) {
  MemoryFacts out;
  if (m.memories.empty() || explicit_bounds) return out;
  const module::MemoryType& type = m.memories[0].type;
  out.usable = !type.limits.is64 && !type.limits.shared && type.page_size_log2 == 16;
  out.min_bytes = type.limits.min << type.page_size_log2;
  return out;
}

llvm::PreservedAnalyses LoopRangesPass::run(llvm::Function& f, llvm::FunctionAnalysisManager& analyses) {
  if (!memory_.usable || f.isDeclaration() || f.arg_empty()) return llvm::PreservedAnalyses::all();
  LoopRanges ranges(f, analyses, memory_);
  if (!ranges.run()) return llvm::PreservedAnalyses::all();
  if (ranges.gained()) f.addFnAttr(kRangedLoopsAttribute);
  return llvm::PreservedAnalyses::none();
}

}  // namespace ashlar::optimizing
