// Which values are the fuel, what a round takes at most, and the doubling; sinking of stores.
#include "optimizing/loop_fuel.h"

#include <llvm/ADT/SmallSet.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/ScalarEvolutionExpressions.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/ValueHandle.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/LoopUtils.h>
#include <llvm/Transforms/Utils/ScalarEvolutionExpander.h>

#include "optimizing/fuel.h"
#include "optimizing/loop_versions.h"
#include "runtime/traps.h"

namespace ashlar::optimizing {

namespace {

using llvm::BasicBlock;
using llvm::Instruction;
using llvm::SCEV;
using llvm::Value;

constexpr size_t kMostDoubled = 1200;  ///< instructions
constexpr uint64_t kMostRounds = uint64_t{1} << 31;
constexpr uint64_t kMostInnerRounds = 4096;
constexpr uint64_t kMostCost = uint64_t{1} << 30;  ///< of a round; times rounds it is far from overflow

bool is_out_of_fuel(const BasicBlock* block) {
  for (int i = 0; i < 4 && block != nullptr; ++i, block = block->getSingleSuccessor()) {
    if (!llvm::isa<llvm::UnreachableInst>(block->getTerminator())) continue;
    for (const Instruction& instr : *block) {
      const auto* trap = llvm::dyn_cast<llvm::IntrinsicInst>(&instr);
      if (trap == nullptr || trap->getIntrinsicID() != llvm::Intrinsic::ubsantrap) continue;
      return llvm::cast<llvm::ConstantInt>(trap->getArgOperand(0))
          ->equalsInt(static_cast<uint64_t>(runtime::Trap::out_of_fuel));
    }
    return false;
  }
  return false;
}

/// The value that is compared with 0 where `block` ends, if that goes on to the trap when it is negative.
Value* checked_fuel(const BasicBlock* block) {
  auto* branch = llvm::dyn_cast<llvm::BranchInst>(block->getTerminator());
  if (branch == nullptr || !branch->isConditional()) return nullptr;
  auto* compare = llvm::dyn_cast<llvm::ICmpInst>(branch->getCondition());
  if (compare == nullptr) return nullptr;
  auto* with = llvm::dyn_cast<llvm::ConstantInt>(compare->getOperand(1));
  if (with == nullptr) return nullptr;
  const bool when_true = compare->getPredicate() == llvm::CmpInst::ICMP_SLT && with->isZero();
  const bool when_false = compare->getPredicate() == llvm::CmpInst::ICMP_SGT && with->isMinusOne();
  if (!when_true && !when_false) return nullptr;
  return is_out_of_fuel(branch->getSuccessor(when_true ? 0 : 1)) ? compare->getOperand(0) : nullptr;
}

class FuelLoop {
 public:
  FuelLoop(llvm::Function& f, llvm::Loop& loop, llvm::LoopInfo& loops, llvm::DominatorTree& tree,
           llvm::ScalarEvolution& scalars)
      : f_(f), loop_(loop), loops_(loops), tree_(tree), scalars_(scalars) {}

  bool run() {
    if (!loop_.isLoopSimplifyForm() || !loop_.isRecursivelyLCSSAForm(tree_, loops_)) return false;
    if (!find_checks() || !find_rounds() || !add_costs()) return false;
    BasicBlock* before = loop_.getLoopPreheader();
    llvm::SCEVExpander expander(scalars_, "fuel");
    const llvm::Instruction* at = before->getTerminator();
    if (!expander.isSafeToExpandAt(rounds_.taken, at)) return false;
    if (rounds_.remainder != nullptr && !expander.isSafeToExpandAt(rounds_.remainder, at)) return false;
    llvm::IRBuilder<> b(before->getTerminator());
    llvm::Loop* slow = double_loop(loop_, loops_, tree_, scalars_, enough(b, expander));
    for (llvm::Loop* l : slow->getLoopsInPreorder()) llvm::addStringMetadataToLoop(l, kSlowLoop, 1);
    for (BasicBlock* block : checks_) leave_out(block);
    // What was behind a check is of its block now: some passes want loops of one block.
    const llvm::SmallVector<llvm::WeakVH, 8> left(checks_.begin(), checks_.end());
    for (const llvm::WeakVH& block : llvm::reverse(left)) {
      if (block == nullptr) continue;  // went into another check's
      BasicBlock* next = llvm::cast<BasicBlock>(block)->getSingleSuccessor();
      if (next->getSinglePredecessor() != nullptr) llvm::MergeBlockIntoPredecessor(next, nullptr, &loops_);
    }
    tree_.recalculate(f_);
    scalars_.forgetAllLoops();
    return true;
  }

 private:
  bool find_checks() {
    size_t size = 0;
    for (BasicBlock* block : loop_.blocks()) {
      size += block->size();
      if (checked_fuel(block) != nullptr) checks_.push_back(block);
    }
    return !checks_.empty() && size <= kMostDoubled;
  }

