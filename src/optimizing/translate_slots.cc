// Translation of tables and references, and of all that runs as slot operations.
#include "isa/value_type.h"
#include "optimizing/layout.h"
#include "optimizing/translate.h"

namespace ashlar::optimizing {

using isa::AbsHeap;

/// A buffer in the frame of at least `count` slots.
Value* Translator::slots(uint32_t count) {
  if (slots_ == nullptr) slots_ = llvm::IRBuilder<>(entry_, entry_->begin()).CreateAlloca(u_.i64, b_.getInt32(1));
  if (count > slot_count_) slot_count_ = count;
  return slots_;
}

void Translator::store_slots(Value* base, std::span<Value* const> values) {
  uint32_t slot = 0;
  for (Value* v : values) {
    Value* at = b_.CreateConstGEP1_32(u_.i64, base, slot);
    if (v->getType() == u_.f32) v = b_.CreateBitCast(v, u_.i32);
    if (v->getType() == u_.i32) v = b_.CreateZExt(v, u_.i64);
    in(b_.CreateAlignedStore(v, at, llvm::Align(8)), Region::Scratch);
    slot += v->getType() == u_.v128 ? 2 : 1;
  }
}

Value* Translator::load_slot(Value* base, uint32_t slot, llvm::Type* type) {
  return in(b_.CreateAlignedLoad(type, b_.CreateConstGEP1_32(u_.i64, base, slot), llvm::Align(8)), Region::Scratch);
}

/// Pops the operands, runs the operation on them in slots, pushes the results.
void Translator::slot_op(Op op, const Imms& imms, size_t operands, std::span<const ValType> results) {
  std::vector<Value*> values = pop_n(operands);
  uint32_t count = 4;  // some operations write a few slots more than they read
  for (Value* v : values) count += v->getType() == u_.v128 ? 2 : 1;
  Value* base = slots(count);
  store_slots(base, values);
  if (imm_ == nullptr) {
    imm_ = llvm::IRBuilder<>(entry_, entry_->begin()).CreateAlloca(llvm::ArrayType::get(u_.i8, 24));
    imm_->setAlignment(llvm::Align(8));
  }
  auto put = [&](Value* v, unsigned at) {
    in(b_.CreateAlignedStore(v, b_.CreateConstGEP1_32(u_.i8, imm_, at), llvm::Align(1)), Region::Scratch);
  };
  put(imms.a != nullptr ? imms.a : constant(0), 0);
  put(imms.b != nullptr ? imms.b : constant(0), 4);
  put(b_.getInt16(imms.c), 8);
  put(b_.getInt64(imms.offset), 10);
  libcall(Libcall::slot_op, u_.void_type, {base, imm_, constant(static_cast<uint32_t>(op))});
  uint32_t slot = 0;
  for (ValType t : results) {
    push(load_slot(base, slot, u_.type_of(t)), t);
    slot += t.slot_count();
  }
}

bool Translator::table(Op op, const Imm& imm) {
  auto elem = [&](uint32_t t) { return m_.tables[t].type.elem; };
  auto address = [&](uint32_t t) { return m_.tables[t].type.limits.is64 ? ValType::i64() : ValType::i32(); };
  switch (op) {
    case Op::table_get: {
      const ValType t = elem(imm.a);
      if (u_.is_func_heap(t.heap())) {  // may be deferred
        slot_op(op, {constant(imm.a)}, 1, {&t, 1});
        return true;
      }
      Value* index = b_.CreateZExt(pop(), u_.i64);
      Value* at = b_.CreateGEP(u_.i64, table_elements(imm.a, index, Trap::out_of_bounds_table_access), index);
      push(in(b_.CreateAlignedLoad(u_.i32, at, llvm::Align(8)), Region::State), t);
      return true;
    }
    case Op::table_set:
      slot_op(op, {constant(imm.a)}, 2, {});
      return true;
    case Op::table_size: {
      const ValType t = address(imm.a);
      slot_op(op, {constant(imm.a)}, 0, {&t, 1});
      return true;
    }
    case Op::table_grow: {
      const ValType t = address(imm.a);
      slot_op(op, {constant(imm.a)}, 2, {&t, 1});
      return true;
    }
    case Op::table_fill:
      slot_op(op, {constant(imm.a)}, 3, {});
      return true;
    case Op::table_copy:
      slot_op(op, {constant(imm.a), constant(imm.b)}, 3, {});
      return true;
    case Op::table_init:
      slot_op(op, {constant(imm.b), constant(imm.a)}, 3, {});
      return true;
    case Op::memory_init:
      slot_op(op, {constant(imm.memory), constant(imm.a)}, 3, {});
      return true;
    case Op::data_drop:
    case Op::elem_drop:
      slot_op(op, {nullptr, constant(imm.a)}, 0, {});
      return true;
    default:
      return false;
  }
}

bool Translator::reference(Op op, const Imm& imm) {
  switch (op) {
    case Op::ref_null:
      push(zero(ValType::ref_null(imm.heap)));
      return true;
    case Op::ref_is_null:
      push(b_.CreateZExt(b_.CreateIsNull(pop()), u_.i32));
      return true;
    case Op::ref_eq: {
      Value* b = pop();
      push(b_.CreateZExt(b_.CreateICmpEQ(pop(), b), u_.i32));
      return true;
    }
    case Op::ref_func:
      push(b_.CreatePtrToInt(func_cell(imm.a), u_.i64), ValType::ref(AbsHeap::Func));
      return true;
    case Op::ref_as_non_null:
      as_non_null();
      return true;
    case Op::any_convert_extern:
    case Op::extern_convert_any:
      return true;  // one encoding
    case Op::ref_i31:
      push(b_.CreateOr(b_.CreateShl(pop(), 1), constant(1)), ValType::ref(AbsHeap::I31));
      return true;
    case Op::i31_get_s:
    case Op::i31_get_u: {
      Value* r = pop();
      trap_if_null(r, Trap::null_i31_reference);
      push(op == Op::i31_get_s ? b_.CreateAShr(r, 1) : b_.CreateLShr(r, 1));
      return true;
    }
    case Op::ref_test:
    case Op::ref_test_null:
    case Op::ref_cast:
    case Op::ref_cast_null:
      test_or_cast(op, imm);
      return true;
    case Op::br_on_null:
    case Op::br_on_non_null:
    case Op::br_on_cast:
    case Op::br_on_cast_fail:
      branch_on(op, imm);
      return true;
    default:
      return false;
  }
}

/// Atomics and whatever else has a signature in the table.
bool Translator::slot_instruction(Op op, const Imm& imm) {
  if (table(op, imm) || reference(op, imm) || gc(op, imm)) return true;
  const isa::OpInfo& info = isa::info(op);
  if (info.special) return false;
  ValType address = ValType::i32();
  if (info.imm == isa::ImmKind::MemArg && m_.memories[imm.memory].type.limits.is64) address = ValType::i64();
  std::vector<ValType> results;
  for (size_t i = 0; i < info.result_count(); ++i) results.push_back(isa::sig_type(info.result(i), address));
  slot_op(op, {constant(imm.memory), constant(imm.lane), 0, imm.offset}, info.operand_count(), results);
  return true;
}

}  // namespace ashlar::optimizing
