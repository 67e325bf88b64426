// Adapters: values moved from one instance's locals or memory to the other's (Canonical ABI: lifting, then lowering).
#include <algorithm>

#include "component/adapter_builder.h"
#include "component/canon.h"

namespace ashlar::component {

namespace {

using enum FlatType;
using isa::Op;

constexpr uint32_t kPointerSize = 4;

/// How a scalar lies in memory, and what it is in a local.
struct ScalarForm {
  Op load, store;
  FlatType flat;
};

/// For types of one flat value without pointers or handles. Of flags and enums: by their size.
ScalarForm form_of(const ValType& t) {
  switch (t.kind) {
    case TypeKind::S8:
      return {Op::i32_load8_s, Op::i32_store8, I32};
    case TypeKind::S16:
      return {Op::i32_load16_s, Op::i32_store16, I32};
    case TypeKind::S64:
    case TypeKind::U64:
      return {Op::i64_load, Op::i64_store, I64};
    case TypeKind::F32:
      return {Op::f32_load, Op::f32_store, F32};
    case TypeKind::F64:
      return {Op::f64_load, Op::f64_store, F64};
    default:
      break;
  }
  if (t.layout32.size == 1) return {Op::i32_load8_u, Op::i32_store8, I32};
  if (t.layout32.size == 2) return {Op::i32_load16_u, Op::i32_store16, I32};
  return {Op::i32_load, Op::i32_store, I32};
}

}  // namespace

// ---- checks

void AdapterBuilder::fail(AdapterTrap trap) {
  code_.i32(static_cast<uint32_t>(trap));
  code_.call(imports_.host({.kind = AdapterImport::Kind::Fail, .core = {}}, {I32}, {}));
  code_.op(Op::unreachable);
}

void AdapterBuilder::fail_if(AdapterTrap trap) {
  code_.if_();
  fail(trap);
  code_.end();
}

void AdapterBuilder::check_aligned(uint32_t address, uint32_t align, AdapterTrap trap) {
  if (align == 1) return;
  code_.get(address);
  code_.i32(align - 1);
  code_.op(Op::i32_and);
  fail_if(trap);
}

void AdapterBuilder::is_out_of_bounds(uint32_t address, uint32_t memory) {
  constexpr uint64_t kPageBits = 16;
  code_.get(address);
  code_.op(Op::i64_extend_i32_u);
  code_.op(Op::i64_add);
  code_.memory_size(memory);
  code_.op(Op::i64_extend_i32_u);
  code_.i64(kPageBits);
  code_.op(Op::i64_shl);
  code_.op(Op::i64_gt_u);
}

void AdapterBuilder::check_bounds(uint32_t address, uint32_t memory, AdapterTrap trap) {
  is_out_of_bounds(address, memory);
  fail_if(trap);
}

uint32_t AdapterBuilder::allocate(uint32_t size, uint32_t align) {
  const uint32_t may_leave = imports_.global(AdapterImport::Kind::MayLeave, to_.instance);
  const uint32_t out = code_.local(I32);
  code_.i32(0);
  code_.op_index(Op::global_set, may_leave);
  code_.i32(0);
  code_.i32(0);
  code_.i32(align);
  code_.get(size);
  code_.call(to_.realloc);
  code_.set(out);
  code_.i32(1);
  code_.op_index(Op::global_set, may_leave);
  check_aligned(out, align, AdapterTrap::unaligned_realloc);
  code_.get(size);
  code_.op(Op::i64_extend_i32_u);
  check_bounds(out, to_.memory, AdapterTrap::realloc_out_of_bounds);
  return out;
}

// ---- scalars

void AdapterBuilder::coerce(FlatType from, FlatType to) {
  if (from == to) return;
  if (from == I64 && to == I32) return code_.op(Op::i32_wrap_i64);
  if (from == I32 && to == I64) return code_.op(Op::i64_extend_i32_u);
  if (from == I32 && to == F32) return code_.op(Op::f32_reinterpret_i32);
  if (from == F32 && to == I32) return code_.op(Op::i32_reinterpret_f32);
  if (from == I64 && to == F64) return code_.op(Op::f64_reinterpret_i64);
  if (from == F64 && to == I64) return code_.op(Op::i64_reinterpret_f64);
  // The joined type of f32 and others of 64 bits is i64.
  if (from == I64) {
    code_.op(Op::i32_wrap_i64);
    code_.op(Op::f32_reinterpret_i32);
  } else {
    code_.op(Op::i32_reinterpret_f32);
    code_.op(Op::i64_extend_i32_u);
  }
}

void AdapterBuilder::begin_store(Place dst) {
  if (dst.in_memory) code_.get(dst.address);
}

void AdapterBuilder::end_store(const ValType& t, Place dst) {
  const ScalarForm form = form_of(t);
  if (dst.in_memory) {
    code_.access(form.store, to_.memory, dst.offset);
  } else {
    coerce(form.flat, code_.type_of(dst.locals[0]));
    code_.set(dst.locals[0]);
  }
}

void AdapterBuilder::load_scalar(const ValType& t, Place src) {
  const ScalarForm form = form_of(t);
  if (src.in_memory) {
    code_.get(src.address);
    code_.access(form.load, from_.memory, src.offset);
    return;
  }
  code_.get(src.locals[0]);
  coerce(code_.type_of(src.locals[0]), form.flat);
  // What is above the type's bits does not count.
  switch (t.kind) {
    case TypeKind::S8:
      return code_.op(Op::i32_extend8_s);
    case TypeKind::S16:
      return code_.op(Op::i32_extend16_s);
    case TypeKind::U8:
      code_.i32(0xff);
      return code_.op(Op::i32_and);
    case TypeKind::U16:
      code_.i32(0xffff);
      return code_.op(Op::i32_and);
    default:
      return;
  }
}

void AdapterBuilder::copy_scalar(const ValType& t, Place src, Place dst) {
  begin_store(dst);
  load_scalar(t, src);
  switch (t.kind) {
    case TypeKind::Bool:
      code_.i32(0);
      code_.op(Op::i32_ne);
      break;
    case TypeKind::Flags: {
      const auto labels = static_cast<uint32_t>(t.members.size());
      code_.i32(labels >= 32 ? ~0u : (1u << labels) - 1);
      code_.op(Op::i32_and);
      break;
    }
    case TypeKind::Char: {
      // Below 0xd800, or from 0xe000 up to 0x10ffff.
      const uint32_t c = code_.local(I32);
      code_.tee(c);
      code_.i32(0xd800);
      code_.op(Op::i32_sub);
      code_.i32(0x800);
      code_.op(Op::i32_lt_u);
      code_.get(c);
      code_.i32(0x10ffff);
      code_.op(Op::i32_gt_u);
      code_.op(Op::i32_or);
      fail_if(AdapterTrap::bad_char);
      code_.get(c);
      code_.release(c);
      break;
    }
    case TypeKind::Enum: {
      const uint32_t index = code_.local(I32);
      code_.tee(index);
      code_.i32(static_cast<uint32_t>(t.members.size()));
      code_.op(Op::i32_ge_u);
      fail_if(AdapterTrap::bad_discriminant);
      code_.get(index);
      code_.release(index);
      break;
    }
    default:
      break;
  }
  end_store(t, dst);
}

void AdapterBuilder::copy_handle(const ValType& t, Place src, Place dst) {
  using Kind = AdapterImport::Kind;
  begin_store(dst);
  load_scalar(t, src);
  code_.call(imports_.host({.kind = t.kind == TypeKind::Own ? Kind::TransferOwn : Kind::TransferBorrow,
                            .core = {},
                            .from = from_.instance,
                            .to = to_.instance,
                            .resource = t.resource},
                           {I32}, {I32}));
  end_store(t, dst);
}

// ---- pointers

void AdapterBuilder::load_pair(Place src, uint32_t first, uint32_t second) {
  const uint32_t targets[] = {first, second};
  for (uint32_t i = 0; i < 2; ++i) {
    if (src.in_memory) {
      code_.get(src.address);
      code_.access(Op::i32_load, from_.memory, src.offset + i * kPointerSize);
    } else {
      code_.get(src.locals[i]);
      coerce(code_.type_of(src.locals[i]), I32);
    }
    code_.set(targets[i]);
  }
}

void AdapterBuilder::store_pair(Place dst, uint32_t first, uint32_t second) {
  const uint32_t values[] = {first, second};
  for (uint32_t i = 0; i < 2; ++i) {
    if (dst.in_memory) {
      code_.get(dst.address);
      code_.get(values[i]);
      code_.access(Op::i32_store, to_.memory, dst.offset + i * kPointerSize);
    } else {
      code_.get(values[i]);
      coerce(I32, code_.type_of(dst.locals[i]));
      code_.set(dst.locals[i]);
    }
  }
}

void AdapterBuilder::copy_list(const ValType& t, Place src, Place dst) {
  // An entry of a map is a key and a value, as a tuple has them.
  const bool is_map = t.kind == TypeKind::Map;
  const AbiLayout each = is_map ? record_layout(t.members, false) : layout(*t.members[0].type, false);
  const uint32_t pointer = code_.local(I32), length = code_.local(I32), size = code_.local(I32);
  load_pair(src, pointer, length);
  // The product does not overflow when the length is within the limit.
  code_.get(length);
  code_.i32(static_cast<uint32_t>(kMaxListBytes / std::max(each.size, 1u)));
  code_.op(Op::i32_gt_u);
  fail_if(AdapterTrap::list_too_long);
  check_aligned(pointer, each.align, AdapterTrap::unaligned_pointer);
  code_.get(length);
  code_.i32(each.size);
  code_.op(Op::i32_mul);
  code_.tee(size);
  code_.op(Op::i64_extend_i32_u);
  check_bounds(pointer, from_.memory, AdapterTrap::pointer_out_of_bounds);
  const uint32_t room = allocate(size, each.align);
  if (!is_map && t.members[0].type->is_bits) {
    code_.get(room);
    code_.get(pointer);
    code_.get(size);
    code_.memory_copy(to_.memory, from_.memory);
  } else {
    copy_elements(t.members, each.size, pointer, room, length);
  }
  store_pair(dst, room, length);
  for (uint32_t l : {pointer, length, size, room}) code_.release(l);
}

void AdapterBuilder::copy_elements(const std::vector<Member>& element, uint32_t size, uint32_t src, uint32_t dst,
                                   uint32_t length) {
  const uint32_t from = code_.local(I32), to = code_.local(I32), left = code_.local(I32);
  for (const auto& [target, value] : {std::pair(from, src), std::pair(to, dst), std::pair(left, length)}) {
    code_.get(value);
    code_.set(target);
  }
  code_.block();
  code_.get(left);
  code_.op(Op::i32_eqz);
  code_.br_if(0);
  code_.loop();
  copy_members(element, Place::memory(from), Place::memory(to));
  for (uint32_t address : {from, to}) {
    code_.get(address);
    code_.i32(size);
    code_.op(Op::i32_add);
    code_.set(address);
  }
  code_.get(left);
  code_.i32(1);
  code_.op(Op::i32_sub);
  code_.tee(left);
  code_.br_if(0);
  code_.end();
  code_.end();
  for (uint32_t l : {from, to, left}) code_.release(l);
}

void AdapterBuilder::copy_fixed(const ValType& t, Place src, Place dst) {
  if (!src.in_memory || !dst.in_memory) {
    return copy_members(std::vector<Member>(t.length, t.members[0]), src, dst);
  }
  const auto address_of = [&](Place p) {
    const uint32_t out = code_.local(I32);
    code_.get(p.address);
    code_.i32(p.offset);
    code_.op(Op::i32_add);
    code_.set(out);
    return out;
  };
  const uint32_t from = address_of(src), to = address_of(dst), length = code_.local(I32);
  code_.i32(t.length);
  code_.set(length);
  copy_elements(t.members, t.members[0].type->layout32.size, from, to, length);
  for (uint32_t l : {from, to, length}) code_.release(l);
}

// ---- members

void AdapterBuilder::copy_members(const std::vector<Member>& members, Place src, Place dst) {
  uint32_t offset = 0, flat = 0;
  const auto member = [&](Place p) {
    return p.in_memory ? Place::memory(p.address, p.offset + offset) : Place::flat(p.locals + flat);
  };
  for (const Member& m : members) {
    offset = static_cast<uint32_t>(align_up(offset, m.type->layout32.align));
    copy(*m.type, member(src), member(dst));
    offset += m.type->layout32.size;
    flat += m.type->flat_count;
  }
}

void AdapterBuilder::clear_rest(const uint32_t* locals, size_t from, size_t to) {
  for (size_t i = from; i < to; ++i) {
    switch (code_.type_of(locals[i])) {
      case I32:
        code_.i32(0);
        break;
      case I64:
        code_.i64(0);
        break;
      case F32:
        code_.i32(0);
        code_.op(Op::f32_reinterpret_i32);
        break;
      case F64:
        code_.i64(0);
        code_.op(Op::f64_reinterpret_i64);
        break;
    }
    code_.set(locals[i]);
  }
}

void AdapterBuilder::copy_variant(const ValType& t, Place src, Place dst) {
  const size_t cases = case_count(t);
  const uint32_t discriminant = discriminant_size(cases);
  const Op load = discriminant == 1 ? Op::i32_load8_u : discriminant == 2 ? Op::i32_load16_u : Op::i32_load;
  const Op store = discriminant == 1 ? Op::i32_store8 : discriminant == 2 ? Op::i32_store16 : Op::i32_store;
  const uint32_t index = code_.local(I32);
  if (src.in_memory) {
    code_.get(src.address);
    code_.access(load, from_.memory, src.offset);
  } else {
    code_.get(src.locals[0]);
    coerce(code_.type_of(src.locals[0]), I32);
  }
  code_.tee(index);
  code_.i32(static_cast<uint32_t>(cases));
  code_.op(Op::i32_ge_u);
  fail_if(AdapterTrap::bad_discriminant);
  begin_store(dst);
  code_.get(index);
  if (dst.in_memory) {
    code_.access(store, to_.memory, dst.offset);
  } else {
    coerce(I32, code_.type_of(dst.locals[0]));
    code_.set(dst.locals[0]);
  }
  // The payload follows the discriminant at the variant's alignment, which is never less than the discriminant's size.
  const uint32_t offset = t.layout32.align;
  const auto payload_of = [&](Place p) {
    return p.in_memory ? Place::memory(p.address, p.offset + offset) : Place::flat(p.locals + 1);
  };
  // One block a case and one around them: the last case's code falls out of it.
  code_.block();
  for (size_t i = 0; i < cases; ++i) code_.block();
  code_.get(index);
  code_.br_table(static_cast<uint32_t>(cases - 1), static_cast<uint32_t>(cases - 1));
  for (size_t i = 0; i < cases; ++i) {
    code_.end();
    const ValType* payload = case_payload(t, i);
    if (payload != nullptr) copy(*payload, payload_of(src), payload_of(dst));
    if (!dst.in_memory) clear_rest(dst.locals + 1, payload != nullptr ? payload->flat_count : 0, t.flat_count - 1);
    code_.br(static_cast<uint32_t>(cases - 1 - i));
  }
  code_.end();
  code_.release(index);
}

void AdapterBuilder::copy(const ValType& t, Place src, Place dst) {
  ++nodes_;
  // What is too much is refused at the end; it need not be written out.
  if (nodes_ > kMostNodes) return;
  switch (t.kind) {
    case TypeKind::Bool:
    case TypeKind::S8:
    case TypeKind::U8:
    case TypeKind::S16:
    case TypeKind::U16:
    case TypeKind::S32:
    case TypeKind::U32:
    case TypeKind::S64:
    case TypeKind::U64:
    case TypeKind::F32:
    case TypeKind::F64:
    case TypeKind::Char:
    case TypeKind::Flags:
    case TypeKind::Enum:
      return copy_scalar(t, src, dst);
    case TypeKind::String:
      return copy_string(src, dst);
    case TypeKind::Record:
    case TypeKind::Tuple:
      return copy_members(t.members, src, dst);
    case TypeKind::Variant:
    case TypeKind::Option:
    case TypeKind::Result:
      return copy_variant(t, src, dst);
    case TypeKind::List:
    case TypeKind::Map:
      return copy_list(t, src, dst);
    case TypeKind::FixedList:
      return copy_fixed(t, src, dst);
    case TypeKind::Own:
    case TypeKind::Borrow:
      return copy_handle(t, src, dst);
    case TypeKind::Stream:
    case TypeKind::Future:
    case TypeKind::ErrorContext:
      return fail(AdapterTrap::unsupported);
  }
}

}  // namespace ashlar::component
