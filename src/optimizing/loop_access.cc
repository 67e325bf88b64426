// Recognizes accesses of memory 0 by the shape of their addresses.
#include "optimizing/loop_access.h"

#include <llvm/IR/DataLayout.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/IRBuilder.h>

#include "optimizing/layout.h"

namespace ashlar::optimizing {

namespace {

using llvm::Value;

/// The load of InstanceContext::mem0_base from the function's own context.
bool is_memory_base(const Value* v) {
  const auto* load = llvm::dyn_cast<llvm::LoadInst>(v);
  if (load == nullptr || !load->hasMetadata(llvm::LLVMContext::MD_invariant_load)) return false;
  const llvm::DataLayout& layout = load->getDataLayout();
  llvm::APInt offset(64, 0);
  const Value* from = load->getPointerOperand()->stripAndAccumulateConstantOffsets(layout, offset, true);
  return from == load->getFunction()->getArg(0) && offset == layout::InstanceContext_mem0_base;
}

}  // namespace

bool is_volatile(const llvm::Instruction& instr) {
  if (const auto* load = llvm::dyn_cast<llvm::LoadInst>(&instr)) return load->isVolatile();
  if (const auto* store = llvm::dyn_cast<llvm::StoreInst>(&instr)) return store->isVolatile();
  return false;
}

std::optional<MemoryAccess> memory_access(llvm::Instruction& instr) {
  MemoryAccess out;
  out.at = &instr;
  out.is_store = llvm::isa<llvm::StoreInst>(instr);
  if (!out.is_store && !llvm::isa<llvm::LoadInst>(instr)) return {};
  if (instr.isAtomic()) return {};
  const llvm::DataLayout& layout = instr.getDataLayout();
  llvm::APInt offset(64, 0);
  Value* at = llvm::getLoadStorePointerOperand(&instr)->stripAndAccumulateConstantOffsets(layout, offset, true);
  if (auto* gep = llvm::dyn_cast<llvm::GetElementPtrInst>(at); gep != nullptr && gep->getNumIndices() == 1) {
    if (!gep->getSourceElementType()->isIntegerTy(8)) return {};
    out.index = gep->getOperand(1);
    if (auto* wide = llvm::dyn_cast<llvm::ZExtInst>(out.index); wide && wide->getSrcTy()->isIntegerTy(32)) {
      out.index = wide->getOperand(0);
    }
    at = gep->getPointerOperand()->stripAndAccumulateConstantOffsets(layout, offset, true);
  }
  if (!is_memory_base(at) || offset.isNegative()) return {};
  out.base = at;
  out.offset = offset.getZExtValue();
  out.width = layout.getTypeStoreSize(llvm::getLoadStoreType(&instr)).getFixedValue();
  return out;
}

bool hoist_memory_base(llvm::Function& f) {
  llvm::SmallVector<llvm::LoadInst*, 8> loads;
  for (llvm::BasicBlock& block : f)
    for (llvm::Instruction& instr : block)
      if (is_memory_base(&instr)) loads.push_back(llvm::cast<llvm::LoadInst>(&instr));
  if (loads.empty()) return false;
  llvm::IRBuilder<> b(&f.getEntryBlock(), f.getEntryBlock().getFirstInsertionPt());
  b.SetCurrentDebugLocation(loads.front()->getDebugLoc());
  Value* from = b.CreateConstGEP1_32(b.getInt8Ty(), f.getArg(0), layout::InstanceContext_mem0_base);
  llvm::LoadInst* base = b.CreateAlignedLoad(b.getPtrTy(), from, llvm::Align(8));
  base->copyMetadata(*loads.front());
  for (llvm::LoadInst* load : loads) {
    load->replaceAllUsesWith(base);
    load->eraseFromParent();
  }
  return true;
}

void set_address(const MemoryAccess& access, Value* address) {
  access.at->setOperand(access.is_store ? llvm::StoreInst::getPointerOperandIndex() : 0, address);
}

void set_plain(const MemoryAccess& access) {
  if (access.is_store) {
    llvm::cast<llvm::StoreInst>(access.at)->setVolatile(false);
  } else {
    llvm::cast<llvm::LoadInst>(access.at)->setVolatile(false);
  }
}

}  // namespace ashlar::optimizing
