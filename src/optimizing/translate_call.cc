// Translation of calls: direct, through cells, indirect, by reference; tail calls; helpers.
#include <algorithm>

#include "optimizing/emit.h"
#include "optimizing/layout.h"
#include "optimizing/translate.h"

namespace ashlar::optimizing {

/// A field of the context. Invariant ones never change while an instance lives.
Value* Translator::context_field(uint32_t offset, llvm::Type* type, bool invariant) {
  llvm::LoadInst* load =
      in(b_.CreateAlignedLoad(type, b_.CreateConstGEP1_32(u_.i8, ctx_, offset), llvm::Align(8)), Region::State);
  if (invariant) load->setMetadata(llvm::LLVMContext::MD_invariant_load, u_.empty_node());
  return load;
}

Value* Translator::libcall(Libcall id, llvm::Type* result, std::initializer_list<Value*> args) {
  Value* table = context_field(layout::InstanceContext_libcalls, u_.ptr);
  llvm::LoadInst* target =
      in(b_.CreateLoad(u_.ptr, b_.CreateConstGEP1_32(u_.ptr, table, static_cast<unsigned>(id))), Region::State);
  target->setMetadata(llvm::LLVMContext::MD_invariant_load, u_.empty_node());
  std::vector<Value*> all{ctx_};
  all.insert(all.end(), args.begin(), args.end());
  std::vector<llvm::Type*> types;
  for (Value* v : all) types.push_back(v->getType());
  llvm::CallInst* call = b_.CreateCall(llvm::FunctionType::get(result, types, false), target, all);
  call->addFnAttr(llvm::Attribute::NoMerge);  // it may trap, and has its place
  if (kLibcallKeepsRegisters[static_cast<size_t>(id)]) call->setCallingConv(llvm::CallingConv::PreserveMost);
  return call;
}

llvm::CallBase* Translator::emit_call(llvm::FunctionType* type, Value* callee, std::span<Value* const> args,
                                      bool may_throw) {
  const llvm::ArrayRef<Value*> list(args.data(), args.size());
  Scope* scope = may_throw ? current_scope() : nullptr;
  if (scope == nullptr) return b_.CreateCall(type, callee, list);
  BasicBlock* next = block("");
  BasicBlock* pad = landing_pad(*scope);
  llvm::InvokeInst* call = b_.CreateInvoke(type, callee, next, pad, list);
  at(next);
  return call;
}

/// `result`: of a type with one result.
void Translator::push_results(const module::FuncType& type, Value* result) {
  if (type.results.size() == 1) {
    push(result, type.results[0]);
  } else if (type.results.size() > 1) {
    Value* results = context_field(layout::InstanceContext_results, u_.ptr);
    uint32_t slot = 0;
    for (ValType t : type.results) {
      push(load_slot(results, slot, u_.type_of(t)), t);
      slot += t.slot_count();
    }
  }
}

/// Those in registers; the others are in the buffer already.
struct Translator::Arguments {
  std::vector<Value*> values;
};

Translator::Arguments Translator::take_arguments(const module::FuncType& type) {
  const std::vector<Value*> values = pop_n(type.params.size());
  const std::vector<bool> registers = u_.in_registers(type);
  Arguments args;
  Value* buffer = nullptr;
  uint32_t slot = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (registers[i]) {
      args.values.push_back(values[i]);
    } else {
      if (buffer == nullptr) buffer = context_field(layout::InstanceContext_results, u_.ptr);
      store_slots(b_.CreateConstGEP1_32(u_.i64, buffer, slot), {&values[i], 1});
    }
    slot += type.params[i].slot_count();
  }
  return args;
}

/// What is called, and in which of the conventions.
struct Translator::Callee {
  Value* code;
  Value* context;
  bool through_cell = false;  ///< with the caller's context as well
  bool passes_fuel = false;   ///< see Unit::passes_fuel
};

Translator::Callee Translator::callee_of(module::FuncIdx f) { return {u_.function(f), ctx_, false, u_.passes_fuel(f)}; }

