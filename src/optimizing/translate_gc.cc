// Translation of structs and arrays: allocation in the nursery, fields, elements and the write barrier.
#include "optimizing/layout.h"
#include "optimizing/translate.h"

namespace ashlar::optimizing {

using runtime::FieldKind;
using runtime::GcHeader;
using runtime::GcHeap;
using runtime::GcSpace;

// What is known about references ------------------------------------------------------------------------------------

/// Pushes a value whose type validation knows: null checks and casts of it may be less.
void Translator::push(Value* v, ValType type) {
  if (type.is_ref() && !llvm::isa<llvm::Constant>(v)) types_[v] = type;
  push(v);
}

/// The static type of a reference, as far as it was kept; Bot where it was not.
ValType Translator::static_type(const Value* v) const {
  const auto found = types_.find(v);
  return found == types_.end() ? ValType::bot() : found->second;
}

bool Translator::may_be_null(const Value* v) const {
  const ValType t = static_type(v);
  return !t.is_ref() || t.nullable();
}

void Translator::trap_if_null(Value* ref, Trap trap) {
  if (may_be_null(ref)) trap_if(b_.CreateIsNull(ref), trap);
}

// Addresses ---------------------------------------------------------------------------------------------------------

/// Once structs or arrays can be made it is there, and stays.
Value* Translator::gc_base() {
  bool has_types = false;
  for (const module::SubType& t : m_.types) has_types |= t.kind != module::CompositeKind::Func;
  return context_field(layout::InstanceContext_gc_base, u_.ptr, has_types);
}

Value* Translator::gc_address(Value* ref, uint32_t offset) {
  Value* object = b_.CreateGEP(u_.i8, gc_base(), b_.CreateZExt(ref, u_.i64));
  return offset == 0 ? object : b_.CreateConstGEP1_32(u_.i8, object, offset);
}

Value* Translator::element_address(Value* array, Value* index, uint32_t size) {
  Value* elements = gc_address(array, sizeof(GcHeader));
  Value* wide = b_.CreateZExt(index, u_.i64);
  return b_.CreateGEP(u_.i8, elements, b_.CreateMul(wide, b_.getInt64(size), "", true, true));
}

Value* Translator::type_word(Value* ref) {
  return in(b_.CreateAlignedLoad(u_.i32, gc_address(ref, layout::GcHeader_type), llvm::Align(8)), Region::GcHeader);
}

Value* Translator::array_length(Value* array) {
  return in(b_.CreateAlignedLoad(u_.i32, gc_address(array, layout::GcHeader_length), llvm::Align(4)), Region::GcHeader);
}

// Fields ------------------------------------------------------------------------------------------------------------

llvm::Type* Translator::field_type(FieldKind kind) const {
  switch (kind) {
    case FieldKind::I8:
      return u_.i8;
    case FieldKind::I16:
      return u_.i16;
    case FieldKind::I32:
    case FieldKind::Ref:
      return u_.i32;
    case FieldKind::I64:
    case FieldKind::FuncRef:
      return u_.i64;
    case FieldKind::F32:
      return u_.f32;
    case FieldKind::F64:
      return u_.f64;
    case FieldKind::V128:
      return u_.v128;
  }
  return u_.i32;
}

namespace {
/// More stores than that, which an object needs, are a helper's.
constexpr uint32_t kMostInline = 64;

llvm::Align alignment(FieldKind kind) { return llvm::Align(std::min(runtime::field_size(kind), 8u)); }
}  // namespace

Value* Translator::load_field(Value* at, FieldKind kind, bool is_signed, llvm::MDNode* region) {
  llvm::LoadInst* load = b_.CreateAlignedLoad(field_type(kind), at, alignment(kind));
  load->setMetadata(llvm::LLVMContext::MD_tbaa, region);
  if (kind != FieldKind::I8 && kind != FieldKind::I16) return load;
  return is_signed ? b_.CreateSExt(load, u_.i32) : b_.CreateZExt(load, u_.i32);
}

void Translator::store_field(Value* at, FieldKind kind, Value* value, llvm::MDNode* region) {
  if (kind == FieldKind::I8 || kind == FieldKind::I16) value = b_.CreateTrunc(value, field_type(kind));
  b_.CreateAlignedStore(value, at, alignment(kind))->setMetadata(llvm::LLVMContext::MD_tbaa, region);
}

/// Before a reference is stored into an object: GcHeap::wrote. Nothing may come between the two that collects. The
/// order is for what ends compiled code between any two instructions: a note too many does no harm.
void Translator::write_barrier(Value* object, FieldKind kind, Value* value, Value* index) {
  if (kind != FieldKind::Ref || llvm::isa<llvm::Constant>(value)) return;  // null and i31 refer to nothing
  static_assert(GcHeader::kClean == 0x8000'0000);
  BasicBlock* old = block("old");
  BasicBlock* log = block("log");
  BasicBlock* next = block("");
  b_.CreateCondBr(b_.CreateICmpSLT(type_word(object), constant(0)), old, next);
  at(old);
  Value* kinds = b_.CreateGEP(u_.i8, gc_base(), b_.getInt64(runtime::kGcKindsOffset));
  Value* kind_at = b_.CreateGEP(u_.i8, kinds, b_.CreateZExt(b_.CreateLShr(value, GcSpace::kBlockBits), u_.i64));
  Value* of_block = in(b_.CreateAlignedLoad(u_.i8, kind_at, llvm::Align(1)), Region::GcTables);
  Value* marking_at = b_.CreateGEP(u_.i8, gc_base(), b_.getInt64(runtime::kGcMarkingOffset));
  Value* marking = in(b_.CreateAlignedLoad(u_.i32, marking_at, llvm::Align(4)), Region::GcTables);
  Value* needed = b_.CreateOr(b_.CreateAnd(b_.CreateZExt(of_block, u_.i32), 1), marking);
  b_.CreateCondBr(b_.CreateIsNotNull(needed), log, next, u_.unlikely());
  at(log);
  if (index == nullptr) {
    libcall(Libcall::gc_log, u_.i64, {object, value});
  } else {
    libcall(Libcall::gc_log_element, u_.i64, {object, index, value});
  }
  b_.CreateBr(next);
  at(next);
}

void Translator::struct_get(Op op, const Imm& imm) {
  const GcShape& shape = u_.gc_shape(imm.a);
  Value* object = pop();
  trap_if_null(object, Trap::null_structure_reference);
  const uint32_t offset = shape.offsets[imm.b];
  Value* at = gc_address(object, offset);
  Value* value = load_field(at, shape.kinds[imm.b], op == Op::struct_get_s, u_.gc_field(offset));
  push(value, m_.types[imm.a].fields[imm.b].storage.type);
  if (shape.kinds[imm.b] == FieldKind::FuncRef) fields_[value] = {imm.a, imm.b};
}

void Translator::struct_set(const Imm& imm) {
  const GcShape& shape = u_.gc_shape(imm.a);
  Value* value = pop();
  Value* object = pop();
  trap_if_null(object, Trap::null_structure_reference);
  write_barrier(object, shape.kinds[imm.b], value, nullptr);
  const uint32_t offset = shape.offsets[imm.b];
  store_field(gc_address(object, offset), shape.kinds[imm.b], value, u_.gc_field(offset));
}

/// The address of an element, in bounds.
Value* Translator::checked_element(Value* array, Value* index, FieldKind kind) {
  trap_if_null(array, Trap::null_array_reference);
  trap_if(b_.CreateICmpUGE(index, array_length(array)), Trap::out_of_bounds_array_access);
  return element_address(array, index, runtime::field_size(kind));
}

void Translator::array_get(Op op, const Imm& imm) {
  const FieldKind kind = element_kind(imm.a);
  Value* index = pop();
  Value* array = pop();
  Value* at = checked_element(array, index, kind);
  push(load_field(at, kind, op == Op::array_get_s, u_.gc_element(kind)), m_.types[imm.a].fields[0].storage.type);
}

void Translator::array_set(const Imm& imm) {
  const FieldKind kind = element_kind(imm.a);
  Value* value = pop();
  Value* index = pop();
  Value* array = pop();
  Value* at = checked_element(array, index, kind);
  write_barrier(array, kind, value, index);
  store_field(at, kind, value, u_.gc_element(kind));
}

// Allocation --------------------------------------------------------------------------------------------------------

Value* Translator::gc_cursor(uint32_t field) {
  return b_.CreateGEP(u_.i8, gc_base(), b_.getInt64(int64_t{runtime::kGcCursorOffset} + field));
}

/// Makes what was allocated a part of the heap. Whatever lies below the top is a complete object, also for a signal
/// that comes between two instructions: what it consists of is written before.
void Translator::publish(Value* top) {
  b_.CreateFence(llvm::AtomicOrdering::Release, llvm::SyncScope::SingleThread);
  in(b_.CreateAlignedStore(top, gc_cursor(layout::GcCursor_top), llvm::Align(4)), Region::GcCursor);
}

void Translator::store_header(Value* object, Value* type_id, Value* length) {
  Value* word = b_.CreateOr(b_.CreateZExt(type_id, u_.i64), b_.CreateShl(b_.CreateZExt(length, u_.i64), 32));
  in(b_.CreateAlignedStore(word, object, llvm::Align(8)), Region::GcHeader);
}

/// Room for an object of a size that is known. All of it is to be written, then publish(new_top). No part of an object
/// that came from the helper has to be: it is complete, and the top stays as the helper left it.
Value* Translator::allocate(Value* type_id, uint32_t size, uint32_t length, bool is_array, Value** new_top) {
  // The top is never so near to 2^32 that the sum wraps.
  static_assert(GcSpace::kHeapStart + GcSpace::kMostBytes + GcHeap::kMostSmall < GcSpace::kBase);
  BasicBlock* fast = block("bump");
  BasicBlock* slow = block("allocate");
  BasicBlock* done = block("");
  auto load = [&](uint32_t field) {
    return in(b_.CreateAlignedLoad(u_.i32, gc_cursor(field), llvm::Align(4)), Region::GcCursor);
  };
  Value* old_top = load(layout::GcCursor_top);
  Value* bumped = b_.CreateAdd(old_top, constant(size), "", true);
  b_.CreateCondBr(b_.CreateICmpUGT(bumped, load(layout::GcCursor_limit)), slow, fast, u_.unlikely());
  at(fast);
  store_header(gc_address(old_top, 0), type_id, constant(length));
  b_.CreateBr(done);
  at(slow);
  Value* made = is_array ? libcall(Libcall::new_array, u_.i64, {type_id, constant(length)})
                         : libcall(Libcall::new_struct, u_.i64, {type_id});
  Value* made_ref = b_.CreateTrunc(made, u_.i32);
  Value* made_top = load(layout::GcCursor_top);
  b_.CreateBr(done);
  at(done);
  llvm::PHINode* ref = b_.CreatePHI(u_.i32, 2);
  ref->addIncoming(old_top, fast);
  ref->addIncoming(made_ref, slow);
  llvm::PHINode* top = b_.CreatePHI(u_.i32, 2);
  top->addIncoming(bumped, fast);
  top->addIncoming(made_top, slow);
  *new_top = top;
  return ref;
}

void Translator::struct_new(Op op, const Imm& imm) {
  const GcShape& shape = u_.gc_shape(imm.a);
  const ValType type = ValType::ref(isa::HeapType::concrete(imm.a));
  Value* id = type_id(imm.a);
  std::vector<Value*> values;
  if (op == Op::struct_new) {
    values = pop_n(shape.kinds.size());
  } else if (shape.kinds.size() > kMostInline) {
    return push(libcall(Libcall::alloc_struct, u_.i32, {id}), type);
  } else {
    for (FieldKind kind : shape.kinds) {
      const bool packed = kind == FieldKind::I8 || kind == FieldKind::I16;
      values.push_back(llvm::Constant::getNullValue(packed ? u_.i32 : field_type(kind)));
    }
  }
  Value* top = nullptr;
  const bool small = shape.size <= GcHeap::kMostSmall;
  Value* object = small ? allocate(id, shape.size, 0, false, &top) : libcall(Libcall::alloc_struct, u_.i32, {id});
  Value* at = gc_address(object, 0);
  for (size_t i = 0; i < values.size(); ++i) {
    const uint32_t offset = shape.offsets[i];
    store_field(b_.CreateConstGEP1_32(u_.i8, at, offset), shape.kinds[i], values[i], u_.gc_field(offset));
  }
  if (small) publish(top);
  push(object, type);
}

void Translator::array_new_fixed(const Imm& imm) {
  const FieldKind kind = element_kind(imm.a);
  const uint32_t width = runtime::field_size(kind);
  const uint32_t size = (sizeof(GcHeader) + width * imm.b + 7) & ~7u;
  const ValType type = ValType::ref(isa::HeapType::concrete(imm.a));
  if (imm.b > kMostInline) return slot_op(Op::array_new_fixed, {type_id(imm.a), constant(imm.b)}, imm.b, {&type, 1});
  const std::vector<Value*> values = pop_n(imm.b);
  Value* top = nullptr;
  Value* array = allocate(type_id(imm.a), size, imm.b, true, &top);
  Value* at = gc_address(array, sizeof(GcHeader));
  for (uint32_t i = 0; i < imm.b; ++i)
    store_field(b_.CreateConstGEP1_32(u_.i8, at, i * width), kind, values[i], u_.gc_element(kind));
  publish(top);
  push(array, type);
}

/// 64 bits full of an element; null where it is wider.
Value* Translator::element_pattern(Value* value, FieldKind kind) {
  if (kind == FieldKind::V128) return nullptr;
  if (kind == FieldKind::F32) value = b_.CreateBitCast(value, u_.i32);
  if (kind == FieldKind::F64) value = b_.CreateBitCast(value, u_.i64);
  const uint32_t bits = runtime::field_size(kind) * 8;
  if (bits == 64) return value;
  value = b_.CreateZExt(b_.CreateTrunc(value, b_.getIntNTy(bits)), u_.i64);
  const uint64_t ones = bits == 8 ? 0x0101'0101'0101'0101 : bits == 16 ? 0x0001'0001'0001'0001 : 0x0000'0001'0000'0001;
  return b_.CreateMul(value, b_.getInt64(ones));
}

/// Writes 64-bit words from `begin` up to `end`.
void Translator::fill_words(Value* begin, Value* end, Value* word, llvm::MDNode* region) {
  BasicBlock* from = b_.GetInsertBlock();
  BasicBlock* loop = block("fill");
  BasicBlock* done = block("");
  b_.CreateCondBr(b_.CreateICmpEQ(begin, end), done, loop);
  at(loop);
  llvm::PHINode* at_word = b_.CreatePHI(u_.ptr, 2);
  b_.CreateAlignedStore(word, at_word, llvm::Align(8))->setMetadata(llvm::LLVMContext::MD_tbaa, region);
  Value* next = b_.CreateConstGEP1_32(u_.i8, at_word, 8);
  at_word->addIncoming(begin, from);
  at_word->addIncoming(next, loop);
  b_.CreateCondBr(b_.CreateICmpEQ(next, end), done, loop);
  at(done);
}

/// Short arrays in the nursery; the helpers make all others.
void Translator::array_new(Op op, const Imm& imm) {
  const FieldKind kind = element_kind(imm.a);
  const ValType type = ValType::ref(isa::HeapType::concrete(imm.a));
  const bool by_default = op == Op::array_new_default;
  Value* word = by_default ? b_.getInt64(0) : element_pattern(stack_[stack_.size() - 2], kind);
  if (word == nullptr) return slot_op(op, {type_id(imm.a)}, 2, {&type, 1});
  Value* id = type_id(imm.a);
  Value* length = stack_.back();
  Value* bytes = b_.CreateMul(b_.CreateZExt(length, u_.i64), b_.getInt64(runtime::field_size(kind)), "", true, true);
  bytes = b_.CreateAnd(b_.CreateAdd(bytes, b_.getInt64(sizeof(GcHeader) + 7)), ~uint64_t{7});
  Value* top = in(b_.CreateAlignedLoad(u_.i32, gc_cursor(layout::GcCursor_top), llvm::Align(4)), Region::GcCursor);
  Value* limit = in(b_.CreateAlignedLoad(u_.i32, gc_cursor(layout::GcCursor_limit), llvm::Align(4)), Region::GcCursor);
  Value* new_top = b_.CreateAdd(b_.CreateZExt(top, u_.i64), bytes, "", true);
  BasicBlock* fast = block("bump");
  BasicBlock* slow = block("allocate");
  BasicBlock* done = block("");
  b_.CreateCondBr(b_.CreateICmpUGT(new_top, b_.CreateZExt(limit, u_.i64)), slow, fast, u_.unlikely());
  at(slow);
  Value* made = nullptr;
  if (auto* known = llvm::dyn_cast<llvm::ConstantInt>(word); known != nullptr && known->isZero()) {
    made = b_.CreateTrunc(libcall(Libcall::new_array, u_.i64, {id, length}), u_.i32);
    pop_n(by_default ? 1 : 2);
  } else {
    slot_op(op, {id}, 2, {&type, 1});
    made = pop();
  }
  slow = b_.GetInsertBlock();
  b_.CreateBr(done);
  at(fast);
  Value* object = gc_address(top, 0);
  store_header(object, id, length);
  fill_words(b_.CreateConstGEP1_32(u_.i8, object, sizeof(GcHeader)), b_.CreateGEP(u_.i8, object, bytes), word,
             u_.gc_element(kind));
  publish(b_.CreateTrunc(new_top, u_.i32));
  fast = b_.GetInsertBlock();
  b_.CreateBr(done);
  at(done);
  llvm::PHINode* array = b_.CreatePHI(u_.i32, 2);
  array->addIncoming(top, fast);
  array->addIncoming(made, slow);
  push(array, type);
}

void Translator::array_fill(const Imm& imm) {
  const FieldKind kind = element_kind(imm.a);
  if (kind == FieldKind::V128) return slot_op(Op::array_fill, {type_id(imm.a)}, 4, {});
  const std::vector<Value*> v = pop_n(4);
  Value* value = kind == FieldKind::F32 ? b_.CreateBitCast(v[2], u_.i32) : v[2];
  value = kind == FieldKind::F64 ? b_.CreateBitCast(value, u_.i64) : b_.CreateZExt(value, u_.i64);
  libcall(Libcall::array_fill, u_.void_type, {v[0], v[1], value, v[3]});
}

bool Translator::gc(Op op, const Imm& imm) {
  const ValType object = ValType::anyref();
  const std::span<const ValType> one(&object, 1);
  switch (op) {
    case Op::struct_new:
    case Op::struct_new_default:
      struct_new(op, imm);
      return true;
    case Op::struct_get:
    case Op::struct_get_s:
    case Op::struct_get_u:
      struct_get(op, imm);
      return true;
    case Op::struct_set:
      struct_set(imm);
      return true;
    case Op::array_new:
    case Op::array_new_default:
      array_new(op, imm);
      return true;
    case Op::array_new_fixed:
      array_new_fixed(imm);
      return true;
    case Op::array_new_data: {
      const std::vector<Value*> v = pop_n(2);
      push(libcall(Libcall::array_new_data, u_.i32, {type_id(imm.a), constant(imm.b), v[0], v[1]}),
           ValType::ref(isa::HeapType::concrete(imm.a)));
      return true;
    }
    case Op::array_new_elem:
      slot_op(op, {type_id(imm.a), constant(imm.b)}, 2, one);
      return true;
    case Op::array_get:
    case Op::array_get_s:
    case Op::array_get_u:
      array_get(op, imm);
      return true;
    case Op::array_set:
      array_set(imm);
      return true;
    case Op::array_len: {
      Value* array = pop();
      trap_if_null(array, Trap::null_array_reference);
      push(array_length(array));
      return true;
    }
    case Op::array_fill:
      array_fill(imm);
      return true;
    case Op::array_copy: {
      const std::vector<Value*> v = pop_n(5);
      libcall(Libcall::array_copy, u_.void_type, {v[0], v[1], v[2], v[3], v[4]});
      return true;
    }
    case Op::array_init_data:
    case Op::array_init_elem:
      slot_op(op, {type_id(imm.a), constant(imm.b)}, 4, {});
      return true;
    default:
      return false;
  }
}

}  // namespace ashlar::optimizing
