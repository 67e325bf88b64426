// Generated statements that build graphs of objects, change them and leave them in globals and tables; see body.h.
#include "support/body.h"

namespace ashlar::fuzz {

using isa::Op;

namespace {

bool is_mutable_ref(const isa::FieldType& field) { return field.mut && field.storage.type.is_ref(); }

}  // namespace

void Body::object_statement() {
  switch (in_.below(5)) {
    case 0:
      return chain();
    case 1:
      return cycle();
    case 2:
      return any_element();
    case 3:
      return copy_elements();
    default:
      break;
  }
  if (in_.one_in(3)) return table_statement();
  return in_.one_in(2) ? struct_statement() : array_statement();
}

/// A new local of a new object of that type.
uint32_t Body::object_local(uint32_t type, bool simple) {
  const uint32_t local = new_local(ValType::ref_null(HeapType::concrete(type)));
  make_concrete(type, simple);
  op(Op::local_set, local);
  return local;
}

void Body::publish(uint32_t local) {
  const ValType type = locals_[local];
  const uint32_t globals = static_cast<uint32_t>(shape_.globals.size());
  const uint32_t first = in_.below(globals);
  for (uint32_t n = 0; n < globals && !in_.one_in(3); ++n) {
    const uint32_t at = (first + n) % globals;
    if (!shape_.globals[at].mut || !shape_.matches(type, shape_.globals[at].type)) continue;
    op(Op::local_get, local);
    return op(Op::global_set, at);
  }
  const uint32_t tables = static_cast<uint32_t>(shape_.tables.size());
  for (uint32_t n = 0; n < tables; ++n) {
    const uint32_t at = (first + n) % tables;
    if (!shape_.matches(type, shape_.tables[at].elem)) continue;
    if (in_.one_in(6)) {
      op(Op::local_get, local);
      address_const(shape_.tables[at].is64, 1);
      op(Op::table_grow, at);
      return op(Op::drop);
    }
    table_index(at);
    op(Op::local_get, local);
    return op(Op::table_set, at);
  }
}

/// A loop that makes objects of which each may refer to the one before.
void Body::chain() {
  const std::vector<uint32_t> structs = shape_.types_below(AbsHeap::Struct, CompositeKind::Struct);
  if (structs.empty()) return array_statement();
  const uint32_t type = structs[in_.below(static_cast<uint32_t>(structs.size()))];
  const uint32_t head = object_local(type, true);
  const uint32_t counter = new_local(ValType::i32());
  i32_const(static_cast<int32_t>(in_.between(1, 20)));
  op(Op::local_set, counter);
  open_label({}, Op::loop, {}, {});
  fuel_check();
  const std::vector<isa::FieldType> fields = shape_.types[type].fields;
  for (const isa::FieldType& field : fields) {
    const ValType wanted = field.storage.type;
    if (wanted.is_ref() && shape_.matches(locals_[head], wanted) && !in_.one_in(4)) {
      op(Op::local_get, head);
    } else if (fields.size() > 12) {
      leaf(wanted);
    } else {
      value(wanted);
    }
  }
  op(Op::struct_new, type);
  op(Op::local_set, head);
  if (in_.one_in(3)) statement();
  if (in_.one_in(3)) publish(head);
  op(Op::local_get, counter);
  i32_const(1);
  op(Op::i32_sub);
  op(Op::local_tee, counter);
  op(Op::br_if, 0);
  close_label();
  publish(head);
}

/// An object that refers to itself or to a second one, which is older or younger.
void Body::cycle() {
  const std::vector<uint32_t> structs = shape_.types_below(AbsHeap::Struct, CompositeKind::Struct);
  if (structs.empty()) return array_statement();
  const uint32_t type = structs[in_.below(static_cast<uint32_t>(structs.size()))];
  const uint32_t object = object_local(type, !in_.one_in(3));
  if (in_.one_in(2)) publish(object);
  const std::vector<isa::FieldType> fields = shape_.types[type].fields;
  for (uint32_t i = 0; i < fields.size(); ++i) {
    if (!is_mutable_ref(fields[i]) || in_.one_in(3)) continue;
    const ValType wanted = fields[i].storage.type;
    op(Op::local_get, object);
    if (shape_.matches(locals_[object], wanted) && in_.one_in(2)) {
      op(Op::local_get, object);
    } else {
      value(wanted);
    }
    op(Op::struct_set, type);
    index(i);
  }
  if (in_.one_in(2)) publish(object);
}

/// An element anywhere in an array, however long it is.
void Body::any_element() {
  const std::vector<uint32_t> arrays = shape_.types_below(AbsHeap::Array, CompositeKind::Array);
  if (arrays.empty()) return struct_statement();
  const uint32_t type = arrays[in_.below(static_cast<uint32_t>(arrays.size()))];
  const isa::FieldType field = shape_.types[type].fields[0];
  const uint32_t array = new_local(ValType::ref_null(HeapType::concrete(type)));
  value(locals_[array]);
  op(Op::local_set, array);
  if (in_.one_in(2)) publish(array);
  // Empty ones trap.
  op(Op::local_get, array);
  op(Op::local_get, array);
  op(Op::array_len);
  i32_const(in_.byte());
  op(Op::i32_mul);
  i32_const(8);
  op(Op::i32_shr_u);
  if (field.mut) {
    value(field.storage.type);
    return op(Op::array_set, type);
  }
  op(field.storage.is_packed() ? Op::array_get_u : Op::array_get, type);
  op(Op::drop);
}

/// array.copy between arrays of different ages, or within one; array.fill of a long one.
void Body::copy_elements() {
  const std::vector<uint32_t> arrays = shape_.types_below(AbsHeap::Array, CompositeKind::Array);
  if (arrays.empty()) return struct_statement();
  const uint32_t type = arrays[in_.below(static_cast<uint32_t>(arrays.size()))];
  const isa::FieldType field = shape_.types[type].fields[0];
  const uint32_t array = object_local(type, !in_.one_in(3));
  if (in_.one_in(2)) publish(array);
  if (!field.mut) return publish(array);
  op(Op::local_get, array);
  if (in_.one_in(4)) {
    i32_const(0);
    value(field.storage.type);
    op(Op::local_get, array);
    op(Op::array_len);
    op(Op::array_fill, type);
  } else {
    masked(7);
    if (in_.one_in(3)) {
      op(Op::local_get, array);
    } else {
      value(locals_[array]);
    }
    masked(7);
    masked(7);
    op(Op::array_copy, type);
    index(type);
  }
  publish(array);
}

}  // namespace ashlar::fuzz
