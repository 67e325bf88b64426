// Doubling of loops: which addresses run in steps, the check in front, the copy with plain accesses.
#include "optimizing/loop_versions.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/Cloning.h>
#include <llvm/Transforms/Utils/Local.h>
#include <llvm/Transforms/Utils/LoopUtils.h>
#include <llvm/Transforms/Utils/ScalarEvolutionExpander.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "optimizing/layout.h"

namespace ashlar::optimizing {

namespace {

using llvm::BasicBlock;
using llvm::SCEV;
using llvm::SCEVAddRecExpr;
using llvm::Value;

constexpr size_t kMaxGroups = 8;
constexpr size_t kMaxPairs = 10;
/// Accesses further from each other are of different arrays, between which others may lie.
constexpr int64_t kMostDelta = 4096;
/// Fewer rounds are not worth the check.
constexpr uint64_t kMinRounds = 4;
/// More times a step, which is at most 2^31, would overflow the arithmetic of the check.
constexpr uint64_t kMostRounds = uint64_t{1} << 31;

/// Accesses whose addresses differ by constants and run in the same steps.
struct Group {
  struct Member {
    MemoryAccess access;
    int64_t delta;  ///< of its index from the group's
  };
  const SCEV* start = nullptr;  ///< i32: index in the first round
  int64_t step = 0;             ///< 0: the same in all rounds
  int64_t lowest = 0;           ///< least delta
  int64_t end = 0;              ///< greatest delta + offset + width
  bool stores = false;
  std::vector<Member> members;
  // In the check, as i64: the index in the first round, and the range that all accesses lie in.
  Value* first = nullptr;
  Value* low = nullptr;
  Value* high = nullptr;
};

/// How often the latch is taken, at most.
struct Rounds {
  const SCEV* taken = nullptr;
  const SCEV* remainder = nullptr;  ///< must be 0 for `taken` to be true; null: it is always
  bool exact = false;               ///< and not less often
  Value* count = nullptr;           ///< `taken` as i64
};

class Versioning {
 public:
  Versioning(llvm::Function& f, llvm::Loop& loop, llvm::LoopInfo& loops, llvm::DominatorTree& tree,
             llvm::ScalarEvolution& scalars, bool wide)
      : f_(f), loop_(loop), loops_(loops), tree_(tree), scalars_(scalars), wide_(wide) {}

  bool run();

 private:
  bool find_rounds();
  void sort(const MemoryAccess& access);
  bool collect();
  bool can_expand(llvm::SCEVExpander& expander);
  Value* emit_check(llvm::IRBuilder<>& b, llvm::SCEVExpander& expander);
  void emit_group(llvm::IRBuilder<>& b, llvm::SCEVExpander& expander, Group& g, Value* rounds, Value* size);
  Value* memory_size(llvm::IRBuilder<>& b);
  void require(llvm::IRBuilder<>& b, Value* condition);
  void rewrite();
  Value* runs_from_zero(int64_t step);
  void count_rounds();
  void tell_apart();
  void align();
  void peel(Value* condition);

