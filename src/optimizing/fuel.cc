// The fuel becomes a variable; where memory may be behind it is found by looking forward from each change.
#include "optimizing/fuel.h"

#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/PromoteMemToReg.h>

#include "optimizing/emit.h"
#include "optimizing/fuel_offsets.h"
#include "optimizing/layout.h"
#include "optimizing/regions.h"

namespace ashlar::optimizing {

namespace {

using llvm::BasicBlock;
using llvm::CallBase;
using llvm::Instruction;

bool is_fuel(const Instruction& i) { return region_name(i) == "fuel"; }

/// Whether the fuel comes with the second parameter and leaves with the result.
bool passes_fuel(const llvm::Function& f) { return f.getAttributes().hasParamAttr(1, llvm::Attribute::Nest); }
bool passes_fuel(const CallBase& call) {
  const llvm::Function* callee = call.getCalledFunction();
  return callee != nullptr && call.hasFnAttr(kGuestCallAttribute) && passes_fuel(*callee);
}

/// Functions take fuel; helpers leave it alone.
bool may_change_fuel(const CallBase& call) { return call.hasFnAttr(kGuestCallAttribute); }

/// Behind the split of an edge, if it needs one: where something can be put that only those who take it see.
llvm::BasicBlock::iterator on_edge(BasicBlock* from, BasicBlock* to) {
  if (from->getUniqueSuccessor() != nullptr) return from->getTerminator()->getIterator();
  if (to->getUniquePredecessor() != nullptr) return to->getFirstInsertionPt();
  llvm::CriticalEdgeSplittingOptions options;
  options.setMergeIdenticalEdges();
  for (unsigned i = 0; i < from->getTerminator()->getNumSuccessors(); ++i) {
    if (from->getTerminator()->getSuccessor(i) != to) continue;
    BasicBlock* between = llvm::SplitKnownCriticalEdge(from->getTerminator(), i, options);
    return between->getTerminator()->getIterator();
  }
  llvm_unreachable("no such edge");
}

class KeepFuel {
 public:
  explicit KeepFuel(llvm::Function& f) : f_(f), b_(f.getContext()) {}

  bool run() {
    for (Instruction& i : llvm::instructions(f_))
      if (is_fuel(i) || is_fuel_commit(i)) accesses_.push_back(&i);
    if (accesses_.empty()) return false;
    if (passes_fuel(f_)) forget_tail_calls();
    make_variable();
    read_after_calls();
    find_needed();
    find_late_blocks();
    llvm::DenseMap<BasicBlock*, FuelBlock> blocks;
    for (BasicBlock& b : f_) blocks[&b] = summary(b);
    const FuelOffsets offsets(f_, blocks);
    for (const FuelOffsets::Correction& c : offsets.corrections())
      if (c.from == c.to) inside_[c.from] = c.amount;
    for (BasicBlock& b : f_) rewrite(b, offsets.at_entry(&b));
    for (const FuelOffsets::Correction& c : offsets.corrections())
      if (c.from != c.to) correct(on_edge(c.from, c.to), c.amount);
    for (Instruction* i : accesses_) i->eraseFromParent();
    llvm::DominatorTree tree(f_);
    llvm::PromoteMemToReg({variable_}, tree);
    return true;
  }

 private:
  void make_variable() {
    type_ = b_.getInt64Ty();
    BasicBlock& entry = f_.getEntryBlock();
    b_.SetInsertPoint(&entry, entry.getFirstNonPHIOrDbgOrAlloca());
    variable_ = b_.CreateAlloca(type_);
    llvm::Value* at = b_.CreateConstGEP1_32(b_.getInt8Ty(), f_.getArg(0), layout::InstanceContext_fuel);
    llvm::LoadInst* cell = b_.CreateAlignedLoad(b_.getPtrTy(), at, llvm::Align(8));
    cell->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(f_.getContext(), {}));
    cell_ = cell;
    if (passes_fuel(f_)) {
      set(b_.CreatePtrToInt(f_.getArg(1), type_));
    } else {
      read();
    }
  }

  void set(llvm::Value* now) { anew_.insert(b_.CreateStore(now, variable_)); }
  void read() { set(b_.CreateAlignedLoad(type_, cell_, llvm::Align(8))); }
  /// What is left behind a call.
  void take(CallBase& call) {
    if (!passes_fuel(call)) return read();
    set(call.getType()->isStructTy() ? b_.CreateExtractValue(&call, 1) : &call);
  }

