// Translation of structured control: blocks, branches, returns, and the blocks that fuel is counted by.
#include "optimizing/layout.h"
#include "optimizing/translate.h"

namespace ashlar::optimizing {

void Translator::block_types(const binary::BlockType& t, Label& l) {
  switch (t.kind) {
    case binary::BlockType::Kind::Empty:
      return;
    case binary::BlockType::Kind::Value:
      l.results = {t.value};
      return;
    case binary::BlockType::Kind::Type:
      l.params = m_.types[t.type].func.params;
      l.results = m_.types[t.type].func.results;
      return;
  }
}

void Translator::make_phis(Label& l, BasicBlock* where, const std::vector<ValType>& types) {
  llvm::IRBuilder<> b(where);
  for (ValType t : types) {
    l.phis.push_back(b.CreatePHI(u_.type_of(t), 2));
    if (t.is_ref()) types_[l.phis.back()] = t;
  }
}

void Translator::add_edge(Label& l, BasicBlock* from, std::span<Value* const> values) {
  l.branched = true;
  for (size_t i = 0; i < values.size(); ++i) l.phis[i]->addIncoming(values[i], from);
}

void Translator::open(Op op, const Imm& imm) {
  if (loop_ != 0 && loop_target_ == nullptr) keep_operands();
  Label l;
  l.op = op;
  block_types(imm.block, l);
  Value* condition = op == Op::if_ ? b_.CreateIsNotNull(pop()) : nullptr;
  l.height = stack_.size() - l.params.size();
  const std::span<Value* const> params(stack_.data() + l.height, l.params.size());
  if (op == Op::loop) {
    l.target = block("loop");
    make_phis(l, l.target, l.params);
    add_edge(l, b_.GetInsertBlock(), params);
    b_.CreateBr(l.target);
    if (wasm_ == loop_ && loop_ != 0) enter_loop(l);
    at(l.target);
    for (size_t i = 0; i < l.phis.size(); ++i) stack_[l.height + i] = l.phis[i];
    labels_.push_back(std::move(l));
    begin_fuel_block(FuelCheck::Loop);
    return;
  }
  l.target = block("end");
  make_phis(l, l.target, l.results);
  if (op == Op::if_) {
    l.arguments.assign(params.begin(), params.end());
    BasicBlock* then = block("then");
    l.else_ = block("else");
    b_.CreateCondBr(condition, then, l.else_);
    at(then);
  } else if (op == Op::try_ || op == Op::try_table) {
    l.catches.assign(imm.catches.begin(), imm.catches.end());
    open_try(l);
  }
  labels_.push_back(std::move(l));
  if (op == Op::if_) begin_fuel_block();
}

void Translator::branch(uint32_t depth) {
  Label& l = label(depth);
  const size_t n = branch_types(l).size();
  add_edge(l, b_.GetInsertBlock(), {stack_.data() + stack_.size() - n, n});
  b_.CreateBr(l.target);
  reachable_ = false;
}

void Translator::branch_if(Value* condition, uint32_t depth) {
  Label& l = label(depth);
  const size_t n = branch_types(l).size();
  BasicBlock* next = block("");
  add_edge(l, b_.GetInsertBlock(), {stack_.data() + stack_.size() - n, n});
  b_.CreateCondBr(condition, l.target, next);
  at(next);
  begin_fuel_block();
}

void Translator::branch_table(const Imm& imm) {
  Value* index = pop();
  BasicBlock* from = b_.GetInsertBlock();
  auto edge = [&](uint32_t depth) {
    Label& l = label(depth);
    const size_t n = branch_types(l).size();
    add_edge(l, from, {stack_.data() + stack_.size() - n, n});
    return l.target;
  };
  llvm::SwitchInst* table = b_.CreateSwitch(index, edge(imm.a), static_cast<unsigned>(imm.labels.size()));
  for (uint32_t i = 0; i < imm.labels.size(); ++i) {
    // The default's own cases would only make the table longer.
    if (label(imm.labels[i]).target == table->getDefaultDest()) continue;
    table->addCase(b_.getInt32(i), edge(imm.labels[i]));
  }
  reachable_ = false;
}

void Translator::else_branch() {
  Label& l = labels_.back();
  if (reachable_) {
    add_edge(l, b_.GetInsertBlock(), {stack_.data() + stack_.size() - l.results.size(), l.results.size()});
    b_.CreateBr(l.target);
  }
  at(l.else_);
  l.else_ = nullptr;
  stack_.resize(l.height);
  stack_.insert(stack_.end(), l.arguments.begin(), l.arguments.end());
  reachable_ = true;
  begin_fuel_block();
}

void Translator::do_return() {
  commit_fuel();
  const size_t n = type_.results.size();
  if (n > 1) {
    Value* results = context_field(layout::InstanceContext_results, u_.ptr);
    store_slots(results, {stack_.data() + stack_.size() - n, n});
  }
  emit_return(n == 1 ? stack_.back() : nullptr);
  reachable_ = false;
}

void Translator::end() {
  Label& l = labels_.back();
  if (l.op == Op::try_) close_legacy(l);
  if (l.op == Op::try_table) close_try_table(l);
  if (l.op == Op::loop) {
    labels_.pop_back();
    return;
  }
  const bool falls = reachable_;
  const size_t n = l.results.size();
  bool merges = l.branched || l.else_ != nullptr;
  if (falls) {
    // Nobody else comes here: go on in the same block.
    if (!merges && labels_.size() > 1) {
      const bool handled = l.op == Op::try_table || l.in_catch;
      for (llvm::PHINode* phi : l.phis) phi->eraseFromParent();
      l.target->eraseFromParent();
      labels_.pop_back();
      if (handled) begin_fuel_block();  // the interpreter jumps over the landings
      return;
    }
    const bool was = l.branched;
    add_edge(l, b_.GetInsertBlock(), {stack_.data() + stack_.size() - n, n});
    l.branched = was;
    b_.CreateBr(l.target);
  }
  if (l.else_ != nullptr) {
    // An if without else: the parameters are the results.
    for (size_t i = 0; i < l.arguments.size(); ++i) l.phis[i]->addIncoming(l.arguments[i], l.else_);
    at(l.else_);
    b_.CreateBr(l.target);
  }
  stack_.resize(l.height);
  if (!falls && !merges) {
    for (llvm::PHINode* phi : l.phis) phi->eraseFromParent();
    l.target->eraseFromParent();
    reachable_ = false;
    labels_.pop_back();
    close_fuel_block();
    return;
  }
  at(l.target);
  reachable_ = true;
  for (llvm::PHINode* phi : l.phis) push(phi);
  labels_.pop_back();
  if (labels_.empty()) {
    close_fuel_block();
    do_return();
  } else if (merges) {
    begin_fuel_block();
  }
}

bool Translator::control(Op op, const Imm& imm) {
  switch (op) {
    case Op::unreachable:
      trap_here(Trap::unreachable);
      reachable_ = false;
      return true;
    case Op::block:
    case Op::loop:
    case Op::if_:
    case Op::try_:
    case Op::try_table:
      open(op, imm);
      return true;
    case Op::else_:
      else_branch();
      return true;
    case Op::end:
      end();
      return true;
    case Op::br:
      branch(imm.a);
      return true;
    case Op::br_if: {
      Value* condition = b_.CreateIsNotNull(pop());
      branch_if(condition, imm.a);
      return true;
    }
    case Op::br_table:
      branch_table(imm);
      return true;
    case Op::return_:
      do_return();
      return true;
    case Op::call:
    case Op::return_call:
      commit_fuel();
      call_direct(imm.a, op == Op::return_call);
      return true;
    case Op::call_indirect:
    case Op::return_call_indirect:
      commit_fuel();
      call_indirect(imm, op == Op::return_call_indirect);
      return true;
    case Op::call_ref:
    case Op::return_call_ref:
      commit_fuel();
      call_ref(imm.a, op == Op::return_call_ref);
      return true;
    default:
      return false;
  }
}

// ---- fuel ------------------------------------------------------------------------------------------------------

/// What happens to the fuel is noted as volatile accesses of the store's; KeepFuelPass makes code of them. The blocks
/// are those of the interpreter, so that every tier runs out at the same instruction: where a function or a round of a
/// loop begins, which is enough to stop everything.
void Translator::begin_fuel_block(FuelCheck check) {
  if (!u_.options.fuel) return;
  close_fuel_block();
  Value* cell = context_field(layout::InstanceContext_fuel, u_.ptr);
  // The amount is known when the block ends.
  fuel_charge_ = in(b_.CreateAlignedStore(b_.getInt64(0), cell, llvm::Align(8), true), Region::Fuel);
  fuel_count_ = 0;
  if (check == FuelCheck::None) return;
  llvm::LoadInst* left = in(b_.CreateAlignedLoad(u_.i64, cell, llvm::Align(8), true), Region::Fuel);
  BasicBlock* trapped = block("trap");
  BasicBlock* next = block("");
  b_.CreateCondBr(b_.CreateICmpSLT(left, b_.getInt64(0)), trapped, next, u_.unlikely());
  at(trapped);
  commit_fuel();
  trap_here(Trap::out_of_fuel);
  at(next);
  if (check == FuelCheck::Loop) commit_fuel();
}

void Translator::close_fuel_block() {
  if (fuel_charge_ != nullptr) fuel_charge_->setOperand(0, b_.getInt64(fuel_count_));
  fuel_charge_ = nullptr;
}

/// Before what may show the fuel to others. Traps don't: they keep what was taken until then.
void Translator::commit_fuel() {
  if (!u_.options.fuel) return;
  Value* cell = context_field(layout::InstanceContext_fuel, u_.ptr);
  in(b_.CreateAlignedStore(b_.getInt64(0), cell, llvm::Align(8), true), Region::FuelCommit);
}

}  // namespace ashlar::optimizing
