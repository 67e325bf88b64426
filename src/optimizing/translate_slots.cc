// Translation of tables, references and GC objects: what is short is inline, the rest runs as slot operations.
#include "isa/value_type.h"
#include "optimizing/layout.h"
#include "optimizing/translate.h"

namespace ashlar::optimizing {

using isa::AbsHeap;
using isa::HeapType;

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
    push(load_slot(base, slot, u_.type_of(t)));
    slot += t.slot_count();
  }
}

/// The raw ValType that casts test for; concrete types by their canonical ids, known when the instance is.
Value* Translator::raw_type(bool nullable, HeapType heap) {
  if (heap.is_abstract()) return constant(ValType::ref(nullable, heap).raw());
  const uint32_t rest = ValType::ref(nullable, HeapType::concrete(0)).raw();
  const uint32_t one = ValType::ref(nullable, HeapType::concrete(1)).raw() - rest;
  return b_.CreateAdd(b_.CreateMul(type_id(heap.index()), constant(one)), constant(rest));
}

bool Translator::table(Op op, const Imm& imm) {
  auto elem = [&](uint32_t t) { return m_.tables[t].type.elem; };
  auto address = [&](uint32_t t) { return m_.tables[t].type.limits.is64 ? ValType::i64() : ValType::i32(); };
  switch (op) {
    case Op::table_get: {
      const ValType t = elem(imm.a);
      slot_op(op, {constant(imm.a)}, 1, {&t, 1});
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
      push(b_.CreatePtrToInt(func_cell(imm.a), u_.i64));
      return true;
    case Op::ref_as_non_null:
      trap_if(b_.CreateIsNull(stack_.back()), Trap::null_reference);
      return true;
    case Op::any_convert_extern:
    case Op::extern_convert_any:
      return true;  // one encoding
    case Op::ref_i31:
      push(b_.CreateOr(b_.CreateShl(pop(), 1), constant(1)));
      return true;
    case Op::i31_get_s:
    case Op::i31_get_u: {
      Value* r = pop();
      trap_if(b_.CreateIsNull(r), Trap::null_i31_reference);
      push(op == Op::i31_get_s ? b_.CreateAShr(r, 1) : b_.CreateLShr(r, 1));
      return true;
    }
    case Op::ref_test:
    case Op::ref_test_null:
    case Op::ref_cast:
    case Op::ref_cast_null: {
      const bool nullable = op == Op::ref_test_null || op == Op::ref_cast_null;
      Value* r = op == Op::ref_test || op == Op::ref_test_null ? pop() : stack_.back();
      Value* wide = b_.CreateZExt(r, u_.i64);
      Value* matches = libcall(Libcall::ref_matches, u_.i32, {wide, raw_type(nullable, imm.heap)});
      if (op == Op::ref_test || op == Op::ref_test_null) {
        push(matches);
      } else {
        trap_if(b_.CreateIsNull(matches), Trap::cast_failure);
      }
      return true;
    }
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

void Translator::branch_on(Op op, const Imm& imm) {
  if (op == Op::br_on_null) {
    Value* r = pop();
    branch_if(b_.CreateIsNull(r), imm.a);
    push(r);
    return;
  }
  if (op == Op::br_on_non_null) {
    branch_if(b_.CreateIsNotNull(stack_.back()), imm.a);
    stack_.pop_back();
    return;
  }
  Value* wide = b_.CreateZExt(stack_.back(), u_.i64);
  Value* matches = libcall(Libcall::ref_matches, u_.i32, {wide, raw_type(imm.null2, imm.heap2)});
  branch_if(op == Op::br_on_cast ? b_.CreateIsNotNull(matches) : b_.CreateIsNull(matches), imm.a);
}

bool Translator::gc(Op op, const Imm& imm) {
  const ValType object = ValType::anyref();
  const std::span<const ValType> one(&object, 1);
  auto field = [](const isa::FieldType& f) {
    return f.storage.packed != isa::Packed::None ? ValType::i32() : f.storage.type;
  };
  switch (op) {
    case Op::struct_new:
      slot_op(op, {type_id(imm.a)}, m_.types[imm.a].fields.size(), one);
      return true;
    case Op::struct_new_default:
      slot_op(op, {type_id(imm.a)}, 0, one);
      return true;
    case Op::struct_get:
    case Op::struct_get_s:
    case Op::struct_get_u: {
      const ValType t = field(m_.types[imm.a].fields[imm.b]);
      slot_op(op, {type_id(imm.a), constant(imm.b)}, 1, {&t, 1});
      return true;
    }
    case Op::struct_set:
      slot_op(op, {type_id(imm.a), constant(imm.b)}, 2, {});
      return true;
    case Op::array_new:
      slot_op(op, {type_id(imm.a)}, 2, one);
      return true;
    case Op::array_new_default:
      slot_op(op, {type_id(imm.a)}, 1, one);
      return true;
    case Op::array_new_fixed:
      slot_op(op, {type_id(imm.a), constant(imm.b)}, imm.b, one);
      return true;
    case Op::array_new_data:
    case Op::array_new_elem:
      slot_op(op, {type_id(imm.a), constant(imm.b)}, 2, one);
      return true;
    case Op::array_get:
    case Op::array_get_s:
    case Op::array_get_u: {
      const ValType t = field(m_.types[imm.a].fields[0]);
      slot_op(op, {type_id(imm.a)}, 2, {&t, 1});
      return true;
    }
    case Op::array_set:
      slot_op(op, {type_id(imm.a)}, 3, {});
      return true;
    case Op::array_len: {
      const ValType t = ValType::i32();
      slot_op(op, {}, 1, {&t, 1});
      return true;
    }
    case Op::array_fill:
      slot_op(op, {type_id(imm.a)}, 4, {});
      return true;
    case Op::array_copy:
      slot_op(op, {type_id(imm.a), type_id(imm.b)}, 5, {});
      return true;
    case Op::array_init_data:
    case Op::array_init_elem:
      slot_op(op, {type_id(imm.a), constant(imm.b)}, 4, {});
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
