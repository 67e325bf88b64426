// Builds the handler table of one numeric opcode from its row: every operand shape the opcode has.
#pragma once

#include <array>
#include <utility>

#include "interp/keys.h"
#include "interp/steps.h"

namespace ashlar::interp {

template <Op op, int operand, int i>
constexpr auto operand_shape() {
  constexpr char c = isa::info(op).operand(operand);
  if constexpr (is_int_letter(c)) {
    if constexpr (operand == 0) {
      return kFirstSrc[i];
    } else {
      return static_cast<Src>(i);
    }
  } else {
    return static_cast<FSrc>(i);
  }
}
template <Op op, int i>
constexpr auto dest_shape() {
  if constexpr (is_int_letter(isa::info(op).result(0))) {
    return static_cast<Dst>(i);
  } else {
    return static_cast<FDst>(i);
  }
}

template <Op op>
constexpr bool is_numeric_op() {
  constexpr const isa::OpInfo& o = isa::info(op);
  if (o.special || o.has_mem_arg() || o.result_count() != 1) return false;
  if (o.operand_count() < 1 || o.operand_count() > 2) return false;
  if (o.imm != isa::ImmKind::None && o.imm != isa::ImmKind::Lane && o.imm != isa::ImmKind::Shuffle) return false;
  return true;
}

template <Op op, size_t... I>
constexpr auto unary_table(std::index_sequence<I...>) {
  constexpr int na = first_shapes(op, isa::info(op).operand(0));
  return std::array<Handler, sizeof...(I)>{
      &linear<Un<op, dest_shape<op, I / na>(), operand_shape<op, 0, I % na>()>>...};
}
template <Op op, size_t... I>
constexpr auto binary_table(std::index_sequence<I...>) {
  constexpr int na = first_shapes(op, isa::info(op).operand(0));
  constexpr int nb = later_shapes(op, isa::info(op).operand(1));
  return std::array<Handler, sizeof...(I)>{&linear<
      Bin<op, dest_shape<op, I / nb / na>(), operand_shape<op, 0, I / nb % na>(), operand_shape<op, 1, I % nb>()>>...};
}

template <Op op>
constexpr auto make_numeric_table() {
  constexpr int nd = dest_shapes(op), na = first_shapes(op, isa::info(op).operand(0));
  if constexpr (isa::info(op).operand_count() == 1) {
    return unary_table<op>(std::make_index_sequence<nd * na>{});
  } else {
    constexpr int nb = later_shapes(op, isa::info(op).operand(1));
    return binary_table<op>(std::make_index_sequence<nd * na * nb>{});
  }
}

template <Op op>
inline constexpr auto kNumericTable = make_numeric_table<op>();

/// The table of op when it belongs to the family, else null.
template <Op op, class Family>
constexpr const Handler* numeric_table() {
  if constexpr (is_numeric_op<op>()) {
    if constexpr (Family::has(op)) return kNumericTable<op>.data();
  }
  return nullptr;
}

template <class Family>
inline constexpr std::array<const Handler*, isa::kOpCount> kFamilyTables = {
#define OP(id, prefix, code, mnemonic, imm, sig, feature, width) numeric_table<Op::id, Family>(),
#include "isa/ops/all.def"
};

/// Whether all operands and the result are integers.
constexpr bool is_int_op(Op op) {
  const isa::OpInfo& o = isa::info(op);
  for (size_t i = 0; i < o.operand_count(); ++i)
    if (!is_int_letter(o.operand(i))) return false;
  return o.result_count() == 1 && is_int_letter(o.result(0));
}
constexpr bool is_vector_op(Op op) { return isa::info(op).prefix == 0xfd; }

}  // namespace ashlar::interp
