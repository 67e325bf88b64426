// Direct forms of float arithmetic, scalar and by lanes, and the rules that keep NaNs arithmetic.
#pragma once

#include "isa/semantics_float.h"
#include "isa/semantics_relaxed.h"
#include "isa/semantics_simd_float.h"
#include "optimizing/ops_emit.h"

// LLVM may replace an operation by its operand where only signalling NaNs tell them apart (x * 1, x - 0, min(x, x),
// demote(promote(x))); WebAssembly wants a quiet NaN from every arithmetic instruction (spec 4.3.3). Where such an
// operation is in sight, the operand passes through llvm.canonicalize, which stays: one multiplication by 1 at most.

namespace ashlar::optimizing {

namespace family = isa::sem::family;

/// Whether some lane of a constant has that magnitude.
bool has_magnitude(const llvm::Value* value, double magnitude);
/// Whether LLVM sees a float extension below sign changes.
bool is_promoted(const llvm::Value* value);

inline llvm::Value* quiet(const Emit& e, llvm::Value* value) { return e.unary(llvm::Intrinsic::canonicalize, value); }

/// x, made quiet when the constant y has a lane of that magnitude.
inline llvm::Value* quiet_beside(const Emit& e, llvm::Value* x, const llvm::Value* y, double magnitude) {
  return !llvm::isa<llvm::Constant>(x) && has_magnitude(y, magnitude) ? quiet(e, x) : x;
}
inline llvm::Value* add(const Emit& e, llvm::Value* x, llvm::Value* y) {
  return e.b.CreateFAdd(quiet_beside(e, x, y, 0), quiet_beside(e, y, x, 0));
}
inline llvm::Value* sub(const Emit& e, llvm::Value* x, llvm::Value* y) {
  return e.b.CreateFSub(quiet_beside(e, x, y, 0), quiet_beside(e, y, x, 0));
}
inline llvm::Value* mul(const Emit& e, llvm::Value* x, llvm::Value* y) {
  return e.b.CreateFMul(quiet_beside(e, x, y, 1), quiet_beside(e, y, x, 1));
}
inline llvm::Value* div(const Emit& e, llvm::Value* x, llvm::Value* y) {
  return e.b.CreateFDiv(quiet_beside(e, x, y, 1), y);
}
inline llvm::Value* demote(const Emit& e, llvm::Value* value, llvm::Type* to) {
  llvm::Value* result = e.b.CreateFPTrunc(value, to);
  return is_promoted(value) ? quiet(e, result) : result;
}

/// x where it is less (greater, for max) than y, else y: the host's minimum and maximum.
inline llvm::Value* one_or_second(const Emit& e, bool is_max, llvm::Value* x, llvm::Value* y) {
  return e.b.CreateSelect(is_max ? e.b.CreateFCmpOGT(x, y) : e.b.CreateFCmpOLT(x, y), x, y);
}
/// min and max of the host where it has them with WebAssembly's meaning (aarch64).
llvm::Value* native_min_max(const Emit& e, bool is_max, llvm::Value* x, llvm::Value* y);
/// min and max of scalars on x86-64.
llvm::Value* scalar_min_max(const Emit& e, bool is_max, llvm::Value* x, llvm::Value* y);
/// Of lanes of floats (T) on x86-64.
template <class T>
llvm::Value* lane_min_max(const Emit& e, bool is_max, llvm::Value* x, llvm::Value* y) {
  using Bits = family::Bits<T>;
  // Both orders agree except for zeros of different sign, where combining the bits gives the right one, and for NaNs.
  llvm::Value* xy = e.cast(one_or_second(e, is_max, x, y), e.vector<Bits>());
  llvm::Value* yx = e.cast(one_or_second(e, is_max, y, x), e.vector<Bits>());
  llvm::Value* both = is_max ? e.b.CreateAnd(xy, yx) : e.b.CreateOr(xy, yx);
  constexpr Bits kNan = ~Bits{0} & ~(~Bits{0} >> (sizeof(T) == 4 ? 10 : 13));
  llvm::Value* nan = e.b.CreateVectorSplat(isa::sem::kLaneCount<T>, e.number<Bits>(kNan));
  return e.b.CreateSelect(e.b.CreateFCmpUNO(x, y), nan, both);
}

inline llvm::Value* compare_floats(const Emit& e, llvm::CmpInst::Predicate how) {
  return e.flag(e.b.CreateFCmp(how, e.arg(0), e.arg(1)));
}
template <class T>
llvm::Value* compare_lanes(const Emit& e, llvm::CmpInst::Predicate how) {
  return e.mask<T>(e.b.CreateFCmp(how, e.lanes<T>(0), e.lanes<T>(1)));
}
template <class T>
llvm::Value* unary_lanes(const Emit& e, llvm::Intrinsic::ID id) {
  return e.to_v128(e.unary(id, e.lanes<T>(0)));
}

template <class T>
llvm::Value* direct(const Emit& e, const family::FloatEq<T>*) {
  return compare_floats(e, llvm::CmpInst::FCMP_OEQ);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::FloatNe<T>*) {
  return compare_floats(e, llvm::CmpInst::FCMP_UNE);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::FloatLt<T>*) {
  return compare_floats(e, llvm::CmpInst::FCMP_OLT);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::FloatGt<T>*) {
  return compare_floats(e, llvm::CmpInst::FCMP_OGT);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::FloatLe<T>*) {
  return compare_floats(e, llvm::CmpInst::FCMP_OLE);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::FloatGe<T>*) {
  return compare_floats(e, llvm::CmpInst::FCMP_OGE);
}

// Sign changes are bit operations in LLVM too.
template <class T>
llvm::Value* direct(const Emit& e, const family::FloatAbs<T>*) {
  return e.unary(llvm::Intrinsic::fabs, e.arg(0));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::FloatNeg<T>*) {
  return e.b.CreateFNeg(e.arg(0));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::FloatCopysign<T>*) {
  return e.binary(llvm::Intrinsic::copysign, e.arg(0), e.arg(1));
}

template <class T>
llvm::Value* direct(const Emit& e, const family::FloatCeil<T>*) {
  return e.unary(llvm::Intrinsic::ceil, e.arg(0));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::FloatFloor<T>*) {
  return e.unary(llvm::Intrinsic::floor, e.arg(0));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::FloatTrunc<T>*) {
  return e.unary(llvm::Intrinsic::trunc, e.arg(0));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::FloatNearest<T>*) {
  return e.unary(llvm::Intrinsic::roundeven, e.arg(0));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::FloatSqrt<T>*) {
  return e.unary(llvm::Intrinsic::sqrt, e.arg(0));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::FloatAdd<T>*) {
  return add(e, e.arg(0), e.arg(1));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::FloatSub<T>*) {
  return sub(e, e.arg(0), e.arg(1));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::FloatMul<T>*) {
  return mul(e, e.arg(0), e.arg(1));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::FloatDiv<T>*) {
  return div(e, e.arg(0), e.arg(1));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::FloatMin<T>*) {
  return e.x86 ? scalar_min_max(e, false, e.arg(0), e.arg(1)) : native_min_max(e, false, e.arg(0), e.arg(1));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::FloatMax<T>*) {
  return e.x86 ? scalar_min_max(e, true, e.arg(0), e.arg(1)) : native_min_max(e, true, e.arg(0), e.arg(1));
}

template <class T>
llvm::Value* direct(const Emit& e, const family::VecFloatEq<T>*) {
  return compare_lanes<T>(e, llvm::CmpInst::FCMP_OEQ);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::VecFloatNe<T>*) {
  return compare_lanes<T>(e, llvm::CmpInst::FCMP_UNE);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::VecFloatLt<T>*) {
  return compare_lanes<T>(e, llvm::CmpInst::FCMP_OLT);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::VecFloatGt<T>*) {
  return compare_lanes<T>(e, llvm::CmpInst::FCMP_OGT);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::VecFloatLe<T>*) {
  return compare_lanes<T>(e, llvm::CmpInst::FCMP_OLE);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::VecFloatGe<T>*) {
  return compare_lanes<T>(e, llvm::CmpInst::FCMP_OGE);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::VecFloatAbs<T>*) {
  return unary_lanes<T>(e, llvm::Intrinsic::fabs);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::VecFloatNeg<T>*) {
  return e.to_v128(e.b.CreateFNeg(e.lanes<T>(0)));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::VecFloatCeil<T>*) {
  return unary_lanes<T>(e, llvm::Intrinsic::ceil);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::VecFloatFloor<T>*) {
  return unary_lanes<T>(e, llvm::Intrinsic::floor);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::VecFloatTrunc<T>*) {
  return unary_lanes<T>(e, llvm::Intrinsic::trunc);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::VecFloatNearest<T>*) {
  return unary_lanes<T>(e, llvm::Intrinsic::roundeven);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::VecFloatSqrt<T>*) {
  return unary_lanes<T>(e, llvm::Intrinsic::sqrt);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::VecFloatAdd<T>*) {
  return e.to_v128(add(e, e.lanes<T>(0), e.lanes<T>(1)));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::VecFloatSub<T>*) {
  return e.to_v128(sub(e, e.lanes<T>(0), e.lanes<T>(1)));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::VecFloatMul<T>*) {
  return e.to_v128(mul(e, e.lanes<T>(0), e.lanes<T>(1)));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::VecFloatDiv<T>*) {
  return e.to_v128(div(e, e.lanes<T>(0), e.lanes<T>(1)));
}
template <class T>
llvm::Value* min_max_lanes(const Emit& e, bool is_max) {
  llvm::Value* x = e.lanes<T>(0);
  llvm::Value* y = e.lanes<T>(1);
  return e.to_v128(e.x86 ? lane_min_max<T>(e, is_max, x, y) : native_min_max(e, is_max, x, y));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::VecFloatMin<T>*) {
  return min_max_lanes<T>(e, false);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::VecFloatMax<T>*) {
  return min_max_lanes<T>(e, true);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::VecFloatPmin<T>*) {
  return e.to_v128(one_or_second(e, false, e.lanes<T>(1), e.lanes<T>(0)));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::VecFloatPmax<T>*) {
  return e.to_v128(one_or_second(e, true, e.lanes<T>(1), e.lanes<T>(0)));
}

template <class T>
llvm::Value* direct(const Emit& e, const family::RelaxedMadd<T>*) {
  return e.to_v128(add(e, mul(e, e.lanes<T>(0), e.lanes<T>(1)), e.lanes<T>(2)));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::RelaxedNmadd<T>*) {
  return e.to_v128(add(e, e.b.CreateFNeg(mul(e, e.lanes<T>(0), e.lanes<T>(1))), e.lanes<T>(2)));
}

}  // namespace ashlar::optimizing