  llvm::Function& f_;
  llvm::Loop& loop_;
  llvm::LoopInfo& loops_;
  llvm::DominatorTree& tree_;
  llvm::ScalarEvolution& scalars_;
  const bool wide_;
  Rounds rounds_;
  std::vector<Group> groups_;
  std::vector<std::pair<size_t, size_t>> pairs_;  ///< groups that must not overlap
  bool clean_ = true;                             ///< nothing can trap but what the check covers
  Value* ok_ = nullptr;
};

bool Versioning::find_rounds() {
  const SCEV* taken = scalars_.getBackedgeTakenCount(&loop_);
  rounds_.exact = !llvm::isa<llvm::SCEVCouldNotCompute>(taken) && loop_.getExitingBlock() == loop_.getLoopLatch();
  if (llvm::isa<llvm::SCEVCouldNotCompute>(taken)) taken = scalars_.getSymbolicMaxBackedgeTakenCount(&loop_);
  if (!llvm::isa<llvm::SCEVCouldNotCompute>(taken)) {
    rounds_.taken = taken;
    if (const auto* known = llvm::dyn_cast<llvm::SCEVConstant>(taken)) return known->getAPInt().ule(kMostRounds);
    return taken->getType()->getIntegerBitWidth() <= 64;
  }
  llvm::SmallVector<BasicBlock*, 4> exiting;
  loop_.getExitingBlocks(exiting);
  for (BasicBlock* block : exiting) {
    if (rounds_.taken != nullptr || !tree_.dominates(block, loop_.getLoopLatch())) continue;
    const RoundCount count = rounds_until_equal(loop_, scalars_, block);
    rounds_.taken = count.taken;
    rounds_.remainder = count.remainder;
  }
  rounds_.exact = exiting.size() == 1 && exiting[0] == loop_.getLoopLatch();
  return rounds_.taken != nullptr;
}

/// Puts an access whose index runs in steps into its group. Others keep what the translator made.
void Versioning::sort(const MemoryAccess& access) {
  if (access.index == nullptr || !access.index->getType()->isIntegerTy(32)) {
    clean_ = false;
    return;
  }
  const SCEV* index = scalars_.getSCEV(access.index);
  const SCEV* start = index;
  int64_t step = 0;
  if (!scalars_.isLoopInvariant(index, &loop_)) {
    const auto* running = llvm::dyn_cast<SCEVAddRecExpr>(index);
    const auto* constant = running != nullptr && running->getLoop() == &loop_ && running->isAffine()
                               ? llvm::dyn_cast<llvm::SCEVConstant>(running->getStepRecurrence(scalars_))
                               : nullptr;
    if (constant == nullptr) {
      clean_ = false;
      return;
    }
    start = running->getStart();
    step = constant->getAPInt().getSExtValue();
  }
  const auto end = static_cast<int64_t>(access.offset + access.width);
  for (Group& g : groups_) {
    if (g.step != step) continue;
    const auto* delta = llvm::dyn_cast<llvm::SCEVConstant>(scalars_.getMinusSCEV(start, g.start));
    if (delta == nullptr) continue;
    const int64_t d = delta->getAPInt().getSExtValue();
    if (std::abs(d) > kMostDelta) continue;
    g.lowest = std::min(g.lowest, d);
    g.end = std::max(g.end, d + end);
    g.stores |= access.is_store;
    g.members.push_back({access, d});
    return;
  }
  Group g;
  g.start = start;
  g.step = step;
  g.end = end;
  g.stores = access.is_store;
  g.members.push_back({access, 0});
  groups_.push_back(std::move(g));
}

bool Versioning::collect() {
  for (BasicBlock* block : loop_.blocks()) {
    for (llvm::Instruction& instr : *block) {
      if (is_volatile(instr)) {
        if (const std::optional<MemoryAccess> access = memory_access(instr)) {
          sort(*access);
          continue;
        }
      }
      if (may_leave(instr)) clean_ = false;
    }
  }
  if (groups_.empty() || groups_.size() > kMaxGroups) return false;
  const bool runs = std::ranges::any_of(groups_, [](const Group& g) { return g.step != 0; });
  if (!runs) return false;
  for (size_t i = 0; clean_ && i < groups_.size(); ++i) {
    for (size_t k = 0; k < groups_.size(); ++k) {
      const bool once = k > i || !groups_[k].stores;
      if (k != i && groups_[i].stores && once) pairs_.emplace_back(i, k);
    }
  }
  if (pairs_.size() > kMaxPairs) pairs_.clear();
  return true;
}

bool Versioning::can_expand(llvm::SCEVExpander& expander) {
  const llvm::Instruction* at = loop_.getLoopPreheader()->getTerminator();
  if (!expander.isSafeToExpandAt(rounds_.taken, at)) return false;
  if (rounds_.remainder != nullptr && !expander.isSafeToExpandAt(rounds_.remainder, at)) return false;
  return std::ranges::all_of(groups_, [&](const Group& g) { return expander.isSafeToExpandAt(g.start, at); });
}

Value* Versioning::memory_size(llvm::IRBuilder<>& b) {
  const auto field = [&](Value* object, uint32_t offset, llvm::Type* type) {
    return b.CreateAlignedLoad(type, b.CreateConstGEP1_32(b.getInt8Ty(), object, offset), llvm::Align(8));
  };
  llvm::LoadInst* memory = field(f_.getArg(0), layout::InstanceContext_mem0, b.getPtrTy());
  memory->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(f_.getContext(), {}));
  return field(memory, layout::Memory_size, b.getInt64Ty());
}

void Versioning::require(llvm::IRBuilder<>& b, Value* condition) {
  ok_ = ok_ == nullptr ? condition : b.CreateAnd(ok_, condition);
}

// 64-bit arithmetic: the index is below 2^32, steps and rounds are at most about 2^31, offsets below 2^33.
void Versioning::emit_group(llvm::IRBuilder<>& b, llvm::SCEVExpander& expander, Group& g, Value* rounds, Value* size) {
  g.first = b.CreateZExt(expander.expandCodeFor(g.start, g.start->getType(), b.GetInsertPoint()), b.getInt64Ty());
  Value* span = b.CreateMul(rounds, b.getInt64(static_cast<uint64_t>(std::abs(g.step))));
  Value* least = g.first;
  Value* most = g.first;
  if (g.step < 0) {
    least = b.CreateSub(g.first, span);
  } else if (g.step > 0) {
    most = b.CreateAdd(g.first, span);
  }
  g.low = b.CreateAdd(least, b.getInt64(static_cast<uint64_t>(g.lowest)));
  g.high = b.CreateAdd(most, b.getInt64(static_cast<uint64_t>(g.end)));
  if (g.step < 0 || g.lowest < 0) require(b, b.CreateICmpSGE(g.low, b.getInt64(0)));
  require(b, b.CreateICmpULE(g.high, size));
}

Value* Versioning::emit_check(llvm::IRBuilder<>& b, llvm::SCEVExpander& expander) {
  Value* rounds = expander.expandCodeFor(rounds_.taken, rounds_.taken->getType(), b.GetInsertPoint());
  rounds = b.CreateZExt(rounds, b.getInt64Ty());
  if (!llvm::isa<llvm::SCEVConstant>(rounds_.taken)) {
    Value* sensible = b.CreateICmpULT(b.CreateSub(rounds, b.getInt64(kMinRounds - 1)), b.getInt64(kMostRounds));
    require(b, sensible);
  }
  if (rounds_.remainder != nullptr) {
    Value* rest = expander.expandCodeFor(rounds_.remainder, rounds_.remainder->getType(), b.GetInsertPoint());
    require(b, b.CreateIsNull(rest));
  }
  rounds_.count = rounds;
  Value* size = memory_size(b);
  for (Group& g : groups_) emit_group(b, expander, g, rounds, size);
  for (const auto& [i, k] : pairs_) {
    require(b, b.CreateOr(b.CreateICmpULE(groups_[i].high, groups_[k].low),
                          b.CreateICmpULE(groups_[k].high, groups_[i].low)));
  }
  return ok_;
}

Value* Versioning::runs_from_zero(int64_t step) {
  BasicBlock* latch = loop_.getLoopLatch();
  llvm::Type* i64 = llvm::Type::getInt64Ty(f_.getContext());
  llvm::PHINode* phi = llvm::PHINode::Create(i64, 2, "", loop_.getHeader()->begin());
  llvm::IRBuilder<> b(latch->getTerminator());
  phi->addIncoming(b.getInt64(0), loop_.getLoopPreheader());
  phi->addIncoming(b.CreateAdd(phi, b.getInt64(static_cast<uint64_t>(step)), "", step > 0, true), latch);
  return phi;
}

/// Plain accesses by 64-bit indices, which everybody can see do not wrap.
void Versioning::rewrite() {
  std::map<int64_t, Value*> indices;
  for (Group& g : groups_) {
    if (g.step != 0 && indices[g.step] == nullptr) indices[g.step] = runs_from_zero(g.step);
    for (const Group::Member& m : g.members) {
      llvm::IRBuilder<> b(m.access.at);
      const int64_t constant = m.delta + static_cast<int64_t>(m.access.offset);
      const llvm::GEPNoWrapFlags inside = llvm::GEPNoWrapFlags::inBounds();
      const llvm::GEPNoWrapFlags upwards = inside | llvm::GEPNoWrapFlags::noUnsignedWrap();
      Value* at = b.CreateGEP(b.getInt8Ty(), m.access.base, g.first, "", upwards);
      if (g.step != 0) at = b.CreateGEP(b.getInt8Ty(), at, indices[g.step], "", g.step > 0 ? upwards : inside);
      if (constant != 0) {
        at = b.CreateGEP(b.getInt8Ty(), at, b.getInt64(static_cast<uint64_t>(constant)), "",
                         constant > 0 ? upwards : inside);
      }
      set_address(m.access, at);
      if (!m.access.is_store || clean_) set_plain(m.access);
    }
  }
  if (rounds_.exact) count_rounds();
}

/// The latch ends the loop after the known number of rounds: what follows need not find that out again.
void Versioning::count_rounds() {
  auto* branch = llvm::cast<llvm::BranchInst>(loop_.getLoopLatch()->getTerminator());
  Value* round = runs_from_zero(1);
  llvm::IRBuilder<> b(branch);
  const bool leaves_when_true = !loop_.contains(branch->getSuccessor(0));
  Value* old = branch->getCondition();
  branch->setCondition(leaves_when_true ? b.CreateICmpEQ(round, rounds_.count) : b.CreateICmpNE(round, rounds_.count));
  llvm::RecursivelyDeleteTriviallyDeadInstructions(old);
}

/// What the check found to be apart, as scopes of aliases: one a group.
void Versioning::tell_apart() {
  if (pairs_.empty()) return;
  llvm::MDBuilder md(f_.getContext());
  llvm::MDNode* domain = md.createAnonymousAliasScopeDomain();
  std::vector<llvm::Metadata*> scopes;
  scopes.reserve(groups_.size());
  for (size_t i = 0; i < groups_.size(); ++i) scopes.push_back(md.createAnonymousAliasScope(domain));
  std::vector<llvm::SmallVector<llvm::Metadata*, 8>> apart(groups_.size());
  for (const auto& [i, k] : pairs_) {
    apart[i].push_back(scopes[k]);
    apart[k].push_back(scopes[i]);
  }
  for (size_t i = 0; i < groups_.size(); ++i) {
    for (const Group::Member& m : groups_[i].members) {
      m.access.at->setMetadata(llvm::LLVMContext::MD_alias_scope, llvm::MDNode::get(f_.getContext(), scopes[i]));
      if (!apart[i].empty())
        m.access.at->setMetadata(llvm::LLVMContext::MD_noalias, llvm::MDNode::get(f_.getContext(), apart[i]));
    }
  }
}

/// Two rounds' vectors will be stored as one: where the first lies across its boundary, a round goes before the loop.
/// An access across two cache lines costs as much as two; the base of a memory is a page's.
void Versioning::align() {
  constexpr uint64_t kVector = 16;
  if (!wide_ || !clean_ || loop_.getNumBlocks() != 1) return;
  for (const Group& g : groups_) {
    if (g.step != kVector) continue;
    for (const Group::Member& m : g.members) {
      if (!m.access.is_store || m.access.width != kVector) continue;
      llvm::IRBuilder<> b(loop_.getLoopPreheader()->getTerminator());
      const int64_t constant = m.delta + static_cast<int64_t>(m.access.offset);
      Value* at = b.CreateAdd(g.first, b.getInt64(static_cast<uint64_t>(constant)));
      return peel(b.CreateICmpEQ(b.CreateAnd(at, b.getInt64(2 * kVector - 1)), b.getInt64(kVector)));
    }
  }
}

/// Does one round of a loop of one block before it, as it was, if `condition` says so.
void Versioning::peel(Value* condition) {
  BasicBlock* body = loop_.getHeader();
  auto* branch = llvm::dyn_cast<llvm::BranchInst>(body->getTerminator());
  if (branch == nullptr || !branch->isConditional()) return;
  BasicBlock* test = loop_.getLoopPreheader();
  BasicBlock* entry = llvm::SplitBlock(test, test->getTerminator(), &tree_, &loops_);
  llvm::ValueToValueMapTy map;
  BasicBlock* first = llvm::CloneBasicBlock(body, map, ".first", &f_);
  for (llvm::PHINode& phi : body->phis()) {
    auto* copy = llvm::cast<llvm::PHINode>(map[&phi]);
    map[&phi] = phi.getIncomingValueForBlock(entry);
    copy->eraseFromParent();
  }
  llvm::remapInstructionsInBlocks({first}, map);
  const auto mapped = [&map](Value* v) {
    const auto found = map.find(v);
    return found == map.end() ? v : static_cast<Value*>(found->second);
  };
  for (unsigned i = 0; i < 2; ++i) {
    BasicBlock* to = branch->getSuccessor(i);
    if (to == body) {
      first->getTerminator()->setSuccessor(i, entry);
    } else {
      for (llvm::PHINode& phi : to->phis()) phi.addIncoming(mapped(phi.getIncomingValueForBlock(body)), first);
    }
  }
  const auto join = [&](Value* without, Value* with) {
    llvm::PHINode* joined = llvm::PHINode::Create(without->getType(), 2, "", entry->begin());
    joined->addIncoming(without, test);
    joined->addIncoming(with, first);
    return joined;
  };
  for (llvm::PHINode& phi : body->phis()) {
    phi.setIncomingValueForBlock(entry,
                                 join(phi.getIncomingValueForBlock(entry), mapped(phi.getIncomingValueForBlock(body))));
  }
  llvm::IRBuilder<> b(first->getTerminator());
  rounds_.count = join(rounds_.count, b.CreateSub(rounds_.count, b.getInt64(1)));
  for (Group& g : groups_) {
    if (g.step != 0) g.first = join(g.first, b.CreateAdd(g.first, b.getInt64(static_cast<uint64_t>(g.step))));
  }
  test->getTerminator()->eraseFromParent();
  llvm::BranchInst::Create(first, entry, condition, test);
  if (llvm::Loop* around = loop_.getParentLoop()) around->addBasicBlockToLoop(first, loops_);
  tree_.recalculate(f_);
  scalars_.forgetLoop(&loop_);
}

bool Versioning::run() {
  if (!loop_.isLoopSimplifyForm() || !loop_.isLCSSAForm(tree_)) return false;
  if (!find_rounds() || !collect()) return false;
  llvm::SCEVExpander expander(scalars_, "range");
  if (!can_expand(expander)) return false;
  llvm::IRBuilder<> b(loop_.getLoopPreheader()->getTerminator());
  Value* condition = emit_check(b, expander);
  double_loop(loop_, loops_, tree_, scalars_, condition);
  align();
  rewrite();
  tell_apart();
  llvm::DeleteDeadPHIs(loop_.getHeader());  // and loads that only they used
  if (clean_) add_barriers(loop_);
  return true;
}

/// Whether an access is one of linear memory, by its region.
bool is_linear_memory(const llvm::Instruction& instr) {
  const llvm::MDNode* tag = instr.getMetadata(llvm::LLVMContext::MD_tbaa);
  if (tag == nullptr || tag->getNumOperands() < 2) return true;
  const auto* type = llvm::dyn_cast<llvm::MDNode>(tag->getOperand(1));
  const auto* name = type != nullptr ? llvm::dyn_cast<llvm::MDString>(type->getOperand(0)) : nullptr;
  return name == nullptr || name->getString() == "memory";
}

}  // namespace

