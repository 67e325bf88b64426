// Shuffles that the direct forms of vector instructions share.
#include "optimizing/ops_simd.h"

namespace ashlar::optimizing {

llvm::Value* every_second(const Emit& e, llvm::Value* vector, int first) {
  const auto count = static_cast<int>(llvm::cast<llvm::FixedVectorType>(vector->getType())->getNumElements());
  llvm::SmallVector<int, 16> lanes;
  for (int i = first; i < count; i += 2) lanes.push_back(i);
  return e.b.CreateShuffleVector(vector, lanes);
}

}  // namespace ashlar::optimizing
