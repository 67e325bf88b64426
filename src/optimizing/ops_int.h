// Direct forms of the scalar integer instructions and of wide arithmetic.
#pragma once

#include "isa/semantics_int.h"
#include "optimizing/ops_emit.h"

namespace ashlar::optimizing {

namespace family = isa::sem::family;

template <class T>
llvm::Value* direct(const Emit& e, const family::Eqz<T>*) {
  return e.flag(e.b.CreateICmpEQ(e.arg(0), e.number<T>(0)));
}

inline llvm::Value* compare(const Emit& e, llvm::CmpInst::Predicate how) {
  return e.flag(e.b.CreateICmp(how, e.arg(0), e.arg(1)));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::Eq<T>*) {
  return compare(e, llvm::CmpInst::ICMP_EQ);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::Ne<T>*) {
  return compare(e, llvm::CmpInst::ICMP_NE);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::LtS<T>*) {
  return compare(e, llvm::CmpInst::ICMP_SLT);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::LtU<T>*) {
  return compare(e, llvm::CmpInst::ICMP_ULT);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::GtS<T>*) {
  return compare(e, llvm::CmpInst::ICMP_SGT);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::GtU<T>*) {
  return compare(e, llvm::CmpInst::ICMP_UGT);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::LeS<T>*) {
  return compare(e, llvm::CmpInst::ICMP_SLE);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::LeU<T>*) {
  return compare(e, llvm::CmpInst::ICMP_ULE);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::GeS<T>*) {
  return compare(e, llvm::CmpInst::ICMP_SGE);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::GeU<T>*) {
  return compare(e, llvm::CmpInst::ICMP_UGE);
}

// The flag says whether zero is poison.
template <class T>
llvm::Value* direct(const Emit& e, const family::Clz<T>*) {
  return e.binary(llvm::Intrinsic::ctlz, e.arg(0), e.b.getFalse());
}
template <class T>
llvm::Value* direct(const Emit& e, const family::Ctz<T>*) {
  return e.binary(llvm::Intrinsic::cttz, e.arg(0), e.b.getFalse());
}
template <class T>
llvm::Value* direct(const Emit& e, const family::Popcnt<T>*) {
  return e.unary(llvm::Intrinsic::ctpop, e.arg(0));
}

template <class T>
llvm::Value* direct(const Emit& e, const family::Add<T>*) {
  return e.b.CreateAdd(e.arg(0), e.arg(1));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::Sub<T>*) {
  return e.b.CreateSub(e.arg(0), e.arg(1));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::Mul<T>*) {
  return e.b.CreateMul(e.arg(0), e.arg(1));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::And<T>*) {
  return e.b.CreateAnd(e.arg(0), e.arg(1));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::Or<T>*) {
  return e.b.CreateOr(e.arg(0), e.arg(1));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::Xor<T>*) {
  return e.b.CreateXor(e.arg(0), e.arg(1));
}

// `guard` emits what sem::<op>::check tests; direct forms begin with it.
template <class T>
void guard_zero(const Emit& e) {
  e.trap(e.b.CreateICmpEQ(e.arg(1), e.number<T>(0)), runtime::Trap::integer_divide_by_zero);
}
template <class T>
void guard(const Emit& e, const family::DivS<T>*) {
  guard_zero<T>(e);
  llvm::Value* by_minus_one = e.b.CreateICmpEQ(e.arg(1), e.number<T>(~T{0}));
  if (auto* known = llvm::dyn_cast<llvm::ConstantInt>(by_minus_one); known && known->isZero()) return;
  llvm::Value* smallest = e.b.CreateICmpEQ(e.arg(0), e.number<T>(family::kSignBit<T>));
  e.trap(e.b.CreateAnd(smallest, by_minus_one), runtime::Trap::integer_overflow);
}
template <class T>
void guard(const Emit& e, const family::DivU<T>*) {
  guard_zero<T>(e);
}
template <class T>
void guard(const Emit& e, const family::RemS<T>*) {
  guard_zero<T>(e);
}
template <class T>
void guard(const Emit& e, const family::RemU<T>*) {
  guard_zero<T>(e);
}

template <class T>
llvm::Value* direct(const Emit& e, const family::DivS<T>* self) {
  guard(e, self);
  return e.b.CreateSDiv(e.arg(0), e.arg(1));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::DivU<T>* self) {
  guard(e, self);
  return e.b.CreateUDiv(e.arg(0), e.arg(1));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::RemS<T>* self) {
  guard(e, self);
  // The remainder by 1 is that by -1, without the overflow of the smallest dividend.
  llvm::Value* by_minus_one = e.b.CreateICmpEQ(e.arg(1), e.number<T>(~T{0}));
  llvm::Value* divisor = e.arg(1);
  if (auto* known = llvm::dyn_cast<llvm::ConstantInt>(by_minus_one)) {
    if (known->isOne()) return e.number<T>(0);
  } else {
    divisor = e.b.CreateSelect(by_minus_one, e.number<T>(1), divisor);
  }
  return e.b.CreateSRem(e.arg(0), divisor);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::RemU<T>* self) {
  guard(e, self);
  return e.b.CreateURem(e.arg(0), e.arg(1));
}

template <class T>
llvm::Value* shift_count(const Emit& e) {
  return e.b.CreateAnd(e.arg(1), e.number<T>(family::kCountMask<T>));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::Shl<T>*) {
  return e.b.CreateShl(e.arg(0), shift_count<T>(e));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::ShrS<T>*) {
  return e.b.CreateAShr(e.arg(0), shift_count<T>(e));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::ShrU<T>*) {
  return e.b.CreateLShr(e.arg(0), shift_count<T>(e));
}
// Funnel shifts take their count modulo the width.
template <class T>
llvm::Value* direct(const Emit& e, const family::Rotl<T>*) {
  return e.b.CreateIntrinsic(e.type<T>(), llvm::Intrinsic::fshl, {e.arg(0), e.arg(0), e.arg(1)});
}
template <class T>
llvm::Value* direct(const Emit& e, const family::Rotr<T>*) {
  return e.b.CreateIntrinsic(e.type<T>(), llvm::Intrinsic::fshr, {e.arg(0), e.arg(0), e.arg(1)});
}
template <class T, class From>
llvm::Value* direct(const Emit& e, const family::ExtendS<T, From>*) {
  return e.b.CreateSExt(e.b.CreateTrunc(e.arg(0), e.type<From>()), e.type<T>());
}

inline llvm::Value* join(const Emit& e, llvm::Value* lo, llvm::Value* hi) {
  llvm::Value* high = e.b.CreateShl(e.b.CreateZExt(hi, e.b.getInt128Ty()), 64);
  return e.b.CreateOr(high, e.b.CreateZExt(lo, e.b.getInt128Ty()));
}
inline Pair split(const Emit& e, llvm::Value* wide) {
  return {e.b.CreateTrunc(wide, e.b.getInt64Ty()), e.b.CreateTrunc(e.b.CreateLShr(wide, 64), e.b.getInt64Ty())};
}
inline Pair direct(const Emit& e, const isa::sem::i64_add128*) {
  return split(e, e.b.CreateAdd(join(e, e.arg(0), e.arg(1)), join(e, e.arg(2), e.arg(3))));
}
inline Pair direct(const Emit& e, const isa::sem::i64_sub128*) {
  return split(e, e.b.CreateSub(join(e, e.arg(0), e.arg(1)), join(e, e.arg(2), e.arg(3))));
}
inline Pair direct(const Emit& e, const isa::sem::i64_mul_wide_s*) {
  llvm::Type* wide = e.b.getInt128Ty();
  return split(e, e.b.CreateMul(e.b.CreateSExt(e.arg(0), wide), e.b.CreateSExt(e.arg(1), wide)));
}
inline Pair direct(const Emit& e, const isa::sem::i64_mul_wide_u*) {
  llvm::Type* wide = e.b.getInt128Ty();
  return split(e, e.b.CreateMul(e.b.CreateZExt(e.arg(0), wide), e.b.CreateZExt(e.arg(1), wide)));
}

}  // namespace ashlar::optimizing
