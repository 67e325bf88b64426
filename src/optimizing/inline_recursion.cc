// Inlining of recursive calls: through a copy of the function as it was.
#include "optimizing/inline_recursion.h"

#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Module.h>
#include <llvm/Transforms/Utils/Cloning.h>

#include "optimizing/emit.h"

namespace ashlar::optimizing {

namespace {

constexpr unsigned kMostInstructions = 60;
constexpr size_t kMostCalls = 2;

/// Its calls of itself, when they are worth inlining. Tail calls would no longer be jumps.
llvm::SmallVector<llvm::CallInst*, 4> recursive_calls(llvm::Function& f) {
  llvm::SmallVector<llvm::CallInst*, 4> out;
  if (f.isDeclaration() || f.getInstructionCount() > kMostInstructions) return out;
  for (llvm::Instruction& instr : llvm::instructions(f)) {
    auto* call = llvm::dyn_cast<llvm::CallBase>(&instr);
    if (call == nullptr) continue;
    if (llvm::isa<llvm::InvokeInst>(call) || call->hasFnAttr(kTailCallAttribute)) return {};
    if (call->getCalledFunction() == &f) out.push_back(llvm::cast<llvm::CallInst>(call));
  }
  if (out.size() > kMostCalls) out.clear();
  return out;
}

bool inline_into_itself(llvm::Function& f) {
  const llvm::SmallVector<llvm::CallInst*, 4> calls = recursive_calls(f);
  if (calls.empty()) return false;
  llvm::ValueToValueMapTy map;
  llvm::Function* copy = llvm::CloneFunction(&f, map);
  copy->setLinkage(llvm::GlobalValue::InternalLinkage);
  bool changed = false;
  for (llvm::CallInst* call : calls) {
    call->setCalledFunction(copy);
    llvm::InlineFunctionInfo info;
    const bool inlined = llvm::InlineFunction(*call, info).isSuccess();
    if (!inlined) call->setCalledFunction(&f);
    changed |= inlined;
  }
  copy->eraseFromParent();
  return changed;
}

}  // namespace

llvm::PreservedAnalyses InlineRecursionPass::run(llvm::Module& ir, llvm::ModuleAnalysisManager&) {
  llvm::SmallVector<llvm::Function*, 64> all;
  for (llvm::Function& f : ir) all.push_back(&f);
  bool changed = false;
  for (llvm::Function* f : all) changed |= inline_into_itself(*f);
  return changed ? llvm::PreservedAnalyses::none() : llvm::PreservedAnalyses::all();
}

}  // namespace ashlar::optimizing
