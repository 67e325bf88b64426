// Handlers of GC and reference instructions.
#include <array>
#include <utility>

#include "interp/gc_steps.h"
#include "interp/keys.h"

namespace ashlar::interp {

void log_write(InstanceContext* ctx, GcRef object, GcRef value) { ctx->store->heap().log(object, value); }
void log_element_write(InstanceContext* ctx, GcRef array, uint32_t index, GcRef value) {
  ctx->store->heap().log_element(array, index, value);
}
GcRef new_struct_slow(InstanceContext* ctx, uint32_t type_id, const Slot* end) {
  runtime::GcHeap& heap = ctx->store->heap();
  const runtime::GcHeap::LiveSlots live(heap, end);
  return heap.alloc_struct(type_id);
}
Slot func_ref_slow(InstanceContext* ctx, uint32_t index) { return runtime::from_func(ctx->instance->func_cell(index)); }

namespace {

template <size_t n>
using Seq = std::make_index_sequence<n>;

template <Acc acc, size_t i>
constexpr auto acc_dest() {
  if constexpr (is_float(acc)) {
    return static_cast<FDst>(i);
  } else {
    return static_cast<Dst>(i);
  }
}
template <Acc acc, size_t i>
constexpr auto acc_value() {
  if constexpr (is_float(acc)) {
    return static_cast<FSrc>(i);
  } else {
    return static_cast<Src>(i);
  }
}

template <Acc acc, size_t... I>
constexpr auto struct_gets(std::index_sequence<I...>) {
  return std::array<Handler, sizeof...(I)>{&linear<StructGet<acc, acc_dest<acc, I / 5>(), kFirstSrc[I % 5]>>...};
}
template <Acc acc, size_t... I>
constexpr auto struct_sets(std::index_sequence<I...>) {
  constexpr size_t nv = is_float(acc) ? 2 : kSrcCount;
  return std::array<Handler, sizeof...(I)>{&linear<StructSet<acc, kFirstSrc[I / nv], acc_value<acc, I % nv>()>>...};
}
template <Acc acc, size_t... I>
constexpr auto array_gets(std::index_sequence<I...>) {
  return std::array<Handler, sizeof...(I)>{
      &linear<ArrayGet<acc, acc_dest<acc, I / 30>(), kFirstSrc[I / 6 % 5], static_cast<Src>(I % 6)>>...};
}
template <Acc acc, size_t... I>
constexpr auto array_sets(std::index_sequence<I...>) {
  constexpr size_t nv = is_float(acc) ? 2 : kArraySetValues;
  return std::array<Handler, sizeof...(I)>{
      &linear<ArraySet<acc, kFirstSrc[I / nv / 6], static_cast<Src>(I / nv % 6), acc_value<acc, I % nv>()>>...};
}

template <Acc acc>
inline constexpr auto kStructGet = struct_gets<acc>(Seq<is_float(acc) ? 10 : 25>{});
template <Acc acc>
inline constexpr auto kStructSet = struct_sets<acc>(Seq<is_float(acc) ? 10 : 30>{});
template <Acc acc>
inline constexpr auto kArrayGet = array_gets<acc>(Seq<is_float(acc) ? 60 : 150>{});
template <Acc acc>
inline constexpr auto kArraySet = array_sets<acc>(Seq<is_float(acc) ? 60 : 90>{});

struct AccTables {
  const Handler* struct_get = nullptr;
  const Handler* struct_set = nullptr;
  const Handler* array_get = nullptr;
  const Handler* array_set = nullptr;
};
template <Acc acc>
constexpr AccTables acc_tables() {
  AccTables t;
  if constexpr (is_load(acc)) {
    t.struct_get = kStructGet<acc>.data();
    t.array_get = kArrayGet<acc>.data();
  }
  if constexpr (is_store(acc)) {
    t.struct_set = kStructSet<acc>.data();
    t.array_set = kArraySet<acc>.data();
  }
  return t;
}
template <size_t... I>
constexpr auto all_acc_tables(std::index_sequence<I...>) {
  return std::array<AccTables, sizeof...(I)>{acc_tables<static_cast<Acc>(I)>()...};
}
constexpr auto kAccTables = all_acc_tables(Seq<kAccCount>{});

/// By number of fields and which are wide: those of n fields begin at 2^n - 1.
constexpr uint32_t shape_of(size_t i) {
  uint32_t n = 0;
  while ((2u << n) - 1 <= i) ++n;
  return n;
}
template <size_t i, Dst d>
constexpr Handler struct_new_handler() {
  constexpr uint32_t n = shape_of(i);
  return &linear<StructNew<n, static_cast<uint32_t>(i) + 1 - (1u << n), d>>;
}
template <size_t... I>
constexpr auto struct_news(std::index_sequence<I...>) {
  return std::array<std::array<Handler, 2>, sizeof...(I)>{
      {{struct_new_handler<I, Dst::R>(), struct_new_handler<I, Dst::RS>()}...}};
}
constexpr auto kStructNew = struct_news(Seq<(2u << kMostStructNew) - 1>{});

template <TestKind kind, size_t... I>
constexpr auto tests(std::index_sequence<I...>) {
  return std::array<Handler, sizeof...(I)>{&linear<RefTest<kind, static_cast<Dst>(I / 5), kFirstSrc[I % 5]>>...};
}
template <TestKind kind, size_t... I>
constexpr auto test_branches(std::index_sequence<I...>) {
  return std::array<Handler, sizeof...(I)>{
      &branch_if<(I / 10 != 0), TestCond<kind, kFirstSrc[I % 5], (I / 5 % 2 != 0)>>...};
}
constexpr std::array kTest = {tests<TestKind::Concrete>(Seq<10>{}), tests<TestKind::ConcreteNull>(Seq<10>{}),
                              tests<TestKind::Other>(Seq<10>{})};
constexpr std::array kTestBr = {test_branches<TestKind::Concrete>(Seq<20>{}),
                                test_branches<TestKind::ConcreteNull>(Seq<20>{}),
                                test_branches<TestKind::Other>(Seq<20>{})};

template <RefOp op, size_t... I>
constexpr auto ref_ops(std::index_sequence<I...>) {
  return std::array<Handler, sizeof...(I)>{&linear<RefUn<op, static_cast<Dst>(I / 5), kFirstSrc[I % 5]>>...};
}
template <RefOp op, size_t... I>
constexpr auto ref_checks(std::index_sequence<I...>) {
  return std::array<Handler, sizeof...(I)>{&linear<RefCheck<op, kFirstSrc[I]>>...};
}
template <size_t... I>
constexpr auto all_ref_ops(std::index_sequence<I...>) {
  return std::array{ref_ops<static_cast<RefOp>(I)>(Seq<25>{})...};
}
template <size_t... I>
constexpr auto all_ref_checks(std::index_sequence<I...>) {
  return std::array{ref_checks<static_cast<RefOp>(I)>(Seq<5>{})...};
}
constexpr auto kRefUn = all_ref_ops(Seq<kRefOps>{});
constexpr auto kRefCheck = all_ref_checks(Seq<kRefOps>{});

template <size_t... I>
constexpr auto ref_funcs(std::index_sequence<I...>) {
  return std::array<Handler, sizeof...(I)>{&linear<RefFunc<static_cast<Dst>(I)>>...};
}
constexpr auto kRefFunc = ref_funcs(Seq<kDstCount>{});
constexpr std::array<Handler, 4> kTableGet = {&linear<TableGet<Dst::R, Src::R>>, &linear<TableGet<Dst::R, Src::S>>,
                                              &linear<TableGet<Dst::RS, Src::R>>, &linear<TableGet<Dst::RS, Src::S>>};

/// A struct of any fields but v128. Stream: type, u16 size, u16 where live slots end, u16 result, u16 number of fields;
/// of each an initial value, u16 offset, u16 bytes.
ASHLAR_HANDLER struct_new_many(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  const uint32_t size = read<uint16_t>(s.ip + 12);
  const GcRef ref = new_struct(s, read<uint32_t>(s.ip + 8), size, s.fp + read<uint16_t>(s.ip + 14));
  if (ref == runtime::kNullRef) [[unlikely]] {
    s.r = static_cast<uint64_t>(Trap::gc_heap_exhausted);
    ASHLAR_GOTO(trap_exit, s.ip);
  }
  uint8_t* object = s.ctx->gc_base + ref;
  const uint32_t n = read<uint16_t>(s.ip + 18);
  const Code* p = s.ip + 20;
  const Code* end = p + 8 * uint64_t{n};
  for (; p != end; p += 8) {
    const uint64_t v = initial_value(s, p);
    uint8_t* at = object + read<uint16_t>(p + 4);
    const uint32_t bytes = read<uint16_t>(p + 6);
    if (bytes == 4) [[likely]] {
      std::memcpy(at, &v, 4);
    } else if (bytes == 8) {
      std::memcpy(at, &v, 8);
    } else if (bytes == 1) {
      *at = static_cast<uint8_t>(v);
    } else {
      std::memcpy(at, &v, 2);
    }
  }
  s.fp[read<uint16_t>(s.ip + 16)] = ref;
  s.r = ref;
  ASHLAR_NEXT(s.ip + ((20 + 8 * uint64_t{n} + 7) & ~uint64_t{7}));
}

}  // namespace

Handler struct_new_many_handler() { return &struct_new_many; }

Handler gc_handler(Key key) {
  const uint32_t op = op_of(key), i = index_of(key);
  switch (kind_of(key)) {
    case StepKind::StructGet:
      return kAccTables[op].struct_get[i];
    case StepKind::StructSet:
      return kAccTables[op].struct_set[i];
    case StepKind::ArrayGet:
      return kAccTables[op].array_get[i];
    case StepKind::ArraySet:
      return kAccTables[op].array_set[i];
    case StepKind::StructNew:
      return kStructNew[(1u << (op & 7)) - 1 + (op >> 3)][i];
    case StepKind::RefTest:
      return kTest[op][i];
    case StepKind::TestBr:
      return kTestBr[op][i];
    case StepKind::RefUn:
      return kRefUn[op][i];
    case StepKind::RefCheck:
      return kRefCheck[op][i];
    case StepKind::RefFunc:
      return kRefFunc[i];
    case StepKind::TableGet:
      return kTableGet[i];
    default:
      return nullptr;
  }
}

}  // namespace ashlar::interp