  bool find_rounds() {
    llvm::SmallVector<BasicBlock*, 4> exiting;
    loop_.getExitingBlocks(exiting);
    for (BasicBlock* block : exiting) {
      if (!tree_.dominates(block, loop_.getLoopLatch()) || checked_fuel(block) != nullptr) continue;
      const SCEV* count = scalars_.getExitCount(&loop_, block);
      if (!llvm::isa<llvm::SCEVCouldNotCompute>(count) && count->getType()->getIntegerBitWidth() <= 64) {
        rounds_ = {count, nullptr};
        return true;
      }
      rounds_ = rounds_until_equal(loop_, scalars_, block);
      if (rounds_.taken != nullptr) return true;
    }
    return false;
  }

  /// How often a block of the loop runs at most in a round of it; 0 if that is not known.
  uint64_t times(const BasicBlock* block) {
    uint64_t out = 1;
    for (llvm::Loop* l = loops_.getLoopFor(block); l != &loop_; l = l->getParentLoop()) {
      uint64_t most = 0;
      llvm::SmallVector<BasicBlock*, 4> exiting;
      l->getExitingBlocks(exiting);
      for (BasicBlock* e : exiting) {
        if (!tree_.dominates(e, l->getLoopLatch()) || checked_fuel(e) != nullptr) continue;
        const auto* count =
            llvm::dyn_cast<llvm::SCEVConstant>(scalars_.getExitCount(l, e, llvm::ScalarEvolution::ConstantMaximum));
        if (count == nullptr || count->getAPInt().uge(kMostInnerRounds)) continue;
        const uint64_t rounds = count->getAPInt().getZExtValue() + 1;
        most = most == 0 ? rounds : std::min(most, rounds);
      }
      out *= most;
      if (out == 0 || out > kMostCost) return 0;
    }
    return out;
  }

  /// From what is compared back to what the fuel was before the loop: the sum of all that may be subtracted in a round.
  bool add_costs() {
    llvm::SmallVector<Value*, 16> todo;
    llvm::SmallPtrSet<Value*, 32> seen;
    const auto visit = [&](Value* v) {
      if (seen.insert(v).second) todo.push_back(v);
    };
    for (BasicBlock* block : checks_) visit(checked_fuel(block));
    while (!todo.empty()) {
      Value* v = todo.pop_back_val();
      auto* instr = llvm::dyn_cast<Instruction>(v);
      if (instr == nullptr || !loop_.contains(instr)) {
        if (before_ != nullptr && before_ != v) return false;
        before_ = v;
      } else if (auto* phi = llvm::dyn_cast<llvm::PHINode>(instr)) {
        for (Value* in : phi->incoming_values()) visit(in);
      } else if (auto* select = llvm::dyn_cast<llvm::SelectInst>(instr)) {
        visit(select->getTrueValue());
        visit(select->getFalseValue());
      } else {
        if (instr->getOpcode() != Instruction::Add && instr->getOpcode() != Instruction::Sub) return false;
        const auto* constant = llvm::dyn_cast<llvm::ConstantInt>(instr->getOperand(1));
        if (constant == nullptr) return false;
        const int64_t by = constant->getSExtValue();
        const int64_t less = instr->getOpcode() == Instruction::Add ? -by : by;
        const uint64_t often = times(instr->getParent());
        if (often == 0 || less > static_cast<int64_t>(kMostCost)) return false;
        if (less > 0) cost_ += static_cast<uint64_t>(less) * often;
        if (cost_ > kMostCost) return false;
        visit(instr->getOperand(0));
      }
    }
    return before_ != nullptr;
  }

  Value* enough(llvm::IRBuilder<>& b, llvm::SCEVExpander& expander) {
    const auto expand = [&](const SCEV* s) { return expander.expandCodeFor(s, s->getType(), b.GetInsertPoint()); };
    Value* taken = b.CreateZExt(expand(rounds_.taken), b.getInt64Ty());
    Value* rounds = b.CreateAdd(taken, b.getInt64(1));  // 0 for 2^64 of them, so `taken` is looked at
    Value* out = b.CreateAnd(b.CreateICmpULT(taken, b.getInt64(kMostRounds)),
                             b.CreateICmpSGE(before_, b.CreateMul(rounds, b.getInt64(cost_))));
    if (rounds_.remainder != nullptr) out = b.CreateAnd(out, b.CreateIsNull(expand(rounds_.remainder)));
    return out;
  }

