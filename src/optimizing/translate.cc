// Translation of one body: entry, locals, variables, and the dispatch to the other parts.
#include "optimizing/translate.h"

#include <llvm/IR/Dominators.h>
#include <llvm/IR/Intrinsics.h>
#include <llvm/Transforms/Utils/PromoteMemToReg.h>

#include "optimizing/layout.h"

namespace ashlar::optimizing {

Translator::Translator(Unit& unit, module::FuncIdx f, llvm::Function* fn)
    : u_(unit),
      m_(unit.m),
      f_(f),
      type_(unit.m.func_type(f)),
      fn_(fn),
      subprogram_(unit.subprogram(f)),
      b_(unit.context),
      reader_(unit.m, f, unit.options.features) {
  fn_->setSubprogram(subprogram_);
  entry_ = BasicBlock::Create(u_.context, "entry", fn_);
  body_ = BasicBlock::Create(u_.context, "body", fn_);
  ctx_ = fn_->getArg(0);
}

BasicBlock* Translator::block(const char* name) { return BasicBlock::Create(u_.context, name, fn_); }

std::vector<Value*> Translator::pop_n(size_t n) {
  std::vector<Value*> out(stack_.end() - static_cast<ptrdiff_t>(n), stack_.end());
  stack_.resize(stack_.size() - n);
  return out;
}

void Translator::set_location() {
  b_.SetCurrentDebugLocation(llvm::DILocation::get(u_.context, wasm_, 0, subprogram_));
}

Value* Translator::zero(ValType type) { return llvm::Constant::getNullValue(u_.type_of(type)); }

/// Ends the block with the trap. Calls are not merged: each knows its place.
void Translator::trap_here(Trap trap) {
  llvm::CallInst* call =
      b_.CreateIntrinsic(u_.void_type, llvm::Intrinsic::ubsantrap, {b_.getInt8(static_cast<uint8_t>(trap))});
  call->addFnAttr(llvm::Attribute::NoMerge);
  b_.CreateUnreachable();
}

void Translator::trap_if(Value* condition, Trap trap) {
  if (auto* known = llvm::dyn_cast<llvm::ConstantInt>(condition); known != nullptr && known->isZero()) return;
  BasicBlock* trapped = block("trap");
  BasicBlock* next = block("");
  b_.CreateCondBr(condition, trapped, next, u_.unlikely());
  at(trapped);
  trap_here(trap);
  at(next);
}

void Translator::declare_locals(const std::vector<binary::LocalGroup>& groups) {
  auto add = [&](ValType type, Value* initial) {
    llvm::AllocaInst* home = b_.CreateAlloca(u_.type_of(type));
    b_.CreateStore(initial, home);
    locals_.push_back(home);
    local_types_.push_back(type);
  };
  const std::vector<bool> registers = u_.in_registers(type_);
  Value* buffer = nullptr;
  unsigned next = u_.passes_fuel(f_) ? 2 : 1;
  uint32_t slot = 0;
  at(entry_);
  for (size_t i = 0; i < type_.params.size(); ++i) {
    const ValType t = type_.params[i];
    if (registers[i]) {
      add(t, fn_->getArg(next++));
    } else {
      if (buffer == nullptr) buffer = context_field(layout::InstanceContext_results, u_.ptr);
      add(t, load_slot(buffer, slot, u_.type_of(t)));
    }
    slot += t.slot_count();
  }
  for (const binary::LocalGroup& g : groups)
    for (uint32_t i = 0; i < g.count; ++i) add(g.type, zero(g.type));
}

Status Translator::run() {
  std::vector<binary::LocalGroup> groups;
  TRY(binary::read_locals(reader_, static_cast<uint32_t>(type_.params.size()), 50'000, groups));
  wasm_ = m_.funcs[f_].body_offset;
  set_location();
  if (loop_ != 0) {
    locals_from_frame(groups);
  } else {
    declare_locals(groups);
  }
  at(body_);
  Label function;
  function.op = Op::block;
  function.results = type_.results;
  function.target = block("return");
  make_phis(function, function.target, function.results);
  labels_.push_back(std::move(function));
  begin_fuel_block(FuelCheck::Function);
  Imm imm;
  while (!labels_.empty()) {
    const Op op = reader_.next(imm);
    CHECK(op != Op::kCount);  // validated
    wasm_ = static_cast<uint32_t>(reader_.op_pos());
    set_location();
    if (reachable_) {
      fuel_count_ += u_.options.fuel_costs[op];
      this->op(op, imm);
    } else {
      skip(op);
    }
  }
  finish();
  if (loop_ != 0 && !is_sound()) fn_->eraseFromParent();
  return {};
}

/// Dead code is not translated; what ends or turns its block is.
void Translator::skip(Op op) {
  if (binary::opens_block(op)) {
    ++skip_depth_;
    return;
  }
  const bool closes = binary::closes_block(op);
  if (skip_depth_ > 0) {
    if (closes) --skip_depth_;
    return;
  }
  if (op == Op::else_) return else_branch();
  if (op == Op::end) return end();
  if (op == Op::catch_ || op == Op::catch_all) {
    Imm imm;
    binary::BodyReader again(m_.bytes, wasm_, reader_.pos(), u_.options.features);
    (void)again.next(imm);
    legacy_catch(op, imm);
    return;
  }
  if (op == Op::delegate) {
    Imm imm;
    binary::BodyReader again(m_.bytes, wasm_, reader_.pos(), u_.options.features);
    (void)again.next(imm);
    legacy_delegate(imm.a);
  }
}

void Translator::op(Op op, const Imm& imm) {
  llvm::SmallVector<Value*, 2> results;
  const isa::OpInfo& info = isa::info(op);
  if (!info.special) {
    const size_t n = info.operand_count();
    std::span<Value* const> args(stack_.data() + stack_.size() - n, n);
    const PureOps::TrapIf trap = [this](Value* condition, Trap t) { trap_if(condition, t); };
    if (u_.pure.lower(b_, op, args, imm, trap, results)) {
      stack_.resize(stack_.size() - n);
      for (Value* v : results) push(v);
      return;
    }
  }
  const bool done =
      control(op, imm) || variable(op, imm) || memory(op, imm) || exceptions(op, imm) || slot_instruction(op, imm);
  CHECK(done);
}

Value* Translator::global_cell(module::GlobalIdx global) {
  Value* cells = context_field(layout::InstanceContext_globals, u_.ptr);
  llvm::LoadInst* cell = in(b_.CreateLoad(u_.ptr, b_.CreateConstGEP1_32(u_.ptr, cells, global)), Region::State);
  cell->setMetadata(llvm::LLVMContext::MD_invariant_load, u_.empty_node());
  return cell;
}

Value* Translator::load_global(module::GlobalIdx global) {
  const module::GlobalType& type = m_.globals[global].type;
  Value* cell = global_cell(global);
  llvm::LoadInst* value = in(b_.CreateAlignedLoad(u_.type_of(type.type), cell, llvm::Align(8)), Region::State);
  if (!type.mut) value->setMetadata(llvm::LLVMContext::MD_invariant_load, u_.empty_node());
  return value;
}

bool Translator::variable(Op op, const Imm& imm) {
  switch (op) {
    case Op::nop:
      return true;
    case Op::drop:
      stack_.pop_back();
      return true;
    case Op::select:
    case Op::select_t: {
      Value* condition = b_.CreateIsNotNull(pop());
      Value* b = pop();
      Value* a = pop();
      push(b_.CreateSelect(condition, a, b));
      return true;
    }
    case Op::local_get:
      push(b_.CreateLoad(locals_[imm.a]->getAllocatedType(), locals_[imm.a]), local_types_[imm.a]);
      return true;
    case Op::local_set:
      b_.CreateStore(pop(), locals_[imm.a]);
      return true;
    case Op::local_tee:
      b_.CreateStore(stack_.back(), locals_[imm.a]);
      return true;
    case Op::global_get:
      push(load_global(imm.a), m_.globals[imm.a].type.type);
      return true;
    case Op::global_set: {
      Value* cell = global_cell(imm.a);
      Value* value = pop();
      // A trap later on must find it: volatile, as stores to memory are.
      if (value->getType() == u_.i32) value = b_.CreateZExt(value, u_.i64);
      in(b_.CreateAlignedStore(value, cell, llvm::Align(8), true), Region::State);
      return true;
    }
    default:
      return false;
  }
}

/// The stack slots get their final size; locals become values.
void Translator::finish() {
  if (slots_ != nullptr) slots_->setOperand(0, b_.getInt32(slot_count_));
  llvm::IRBuilder<> b(entry_);
  b.CreateBr(loop_target_ != nullptr ? loop_target_ : body_);
  for (const Scope& s : scopes_) {
    if (s.exn != nullptr && s.exn->getNumIncomingValues() == 0) {
      s.exn->replaceAllUsesWith(llvm::PoisonValue::get(u_.i32));
      s.exn->eraseFromParent();
    }
  }
  join_operands();
  std::vector<llvm::AllocaInst*> promotable = homes_;
  for (llvm::AllocaInst* local : locals_)
    if (llvm::isAllocaPromotable(local)) promotable.push_back(local);
  llvm::DominatorTree tree(*fn_);
  llvm::PromoteMemToReg(promotable, tree);
}

Status translate(Unit& unit, module::FuncIdx f) { return Translator(unit, f).run(); }

Status translate_borrowed(Unit& unit) {
  for (module::FuncIdx f : unit.take_borrowed()) {
    TRY(translate(unit, f));
    unit.function(f)->setLinkage(llvm::GlobalValue::AvailableExternallyLinkage);
  }
  return {};
}

}  // namespace ashlar::optimizing
