// Lowering of calls and tail calls.
#include "interp/lowering.h"

namespace ashlar::interp {

uint32_t Lowering::slots(const std::vector<ValType>& types) {
  uint32_t n = 0;
  for (ValType t : types) n += slots_of(t.kind());
  return n;
}

/// The return address stands behind parameters and results alike, so that writing results never destroys it.
uint16_t Lowering::header_of(const module::FuncType& t) const {
  uint32_t p = slots(t.params), r = slots(t.results);
  return static_cast<uint16_t>(p > r ? p : r);
}

/// Arguments go to their homes; they are the first slots of the callee's frame.
void Lowering::before_call(const module::FuncType& t) {
  materialize_top(t.params.size());
  free_r();
  free_x();
  spill_hot();
}

void Lowering::emit_distance(const module::FuncType& t) {
  uint16_t base = t.params.empty() ? height_slot() : stack_[stack_.size() - t.params.size()].home;
  uint16_t header = header_of(t);
  if (uint32_t{base} + header + 1 > max_slot_) max_slot_ = uint32_t{base} + header + 1;
  emitter_.raw<uint16_t>(base);
  emitter_.raw<uint16_t>(header);
  emitter_.raw<uint32_t>(0);
  emitter_.end_misc();
}

void Lowering::after_call(const module::FuncType& t) {
  for (size_t i = 0; i < t.params.size(); ++i) pop();
  uint16_t base = height_slot();
  for (ValType r : t.results) push_home(r.kind());
  r_slot_ = x_slot_ = -1;
  if (t.results.size() == 1) {
    if (is_int(t.results[0].kind())) {
      r_slot_ = base;
    } else {
      x_slot_ = base;
    }
  }
  reload_hot();
}

void Lowering::lower_call(uint32_t f) {
  const module::FuncType& t = m_.func_type(f);
  before_call(t);
  commit_fuel();
  if (m_.funcs[f].imported) {
    emitter_.begin_misc(MiscOp::call_cell, wasm_);
    emitter_.raw<uint64_t>(f);
  } else {
    emitter_.begin_misc(MiscOp::call_direct, wasm_);
    emitter_.raw<const void*>(&code_.entry_of(f)->code);
  }
  emit_distance(t);
  after_call(t);
}

void Lowering::emit_tail(const module::FuncType& t) {
  emitter_.raw<uint16_t>(t.params.empty() ? temp_base_ : stack_[stack_.size() - t.params.size()].home);
  emitter_.raw<uint16_t>(static_cast<uint16_t>(slots(t.params)));
  emitter_.raw<uint16_t>(header_);
  uint16_t header = header_of(t);
  if (header + 1u > max_slot_) max_slot_ = header + 1u;
  emitter_.raw<uint16_t>(header);
  emitter_.end_misc();
  unreachable_ = true;
}

void Lowering::lower_return_call(uint32_t f) {
  const module::FuncType& t = m_.func_type(f);
  materialize_top(t.params.size());
  commit_fuel();
  if (m_.funcs[f].imported) {
    emitter_.begin_misc(MiscOp::tail_call_cell, wasm_);
    emitter_.raw<uint64_t>(f);
  } else {
    emitter_.begin_misc(MiscOp::tail_call_direct, wasm_);
    emitter_.raw<const void*>(&code_.entry_of(f)->code);
  }
  emit_tail(t);
}

void Lowering::lower_call_indirect(const binary::Imm& imm, bool tail) {
  const module::FuncType& t = type_at(imm.a);
  // The index goes to r, the arguments below it home.
  for (size_t i = stack_.size() - 1 - t.params.size(); i + 1 < stack_.size(); ++i) materialize(stack_[i]);
  Val index = pop();
  if (index.at != Val::At::R) free_r();
  mov_to_r(index);
  free_x();
  spill_hot();
  commit_fuel();
  emitter_.begin_misc(tail ? MiscOp::tail_call_indirect : MiscOp::call_indirect, wasm_);
  emitter_.raw<uint32_t>(m_.canonical[imm.a]);
  emitter_.raw<uint32_t>(imm.b);
  if (tail) {
    emit_tail(t);
    return;
  }
  emit_distance(t);
  after_call(t);
}

void Lowering::lower_call_ref(uint32_t type, bool tail) {
  const module::FuncType& t = type_at(type);
  for (size_t i = stack_.size() - 1 - t.params.size(); i + 1 < stack_.size(); ++i) materialize(stack_[i]);
  Val ref = pop();
  if (ref.at != Val::At::R) free_r();
  mov_to_r(ref);
  free_x();
  spill_hot();
  commit_fuel();
  emitter_.begin_misc(tail ? MiscOp::tail_call_ref : MiscOp::call_ref, wasm_);
  emitter_.raw<uint64_t>(0);
  if (tail) {
    emit_tail(t);
    return;
  }
  emit_distance(t);
  after_call(t);
}

}  // namespace ashlar::interp
