// The checker of constant expressions; see const_expr.h.
#include "validate/const_expr.h"

#include "isa/op_table.h"
#include "module/const_op.h"

namespace ashlar::validate {

using isa::AbsHeap;
using isa::HeapType;
using isa::Op;
using isa::ValType;
using module::CompositeKind;

std::unexpected<Error> ConstExprChecker::mismatch(std::string detail) const {
  return make_error(ErrorCode::type_mismatch, offset_, std::move(detail), " (constant expression)");
}

Status ConstExprChecker::pop(ValType expected) {
  if (stack_.empty()) return mismatch("instruction requires [" + isa::to_string(expected) + "] but stack has []");
  const ValType actual = stack_.back();
  if (!types_.matches(actual, expected)) {
    return mismatch("instruction requires [" + isa::to_string(expected) + "] but stack has [" + isa::to_string(actual) +
                    "]");
  }
  stack_.pop_back();
  return {};
}

Status ConstExprChecker::check(const module::ConstExpr& expr, ValType expected, uint32_t globals) {
  stack_.clear();
  offset_ = expr.offset;
  for (const module::ConstInst& inst : expr.insts) TRY(step(inst, globals));
  if (stack_.size() > 1) {
    return mismatch("block requires [" + isa::to_string(expected) + "] but stack has " + module::to_string(stack_));
  }
  return pop(expected);
}

Status ConstExprChecker::step(const module::ConstInst& inst, uint32_t globals) {
  const Op op = inst.op;
  if (!module::is_const_op(op, options_.features)) {
    return make_error(ErrorCode::constant_required, offset_, std::string(isa::mnemonic(op)));
  }
  const isa::OpInfo& row = isa::info(op);
  if (!row.has_special_typing()) {
    for (size_t i = row.operand_count(); i-- > 0;) TRY(pop(isa::sig_type(row.operand(i))));
    for (size_t i = 0; i < row.result_count(); ++i) push(isa::sig_type(row.result(i)));
    return {};
  }
  switch (op) {
    case Op::global_get: {
      if (inst.index >= globals) {
        return make_error(ErrorCode::unknown_index, offset_, "global", std::to_string(inst.index));
      }
      const module::GlobalType& global = m_.globals[inst.index].type;
      if (global.mut) {
        return make_error(ErrorCode::constant_required, offset_,
                          "global " + std::to_string(inst.index) + " is mutable");
      }
      push(global.type);
      return {};
    }
    case Op::ref_null:
      if (inst.heap.is_concrete() && inst.heap.index() >= m_.types.size()) {
        return make_error(ErrorCode::unknown_index, offset_, "type", std::to_string(inst.heap.index()));
      }
      push(ValType::ref_null(inst.heap));
      return {};
    case Op::ref_func:
      if (inst.index >= m_.funcs.size()) {
        return make_error(ErrorCode::unknown_index, offset_, "function", std::to_string(inst.index));
      }
      push(ValType::ref(HeapType::concrete(m_.funcs[inst.index].type)));
      return {};
    case Op::ref_i31:
      TRY(pop(ValType::i32()));
      push(ValType::ref(AbsHeap::I31));
      return {};
    case Op::any_convert_extern:
      return convert(AbsHeap::Extern, AbsHeap::Any);
    case Op::extern_convert_any:
      return convert(AbsHeap::Any, AbsHeap::Extern);
    default:
      return aggregate(inst);
  }
}

Status ConstExprChecker::convert(AbsHeap from, AbsHeap to) {
  const bool nullable = !stack_.empty() && stack_.back().is_ref() && stack_.back().nullable();
  TRY(pop(ValType::ref_null(from)));
  push(ValType::ref(nullable, to));
  return {};
}

Status ConstExprChecker::aggregate(const module::ConstInst& inst) {
  const bool is_struct = inst.op == Op::struct_new || inst.op == Op::struct_new_default;
  if (inst.index >= m_.types.size()) {
    return make_error(ErrorCode::unknown_index, offset_, "type", std::to_string(inst.index));
  }
  const module::SubType& type = m_.types[inst.index];
  if (type.kind != (is_struct ? CompositeKind::Struct : CompositeKind::Array)) {
    return mismatch("type " + std::to_string(inst.index) + (is_struct ? " is no structure" : " is no array"));
  }
  const bool defaulted = inst.op == Op::struct_new_default || inst.op == Op::array_new_default;
  if (defaulted) {
    for (const module::FieldType& field : type.fields) {
      if (!field.storage.type.is_defaultable()) return mismatch("a field has no default");
    }
  }
  if (inst.op == Op::array_new || inst.op == Op::array_new_default) TRY(pop(ValType::i32()));
  if (inst.op == Op::array_new) TRY(pop(type.fields[0].storage.type));
  if (inst.op == Op::array_new_fixed) {
    if (inst.count > options_.limits.array_new_fixed) {
      return make_error(ErrorCode::array_new_fixed_limit, offset_, std::to_string(inst.count),
                        std::to_string(options_.limits.array_new_fixed));
    }
    for (uint32_t i = 0; i < inst.count; ++i) TRY(pop(type.fields[0].storage.type));
  }
  if (inst.op == Op::struct_new) {
    for (size_t i = type.fields.size(); i-- > 0;) TRY(pop(type.fields[i].storage.type));
  }
  push(ValType::ref(HeapType::concrete(inst.index)));
  return {};
}

}  // namespace ashlar::validate