  void leave_out(BasicBlock* block) {
    auto* branch = llvm::cast<llvm::BranchInst>(block->getTerminator());
    const unsigned trap = is_out_of_fuel(branch->getSuccessor(0)) ? 0 : 1;
    BasicBlock* next = branch->getSuccessor(1 - trap);
    branch->getSuccessor(trap)->removePredecessor(block, true);
    llvm::BranchInst* always = llvm::BranchInst::Create(next, branch->getIterator());
    always->copyMetadata(*branch, {llvm::LLVMContext::MD_loop, llvm::LLVMContext::MD_dbg});
    branch->eraseFromParent();
  }

  llvm::Function& f_;
  llvm::Loop& loop_;
  llvm::LoopInfo& loops_;
  llvm::DominatorTree& tree_;
  llvm::ScalarEvolution& scalars_;
  std::vector<BasicBlock*> checks_;
  RoundCount rounds_;
  Value* before_ = nullptr;  ///< the fuel
  uint64_t cost_ = 0;        ///< of a round, at most
};

bool double_loops(llvm::Function& f, llvm::Loop& loop, llvm::LoopInfo& loops, llvm::DominatorTree& tree,
                  llvm::ScalarEvolution& scalars) {
  if (FuelLoop(f, loop, loops, tree, scalars).run()) return true;
  bool out = false;
  const llvm::SmallVector<llvm::Loop*, 8> inner(loop.begin(), loop.end());
  for (llvm::Loop* l : inner) out |= double_loops(f, *l, loops, tree, scalars);
  return out;
}

/// The store that runs last where all of them do, before every exit; null: there is none such.
llvm::StoreInst* last_commit(llvm::Loop& loop, const std::vector<llvm::StoreInst*>& commits,
                             const llvm::DominatorTree& tree) {
  llvm::SmallVector<BasicBlock*, 4> exiting;
  loop.getExitingBlocks(exiting);
  llvm::StoreInst* last = nullptr;
  for (llvm::StoreInst* s : commits) {
    if (!loop.isLoopInvariant(s->getPointerOperand())) return nullptr;
    for (BasicBlock* e : exiting)
      if (!tree.dominates(s->getParent(), e)) return nullptr;
    if (last == nullptr || tree.dominates(last, s)) last = s;
  }
  return last;
}

bool sink_commits(llvm::Loop& loop, llvm::LoopInfo& loops, llvm::DominatorTree& tree) {
  bool changed = false;
  for (llvm::Loop* inner : loop) changed |= sink_commits(*inner, loops, tree);
  std::vector<llvm::StoreInst*> commits;
  for (BasicBlock* block : loop.blocks()) {
    for (Instruction& instr : *block) {
      if (is_fuel_commit(instr)) {
        commits.push_back(llvm::cast<llvm::StoreInst>(&instr));
      } else if (shows_fuel(instr)) {
        return changed;
      }
    }
  }
  llvm::StoreInst* last = commits.empty() ? nullptr : last_commit(loop, commits, tree);
  if (last == nullptr) return changed;
  llvm::SmallVector<llvm::Loop::Edge, 4> exits;
  loop.getExitEdges(exits);
  llvm::SmallSet<std::pair<BasicBlock*, BasicBlock*>, 4> done;
  for (const auto& [from, to] : exits) {
    if (!done.insert({from, to}).second) continue;
    BasicBlock* between = llvm::SplitEdge(from, to, &tree, &loops);
    last->clone()->insertBefore(between->getTerminator()->getIterator());
  }
  for (llvm::StoreInst* s : commits) s->eraseFromParent();
  return true;
}

}  // namespace

llvm::PreservedAnalyses FuelChecksPass::run(llvm::Function& f, llvm::FunctionAnalysisManager& analyses) {
  llvm::LoopInfo& loops = analyses.getResult<llvm::LoopAnalysis>(f);
  llvm::DominatorTree& tree = analyses.getResult<llvm::DominatorTreeAnalysis>(f);
  llvm::ScalarEvolution& scalars = analyses.getResult<llvm::ScalarEvolutionAnalysis>(f);
  bool changed = false;
  const llvm::SmallVector<llvm::Loop*, 8> nests(loops.begin(), loops.end());
  for (llvm::Loop* nest : nests) changed |= double_loops(f, *nest, loops, tree, scalars);
  return changed ? llvm::PreservedAnalyses::none() : llvm::PreservedAnalyses::all();
}

llvm::PreservedAnalyses SinkFuelPass::run(llvm::Function& f, llvm::FunctionAnalysisManager& analyses) {
  llvm::LoopInfo& loops = analyses.getResult<llvm::LoopAnalysis>(f);
  llvm::DominatorTree& tree = analyses.getResult<llvm::DominatorTreeAnalysis>(f);
  bool changed = false;
  for (llvm::Loop* nest : loops) changed |= sink_commits(*nest, loops, tree);
  return changed ? llvm::PreservedAnalyses::none() : llvm::PreservedAnalyses::all();
}

}  // namespace ashlar::optimizing
