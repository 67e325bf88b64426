// Accesses of linear memory as the translator leaves them: memory 0's base, a 32-bit index, a constant.
#pragma once

#include <llvm/IR/Instructions.h>

#include <cstdint>
#include <optional>

namespace ashlar::optimizing {

struct MemoryAccess {
  llvm::Instruction* at = nullptr;
  llvm::Value* base = nullptr;   ///< the host address of the memory
  llvm::Value* index = nullptr;  ///< i32, extended without sign; or i64, known to be less than 2^32; null: 0
  uint64_t offset = 0;
  uint64_t width = 0;
  bool is_store = false;
};

/// The access of memory 0 that `instr` makes, volatile or not; none when it is no such access, or in another form.
std::optional<MemoryAccess> memory_access(llvm::Instruction& instr);

/// One load of the memory's base at the function's beginning, instead of one somewhere in a loop, which what comes
/// behind it would see through the phis at its exits.
bool hoist_memory_base(llvm::Function& f);

/// Points the access to another address.
void set_address(const MemoryAccess& access, llvm::Value* address);
void set_plain(const MemoryAccess& access);
bool is_volatile(const llvm::Instruction& instr);

}  // namespace ashlar::optimizing
