// Direct forms of the integer and bitwise vector instructions, of lane access and of the widening of loaded integers.
#pragma once

#include "isa/semantics_relaxed.h"
#include "isa/semantics_simd_int.h"
#include "optimizing/ops_convert.h"
#include "optimizing/ops_emit.h"

namespace ashlar::optimizing {

namespace family = isa::sem::family;

template <class T>
llvm::Value* compare_integers(const Emit& e, llvm::CmpInst::Predicate is_signed, llvm::CmpInst::Predicate is_unsigned) {
  return e.mask<T>(e.b.CreateICmp(std::is_signed_v<T> ? is_signed : is_unsigned, e.lanes<T>(0), e.lanes<T>(1)));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::LaneEq<T>*) {
  return compare_integers<T>(e, llvm::CmpInst::ICMP_EQ, llvm::CmpInst::ICMP_EQ);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::LaneNe<T>*) {
  return compare_integers<T>(e, llvm::CmpInst::ICMP_NE, llvm::CmpInst::ICMP_NE);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::LaneLt<T>*) {
  return compare_integers<T>(e, llvm::CmpInst::ICMP_SLT, llvm::CmpInst::ICMP_ULT);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::LaneGt<T>*) {
  return compare_integers<T>(e, llvm::CmpInst::ICMP_SGT, llvm::CmpInst::ICMP_UGT);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::LaneLe<T>*) {
  return compare_integers<T>(e, llvm::CmpInst::ICMP_SLE, llvm::CmpInst::ICMP_ULE);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::LaneGe<T>*) {
  return compare_integers<T>(e, llvm::CmpInst::ICMP_SGE, llvm::CmpInst::ICMP_UGE);
}

template <class T>
llvm::Value* direct(const Emit& e, const family::LaneAdd<T>*) {
  return e.to_v128(e.b.CreateAdd(e.lanes<T>(0), e.lanes<T>(1)));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::LaneSub<T>*) {
  return e.to_v128(e.b.CreateSub(e.lanes<T>(0), e.lanes<T>(1)));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::LaneMul<T>*) {
  return e.to_v128(e.b.CreateMul(e.lanes<T>(0), e.lanes<T>(1)));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::LaneNeg<T>*) {
  return e.to_v128(e.b.CreateNeg(e.lanes<T>(0)));
}
// The flag says whether the smallest value is poison.
template <class T>
llvm::Value* direct(const Emit& e, const family::LaneAbs<T>*) {
  return e.to_v128(e.binary(llvm::Intrinsic::abs, e.lanes<T>(0), e.b.getFalse()));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::LanePopcnt<T>*) {
  return e.to_v128(e.unary(llvm::Intrinsic::ctpop, e.lanes<T>(0)));
}
template <class T>
llvm::Value* binary_lanes(const Emit& e, llvm::Intrinsic::ID is_signed, llvm::Intrinsic::ID is_unsigned) {
  return e.to_v128(e.binary(std::is_signed_v<T> ? is_signed : is_unsigned, e.lanes<T>(0), e.lanes<T>(1)));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::LaneMin<T>*) {
  return binary_lanes<T>(e, llvm::Intrinsic::smin, llvm::Intrinsic::umin);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::LaneMax<T>*) {
  return binary_lanes<T>(e, llvm::Intrinsic::smax, llvm::Intrinsic::umax);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::LaneAddSat<T>*) {
  return binary_lanes<T>(e, llvm::Intrinsic::sadd_sat, llvm::Intrinsic::uadd_sat);
}
template <class T>
llvm::Value* direct(const Emit& e, const family::LaneSubSat<T>*) {
  return binary_lanes<T>(e, llvm::Intrinsic::ssub_sat, llvm::Intrinsic::usub_sat);
}
// In twice the width: the form in which code generators look for pavg and urhadd.
template <class T>
llvm::Value* direct(const Emit& e, const family::LaneAvgrU<T>*) {
  auto* lane = llvm::IntegerType::get(e.b.getContext(), 16 * sizeof(T));
  auto* wide = llvm::FixedVectorType::get(lane, isa::sem::kLaneCount<T>);
  llvm::Value* sum = e.b.CreateAdd(e.b.CreateZExt(e.lanes<T>(0), wide), e.b.CreateZExt(e.lanes<T>(1), wide));
  llvm::Constant* one = llvm::ConstantInt::get(wide, 1);
  return e.to_v128(e.b.CreateTrunc(e.b.CreateLShr(e.b.CreateAdd(sum, one), one), e.vector<T>()));
}

template <class T>
llvm::Value* lane_counts(const Emit& e) {
  llvm::Value* count = e.b.CreateAnd(e.arg(1), 8 * sizeof(T) - 1);
  return e.b.CreateVectorSplat(isa::sem::kLaneCount<T>, e.b.CreateZExtOrTrunc(count, e.type<T>()));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::LaneShl<T>*) {
  return e.to_v128(e.b.CreateShl(e.lanes<T>(0), lane_counts<T>(e)));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::LaneShr<T>*) {
  llvm::Value* counts = lane_counts<T>(e);
  return e.to_v128(std::is_signed_v<T> ? e.b.CreateAShr(e.lanes<T>(0), counts) : e.b.CreateLShr(e.lanes<T>(0), counts));
}

inline llvm::Value* any_bit(const Emit& e, llvm::Value* vector) {
  llvm::Value* whole = e.cast(vector, e.b.getInt128Ty());
  return e.b.CreateICmpNE(whole, llvm::ConstantInt::get(whole->getType(), 0));
}
inline llvm::Value* direct(const Emit& e, const isa::sem::v128_any_true*) { return e.flag(any_bit(e, e.arg(0))); }
template <class T>
llvm::Value* direct(const Emit& e, const family::LaneAllTrue<T>*) {
  llvm::Value* zeros = e.b.CreateICmpEQ(e.lanes<T>(0), llvm::Constant::getNullValue(e.vector<T>()));
  return e.flag(e.b.CreateNot(any_bit(e, e.mask<T>(zeros))));
}
template <class T>
llvm::Value* direct(const Emit& e, const family::LaneBitmask<T>*) {
  llvm::Value* negative = e.b.CreateICmpSLT(e.lanes<T>(0), llvm::Constant::getNullValue(e.vector<T>()));
  llvm::Value* bits = e.b.CreateBitCast(negative, e.b.getIntNTy(isa::sem::kLaneCount<T>));
  return e.b.CreateZExt(bits, e.b.getInt32Ty());
}

// Clamped and cut in twice the width: aarch64's code generator finds its instructions. x86-64's may prefer AVX-512.
template <class To, class From>
llvm::Value* direct(const Emit& e, const family::LaneNarrow<To, From>*) {
  if (e.x86) return nullptr;
  constexpr int kLanes = isa::sem::kLaneCount<To>;
  constexpr From kLow = std::is_signed_v<To> ? -(From{1} << (8 * sizeof(To) - 1)) : 0;
  constexpr From kHigh = (From{1} << (8 * sizeof(To) - std::is_signed_v<To>)) - 1;
  llvm::SmallVector<int, 16> all;
  for (int i = 0; i < kLanes; ++i) all.push_back(i);
  llvm::Value* both = e.b.CreateShuffleVector(e.lanes<From>(0), e.lanes<From>(1), all);
  auto limit = [&](From value) { return e.b.CreateVectorSplat(kLanes, e.number<From>(value)); };
  both = e.binary(llvm::Intrinsic::smin, e.binary(llvm::Intrinsic::smax, both, limit(kLow)), limit(kHigh));
  return e.to_v128(e.b.CreateTrunc(both, e.vector<To>()));
}

/// `narrow` lanes of From, extended to lanes of To.
template <class To, class From>
llvm::Value* extend(const Emit& e, llvm::Value* narrow) {
  return std::is_signed_v<From> ? e.b.CreateSExt(narrow, e.vector<To>()) : e.b.CreateZExt(narrow, e.vector<To>());
}
template <class To, class From>
llvm::Value* extend_half(const Emit& e, size_t operand, bool high) {
  constexpr int kLanes = isa::sem::kLaneCount<To>;
  return extend<To, From>(e, part(e, e.lanes<From>(operand), high ? kLanes : 0, kLanes));
}
template <class To, class From>
llvm::Value* direct(const Emit& e, const family::LaneExtendLow<To, From>*) {
  return e.to_v128(extend_half<To, From>(e, 0, false));
}
template <class To, class From>
llvm::Value* direct(const Emit& e, const family::LaneExtendHigh<To, From>*) {
  return e.to_v128(extend_half<To, From>(e, 0, true));
}
template <class To, class From>
llvm::Value* direct(const Emit& e, const family::LaneExtmulLow<To, From>*) {
  return e.to_v128(e.b.CreateMul(extend_half<To, From>(e, 0, false), extend_half<To, From>(e, 1, false)));
}
template <class To, class From>
llvm::Value* direct(const Emit& e, const family::LaneExtmulHigh<To, From>*) {
  return e.to_v128(e.b.CreateMul(extend_half<To, From>(e, 0, true), extend_half<To, From>(e, 1, true)));
}

/// Every second lane, from `first`.
llvm::Value* every_second(const Emit& e, llvm::Value* vector, int first);

// aarch64 has instructions for these forms, x86-64 for those of the bitcode.
template <class To, class From>
llvm::Value* direct(const Emit& e, const family::LaneExtaddPairwise<To, From>*) {
  if (e.x86) return nullptr;
  llvm::Value* lanes = e.lanes<From>(0);
  return e.to_v128(
      e.b.CreateAdd(extend<To, From>(e, every_second(e, lanes, 0)), extend<To, From>(e, every_second(e, lanes, 1))));
}
inline llvm::Value* direct(const Emit& e, const isa::sem::i32x4_dot_i16x8_s*) {
  if (e.x86) return nullptr;
  auto* wide = e.vector<int32_t>(8);
  llvm::Value* products =
      e.b.CreateMul(e.b.CreateSExt(e.lanes<int16_t>(0), wide), e.b.CreateSExt(e.lanes<int16_t>(1), wide));
  return e.to_v128(e.b.CreateAdd(every_second(e, products, 0), every_second(e, products, 1)));
}

inline llvm::Value* direct(const Emit& e, const isa::sem::v128_not*) { return e.b.CreateNot(e.arg(0)); }
inline llvm::Value* direct(const Emit& e, const isa::sem::v128_and*) { return e.b.CreateAnd(e.arg(0), e.arg(1)); }
inline llvm::Value* direct(const Emit& e, const isa::sem::v128_andnot*) {
  return e.b.CreateAnd(e.arg(0), e.b.CreateNot(e.arg(1)));
}
inline llvm::Value* direct(const Emit& e, const isa::sem::v128_or*) { return e.b.CreateOr(e.arg(0), e.arg(1)); }
inline llvm::Value* direct(const Emit& e, const isa::sem::v128_xor*) { return e.b.CreateXor(e.arg(0), e.arg(1)); }
inline llvm::Value* direct(const Emit& e, const isa::sem::v128_bitselect*) {
  llvm::Value* from_a = e.b.CreateAnd(e.arg(0), e.arg(2));
  return e.b.CreateOr(from_a, e.b.CreateAnd(e.arg(1), e.b.CreateNot(e.arg(2))));
}

// Lane access. T is the lane, Operand its type on the stack, or that of the raw integer.
template <class T, class Operand>
llvm::Value* to_lane(const Emit& e, llvm::Value* operand) {
  if constexpr (std::is_integral_v<T>) return e.b.CreateTrunc(operand, e.type<T>());
  return operand;
}
template <class T, class Operand>
llvm::Value* direct(const Emit& e, const family::Splat<T, Operand>*) {
  return e.to_v128(e.b.CreateVectorSplat(isa::sem::kLaneCount<T>, to_lane<T, Operand>(e, e.arg(0))));
}
template <class T, class Operand>
llvm::Value* direct(const Emit& e, const family::ExtractLane<T, Operand>*) {
  llvm::Value* lane = e.b.CreateExtractElement(e.lanes<T>(0), uint64_t{e.imm.lane});
  if constexpr (!std::is_integral_v<T>) return lane;
  return std::is_signed_v<T> ? e.b.CreateSExt(lane, e.type<Operand>()) : e.b.CreateZExt(lane, e.type<Operand>());
}
template <class T, class Operand>
llvm::Value* direct(const Emit& e, const family::ReplaceLane<T, Operand>*) {
  llvm::Value* lane = to_lane<T, Operand>(e, e.arg(1));
  return e.to_v128(e.b.CreateInsertElement(e.lanes<T>(0), lane, uint64_t{e.imm.lane}));
}
template <class To, class From>
llvm::Value* direct(const Emit& e, const family::LoadExtend<To, From>*) {
  return e.to_v128(extend<To, From>(e, e.cast(e.arg(0), e.vector<From>(isa::sem::kLaneCount<To>))));
}
inline llvm::Value* zero_extended(const Emit& e) {
  llvm::Value* zero = llvm::Constant::getNullValue(e.v128());
  return e.b.CreateInsertElement(zero, e.b.CreateZExt(e.arg(0), e.b.getInt64Ty()), uint64_t{0});
}
inline llvm::Value* direct(const Emit& e, const isa::sem::v128_load32_zero*) { return zero_extended(e); }
inline llvm::Value* direct(const Emit& e, const isa::sem::v128_load64_zero*) { return zero_extended(e); }
inline llvm::Value* direct(const Emit& e, const isa::sem::i8x16_shuffle*) {
  const llvm::SmallVector<int, 16> lanes(e.imm.bytes.begin(), e.imm.bytes.end());
  return e.to_v128(e.b.CreateShuffleVector(e.lanes<uint8_t>(0), e.lanes<uint8_t>(1), lanes));
}

}  // namespace ashlar::optimizing
