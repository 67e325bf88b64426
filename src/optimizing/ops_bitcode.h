// Semantics: bodies of sem::<op>::eval as LLVM IR, copied to where an instruction is lowered.
#pragma once

#include <memory>
#include <span>

#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

#include "isa/op.h"

namespace ashlar::optimizing {

class Semantics {
 public:
  /// x86: bodies for x86-64 with SSE4.1, otherwise for aarch64. Bodies are read when first asked for.
  Semantics(llvm::Module& into, bool x86);

  /// Copies the body of `op` to the end of the builder's block and appends its results; `args` are eval's, a shuffle's
  /// lanes as one vector. `op` has one (all that PureOps lowers, but constants).
  void emit(llvm::IRBuilder<>& b, isa::Op op, std::span<llvm::Value* const> args,
            llvm::SmallVectorImpl<llvm::Value*>& results);

 private:
  llvm::Function& body(isa::Op op);

  llvm::Module& into_;
  std::unique_ptr<llvm::Module> bitcode_;
  llvm::Constant* table_ = nullptr;
};

}  // namespace ashlar::optimizing
