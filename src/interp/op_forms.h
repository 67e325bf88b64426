// What lowering asks of an opcode again and again, in a few bytes: operand kinds and counts of shapes.
#pragma once

#include <array>
#include <cstdint>

#include "interp/keys.h"

namespace ashlar::interp {

/// Of an opcode with one or two operands and one result; zeros for all others.
struct OpForm {
  uint8_t operands = 0;
  bool int_out = false;  ///< the result goes to the integer accumulator
  bool int_in[2] = {};   ///< the operand is an integer
  bool hot = false;      ///< is_hot()
  bool vector = false;   ///< a SIMD opcode: may have an immediate
  uint8_t first = 0;     ///< shapes of the first operand
  uint8_t later = 1;     ///< shapes of the second; 1 without one
  uint8_t dest = 0;      ///< shapes of the destination
  isa::ValKind out = isa::ValKind::I32;
};

/// The kind a signature letter stands for; addresses are the caller's business.
constexpr isa::ValKind kind_of_letter(char c) {
  switch (c) {
    case 'i':
      return isa::ValKind::I32;
    case 'l':
      return isa::ValKind::I64;
    case 'f':
      return isa::ValKind::F32;
    case 'd':
      return isa::ValKind::F64;
    default:
      return isa::ValKind::V128;
  }
}

constexpr OpForm compute_form(Op op) {
  const isa::OpInfo& o = isa::info(op);
  OpForm f;
  if (o.special || o.result_count() != 1 || o.operand_count() == 0) return f;
  f.operands = static_cast<uint8_t>(o.operand_count());
  f.int_out = is_int_letter(o.result(0));
  f.hot = is_hot(op);
  f.vector = o.prefix == 0xfd;
  f.first = static_cast<uint8_t>(first_shapes(op, o.operand(0)));
  f.dest = static_cast<uint8_t>(dest_shapes(op));
  f.out = kind_of_letter(o.result(0));
  f.int_in[0] = is_int_letter(o.operand(0));
  if (o.operand_count() == 2) {
    f.int_in[1] = is_int_letter(o.operand(1));
    f.later = static_cast<uint8_t>(later_shapes(op, o.operand(1)));
  }
  return f;
}

inline constexpr std::array<OpForm, isa::kOpCount> kOpForms = {{
#define OP(id, prefix, code, mnemonic, imm, sig, feature, width) compute_form(Op::id),
#include "isa/ops/all.def"
}};
inline const OpForm& form(Op op) { return kOpForms[static_cast<size_t>(op)]; }

}  // namespace ashlar::interp
