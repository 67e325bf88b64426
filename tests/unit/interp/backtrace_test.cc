// Backtraces: names, instances, and the exact offset of the instruction that trapped, fused code included.
#include "exe_tester.h"

namespace ashlar::interp::test {
namespace {

struct BacktraceTest : ExeTest {};
ASHLAR_ALL_CONFIGURATIONS(BacktraceTest);

TEST_P(BacktraceTest, NamesAndOffsetsOfEveryFrame) {
  Instance* m = load(R"((module $prog
    (type $t (func (param i32) (result i32)))
    (table 1 funcref) (elem (i32.const 0) $indirect)
    (func $leaf (param i32) (result i32) (i32.div_u (i32.const 10) (local.get 0)))
    (func $indirect (param i32) (result i32) (i32.add (i32.const 1) (call $leaf (local.get 0))))
    (func (export "exported") (param i32) (result i32)
      (drop (call $leaf (i32.const 1)))
      (i32.sub (call_indirect (type $t) (local.get 0) (i32.const 0)) (i32.const 5)))
    (func (export "run") (param i32) (result i32)
      (call 2 (local.get 0)))))");
  Outcome out = call(m, "run", {i32(0)});
  EXPECT_EQ(out.error(), "integer_divide_by_zero");
  EXPECT_EQ(parse_backtrace(out.notes()), (std::vector<Line>{
                                              {offset_of(m, 0, Op::i32_div_u), "prog!leaf"},
                                              {offset_of(m, 1, Op::call), "prog!indirect"},
                                              {offset_of(m, 2, Op::call_indirect), "prog!exported"},
                                              {offset_of(m, 3, Op::call), "prog!run"},
                                          }));
}

TEST_P(BacktraceTest, AcrossInstancesAndHostFunctions) {
  Instance* a = load(R"((module $a
    (func $fail (export "fail") (param i32) (if (local.get 0) (then (unreachable))))))",
                     "a");
  host("through", {}, {}, [&](Caller& caller, Slot*) -> Status {
    std::vector<Value> results;
    return caller.store.call(func(a, "fail"), std::vector<Value>{i32(1)}, results);
  });
  Instance* b = load(R"((module $b
    (import "a" "fail" (func $fail (param i32)))
    (import "host" "through" (func $through))
    (func $middle (nop) (call $fail (i32.const 1)) (nop))
    (func $top (export "top") (call $middle))
    (func $host (export "host") (call $through))))");
  Outcome out = call(b, "top");
  EXPECT_EQ(out.error(), "unreachable");
  EXPECT_EQ(parse_backtrace(out.notes()), (std::vector<Line>{
                                              {offset_of(a, 0, Op::unreachable), "a!fail"},
                                              {offset_of(b, 2, Op::call), "b!middle"},
                                              {offset_of(b, 3, Op::call), "b!top"},
                                          }));
  Outcome host = call(b, "host");
  EXPECT_EQ(host.error(), "unreachable");
  EXPECT_EQ(parse_backtrace(host.notes()), (std::vector<Line>{
                                               {offset_of(a, 0, Op::unreachable), "a!fail"},
                                               {offset_of(b, 4, Op::call), "b!host"},
                                           }));
}

TEST_P(BacktraceTest, TailCallsLeaveNoFrame) {
  Instance* m = load(R"((module $m
    (func $end (param i32) (result i32) (i32.rem_s (i32.const 1) (local.get 0)))
    (func $gone (param i32) (result i32) (return_call $end (local.get 0)))
    (func $top (export "top") (param i32) (result i32) (i32.add (call $gone (local.get 0)) (i32.const 1)))))");
  Outcome out = call(m, "top", {i32(0)});
  EXPECT_EQ(parse_backtrace(out.notes()), (std::vector<Line>{
                                              {offset_of(m, 0, Op::i32_rem_s), "m!end"},
                                              {offset_of(m, 2, Op::call), "m!top"},
                                          }));
}

/// The body of a function with one i32 parameter and result, the instruction that traps, and which of them.
struct TrapCase {
  const char* body;
  Op op;
  int nth;
  const char* error;
};

constexpr uint32_t kFar = 0x0fff'0000;  // beyond the memory, within its reservation

