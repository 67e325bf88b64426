// Translator: one function body becomes LLVM IR. Parts: control, calls, memory, references, exceptions.
#pragma once

#include <llvm/ADT/SmallPtrSet.h>
#include <llvm/IR/ValueHandle.h>
#include <llvm/IR/ValueMap.h>

#include <deque>
#include <memory>
#include <span>

#include "binary/body_reader.h"
#include "optimizing/unit.h"
#include "runtime/slot_ops.h"
#include "runtime/traps.h"

namespace ashlar::optimizing {

using binary::Imm;
using isa::Op;
using isa::ValType;
using llvm::BasicBlock;
using llvm::Value;
using runtime::Trap;

class Translator {
 public:
  Translator(Unit& unit, module::FuncIdx f) : Translator(unit, f, unit.function(f)) {}
  /// The entry into the loop at this wasm offset.
  Translator(Unit& unit, module::FuncIdx f, uint32_t loop);
  Status run();

 private:
  Translator(Unit& unit, module::FuncIdx f, llvm::Function* fn);

  /// Where exceptions of a protected range go.
  struct Scope {
    Scope* outer = nullptr;
    BasicBlock* pad = nullptr;       ///< landing pad, when a call can throw into it
    BasicBlock* dispatch = nullptr;  ///< chooses the handler; has one phi
    llvm::PHINode* exn = nullptr;
  };
  struct Label {
    Op op = Op::block;
    BasicBlock* target = nullptr;  ///< of branches: the loop's header, or what follows the block
    llvm::SmallVector<llvm::PHINode*, 2> phis;
    std::vector<ValType> params;
    std::vector<ValType> results;
    size_t height = 0;
    bool branched = false;          ///< some branch goes to target
    BasicBlock* else_ = nullptr;    ///< of an if without else so far
    std::vector<Value*> arguments;  ///< of an if: what else begins with
    Scope* scope = nullptr;         ///< try, try_table
    std::vector<binary::CatchClause> catches;
    BasicBlock* chain = nullptr;  ///< legacy try: where the search for a handler goes on
    Value* exn = nullptr;         ///< in a legacy catch
    bool in_catch = false;
  };

  // translate.cc
  void declare_locals(const std::vector<binary::LocalGroup>& groups);
  void op(Op op, const Imm& imm);
  bool control(Op op, const Imm& imm);
  bool variable(Op op, const Imm& imm);
  Value* global_cell(module::GlobalIdx global);
  Value* load_global(module::GlobalIdx global);
  void skip(Op op);
  void finish();

  Value* pop() {
    Value* v = stack_.back();
    stack_.pop_back();
    return v;
  }
  void push(Value* v) { stack_.push_back(v); }
  void push(Value* v, ValType type);
  std::vector<Value*> pop_n(size_t n);
  BasicBlock* block(const char* name);
  void at(BasicBlock* b) { b_.SetInsertPoint(b); }
  void set_location();
  void trap_if(Value* condition, Trap trap);
  void trap_here(Trap trap);
  Value* zero(ValType type);

  // translate_control.cc
  void block_types(const binary::BlockType& t, Label& l);
  void open(Op op, const Imm& imm);
  void make_phis(Label& l, BasicBlock* at, const std::vector<ValType>& types);
  Label& label(uint32_t depth) { return labels_[labels_.size() - 1 - depth]; }
  const std::vector<ValType>& branch_types(const Label& l) const { return l.op == Op::loop ? l.params : l.results; }
  /// Adds the values on top of the stack as the label's arguments for the edge from `from`.
  void add_edge(Label& l, BasicBlock* from, std::span<Value* const> values);
  void branch(uint32_t depth);
  void branch_if(Value* condition, uint32_t depth);
  void branch_table(const Imm& imm);
  void else_branch();
  void end();
  void do_return();
  enum class FuelCheck : uint8_t { None, Function, Loop };
  void begin_fuel_block(FuelCheck check = FuelCheck::None);
  void close_fuel_block();
  void commit_fuel();

  // translate_loop.cc
  Value* frame_value(uint32_t slot, ValType type);
  void locals_from_frame(const std::vector<binary::LocalGroup>& groups);
  void keep_operands();
  void enter_loop(Label& l);
  void join_operands();
  bool is_sound() const;

