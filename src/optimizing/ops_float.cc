// Minimum and maximum of floats, and the search for operations that LLVM would remove.
#include "optimizing/ops_float.h"

#include <limits>
#include <utility>

#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>

namespace ashlar::optimizing {
namespace {

const llvm::ConstantFP* lane_of(const llvm::Value* value, unsigned lane) {
  if (auto* number = llvm::dyn_cast<llvm::ConstantFP>(value); number && !number->getType()->isVectorTy()) return number;
  auto* constant = llvm::dyn_cast<llvm::Constant>(value);
  return constant == nullptr ? nullptr : llvm::dyn_cast_or_null<llvm::ConstantFP>(constant->getAggregateElement(lane));
}

unsigned lanes_of(const llvm::Value* value) {
  auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(value->getType());
  return vector == nullptr ? 1 : vector->getNumElements();
}

}  // namespace

bool has_magnitude(const llvm::Value* value, double magnitude) {
  if (!llvm::isa<llvm::Constant>(value)) return false;
  for (unsigned i = 0; i < lanes_of(value); ++i) {
    const llvm::ConstantFP* lane = lane_of(value, i);
    if (lane == nullptr) return true;  // not a number that can be read: as if it were
    if (lane->isExactlyValue(magnitude) || lane->isExactlyValue(-magnitude)) return true;
  }
  return false;
}

bool is_promoted(const llvm::Value* value) {
  for (;;) {
    if (llvm::isa<llvm::FPExtInst>(value)) return true;
    if (auto* bits = llvm::dyn_cast<llvm::BitCastInst>(value)) {
      value = bits->getOperand(0);
    } else if (auto* sign = llvm::dyn_cast<llvm::UnaryOperator>(value)) {
      value = sign->getOperand(0);
    } else if (auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(value);
               call && (call->getIntrinsicID() == llvm::Intrinsic::fabs ||
                        call->getIntrinsicID() == llvm::Intrinsic::copysign)) {
      value = call->getArgOperand(0);
    } else {
      return false;
    }
  }
}

llvm::Value* native_min_max(const Emit& e, bool is_max, llvm::Value* x, llvm::Value* y) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  llvm::Value* left = x == y ? quiet(e, x) : quiet_beside(e, x, y, kInfinity);
  llvm::Value* right = x == y ? left : quiet_beside(e, y, x, kInfinity);
  return e.binary(is_max ? llvm::Intrinsic::maximum : llvm::Intrinsic::minimum, left, right);
}

llvm::Value* scalar_min_max(const Emit& e, bool is_max, llvm::Value* x, llvm::Value* y) {
  if (llvm::isa<llvm::Constant>(x)) std::swap(x, y);
  if (auto* limit = llvm::dyn_cast<llvm::ConstantFP>(y); limit && !limit->isNaN() && !llvm::isa<llvm::Constant>(x)) {
    // One comparison is enough: for equal operands the zero of the wanted sign comes second, and a NaN can only be x.
    const bool limit_wins = limit->isZero() && limit->isNegative() != is_max;
    llvm::Value* chosen = limit_wins ? one_or_second(e, is_max, x, y) : one_or_second(e, is_max, y, x);
    return e.b.CreateSelect(e.b.CreateFCmpUNO(x, x), e.b.CreateFAdd(x, x), chosen);
  }
  // As in sem::family::FloatMin, with selections: loops of it can become vectors.
  llvm::Type* bits = e.b.getIntNTy(x->getType()->getPrimitiveSizeInBits());
  llvm::Value* xy = e.cast(one_or_second(e, is_max, x, y), bits);
  llvm::Value* yx = e.cast(one_or_second(e, is_max, y, x), bits);
  llvm::Value* both = e.cast(is_max ? e.b.CreateAnd(xy, yx) : e.b.CreateOr(xy, yx), x->getType());
  return e.b.CreateSelect(e.b.CreateFCmpUNO(x, y), e.b.CreateFAdd(x, y), both);
}

}  // namespace ashlar::optimizing
