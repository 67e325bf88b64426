// Translation of linear memory: addresses, loads and stores, size, growth and bulk operations.
#include "optimizing/layout.h"
#include "optimizing/translate.h"
#include "runtime/bulk.h"

namespace ashlar::optimizing {

/// Whether the memory's guard catches what lies outside (runtime/memory.h).
bool Translator::is_guarded(uint32_t memory) const {
  const module::MemoryType& t = m_.memories[memory].type;
  return !u_.options.explicit_bounds && !t.limits.is64 && t.page_size_log2 == 16;
}

Value* Translator::memory_base(uint32_t memory) {
  if (memory == 0) return context_field(layout::InstanceContext_mem0_base, u_.ptr);
  Value* memories = context_field(layout::InstanceContext_memories, u_.ptr);
  llvm::LoadInst* object = in(b_.CreateLoad(u_.ptr, b_.CreateConstGEP1_32(u_.ptr, memories, memory)), Region::State);
  object->setMetadata(llvm::LLVMContext::MD_invariant_load, u_.empty_node());
  llvm::LoadInst* base =
      in(b_.CreateLoad(u_.ptr, b_.CreateConstGEP1_32(u_.i8, object, layout::Memory_base)), Region::State);
  base->setMetadata(llvm::LLVMContext::MD_invariant_load, u_.empty_node());
  return base;
}

/// In bytes.
Value* Translator::memory_size(uint32_t memory) {
  Value* object = nullptr;
  if (memory == 0) {
    object = context_field(layout::InstanceContext_mem0, u_.ptr);
  } else {
    Value* memories = context_field(layout::InstanceContext_memories, u_.ptr);
    llvm::LoadInst* load = in(b_.CreateLoad(u_.ptr, b_.CreateConstGEP1_32(u_.ptr, memories, memory)), Region::State);
    load->setMetadata(llvm::LLVMContext::MD_invariant_load, u_.empty_node());
    object = load;
  }
  llvm::LoadInst* size =
      in(b_.CreateAlignedLoad(u_.i64, b_.CreateConstGEP1_32(u_.i8, object, layout::Memory_size), llvm::Align(8)),
         Region::State);
  // Another thread may grow a shared memory.
  if (m_.memories[memory].type.limits.shared) size->setAtomic(llvm::AtomicOrdering::Monotonic);
  return size;
}

/// The host address of an access, checked where no guard does it.
Value* Translator::address(uint32_t memory, Value* base, uint64_t offset, uint64_t width) {
  const bool is64 = m_.memories[memory].type.limits.is64;
  const bool guarded = is_guarded(memory) && offset < runtime::Memory::kGuardBytes;
  Value* index = is64 ? base : b_.CreateZExt(base, u_.i64, "", false);
  if (guarded) {
    Value* at = b_.CreateGEP(u_.i8, memory_base(memory), index, "", llvm::GEPNoWrapFlags::none());
    return offset == 0 ? at : b_.CreateGEP(u_.i8, at, b_.getInt64(offset));
  }
  Value* size = memory_size(memory);
  if (!is64) {
    // 33 bits at most: no overflow.
    Value* end = b_.CreateAdd(index, b_.getInt64(offset + width));
    trap_if(b_.CreateICmpUGT(end, size), Trap::out_of_bounds_memory_access);
    index = b_.CreateAdd(index, b_.getInt64(offset));
  } else {
    Value* sum = b_.CreateBinaryIntrinsic(llvm::Intrinsic::uadd_with_overflow, index, b_.getInt64(offset));
    index = b_.CreateExtractValue(sum, 0);
    Value* end = b_.CreateBinaryIntrinsic(llvm::Intrinsic::uadd_with_overflow, index, b_.getInt64(width));
    Value* outside = b_.CreateOr(b_.CreateExtractValue(sum, 1), b_.CreateExtractValue(end, 1));
    outside = b_.CreateOr(outside, b_.CreateICmpUGT(b_.CreateExtractValue(end, 0), size));
    trap_if(outside, Trap::out_of_bounds_memory_access);
  }
  return b_.CreateGEP(u_.i8, memory_base(memory), index);
}

// Accesses are volatile: one that traps must, where it stands, even when its value is not wanted, and what was stored
// before a trap is there after it. See "Why are accesses volatile?" in docs/rationale.md.
Value* Translator::load_raw(uint32_t memory, Value* base, uint64_t offset, llvm::Type* type) {
  Value* at = address(memory, base, offset, type->getPrimitiveSizeInBits() / 8);
  return in(b_.CreateAlignedLoad(type, at, llvm::Align(1), true), Region::Memory);
}

void Translator::store_raw(uint32_t memory, Value* base, uint64_t offset, Value* value) {
  Value* at = address(memory, base, offset, value->getType()->getPrimitiveSizeInBits() / 8);
  in(b_.CreateAlignedStore(value, at, llvm::Align(1), true), Region::Memory);
}

bool Translator::simple_load(Op op, const Imm& imm) {
  llvm::Type* raw = nullptr;
  llvm::Type* wide = nullptr;
  bool is_signed = false;
  switch (op) {
    case Op::i32_load:
      raw = u_.i32;
      break;
    case Op::i64_load:
      raw = u_.i64;
      break;
    case Op::f32_load:
      raw = u_.f32;
      break;
    case Op::f64_load:
      raw = u_.f64;
      break;
    case Op::v128_load:
      raw = u_.v128;
      break;
    case Op::i32_load8_s:
    case Op::i32_load8_u:
      raw = u_.i8;
      wide = u_.i32;
      is_signed = op == Op::i32_load8_s;
      break;
    case Op::i32_load16_s:
    case Op::i32_load16_u:
      raw = u_.i16;
      wide = u_.i32;
      is_signed = op == Op::i32_load16_s;
      break;
    case Op::i64_load8_s:
    case Op::i64_load8_u:
      raw = u_.i8;
      wide = u_.i64;
      is_signed = op == Op::i64_load8_s;
      break;
    case Op::i64_load16_s:
    case Op::i64_load16_u:
      raw = u_.i16;
      wide = u_.i64;
      is_signed = op == Op::i64_load16_s;
      break;
    case Op::i64_load32_s:
    case Op::i64_load32_u:
      raw = u_.i32;
      wide = u_.i64;
      is_signed = op == Op::i64_load32_s;
      break;
    default:
      return false;
  }
  Value* value = load_raw(imm.memory, pop(), imm.offset, raw);
  if (wide != nullptr) value = is_signed ? b_.CreateSExt(value, wide) : b_.CreateZExt(value, wide);
  push(value);
  return true;
}

bool Translator::simple_store(Op op, const Imm& imm) {
  llvm::Type* narrow = nullptr;
  switch (op) {
    case Op::i32_store:
    case Op::i64_store:
    case Op::f32_store:
    case Op::f64_store:
    case Op::v128_store:
      break;
    case Op::i32_store8:
    case Op::i64_store8:
      narrow = u_.i8;
      break;
    case Op::i32_store16:
    case Op::i64_store16:
      narrow = u_.i16;
      break;
    case Op::i64_store32:
      narrow = u_.i32;
      break;
    default:
      return false;
  }
  Value* value = pop();
  Value* base = pop();
  if (narrow != nullptr) value = b_.CreateTrunc(value, narrow);
  store_raw(imm.memory, base, imm.offset, value);
  return true;
}

/// Vector loads that widen, splat or zero, and accesses of single lanes.
bool Translator::vector_access(Op op, const Imm& imm) {
  const isa::OpInfo& info = isa::info(op);
  if (info.prefix != 0xfd || info.width == 0) return false;
  llvm::Type* raw = b_.getIntNTy(info.width * 8);
  if (info.imm == isa::ImmKind::MemArg) {
    push(u_.pure.widen_load(b_, op, load_raw(imm.memory, pop(), imm.offset, raw)));
    return true;
  }
  if (info.imm != isa::ImmKind::MemArgLane) return false;
  Value* vector = pop();
  Value* base = pop();
  auto* lanes = llvm::FixedVectorType::get(raw, 16 / info.width);
  vector = b_.CreateBitCast(vector, lanes);
  if (info.result_count() == 0) {
    store_raw(imm.memory, base, imm.offset, b_.CreateExtractElement(vector, uint64_t{imm.lane}));
    return true;
  }
  Value* value = load_raw(imm.memory, base, imm.offset, raw);
  push(b_.CreateBitCast(b_.CreateInsertElement(vector, value, uint64_t{imm.lane}), u_.v128));
  return true;
}

/// Not 0 unless [offset, offset + n) lies within the memory. Both are i64.
Value* Translator::is_outside(uint32_t memory, Value* offset, Value* n) {
  Value* size = memory_size(memory);
  // 33 bits at most: no overflow.
  if (!m_.memories[memory].type.limits.is64) return b_.CreateICmpUGT(b_.CreateAdd(offset, n), size);
  return b_.CreateOr(b_.CreateICmpUGT(n, size), b_.CreateICmpUGT(offset, b_.CreateSub(size, n)));
}

/// memory.copy: what is within bounds and takes less than the way through a helper that can stop goes to memmove
/// directly, but not when the store is interrupted: an alarm would have to find the few instructions between two
/// copies.
void Translator::copy(uint32_t to, uint32_t from, Value* d, Value* s, Value* n) {
  constexpr uint64_t kDirectly = 16 << 10;
  static_assert(kDirectly <= runtime::kBulkChunk);
  llvm::LoadInst* flag =
      b_.CreateAlignedLoad(b_.getInt32Ty(), context_field(layout::InstanceContext_interrupt, u_.ptr), llvm::Align(4));
  flag->setAtomic(llvm::AtomicOrdering::Monotonic);
  Value* other = b_.CreateOr(b_.CreateICmpUGT(n, b_.getInt64(kDirectly)), b_.CreateIsNotNull(flag));
  Value* rare = b_.CreateOr(b_.CreateOr(is_outside(to, d, n), is_outside(from, s, n)), other);
  BasicBlock* cold = block("copy");
  BasicBlock* usual = block("");
  BasicBlock* next = block("");
  b_.CreateCondBr(rare, cold, usual, u_.unlikely());
  at(cold);
  libcall(Libcall::memory_copy, u_.void_type, {constant(to), constant(from), d, s, n});
  b_.CreateBr(next);
  at(usual);
  const auto place = [&](uint32_t memory, Value* offset) { return b_.CreateGEP(u_.i8, memory_base(memory), offset); };
  libcall(Libcall::move_bytes, u_.void_type, {place(to, d), place(from, s), n});
  b_.CreateBr(next);
  at(next);
}

bool Translator::bulk(Op op, const Imm& imm) {
  auto wide = [&](Value* v) { return b_.CreateZExt(v, u_.i64); };
  switch (op) {
    case Op::memory_size: {
      const module::MemoryType& t = m_.memories[imm.memory].type;
      Value* pages = b_.CreateLShr(memory_size(imm.memory), uint64_t{t.page_size_log2});
      push(t.limits.is64 ? pages : b_.CreateTrunc(pages, u_.i32));
      return true;
    }
    case Op::memory_grow: {
      const bool is64 = m_.memories[imm.memory].type.limits.is64;
      Value* old = libcall(Libcall::memory_grow, u_.i64, {constant(imm.memory), wide(pop())});
      push(is64 ? old : b_.CreateTrunc(old, u_.i32));
      return true;
    }
    case Op::memory_copy: {
      Value* n = wide(pop());
      Value* s = wide(pop());
      copy(imm.a, imm.b, wide(pop()), s, n);
      return true;
    }
    case Op::memory_fill: {
      Value* n = wide(pop());
      Value* value = pop();
      Value* d = wide(pop());
      libcall(Libcall::memory_fill, u_.void_type, {constant(imm.memory), d, value, n});
      return true;
    }
    default:
      return false;
  }
}

bool Translator::memory(Op op, const Imm& imm) {
  return simple_load(op, imm) || simple_store(op, imm) || vector_access(op, imm) || bulk(op, imm);
}

}  // namespace ashlar::optimizing
