// Inlines small functions into themselves, once: half of their calls go away.
#pragma once

#include <llvm/IR/PassManager.h>

namespace ashlar::optimizing {

/// LLVM's inliner leaves recursion alone.
class InlineRecursionPass : public llvm::PassInfoMixin<InlineRecursionPass> {
 public:
  llvm::PreservedAnalyses run(llvm::Module& ir, llvm::ModuleAnalysisManager& analyses);
};

}  // namespace ashlar::optimizing
