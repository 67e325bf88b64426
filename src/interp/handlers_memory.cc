// Handlers of loads and stores: guarded ones to memory 0, and checked ones to any memory.
#include <array>
#include <utility>

#include "interp/keys.h"
#include "interp/steps.h"

namespace ashlar::interp {
namespace {

constexpr bool is_access(Op op) {
  const isa::OpInfo& o = isa::info(op);
  return o.imm == isa::ImmKind::MemArg && o.prefix != 0xfe && o.width != 0;
}
constexpr bool is_load(Op op) { return is_access(op) && isa::info(op).result_count() == 1; }

template <Op op, int i>
constexpr auto dest() {
  if constexpr (is_int_letter(isa::info(op).result(0))) {
    return static_cast<Dst>(i);
  } else {
    return static_cast<FDst>(i);
  }
}
template <Op op, int i>
constexpr auto value() {
  if constexpr (is_int_letter(isa::info(op).operand(1))) {
    return static_cast<Src>(i);
  } else {
    return static_cast<FSrc>(i);
  }
}
template <Op op>
constexpr int value_shapes() {
  return is_int_letter(isa::info(op).operand(1)) ? kSrcCount : 2;
}

template <Op op, size_t... I>
constexpr auto loads(std::index_sequence<I...>) {
  return std::array<Handler, sizeof...(I)>{
      &linear<Load<op, dest<op, I / kSrcCount>(), static_cast<Src>(I % kSrcCount)>>...};
}
template <Op op, size_t... I>
constexpr auto checked_loads(std::index_sequence<I...>) {
  return std::array<Handler, sizeof...(I)>{&linear<LoadChecked<op, dest<op, I / 2>(), static_cast<Src>(I % 2)>>...};
}
template <Op op, size_t... I>
constexpr auto stores(std::index_sequence<I...>) {
  constexpr int nv = value_shapes<op>();
  return std::array<Handler, sizeof...(I)>{&linear<Store<op, static_cast<Src>(I / nv), value<op, I % nv>()>>...};
}
template <Op op, size_t... I>
constexpr auto checked_stores(std::index_sequence<I...>) {
  return std::array<Handler, sizeof...(I)>{&linear<StoreChecked<op, static_cast<Src>(I / 2), value<op, I % 2>()>>...};
}

template <Op op>
constexpr auto guarded_table() {
  if constexpr (is_load(op)) {
    constexpr int nd = is_int_letter(isa::info(op).result(0)) ? kDstCount : 2;
    return loads<op>(std::make_index_sequence<nd * kSrcCount>{});
  } else {
    return stores<op>(std::make_index_sequence<kSrcCount * value_shapes<op>()>{});
  }
}
template <Op op>
constexpr auto checked_table() {
  if constexpr (is_load(op)) {
    return checked_loads<op>(std::make_index_sequence<4>{});
  } else {
    return checked_stores<op>(std::make_index_sequence<4>{});
  }
}
template <Op op>
inline constexpr auto kGuarded = guarded_table<op>();
template <Op op>
inline constexpr auto kChecked = checked_table<op>();

template <Op op, bool guarded>
constexpr const Handler* table() {
  if constexpr (!is_access(op)) {
    return nullptr;
  } else if constexpr (guarded) {
    return kGuarded<op>.data();
  } else {
    return kChecked<op>.data();
  }
}
constexpr std::array<const Handler*, isa::kOpCount> kGuardedTables = {
#define OP(id, prefix, code, mnemonic, imm, sig, feature, width) table<Op::id, true>(),
#include "isa/ops/all.def"
};
constexpr std::array<const Handler*, isa::kOpCount> kCheckedTables = {
#define OP(id, prefix, code, mnemonic, imm, sig, feature, width) table<Op::id, false>(),
#include "isa/ops/all.def"
};

}  // namespace

Handler memory_handler(Key key) {
  bool guarded = kind_of(key) == StepKind::Load || kind_of(key) == StepKind::Store;
  return (guarded ? kGuardedTables : kCheckedTables)[op_of(key)][index_of(key)];
}

}  // namespace ashlar::interp
