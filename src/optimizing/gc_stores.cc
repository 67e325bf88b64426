// Finds stores to structs and arrays by their regions.
#include "optimizing/gc_stores.h"

#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>

#include "optimizing/regions.h"

namespace ashlar::optimizing {

namespace {

bool accesses_memory(llvm::Function& f) {
  for (const llvm::Instruction& i : llvm::instructions(f))
    if (i.isVolatile() && region_name(i) == "memory") return true;
  return false;
}

}  // namespace

llvm::PreservedAnalyses PinGcStoresPass::run(llvm::Function& f, llvm::FunctionAnalysisManager&) {
  if (!accesses_memory(f)) return llvm::PreservedAnalyses::all();
  for (llvm::Instruction& i : llvm::instructions(f)) {
    auto* store = llvm::dyn_cast<llvm::StoreInst>(&i);
    if (store != nullptr && region_name(i).starts_with(kGcRegionPrefix)) store->setVolatile(true);
  }
  return llvm::PreservedAnalyses::none();
}

}  // namespace ashlar::optimizing
