// Lowering of GC and reference instructions that have steps of their own.
#include "interp/gc_steps.h"
#include "interp/lowering.h"
#include "module/type_registry.h"

namespace ashlar::interp {

using runtime::FieldKind;

namespace {

/// What reads a field or element, but for v128.
Acc load_access(FieldKind kind, bool is_signed) {
  switch (kind) {
    case FieldKind::I8:
      return is_signed ? Acc::I8S : Acc::I8U;
    case FieldKind::I16:
      return is_signed ? Acc::I16S : Acc::I16U;
    case FieldKind::I64:
    case FieldKind::FuncRef:
      return Acc::I64;
    case FieldKind::F32:
      return Acc::F32;
    case FieldKind::F64:
      return Acc::F64;
    case FieldKind::I32:
    case FieldKind::Ref:
    case FieldKind::V128:
      return Acc::I32;
  }
  return Acc::I32;
}
Acc store_access(FieldKind kind) { return kind == FieldKind::Ref ? Acc::Ref : load_access(kind, false); }

/// Larger structs are made by a function.
constexpr uint32_t kMostInlineBytes = 1024;

}  // namespace

FieldKind Lowering::field_kind(const isa::FieldType& f) const {
  const bool concrete = f.storage.type.is_ref() && f.storage.type.heap().is_concrete();
  const bool func = concrete && m_.types[f.storage.type.heap().index()].kind == module::CompositeKind::Func;
  return runtime::field_kind(f.storage, func);
}

uint32_t Lowering::field_offset(const std::vector<isa::FieldType>& fields, size_t index) const {
  std::vector<FieldKind> kinds;
  for (size_t i = 0; i <= index; ++i) kinds.push_back(field_kind(fields[i]));
  return runtime::struct_field_offsets(kinds)[index];
}

// ---- fields and elements -------------------------------------------------------------------------------------------

/// Emits what reads a field or element whose kind of value is `kind`.
void Lowering::emit_access(Step& s, ValKind kind) {
  if (is_int(kind)) {
    emit_to_r(s, kind);
  } else {
    emit_to_x(s, kind);
  }
}

void Lowering::lower_struct_get(const isa::FieldType& field, uint32_t offset, bool is_signed) {
  const Acc acc = load_access(field_kind(field), is_signed);
  Val a = pop();
  is_float(acc) ? free_x() : free_r();
  Step s = make(StepKind::StructGet, 0, 0);
  const Src src = int_src(a, s, false, true);
  s.put<uint32_t>(offset);
  s.key = make_key(StepKind::StructGet, static_cast<uint32_t>(acc), static_cast<uint32_t>(first_index(src)));
  emit_access(s, field.storage.type.kind());
}

void Lowering::lower_struct_set(const isa::FieldType& field, uint32_t offset) {
  const Acc acc = store_access(field_kind(field));
  Val v = pop();
  Val a = pop();
  Step s = make(StepKind::StructSet, 0, 0);
  const int sa = first_index(int_src(a, s, false, true));
  const int sv = is_float(acc) ? static_cast<int>(float_src(v, s, false)) : static_cast<int>(int_src(v, s, true, true));
  s.put<uint32_t>(offset);
  s.key = make_key(StepKind::StructSet, static_cast<uint32_t>(acc),
                   static_cast<uint32_t>(sa * (is_float(acc) ? 2 : kSrcCount) + sv));
  emitter_.step(s);
}

void Lowering::lower_array_get(const isa::FieldType& element, bool is_signed) {
  const Acc acc = load_access(field_kind(element), is_signed);
  Val i = pop();
  Val a = pop();
  is_float(acc) ? free_x() : free_r();
  Step s = make(StepKind::ArrayGet, 0, 0);
  const int sa = first_index(int_src(a, s, false, true));
  const int si = static_cast<int>(int_src(i, s, true, true));
  s.key = make_key(StepKind::ArrayGet, static_cast<uint32_t>(acc), static_cast<uint32_t>(sa * kSrcCount + si));
  emit_access(s, element.storage.type.kind());
}

void Lowering::lower_array_set(const isa::FieldType& element) {
  const Acc acc = store_access(field_kind(element));
  Val v = pop();
  Val i = pop();
  Val a = pop();
  Step s = make(StepKind::ArraySet, 0, 0);
  const int sa = first_index(int_src(a, s, false, true));
  const int si = static_cast<int>(int_src(i, s, true, true));
  const int sv =
      is_float(acc) ? static_cast<int>(float_src(v, s, false)) : static_cast<int>(int_src(v, s, true, false));
  s.key = make_key(StepKind::ArraySet, static_cast<uint32_t>(acc),
                   static_cast<uint32_t>((sa * kSrcCount + si) * (is_float(acc) ? 2 : kArraySetValues) + sv));
  emitter_.step(s);
}

// ---- allocation ----------------------------------------------------------------------------------------------------

/// Whether a field's first value can be read where it is: in a slot, or as a short constant.
bool Lowering::is_initial_source(const Val& v) const {
  switch (v.at) {
    case Val::At::Home:
      return true;
    case Val::At::Local:
      return locals_[v.local].hot < 0;
    case Val::At::Const:
      return is_initial_constant(initial_bits(v));
    default:
      return false;
  }
}
int64_t Lowering::initial_bits(const Val& v) const {
  const bool narrow = v.kind == ValKind::I32 || v.kind == ValKind::F32;
  return narrow ? static_cast<int32_t>(static_cast<uint32_t>(v.lo)) : static_cast<int64_t>(v.lo);
}
int32_t Lowering::initial_source(const Val& v) const {
  if (v.at == Val::At::Const) return initial_constant(initial_bits(v));
  return v.at == Val::At::Local ? locals_[v.local].slot : v.home;
}

/// Constants and slots are read where they are. False: by a function.
bool Lowering::lower_struct_new(uint32_t type, bool is_default) {
  std::vector<FieldKind> kinds;
  bool usual = true;
  for (const isa::FieldType& f : m_.types[type].fields) {
    kinds.push_back(field_kind(f));
    if (kinds.back() == FieldKind::V128) return false;
    usual = usual && runtime::field_size(kinds.back()) >= 4;
  }
  const uint32_t size = runtime::struct_size(kinds);
  if (size > kMostInlineBytes) return false;
  const size_t operands = is_default ? 0 : kinds.size();
  std::vector<int32_t> sources(kinds.size(), initial_constant(0));
  for (size_t i = 0; i < operands; ++i) {
    Val& v = stack_[stack_.size() - operands + i];
    if (!is_initial_source(v)) materialize(v);
    sources[i] = initial_source(v);
  }
  const uint16_t live = height_slot();
  for (size_t i = 0; i < operands; ++i) pop();
  free_r();
  if (!usual || kinds.size() > kMostStructNew) {
    emit_struct_new_many(type, kinds, sources, live);
    return true;
  }
  Step s = make(StepKind::StructNew, 0, 0);
  s.put<uint32_t>(m_.canonical[type]);
  s.put<uint16_t>(live);
  uint32_t wide = 0;
  for (size_t i = 0; i < kinds.size(); ++i) {
    s.put<int32_t>(sources[i]);
    wide |= (runtime::field_size(kinds[i]) == 8 ? 1u : 0u) << i;
  }
  s.key = make_key(StepKind::StructNew, static_cast<uint32_t>(kinds.size()) | wide << 3, 0);
  emit_to_r(s, ValKind::Ref);
  return true;
}

void Lowering::emit_struct_new_many(uint32_t type, const std::vector<FieldKind>& kinds,
                                    const std::vector<int32_t>& sources, uint16_t live) {
  const uint16_t home = push(Val::At::Home, ValKind::Ref).home;
  emitter_.begin_misc(MiscOp::struct_new_many, wasm_);
  emitter_.raw<uint32_t>(m_.canonical[type]);
  emitter_.raw<uint16_t>(static_cast<uint16_t>(runtime::struct_size(kinds)));
  emitter_.raw<uint16_t>(live);
  emitter_.raw<uint16_t>(home);
  emitter_.raw<uint16_t>(static_cast<uint16_t>(kinds.size()));
  const std::vector<uint32_t> offsets = runtime::struct_field_offsets(kinds);
  for (size_t i = 0; i < kinds.size(); ++i) {
    emitter_.raw<int32_t>(sources[i]);
    emitter_.raw<uint16_t>(static_cast<uint16_t>(offsets[i]));
    emitter_.raw<uint16_t>(static_cast<uint16_t>(runtime::field_size(kinds[i])));
  }
  emitter_.end_misc();
  wrote_slot(home);
  r_slot_ = home;
}

// ---- references ----------------------------------------------------------------------------------------------------

TestKind Lowering::test_kind(ValType type) const {
  if (!type.heap().is_concrete()) return TestKind::Other;
  const module::CanonType& t = m_.registry->get(type.heap().index());
  if (t.def.kind == module::CompositeKind::Func || t.depth >= runtime::GcTypeDesc::kDisplay) return TestKind::Other;
  return type.nullable() ? TestKind::ConcreteNull : TestKind::Concrete;
}

void Lowering::put_test(Step& s, ValType type) const {
  if (test_kind(type) == TestKind::Other) {
    s.put<uint32_t>(type.raw());
    s.put<uint32_t>(0);
    return;
  }
  const uint32_t id = type.heap().index();
  constexpr int64_t kDisplay = runtime::kGcTypesOffset + int64_t{offsetof(runtime::GcTypeDesc, display)};
  static_assert(kDisplay >= INT32_MIN);
  s.put<uint32_t>(id);
  s.put<int32_t>(static_cast<int32_t>(kDisplay + 4 * int64_t{m_.registry->get(id).depth}));
}

/// A result of its own in the accumulator.
void Lowering::lower_ref_op(RefOp op, ValKind out) {
  Val v = pop();
  free_r();
  Step s = make(StepKind::RefUn, 0, 0);
  const Src src = int_src(v, s, false, true);
  s.key = make_key(StepKind::RefUn, static_cast<uint32_t>(op), static_cast<uint32_t>(first_index(src)));
  emit_to_r(s, out);
}

/// ref.as_non_null and casts: the operand stays where it is; one in the accumulator counts as made anew, so that it can
/// go on into a slot or hot local.
void Lowering::lower_check(RefOp op, const ValType* type) {
  Val& top = stack_.back();
  if (top.at == Val::At::Const) materialize(top);
  const bool anew = top.at == Val::At::R;
  Step s = make(anew ? StepKind::RefUn : StepKind::RefCheck, 0, 0);
  Val v = anew ? pop() : top;
  const Src src = int_src(v, s, false, true);
  if (type != nullptr) put_test(s, *type);
  s.key = make_key(kind_of(s.key), static_cast<uint32_t>(op), static_cast<uint32_t>(first_index(src)));
  if (anew) {
    emit_to_r(s, ValKind::Ref);
  } else {
    emitter_.step(s);
  }
}

void Lowering::lower_cast(ValType type) {
  const auto op = static_cast<RefOp>(static_cast<int>(RefOp::Cast) + static_cast<int>(test_kind(type)));
  lower_check(op, &type);
}

void Lowering::push_test(Val v, ValType type) {
  free_r();
  Step s = make(StepKind::RefTest, 0, 0);
  const Src src = int_src(v, s, false, true);
  put_test(s, type);
  s.key = make_key(StepKind::RefTest, static_cast<uint32_t>(test_kind(type)), static_cast<uint32_t>(first_index(src)));
  emit_to_r(s, ValKind::I32);
}

void Lowering::lower_table_get(uint32_t table) {
  Val i = pop();
  free_r();
  Step s = make(StepKind::TableGet, 0, 0);
  const Src src = int_src(i, s, false, false);
  s.put<uint32_t>(table);
  s.key = make_key(StepKind::TableGet, 0u, static_cast<uint32_t>(src));
  emit_to_r(s, ValKind::Ref);
}

void Lowering::lower_ref_func(uint32_t f) {
  free_r();
  Step s = make(StepKind::RefFunc, 0, 0);
  s.put<uint32_t>(f);
  emit_to_r(s, ValKind::Ref);
}

bool Lowering::lower_reference(Op op, const binary::Imm& imm) {
  const auto type = [&](bool nullable) { return ValType::ref(nullable, module::to_canonical(m_, imm.heap)); };
  switch (op) {
    case Op::ref_null:
      push_const(ValKind::Ref, 0);
      return true;
    case Op::ref_is_null:
      push_const(ValKind::I64, 0);
      lower_binary(Op::i64_eq, imm);
      return true;
    case Op::ref_eq:
      lower_binary(Op::i64_eq, imm);
      return true;
    case Op::ref_func:
      lower_ref_func(imm.a);
      return true;
    case Op::ref_as_non_null:
      lower_check(RefOp::NonNull, nullptr);
      return true;
    case Op::any_convert_extern:
    case Op::extern_convert_any:
      return true;  // both hierarchies share their encoding
    case Op::ref_i31:
      lower_ref_op(RefOp::I31New, ValKind::Ref);
      return true;
    case Op::i31_get_s:
      lower_ref_op(RefOp::I31GetS, ValKind::I32);
      return true;
    case Op::i31_get_u:
      lower_ref_op(RefOp::I31GetU, ValKind::I32);
      return true;
    case Op::ref_test:
    case Op::ref_test_null:
      push_test(pop(), type(op == Op::ref_test_null));
      return true;
    case Op::ref_cast:
    case Op::ref_cast_null:
      lower_cast(type(op == Op::ref_cast_null));
      return true;
    case Op::table_get:
      lower_table_get(imm.a);
      return true;
    default:
      return false;
  }
}

bool Lowering::lower_gc(Op op, const binary::Imm& imm) {
  const auto is_vector = [](const isa::FieldType& f) { return f.storage.type.kind() == ValKind::V128; };
  switch (op) {
    case Op::struct_new:
    case Op::struct_new_default:
      return lower_struct_new(imm.a, op == Op::struct_new_default);
    case Op::struct_get:
    case Op::struct_get_s:
    case Op::struct_get_u:
    case Op::struct_set: {
      const std::vector<isa::FieldType>& fields = m_.types[imm.a].fields;
      if (is_vector(fields[imm.b])) return false;
      const uint32_t offset = field_offset(fields, imm.b);
      if (op == Op::struct_set) {
        lower_struct_set(fields[imm.b], offset);
      } else {
        lower_struct_get(fields[imm.b], offset, op == Op::struct_get_s);
      }
      return true;
    }
    case Op::array_get:
    case Op::array_get_s:
    case Op::array_get_u:
    case Op::array_set: {
      const isa::FieldType& element = m_.types[imm.a].fields[0];
      if (is_vector(element)) return false;
      if (op == Op::array_set) {
        lower_array_set(element);
      } else {
        lower_array_get(element, op == Op::array_get_s);
      }
      return true;
    }
    case Op::array_len:
      lower_ref_op(RefOp::ArrayLen, ValKind::I32);
      return true;
    default:
      return false;
  }
}

}  // namespace ashlar::interp
