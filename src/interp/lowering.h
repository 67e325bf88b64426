// The state of lowering one function: an abstract operand stack that says where each value is, and open labels.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "binary/body_reader.h"
#include "interp/emitter.h"
#include "interp/lower.h"
#include "interp/op_forms.h"
#include "isa/op_table.h"
#include "module/module.h"
#include "runtime/engine.h"
#include "runtime/gc_layout.h"
#include "runtime/slot_ops.h"

namespace ashlar::interp {

using isa::ValKind;
using isa::ValType;

/// Where an operand is. Its home slot is fixed by its place on the stack; it need not be there.
struct Val {
  enum class At : uint8_t { Home, Local, Const, R, X };
  At at = At::Home;
  ValKind kind = ValKind::I32;
  uint16_t home = 0;
  uint32_t local = 0;  ///< At::Local
  uint64_t lo = 0;     ///< At::Const: the bits, of a v128 its index among the function's v128 constants
  uint32_t serial() const { return local; }  ///< At::R, At::X: the step that made it
};
static_assert(sizeof(Val) == 16);

/// The operand stack. Pushes are a good part of lowering: that it may grow costs them no register (std::vector's
/// growing does), and a value that stands below all others spares them the question whether there is one.
class OperandStack {
 public:
  /// Empties it; `home` is where the first operand's home will be, at least 1.
  void reset(uint16_t home);
  bool empty() const { return size() == 0; }
  size_t size() const { return static_cast<size_t>(end_ - begin_); }
  Val* begin() { return begin_; }
  Val* end() { return end_; }
  /// Of an empty stack: what stands below all others, whose home is the slot before the first operand's.
  Val& back() { return end_[-1]; }
  const Val& back() const { return end_[-1]; }
  Val& operator[](size_t i) { return begin_[i]; }
  const Val& operator[](size_t i) const { return begin_[i]; }
  [[gnu::always_inline]] Val& push(const Val& v) {
    if (end_ == limit_) [[unlikely]]
      grow();
    return *end_++ = v;
  }
  void pop_back() { --end_; }
  std::vector<Val> saved() { return {begin(), end()}; }
  void restore(const std::vector<Val>& saved);

 private:
  [[gnu::noinline, clang::preserve_most]] void grow();
  std::unique_ptr<Val[]> storage_;
  Val* begin_ = nullptr;  ///< behind the first of storage_
  Val* end_ = nullptr;
  Val* limit_ = nullptr;
};

struct Label {
  isa::Op op;           ///< block, loop, if_, try_, try_table; block for the function itself
  uint32_t height = 0;  ///< operands below the parameters
  uint16_t base = 0;    ///< home slot of the first parameter or result
  bool has_else_fixup = false;
  bool in_catch = false;
  const module::FuncType* type = nullptr;  ///< null: no parameters, `result` alone (Bot: none)
  ValType result{};
  uint32_t loop_target = 0;
  uint32_t loop = 0;    ///< of the function's loops, which one
  uint32_t fixups = 0;  ///< forward branches to the end: the newest of them among Lowering's, counted from 1
  Fixup else_fixup{};
  uint32_t range_begin = 0;  ///< try: where protection begins; in a legacy catch body the index of its range
  uint16_t exn_slot = 0;     ///< legacy catch body: where the exnref is kept
  std::vector<binary::CatchClause> catches{};  ///< try_table

  std::span<const ValType> params() const {
    return type != nullptr ? std::span<const ValType>(type->params) : std::span<const ValType>();
  }
  std::span<const ValType> results() const {
    if (type != nullptr) return type->results;
    return {&result, result.is_bot() ? 0u : 1u};
  }
  std::span<const ValType> branch_types() const { return op == isa::Op::loop ? params() : results(); }
};

class Lowering {
 public:
  /// `facts` outlives this.
  Lowering(ModuleCode& code, module::FuncIdx f, const module::FuncFacts& facts, std::vector<OffsetPair>* offsets);
  Result<std::unique_ptr<FuncCode>> run();
  void set_trace(std::vector<TraceEntry>* trace) { emitter_.trace = trace; }

 private:
  // lower.cc: driver
  void declare_locals();
  void choose_hot_locals();
  void emit_entry();
  void patch_entry();
  void lower_op(isa::Op op, const binary::Imm& imm);
  void lower_rare(isa::Op op, const binary::Imm& imm);
  void skip_unreachable(isa::Op op);
  std::unique_ptr<FuncCode> finish();

