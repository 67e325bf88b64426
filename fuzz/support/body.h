// Writes one function body of a generated module, typed expression by typed expression.
#pragma once

#include <optional>

#include "isa/op_table.h"
#include "support/shape.h"

namespace ashlar::fuzz {

/// Every method that makes code leaves exactly what its name says on the operand stack, below which anything may lie.
/// Code behind a branch that never falls through is written all the same: there every operand type fits.
class Body {
 public:
  Body(Shape& shape, Choices& in, uint32_t func);
  Bytes run();

 private:
  struct Label {
    Types types;            ///< what a branch to it carries
    bool is_catch = false;  ///< a legacy catch clause: rethrow may name it
  };
  class Nest {
   public:
    explicit Nest(uint32_t& depth) : depth_(depth) { ++depth_; }
    ~Nest() { --depth_; }

   private:
    uint32_t& depth_;
  };

  // body.cc: instructions, locals
  void op(isa::Op op) { append_op(out_, op); }
  void index(uint64_t value);
  void op(isa::Op op, uint64_t immediate);
  void i32_const(int32_t value);
  void address_const(bool is64, int64_t value);
  void block_type(const Types& params, const Types& results);
  void fuel_check();
  bool exhausted() const { return depth_ > kMaxDepth || spent_ > kMaxSpent || in_.empty(); }
  uint32_t new_local(ValType type);
  /// A local whose values fit `type` (get), or that takes values of `type` (set); kNoIndex when there is none.
  uint32_t local_to_get(ValType type);
  uint32_t local_to_set(ValType type);
  uint32_t global_to_get(ValType type);
  void discard(ValType type);
  void discard_all(const Types& types);
  /// Of values of these types on the stack, only number `kept` stays.
  void keep(const Types& types, size_t kept);
  void open_label(Types types, isa::Op op, const Types& params, const Types& results);
  void close_label();

  // body_values.cc
  void value(ValType type);
  void values(const Types& types);
  void leaf(ValType type);
  void masked(int32_t mask);  ///< an i32 of few bits
  void table_op(ValType type);
  void instruction(isa::Op op);
  void operands(isa::Op op, uint32_t memory, uint32_t table);
  void immediate(isa::Op op, uint32_t memory, uint32_t table);
  void address(uint32_t memory, uint32_t align, bool aligned);
  void canonical_nan(isa::Op op);
  void number_op(isa::Op op);  ///< without immediates; its NaNs made canonical where the options say so
  void size_or_grow(ValType type);
  void select(ValType type);
  void reference_fact();
  bool common_value(ValType type, uint32_t choice);

  // body_control.cc
  void statements();
  void statement();
  void block(isa::Op op, const Types& params, const Types& results);
  void block_contents(const Types& params, const Types& results);
  void block_value(ValType type);
  void block_statement();
  void counted_loop();
  void br_if();
  void diverge();
  void br_table();
  void leave();  ///< br, return, throw or a tail call, behind nothing
  bool tail_call();
  void call(uint32_t func);
  bool call_value(ValType type);
  void try_value(ValType type);
  void legacy_try_value(ValType type);
  void throw_value();

  // body_refs.cc
  void reference(ValType type);
  void reference_leaf(ValType type);
  void make(ValType type, bool simple);
  void make_abstract(ValType type, bool simple);
  void make_concrete(uint32_t type, bool simple);
  void make_array(uint32_t type, bool simple);
  bool element_of_table(ValType type);
  bool field_value(ValType type);  ///< struct.get or array.get
  void cast(ValType type);
  void branch_on_cast(ValType type);
  void memory_statement();
  void table_statement();
  void struct_statement();
  void array_statement();
  void array_init(uint32_t type, ValType elem);
  void null_statement();

  // body_objects.cc
  void object_statement();
  void chain();
  void cycle();
  void any_element();
  void copy_elements();
  /// Puts the value of `local`, of a nullable type, where other calls find it.
  void publish(uint32_t local);
  uint32_t object_local(uint32_t type, bool simple);
  void table_index(uint32_t table);
  void array_index();

  // body_numeric.cc
  /// Addresses that run in steps, in a local.
  struct Stream {
    uint32_t pointer;
    int32_t step;
    bool indexed;  ///< the local stays; the loop's counter is added
  };
  struct NumericLoop {
    int32_t count = 0;    ///< of its rounds, mostly
    uint32_t rounds = 1;  ///< of a loop around it
    uint32_t counter = 0;
    uint32_t limit = 0;       ///< a local: a count, or a pointer
    uint32_t wide = 0;        ///< a local: rounds that are left, as i64
    uint32_t form = 0;        ///< of the test at its end
    bool constant = false;    ///< the count is a constant
    bool by_pointer = false;  ///< the first stream's pointer is compared
    std::vector<Stream> streams;
    std::vector<ValType> types;
    std::vector<uint32_t> accumulators;  ///< a local of each type
    std::optional<size_t> only;          ///< the one type of a simple loop, without offsets, which vectorizers take
  };
  void numeric_function();
  size_t numeric_type(const NumericLoop& loop);
  void add_opaque_zero();
  void push_memory_end();
  void mix_memory();
  void stream_base(const NumericLoop& loop, int32_t step);
  void numeric_nest();
  void numeric_loop(NumericLoop& loop);
  void numeric_limits(NumericLoop& loop);
  void numeric_test(const NumericLoop& loop);
  void numeric_address(const NumericLoop& loop, const Stream& stream);
  void numeric_access(const NumericLoop& loop, isa::Op access);
  void numeric_value(const NumericLoop& loop, size_t type, uint32_t depth);
  void numeric_update(const NumericLoop& loop, size_t type, size_t stream);
  void numeric_store(const NumericLoop& loop);
  void numeric_flag(const NumericLoop& loop, int32_t mask);
  void numeric_statement(const NumericLoop& loop);

  static constexpr uint32_t kMaxDepth = 9;
  static constexpr uint32_t kMaxSpent = 250;

  Shape& shape_;
  Choices& in_;
  uint32_t func_;
  const FuncType type_;
  Bytes out_;
  Types locals_;
  uint32_t params_;
  std::vector<Label> labels_;
  uint32_t depth_ = 0;
  uint32_t spent_ = 0;
};

}  // namespace ashlar::fuzz
