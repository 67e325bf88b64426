// Reads the embedded bitcode and copies bodies out of it.
#include "optimizing/ops_bitcode.h"

#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/Support/MemoryBufferRef.h>
#include <llvm/Transforms/Utils/ValueMapper.h>

#include "base/error.h"
#include "optimizing/semantics_bitcode.h"

namespace ashlar::optimizing {
namespace {

/// One copy of a body. Intrinsics are all that a body calls, and it has no globals (tests lower every one).
class Copy {
 public:
  Copy(llvm::IRBuilder<>& b, llvm::Module& into, const llvm::Function& body) : b_(b), into_(into), body_(body) {}

  /// The returned value; leaves the builder behind it.
  llvm::Value* run(std::span<llvm::Value* const> args) {
    for (size_t i = 0; i < args.size(); ++i) values_[body_.getArg(static_cast<unsigned>(i))] = args[i];
    make_blocks();
    llvm::BasicBlock* const last = body_.size() == 1 ? b_.GetInsertBlock() : new_block();
    llvm::PHINode* result = nullptr;
    if (body_.size() != 1) result = llvm::PHINode::Create(body_.getReturnType(), 1, "", last);
    llvm::Value* returned = nullptr;
    for (const llvm::BasicBlock& block : body_) returned = copy_block(block, last, result);
    for (llvm::Instruction* i : copied_) llvm::RemapInstruction(i, values_, llvm::RF_NoModuleLevelChanges);
    if (result == nullptr) return map(returned);
    for (unsigned i = 0; i < result->getNumIncomingValues(); ++i)
      result->setIncomingValue(i, map(result->getIncomingValue(i)));
    b_.SetInsertPoint(last);
    return result;
  }

 private:
  llvm::BasicBlock* new_block() {
    return llvm::BasicBlock::Create(b_.getContext(), "", b_.GetInsertBlock()->getParent());
  }
  void make_blocks() {
    for (const llvm::BasicBlock& block : body_)
      values_[&block] = block.isEntryBlock() ? b_.GetInsertBlock() : new_block();
  }
  llvm::Value* map(llvm::Value* value) {
    return llvm::isa<llvm::Constant>(value) ? value : static_cast<llvm::Value*>(values_.lookup(value));
  }

  llvm::Value* copy_block(const llvm::BasicBlock& block, llvm::BasicBlock* last, llvm::PHINode* result) {
    auto* at = llvm::cast<llvm::BasicBlock>(static_cast<llvm::Value*>(values_.lookup(&block)));
    if (!block.isEntryBlock()) b_.SetInsertPoint(at);
    for (const llvm::Instruction& instruction : block) {
      if (auto* ret = llvm::dyn_cast<llvm::ReturnInst>(&instruction)) {
        if (result == nullptr) return ret->getReturnValue();
        result->addIncoming(ret->getReturnValue(), at);
        b_.CreateBr(last);
        return nullptr;
      }
      copy(instruction);
    }
    return nullptr;
  }
  void copy(const llvm::Instruction& instruction) {
    llvm::Instruction* made = instruction.clone();
    made->dropUnknownNonDebugMetadata({llvm::LLVMContext::MD_prof});
    if (auto* call = llvm::dyn_cast<llvm::CallInst>(made)) {
      llvm::Function* callee = call->getCalledFunction();
      CHECK(callee != nullptr && callee->isIntrinsic());
      call->setCalledFunction(
          into_.getOrInsertFunction(callee->getName(), callee->getFunctionType(), callee->getAttributes()));
    }
    b_.Insert(made);
    values_[&instruction] = made;
    copied_.push_back(made);
  }

  llvm::IRBuilder<>& b_;
  llvm::Module& into_;
  const llvm::Function& body_;
  llvm::ValueToValueMapTy values_;
  llvm::SmallVector<llvm::Instruction*, 32> copied_;
};

}  // namespace

Semantics::Semantics(llvm::Module& into, bool x86) : into_(into) {
  const std::span<const char> bytes = x86 ? semantics_bitcode_x86_64() : semantics_bitcode_aarch64();
  const llvm::MemoryBufferRef buffer(llvm::StringRef(bytes.data(), bytes.size()), "semantics");
  // The bytes are part of this library, written by the compiler that it is linked to.
  bitcode_ = llvm::cantFail(llvm::getLazyBitcodeModule(buffer, into.getContext()));
  table_ = bitcode_->getNamedGlobal("ashlar_semantics")->getInitializer();
}

llvm::Function& Semantics::body(isa::Op op) {
  llvm::Constant* entry = table_->getAggregateElement(static_cast<unsigned>(op));
  auto* function = llvm::cast<llvm::Function>(entry->stripPointerCasts());
  llvm::cantFail(function->materialize());
  return *function;
}

void Semantics::emit(llvm::IRBuilder<>& b, isa::Op op, std::span<llvm::Value* const> args,
                     llvm::SmallVectorImpl<llvm::Value*>& results) {
  llvm::Value* result = Copy(b, into_, body(op)).run(args);
  if (!result->getType()->isAggregateType()) {
    results.push_back(result);
    return;
  }
  results.push_back(b.CreateExtractValue(result, 0));
  results.push_back(b.CreateExtractValue(result, 1));
}

}  // namespace ashlar::optimizing