  /// Those that were inlined have a function around them now that gives the fuel back when it returns.
  void forget_tail_calls() {
    for (Instruction& i : llvm::instructions(f_))
      if (auto* call = llvm::dyn_cast<CallBase>(&i)) call->removeFnAttr(kTailCallAttribute);
  }

  FuelBlock summary(BasicBlock& b) const {
    FuelBlock out;
    bool used = false;
    for (Instruction& i : b) {
      if (anew_.contains(&i)) {
        out = {.starts_anew = true, .ignores_entry = out.starts_anew ? out.ignores_entry : !used};
      } else if (is_fuel(i) || is_fuel_commit(i)) {
        out.charge += charge(i);
        used = true;
      } else {
        used |= hands_on(i);
      }
    }
    return out;
  }

  /// Whether it gives the fuel to somebody else in a register.
  bool hands_on(const Instruction& i) const {
    if (llvm::isa<llvm::ReturnInst>(i)) return passes_fuel(f_);
    const auto* call = llvm::dyn_cast<CallBase>(&i);
    return call != nullptr && passes_fuel(*call);
  }

  /// What the block that begins here takes.
  static int64_t charge(const Instruction& i) {
    const auto* store = llvm::dyn_cast<llvm::StoreInst>(&i);
    return store != nullptr ? llvm::cast<llvm::ConstantInt>(store->getValueOperand())->getSExtValue() : 0;
  }

  void read_after_calls() {
    llvm::SmallVector<CallBase*, 32> calls;
    for (Instruction& i : llvm::instructions(f_)) {
      auto* call = llvm::dyn_cast<CallBase>(&i);
      if (call != nullptr && may_change_fuel(*call)) calls.push_back(call);
    }
    // Behind a tail call there is nothing but its return: not one that others share, which would write their fuel.
    // Where it was inlined into the middle of another function it is an ordinary call.
    llvm::erase_if(calls, [](CallBase* call) {
      auto* plain = llvm::dyn_cast<llvm::CallInst>(call);
      return plain != nullptr && call->hasFnAttr(kTailCallAttribute) && is_before_return(*plain);
    });
    for (CallBase* call : calls) {
      auto* invoke = llvm::dyn_cast<llvm::InvokeInst>(call);
      if (invoke == nullptr) {
        if (llvm::isa<llvm::UnreachableInst>(call->getNextNode())) continue;
        b_.SetInsertPoint(call->getNextNode());
        take(*call);
        continue;
      }
      BasicBlock* next = invoke->getNormalDest();
      if (next->getSinglePredecessor() == nullptr) next = llvm::SplitEdge(invoke->getParent(), next);
      b_.SetInsertPoint(next, next->getFirstInsertionPt());
      take(*call);
    }
    // All ways into a landing pad are calls and throws, before which the fuel was written.
    for (BasicBlock& pad : f_) {
      if (!pad.isLandingPad()) continue;
      b_.SetInsertPoint(&pad, pad.getFirstInsertionPt());
      read();
    }
  }

  /// Whether somebody may look before the next commit, at the block's beginning. `shown`: at its end.
  bool is_shown(BasicBlock& b, bool shown, bool note) {
    for (Instruction& i : llvm::reverse(b)) {
      if (is_fuel_commit(i)) {
        if (note && shown) needed_.insert(&i);
        shown = false;
      } else if (shows_fuel(i)) {
        shown = true;
      }
    }
    return shown;
  }

  /// Commits that somebody may see.
  void find_needed() {
    llvm::SmallPtrSet<BasicBlock*, 32> shown;  // at their ends
    llvm::SmallVector<BasicBlock*, 64> todo;
    for (BasicBlock& b : f_) todo.push_back(&b);
    while (!todo.empty()) {
      BasicBlock* b = todo.pop_back_val();
      if (!is_shown(*b, shown.contains(b), false)) continue;
      for (BasicBlock* before : llvm::predecessors(b))
        if (shown.insert(before).second) todo.push_back(before);
    }
    for (BasicBlock& b : f_) is_shown(b, shown.contains(&b), true);
  }

  /// Whether the variable differs from memory behind the block, if it may before it.
  bool is_late_behind(BasicBlock& b, bool late) const {
    for (Instruction& i : b) {
      if (anew_.contains(&i) || needed_.contains(&i)) {
        late = false;
      } else if (is_fuel(i) && llvm::isa<llvm::StoreInst>(i)) {
        late = true;
      }
    }
    return late;
  }