RoundCount rounds_until_equal(llvm::Loop& loop, llvm::ScalarEvolution& scalars, BasicBlock* exiting) {
  auto* branch = llvm::dyn_cast<llvm::BranchInst>(exiting->getTerminator());
  if (branch == nullptr || !branch->isConditional()) return {};
  auto* compare = llvm::dyn_cast<llvm::ICmpInst>(branch->getCondition());
  if (compare == nullptr || !compare->isEquality()) return {};
  const bool leaves_when_true = !loop.contains(branch->getSuccessor(0));
  if (leaves_when_true != (compare->getPredicate() == llvm::CmpInst::ICMP_EQ)) return {};
  const SCEV* left = scalars.getSCEV(compare->getOperand(0));
  const SCEV* right = scalars.getSCEV(compare->getOperand(1));
  if (scalars.isLoopInvariant(left, &loop)) std::swap(left, right);
  const auto* running = llvm::dyn_cast<SCEVAddRecExpr>(left);
  if (running == nullptr || running->getLoop() != &loop || !running->isAffine()) return {};
  if (!scalars.isLoopInvariant(right, &loop) || !left->getType()->isIntegerTy(32)) return {};
  const auto* constant = llvm::dyn_cast<llvm::SCEVConstant>(running->getStepRecurrence(scalars));
  if (constant == nullptr) return {};
  const int64_t step = constant->getAPInt().getSExtValue();
  const uint64_t size = static_cast<uint64_t>(std::abs(step));
  if (!llvm::isPowerOf2_64(size)) return {};
  const SCEV* distance =
      step > 0 ? scalars.getMinusSCEV(right, running->getStart()) : scalars.getMinusSCEV(running->getStart(), right);
  const SCEV* divisor = scalars.getConstant(left->getType(), size);
  return {scalars.getUDivExpr(distance, divisor), scalars.getURemExpr(distance, divisor)};
}

