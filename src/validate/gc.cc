// Structures, arrays, i31 and casts (spec 3.4.3 to 3.4.6); see function.h.
#include "validate/function.h"

namespace ashlar::validate {

using isa::AbsHeap;
using isa::StorageType;
using module::CompositeKind;
using module::SubType;

namespace {
bool is_defaultable(const module::FieldType& field) { return field.storage.type.is_defaultable(); }
}  // namespace

bool FunctionValidator::gc(Op op) {
  ValType type;
  switch (op) {
    case Op::struct_new:
    case Op::struct_new_default:
      return struct_new(op);
    case Op::struct_get:
    case Op::struct_get_s:
    case Op::struct_get_u:
    case Op::struct_set:
      return struct_op(op);
    case Op::array_new:
    case Op::array_new_default:
    case Op::array_new_fixed:
    case Op::array_new_data:
    case Op::array_new_elem:
      return array_new(op);
    case Op::array_get:
    case Op::array_get_s:
    case Op::array_get_u:
    case Op::array_set:
      return array_op(op);
    case Op::array_len:
      return pop(ValType::arrayref()) && push(ValType::i32());
    case Op::array_fill:
    case Op::array_init_data:
    case Op::array_init_elem:
      return array_bulk(op);
    case Op::array_copy:
      return array_copy();
    case Op::ref_test:
    case Op::ref_test_null:
    case Op::ref_cast:
    case Op::ref_cast_null:
      return cast_op(op);
    case Op::br_on_cast:
      return br_on_cast(false);
    case Op::br_on_cast_fail:
      return br_on_cast(true);
    case Op::any_convert_extern:
    case Op::extern_convert_any: {
      const bool to_any = op == Op::any_convert_extern;
      if (!pop_ref(type)) return false;
      const ValType wanted = ValType::ref_null(to_any ? AbsHeap::Extern : AbsHeap::Any);
      if (!types_.matches(type, wanted)) return mismatch_operand(isa::to_string(wanted), false, type);
      return push(ValType::ref(type.nullable(), to_any ? AbsHeap::Any : AbsHeap::Extern));
    }
    case Op::ref_i31:
      return pop(ValType::i32()) && push(ValType::ref(AbsHeap::I31));
    case Op::i31_get_s:
    case Op::i31_get_u:
      return pop(ValType::i31ref()) && push(ValType::i32());
    default:
      CHECK(false);  // a GC instruction without a case: add it
      return false;
  }
}

const SubType* FunctionValidator::composite(uint32_t type, CompositeKind kind) {
  if (type >= m_.types.size()) {
    fail_unknown("type", type);
    return nullptr;
  }
  if (m_.types[type].kind != kind) {
    mismatch("type " + std::to_string(type) + (kind == CompositeKind::Struct ? " is no structure" : " is no array"));
    return nullptr;
  }
  return &m_.types[type];
}

bool FunctionValidator::packed_access(const StorageType& storage, bool has_sign) {
  if (storage.is_packed() == has_sign) return true;
  return mismatch(has_sign ? "the field is not packed" : "the field is packed: its sign must be given");
}

// --- structures

bool FunctionValidator::struct_new(Op op) {
  const SubType* type = composite(imm_.a, CompositeKind::Struct);
  if (type == nullptr) return false;
  for (size_t i = type->fields.size(); i-- > 0;) {
    const module::FieldType& field = type->fields[i];
    if (op == Op::struct_new && !pop(field.storage.type)) return false;
    if (op == Op::struct_new_default && !is_defaultable(field)) {
      return mismatch("field " + std::to_string(i) + " has no default");
    }
  }
  return push(ValType::ref(HeapType::concrete(imm_.a)));
}

bool FunctionValidator::struct_op(Op op) {
  const SubType* type = composite(imm_.a, CompositeKind::Struct);
  if (type == nullptr) return false;
  if (imm_.b >= type->fields.size()) return fail_unknown("field", imm_.b);
  const module::FieldType& field = type->fields[imm_.b];
  const ValType object = ValType::ref_null(HeapType::concrete(imm_.a));
  if (op == Op::struct_set) {
    if (!field.mut) return fail(ErrorCode::immutable_field, std::to_string(imm_.b));
    return pop(field.storage.type) && pop(object);
  }
  return packed_access(field.storage, op != Op::struct_get) && pop(object) && push(field.storage.type);
}

// --- arrays

bool FunctionValidator::array_new(Op op) {
  const SubType* type = composite(imm_.a, CompositeKind::Array);
  if (type == nullptr) return false;
  const StorageType& storage = type->fields[0].storage;
  const ValType result = ValType::ref(HeapType::concrete(imm_.a));
  switch (op) {
    case Op::array_new:
      return pop(ValType::i32()) && pop(storage.type) && push(result);
    case Op::array_new_default:
      if (!is_defaultable(type->fields[0])) return mismatch("the element type has no default");
      return pop(ValType::i32()) && push(result);
    case Op::array_new_fixed:
      if (imm_.b > options_.limits.array_new_fixed) {
        return fail(ErrorCode::array_new_fixed_limit, std::to_string(imm_.b),
                    std::to_string(options_.limits.array_new_fixed));
      }
      for (uint32_t i = 0; i < imm_.b; ++i) {
        if (!pop(storage.type)) return false;
      }
      return push(result);
    case Op::array_new_data:
      if (!check_data(imm_.b)) return false;
      if (storage.type.is_ref()) return fail(ErrorCode::array_not_numeric, std::to_string(imm_.a));
      return pop(ValType::i32()) && pop(ValType::i32()) && push(result);
    default:
      break;
  }
  CHECK(op == Op::array_new_elem);
  if (imm_.b >= m_.elems.size()) return fail_unknown("elem segment", imm_.b);
  if (!types_.matches(m_.elems[imm_.b].type, storage.type)) {
    return mismatch("the segment holds " + isa::to_string(m_.elems[imm_.b].type) + ", the array " +
                    isa::to_string(storage));
  }
  return pop(ValType::i32()) && pop(ValType::i32()) && push(result);
}

bool FunctionValidator::array_op(Op op) {
  const SubType* type = composite(imm_.a, CompositeKind::Array);
  if (type == nullptr) return false;
  const module::FieldType& field = type->fields[0];
  const ValType object = ValType::ref_null(HeapType::concrete(imm_.a));
  if (op == Op::array_set) {
    if (!field.mut) return fail(ErrorCode::immutable_array, std::to_string(imm_.a));
    return pop(field.storage.type) && pop(ValType::i32()) && pop(object);
  }
  return packed_access(field.storage, op != Op::array_get) && pop(ValType::i32()) && pop(object) &&
         push(field.storage.type);
}

bool FunctionValidator::array_bulk(Op op) {
  const SubType* type = composite(imm_.a, CompositeKind::Array);
  if (type == nullptr) return false;
  const module::FieldType& field = type->fields[0];
  if (!field.mut) return fail(ErrorCode::immutable_array, std::to_string(imm_.a));
  const ValType object = ValType::ref_null(HeapType::concrete(imm_.a));
  if (op == Op::array_fill) {
    return pop(ValType::i32()) && pop(field.storage.type) && pop(ValType::i32()) && pop(object);
  }
  if (op == Op::array_init_data) {
    if (field.storage.type.is_ref()) return fail(ErrorCode::array_not_numeric, std::to_string(imm_.a));
    if (!check_data(imm_.b)) return false;
  } else {
    if (imm_.b >= m_.elems.size()) return fail_unknown("elem segment", imm_.b);
    if (!types_.matches(m_.elems[imm_.b].type, field.storage.type)) {
      return mismatch("the segment holds " + isa::to_string(m_.elems[imm_.b].type) + ", the array " +
                      isa::to_string(field.storage));
    }
  }
  return pop(ValType::i32()) && pop(ValType::i32()) && pop(ValType::i32()) && pop(object);
}

bool FunctionValidator::array_copy() {
  const SubType* to = composite(imm_.a, CompositeKind::Array);
  const SubType* from = to == nullptr ? nullptr : composite(imm_.b, CompositeKind::Array);
  if (from == nullptr) return false;
  if (!to->fields[0].mut) return fail(ErrorCode::immutable_array, std::to_string(imm_.a));
  const StorageType& target = to->fields[0].storage;
  const StorageType& source = from->fields[0].storage;
  if (source.packed != target.packed || !types_.matches(source.type, target.type)) {
    return fail(ErrorCode::array_types_differ, isa::to_string(target), isa::to_string(source));
  }
  return pop(ValType::i32()) && pop(ValType::i32()) && pop(ValType::ref_null(HeapType::concrete(imm_.b))) &&
         pop(ValType::i32()) && pop(ValType::ref_null(HeapType::concrete(imm_.a)));
}

// --- casts

bool FunctionValidator::cast_op(Op op) {
  if (!check_heap_type(imm_.heap) || !pop(ValType::ref_null(types_.top(imm_.heap)))) return false;
  if (op == Op::ref_test || op == Op::ref_test_null) return push(ValType::i32());
  return push(ValType::ref(op == Op::ref_cast_null, imm_.heap));
}

}  // namespace ashlar::validate
