// Keys of steps as types: connects the step templates with the numbers that lowering emits.
#pragma once

#include "interp/gc_steps.h"
#include "interp/keys.h"
#include "interp/steps.h"

namespace ashlar::interp {

template <class S>
struct KeyOf;

template <auto shape>
constexpr int later_index() {
  return static_cast<int>(shape);
}
template <auto shape>
constexpr int first_operand_index() {
  if constexpr (std::is_same_v<decltype(shape), Src>) {
    return first_index(shape);
  } else {
    return static_cast<int>(shape);
  }
}

template <Op op, auto D, auto A>
struct KeyOf<Un<op, D, A>> {
  static constexpr Key value =
      make_key(StepKind::Numeric, op, un_index(op, static_cast<int>(D), first_operand_index<A>()));
};
template <Op op, auto D, auto A, auto B>
struct KeyOf<Bin<op, D, A, B>> {
  static constexpr Key value =
      make_key(StepKind::Numeric, op, bin_index(op, static_cast<int>(D), first_operand_index<A>(), later_index<B>()));
};
template <Op op, auto D, Src A>
struct KeyOf<Load<op, D, A>> {
  static constexpr Key value =
      make_key(StepKind::Load, op, static_cast<uint32_t>(static_cast<int>(D) * kSrcCount + static_cast<int>(A)));
};
template <Op op, Src A, auto V>
struct KeyOf<Store<op, A, V>> {
  static constexpr int nv = is_int_letter(isa::info(op).operand(1)) ? kSrcCount : 2;
  static constexpr Key value =
      make_key(StepKind::Store, op, static_cast<uint32_t>(static_cast<int>(A) * nv + static_cast<int>(V)));
};
template <bool wide, Dst D, Src A>
struct KeyOf<Mov<wide, D, A>> {
  static constexpr Key value =
      make_key(StepKind::Mov, wide, static_cast<uint32_t>(D) * kSrcCount + static_cast<uint32_t>(A));
};
template <Dst D, Src A, Src B, Src C>
struct KeyOf<Select<D, A, B, C>> {
  static constexpr uint32_t index(Src s) { return s == Src::S ? 0 : s == Src::C ? 1 : 2; }
  static constexpr Key value = make_key(
      StepKind::Select, 0u, ((static_cast<uint32_t>(D) * 3 + index(A)) * 3 + index(B)) * 2 + static_cast<uint32_t>(C));
};
template <bool wide, Src A>
struct KeyOf<MovS<wide, A>> {
  static constexpr Key value = make_key(StepKind::MovS, wide, static_cast<uint32_t>(A));
};
template <class T, FDst D, FSrc A>
struct KeyOf<FMov<T, D, A>> {
  static constexpr uint32_t kWidth = sizeof(T) == 4 ? 0 : sizeof(T) == 8 ? 1 : 2;
  static constexpr Key value =
      make_key(StepKind::FMov, kWidth, static_cast<uint32_t>(D) * 3 + static_cast<uint32_t>(A));
};
template <Op op, FDst D, FSrc C>
struct KeyOf<Tern<op, D, C>> {
  static constexpr Key value = make_key(StepKind::Tern, op, static_cast<uint32_t>(D) * 2 + static_cast<uint32_t>(C));
};
template <class T, FDst D, FSrc A, FSrc B, Src C>
struct KeyOf<FSelect<T, D, A, B, C>> {
  static constexpr uint32_t kWidth = sizeof(T) == 4 ? 0 : sizeof(T) == 8 ? 1 : 2;
  static constexpr Key value =
      make_key(StepKind::FSelect, kWidth,
               ((static_cast<uint32_t>(D) * 2 + static_cast<uint32_t>(A)) * 2 + static_cast<uint32_t>(B)) * 2 +
                   static_cast<uint32_t>(C));
};
template <Dst D>
struct KeyOf<Const64<D>> {
  static constexpr Key value = make_key(StepKind::Const64, 0u, static_cast<uint32_t>(D));
};
template <>
struct KeyOf<Const64S> {
  static constexpr Key value = make_key(StepKind::Const64, 0u, kDstCount);
};
template <>
struct KeyOf<VMovS> {
  static constexpr Key value = make_key(StepKind::VMovS, 0u, 0u);
};
template <>
struct KeyOf<VConstS> {
  static constexpr Key value = make_key(StepKind::VMovS, 0u, 1u);
};
template <Dst D>
struct KeyOf<GlobalGet<D>> {
  static constexpr Key value = make_key(StepKind::GlobalGet, 0u, static_cast<uint32_t>(D));
};
template <Src A>
struct KeyOf<GlobalSet<A>> {
  static constexpr Key value = make_key(StepKind::GlobalSet, 0u, static_cast<uint32_t>(A));
};

template <Acc acc, auto D, Src A>
struct KeyOf<StructGet<acc, D, A>> {
  static constexpr Key value = make_key(StepKind::StructGet, static_cast<uint32_t>(acc),
                                        static_cast<uint32_t>(static_cast<int>(D) * 5 + first_index(A)));
};
template <Acc acc, Src A, auto V>
struct KeyOf<StructSet<acc, A, V>> {
  static constexpr int nv = is_float(acc) ? 2 : kSrcCount;
  static constexpr Key value = make_key(StepKind::StructSet, static_cast<uint32_t>(acc),
                                        static_cast<uint32_t>(first_index(A) * nv + static_cast<int>(V)));
};
template <Acc acc, auto D, Src A, Src I>
struct KeyOf<ArrayGet<acc, D, A, I>> {
  static constexpr Key value =
      make_key(StepKind::ArrayGet, static_cast<uint32_t>(acc),
               static_cast<uint32_t>((static_cast<int>(D) * 5 + first_index(A)) * kSrcCount + static_cast<int>(I)));
};
template <Acc acc, Src A, Src I, auto V>
struct KeyOf<ArraySet<acc, A, I, V>> {
  static constexpr int nv = is_float(acc) ? 2 : kArraySetValues;
  static constexpr Key value =
      make_key(StepKind::ArraySet, static_cast<uint32_t>(acc),
               static_cast<uint32_t>((first_index(A) * kSrcCount + static_cast<int>(I)) * nv + static_cast<int>(V)));
};
template <uint32_t n, uint32_t wide, Dst D>
struct KeyOf<StructNew<n, wide, D>> {
  static constexpr Key value = make_key(StepKind::StructNew, n | wide << 3, static_cast<uint32_t>(D));
};
template <TestKind kind, Dst D, Src A>
struct KeyOf<RefTest<kind, D, A>> {
  static constexpr Key value = make_key(StepKind::RefTest, static_cast<uint32_t>(kind),
                                        static_cast<uint32_t>(static_cast<int>(D) * 5 + first_index(A)));
};
template <RefOp op, Dst D, Src A>
struct KeyOf<RefUn<op, D, A>> {
  static constexpr Key value = make_key(StepKind::RefUn, static_cast<uint32_t>(op),
                                        static_cast<uint32_t>(static_cast<int>(D) * 5 + first_index(A)));
};
template <RefOp op, Src A>
struct KeyOf<RefCheck<op, A>> {
  static constexpr Key value =
      make_key(StepKind::RefCheck, static_cast<uint32_t>(op), static_cast<uint32_t>(first_index(A)));
};
template <Dst D>
struct KeyOf<RefFunc<D>> {
  static constexpr Key value = make_key(StepKind::RefFunc, 0u, static_cast<uint32_t>(D));
};
template <Dst D, Src A>
struct KeyOf<TableGet<D, A>> {
  static constexpr Key value =
      make_key(StepKind::TableGet, 0u, static_cast<uint32_t>(D) * 2 + static_cast<uint32_t>(A));
};

/// Stands for the branch at the end of a fused sequence.
template <bool back, class Cond>
struct BranchIf {};
template <bool back>
struct Branch {};
template <RetKind kind>
struct Return {};

template <bool back, Op op, auto A, auto B, bool negate>
struct KeyOf<BranchIf<back, CmpCond<op, A, B, negate>>> {
  static constexpr int na = first_shapes(op, isa::info(op).operand(0));
  static constexpr int nb = later_shapes(op, isa::info(op).operand(1));
  static constexpr Key value =
      make_key(StepKind::CmpBr, op,
               static_cast<uint32_t>(((back * 2 + negate) * na + first_operand_index<A>()) * nb + later_index<B>()));
};
template <bool back, Src A, bool negate>
struct KeyOf<BranchIf<back, NezCond<A, negate>>> {
  static constexpr Key value =
      make_key(StepKind::NezBr, 0u, static_cast<uint32_t>((back * 2 + negate) * 5 + first_index(A)));
};
template <bool back, TestKind kind, Src A, bool negate>
struct KeyOf<BranchIf<back, TestCond<kind, A, negate>>> {
  static constexpr Key value = make_key(StepKind::TestBr, static_cast<uint32_t>(kind),
                                        static_cast<uint32_t>((back * 2 + negate) * 5 + first_index(A)));
};
template <bool back>
struct KeyOf<Branch<back>> {
  static constexpr Key value = make_key(StepKind::Br, 0u, back);
};

template <RetKind kind>
struct KeyOf<Return<kind>> {
  static constexpr Key value = make_key(StepKind::Ret, 0u, static_cast<uint32_t>(kind));
};

struct FusedRow {
  Handler handler;
  uint8_t n;
  Key keys[kMaxFused];
};

template <class... Steps>
constexpr FusedRow fused() {
  return {&linear<Steps...>, sizeof...(Steps), {KeyOf<Steps>::value...}};
}
template <bool back, class Cond, class... Steps>
constexpr FusedRow fused_if() {
  return {&branch_if<back, Cond, Steps...>,
          sizeof...(Steps) + 1,
          {KeyOf<Steps>::value..., KeyOf<BranchIf<back, Cond>>::value}};
}
template <bool back, class... Steps>
constexpr FusedRow fused_br() {
  return {&branch<back, Steps...>, sizeof...(Steps) + 1, {KeyOf<Steps>::value..., KeyOf<Branch<back>>::value}};
}
template <RetKind kind, class... Steps>
constexpr FusedRow fused_ret() {
  return {&ret<kind, Steps...>, sizeof...(Steps) + 1, {KeyOf<Steps>::value..., KeyOf<Return<kind>>::value}};
}

}  // namespace ashlar::interp