  /// Those that the variable may come to with another value than memory has.
  void find_late_blocks() {
    llvm::SmallVector<BasicBlock*, 64> todo;
    for (BasicBlock& b : f_) todo.push_back(&b);
    while (!todo.empty()) {
      BasicBlock* b = todo.pop_back_val();
      if (!is_late_behind(*b, late_.contains(b))) continue;
      for (BasicBlock* next : llvm::successors(b))
        if (late_.insert(next).second) todo.push_back(next);
    }
  }

  llvm::Value* value(int64_t offset) {
    llvm::Value* v = b_.CreateLoad(type_, variable_);
    return offset == 0 ? v : b_.CreateSub(v, b_.getInt64(static_cast<uint64_t>(offset)));
  }

  void give_back(llvm::ReturnInst& back, llvm::Value* fuel) {
    llvm::Value* result = back.getReturnValue();
    back.setOperand(0, result->getType()->isStructTy() ? b_.CreateInsertValue(result, fuel, 1) : fuel);
  }

  void correct(BasicBlock::iterator at, int64_t amount) {
    b_.SetInsertPoint(at);
    b_.CreateStore(value(amount), variable_);
  }

  /// Charges become offsets; memory is written in time. `offset`: at the block's beginning.
  void rewrite(BasicBlock& block, int64_t offset) {
    bool late = late_.contains(&block);
    int64_t correction = inside_.lookup(&block);
    Instruction* last_anew = nullptr;
    for (Instruction& i : block)
      if (anew_.contains(&i)) last_anew = &i;
    bool behind = last_anew == nullptr;
    for (Instruction& i : llvm::make_early_inc_range(block)) {
      b_.SetInsertPoint(&i);
      if (anew_.contains(&i)) {
        offset = 0;
        late = false;
        behind |= &i == last_anew;
      } else if (is_fuel(i) && llvm::isa<llvm::StoreInst>(i)) {
        late = true;
        offset += charge(i);
        if (behind && correction != 0) {
          correct(i.getIterator(), correction);
          offset -= std::exchange(correction, 0);
        }
      } else if (is_fuel(i)) {
        i.replaceAllUsesWith(value(offset));
      } else if (late && needed_.contains(&i)) {
        llvm::StoreInst* store = b_.CreateAlignedStore(value(offset), cell_, llvm::Align(8), /*isVolatile=*/true);
        store->copyMetadata(i);
        late = false;
      } else if (auto* call = llvm::dyn_cast<CallBase>(&i); call != nullptr && passes_fuel(*call)) {
        call->setArgOperand(1, b_.CreateIntToPtr(value(offset), b_.getPtrTy()));
      } else if (auto* back = llvm::dyn_cast<llvm::ReturnInst>(&i); back != nullptr && passes_fuel(f_)) {
        give_back(*back, value(offset));
      }
    }
    if (correction != 0) correct(block.getTerminator()->getIterator(), correction);
  }

  llvm::Function& f_;
  llvm::IRBuilder<> b_;
  llvm::Type* type_ = nullptr;
  llvm::AllocaInst* variable_ = nullptr;
  llvm::Value* cell_ = nullptr;
  std::vector<Instruction*> accesses_;
  llvm::SmallPtrSet<Instruction*, 32> anew_;  ///< stores to the variable of what was read
  llvm::SmallPtrSet<BasicBlock*, 32> late_;
  llvm::DenseMap<BasicBlock*, int64_t> inside_;  ///< corrections within blocks
  llvm::SmallPtrSet<Instruction*, 32> needed_;
};

}  // namespace

bool is_fuel_commit(const Instruction& i) { return region_name(i) == "fuel commit"; }

bool shows_fuel(const Instruction& i) {
  if (llvm::isa<llvm::ReturnInst>(i) || llvm::isa<llvm::ResumeInst>(i)) return true;
  if (const auto* intrinsic = llvm::dyn_cast<llvm::IntrinsicInst>(&i)) {
    return intrinsic->getIntrinsicID() == llvm::Intrinsic::ubsantrap;
  }
  if (const auto* call = llvm::dyn_cast<CallBase>(&i)) return !call->isInlineAsm();
  return i.mayReadOrWriteMemory() && (i.isVolatile() || i.isAtomic()) && region_name(i) == "memory";
}

llvm::PreservedAnalyses KeepFuelPass::run(llvm::Function& f, llvm::FunctionAnalysisManager&) {
  return KeepFuel(f).run() ? llvm::PreservedAnalyses::none() : llvm::PreservedAnalyses::all();
}

}  // namespace ashlar::optimizing