  // lowering_values.cc: operands
  [[gnu::always_inline]] Val& push(Val::At at, ValKind kind) {
    const uint32_t home = uint32_t{stack_.back().home} + slots_of(stack_.back().kind);
    const uint32_t end = home + slots_of(kind);
    if (end > max_slot_) max_slot_ = end;
    Val v;
    v.at = at;
    v.kind = kind;
    v.home = static_cast<uint16_t>(home);  // overflow is refused at the end: max_slot_ knows
    if (at == Val::At::R) r_owner_ = static_cast<int32_t>(stack_.size());
    if (at == Val::At::X) x_owner_ = static_cast<int32_t>(stack_.size());
    if (at == Val::At::R || at == Val::At::X) v.local = emitter_.last_serial();
    return stack_.push(v);
  }
  [[gnu::always_inline]] Val pop() {
    const Val v = stack_.back();
    stack_.pop_back();
    const auto index = static_cast<int32_t>(stack_.size());
    if (r_owner_ == index) r_owner_ = -1;
    if (x_owner_ == index) x_owner_ = -1;
    return v;
  }
  void push_home(ValKind kind) { push(Val::At::Home, kind); }
  void push_const(ValKind kind, uint64_t lo, uint64_t hi = 0);
  bool is_int(ValKind k) const { return k <= ValKind::I64 || k == ValKind::Ref; }
  static uint16_t slots_of(ValKind k) { return k == ValKind::V128 ? 2 : 1; }
  uint16_t height_slot() const { return static_cast<uint16_t>(stack_.back().home + slots_of(stack_.back().kind)); }
  void wrote_slot(uint16_t slot, int n = 1);
  void r_clobbered() { r_slot_ = -1; }
  void x_clobbered() { x_slot_ = -1; }
  /// Frees the accumulator: its live owner moves home.
  void free_r() {
    if (r_owner_ >= 0) materialize(stack_[static_cast<size_t>(r_owner_)]);
  }
  void free_x() {
    if (x_owner_ >= 0) materialize(stack_[static_cast<size_t>(x_owner_)]);
  }
  void materialize(Val& v);  ///< to its home slot
  void materialize_top(size_t n);
  void flush_all();                                                ///< all lazies but constants
  void copy_to(const Val& v, uint16_t slot);                       ///< without touching the accumulators
  [[gnu::noinline, clang::preserve_most]] void copy_home(Val& v);  ///< copy_to(), and that is where it is then
  Src int_src(Val& v, Step& s, bool allow_const, bool allow_hot);
  FSrc float_src(Val& v, Step& s, bool allow_const);
  Step make(StepKind kind, uint32_t op, uint32_t index) const {
    Step s;
    s.key = make_key(kind, op, index);
    s.wasm = wasm_;
    return s;
  }
  void emit_to_r(Step& s, ValKind kind);  ///< result in r; pushes it
  void emit_to_x(Step& s, ValKind kind);
  void emit_result(Step& s, const OpForm& o);
  bool made_by_last(const Val& v) { return emitter_.last() != nullptr && v.serial() == emitter_.last_serial(); }
  bool retarget_int(Step& s, Dst d, uint16_t slot);
  bool retarget_float(Step& s, uint16_t slot);
  void mov_to_r(Val& v);
  void mov_to_x(Val& v);

  // lowering_ops.cc, lowering_slots.cc
  bool invert_last();
  void lower_unary(isa::Op op, const binary::Imm& imm);
  void lower_binary(isa::Op op, const binary::Imm& imm);
  void lower_ternary(isa::Op op);
  void put_imm(Step& s, isa::Op op, const binary::Imm& imm);
  bool fold(isa::Op op, size_t operands);
  void lower_local_get(uint32_t i);
  void lower_local_set(uint32_t i, bool tee);
  void lower_global_get(uint32_t i);
  void lower_global_set(uint32_t i);
  void lower_select();
  void lower_load(isa::Op op, const binary::Imm& imm);
  void lower_store(isa::Op op, const binary::Imm& imm);
  bool is_guarded(const binary::Imm& imm) const;
  void slot_op(SlotFn fn, SlotImm imm, size_t operands, std::initializer_list<ValKind> results, uint64_t offset = 0);
  void slot_op_kinds(SlotFn fn, SlotImm imm, size_t operands, const std::vector<ValKind>& results, uint64_t offset = 0);
  bool lower_slot_op(isa::Op op, const binary::Imm& imm);
  bool lower_gc_slots(isa::Op op, const binary::Imm& imm);

