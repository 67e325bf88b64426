// Operands during lowering: where values are, how they reach their home slots, and the choice of operand shapes.
#include <algorithm>

#include "interp/lowering.h"

namespace ashlar::interp {

void OperandStack::reset(uint16_t home) {
  if (storage_ == nullptr) grow();
  begin_[-1] = Val{.home = static_cast<uint16_t>(home - 1)};
  end_ = begin_;
}

void OperandStack::grow() {
  constexpr size_t kFirst = 64;
  const size_t used = storage_ == nullptr ? 0 : size() + 1;
  const size_t room = std::max(kFirst, 2 * used);
  auto grown = std::make_unique_for_overwrite<Val[]>(room);
  std::copy(storage_.get(), storage_.get() + used, grown.get());
  storage_ = std::move(grown);
  begin_ = storage_.get() + 1;
  end_ = storage_.get() + std::max<size_t>(used, 1);
  limit_ = storage_.get() + room;
}

void OperandStack::restore(const std::vector<Val>& saved) {
  end_ = begin_;
  for (const Val& v : saved) push(v);
}

void Lowering::push_const(ValKind kind, uint64_t lo, uint64_t hi) {
  Val& v = push(Val::At::Const, kind);
  v.lo = lo;
  if (kind != ValKind::V128) return;
  v.lo = v128_consts_.size();
  v128_consts_.emplace_back(lo, hi);
}

void Lowering::wrote_slot(uint16_t slot, int n) {
  if (r_slot_ >= slot && r_slot_ < slot + n) r_slot_ = -1;
  // A mirrored v128 covers two slots.
  if (x_slot_ >= slot - 1 && x_slot_ < slot + n) x_slot_ = -1;
}

/// Copies v into a slot; r and x keep their contents.
void Lowering::copy_to(const Val& v, uint16_t slot) {
  if (v.at == Val::At::Const) {
    if (v.kind == ValKind::V128) {
      Step s = make(StepKind::VMovS, 0, 1);
      s.put<uint64_t>(v128_consts_[v.lo].first);
      s.put<uint64_t>(v128_consts_[v.lo].second);
      s.put<uint16_t>(slot);
      emitter_.step(s);
      wrote_slot(slot, 2);
      return;
    }
    bool wide = v.kind == ValKind::I64 || v.kind == ValKind::F64 || v.kind == ValKind::Ref;
    bool small = wide ? static_cast<int64_t>(v.lo) == static_cast<int32_t>(v.lo) : true;
    Step s = small ? make(StepKind::MovS, wide, static_cast<uint32_t>(Src::C)) : make(StepKind::Const64, 0, kDstCount);
    if (small) {
      s.put<int32_t>(static_cast<int32_t>(v.lo));
    } else {
      s.put<uint64_t>(v.lo);
    }
    s.put<uint16_t>(slot);
    emitter_.step(s);
    wrote_slot(slot);
    return;
  }
  if (v.at == Val::At::X) {
    uint32_t width = v.kind == ValKind::F32 ? 0 : v.kind == ValKind::F64 ? 1 : 2;
    Step s = make(StepKind::FMov, width, 3 + static_cast<uint32_t>(FSrc::X));
    s.put<uint16_t>(slot);
    emitter_.step(s);
    wrote_slot(slot, slots_of(v.kind));
    x_slot_ = slot;
    return;
  }
  if (v.kind == ValKind::V128) {
    uint16_t from = v.at == Val::At::Local ? locals_[v.local].slot : v.home;
    if (from == slot) return;
    Step s = make(StepKind::VMovS, 0, 0);
    s.put<uint16_t>(from);
    s.put<uint16_t>(slot);
    emitter_.step(s);
    wrote_slot(slot, 2);
    return;
  }
  Val copy = v;
  if (v.at == Val::At::Home && v.home == slot) return;
  Step s = make(StepKind::MovS, 1, 0);
  Src src;
  if (is_int(v.kind)) {
    src = int_src(copy, s, false, true);
  } else {
    // A float in a slot moves as bits.
    src = Src::S;
    s.put<uint16_t>(v.at == Val::At::Local ? locals_[v.local].slot : v.home);
  }
  s.key = make_key(StepKind::MovS, 1u, static_cast<uint32_t>(src));
  s.put<uint16_t>(slot);
  emitter_.step(s);
  wrote_slot(slot);
  if (src == Src::R && r_slot_ < 0) r_slot_ = slot;
}

void Lowering::materialize(Val& v) {
  if (v.at == Val::At::Home) return;
  bool done = false;
  if (v.at == Val::At::R) {
    r_owner_ = -1;
    if (made_by_last(v)) done = retarget_int(*emitter_.last(), Dst::RS, v.home);
  } else if (v.at == Val::At::X) {
    x_owner_ = -1;
    if (made_by_last(v)) done = retarget_float(*emitter_.last(), v.home);
  }
  if (!done) copy_to(v, v.home);
  v.at = Val::At::Home;
}

void Lowering::materialize_top(size_t n) {
  for (size_t i = stack_.size() - n; i < stack_.size(); ++i) materialize(stack_[i]);
}

void Lowering::flush_all() {
  for (Val& v : stack_)
    if (v.at != Val::At::Const) materialize(v);
}

/// Changes the destination of the newest step from r to `d`. False when the step has no such shape.
bool Lowering::retarget_int(Step& s, Dst d, uint16_t slot) {
  uint32_t op = op_of(s.key), i = index_of(s.key);
  Key key;
  switch (kind_of(s.key)) {
    case StepKind::Numeric: {
      const OpForm& o = form(static_cast<Op>(op));
      if (!o.int_out || static_cast<uint32_t>(d) >= o.dest) return false;
      key = make_key(StepKind::Numeric, op, i + static_cast<uint32_t>(d) * o.first * o.later);
      break;
    }
    case StepKind::Load:
    case StepKind::Mov:
      key = make_key(kind_of(s.key), op, i + static_cast<uint32_t>(d) * kSrcCount);
      break;
    case StepKind::LoadChecked:
      if (d > Dst::RS) return false;
      key = make_key(StepKind::LoadChecked, op, i + static_cast<uint32_t>(d) * 2);
      break;
    case StepKind::StructGet:
    case StepKind::RefUn:
      key = make_key(kind_of(s.key), op, i + static_cast<uint32_t>(d) * 5);
      break;
    case StepKind::ArrayGet:
      key = make_key(StepKind::ArrayGet, op, i + static_cast<uint32_t>(d) * 5 * kSrcCount);
      break;
    case StepKind::RefTest:
      if (d > Dst::RS) return false;
      key = make_key(StepKind::RefTest, op, i + static_cast<uint32_t>(d) * 5);
      break;
    case StepKind::TableGet:
      if (d > Dst::RS) return false;
      key = make_key(StepKind::TableGet, op, i + static_cast<uint32_t>(d) * 2);
      break;
    case StepKind::StructNew:
      if (d > Dst::RS) return false;
      key = make_key(StepKind::StructNew, op, i + static_cast<uint32_t>(d));
      break;
    case StepKind::Const64:
    case StepKind::GlobalGet:
    case StepKind::RefFunc:
      key = make_key(kind_of(s.key), op, i + static_cast<uint32_t>(d));
      break;
    case StepKind::Select:
      if (d > Dst::RS) return false;
      key = make_key(StepKind::Select, op, i + static_cast<uint32_t>(d) * 18);
      break;
    default:
      return false;
  }
  s.key = key;
  if (d == Dst::RS) {
    s.put<uint16_t>(slot);
    wrote_slot(slot);
    r_slot_ = slot;
  } else {
    r_slot_ = -1;  // what r mirrors is unknown here; the caller knows nothing better
  }
  return true;
}

bool Lowering::retarget_float(Step& s, uint16_t slot) {
  uint32_t op = op_of(s.key), i = index_of(s.key);
  uint32_t stride;
  switch (kind_of(s.key)) {
    case StepKind::Numeric: {
      const OpForm& o = form(static_cast<Op>(op));
      if (o.int_out) return false;
      stride = uint32_t{o.first} * o.later;
      break;
    }
    case StepKind::Tern:
      stride = 2;
      break;
    case StepKind::Load:
      stride = kSrcCount;
      break;
    case StepKind::LoadChecked:
      stride = 2;
      break;
    case StepKind::FMov:
      stride = 3;
      break;
    case StepKind::StructGet:
      stride = 5;
      break;
    case StepKind::ArrayGet:
      stride = 5 * kSrcCount;
      break;
    case StepKind::FSelect:
      stride = 8;
      break;
    default:
      return false;
  }
  s.key = make_key(kind_of(s.key), op, i + stride);
  s.put<uint16_t>(slot);
  wrote_slot(slot, 2);
  x_slot_ = slot;
  return true;
}

void Lowering::copy_home(Val& v) {
  copy_to(v, v.home);
  v.at = Val::At::Home;
}

/// The shape of integer operand v; writes its stream part. Values of a kind the step can't take move home first.
Src Lowering::int_src(Val& v, Step& s, bool allow_const, bool allow_hot) {
  if (v.at == Val::At::R) return Src::R;
  if (v.at == Val::At::Const) {
    bool narrow = v.kind == ValKind::I32 || static_cast<int64_t>(v.lo) == static_cast<int32_t>(v.lo);
    if (allow_const && narrow) {
      s.put<int32_t>(static_cast<int32_t>(v.lo));
      return Src::C;
    }
    copy_home(v);
  }
  uint16_t slot = v.home;
  if (v.at == Val::At::Local) {
    const Local& l = locals_[v.local];
    if (l.hot >= 0) {
      if (allow_hot) return static_cast<Src>(static_cast<int>(Src::L0) + l.hot);
      copy_home(v);
    } else {
      slot = l.slot;
    }
  }
  if (r_slot_ == slot) return Src::R;
  s.put<uint16_t>(slot);
  return Src::S;
}

FSrc Lowering::float_src(Val& v, Step& s, bool allow_const) {
  if (v.at == Val::At::X) return FSrc::X;
  if (v.at == Val::At::Const) {
    if (allow_const) {
      if (v.kind == ValKind::F32) {
        s.put<uint32_t>(static_cast<uint32_t>(v.lo));
      } else if (v.kind == ValKind::F64) {
        s.put<uint64_t>(v.lo);
      } else {
        s.put<uint64_t>(v128_consts_[v.lo].first);
        s.put<uint64_t>(v128_consts_[v.lo].second);
      }
      return FSrc::K;
    }
    copy_home(v);
  }
  uint16_t slot = v.at == Val::At::Local ? locals_[v.local].slot : v.home;
  if (x_slot_ == slot) return FSrc::X;
  s.put<uint16_t>(slot);
  return FSrc::S;
}

void Lowering::emit_to_r(Step& s, ValKind kind) {
  emitter_.step(s);
  r_slot_ = -1;
  push(Val::At::R, kind);
}
void Lowering::emit_to_x(Step& s, ValKind kind) {
  emitter_.step(s);
  x_slot_ = -1;
  push(Val::At::X, kind);
}

/// Loads v into r, for instructions that want it there. r must be free but for v itself.
void Lowering::mov_to_r(Val& v) {
  if (v.at == Val::At::R) return;
  if (v.at == Val::At::Const) {
    bool wide = v.kind != ValKind::I32;
    bool small = !wide || static_cast<int64_t>(v.lo) == static_cast<int32_t>(v.lo);
    Step s = small ? make(StepKind::Mov, wide, static_cast<uint32_t>(Src::C)) : make(StepKind::Const64, 0, 0);
    if (small) {
      s.put<int32_t>(static_cast<int32_t>(v.lo));
    } else {
      s.put<uint64_t>(v.lo);
    }
    emitter_.step(s);
  } else {
    Step s = make(StepKind::Mov, 1, 0);
    Src src = int_src(v, s, false, true);
    if (src == Src::R) return;  // mirrored
    s.key = make_key(StepKind::Mov, 1u, static_cast<uint32_t>(src));
    emitter_.step(s);
  }
  r_slot_ = -1;
}

void Lowering::mov_to_x(Val& v) {
  if (v.at == Val::At::X) return;
  uint32_t width = v.kind == ValKind::F32 ? 0 : v.kind == ValKind::F64 ? 1 : 2;
  Step s = make(StepKind::FMov, width, 0);
  FSrc src = float_src(v, s, true);
  if (src == FSrc::X) return;
  s.key = make_key(StepKind::FMov, width, static_cast<uint32_t>(src));
  emitter_.step(s);
  x_slot_ = -1;
}

void Lowering::spill_hot() {
  if (!uses_hot_) return;
  emitter_.begin_misc(MiscOp::spill_l, wasm_);
  for (uint16_t s : hot_slots_) emitter_.raw<uint16_t>(s);
  emitter_.end_misc();
}
void Lowering::reload_hot() {
  if (!uses_hot_) return;
  emitter_.begin_misc(MiscOp::reload_l, wasm_);
  for (uint16_t s : hot_slots_) emitter_.raw<uint16_t>(s);
  emitter_.end_misc();
}

}  // namespace ashlar::interp