llvm::FunctionType* Translator::signature(const module::FuncType& type, const Callee& callee) const {
  return callee.passes_fuel ? u_.fuel_signature(type) : u_.signature(type, callee.through_cell);
}

/// What is passed: the callee's context, through a cell the caller's too, the arguments. The fuel comes later: fuel.h.
std::vector<Value*> Translator::operands(const Callee& callee, const Arguments& args) const {
  std::vector<Value*> all{callee.context};
  if (callee.through_cell) all.push_back(ctx_);
  if (callee.passes_fuel) all.push_back(llvm::PoisonValue::get(u_.ptr));
  all.insert(all.end(), args.values.begin(), args.values.end());
  return all;
}

void Translator::mark_call(llvm::CallBase* call, const Callee& callee) const {
  call->addFnAttr(llvm::Attribute::get(u_.context, kGuestCallAttribute));
  if (callee.through_cell || callee.passes_fuel) call->addParamAttr(1, llvm::Attribute::Nest);
}

/// The one result, without the fuel; null where there is none or there are several.
Value* Translator::result_of(llvm::CallBase* call, const module::FuncType& type, const Callee& callee) {
  if (type.results.size() != 1) return nullptr;
  return callee.passes_fuel ? b_.CreateExtractValue(call, 0) : call;
}

Value* Translator::make_call(const module::FuncType& type, const Callee& callee, const Arguments& args) {
  const std::vector<Value*> all = operands(callee, args);
  llvm::CallBase* call = emit_call(signature(type, callee), callee.code, all, true);
  call->addFnAttr(llvm::Attribute::NoMerge);
  mark_call(call, callee);
  return result_of(call, type, callee);
}

/// Tail calls have all arguments in registers, as every call, so that the code generator makes a jump of each that
/// stands before a return.
void Translator::tail_call(const module::FuncType& type, const Callee& callee) {
  const std::vector<Value*> all = operands(callee, take_arguments(type));
  llvm::CallInst* call = b_.CreateCall(signature(type, callee), callee.code, all);
  call->addFnAttr(llvm::Attribute::get(u_.context, kTailCallAttribute));
  mark_call(call, callee);
  // The column tells it from calls that only prepare it: those stay calls (see emit.cc).
  call->setDebugLoc(llvm::DILocation::get(u_.context, wasm_, 1, subprogram_));
  emit_return(result_of(call, type, callee));
  reachable_ = false;
}

/// A call with the arguments on the stack.
void Translator::finish_call(const module::FuncType& type, const Callee& callee, bool tail) {
  if (tail) return tail_call(type, callee);
  const Arguments args = take_arguments(type);
  push_results(type, make_call(type, callee, args));
}

/// With the fuel, which KeepFuelPass fills in, where the function is to give it back. `result`: null for none.
void Translator::emit_return(Value* result) {
  llvm::Type* type = fn_->getReturnType();
  if (!fn_->getAttributes().hasParamAttr(1, llvm::Attribute::Nest)) {
    if (result != nullptr) {
      b_.CreateRet(result);
    } else {
      b_.CreateRetVoid();
    }
  } else if (result != nullptr) {
    b_.CreateRet(b_.CreateInsertValue(llvm::PoisonValue::get(type), result, 0));
  } else {
    b_.CreateRet(llvm::PoisonValue::get(type));
  }
}

void Translator::call_direct(module::FuncIdx f, bool tail) {
  const module::FuncType& type = m_.func_type(f);
  if (m_.funcs[f].imported || !u_.is_compiled(f)) return call_cell(type, func_cell(f), tail);
  if (!tail) {
    if (const std::optional<module::GlobalIdx> flag = u_.done_flag(f)) return call_unless_done(f, *flag);
  }
  finish_call(type, callee_of(f), tail);
}