const TrapCase kTraps[] = {
    {"(i32.load (local.get 0))", Op::i32_load, 0, "out_of_bounds_memory_access"},
    {"(i32.load (i32.const 8)) (i32.add (i32.load offset=4 (local.get 0)))", Op::i32_load, 1,
     "out_of_bounds_memory_access"},
    {"(i32.add (i32.load (local.get 0)) (i32.load (i32.const 0)))", Op::i32_load, 0, "out_of_bounds_memory_access"},
    {"(i32.xor (i32.load8_u (i32.const 0)) (i32.load8_u (i32.add (local.get 0) (i32.const 3))))", Op::i32_load8_u, 1,
     "out_of_bounds_memory_access"},
    {"(i32.store (local.get 0) (i32.const 5)) (i32.const 1)", Op::i32_store, 0, "out_of_bounds_memory_access"},
    {"(i32.store8 (i32.const 4) (i32.const 5)) (i32.store8 (local.get 0) (i32.load8_u (i32.const 2))) (i32.const 1)",
     Op::i32_store8, 1, "out_of_bounds_memory_access"},
    {"(i64.store (i32.const 0) (i64.load (local.get 0))) (i32.const 1)", Op::i64_load, 0,
     "out_of_bounds_memory_access"},
    {"(i64.store (local.get 0) (i64.load (i32.const 8))) (i32.const 1)", Op::i64_store, 0,
     "out_of_bounds_memory_access"},
    {"(f64.store (i32.const 0) (f64.add (f64.load (i32.const 0)) (f64.load (local.get 0)))) (i32.const 1)",
     Op::f64_load, 1, "out_of_bounds_memory_access"},
    {"(f32.store (local.get 0) (f32.mul (f32.load (i32.const 0)) (f32.const 2))) (i32.const 1)", Op::f32_store, 0,
     "out_of_bounds_memory_access"},
    {"(v128.store (i32.const 0) (v128.load (local.get 0))) (i32.const 1)", Op::v128_load, 0,
     "out_of_bounds_memory_access"},
    {"(v128.store (local.get 0) (v128.load (i32.const 0))) (i32.const 1)", Op::v128_store, 0,
     "out_of_bounds_memory_access"},
    {"(loop (local.set 1 (i32.add (local.get 1) (i32.const 4096)))"
     " (local.set 2 (i32.add (local.get 2) (i32.load (local.get 1)))) (br_if 0 (i32.lt_u (local.get 1) (local.get 0))))"
     " (local.get 2)",
     Op::i32_load, 0, "out_of_bounds_memory_access"},
    {"(loop (i32.store (local.get 1) (local.get 2)) (local.set 1 (i32.add (local.get 1) (i32.const 4)))"
     " (br_if 0 (i32.load8_u (i32.sub (local.get 1) (i32.const 4)))) (local.set 2 (i32.add (local.get 2) (i32.const "
     "1)))"
     " (br_if 0 (i32.ne (local.get 1) (local.get 0)))) (local.get 2)",
     Op::i32_store, 0, "out_of_bounds_memory_access"},
    {"(if (result i32) (i32.lt_s (i32.load16_s (local.get 0)) (i32.const 3)) (then (i32.const 1)) (else (i32.const "
     "2)))",
     Op::i32_load16_s, 0, "out_of_bounds_memory_access"},
    {"(block (br_if 0 (i32.eqz (i32.load (local.get 0))))) (i32.const 1)", Op::i32_load, 0,
     "out_of_bounds_memory_access"},
    {"(i32.div_u (i32.const 7) (local.get 1))", Op::i32_div_u, 0, "integer_divide_by_zero"},
    {"(i32.add (i32.div_s (i32.const 7) (i32.const 7)) (i32.div_s (local.get 0) (local.get 1)))", Op::i32_div_s, 1,
     "integer_divide_by_zero"},
    {"(i32.rem_u (local.get 0) (i32.const 0))", Op::i32_rem_u, 0, "integer_divide_by_zero"},
    {"(i32.div_s (i32.const 0x80000000) (i32.sub (local.get 1) (i32.const 1)))", Op::i32_div_s, 0, "integer_overflow"},
    {"(i32.div_s (i32.const 0x80000000) (i32.const -1))", Op::i32_div_s, 0, "integer_overflow"},
    {"(i32.wrap_i64 (i64.rem_s (i64.const 1) (i64.extend_i32_u (local.get 1))))", Op::i64_rem_s, 0,
     "integer_divide_by_zero"},
    {"(i32.trunc_f64_s (f64.const 1e30))", Op::i32_trunc_f64_s, 0, "integer_overflow"},
    {"(i32.trunc_f32_u (f32.div (f32.const 0) (f32.const 0)))", Op::i32_trunc_f32_u, 0,
     "invalid_conversion_to_integer"},
    {"(if (local.get 0) (then (nop) (unreachable))) (i32.const 1)", Op::unreachable, 0, "unreachable"},
    {"(drop (table.get (local.get 0))) (i32.const 1)", Op::table_get, 0, "out_of_bounds_table_access"},
    {"(drop (call_indirect (result i32) (i32.const 0))) (call_indirect (result i32) (local.get 0))", Op::call_indirect,
     1, "undefined_element"},
    {"(call_ref $t (ref.null $t))", Op::call_ref, 0, "null_function_reference"},
    {"(memory.fill (i32.const 0) (i32.const 1) (i32.const 2)) (memory.fill (local.get 0) (i32.const 1) (i32.const 2))"
     " (i32.const 0)",
     Op::memory_fill, 1, "out_of_bounds_memory_access"},
    {"(memory.copy (i32.const 0) (local.get 0) (i32.const 2)) (i32.const 0)", Op::memory_copy, 0,
     "out_of_bounds_memory_access"},
    {"(i31.get_u (ref.null i31))", Op::i31_get_u, 0, "null_i31_reference"},
    {"(array.len (ref.null array))", Op::array_len, 0, "null_array_reference"},
    {"(struct.get $s 0 (ref.null $s))", Op::struct_get, 0, "null_structure_reference"},
    {"(array.get $a (array.new_default $a (i32.const 3)) (local.get 0))", Op::array_get, 0,
     "out_of_bounds_array_access"},
    {"(drop (ref.cast (ref $s) (ref.i31 (i32.const 1)))) (i32.const 0)", Op::ref_cast, 0, "cast_failure"},
    {"(i32.atomic.load (i32.add (i32.const 1) (local.get 1)))", Op::i32_atomic_load, 0, "unaligned_atomic"},
    {"(i32.atomic.rmw.add (local.get 0) (i32.const 1))", Op::i32_atomic_rmw_add, 0, "out_of_bounds_memory_access"},
    {"(v128.store (i32.const 0) (v128.load32_lane 1 (local.get 0) (v128.const i64x2 0 0))) (i32.const 0)",
     Op::v128_load32_lane, 0, "out_of_bounds_memory_access"},
};

