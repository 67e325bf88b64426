// Handlers of branches, fused with the comparison that decides them, and of returns.
#include <array>
#include <utility>

#include "interp/numeric_tables.h"

namespace ashlar::interp {
namespace {

template <Op op, size_t... I>
constexpr auto compare_branches(std::index_sequence<I...>) {
  constexpr int na = first_shapes(op, isa::info(op).operand(0));
  constexpr int nb = later_shapes(op, isa::info(op).operand(1));
  return std::array<Handler, sizeof...(I)>{
      &branch_if<(I / nb / na / 2 != 0), CmpCond<op, operand_shape<op, 0, I / nb % na>(),
                                                 operand_shape<op, 1, I % nb>(), (I / nb / na % 2 != 0)>>...};
}
template <Op op>
constexpr auto compare_table() {
  constexpr int na = first_shapes(op, isa::info(op).operand(0));
  constexpr int nb = later_shapes(op, isa::info(op).operand(1));
  return compare_branches<op>(std::make_index_sequence<4 * na * nb>{});
}
template <Op op>
inline constexpr auto kCompareTable = compare_table<op>();
template <Op op>
constexpr const Handler* table() {
  if constexpr (is_compare(op)) return kCompareTable<op>.data();
  return nullptr;
}
constexpr std::array<const Handler*, isa::kOpCount> kTables = {
#define OP(id, prefix, code, mnemonic, imm, sig, feature, width) table<Op::id>(),
#include "isa/ops/all.def"
};

template <size_t... I>
constexpr auto nez_branches(std::index_sequence<I...>) {
  return std::array<Handler, sizeof...(I)>{&branch_if<(I / 10 != 0), NezCond<kFirstSrc[I % 5], (I / 5 % 2 != 0)>>...};
}
constexpr auto kNez = nez_branches(std::make_index_sequence<20>{});

constexpr std::array<Handler, kRetKinds> kRet = {&ret<RetKind::None>, &ret<RetKind::R>, &ret<RetKind::X>,
                                                 &ret<RetKind::S>};

}  // namespace

Handler branch_handler(Key key) {
  switch (kind_of(key)) {
    case StepKind::CmpBr:
      return kTables[op_of(key)][index_of(key)];
    case StepKind::NezBr:
      return kNez[index_of(key)];
    case StepKind::Br:
      return index_of(key) != 0 ? &branch<true> : &branch<false>;
    case StepKind::Ret:
      return kRet[index_of(key)];
    default:
      return nullptr;
  }
}

}  // namespace ashlar::interp
