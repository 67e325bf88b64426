// Lowering of instructions that compute, move and access memory.
#include "interp/lowering.h"
#include "interp/steps.h"
#include "runtime/memory.h"

namespace ashlar::interp {

namespace {
constexpr bool is_commutative(Op op) {
  switch (op) {
    case Op::i32_add:
    case Op::i32_mul:
    case Op::i32_and:
    case Op::i32_or:
    case Op::i32_xor:
    case Op::i32_eq:
    case Op::i32_ne:
    case Op::i64_add:
    case Op::i64_mul:
    case Op::i64_and:
    case Op::i64_or:
    case Op::i64_xor:
    case Op::i64_eq:
    case Op::i64_ne:
    // Which of two NaNs a float operation returns is not specified.
    case Op::f32_add:
    case Op::f32_mul:
    case Op::f64_add:
    case Op::f64_mul:
    case Op::f32x4_add:
    case Op::f32x4_mul:
    case Op::f64x2_add:
    case Op::f64x2_mul:
    case Op::i8x16_add:
    case Op::i16x8_add:
    case Op::i32x4_add:
    case Op::i64x2_add:
    case Op::i16x8_mul:
    case Op::i32x4_mul:
    case Op::i64x2_mul:
    case Op::v128_and:
    case Op::v128_or:
    case Op::v128_xor:
      return true;
    default:
      return false;
  }
}
/// The comparison with its operands exchanged; op itself when it is none.
constexpr Op mirrored(Op op) {
  switch (op) {
    case Op::i32_lt_s:
      return Op::i32_gt_s;
    case Op::i32_lt_u:
      return Op::i32_gt_u;
    case Op::i32_gt_s:
      return Op::i32_lt_s;
    case Op::i32_gt_u:
      return Op::i32_lt_u;
    case Op::i32_le_s:
      return Op::i32_ge_s;
    case Op::i32_le_u:
      return Op::i32_ge_u;
    case Op::i32_ge_s:
      return Op::i32_le_s;
    case Op::i32_ge_u:
      return Op::i32_le_u;
    case Op::i64_lt_s:
      return Op::i64_gt_s;
    case Op::i64_lt_u:
      return Op::i64_gt_u;
    case Op::i64_gt_s:
      return Op::i64_lt_s;
    case Op::i64_gt_u:
      return Op::i64_lt_u;
    case Op::i64_le_s:
      return Op::i64_ge_s;
    case Op::i64_le_u:
      return Op::i64_ge_u;
    case Op::i64_ge_s:
      return Op::i64_le_s;
    case Op::i64_ge_u:
      return Op::i64_le_u;
    default:
      return op;
  }
}
/// The comparison of integers that is true where this one is false; op itself when it is none.
constexpr Op inverted(Op op) {
  switch (op) {
#define ASHLAR_INVERTED(a, b) \
  case Op::i32_##a:           \
    return Op::i32_##b;       \
  case Op::i32_##b:           \
    return Op::i32_##a;       \
  case Op::i64_##a:           \
    return Op::i64_##b;       \
  case Op::i64_##b:           \
    return Op::i64_##a;
    ASHLAR_INVERTED(eq, ne)
    ASHLAR_INVERTED(lt_s, ge_s)
    ASHLAR_INVERTED(lt_u, ge_u)
    ASHLAR_INVERTED(gt_s, le_s)
    ASHLAR_INVERTED(gt_u, le_u)
#undef ASHLAR_INVERTED
    default:
      return op;
  }
}
/// Constant folding of integer operations that cannot trap.
template <Op op>
bool fold_one(const uint64_t* in, uint64_t* out) {
  if constexpr (isa::info(op).special || isa::info(op).imm != isa::ImmKind::None || isa::info(op).prefix == 0xfd) {
    return false;
  } else if constexpr (isa::info(op).result_count() != 1) {
    return false;
  } else {
    constexpr bool ints = [] {
      for (size_t i = 0; i < isa::info(op).operand_count(); ++i)
        if (!is_int_letter(isa::info(op).operand(i))) return false;
      return is_int_letter(isa::info(op).result(0));
    }();
    if constexpr (!ints) {
      return false;
    } else if constexpr (isa::sem::CanTrap<Sem<op>>) {
      return false;
    } else if constexpr (isa::info(op).operand_count() == 1) {
      *out = Sem<op>::eval(static_cast<Letter<isa::info(op).operand(0)>>(in[0]));
      return true;
    } else if constexpr (isa::info(op).operand_count() == 2) {
      *out = Sem<op>::eval(static_cast<Letter<isa::info(op).operand(0)>>(in[0]),
                           static_cast<Letter<isa::info(op).operand(1)>>(in[1]));
      return true;
    } else {
      return false;
    }
  }
}
using FoldFn = bool (*)(const uint64_t*, uint64_t*);
constexpr FoldFn kFold[] = {
#define OP(id, prefix, code, mnemonic, imm, sig, feature, width) &fold_one<Op::id>,
#include "isa/ops/all.def"
};
}  // namespace

bool Lowering::fold(Op op, size_t operands) {
  uint64_t in[2] = {}, out = 0;
  for (size_t i = 0; i < operands; ++i) {
    const Val& v = stack_[stack_.size() - operands + i];
    if (v.at != Val::At::Const || v.kind == ValKind::V128) return false;
    in[i] = v.lo;
  }
  if (!kFold[static_cast<size_t>(op)](in, &out)) return false;
  for (size_t i = 0; i < operands; ++i) pop();
  push_const(form(op).out, out);
  return true;
}

void Lowering::put_imm(Step& s, Op op, const binary::Imm& imm) {
  if (isa::info(op).imm == isa::ImmKind::Lane) s.put<uint16_t>(imm.lane);
  if (isa::info(op).imm == isa::ImmKind::Shuffle)
    for (uint8_t b : imm.bytes) s.put<uint8_t>(b);
}

void Lowering::emit_result(Step& s, const OpForm& o) {
  if (o.int_out) {
    emit_to_r(s, o.out);
  } else {
    emit_to_x(s, o.out);
  }
}

/// i32.eqz of a comparison that is the newest step: that is inverted instead.
bool Lowering::invert_last() {
  const Val& v = stack_.back();
  if (v.at != Val::At::R || !made_by_last(v)) return false;
  Step& s = *emitter_.last();
  if (kind_of(s.key) != StepKind::Numeric) return false;
  const Op op = static_cast<Op>(op_of(s.key));
  if (inverted(op) == op) return false;
  s.key = make_key(StepKind::Numeric, inverted(op), index_of(s.key));
  return true;
}

void Lowering::lower_unary(Op op, const binary::Imm& imm) {
  if (stack_.back().at == Val::At::Const && fold(op, 1)) return;
  if (op == Op::i32_eqz && invert_last()) return;
  const OpForm& o = form(op);
  Val a = pop();
  if (o.int_out) {
    free_r();
  } else {
    free_x();
  }
  Step s = make(StepKind::Numeric, 0, 0);
  const int shape = o.int_in[0] ? first_index(int_src(a, s, false, o.hot)) : static_cast<int>(float_src(a, s, false));
  if (o.vector) put_imm(s, op, imm);
  s.key = make_key(StepKind::Numeric, op, static_cast<uint32_t>(shape));
  emit_result(s, o);
}

void Lowering::lower_binary(Op op, const binary::Imm& imm) {
  if (stack_.back().at == Val::At::Const && fold(op, 2)) return;
  Val b = pop();
  Val a = pop();
  if (a.at == Val::At::Const && b.at != Val::At::Const) {
    if (is_commutative(op)) {
      std::swap(a, b);
    } else if (mirrored(op) != op) {
      op = mirrored(op);
      std::swap(a, b);
    }
  }
  const OpForm& o = form(op);
  if (o.int_out) {
    free_r();
  } else {
    free_x();
  }
  Step s = make(StepKind::Numeric, 0, 0);
  const int sa = o.int_in[0] ? first_index(int_src(a, s, false, o.hot)) : static_cast<int>(float_src(a, s, false));
  const int sb = o.int_in[1] ? static_cast<int>(int_src(b, s, true, o.hot)) : static_cast<int>(float_src(b, s, true));
  if (o.vector) put_imm(s, op, imm);
  s.key = make_key(StepKind::Numeric, op, static_cast<uint32_t>(sa * o.later + sb));
  emit_result(s, o);
}

void Lowering::lower_ternary(Op op) {
  // The first two operands come from slots: whatever lives in x other than the third moves home.
  size_t top = stack_.size();
  materialize(stack_[top - 3]);
  materialize(stack_[top - 2]);
  Val c = pop();
  Val b = pop();
  Val a = pop();
  free_x();
  Step s = make(StepKind::Tern, 0, 0);
  s.put<uint16_t>(a.home);
  s.put<uint16_t>(b.home);
  FSrc src = float_src(c, s, false);
  s.key = make_key(StepKind::Tern, op, static_cast<uint32_t>(src));
  emit_to_x(s, ValKind::V128);
}

void Lowering::lower_local_get(uint32_t i) {
  Val& v = push(Val::At::Local, locals_[i].kind);
  v.local = i;
}

void Lowering::lower_local_set(uint32_t i, bool tee) {
  Val v = pop();
  const Local& l = locals_[i];
  bool same = v.at == Val::At::Local && v.local == i;
  if (!same) {
    // Older readings of the local keep its old value.
    for (Val& w : stack_)
      if (w.at == Val::At::Local && w.local == i) materialize(w);
    bool done = false;
    if (v.at == Val::At::R && made_by_last(v)) {
      done = l.hot >= 0 ? retarget_int(*emitter_.last(), static_cast<Dst>(static_cast<int>(Dst::L0) + l.hot), 0)
                        : retarget_int(*emitter_.last(), Dst::RS, l.slot);
    } else if (v.at == Val::At::X && made_by_last(v)) {
      done = retarget_float(*emitter_.last(), l.slot);
    }
    if (!done && l.hot >= 0) {
      Step s = make(StepKind::Mov, 1, 0);
      Src src;
      if (v.at == Val::At::Const && v.kind == ValKind::I32) {
        s.put<int32_t>(static_cast<int32_t>(v.lo));
        src = Src::C;
        s.key = make_key(StepKind::Mov, 0u, 0u);
      } else {
        src = int_src(v, s, true, true);
      }
      uint32_t d = static_cast<uint32_t>(Dst::L0) + static_cast<uint32_t>(l.hot);
      s.key = make_key(StepKind::Mov, op_of(s.key), d * kSrcCount + static_cast<uint32_t>(src));
      emitter_.step(s);
    } else if (!done) {
      copy_to(v, l.slot);
    }
  }
  if (tee) lower_local_get(i);
}

void Lowering::lower_global_get(uint32_t i) {
  ValKind kind = m_.globals[i].type.type.kind();
  if (kind == ValKind::V128) {
    slot_op(
        [](InstanceContext* ctx, Slot* base, const Code* imm) {
          std::memcpy(base, ctx->globals[runtime::slot_imm(imm).a], 16);
          return Trap::none;
        },
        {i, 0, 0}, 0, {ValKind::V128});
    return;
  }
  free_r();
  Step s = make(StepKind::GlobalGet, 0, 0);
  s.put<uint32_t>(i);
  if (is_int(kind)) {
    emit_to_r(s, kind);
    return;
  }
  Val& v = push(Val::At::Home, kind);
  uint16_t home = v.home;
  s.key = make_key(StepKind::GlobalGet, 0u, static_cast<uint32_t>(Dst::RS));
  s.put<uint16_t>(home);
  emitter_.step(s);
  wrote_slot(home);
  r_slot_ = -1;
}

void Lowering::lower_global_set(uint32_t i) {
  ValKind kind = m_.globals[i].type.type.kind();
  if (kind == ValKind::V128) {
    slot_op(
        [](InstanceContext* ctx, Slot* base, const Code* imm) {
          std::memcpy(ctx->globals[runtime::slot_imm(imm).a], base, 16);
          return Trap::none;
        },
        {i, 0, 0}, 1, {});
    return;
  }
  Val v = pop();
  Step s = make(StepKind::GlobalSet, 0, 0);
  Src src;
  if (is_int(kind)) {
    // i32 constants are not sign-extended in a global.
    bool plain = v.at != Val::At::Const || static_cast<int64_t>(v.lo) == static_cast<int32_t>(v.lo);
    src = int_src(v, s, plain, true);
  } else {
    if (v.at != Val::At::Local) materialize(v);
    src = Src::S;
    s.put<uint16_t>(v.at == Val::At::Local ? locals_[v.local].slot : v.home);
  }
  s.key = make_key(StepKind::GlobalSet, 0u, static_cast<uint32_t>(src));
  s.put<uint32_t>(i);
  emitter_.step(s);
}

namespace {
uint32_t select_index(Src s) { return s == Src::S ? 0 : s == Src::C ? 1 : 2; }
}  // namespace

void Lowering::lower_select() {
  Val c = pop();
  Val b = pop();
  Val a = pop();
  Step s = make(StepKind::Select, 0, 0);
  if (c.at == Val::At::Const) {
    copy_to(c, c.home);
    c.at = Val::At::Home;
  }
  if (is_int(a.kind)) {
    free_r();
    // i32 constants read as 64 bits would be sign-extended.
    auto plain = [](const Val& v) { return v.kind != ValKind::I32 || static_cast<int32_t>(v.lo) >= 0; };
    Src sa = int_src(a, s, plain(a), false);
    Src sb = int_src(b, s, plain(b), false);
    Src sc = int_src(c, s, false, false);
    s.key = make_key(StepKind::Select, 0u, (select_index(sa) * 3 + select_index(sb)) * 2 + static_cast<uint32_t>(sc));
    emit_to_r(s, a.kind);
    return;
  }
  free_x();
  uint32_t width = a.kind == ValKind::F32 ? 0 : a.kind == ValKind::F64 ? 1 : 2;
  FSrc sa = float_src(a, s, false);
  FSrc sb = float_src(b, s, false);
  Src sc = int_src(c, s, false, false);
  s.key = make_key(StepKind::FSelect, width,
                   (static_cast<uint32_t>(sa) * 2 + static_cast<uint32_t>(sb)) * 2 + static_cast<uint32_t>(sc));
  emit_to_x(s, a.kind);
}

// ---- memory --------------------------------------------------------------------------------------------------

bool Lowering::is_guarded(const binary::Imm& imm) const {
  if (code_.config().bounds_checks != runtime::BoundsChecks::GuardPages || imm.memory != 0) return false;
  const module::MemoryType& t = m_.memories[0].type;
  return !t.limits.is64 && t.page_size_log2 == 16 && imm.offset < runtime::Memory::kGuardBytes;
}

void Lowering::lower_load(Op op, const binary::Imm& imm) {
  Val a = pop();
  char out = isa::info(op).result(0);
  if (is_int_letter(out)) {
    free_r();
  } else {
    free_x();
  }
  Step s = make(StepKind::Load, 0, 0);
  if (is_guarded(imm)) {
    uint64_t offset = imm.offset;
    Src src;
    if (a.at == Val::At::Const && static_cast<uint32_t>(a.lo) + offset <= ~uint32_t{0}) {
      src = Src::C;
      offset += static_cast<uint32_t>(a.lo);
    } else {
      src = int_src(a, s, false, true);
    }
    s.put<uint32_t>(static_cast<uint32_t>(offset));
    s.key = make_key(StepKind::Load, op, static_cast<uint32_t>(src));
  } else {
    Src src = int_src(a, s, false, false);
    s.put<uint16_t>(static_cast<uint16_t>(imm.memory));
    s.put<uint64_t>(imm.offset);
    s.key = make_key(StepKind::LoadChecked, op, static_cast<uint32_t>(src));
  }
  if (is_int_letter(out)) {
    emit_to_r(s, kind_of_letter(out));
  } else {
    emit_to_x(s, kind_of_letter(out));
  }
}

void Lowering::lower_store(Op op, const binary::Imm& imm) {
  Val v = pop();
  Val a = pop();
  bool int_value = is_int(v.kind);
  Step s = make(StepKind::Store, 0, 0);
  bool guarded = is_guarded(imm);
  uint64_t offset = imm.offset;
  Src sa;
  if (guarded && a.at == Val::At::Const && static_cast<uint32_t>(a.lo) + offset <= ~uint32_t{0}) {
    sa = Src::C;
    offset += static_cast<uint32_t>(a.lo);
  } else {
    sa = int_src(a, s, false, guarded);
  }
  uint32_t sv = int_value ? static_cast<uint32_t>(int_src(v, s, guarded, guarded))
                          : static_cast<uint32_t>(float_src(v, s, false));
  if (guarded) {
    uint32_t nv = int_value ? kSrcCount : 2;
    s.put<uint32_t>(static_cast<uint32_t>(offset));
    s.key = make_key(StepKind::Store, op, static_cast<uint32_t>(sa) * nv + sv);
  } else {
    s.put<uint16_t>(static_cast<uint16_t>(imm.memory));
    s.put<uint64_t>(imm.offset);
    s.key = make_key(StepKind::StoreChecked, op, static_cast<uint32_t>(sa) * 2 + sv);
  }
  emitter_.step(s);
}

}  // namespace ashlar::interp