/// Of a function that looks at its flag first.
void Translator::call_unless_done(module::FuncIdx f, module::GlobalIdx flag) {
  BasicBlock* first = block("first");
  BasicBlock* next = block("");
  b_.CreateCondBr(b_.CreateIsNull(load_global(flag)), first, next, u_.unlikely());
  at(first);
  make_call(m_.func_type(f), callee_of(f), {});
  b_.CreateBr(next);
  at(next);
}

/// The cell of function f: there from the start for imports, made on demand for others.
Value* Translator::func_cell(module::FuncIdx f) {
  Value* cells = context_field(layout::InstanceContext_funcs, u_.ptr);
  llvm::LoadInst* cell = in(b_.CreateLoad(u_.ptr, b_.CreateConstGEP1_32(u_.ptr, cells, f)), Region::State);
  if (m_.funcs[f].imported) {
    cell->setMetadata(llvm::LLVMContext::MD_invariant_load, u_.empty_node());
    return cell;
  }
  return unless_null(cell, [&] { return libcall(Libcall::func_cell, u_.ptr, {constant(f)}); });
}

/// `cell`, or where that is null what `make` emits.
Value* Translator::unless_null(Value* cell, llvm::function_ref<Value*()> make) {
  BasicBlock* from = b_.GetInsertBlock();
  BasicBlock* cold = block("cell");
  BasicBlock* next = block("");
  b_.CreateCondBr(b_.CreateIsNull(cell), cold, next, u_.unlikely());
  at(cold);
  Value* made = make();
  BasicBlock* made_in = b_.GetInsertBlock();
  b_.CreateBr(next);
  at(next);
  llvm::PHINode* phi = b_.CreatePHI(u_.ptr, 2);
  phi->addIncoming(cell, from);
  phi->addIncoming(made, made_in);
  return phi;
}

/// Through a cell that is not null and of the right type.
void Translator::call_cell(const module::FuncType& type, Value* cell, bool tail) {
  Value* native = in(b_.CreateLoad(u_.ptr, b_.CreateConstGEP1_32(u_.i8, cell, layout::FuncCell_native)), Region::State);
  Value* context =
      in(b_.CreateLoad(u_.ptr, b_.CreateConstGEP1_32(u_.i8, cell, layout::FuncCell_native_ctx)), Region::State);
  finish_call(type, {native, context, true}, tail);
}

Value* Translator::type_id(uint32_t type) {
  Value* ids = context_field(layout::InstanceContext_type_ids, u_.ptr);
  llvm::LoadInst* id = in(b_.CreateLoad(u_.i32, b_.CreateConstGEP1_32(u_.i32, ids, type)), Region::State);
  id->setMetadata(llvm::LLVMContext::MD_invariant_load, u_.empty_node());
  return id;
}

/// Of a table that has an element `index`, which is 64 bits wide; else it traps.
Value* Translator::table_elements(uint32_t table, Value* index, Trap trap) {
  const module::Limits& limits = m_.tables[table].type.limits;
  // A table that can't grow keeps its elements where they are.
  const bool fixed = limits.max.has_value() && *limits.max == limits.min && !m_.tables[table].imported;
  auto invariant = [&](llvm::LoadInst* load, bool yes) {
    if (yes) load->setMetadata(llvm::LLVMContext::MD_invariant_load, u_.empty_node());
    return in(load, Region::State);
  };
  Value* tables = context_field(layout::InstanceContext_tables, u_.ptr);
  Value* object = invariant(b_.CreateLoad(u_.ptr, b_.CreateConstGEP1_32(u_.ptr, tables, table)), true);
  Value* size = b_.getInt64(limits.min);
  if (!fixed) size = invariant(b_.CreateLoad(u_.i64, b_.CreateConstGEP1_32(u_.i8, object, layout::Table_size)), false);
  trap_if(b_.CreateICmpUGE(index, size), trap);
  return invariant(b_.CreateLoad(u_.ptr, b_.CreateConstGEP1_32(u_.i8, object, layout::Table_elems)), fixed);
}