  // translate_call.cc
  Value* context_field(uint32_t offset, llvm::Type* type, bool invariant = true);
  Value* libcall(Libcall id, llvm::Type* result, std::initializer_list<Value*> args);
  llvm::CallBase* emit_call(llvm::FunctionType* type, Value* callee, std::span<Value* const> args, bool may_throw);
  void push_results(const module::FuncType& type, Value* result);
  void call_direct(module::FuncIdx f, bool tail);
  void call_unless_done(module::FuncIdx f, module::GlobalIdx flag);
  void call_cell(const module::FuncType& type, Value* cell, bool tail);
  void call_guarded(const module::FuncType& type, Value* cell, std::span<const module::FuncIdx> likely);
  Value* table_elements(uint32_t table, Value* index, Trap trap);
  void call_indirect(const Imm& imm, bool tail);
  void call_ref(uint32_t type, bool tail);
  struct Arguments;
  Arguments take_arguments(const module::FuncType& type);
  struct Callee;
  Callee callee_of(module::FuncIdx f);
  llvm::FunctionType* signature(const module::FuncType& type, const Callee& callee) const;
  std::vector<Value*> operands(const Callee& callee, const Arguments& args) const;
  Value* make_call(const module::FuncType& type, const Callee& callee, const Arguments& args);
  void mark_call(llvm::CallBase* call, const Callee& callee) const;
  Value* result_of(llvm::CallBase* call, const module::FuncType& type, const Callee& callee);
  void tail_call(const module::FuncType& type, const Callee& callee);
  void finish_call(const module::FuncType& type, const Callee& callee, bool tail);
  void emit_return(Value* result);
  Value* func_cell(module::FuncIdx f);
  Value* unless_null(Value* cell, llvm::function_ref<Value*()> make);
  Value* type_id(uint32_t type);

  // translate_memory.cc
  bool memory(Op op, const Imm& imm);
  Value* address(uint32_t memory, Value* base, uint64_t offset, uint64_t width);
  Value* memory_base(uint32_t memory);
  Value* memory_size(uint32_t memory);
  bool is_guarded(uint32_t memory) const;
  Value* load_raw(uint32_t memory, Value* base, uint64_t offset, llvm::Type* type);
  void store_raw(uint32_t memory, Value* base, uint64_t offset, Value* value);
  bool simple_load(Op op, const Imm& imm);
  bool simple_store(Op op, const Imm& imm);
  bool vector_access(Op op, const Imm& imm);
  bool bulk(Op op, const Imm& imm);
  Value* is_outside(uint32_t memory, Value* offset, Value* n);
  void copy(uint32_t to, uint32_t from, Value* d, Value* s, Value* n);

  // translate_slots.cc: everything that runs through runtime/slot_ops.h
  bool slot_instruction(Op op, const Imm& imm);
  bool reference(Op op, const Imm& imm);
  bool table(Op op, const Imm& imm);
  struct Imms {
    Value* a = nullptr;
    Value* b = nullptr;
    uint16_t c = 0;
    uint64_t offset = 0;
  };
  void slot_op(Op op, const Imms& imms, size_t operands, std::span<const ValType> results);
  void store_slots(Value* base, std::span<Value* const> values);
  Value* load_slot(Value* base, uint32_t slot, llvm::Type* type);
  Value* slots(uint32_t count);
  Value* constant(uint32_t v) { return b_.getInt32(v); }

  // translate_gc.cc
  ValType static_type(const Value* v) const;
  bool may_be_null(const Value* v) const;
  void trap_if_null(Value* ref, Trap trap);
  Value* gc_base();
  Value* gc_address(Value* ref, uint32_t offset);
  Value* element_address(Value* array, Value* index, uint32_t size);
  Value* type_word(Value* ref);
  Value* array_length(Value* array);
  llvm::Type* field_type(runtime::FieldKind kind) const;
  runtime::FieldKind element_kind(uint32_t type) { return u_.gc_shape(type).kinds[0]; }
  Value* load_field(Value* at, runtime::FieldKind kind, bool is_signed, llvm::MDNode* region);
  void store_field(Value* at, runtime::FieldKind kind, Value* value, llvm::MDNode* region);
  void write_barrier(Value* object, runtime::FieldKind kind, Value* value, Value* index);
  Value* gc_cursor(uint32_t field);
  void publish(Value* top);
  void store_header(Value* object, Value* type_id, Value* length);
  Value* allocate(Value* type_id, uint32_t size, uint32_t length, bool is_array, Value** new_top);
  Value* element_pattern(Value* value, runtime::FieldKind kind);
  void fill_words(Value* begin, Value* end, Value* word, llvm::MDNode* region);
  Value* checked_element(Value* array, Value* index, runtime::FieldKind kind);
  bool gc(Op op, const Imm& imm);
  void struct_new(Op op, const Imm& imm);
  void struct_get(Op op, const Imm& imm);
  void struct_set(const Imm& imm);
  void array_new(Op op, const Imm& imm);
  void array_new_fixed(const Imm& imm);
  void array_get(Op op, const Imm& imm);
  void array_set(const Imm& imm);
  void array_fill(const Imm& imm);

