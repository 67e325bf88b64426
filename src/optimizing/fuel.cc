// The fuel becomes a variable; where memory may be behind it is found by looking forward from each change.
#include "optimizing/fuel.h"

#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/PromoteMemToReg.h>

#include "optimizing/emit.h"
#include "optimizing/layout.h"
#include "optimizing/regions.h"

namespace ashlar::optimizing {

namespace {

using llvm::BasicBlock;
using llvm::CallBase;
using llvm::Instruction;

bool is_fuel(const Instruction& i) { return region_name(i) == "fuel"; }

/// Helpers that keep registers are leaves of the runtime: they may trap, but leave the fuel alone.
bool may_change_fuel(const CallBase& call) {
  return !llvm::isa<llvm::IntrinsicInst>(call) && call.getCallingConv() != llvm::CallingConv::PreserveMost;
}

/// Whether somebody may look at the fuel in memory when this runs.
bool shows_fuel(const Instruction& i) {
  if (llvm::isa<llvm::ReturnInst>(i) || llvm::isa<llvm::ResumeInst>(i)) return true;
  if (const auto* intrinsic = llvm::dyn_cast<llvm::IntrinsicInst>(&i)) {
    return intrinsic->getIntrinsicID() == llvm::Intrinsic::ubsantrap;
  }
  if (llvm::isa<CallBase>(i)) return true;
  return i.mayReadOrWriteMemory() && (i.isVolatile() || i.isAtomic()) && region_name(i) == "memory";
}

class KeepFuel {
 public:
  explicit KeepFuel(llvm::Function& f) : f_(f), b_(f.getContext()) {}

  bool run() {
    for (Instruction& i : llvm::instructions(f_))
      if (is_fuel(i)) accesses_.push_back(&i);
    if (accesses_.empty()) return false;
    make_variable();
    replace_accesses();
    read_after_calls();
    find_late_blocks();
    for (BasicBlock& b : f_) write_in_time(b);
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
    read();
  }

  void read() {
    llvm::LoadInst* now = b_.CreateAlignedLoad(type_, cell_, llvm::Align(8));
    b_.CreateStore(now, variable_);
  }

  void replace_accesses() {
    for (Instruction* i : accesses_) {
      b_.SetInsertPoint(i);
      if (auto* store = llvm::dyn_cast<llvm::StoreInst>(i)) {
        changes_.insert(b_.CreateStore(store->getValueOperand(), variable_));
      } else {
        i->replaceAllUsesWith(b_.CreateLoad(type_, variable_));
      }
      i->eraseFromParent();
    }
  }

  void read_after_calls() {
    llvm::SmallVector<CallBase*, 32> calls;
    for (Instruction& i : llvm::instructions(f_)) {
      auto* call = llvm::dyn_cast<CallBase>(&i);
      if (call != nullptr && may_change_fuel(*call) && !call->hasFnAttr(kTailCallAttribute)) calls.push_back(call);
    }
    llvm::SmallPtrSet<BasicBlock*, 8> pads;
    for (CallBase* call : calls) {
      auto* invoke = llvm::dyn_cast<llvm::InvokeInst>(call);
      if (invoke == nullptr) {
        if (llvm::isa<llvm::UnreachableInst>(call->getNextNode())) continue;
        b_.SetInsertPoint(call->getNextNode());
        read();
        continue;
      }
      BasicBlock* next = invoke->getNormalDest();
      if (next->getSinglePredecessor() == nullptr) next = llvm::SplitEdge(invoke->getParent(), next);
      b_.SetInsertPoint(next, next->getFirstInsertionPt());
      read();
      // All ways into a landing pad are calls, before which the fuel was written.
      BasicBlock* pad = invoke->getUnwindDest();
      if (!pads.insert(pad).second) continue;
      b_.SetInsertPoint(pad, pad->getFirstInsertionPt());
      read();
    }
  }

  /// Whether the variable differs from memory behind the block, if it may before it.
  bool is_late_behind(BasicBlock& b, bool late) const {
    for (Instruction& i : b) {
      if (changes_.contains(&i)) {
        late = true;
      } else if (shows_fuel(i)) {
        late = false;
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

  void write_in_time(BasicBlock& block) {
    bool late = late_.contains(&block);
    for (Instruction& i : llvm::make_early_inc_range(block)) {
      if (changes_.contains(&i)) {
        late = true;
      } else if (late && shows_fuel(i)) {
        b_.SetInsertPoint(&i);
        b_.CreateAlignedStore(b_.CreateLoad(type_, variable_), cell_, llvm::Align(8), /*isVolatile=*/true);
        late = false;
      }
    }
  }

  llvm::Function& f_;
  llvm::IRBuilder<> b_;
  llvm::Type* type_ = nullptr;
  llvm::AllocaInst* variable_ = nullptr;
  llvm::Value* cell_ = nullptr;
  std::vector<Instruction*> accesses_;
  llvm::SmallPtrSet<Instruction*, 32> changes_;
  llvm::SmallPtrSet<BasicBlock*, 32> late_;
};

}  // namespace

llvm::PreservedAnalyses KeepFuelPass::run(llvm::Function& f, llvm::FunctionAnalysisManager&) {
  return KeepFuel(f).run() ? llvm::PreservedAnalyses::none() : llvm::PreservedAnalyses::all();
}

}  // namespace ashlar::optimizing