TEST_P(BacktraceTest, OffsetsAreExact) {
  for (const TrapCase& c : kTraps) {
    SCOPED_TRACE(c.body);
    Instance* m = load(std::string(R"((module $m
      (type $t (func (result i32))) (type $s (struct (field i32))) (type $a (array i32))
      (memory 1) (table 1 funcref) (elem (i32.const 0) $one)
      (func $one (result i32) (i32.const 1))
      (func $f (export "f") (param i32) (result i32) (local i32 i32) )") +
                       c.body + "))");
    Outcome out = call(m, "f", {i32(kFar)});
    EXPECT_EQ(out.error(), c.error);
    const std::vector<Line> lines = parse_backtrace(out.notes());
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0], (Line{offset_of(m, 1, c.op, c.nth), "m!f"}));
  }
}

TEST_P(BacktraceTest, NamesFallBackToExportsAndIndices) {
  auto source = api::assemble(
      [] {
        static constexpr std::string_view kText = R"((module
          (func) (func (unreachable)) (func (export "out") (call 1))))";
        return std::span(reinterpret_cast<const uint8_t*>(kText.data()), kText.size());
      }(),
      nullptr, {.debug_names = false});
  ASSERT_TRUE(source.has_value());
  auto compiled = api::compile(engine, *source);
  ASSERT_TRUE(compiled.has_value());
  auto instance = linker->instantiate(*compiled);
  ASSERT_TRUE(instance.has_value());
  const std::vector<Line> lines = parse_backtrace(call(*instance, "out").notes());
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].name, "<unknown>!func[1]");
  EXPECT_EQ(lines[1].name, "<unknown>!out");
}

}  // namespace
}  // namespace ashlar::interp::test