  // translate_casts.cc
  struct Answers;
  void answer_if(Answers& answers, Value* condition, bool value);
  void answer(Answers& answers, Value* value);
  Value* matches(Value* ref, ValType source, bool nullable, isa::HeapType target);
  void match_function(Answers& answers, Value* ref, uint32_t target);
  void match_object(Answers& answers, Value* ref, ValType source, isa::HeapType target);
  Value* narrowed(Value* ref, ValType type);
  void as_non_null();
  void test_or_cast(Op op, const Imm& imm);
  void branch_on(Op op, const Imm& imm);

  // translate_exceptions.cc
  Scope* current_scope();
  BasicBlock* landing_pad(Scope& scope);
  void enter_dispatch(Scope& scope, Value* exn);
  void rethrow_to(Scope* scope, Value* exn);
  void throw_exn(Value* exn);
  void throw_tag(uint32_t tag);
  void open_try(Label& l);
  void close_try_table(Label& l);
  void legacy_catch(Op op, const Imm& imm);
  void legacy_delegate(uint32_t depth);
  void close_legacy(Label& l);
  bool exceptions(Op op, const Imm& imm);
  Value* exn_tag(Value* exn);
  void push_payload(Value* exn, uint32_t tag);

  template <class T>
  T* in(T* access, Region region) {
    access->setMetadata(llvm::LLVMContext::MD_tbaa, u_.region(region));
    return access;
  }

  Unit& u_;
  const module::Module& m_;
  const module::FuncIdx f_;
  const module::FuncType& type_;
  llvm::Function* fn_;
  llvm::DISubprogram* subprogram_;
  llvm::IRBuilder<> b_;
  binary::BodyReader reader_;
  Value* ctx_ = nullptr;
  BasicBlock* entry_ = nullptr;  ///< allocas and what is loaded once
  BasicBlock* body_ = nullptr;

  std::vector<Value*> stack_;
  llvm::ValueMap<const Value*, ValType> types_;  ///< of references, where known; forgets values that are erased
  struct Field {
    module::TypeIdx type;
    uint32_t index;
  };
  llvm::ValueMap<const Value*, Field> fields_;  ///< of references to functions, where they come from a struct
  std::deque<Label> labels_;
  std::deque<Scope> scopes_;
  std::vector<llvm::AllocaInst*> locals_;
  std::vector<ValType> local_types_;
  bool reachable_ = true;
  uint32_t skip_depth_ = 0;
  uint32_t wasm_ = 0;

  llvm::AllocaInst* slots_ = nullptr;
  uint32_t slot_count_ = 0;
  llvm::AllocaInst* imm_ = nullptr;

  // Of loop entries.
  struct Below {
    llvm::WeakTrackingVH value;  ///< an operand that stands below the loop's
    Value* from_frame;
  };
  uint32_t loop_ = 0;  ///< wasm offset of the loop to enter; 0: the function from its start
  uint32_t operand_slot_ = 0;
  std::vector<Below> below_;
  std::vector<llvm::AllocaInst*> homes_;  ///< of what is below
  llvm::SmallPtrSet<Value*, 8> kept_;     ///< operands that were read from there
  BasicBlock* loop_target_ = nullptr;
  bool has_catch_around_ = false;

  llvm::StoreInst* fuel_charge_ = nullptr;
  uint64_t fuel_count_ = 0;
};

}  // namespace ashlar::optimizing
