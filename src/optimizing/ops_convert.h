// Direct forms of the conversions, scalar and between vector shapes.
#pragma once

#include <llvm/IR/IntrinsicsX86.h>

#include "isa/semantics_convert.h"
#include "isa/semantics_simd_float.h"
#include "optimizing/ops_emit.h"
#include "optimizing/ops_float.h"

namespace ashlar::optimizing {

namespace family = isa::sem::family;

/// Emits TruncRange::contains.
template <class I, class F>
llvm::Value* in_range(const Emit& e, llvm::Value* value) {
  using Range = family::TruncRange<I, F>;
  llvm::Value* below = e.b.CreateFCmpOLT(value, e.number<F>(Range::kAbove));
  llvm::Value* above;
  if constexpr (!Range::kSigned)
    above = e.b.CreateFCmpOGT(value, e.number<F>(F{-1}));
  else if constexpr (Range::kMantissa < Range::kBits)
    above = e.b.CreateFCmpOGE(value, e.number<F>(-Range::kAbove));
  else
    above = e.b.CreateFCmpOGT(value, e.number<F>(-Range::kAbove - F{1}));
  return e.b.CreateAnd(below, above);
}

/// Goes on in a new block when `fits`; otherwise traps for NaN and where `overflows`, away from the straight path, and
/// joins it if neither is the case.
void guard_truncation(const Emit& e, llvm::Value* fits, llvm::Value* value,
                      const std::function<llvm::Value*()>& overflows);

template <class I, class F>
void guard(const Emit& e, const family::Trunc<I, F>*) {
  llvm::Value* value = e.arg(0);
  guard_truncation(e, in_range<I, F>(e, value), value, [&] { return e.b.getTrue(); });
}

/// x86-64's conversion to i64, which gives INT64_MIN for whatever does not fit.
template <class F>
llvm::Value* to_i64_or_min(const Emit& e, llvm::Value* value) {
  constexpr bool kSingle = sizeof(F) == 4;
  constexpr llvm::Intrinsic::ID kConvert =
      kSingle ? llvm::Intrinsic::x86_sse_cvttss2si64 : llvm::Intrinsic::x86_sse2_cvttsd2si64;
  llvm::Value* vector = e.b.CreateInsertElement(llvm::PoisonValue::get(e.vector<F>()), value, uint64_t{0});
  return e.b.CreateIntrinsic(kConvert, {vector});
}

// The conversion itself tells whether it succeeded: cheaper than two comparisons of floats.
template <class I, class F>
llvm::Value* direct(const Emit& e, const family::Trunc<I, F>* self) {
  llvm::Value* value = e.arg(0);
  constexpr bool kSigned = std::is_signed_v<I>;
  if (!e.x86 || llvm::isa<llvm::Constant>(value) || (sizeof(I) == 8 && !kSigned)) {
    guard(e, self);
    return kSigned ? e.b.CreateFPToSI(value, e.type<I>()) : e.b.CreateFPToUI(value, e.type<I>());
  }
  llvm::Value* wide = to_i64_or_min<F>(e, value);
  if constexpr (sizeof(I) == 8) {
    llvm::Value* fits = e.b.CreateICmpNE(wide, e.number<int64_t>(INT64_MIN));
    guard_truncation(e, fits, value, [&] { return e.b.CreateFCmpUNE(value, e.number<F>(F{-0x1p63})); });
    return wide;
  }
  llvm::Value* result = e.b.CreateTrunc(wide, e.type<I>());
  llvm::Value* again = kSigned ? e.b.CreateSExt(result, wide->getType()) : e.b.CreateZExt(result, wide->getType());
  guard_truncation(e, e.b.CreateICmpEQ(again, wide), value, [&] { return e.b.getTrue(); });
  return result;
}

template <class I, class F>
llvm::Value* direct(const Emit& e, const family::TruncSat<I, F>*) {
  constexpr auto kId = std::is_signed_v<I> ? llvm::Intrinsic::fptosi_sat : llvm::Intrinsic::fptoui_sat;
  return e.b.CreateIntrinsic(kId, {e.type<I>(), e.type<F>()}, {e.arg(0)});
}
template <class F, class I>
llvm::Value* direct(const Emit& e, const family::Convert<F, I>*) {
  if constexpr (std::is_signed_v<I>)
    return e.b.CreateSIToFP(e.arg(0), e.type<F>());
  else
    return e.b.CreateUIToFP(e.arg(0), e.type<F>());
}
template <class To, class From>
llvm::Value* direct(const Emit& e, const family::Reinterpret<To, From>*) {
  return e.cast(e.arg(0), e.type<To>());
}
inline llvm::Value* direct(const Emit& e, const isa::sem::i32_wrap_i64*) {
  return e.b.CreateTrunc(e.arg(0), e.b.getInt32Ty());
}
inline llvm::Value* direct(const Emit& e, const isa::sem::i64_extend_i32_s*) {
  return e.b.CreateSExt(e.arg(0), e.b.getInt64Ty());
}
inline llvm::Value* direct(const Emit& e, const isa::sem::i64_extend_i32_u*) {
  return e.b.CreateZExt(e.arg(0), e.b.getInt64Ty());
}
inline llvm::Value* direct(const Emit& e, const isa::sem::f32_demote_f64*) {
  return demote(e, e.arg(0), e.b.getFloatTy());
}
inline llvm::Value* direct(const Emit& e, const isa::sem::f64_promote_f32*) {
  return e.b.CreateFPExt(e.arg(0), e.b.getDoubleTy());
}

/// The first `count` lanes from `first` of a vector.
llvm::Value* part(const Emit& e, llvm::Value* vector, int first, int count);

inline llvm::Value* direct(const Emit& e, const isa::sem::f32x4_convert_i32x4_s*) {
  return e.to_v128(e.b.CreateSIToFP(e.lanes<uint32_t>(0), e.vector<float>()));
}
inline llvm::Value* direct(const Emit& e, const isa::sem::f32x4_convert_i32x4_u*) {
  return e.to_v128(e.b.CreateUIToFP(e.lanes<uint32_t>(0), e.vector<float>()));
}
inline llvm::Value* direct(const Emit& e, const isa::sem::f64x2_convert_low_i32x4_s*) {
  return e.to_v128(e.b.CreateSIToFP(part(e, e.lanes<uint32_t>(0), 0, 2), e.vector<double>()));
}
inline llvm::Value* direct(const Emit& e, const isa::sem::f64x2_convert_low_i32x4_u*) {
  return e.to_v128(e.b.CreateUIToFP(part(e, e.lanes<uint32_t>(0), 0, 2), e.vector<double>()));
}
inline llvm::Value* direct(const Emit& e, const isa::sem::f64x2_promote_low_f32x4*) {
  return e.to_v128(e.b.CreateFPExt(part(e, e.lanes<float>(0), 0, 2), e.vector<double>()));
}
inline llvm::Value* direct(const Emit& e, const isa::sem::f32x4_demote_f64x2_zero*) {
  llvm::Value* low = demote(e, e.lanes<double>(0), e.vector<float>(2));
  return e.to_v128(e.b.CreateShuffleVector(low, llvm::Constant::getNullValue(e.vector<float>(2)), {0, 1, 2, 3}));
}

// aarch64 saturates by itself; x86-64 has short sequences in the semantics.
template <class I>
llvm::Value* truncate_pair(const Emit& e) {
  if (e.x86) return nullptr;
  constexpr auto kId = std::is_signed_v<I> ? llvm::Intrinsic::fptosi_sat : llvm::Intrinsic::fptoui_sat;
  llvm::FixedVectorType* half = e.vector<I>(2);
  llvm::Value* low = e.b.CreateIntrinsic(kId, {half, e.vector<double>()}, {e.lanes<double>(0)});
  return e.to_v128(e.b.CreateShuffleVector(low, llvm::Constant::getNullValue(half), {0, 1, 2, 3}));
}
inline llvm::Value* direct(const Emit& e, const isa::sem::i32x4_trunc_sat_f64x2_s_zero*) {
  return truncate_pair<int32_t>(e);
}
inline llvm::Value* direct(const Emit& e, const isa::sem::i32x4_trunc_sat_f64x2_u_zero*) {
  return truncate_pair<uint32_t>(e);
}

}  // namespace ashlar::optimizing
