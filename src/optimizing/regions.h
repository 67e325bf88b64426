// What a load or store says it touches (Unit::region), read back by passes.
#pragma once

#include <llvm/IR/Instruction.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Metadata.h>

namespace ashlar::optimizing {

/// Names of the regions of fields and elements begin with this.
inline constexpr char kGcRegionPrefix[] = "gc.";

/// Empty for accesses that do not say.
inline llvm::StringRef region_name(const llvm::Instruction& access) {
  const llvm::MDNode* tag = access.getMetadata(llvm::LLVMContext::MD_tbaa);
  if (tag == nullptr) return {};
  const auto* type = llvm::cast<llvm::MDNode>(tag->getOperand(0));
  return llvm::cast<llvm::MDString>(type->getOperand(0))->getString();
}

}  // namespace ashlar::optimizing
