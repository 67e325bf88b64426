// Translation of exceptions, both forms: protected ranges, landing pads, the search for a handler.
#include "optimizing/layout.h"
#include "optimizing/translate.h"

namespace ashlar::optimizing {

Translator::Scope* Translator::current_scope() {
  for (auto l = labels_.rbegin(); l != labels_.rend(); ++l)
    if (l->scope != nullptr) return l->scope;
  return nullptr;
}

void Translator::open_try(Label& l) {
  Scope& s = scopes_.emplace_back();
  s.outer = current_scope();
  s.dispatch = block("dispatch");
  s.exn = llvm::IRBuilder<>(s.dispatch).CreatePHI(u_.i32, 2);
  l.scope = &s;
}

/// Where a call inside the scope goes when its callee throws.
BasicBlock* Translator::landing_pad(Scope& scope) {
  if (scope.pad != nullptr) return scope.pad;
  if (!fn_->hasPersonalityFn()) fn_->setPersonalityFn(u_.personality());
  scope.pad = block("pad");
  llvm::IRBuilder<> b(scope.pad);
  b.SetCurrentDebugLocation(b_.getCurrentDebugLocation());
  llvm::LandingPadInst* landed = b.CreateLandingPad(llvm::StructType::get(u_.ptr, u_.i32), 1);
  landed->addClause(llvm::ConstantPointerNull::get(u_.ptr));
  Value* exn = b.CreateTrunc(b.CreatePtrToInt(b.CreateExtractValue(landed, 0), u_.i64), u_.i32);
  scope.exn->addIncoming(exn, scope.pad);
  b.CreateBr(scope.dispatch);
  return scope.pad;
}

void Translator::enter_dispatch(Scope& scope, Value* exn) {
  scope.exn->addIncoming(exn, b_.GetInsertBlock());
  b_.CreateBr(scope.dispatch);
}

/// Goes on with the handlers outside; null: in the callers.
void Translator::rethrow_to(Scope* scope, Value* exn) {
  if (scope != nullptr) return enter_dispatch(*scope, exn);
  auto* call = llvm::cast<llvm::CallInst>(libcall(Libcall::throw_exn, u_.void_type, {exn}));
  call->addFnAttr(llvm::Attribute::NoReturn);
  call->addFnAttr(llvm::Attribute::Cold);
  b_.CreateUnreachable();
}

/// A throw here; ends the block.
void Translator::throw_exn(Value* exn) {
  rethrow_to(current_scope(), exn);
  reachable_ = false;
}

void Translator::throw_tag(uint32_t tag) {
  const std::vector<ValType>& params = m_.types[m_.tags[tag].type.type].func.params;
  uint32_t count = 0;
  for (ValType t : params) count += t.slot_count();
  std::vector<Value*> values = pop_n(params.size());
  Value* payload = slots(count + 1);
  store_slots(payload, values);
  throw_exn(libcall(Libcall::new_exn, u_.i32, {constant(tag), payload}));
}

Value* Translator::exn_tag(Value* exn) {
  Value* heap = context_field(layout::InstanceContext_gc_base, u_.ptr, false);
  Value* object = b_.CreateGEP(u_.i8, heap, b_.CreateZExt(exn, u_.i64));
  return in(b_.CreateLoad(u_.ptr, b_.CreateConstGEP1_32(u_.i8, object, layout::Exn_tag)), Region::Heap);
}

void Translator::push_payload(Value* exn, uint32_t tag) {
  Value* heap = context_field(layout::InstanceContext_gc_base, u_.ptr, false);
  Value* object = b_.CreateGEP(u_.i8, heap, b_.CreateZExt(exn, u_.i64));
  Value* payload = b_.CreateConstGEP1_32(u_.i8, object, layout::Exn_payload);
  uint32_t slot = 0;
  for (ValType t : m_.types[m_.tags[tag].type.type].func.params) {
    Value* at = b_.CreateConstGEP1_32(u_.i64, payload, slot);
    push(in(b_.CreateAlignedLoad(u_.type_of(t), at, llvm::Align(8)), Region::Heap), t);
    slot += t.slot_count();
  }
}

/// At the end of a try_table: the chain of its clauses. The current position and stack stay.
void Translator::close_try_table(Label& l) {
  Scope& s = *l.scope;
  l.scope = nullptr;
  if (s.exn->getNumIncomingValues() == 0) {
    s.exn->eraseFromParent();
    s.exn = nullptr;
    s.dispatch->eraseFromParent();
    return;
  }
  BasicBlock* const here = b_.GetInsertBlock();
  const std::vector<Value*> saved = stack_;
  at(s.dispatch);
  bool open = true;
  for (const binary::CatchClause& c : l.catches) {
    BasicBlock* next = nullptr;
    if (c.has_tag()) {
      Value* tags = context_field(layout::InstanceContext_tags, u_.ptr);
      llvm::LoadInst* tag = in(b_.CreateLoad(u_.ptr, b_.CreateConstGEP1_32(u_.ptr, tags, c.tag)), Region::State);
      tag->setMetadata(llvm::LLVMContext::MD_invariant_load, u_.empty_node());
      BasicBlock* match = block("catch");
      next = block("next");
      b_.CreateCondBr(b_.CreateICmpEQ(exn_tag(s.exn), tag), match, next);
      at(match);
      push_payload(s.exn, c.tag);
    }
    if (c.has_ref()) push(s.exn);
    // Labels of the clauses count from outside of the try_table, which is still the innermost label.
    const bool was = reachable_;
    branch(c.label + 1);
    reachable_ = was;
    stack_ = saved;
    open = next != nullptr;
    if (!open) break;
    at(next);
  }
  if (open) rethrow_to(s.outer, s.exn);
  at(here);
}

/// catch and catch_all of a legacy try. The body, or the catch before, ends here.
void Translator::legacy_catch(Op op, const Imm& imm) {
  Label& l = labels_.back();
  if (reachable_) {
    add_edge(l, b_.GetInsertBlock(), {stack_.data() + stack_.size() - l.results.size(), l.results.size()});
    b_.CreateBr(l.target);
  }
  if (!l.in_catch) {
    l.in_catch = true;
    Scope& s = *l.scope;
    l.scope = nullptr;
    l.exn = s.exn;
    l.chain = s.dispatch;
  }
  stack_.resize(l.height);
  if (l.chain == nullptr) {  // after catch_all
    reachable_ = false;
    return;
  }
  at(l.chain);
  if (op == Op::catch_) {
    Value* tags = context_field(layout::InstanceContext_tags, u_.ptr);
    llvm::LoadInst* tag = in(b_.CreateLoad(u_.ptr, b_.CreateConstGEP1_32(u_.ptr, tags, imm.a)), Region::State);
    tag->setMetadata(llvm::LLVMContext::MD_invariant_load, u_.empty_node());
    BasicBlock* match = block("catch");
    BasicBlock* next = block("next");
    b_.CreateCondBr(b_.CreateICmpEQ(exn_tag(l.exn), tag), match, next);
    l.chain = next;
    at(match);
    push_payload(l.exn, imm.a);
  } else {
    l.chain = nullptr;
  }
  reachable_ = true;
  begin_fuel_block();
}

/// Exceptions of the body go to the label's try, or to the callers.
void Translator::legacy_delegate(uint32_t depth) {
  Label& l = labels_.back();
  Scope& s = *l.scope;
  l.scope = nullptr;
  // `depth` counts from outside of this try.
  Scope* outer = nullptr;
  for (size_t i = labels_.size() - 1 - depth; i-- > 0;) {
    if (labels_[i].scope == nullptr) continue;
    outer = labels_[i].scope;
    break;
  }
  BasicBlock* const here = b_.GetInsertBlock();
  const bool was = reachable_;
  at(s.dispatch);
  rethrow_to(outer, s.exn);
  at(here);
  reachable_ = was;
  l.op = Op::block;
  end();
}

/// At the end of a legacy try: what no catch took goes on outside.
void Translator::close_legacy(Label& l) {
  Scope* outer = nullptr;
  BasicBlock* const here = b_.GetInsertBlock();
  Value* exn = l.exn;
  BasicBlock* chain = l.chain;
  if (!l.in_catch) {  // no catch at all
    outer = l.scope->outer;
    exn = l.scope->exn;
    chain = l.scope->dispatch;
    l.scope = nullptr;
  } else {
    outer = current_scope();
  }
  if (chain != nullptr) {
    at(chain);
    rethrow_to(outer, exn);
    at(here);
  }
}

bool Translator::exceptions(Op op, const Imm& imm) {
  switch (op) {
    case Op::throw_:
      commit_fuel();
      throw_tag(imm.a);
      return true;
    case Op::throw_ref: {
      Value* exn = pop();
      commit_fuel();
      trap_if(b_.CreateIsNull(exn), Trap::null_exception_reference);
      throw_exn(exn);
      return true;
    }
    case Op::rethrow:
      commit_fuel();
      throw_exn(label(imm.a).exn);
      return true;
    case Op::catch_:
    case Op::catch_all:
      legacy_catch(op, imm);
      return true;
    case Op::delegate:
      legacy_delegate(imm.a);
      return true;
    default:
      return false;
  }
}

}  // namespace ashlar::optimizing