  // lowering_gc.cc
  bool lower_gc(isa::Op op, const binary::Imm& imm);
  bool lower_reference(isa::Op op, const binary::Imm& imm);
  runtime::FieldKind field_kind(const isa::FieldType& f) const;
  uint32_t field_offset(const std::vector<isa::FieldType>& fields, size_t index) const;
  void emit_access(Step& s, ValKind kind);
  void lower_struct_get(const isa::FieldType& field, uint32_t offset, bool is_signed);
  void lower_struct_set(const isa::FieldType& field, uint32_t offset);
  void lower_array_get(const isa::FieldType& element, bool is_signed);
  void lower_array_set(const isa::FieldType& element);
  bool is_initial_source(const Val& v) const;
  int64_t initial_bits(const Val& v) const;
  int32_t initial_source(const Val& v) const;
  bool lower_struct_new(uint32_t type, bool is_default);
  void emit_struct_new_many(uint32_t type, const std::vector<runtime::FieldKind>& kinds,
                            const std::vector<int32_t>& sources, uint16_t live);
  TestKind test_kind(ValType type) const;
  void put_test(Step& s, ValType type) const;
  void lower_ref_op(RefOp op, ValKind out);
  void lower_check(RefOp op, const ValType* type);
  void lower_cast(ValType type);
  void push_test(Val v, ValType type);  ///< whether v is of this type, as an i32
  void lower_ref_func(uint32_t f);
  void lower_table_get(uint32_t table);

  // lowering_control.cc
  void begin_block(isa::Op op, const binary::BlockType& type);
  void begin_try_table(const binary::Imm& imm);
  void lower_else();
  void lower_end();
  void lower_branch(uint32_t depth);
  void lower_branch_if(uint32_t depth, bool negate = false);
  void lower_branch_table(const binary::Imm& imm);
  void lower_return();
  void branch_to(Label& l);
  void move_to(uint16_t base, size_t n);  ///< the topmost n operands, to a label's homes
  bool in_place(const Label& l) const;
  /// The step that branches when the topmost operand is non-zero (negate: zero); the operand is taken off.
  Step take_condition(bool negate, bool back);
  void branch_from(Fixup f, Label& l);  ///< back to a loop's begin, or forward to the label's end
  void bind_fixups(const Label& l, uint32_t target);
  void lower_br_on(isa::Op op, const binary::Imm& imm);
  void reset_to(const Label& l, std::span<const ValType> types);
  void end_try_table(Label& l);
  void lower_catch(isa::Op op, const binary::Imm& imm);
  void close_catch_body(Label& l);
  void lower_delegate(uint32_t depth);
  void lower_rethrow(uint32_t depth);
  void lower_throw_ref();
  void lower_throw(uint32_t tag);
  void add_range(Label& l, uint32_t depth, std::vector<CatchEntry> entries, uint32_t delegate);
  void trap_here(MiscOp op);
  Label& label_at(uint32_t depth) { return labels_[labels_.size() - 1 - depth]; }

  // lowering_call.cc
  void lower_call(uint32_t f);
  void lower_call_indirect(const binary::Imm& imm, bool tail);
  void lower_call_ref(uint32_t type, bool tail);
  void lower_return_call(uint32_t f);
  void before_call(const module::FuncType& t);
  void after_call(const module::FuncType& t);
  static uint32_t slots(const std::vector<ValType>& types);
  uint16_t header_of(const module::FuncType& t) const;
  void emit_tail(const module::FuncType& t);
  void emit_distance(const module::FuncType& t);
  void spill_hot();
  void reload_hot();

  // fuel
  void begin_fuel_block(MiscOp op = MiscOp::fuel);
  void commit_fuel();

  const module::FuncType& type_at(uint32_t t) const { return m_.types[t].func; }

  struct Local {
    ValKind kind;
    uint16_t slot;
    int8_t hot = -1;
  };

  ModuleCode& code_;
  const module::Module& m_;
  module::FuncIdx f_;
  const module::FuncFacts& facts_;
  const module::FuncType& type_;
  binary::BodyReader reader_;
  Emitter emitter_;
  std::vector<Local> locals_;
  OperandStack stack_;
  std::vector<std::pair<uint64_t, uint64_t>> v128_consts_;
  std::vector<Label> labels_;
  struct ChainedFixup {
    Fixup fixup;
    uint32_t next;  ///< of the same label, counted from 1; 0: the last
  };
  std::vector<ChainedFixup> fixups_;  ///< of all labels
  std::vector<HandlerRange> handlers_;
  std::vector<LoopHead> loops_;
  size_t control_next_ = 0;  ///< next of facts_.control
  uint32_t max_slot_ = 0;
  uint16_t header_ = 0;
  uint16_t temp_base_ = 0;
  uint16_t zero_first_ = 0, zero_count_ = 0;
  uint16_t hot_slots_[3] = {};
  bool uses_hot_ = false;
  int32_t r_slot_ = -1, x_slot_ = -1;    ///< slot that the accumulator mirrors
  int32_t r_owner_ = -1, x_owner_ = -1;  ///< stack index of the operand that lives only in the accumulator
  bool unreachable_ = false;
  uint32_t skip_depth_ = 0;
  uint32_t wasm_ = 0;  ///< module byte offset of the current instruction
  uint32_t entry_at_ = 0;
  bool fuel_ = false;
  uint32_t fuel_at_ = 0;
  uint64_t fuel_count_ = 0;
};

}  // namespace ashlar::interp