llvm::Loop* double_loop(llvm::Loop& loop, llvm::LoopInfo& loops, llvm::DominatorTree& tree,
                        llvm::ScalarEvolution& scalars, Value* condition) {
  llvm::Function& f = *loop.getHeader()->getParent();
  BasicBlock* check = loop.getLoopPreheader();
  BasicBlock* fast = llvm::SplitBlock(check, check->getTerminator(), &tree, &loops);
  llvm::ValueToValueMapTy map;
  llvm::SmallVector<BasicBlock*, 8> blocks;
  llvm::Loop* slow = llvm::cloneLoopWithPreheader(fast, check, &loop, map, ".stepwise", &loops, &tree, blocks);
  llvm::remapInstructionsInBlocks(blocks, map);
  check->getTerminator()->eraseFromParent();
  llvm::BranchInst::Create(fast, slow->getLoopPreheader(), condition, check)
      ->setMetadata(llvm::LLVMContext::MD_prof, llvm::MDBuilder(f.getContext()).createBranchWeights(1000, 1));
  llvm::SmallVector<BasicBlock*, 4> exits;
  loop.getUniqueExitBlocks(exits);
  for (BasicBlock* exit : exits) {
    for (llvm::PHINode& phi : exit->phis()) {
      for (unsigned i = 0, n = phi.getNumIncomingValues(); i < n; ++i) {
        BasicBlock* from = phi.getIncomingBlock(i);
        if (!loop.contains(from)) continue;
        const auto mapped = map.find(phi.getIncomingValue(i));
        Value* value = mapped == map.end() ? phi.getIncomingValue(i) : static_cast<Value*>(mapped->second);
        phi.addIncoming(value, llvm::cast<BasicBlock>(map[from]));
      }
    }
  }
  tree.recalculate(f);
  scalars.forgetLoop(&loop);
  for (BasicBlock* exit : exits) {
    for (llvm::PHINode& phi : exit->phis()) scalars.forgetLcssaPhiWithNewPredecessor(&loop, &phi);
  }
  scalars.forgetBlockAndLoopDispositions();
  llvm::addStringMetadataToLoop(slow, "llvm.loop.unroll.disable", 1);
  llvm::addStringMetadataToLoop(slow, "llvm.loop.isvectorized", 1);
  return slow;
}

bool may_leave(const llvm::Instruction& instr) {
  if (is_volatile(instr)) return is_linear_memory(instr);
  if (instr.isAtomic() || instr.mayThrow()) return true;
  return llvm::isa<llvm::CallBase>(instr) && !instr.isDebugOrPseudoInst() && instr.mayReadOrWriteMemory();
}

void add_barriers(llvm::Loop& loop) {
  const auto add = [](BasicBlock* block, BasicBlock::iterator at) {
    llvm::IRBuilder<> b(block, at);
    llvm::FunctionType* type = llvm::FunctionType::get(b.getVoidTy(), false);
    b.CreateCall(type, llvm::InlineAsm::get(type, "", "~{memory}", true));
  };
  BasicBlock* before = loop.getLoopPreheader();
  add(before, before->getTerminator()->getIterator());
  llvm::SmallVector<BasicBlock*, 4> exits;
  loop.getUniqueExitBlocks(exits);
  for (BasicBlock* exit : exits) add(exit, exit->getFirstInsertionPt());
}

bool LoopVersions::make(llvm::Loop& loop) { return Versioning(f_, loop, loops_, tree_, scalars_, wide_).run(); }

}  // namespace ashlar::optimizing