void Translator::call_indirect(const Imm& imm, bool tail) {
  const module::SubType& sub = m_.types[imm.a];
  Value* index = b_.CreateZExt(pop(), u_.i64);
  Value* elems = table_elements(imm.b, index, Trap::undefined_element);
  Value* elem = in(b_.CreateLoad(u_.ptr, b_.CreateGEP(u_.ptr, elems, index)), Region::State);
  Value* cell = unless_null(elem, [&] { return libcall(Libcall::table_func, u_.ptr, {constant(imm.b), index}); });
  Value* actual =
      in(b_.CreateLoad(u_.i32, b_.CreateConstGEP1_32(u_.i8, cell, layout::FuncCell_type_id)), Region::State);
  Value* expected = type_id(imm.a);
  Value* differs = b_.CreateICmpNE(actual, expected);
  if (sub.is_final) {
    trap_if(differs, Trap::indirect_call_type_mismatch);
  } else {
    BasicBlock* slow = block("subtype");
    BasicBlock* next = block("");
    b_.CreateCondBr(differs, slow, next, u_.unlikely());
    at(slow);
    Value* is_sub = libcall(Libcall::is_subtype, u_.i32, {actual, expected});
    trap_if(b_.CreateIsNull(is_sub), Trap::indirect_call_type_mismatch);
    b_.CreateBr(next);
    at(next);
  }
  call_cell(sub.func, cell, tail);
}

/// Through a cell that is likely to be one of those functions', which then may be inlined.
void Translator::call_guarded(const module::FuncType& type, Value* cell, std::span<const module::FuncIdx> likely) {
  const Arguments args = take_arguments(type);
  BasicBlock* joined = block("");
  std::vector<std::pair<Value*, BasicBlock*>> results;
  const auto join = [&](Value* result) {
    results.emplace_back(result, b_.GetInsertBlock());
    b_.CreateBr(joined);
  };
  trap_if_null(cell, Trap::null_function_reference);
  Value* cells = context_field(layout::InstanceContext_funcs, u_.ptr);
  for (module::FuncIdx f : likely) {
    // Null while nobody has referred to the function.
    Value* expected = in(b_.CreateLoad(u_.i64, b_.CreateConstGEP1_32(u_.ptr, cells, f)), Region::State);
    BasicBlock* direct = block("direct");
    BasicBlock* other = block("");
    b_.CreateCondBr(b_.CreateICmpEQ(cell, expected), direct, other, u_.likely());
    at(direct);
    join(make_call(type, callee_of(f), args));
    at(other);
  }
  Value* at_cell = b_.CreateIntToPtr(cell, u_.ptr);
  const auto field = [&](uint32_t offset) {
    return in(b_.CreateLoad(u_.ptr, b_.CreateConstGEP1_32(u_.i8, at_cell, offset)), Region::State);
  };
  Value* native = field(layout::FuncCell_native);
  join(make_call(type, {native, field(layout::FuncCell_native_ctx), true}, args));
  at(joined);
  if (type.results.size() != 1) return push_results(type, nullptr);
  llvm::PHINode* result = b_.CreatePHI(u_.type_of(type.results[0]), static_cast<unsigned>(results.size()));
  for (const auto& [value, from] : results) result->addIncoming(value, from);
  push_results(type, result);
}

void Translator::call_ref(uint32_t type, bool tail) {
  Value* reference = pop();
  if (!tail) {
    const auto from = fields_.find(reference);
    std::span<const module::FuncIdx> known;
    if (from != fields_.end()) known = u_.callees.of_field(from->second.type, from->second.index);
    if (known.empty()) known = u_.callees.of_type(type);
    std::vector<module::FuncIdx> likely;
    std::ranges::copy_if(known, std::back_inserter(likely), [this](module::FuncIdx f) { return u_.can_inline(f); });
    if (!likely.empty()) return call_guarded(m_.types[type].func, reference, likely);
  }
  trap_if_null(reference, Trap::null_function_reference);
  call_cell(m_.types[type].func, b_.CreateIntToPtr(reference, u_.ptr), tail);
}

}  // namespace ashlar::optimizing
