// Lowering of blocks, branches and exceptions.
#include <algorithm>

#include "interp/lowering.h"
#include "module/type_registry.h"

namespace ashlar::interp {

void Lowering::begin_block(Op op, const binary::BlockType& type) {
  Label l;
  l.op = op;
  if (type.kind == binary::BlockType::Kind::Value) {
    l.result = type.value;
  } else if (type.kind == binary::BlockType::Kind::Type) {
    l.type = &type_at(type.type);
  }
  bool targeted = true;
  if (control_next_ < facts_.control.size()) targeted = facts_.control[control_next_].targeted != 0;
  ++control_next_;
  Step c;
  if (op == Op::if_) c = take_condition(true, false);
  // A block that nobody branches to is no merge: what is lazy may stay so.
  if (op != Op::block || targeted) {
    flush_all();
    if (op != Op::block) materialize_top(l.params().size());
    // Machine code may enter a loop, and knows nothing but homes. Constants stay constants nevertheless: other paths
    // may not come by here.
    if (op == Op::loop) {
      for (const Val& v : stack_)
        if (v.at == Val::At::Const) copy_to(v, v.home);
    }
  }
  l.height = static_cast<uint32_t>(stack_.size() - l.params().size());
  l.base = l.params().empty() ? height_slot() : stack_[l.height].home;
  uint32_t base_end = uint32_t{l.base};
  for (ValType t : l.results()) base_end += slots_of(t.kind());
  if (base_end > max_slot_) max_slot_ = base_end;
  if (op == Op::if_) {
    c.wasm = wasm_;
    l.else_fixup = emitter_.branch(c);
    l.has_else_fixup = true;
    begin_fuel_block();
  } else if (op == Op::loop) {
    r_slot_ = x_slot_ = -1;
    l.loop_target = emitter_.label();
    l.loop = static_cast<uint32_t>(loops_.size());
    loops_.push_back({.code = l.loop_target, .wasm = wasm_});
    begin_fuel_block(MiscOp::fuel_check);
  } else if (op == Op::try_ || op == Op::try_table) {
    l.range_begin = emitter_.label();
  }
  labels_.push_back(std::move(l));
}

void Lowering::begin_try_table(const binary::Imm& imm) {
  std::vector<binary::CatchClause> catches(imm.catches.begin(), imm.catches.end());
  begin_block(Op::try_table, imm.block);
  labels_.back().catches = std::move(catches);
}

/// The stack as it is at a merge: everything at home.
void Lowering::reset_to(const Label& l, std::span<const ValType> types) {
  while (stack_.size() > l.height) pop();
  for (ValType t : types) push_home(t.kind());
  r_slot_ = x_slot_ = -1;
}

/// Whether the operands a branch carries are where the label wants them.
bool Lowering::in_place(const Label& l) const {
  size_t n = l.branch_types().size();
  if (n == 0) return true;
  const Val& first = stack_[stack_.size() - n];
  return first.home == l.base;
}

/// Ascending order is safe: a destination is never above its source.
void Lowering::move_to(uint16_t base, size_t n) {
  uint16_t to = base;
  for (size_t i = stack_.size() - n; i < stack_.size(); ++i) {
    const Val& v = stack_[i];
    if (!(v.at == Val::At::Home && v.home == to)) copy_to(v, to);
    to = static_cast<uint16_t>(to + slots_of(v.kind));
  }
}

void Lowering::branch_from(Fixup f, Label& l) {
  if (l.op == Op::loop) {
    emitter_.bind(f, l.loop_target);
    return;
  }
  fixups_.push_back({f, l.fixups});
  l.fixups = static_cast<uint32_t>(fixups_.size());
}

void Lowering::bind_fixups(const Label& l, uint32_t target) {
  for (uint32_t i = l.fixups; i != 0; i = fixups_[i - 1].next) emitter_.bind(fixups_[i - 1].fixup, target);
}

void Lowering::branch_to(Label& l) {
  Step s = make(StepKind::Br, 0, l.op == Op::loop ? 1 : 0);
  branch_from(emitter_.branch(s), l);
}

void Lowering::lower_branch(uint32_t depth) {
  Label& l = label_at(depth);
  if (&l == labels_.data()) {
    lower_return();
    return;
  }
  move_to(l.base, l.branch_types().size());
  branch_to(l);
  unreachable_ = true;
}

/// Takes the condition off the stack: the comparison that made it, when that is the newest step, else a test of its
/// value.
Step Lowering::take_condition(bool negate, bool back) {
  uint32_t flags = (back ? 2u : 0u) + (negate ? 1u : 0u);
  Val c = pop();
  if (c.at == Val::At::R && made_by_last(c) && kind_of(emitter_.last()->key) == StepKind::Numeric) {
    Step s = *emitter_.last();
    Op op = static_cast<Op>(op_of(s.key));
    uint32_t i = index_of(s.key);
    if (is_compare(op)) {
      s.key = make_key(StepKind::CmpBr, op, flags * form(op).first * form(op).later + i);
      emitter_.drop_last();
      return s;
    }
    if (op == Op::i32_eqz) {
      s.key = make_key(StepKind::NezBr, 0u, (flags ^ 1u) * 5 + i);
      emitter_.drop_last();
      return s;
    }
    if (op == Op::i64_eqz) {
      uint32_t na = static_cast<uint32_t>(first_shapes(Op::i64_eq, 'l'));
      uint32_t nb = static_cast<uint32_t>(later_shapes(Op::i64_eq, 'l'));
      s.put<int32_t>(0);
      s.key = make_key(StepKind::CmpBr, Op::i64_eq, (flags * na + i) * nb + static_cast<uint32_t>(Src::C));
      emitter_.drop_last();
      return s;
    }
  }
  if (c.at == Val::At::R && made_by_last(c) && kind_of(emitter_.last()->key) == StepKind::RefTest) {
    Step s = *emitter_.last();
    s.key = make_key(StepKind::TestBr, op_of(s.key), flags * 5 + index_of(s.key));
    emitter_.drop_last();
    return s;
  }
  Step s = make(StepKind::NezBr, 0, 0);
  Src src = int_src(c, s, false, true);
  s.key = make_key(StepKind::NezBr, 0u, flags * 5 + static_cast<uint32_t>(first_index(src)));
  return s;
}

void Lowering::lower_branch_if(uint32_t depth, bool negate) {
  Label& l = label_at(depth);
  size_t n = l.branch_types().size();
  bool function = &l == labels_.data();
  // The operands below the condition may have to go home first; the condition stays what it is.
  bool direct = !function && (n == 0 || [&] {
    const Val& first = stack_[stack_.size() - 1 - n];
    return first.home == l.base;
  }());
  bool back = direct && l.op == Op::loop;
  Step c = take_condition(direct == negate, back);
  if (direct) {
    materialize_top(n);
    branch_from(emitter_.branch(c), l);
    begin_fuel_block();
    return;
  }
  // The way out needs copies: branch around them.
  Fixup around = emitter_.branch(c);
  std::vector<Val> saved = stack_.saved();
  int32_t r_owner = r_owner_, x_owner = x_owner_;
  lower_branch(depth);
  unreachable_ = false;
  stack_.restore(saved);
  r_owner_ = r_owner;
  x_owner_ = x_owner;
  emitter_.bind(around, emitter_.label());
  r_slot_ = x_slot_ = -1;
  begin_fuel_block();
}

void Lowering::lower_branch_table(const binary::Imm& imm) {
  std::vector<uint32_t> depths(imm.labels.begin(), imm.labels.end());
  depths.push_back(imm.a);
  size_t n = label_at(imm.a).branch_types().size();
  Val index = pop();
  materialize_top(n);
  if (index.at != Val::At::R) free_r();
  mov_to_r(index);
  uint32_t start = emitter_.begin_misc(MiscOp::br_table, wasm_);
  emitter_.raw<uint32_t>(static_cast<uint32_t>(depths.size() - 1));
  uint32_t table = emitter_.position();
  for (size_t i = 0; i < depths.size(); ++i) emitter_.raw<int32_t>(0);
  emitter_.end_misc();
  std::vector<std::pair<uint32_t, uint32_t>> stubs;  // depth, target
  for (size_t i = 0; i < depths.size(); ++i) {
    Fixup f{table + 4 * static_cast<uint32_t>(i), start};
    Label& l = label_at(depths[i]);
    bool function = &l == labels_.data();
    if (!function && in_place(l)) {
      branch_from(f, l);
      continue;
    }
    auto known = std::find_if(stubs.begin(), stubs.end(), [&](auto& s) { return s.first == depths[i]; });
    if (known != stubs.end()) {
      emitter_.bind(f, known->second);
      continue;
    }
    uint32_t target = emitter_.label();
    stubs.emplace_back(depths[i], target);
    emitter_.bind(f, target);
    r_slot_ = x_slot_ = -1;
    std::vector<Val> saved = stack_.saved();
    lower_branch(depths[i]);
    stack_.restore(saved);
  }
  unreachable_ = true;
}

void Lowering::lower_return() {
  const auto& results = type_.results;
  unreachable_ = true;
  commit_fuel();
  if (results.size() > 1) {
    materialize_top(results.size());
    emitter_.begin_misc(MiscOp::ret_many, wasm_);
    emitter_.raw<uint16_t>(header_);
    emitter_.raw<uint16_t>(stack_[stack_.size() - results.size()].home);
    emitter_.raw<uint16_t>(static_cast<uint16_t>(slots(results)));
    emitter_.end_misc();
    return;
  }
  RetKind kind = RetKind::None;
  uint16_t source = 0;
  if (!results.empty()) {
    Val v = pop();
    const bool in_slot = v.at == Val::At::Home || (v.at == Val::At::Local && locals_[v.local].hot < 0);
    if (!is_int(v.kind)) {
      mov_to_x(v);
      kind = RetKind::X;
    } else if (in_slot) {
      source = v.at == Val::At::Home ? v.home : locals_[v.local].slot;
      kind = r_slot_ == source ? RetKind::R : RetKind::S;
    } else {
      mov_to_r(v);
      kind = RetKind::R;
    }
  }
  Step s = make(StepKind::Ret, 0, static_cast<uint32_t>(kind));
  s.put<uint16_t>(header_);
  if (kind == RetKind::S) s.put<uint16_t>(source);
  emitter_.close(s);
}

void Lowering::lower_else() {
  Label& l = labels_.back();
  if (!unreachable_) {
    move_to(l.base, l.results().size());
    branch_to(l);
  }
  unreachable_ = false;
  emitter_.bind(l.else_fixup, emitter_.label());
  l.has_else_fixup = false;
  reset_to(l, l.params());
  begin_fuel_block();
}

void Lowering::lower_end() {
  Label& l = labels_.back();
  if (labels_.size() == 1) {
    if (!unreachable_) lower_return();
    labels_.pop_back();
    return;
  }
  if (l.op == Op::loop) loops_[l.loop].end = emitter_.position();
  if (l.op == Op::try_table) end_try_table(l);
  if (l.op == Op::try_) {
    if (!l.in_catch) {
      add_range(l, static_cast<uint32_t>(labels_.size()) - 1, {}, HandlerRange::kNoDelegate);
    } else {
      close_catch_body(l);
    }
  }
  bool merges = l.fixups != 0 || l.has_else_fixup;
  if (!merges) {
    if (unreachable_) {
      // Dead code goes on; heights stay right for whatever follows.
      reset_to(l, l.results());
    } else if (l.op == Op::try_ || l.op == Op::try_table) {
      emitter_.label();
    }
    labels_.pop_back();
    return;
  }
  if (!unreachable_) move_to(l.base, l.results().size());
  uint32_t here = emitter_.label();
  bind_fixups(l, here);
  if (l.has_else_fixup) emitter_.bind(l.else_fixup, here);
  unreachable_ = false;
  reset_to(l, l.results());
  labels_.pop_back();
  begin_fuel_block();
}

// ---- exceptions ----------------------------------------------------------------------------------------------

void Lowering::trap_here(MiscOp op) {
  emitter_.begin_misc(op, wasm_);
  emitter_.end_misc();
  unreachable_ = true;
}

void Lowering::lower_throw(uint32_t tag) {
  const module::FuncType& t = type_at(m_.tags[tag].type.type);
  materialize_top(t.params.size());
  uint16_t base = t.params.empty() ? height_slot() : stack_[stack_.size() - t.params.size()].home;
  spill_hot();
  commit_fuel();
  emitter_.begin_misc(MiscOp::throw_, wasm_);
  emitter_.raw<uint32_t>(tag);
  emitter_.raw<uint16_t>(base);
  emitter_.raw<uint16_t>(static_cast<uint16_t>(slots(t.params)));
  emitter_.end_misc();
  unreachable_ = true;
}

void Lowering::add_range(Label& l, uint32_t depth, std::vector<CatchEntry> entries, uint32_t delegate) {
  HandlerRange r;
  r.begin = l.range_begin;
  r.end = emitter_.label();
  r.depth = depth;
  r.delegate_depth = delegate;
  r.catches = std::move(entries);
  handlers_.push_back(std::move(r));
}

/// Behind the body of a try_table: one landing a clause, which carries the payload on to the clause's label.
void Lowering::end_try_table(Label& l) {
  add_range(l, static_cast<uint32_t>(labels_.size()) - 1, {}, HandlerRange::kNoDelegate);
  size_t range = handlers_.size() - 1;
  bool was_unreachable = unreachable_;
  std::vector<Val> saved = stack_.saved();
  int32_t r_owner = r_owner_, x_owner = x_owner_;
  if (!unreachable_) {
    // The results stay lazy no longer: the landings come in between.
    materialize_top(l.results().size());
    flush_all();
    saved = stack_.saved();
    r_owner = r_owner_;
    x_owner = x_owner_;
    move_to(l.base, l.results().size());
    branch_to(l);
  }
  std::vector<binary::CatchClause> clauses = l.catches;
  for (const binary::CatchClause& c : clauses) {
    while (stack_.size() > labels_.back().height) pop();
    CatchEntry e{};
    e.kind = c.has_tag() ? CatchEntry::Kind::Tag : CatchEntry::Kind::All;
    e.with_ref = c.has_ref();
    e.tag = c.tag;
    e.payload_slot = height_slot();
    if (c.has_tag())
      for (ValType t : type_at(m_.tags[c.tag].type.type).params) push_home(t.kind());
    e.ref_slot = height_slot();
    if (c.has_ref()) push_home(ValKind::Ref);
    e.target = emitter_.label();
    r_slot_ = x_slot_ = -1;
    reload_hot();
    handlers_[range].catches.push_back(e);
    unreachable_ = false;
    lower_branch(c.label + 1);  // labels count from outside the try_table
  }
  unreachable_ = was_unreachable;
  stack_.restore(saved);
  r_owner_ = r_owner;
  x_owner_ = x_owner;
  r_slot_ = x_slot_ = -1;
  // Fall-through came by the branch above, so the end is reached through the label only.
  unreachable_ = true;
}

void Lowering::close_catch_body(Label& l) {
  if (!unreachable_) {
    move_to(l.base, l.results().size());
    branch_to(l);
  }
  unreachable_ = true;
}

/// catch or catch_all of a legacy try. The body runs with the exnref in a hidden operand below the payload.
void Lowering::lower_catch(Op op, const binary::Imm& imm) {
  Label& l = labels_.back();
  close_catch_body(l);
  if (!l.in_catch) {
    add_range(l, static_cast<uint32_t>(labels_.size()) - 1, {}, HandlerRange::kNoDelegate);
    // The range was added before those of try blocks inside the catch bodies; its clauses come at the end.
    l.in_catch = true;
    l.range_begin = static_cast<uint32_t>(handlers_.size() - 1);
  }
  while (stack_.size() > l.height) pop();
  CatchEntry e{};
  e.kind = op == Op::catch_ ? CatchEntry::Kind::Tag : CatchEntry::Kind::All;
  e.with_ref = true;
  e.tag = imm.a;
  e.ref_slot = height_slot();
  push_home(ValKind::Ref);
  l.exn_slot = e.ref_slot;
  e.payload_slot = height_slot();
  if (op == Op::catch_)
    for (ValType t : type_at(m_.tags[imm.a].type.type).params) push_home(t.kind());
  e.target = emitter_.label();
  r_slot_ = x_slot_ = -1;
  reload_hot();
  handlers_[l.range_begin].catches.push_back(e);
  unreachable_ = false;
  begin_fuel_block();
}

void Lowering::lower_delegate(uint32_t depth) {
  Label& l = labels_.back();
  uint32_t self = static_cast<uint32_t>(labels_.size()) - 1;
  add_range(l, self, {}, self - 1 - depth);
  // From here it ends like a block.
  l.op = Op::block;
  lower_end();
}

void Lowering::lower_rethrow(uint32_t depth) {
  uint16_t slot = label_at(depth).exn_slot;
  spill_hot();
  commit_fuel();
  emitter_.begin_misc(MiscOp::throw_ref, wasm_);
  emitter_.raw<uint16_t>(slot);
  emitter_.end_misc();
  unreachable_ = true;
}

void Lowering::lower_throw_ref() {
  materialize(stack_.back());
  uint16_t slot = stack_.back().home;
  spill_hot();
  commit_fuel();
  emitter_.begin_misc(MiscOp::throw_ref, wasm_);
  emitter_.raw<uint16_t>(slot);
  emitter_.end_misc();
  unreachable_ = true;
}

void Lowering::lower_br_on(Op op, const binary::Imm& imm) {
  switch (op) {
    case Op::br_on_null: {
      // Branches without the reference when it is null, else keeps it where it is.
      if (stack_.back().at != Val::At::Local) materialize(stack_.back());
      const Val ref = stack_.back();
      const int32_t mirror = r_slot_;
      push_const(ValKind::I64, 0);
      lower_binary(Op::i64_eq, imm);
      lower_branch_if(imm.a);
      push(ref.at, ValKind::Ref).local = ref.local;
      r_slot_ = mirror;  // neither branch nor what is on its other side writes r
      return;
    }
    case Op::br_on_non_null: {
      // Branches with the reference when it is not null, else drops it. The comparison reads it where it is.
      materialize(stack_.back());
      uint16_t home = stack_.back().home;
      push(Val::At::Home, ValKind::Ref).home = home;
      push_const(ValKind::I64, 0);
      lower_binary(Op::i64_ne, imm);
      lower_branch_if(imm.a);
      pop();
      return;
    }
    default:
      break;
  }
  // br_on_cast, br_on_cast_fail: the reference goes with the branch, or stays in place.
  materialize(stack_.back());
  const int32_t mirror = r_slot_;
  push_test(stack_.back(), ValType::ref(imm.null2, module::to_canonical(m_, imm.heap2)));
  lower_branch_if(imm.a, op == Op::br_on_cast_fail);
  r_slot_ = mirror;
}

}  // namespace ashlar::interp
