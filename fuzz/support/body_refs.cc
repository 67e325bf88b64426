// Generated references, and statements over memories, tables and objects; see body.h.
#include <algorithm>

#include "support/body.h"

namespace ashlar::fuzz {

using isa::Op;

namespace {

constexpr uint32_t kArrayLength = 8;  ///< least length of the arrays made, mostly

bool is_func(const Shape& shape, HeapType heap) { return shape.matches(ValType::ref(heap), ValType::funcref()); }

}  // namespace

void Body::reference(ValType type) {
  const bool gc = shape_.options.gc;
  switch (in_.below(9)) {
    case 1:
    case 2:
      return make(type, false);
    case 3:
      if (element_of_table(type)) return;
      break;
    case 4:
      if (gc && field_value(type)) return;
      break;
    case 5:
      if (gc && shape_.has_non_null(type.heap())) return cast(type);
      break;
    case 6:
      if (gc && shape_.has_non_null(type.heap())) return branch_on_cast(type);
      break;
    case 7:
      if (type.nullable()) break;
      value(type.as_nullable());
      return op(Op::ref_as_non_null);
    case 8:
      if (!gc || type != ValType::anyref()) break;
      value(ValType::externref());
      return op(Op::any_convert_extern);
    default:
      break;
  }
  make(type, true);
}

void Body::reference_leaf(ValType type) {
  if (type.nullable() && (in_.one_in(2) || !shape_.has_non_null(type.heap()))) {
    op(Op::ref_null);
    return append_heap(out_, type.heap());
  }
  make(type, true);
}

/// A new object (function, i31) of the type; null where there is none. `simple`: takes no further values.
void Body::make(ValType type, bool simple) {
  const HeapType heap = type.heap();
  if (!shape_.has_non_null(heap)) {
    op(Op::ref_null);
    return append_heap(out_, heap);
  }
  if (heap.is_abstract()) return make_abstract(type, simple);
  // Sometimes an object of a type below.
  const std::vector<uint32_t> below = shape_.types_below(heap, shape_.types[heap.index()].kind);
  make_concrete(in_.of(below), simple);
}

void Body::make_abstract(ValType type, bool simple) {
  const AbsHeap heap = type.heap().abs();
  if (heap == AbsHeap::Func) return op(Op::ref_func, in_.below(static_cast<uint32_t>(shape_.funcs.size())));
  if (heap == AbsHeap::Extern) {
    make_abstract(ValType::ref(AbsHeap::Any), simple);
    return op(Op::extern_convert_any);
  }
  std::vector<uint32_t> types = shape_.types_below(type.heap(), CompositeKind::Struct);
  const std::vector<uint32_t> arrays = shape_.types_below(type.heap(), CompositeKind::Array);
  types.insert(types.end(), arrays.begin(), arrays.end());
  if (!types.empty() && (heap == AbsHeap::Struct || heap == AbsHeap::Array || in_.one_in(2))) {
    return make_concrete(in_.of(types), simple);
  }
  if (simple) {
    append_const(out_, ValType::i32(), in_);
  } else {
    value(ValType::i32());
  }
  op(Op::ref_i31);
}

void Body::make_concrete(uint32_t type, bool simple) {
  const SubType& made = shape_.types[type];
  if (made.kind == CompositeKind::Array) return make_array(type, simple);
  if (simple || in_.one_in(3)) return op(Op::struct_new_default, type);
  const std::vector<isa::FieldType> fields = made.fields;
  for (const isa::FieldType& field : fields) value(field.storage.type);
  op(Op::struct_new, type);
}

void Body::make_array(uint32_t type, bool simple) {
  const ValType elem = shape_.types[type].fields[0].storage.type;
  const uint32_t kind = simple ? 0 : in_.below(6);
  if (kind == 1) {
    value(elem);
    masked(31);
    return op(Op::array_new, type);
  }
  if (kind == 2) {
    const uint32_t count = in_.between(0, kArrayLength);
    for (uint32_t i = 0; i < count; ++i) value(elem);
    op(Op::array_new_fixed, type);
    return index(count);
  }
  if (kind == 3 && !elem.is_ref()) {
    const uint32_t data = in_.below(static_cast<uint32_t>(shape_.datas.size()));
    const uint32_t size = shape_.types[type].fields[0].storage.byte_size();
    const uint32_t length = static_cast<uint32_t>(shape_.datas[data].size()) / size;
    i32_const(0);
    i32_const(static_cast<int32_t>(in_.one_in(8) ? length + 1 : in_.below(length + 1)));
    op(Op::array_new_data, type);
    return index(data);
  }
  if (kind == 4 && elem.is_ref()) {
    for (uint32_t i = 0; i < shape_.elems.size(); ++i) {
      if (!shape_.matches(shape_.elems[i].type, elem)) continue;
      i32_const(0);
      i32_const(static_cast<int32_t>(in_.below(static_cast<uint32_t>(shape_.elems[i].inits.size() + 1))));
      op(Op::array_new_elem, type);
      return index(i + 2);
    }
  }
  // Long ones are looked at piece by piece, longer ones have blocks of their own.
  constexpr uint32_t kLong[] = {500, 1100, 2100, 9000};
  const bool is_long = shape_.options.objects && in_.one_in(24);
  i32_const(static_cast<int32_t>(is_long ? in_.of(kLong) : in_.between(kArrayLength, 20)));
  op(Op::array_new_default, type);
}

void Body::table_index(uint32_t table) {
  const TableShape& shape = shape_.tables[table];
  if (in_.one_in(16)) return value(shape.is64 ? ValType::i64() : ValType::i32());
  address_const(shape.is64, in_.below(shape.min));
}

bool Body::element_of_table(ValType type) {
  for (uint32_t i = 0; i < shape_.tables.size(); ++i) {
    if (!shape_.matches(shape_.tables[i].elem, type)) continue;
    table_index(i);
    op(Op::table_get, i);
    return true;
  }
  return false;
}

/// struct.get or array.get of a fitting field.
bool Body::field_value(ValType type) {
  const uint32_t first = in_.below(shape_.gc_types);
  for (uint32_t n = 0; n < shape_.gc_types; ++n) {
    const uint32_t at = (first + n) % shape_.gc_types;
    const bool is_struct = shape_.types[at].kind == CompositeKind::Struct;
    const std::vector<isa::FieldType> fields = shape_.types[at].fields;
    for (uint32_t i = 0; i < fields.size(); ++i) {
      if (!shape_.matches(fields[i].storage.type, type)) continue;
      value(ValType::ref(in_.one_in(12), HeapType::concrete(at)));
      if (!is_struct) array_index();
      const bool packed = fields[i].storage.is_packed();
      const bool has_sign = in_.one_in(2);
      if (is_struct) {
        op(packed ? (has_sign ? Op::struct_get_s : Op::struct_get_u) : Op::struct_get, at);
        index(i);
      } else {
        op(packed ? (has_sign ? Op::array_get_s : Op::array_get_u) : Op::array_get, at);
      }
      return true;
    }
  }
  return false;
}

void Body::array_index() {
  if (in_.one_in(16)) return value(ValType::i32());
  masked(kArrayLength - 1);
}

namespace {

/// The widest nullable type of the hierarchy.
ValType top_of(const Shape& shape, HeapType heap) {
  if (is_func(shape, heap)) return ValType::funcref();
  if (shape.matches(ValType::ref(heap), ValType::externref())) return ValType::externref();
  return ValType::anyref();
}

}  // namespace

void Body::cast(ValType type) {
  value(top_of(shape_, type.heap()).as_non_null());
  op(type.nullable() ? Op::ref_cast_null : Op::ref_cast);
  append_heap(out_, type.heap());
}

/// block (result type) value of any type; br_on_cast type; drop; value of the type.
void Body::branch_on_cast(ValType type) {
  const ValType top = top_of(shape_, type.heap());
  const bool on_fail = in_.one_in(2);
  // The label takes what matches, or with br_on_cast_fail what does not.
  const Types label = {on_fail ? top : type};
  if (on_fail) {
    open_label({type}, Op::block, {}, {type});
    open_label(label, Op::block, {}, label);
  } else {
    open_label(label, Op::block, {}, label);
  }
  value(top);
  op(on_fail ? Op::br_on_cast_fail : Op::br_on_cast);
  out_.push_back(static_cast<uint8_t>(1 | (type.nullable() ? 2 : 0)));
  index(0);
  append_heap(out_, top.heap());
  append_heap(out_, type.heap());
  if (on_fail) {
    op(Op::br, 1);
    close_label();
  }
  op(Op::drop);
  value(type);
  close_label();
}

void Body::null_statement() {
  ValType type = shape_.default_type(in_);
  if (!type.is_ref()) type = ValType::funcref();
  const ValType held = type.as_non_null();
  // A label that carries a non-null reference can be branched to only where there are such values.
  if (!shape_.has_non_null(type.heap()) || in_.one_in(2)) {
    open_label({}, Op::block, {}, {});
    value(type);
    op(Op::br_on_null, 0);
    discard(held);
    statements();
    return close_label();
  }
  open_label({held}, Op::block, {}, {held});
  value(type);
  op(Op::br_on_non_null, 0);
  value(held);
  close_label();
  discard(held);
}

void Body::memory_statement() {
  const uint32_t count = static_cast<uint32_t>(shape_.memories.size());
  const uint32_t memory = in_.below(count);
  const bool is64 = shape_.memories[memory].is64;
  address(memory, 1, false);
  switch (in_.below(3)) {
    case 0:
      value(ValType::i32());
      address_const(is64, in_.byte());
      return op(Op::memory_fill, memory);
    case 1: {
      const uint32_t source = in_.below(count);
      address(source, 1, false);
      address_const(is64 && shape_.memories[source].is64, in_.byte());
      op(Op::memory_copy, memory);
      return index(source);
    }
    default: {
      const uint32_t data = in_.below(static_cast<uint32_t>(shape_.datas.size()));
      i32_const(static_cast<int32_t>(in_.below(4)));
      masked(31);
      op(Op::memory_init, data);
      return index(memory);
    }
  }
}

void Body::table_statement() {
  const uint32_t count = static_cast<uint32_t>(shape_.tables.size());
  const uint32_t table = in_.below(count);
  const TableShape shape = shape_.tables[table];
  table_index(table);
  switch (in_.below(4)) {
    case 0:
      value(shape.elem);
      return op(Op::table_set, table);
    case 1:
      value(shape.elem);
      address_const(shape.is64, in_.below(6));
      return op(Op::table_fill, table);
    case 2:
      for (uint32_t source = 0; source < count; ++source) {
        if (!shape_.matches(shape_.tables[source].elem, shape.elem)) continue;
        if (in_.one_in(3) && source + 1 < count) continue;
        table_index(source);
        address_const(shape.is64 && shape_.tables[source].is64, in_.below(4));
        op(Op::table_copy, table);
        return index(source);
      }
      break;
    default:
      for (uint32_t elem = 0; elem < shape_.elems.size(); ++elem) {
        if (!shape_.matches(shape_.elems[elem].type, shape.elem)) continue;
        i32_const(static_cast<int32_t>(in_.below(2)));
        i32_const(static_cast<int32_t>(in_.below(5)));
        op(Op::table_init, elem + 2);
        return index(table);
      }
      break;
  }
  op(Op::table_get, table);
  op(Op::drop);
}

void Body::struct_statement() {
  for (uint32_t type : shape_.types_below(AbsHeap::Struct, CompositeKind::Struct)) {
    const std::vector<isa::FieldType> fields = shape_.types[type].fields;
    for (uint32_t i = 0; i < fields.size(); ++i) {
      if (!fields[i].mut || in_.one_in(2)) continue;
      value(ValType::ref(in_.one_in(12), HeapType::concrete(type)));
      value(fields[i].storage.type);
      op(Op::struct_set, type);
      return index(i);
    }
  }
}

/// The rest of array.init_elem or array.init_data; the array and the first index lie on the stack.
void Body::array_init(uint32_t type, ValType elem) {
  uint32_t segment = in_.below(static_cast<uint32_t>(shape_.datas.size()));
  if (elem.is_ref()) {
    for (segment = 0; segment < shape_.elems.size(); ++segment) {
      if (shape_.matches(shape_.elems[segment].type, elem)) break;
    }
    if (segment == shape_.elems.size()) {
      value(elem);
      return op(Op::array_set, type);
    }
  }
  i32_const(0);
  i32_const(static_cast<int32_t>(in_.below(4)));
  op(elem.is_ref() ? Op::array_init_elem : Op::array_init_data, type);
  index(elem.is_ref() ? segment + 2 : segment);
}

void Body::array_statement() {
  for (uint32_t type : shape_.types_below(AbsHeap::Array, CompositeKind::Array)) {
    const isa::FieldType field = shape_.types[type].fields[0];
    if (!field.mut || in_.one_in(3)) continue;
    value(ValType::ref(in_.one_in(12), HeapType::concrete(type)));
    array_index();
    switch (in_.below(4)) {
      case 0:
        value(field.storage.type);
        return op(Op::array_set, type);
      case 1:
        value(field.storage.type);
        masked(7);
        return op(Op::array_fill, type);
      case 2:
        value(ValType::ref(HeapType::concrete(type)));
        masked(3);
        masked(7);
        op(Op::array_copy, type);
        return index(type);
      default:
        return array_init(type, field.storage.type);
    }
  }
}

}  // namespace ashlar::fuzz
