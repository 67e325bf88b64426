// Slot operations on references: structs, arrays, i31, tests and casts.
#include "runtime/bulk.h"
#include "runtime/slot_ops_families.h"

namespace ashlar::runtime {

namespace {

GcHeap& heap_of(InstanceContext* ctx) { return ctx->store->heap(); }
GcRef as_ref(Slot slot) { return static_cast<GcRef>(slot); }
uint32_t as_u32(Slot slot) { return static_cast<uint32_t>(slot); }

// ---- fields: the usual widths inline, the others through the heap --------------------------------------------------

[[gnu::always_inline]] inline void load_field(const uint8_t* p, FieldKind kind, Slot* out) {
  switch (kind) {
    case FieldKind::I32:
    case FieldKind::F32:
    case FieldKind::Ref:
      *out = read_imm<uint32_t>(p);
      return;
    case FieldKind::I64:
    case FieldKind::F64:
    case FieldKind::FuncRef:
      *out = read_imm<uint64_t>(p);
      return;
    default:
      load_gc_field(p, kind, out);
  }
}

[[gnu::always_inline]] inline void store_field(uint8_t* p, FieldKind kind, const Slot* in) {
  switch (kind) {
    case FieldKind::I32:
    case FieldKind::F32:
    case FieldKind::Ref:
      std::memcpy(p, in, 4);
      return;
    case FieldKind::I64:
    case FieldKind::F64:
    case FieldKind::FuncRef:
      std::memcpy(p, in, 8);
      return;
    default:
      store_gc_field(p, kind, in);
  }
}

/// The value of a packed field, sign-extended to 32 bits.
Slot load_signed(const uint8_t* p, FieldKind kind) {
  const int32_t value = kind == FieldKind::I8 ? int32_t{read_imm<int8_t>(p)} : int32_t{read_imm<int16_t>(p)};
  return static_cast<uint32_t>(value);
}

// ---- structs: a = type, b = field
// ------------------------------------------------------------------------------------

Trap struct_new(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  GcHeap& heap = heap_of(ctx);
  const uint32_t type_id = slot_imm(imm).a;
  const GcLayout& layout = *heap.desc(type_id).layout;
  GcRef r = heap.try_struct(type_id, layout.size);
  if (r == kNullRef) [[unlikely]] {
    const GcHeap::LiveSlots live(heap, base + 2 * layout.kinds.size());
    r = heap.alloc_struct(type_id);
    if (r == kNullRef) return Trap::gc_heap_exhausted;
  }
  const Slot* in = base;
  for (size_t i = 0; i < layout.kinds.size(); ++i) {
    store_field(heap.at(r, layout.offsets[i]), layout.kinds[i], in);
    in += field_slots(layout.kinds[i]);
  }
  base[0] = r;
  return Trap::none;
}

Trap struct_new_default(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  GcHeap& heap = heap_of(ctx);
  const GcHeap::LiveSlots live(heap, base);
  const GcRef r = heap.alloc_struct(slot_imm(imm).a);
  if (r == kNullRef) [[unlikely]]
    return Trap::gc_heap_exhausted;
  base[0] = r;
  return Trap::none;
}

template <bool is_signed>
Trap struct_get(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  const GcRef r = as_ref(base[0]);
  if (r == kNullRef) [[unlikely]]
    return Trap::null_structure_reference;
  const SlotImm i = slot_imm(imm);
  const GcLayout& layout = *heap_of(ctx).desc(i.a).layout;
  const uint8_t* p = ctx->gc_base + r + layout.offsets[i.b];
  if constexpr (is_signed) {
    base[0] = load_signed(p, layout.kinds[i.b]);
  } else {
    load_field(p, layout.kinds[i.b], base);
  }
  return Trap::none;
}

/// Operands: struct, value.
Trap struct_set(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  const GcRef r = as_ref(base[0]);
  if (r == kNullRef) [[unlikely]]
    return Trap::null_structure_reference;
  const SlotImm i = slot_imm(imm);
  GcHeap& heap = heap_of(ctx);
  const GcLayout& layout = *heap.desc(i.a).layout;
  store_field(ctx->gc_base + r + layout.offsets[i.b], layout.kinds[i.b], base + 1);
  if (layout.kinds[i.b] == FieldKind::Ref) heap.wrote(r, as_ref(base[1]));
  return Trap::none;
}

// ---- arrays: a = type
// ------------------------------------------------------------------------------------------------

uint32_t element_slots(InstanceContext* ctx, uint32_t type_id) {
  return field_slots(heap_of(ctx).desc(type_id).layout->kinds[0]);
}

/// Puts a new array onto the stack, unless there was a trap.
Trap put_array(Slot* base, Trap trap, GcRef r) {
  if (trap == Trap::none) base[0] = r;
  return trap;
}

/// Operands: value, length.
Trap array_new(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  const uint32_t type_id = slot_imm(imm).a;
  const uint32_t n = as_u32(base[element_slots(ctx, type_id)]);
  GcRef r = kNullRef;
  const GcHeap::LiveSlots live(heap_of(ctx), base + 3);
  const Trap trap = array_new(*ctx->store, type_id, base, n, &r);
  return put_array(base, trap, r);
}

Trap array_new_default(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  const GcHeap::LiveSlots live(heap_of(ctx), base);
  const GcRef r = heap_of(ctx).alloc_array(slot_imm(imm).a, as_u32(base[0]));
  if (r == kNullRef) [[unlikely]]
    return Trap::gc_heap_exhausted;
  base[0] = r;
  return Trap::none;
}

/// b = number of operands, the elements.
Trap array_new_fixed(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  const SlotImm i = slot_imm(imm);
  GcHeap& heap = heap_of(ctx);
  const GcHeap::LiveSlots live(heap, base + 2 * uint64_t{i.b});
  const GcRef r = heap.alloc_array(i.a, i.b);
  if (r == kNullRef) [[unlikely]]
    return Trap::gc_heap_exhausted;
  const GcLayout& layout = *heap.desc(i.a).layout;
  const FieldKind kind = layout.kinds[0];
  const Slot* in = base;
  uint8_t* p = heap.elements(r);
  for (uint32_t k = 0; k < i.b; ++k) {
    store_field(p, kind, in);
    in += field_slots(kind);
    p += layout.elem_size;
  }
  heap.wrote_elements(r, 0, i.b);
  base[0] = r;
  return Trap::none;
}

/// b = data segment. Operands: offset in it, length.
Trap array_new_data(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  const SlotImm i = slot_imm(imm);
  GcRef r = kNullRef;
  const GcHeap::LiveSlots live(heap_of(ctx), base);
  const Trap trap = array_new_data(*ctx->instance, i.a, i.b, as_u32(base[0]), as_u32(base[1]), &r);
  return put_array(base, trap, r);
}

/// b = element segment. Operands: offset in it, length.
Trap array_new_elem(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  const SlotImm i = slot_imm(imm);
  GcRef r = kNullRef;
  const GcHeap::LiveSlots live(heap_of(ctx), base);
  const Trap trap = array_new_elem(*ctx->instance, i.a, i.b, as_u32(base[0]), as_u32(base[1]), &r);
  return put_array(base, trap, r);
}

struct Element {
  uint8_t* at;
  FieldKind kind;
};

/// The element that the operands array and index name.
[[gnu::always_inline]] inline Trap find_element(InstanceContext* ctx, const Slot* base, const uint8_t* imm,
                                                Element* out) {
  const GcRef r = as_ref(base[0]);
  if (r == kNullRef) [[unlikely]]
    return Trap::null_array_reference;
  uint8_t* array = ctx->gc_base + r;
  const uint32_t index = as_u32(base[1]);
  if (index >= reinterpret_cast<const GcHeader*>(array)->length) [[unlikely]]
    return Trap::out_of_bounds_array_access;
  const GcLayout& layout = *heap_of(ctx).desc(slot_imm(imm).a).layout;
  *out = {array + sizeof(GcHeader) + uint64_t{index} * layout.elem_size, layout.kinds[0]};
  return Trap::none;
}

template <bool is_signed>
Trap array_get(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  Element e;
  if (Trap trap = find_element(ctx, base, imm, &e); trap != Trap::none) [[unlikely]]
    return trap;
  if constexpr (is_signed) {
    base[0] = load_signed(e.at, e.kind);
  } else {
    load_field(e.at, e.kind, base);
  }
  return Trap::none;
}

/// Operands: array, index, value.
Trap array_set(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  Element e;
  if (Trap trap = find_element(ctx, base, imm, &e); trap != Trap::none) [[unlikely]]
    return trap;
  store_field(e.at, e.kind, base + 2);
  if (e.kind == FieldKind::Ref) heap_of(ctx).wrote_element(as_ref(base[0]), as_u32(base[1]), as_ref(base[2]));
  return Trap::none;
}

Trap array_len(InstanceContext* ctx, Slot* base, const uint8_t*) {
  const GcRef r = as_ref(base[0]);
  if (r == kNullRef) [[unlikely]]
    return Trap::null_array_reference;
  base[0] = reinterpret_cast<const GcHeader*>(ctx->gc_base + r)->length;
  return Trap::none;
}

/// Operands: array, start, value, count.
Trap array_fill(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  const uint32_t type_id = slot_imm(imm).a;
  const uint32_t n = as_u32(base[2 + element_slots(ctx, type_id)]);
  return array_fill(*ctx->store, type_id, as_ref(base[0]), as_u32(base[1]), base + 2, n);
}

/// b = the source's type, which the elements' size makes needless. Operands: array, start, array, start, count.
Trap array_copy(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  return array_copy(*ctx->store, slot_imm(imm).a, as_ref(base[0]), as_u32(base[1]), as_ref(base[2]), as_u32(base[3]),
                    as_u32(base[4]));
}

/// b = data segment. Operands: array, start, offset in the segment, count.
Trap array_init_data(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  const SlotImm i = slot_imm(imm);
  return array_init_data(*ctx->instance, i.a, i.b, as_ref(base[0]), as_u32(base[1]), as_u32(base[2]), as_u32(base[3]));
}

/// b = element segment. Operands: array, start, offset in the segment, count.
Trap array_init_elem(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  const SlotImm i = slot_imm(imm);
  return array_init_elem(*ctx->instance, i.a, i.b, as_ref(base[0]), as_u32(base[1]), as_u32(base[2]), as_u32(base[3]));
}

// ---- tests and casts: a = raw canonical ValType
// ------------------------------------------------------------------------

/// Whether values that are tested for this heap type are functions.
bool is_func_heap(const InstanceContext* ctx, isa::HeapType heap) {
  if (heap.is_abstract()) return heap == isa::AbsHeap::Func || heap == isa::AbsHeap::NoFunc;
  return ctx->store->types().get(heap.index()).def.kind == module::CompositeKind::Func;
}

Trap ref_test(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  base[0] = slot_matches(ctx, base[0], slot_imm(imm).a) ? 1 : 0;
  return Trap::none;
}

Trap ref_cast(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  return slot_matches(ctx, base[0], slot_imm(imm).a) ? Trap::none : Trap::cast_failure;
}

Trap ref_as_non_null(InstanceContext*, Slot* base, const uint8_t*) {
  return base[0] != 0 ? Trap::none : Trap::null_reference;
}

/// a = function.
Trap ref_func(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  const uint32_t index = slot_imm(imm).a;
  const FuncCell* cell = ctx->funcs[index];
  if (cell == nullptr) [[unlikely]]
    cell = ctx->instance->func_cell(index);
  base[0] = from_func(cell);
  return Trap::none;
}

/// Both hierarchies share their encoding.
Trap convert(InstanceContext*, Slot*, const uint8_t*) { return Trap::none; }

// ---- i31
// -------------------------------------------------------------------------------------------------------------

Trap ref_i31(InstanceContext*, Slot* base, const uint8_t*) {
  base[0] = make_i31(as_u32(base[0]));
  return Trap::none;
}

template <bool is_signed>
Trap i31_get(InstanceContext*, Slot* base, const uint8_t*) {
  const GcRef r = as_ref(base[0]);
  if (r == kNullRef) [[unlikely]]
    return Trap::null_i31_reference;
  base[0] = is_signed ? static_cast<uint32_t>(i31_get_s(r)) : i31_get_u(r);
  return Trap::none;
}

// ---- by opcode
// -------------------------------------------------------------------------------------------------------

SlotFn aggregate_function(Op op) {
  switch (op) {
    case Op::struct_new:
      return struct_new;
    case Op::struct_new_default:
      return struct_new_default;
    case Op::struct_get:
    case Op::struct_get_u:
      return struct_get<false>;
    case Op::struct_get_s:
      return struct_get<true>;
    case Op::struct_set:
      return struct_set;
    case Op::array_new:
      return array_new;
    case Op::array_new_default:
      return array_new_default;
    case Op::array_new_fixed:
      return array_new_fixed;
    case Op::array_new_data:
      return array_new_data;
    case Op::array_new_elem:
      return array_new_elem;
    case Op::array_get:
    case Op::array_get_u:
      return array_get<false>;
    case Op::array_get_s:
      return array_get<true>;
    case Op::array_set:
      return array_set;
    case Op::array_len:
      return array_len;
    case Op::array_fill:
      return array_fill;
    case Op::array_copy:
      return array_copy;
    case Op::array_init_data:
      return array_init_data;
    case Op::array_init_elem:
      return array_init_elem;
    default:
      return nullptr;
  }
}

}  // namespace

SlotFn gc_function(Op op) {
  switch (op) {
    case Op::ref_test:
    case Op::ref_test_null:
      return ref_test;
    case Op::ref_cast:
    case Op::ref_cast_null:
      return ref_cast;
    case Op::ref_as_non_null:
      return ref_as_non_null;
    case Op::ref_func:
      return ref_func;
    case Op::any_convert_extern:
    case Op::extern_convert_any:
      return convert;
    case Op::ref_i31:
      return ref_i31;
    case Op::i31_get_s:
      return i31_get<true>;
    case Op::i31_get_u:
      return i31_get<false>;
    default:
      return aggregate_function(op);
  }
}

bool slot_matches(InstanceContext* ctx, Slot value, uint32_t raw) {
  const auto type = isa::ValType::from_raw(raw);
  if (value == 0) return type.nullable();
  const isa::HeapType heap = type.heap();
  if (is_func_heap(ctx, heap)) return heap_of(ctx).func_matches(as_func(value), type);
  const GcRef r = as_ref(value);
  // Most tests are for the very type of the object.
  if (heap.is_concrete() && !is_i31(r) &&
      reinterpret_cast<const GcHeader*>(ctx->gc_base + r)->type_id() == heap.index()) {
    return true;
  }
  return heap_of(ctx).matches(r, type);
}

Trap slot_test_keep(InstanceContext* ctx, Slot* base, const uint8_t* imm) {
  base[1] = slot_matches(ctx, base[0], slot_imm(imm).a) ? 1 : 0;
  return Trap::none;
}

}  // namespace ashlar::runtime
