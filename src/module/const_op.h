// Which instructions may stand in a constant expression (spec 3.4.13), and the feature that lets them.
#pragma once

#include "isa/features.h"
#include "isa/op.h"

namespace ashlar::module {

constexpr bool is_extended_const_op(isa::Op op) {
  using isa::Op;
  return op == Op::i32_add || op == Op::i32_sub || op == Op::i32_mul || op == Op::i64_add || op == Op::i64_sub ||
         op == Op::i64_mul;
}

/// Whether some feature set allows `op` in constant expressions.
constexpr bool is_const_op(isa::Op op) {
  using isa::Op;
  return op == Op::i32_const || op == Op::i64_const || op == Op::f32_const || op == Op::f64_const ||
         op == Op::v128_const || op == Op::global_get || op == Op::ref_null || op == Op::ref_func ||
         op == Op::ref_i31 || op == Op::struct_new || op == Op::struct_new_default || op == Op::array_new ||
         op == Op::array_new_default || op == Op::array_new_fixed || op == Op::any_convert_extern ||
         op == Op::extern_convert_any || is_extended_const_op(op);
}

/// The encoding's feature has been checked by the reader; what is left is the use in constants.
constexpr bool is_const_op(isa::Op op, isa::Features features) {
  return is_const_op(op) && (!is_extended_const_op(op) || features.has(isa::Feature::extended_const));
}

}  // namespace ashlar::module
