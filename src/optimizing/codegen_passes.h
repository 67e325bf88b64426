// Which of the code generator's passes run: those that do something for compiled WebAssembly, by level.
#pragma once

#include <llvm/IR/LegacyPassManager.h>
#include <llvm/Target/TargetMachine.h>

#include <span>

namespace ashlar::optimizing {

/// Hands passes on to `to`, but those that the target's level goes without.
class CodegenPasses final : public llvm::legacy::PassManagerBase {
 public:
  CodegenPasses(llvm::legacy::PassManager& to, const llvm::TargetMachine& target) : to_(to), target_(target) {}
  void add(llvm::Pass* pass) override;

 private:
  llvm::legacy::PassManager& to_;
  const llvm::TargetMachine& target_;
};

/// Whether instructions are selected one by one (FastISel), and not as a graph for each block.
bool selects_fast(const llvm::TargetMachine& target);

/// The names, as LLVM has them, that CodegenPasses drops on x86-64 at this level: for the test that they exist.
std::span<const char* const> dropped_passes(llvm::CodeGenOptLevel level);

}  // namespace ashlar::optimizing
