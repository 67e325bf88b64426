// Where the fuel's value changes: few and cold places, so that elsewhere it is a known number below a register.
#pragma once

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/BasicBlock.h>

#include <cstdint>

namespace ashlar::optimizing {

/// What a block does to the fuel.
struct FuelBlock {
  bool starts_anew = false;    ///< the register is set in it: what came before does not matter behind that
  bool ignores_entry = false;  ///< and is not used before
  int64_t charge = 0;          ///< taken in it, from where the register is set on
};

/// At each point the fuel is `register - offset`, the offset known when compiling. Blocks that charge need not change
/// the register: only the offset grows. Where ways with different offsets meet, one of them must change it. Which ones
/// is chosen as for profile counters: all ways but a spanning tree of the most frequent ones.
class FuelOffsets {
 public:
  using Block = llvm::BasicBlock*;
  struct Correction {
    Block from;
    Block to;  ///< the same as `from`: within the block, behind where the register is set
    int64_t amount;
  };

  /// `blocks`: all of the function.
  FuelOffsets(llvm::Function& f, const llvm::DenseMap<Block, FuelBlock>& blocks);

  int64_t at_entry(Block b) const { return at_.lookup(b); }
  const llvm::SmallVector<Correction, 16>& corrections() const { return corrections_; }

 private:
  llvm::DenseMap<Block, int64_t> at_;
  llvm::SmallVector<Correction, 16> corrections_;
};

}  // namespace ashlar::optimizing
