// Locals, globals, select, tables, references; see function.h.
#include <algorithm>

#include "validate/function.h"

namespace ashlar::validate {

ValType FunctionValidator::local_type(uint32_t index) const {
  if (index < locals_.size()) return locals_[index];
  const auto group = std::upper_bound(late_locals_.begin(), late_locals_.end(), index,
                                      [](uint32_t i, const LateGroup& g) { return i < g.end; });
  return group->type;
}

bool FunctionValidator::local_get_slow() {
  const uint32_t index = imm_.a;
  if (index >= local_count_) return fail_unknown("local", index);
  if (track_inits_ && !initialized_[index]) return fail(ErrorCode::uninitialized_local, std::to_string(index));
  return push(local_type(index));
}

bool FunctionValidator::local_set_slow(bool tee) {
  const uint32_t index = imm_.a;
  if (index >= local_count_) return fail_unknown("local", index);
  const ValType type = local_type(index);
  if (!pop(type)) return false;
  if (track_inits_ && !initialized_[index]) {
    initialized_[index] = true;
    init_log_.push_back(index);
  }
  return !tee || push(type);
}

bool FunctionValidator::global_op(Op op) {
  if (imm_.a >= m_.globals.size()) return fail_unknown("global", imm_.a);
  const module::GlobalType& global = m_.globals[imm_.a].type;
  if (op == Op::global_get) return push(global.type);
  if (!global.mut) return fail(ErrorCode::immutable_global, std::to_string(imm_.a));
  return pop(global.type);
}

bool FunctionValidator::select(bool typed) {
  if (typed) {
    if (imm_.types.size() != 1) {
      return fail(ErrorCode::invalid_result_arity, "select with " + std::to_string(imm_.types.size()) + " types");
    }
    const ValType type = imm_.types[0];
    return check_val_type(type) && pop(ValType::i32()) && pop(type) && pop(type) && push(type);
  }
  ValType second;
  ValType first;
  if (!pop(ValType::i32()) || !pop_any(second) || !pop_any(first)) return false;
  if (first.is_ref() || second.is_ref()) {
    return mismatch("select without a type takes numbers and vectors, not " +
                    isa::to_string(first.is_ref() ? first : second));
  }
  if (first != second && !first.is_bot() && !second.is_bot()) {
    return mismatch_operand(isa::to_string(first), false, second);
  }
  return push(first.is_bot() ? second : first);
}

bool FunctionValidator::memory_copy() {
  for (const uint32_t index : {imm_.a, imm_.b}) {
    if (index >= m_.memories.size()) return fail_unknown("memory", index);
  }
  const module::Limits& to = m_.memories[imm_.a].type.limits;
  const module::Limits& from = m_.memories[imm_.b].type.limits;
  const ValType size = to.is64 && from.is64 ? ValType::i64() : ValType::i32();
  return pop(size) && pop(address_of(from)) && pop(address_of(to));
}

bool FunctionValidator::check_table_init() {
  if (imm_.b >= m_.tables.size()) return fail_unknown("table", imm_.b);
  if (imm_.a >= m_.elems.size()) return fail_unknown("elem segment", imm_.a);
  const module::TableType& table = m_.tables[imm_.b].type;
  const ValType elem = m_.elems[imm_.a].type;
  address_ = address_of(table.limits);
  if (types_.matches(elem, table.elem)) return true;
  return mismatch("the segment holds " + isa::to_string(elem) + ", the table " + isa::to_string(table.elem));
}

bool FunctionValidator::table_op(Op op) {
  if (imm_.a >= m_.tables.size()) return fail_unknown("table", imm_.a);
  const module::TableType& table = m_.tables[imm_.a].type;
  const ValType address = address_of(table.limits);
  switch (op) {
    case Op::table_get:
      return pop(address) && push(table.elem);
    case Op::table_set:
      return pop(table.elem) && pop(address);
    case Op::table_grow:
      return pop(address) && pop(table.elem) && push(address);
    case Op::table_fill:
      return pop(address) && pop(table.elem) && pop(address);
    default:
      break;
  }
  CHECK(op == Op::table_copy);
  if (imm_.b >= m_.tables.size()) return fail_unknown("table", imm_.b);
  const module::TableType& from = m_.tables[imm_.b].type;
  if (!types_.matches(from.elem, table.elem)) {
    return mismatch("the source holds " + isa::to_string(from.elem) + ", the destination " +
                    isa::to_string(table.elem));
  }
  const ValType size = table.limits.is64 && from.limits.is64 ? ValType::i64() : ValType::i32();
  return pop(size) && pop(address_of(from.limits)) && pop(address);
}

bool FunctionValidator::ref_func() {
  if (imm_.a >= m_.funcs.size()) return fail_unknown("function", imm_.a);
  if (!m_.declared_funcs.empty() && (imm_.a >= m_.declared_funcs.size() || !m_.declared_funcs[imm_.a])) {
    return fail(ErrorCode::undeclared_function, std::to_string(imm_.a));
  }
  return push(ValType::ref(HeapType::concrete(m_.funcs[imm_.a].type)));
}

bool FunctionValidator::reference(Op op) {
  ValType type;
  switch (op) {
    case Op::ref_null:
      return check_heap_type(imm_.heap) && push(ValType::ref_null(imm_.heap));
    case Op::ref_is_null:
      return pop_ref(type) && push(ValType::i32());
    case Op::ref_func:
      return ref_func();
    case Op::ref_eq:
      return pop(ValType::eqref()) && pop(ValType::eqref()) && push(ValType::i32());
    default:
      CHECK(op == Op::ref_as_non_null);
      return pop_ref(type) && push(type.as_non_null());
  }
}

}  // namespace ashlar::validate
