// Emit: what a direct form of an instruction works with; shared by ops_*.h.
#pragma once

#include <type_traits>

#include <llvm/Analysis/ConstantFolding.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/Intrinsics.h>

#include "isa/semantics_common.h"
#include "optimizing/ops.h"

namespace ashlar::optimizing {

/// Two results (wide arithmetic).
struct Pair {
  llvm::Value* lo;
  llvm::Value* hi;
};

/// One instruction to lower. Direct forms are overloads of `direct(const Emit&, const Family*)`, found by the base
/// class of sem::<op>; a null result says that the bitcode is better on this target.
struct Emit {
  llvm::IRBuilder<>& b;
  std::span<llvm::Value* const> args;
  const binary::Imm& imm;
  const PureOps::TrapIf& trap_if;
  bool x86;

  llvm::Value* arg(size_t i) const { return args[i]; }

  template <class T>
  llvm::Type* type() const {
    if constexpr (std::is_same_v<T, float>)
      return b.getFloatTy();
    else if constexpr (std::is_same_v<T, double>)
      return b.getDoubleTy();
    else
      return b.getIntNTy(8 * sizeof(T));
  }
  template <class T>
  llvm::FixedVectorType* vector(unsigned lanes = isa::sem::kLaneCount<T>) const {
    return llvm::FixedVectorType::get(type<T>(), lanes);
  }
  llvm::FixedVectorType* v128() const { return vector<uint64_t>(); }
  template <class T>
  llvm::Constant* number(T value) const {
    if constexpr (std::is_floating_point_v<T>)
      return llvm::ConstantFP::get(type<T>(), value);
    else
      return llvm::ConstantInt::get(type<T>(), static_cast<uint64_t>(value), std::is_signed_v<T>);
  }

  /// A bit cast that leaves no chain behind: constants are folded, and a cast back gives the first value.
  llvm::Value* cast(llvm::Value* value, llvm::Type* to) const {
    if (auto* constant = llvm::dyn_cast<llvm::Constant>(value)) {
      const llvm::DataLayout& layout = b.GetInsertBlock()->getModule()->getDataLayout();
      if (auto* folded = llvm::ConstantFoldCastOperand(llvm::Instruction::BitCast, constant, to, layout)) return folded;
    }
    if (auto* before = llvm::dyn_cast<llvm::BitCastInst>(value); before && before->getSrcTy() == to)
      return before->getOperand(0);
    return b.CreateBitCast(value, to);
  }
  /// Operand i as lanes of T.
  template <class T>
  llvm::Value* lanes(size_t i) const {
    return cast(arg(i), vector<T>());
  }
  llvm::Value* to_v128(llvm::Value* lanes) const { return cast(lanes, v128()); }
  /// i1 as the i32 of a comparison; lanes of i1 as lanes of all ones.
  llvm::Value* flag(llvm::Value* bit) const { return b.CreateZExt(bit, b.getInt32Ty()); }
  template <class T>
  llvm::Value* mask(llvm::Value* bits) const {
    auto* lanes = llvm::FixedVectorType::get(b.getIntNTy(8 * sizeof(T)), isa::sem::kLaneCount<T>);
    return to_v128(b.CreateSExt(bits, lanes));
  }

  llvm::Value* unary(llvm::Intrinsic::ID id, llvm::Value* a) const { return b.CreateUnaryIntrinsic(id, a); }
  llvm::Value* binary(llvm::Intrinsic::ID id, llvm::Value* x, llvm::Value* y) const {
    return b.CreateBinaryIntrinsic(id, x, y);
  }

  void trap(llvm::Value* condition, runtime::Trap trap) const {
    if (auto* known = llvm::dyn_cast<llvm::ConstantInt>(condition); known && known->isZero()) return;
    trap_if(condition, trap);
  }
};

}  // namespace ashlar::optimizing
