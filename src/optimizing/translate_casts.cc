// Translation of tests and casts of references.
#include "isa/value_type.h"
#include "optimizing/layout.h"
#include "optimizing/translate.h"

namespace ashlar::optimizing {

using isa::AbsHeap;
using isa::HeapType;
using runtime::GcHeader;
using runtime::GcTypeDesc;

namespace {

/// Number of proper supertypes.
uint32_t depth_of(const module::Module& m, uint32_t type) {
  uint32_t depth = 0;
  for (uint32_t t = m.types[type].super; t != module::kNoIndex; t = m.types[t].super) ++depth;
  return depth;
}

/// Whether every value of heap type `sub` is one of `super`, as far as names tell; false: perhaps not.
bool is_below(const module::Module& m, HeapType sub, HeapType super) {
  if (sub == super) return true;
  if (super.is_concrete()) {
    if (!sub.is_concrete()) return false;
    for (uint32_t t = sub.index(); t != module::kNoIndex; t = m.types[t].super)
      if (t == super.index()) return true;
    return false;
  }
  const AbsHeap top = super.abs();
  if (top == AbsHeap::Any) return true;  // the same hierarchy: validated
  if (top == AbsHeap::Eq) {
    return sub.is_concrete() || sub == AbsHeap::I31 || sub == AbsHeap::Struct || sub == AbsHeap::Array;
  }
  if (!sub.is_concrete()) return false;
  const module::CompositeKind kind = m.types[sub.index()].kind;
  return (top == AbsHeap::Struct && kind == module::CompositeKind::Struct) ||
         (top == AbsHeap::Array && kind == module::CompositeKind::Array);
}

}  // namespace

/// Gathers the answers of a test that has several ways out.
struct Translator::Answers {
  BasicBlock* done;
  llvm::SmallVector<std::pair<Value*, BasicBlock*>, 6> from;
};

/// Where `condition` holds the answer is `value`; goes on where it does not.
void Translator::answer_if(Answers& answers, Value* condition, bool value) {
  if (auto* known = llvm::dyn_cast<llvm::ConstantInt>(condition); known != nullptr && known->isZero()) return;
  BasicBlock* next = block("");
  answers.from.emplace_back(b_.getInt1(value), b_.GetInsertBlock());
  b_.CreateCondBr(condition, answers.done, next);
  at(next);
}

void Translator::answer(Answers& answers, Value* value) {
  answers.from.emplace_back(value, b_.GetInsertBlock());
  b_.CreateBr(answers.done);
}

/// Whether a reference matches, as i1. `source`: its static type where known.
Value* Translator::matches(Value* ref, ValType source, bool nullable, HeapType target) {
  const bool may_null = !source.is_ref() || source.nullable();
  const bool below = source.is_ref() && is_below(m_, source.heap(), target);
  const bool top =
      target == AbsHeap::Any || target == AbsHeap::Extern || target == AbsHeap::Func || target == AbsHeap::Exn;
  const bool bottom =
      target == AbsHeap::None || target == AbsHeap::NoExtern || target == AbsHeap::NoFunc || target == AbsHeap::NoExn;
  if (bottom) return nullable ? b_.CreateIsNull(ref) : b_.getFalse();
  if (top || below) return nullable || !may_null ? b_.getTrue() : b_.CreateIsNotNull(ref);
  Answers answers{block(""), {}};
  if (may_null) answer_if(answers, b_.CreateIsNull(ref), nullable);
  if (target.is_concrete() && m_.types[target.index()].kind == module::CompositeKind::Func) {
    match_function(answers, ref, target.index());
  } else {
    match_object(answers, ref, source, target);
  }
  at(answers.done);
  llvm::PHINode* result = b_.CreatePHI(b_.getInt1Ty(), 2);
  for (auto [value, from] : answers.from) result->addIncoming(value, from);
  return result;
}

void Translator::match_function(Answers& answers, Value* ref, uint32_t target) {
  Value* cell = b_.CreateIntToPtr(ref, u_.ptr);
  Value* actual =
      in(b_.CreateLoad(u_.i32, b_.CreateConstGEP1_32(u_.i8, cell, layout::FuncCell_type_id)), Region::State);
  Value* expected = type_id(target);
  Value* same = b_.CreateICmpEQ(actual, expected);
  if (m_.types[target].is_final) return answer(answers, same);
  answer_if(answers, same, true);
  answer(answers, b_.CreateIsNotNull(libcall(Libcall::is_subtype, u_.i32, {actual, expected})));
}

/// Of the any hierarchy, not null: i31, a box of the host, or an object with a descriptor.
void Translator::match_object(Answers& answers, Value* ref, ValType source, HeapType target) {
  const HeapType from = source.is_ref() ? source.heap() : HeapType(AbsHeap::Any);
  const bool may_i31 = from == AbsHeap::Any || from == AbsHeap::Eq || from == AbsHeap::I31 || from == AbsHeap::Extern;
  const bool may_host = from == AbsHeap::Any || from == AbsHeap::Extern;
  if (target == AbsHeap::I31) return answer(answers, b_.CreateTrunc(ref, b_.getInt1Ty()));
  if (may_i31) answer_if(answers, b_.CreateTrunc(ref, b_.getInt1Ty()), target == AbsHeap::Eq);
  Value* id = b_.CreateAnd(type_word(ref), constant(GcHeader::kTypeMask));
  Value* is_host = may_host ? b_.CreateICmpUGE(id, constant(runtime::kMaxGcTypes)) : b_.getFalse();
  if (target == AbsHeap::Eq) return answer(answers, b_.CreateNot(is_host));
  if (target.is_concrete()) {
    Value* same = b_.CreateICmpEQ(id, type_id(target.index()));
    if (m_.types[target.index()].is_final) return answer(answers, same);
    answer_if(answers, same, true);
  }
  answer_if(answers, is_host, false);
  Value* types = b_.CreateGEP(u_.i8, gc_base(), b_.getInt64(runtime::kGcTypesOffset));
  Value* desc = b_.CreateGEP(u_.i8, types, b_.CreateMul(b_.CreateZExt(id, u_.i64), b_.getInt64(sizeof(GcTypeDesc))));
  if (!target.is_concrete()) {
    Value* kind =
        b_.CreateAlignedLoad(u_.i8, b_.CreateConstGEP1_32(u_.i8, desc, layout::GcTypeDesc_kind), llvm::Align(8));
    in(llvm::cast<llvm::LoadInst>(kind), Region::GcTables);
    const GcTypeDesc::Kind wanted = target == AbsHeap::Struct ? GcTypeDesc::Struct : GcTypeDesc::Array;
    return answer(answers, b_.CreateICmpEQ(kind, b_.getInt8(wanted)));
  }
  const uint32_t depth = depth_of(m_, target.index());
  if (depth >= GcTypeDesc::kDisplay) {
    return answer(answers, b_.CreateIsNotNull(libcall(Libcall::is_subtype, u_.i32, {id, type_id(target.index())})));
  }
  Value* at = b_.CreateConstGEP1_32(u_.i8, desc, layout::GcTypeDesc_display + 4 * depth);
  Value* super = in(b_.CreateAlignedLoad(u_.i32, at, llvm::Align(4)), Region::GcTables);
  answer(answers, b_.CreateICmpEQ(super, type_id(target.index())));
}

/// The value again, of a type that a check behind us has made sure of.
Value* Translator::narrowed(Value* ref, ValType type) {
  if (llvm::isa<llvm::Constant>(ref)) return ref;
  BasicBlock* from = b_.GetInsertBlock();
  BasicBlock* next = block("");
  b_.CreateBr(next);
  at(next);
  llvm::PHINode* same = b_.CreatePHI(ref->getType(), 1);
  same->addIncoming(ref, from);
  types_[same] = type;
  return same;
}

void Translator::as_non_null() {
  Value* ref = stack_.back();
  if (!may_be_null(ref)) return;
  trap_if(b_.CreateIsNull(ref), Trap::null_reference);
  const ValType type = static_type(ref);
  if (type.is_ref()) stack_.back() = narrowed(ref, ValType::ref(type.heap()));
}

void Translator::test_or_cast(Op op, const Imm& imm) {
  const bool nullable = op == Op::ref_test_null || op == Op::ref_cast_null;
  Value* ref = pop();
  Value* match = matches(ref, static_type(ref), nullable, imm.heap);
  if (op == Op::ref_test || op == Op::ref_test_null) return push(b_.CreateZExt(match, u_.i32));
  trap_if(b_.CreateNot(match), Trap::cast_failure);
  push(narrowed(ref, ValType::ref(nullable, imm.heap)));
}

void Translator::branch_on(Op op, const Imm& imm) {
  Value* ref = stack_.back();
  if (op == Op::br_on_null) {
    pop();
    branch_if(b_.CreateIsNull(ref), imm.a);
    const ValType type = static_type(ref);
    return push(type.is_ref() ? narrowed(ref, ValType::ref(type.heap())) : ref);
  }
  if (op == Op::br_on_non_null) {
    branch_if(b_.CreateIsNotNull(ref), imm.a);
    stack_.pop_back();
    return;
  }
  ValType source = static_type(ref);
  if (!source.is_ref()) source = ValType::ref(imm.null1, imm.heap);
  Value* match = matches(ref, source, imm.null2, imm.heap2);
  branch_if(op == Op::br_on_cast ? match : b_.CreateNot(match), imm.a);
  if (op == Op::br_on_cast_fail) {
    pop();
    push(narrowed(ref, ValType::ref(imm.null2, imm.heap2)));
  }
}

}  // namespace ashlar::optimizing
