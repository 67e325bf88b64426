// The traps of float-to-integer truncation.
#include "optimizing/ops_convert.h"

#include <numeric>

#include <llvm/IR/MDBuilder.h>

namespace ashlar::optimizing {

void guard_truncation(const Emit& e, llvm::Value* fits, llvm::Value* value,
                      const std::function<llvm::Value*()>& overflows) {
  auto* known = llvm::dyn_cast<llvm::ConstantInt>(fits);
  if (known != nullptr && known->isOne()) return;
  llvm::LLVMContext& context = e.b.getContext();
  llvm::Function* function = e.b.GetInsertBlock()->getParent();
  auto* misfit = llvm::BasicBlock::Create(context, "misfit", function);
  auto* next = llvm::BasicBlock::Create(context, "", function);
  e.b.CreateCondBr(fits, next, misfit, llvm::MDBuilder(context).createBranchWeights(1'000'000, 1));
  e.b.SetInsertPoint(misfit);
  e.trap(e.b.CreateFCmpUNO(value, value), runtime::Trap::invalid_conversion_to_integer);
  e.trap(overflows(), runtime::Trap::integer_overflow);
  e.b.CreateBr(next);
  e.b.SetInsertPoint(next);
}

llvm::Value* part(const Emit& e, llvm::Value* vector, int first, int count) {
  llvm::SmallVector<int, 16> lanes(static_cast<size_t>(count));
  std::iota(lanes.begin(), lanes.end(), first);
  return e.b.CreateShuffleVector(vector, lanes);
}

}  // namespace ashlar::optimizing
