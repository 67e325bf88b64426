// Control flow and values: big branch tables, deep nesting, block parameters, select and globals of every type.
#include "exe_tester.h"

namespace ashlar::interp::test {
namespace {

struct ControlTest : ExeTest {};
ASHLAR_ALL_CONFIGURATIONS(ControlTest);

TEST_P(ControlTest, BranchTableOfThousands) {
  constexpr uint32_t kBlocks = 500, kEntries = 20'000;
  std::string open, table, close;
  for (uint32_t i = 0; i < kBlocks; ++i) {
    open += "(block ";
    close += ") (return (i32.const " + std::to_string(i * 7) + "))";
  }
  for (uint32_t i = 0; i < kEntries; ++i) table += " " + std::to_string((i * 31) % kBlocks);
  Instance* m = load("(module (func (export \"f\") (param i32) (result i32) " + open + "(br_table" + table +
                     " 3 (local.get 0))" + close + "))");
  for (uint32_t i : {0u, 1u, 499u, 500u, 12'345u, kEntries - 1}) {
    EXPECT_EQ(value(m, "f", {i32(i)}), (i * 31) % kBlocks * 7) << i;
  }
  for (uint32_t i : {kEntries, kEntries + 1, 0x8000'0000u, 0xffff'ffffu}) {
    EXPECT_EQ(value(m, "f", {i32(i)}), 21u) << i;
  }
}

TEST_P(ControlTest, BranchTableCarriesValuesFromDifferentHeights) {
  Instance* m = load(R"((module (func (export "f") (param i32 i32) (result i32) (local $keep i32)
    (i32.const 1000)
    (block $a (result i32 i64)
      (i32.const 5)
      (block $b (result i32 i64)
        (i32.const 6) (i32.const 7)
        (local.get 1) (i64.const 3) (br_table $a $b $a (local.get 0)))
      (i64.const 100) (i64.add)
      (local.set $keep (i32.wrap_i64)) (drop) (drop) (local.get $keep) (i64.const 50))
    (i32.wrap_i64) (i32.add) (i32.add))))");
  EXPECT_EQ(value(m, "f", {i32(0), i32(20)}), 1023u);
  EXPECT_EQ(value(m, "f", {i32(1), i32(20)}), 1000u + 103 + 50);
  EXPECT_EQ(value(m, "f", {i32(9), i32(30)}), 1033u);
}

TEST_P(ControlTest, TenThousandNestedBlocks) {
  for (const char* kind : {"block", "loop"}) {
    std::string open, close;
    for (int i = 0; i < 10'000; ++i) open += std::string("(") + kind + " (result i32) ", close += ")";
    Instance* m =
        load("(module (func (export \"f\") (param i32) (result i32) " + open +
             (kind[0] == 'b' ? "(br 9999 (i32.add (local.get 0) (i32.const 1)))" : "(local.get 0)") + close + "))");
    EXPECT_EQ(value(m, "f", {i32(5)}), kind[0] == 'b' ? 6u : 5u);
  }
  std::string open, close;
  for (int i = 0; i < 10'000; ++i) {
    open += "(if (result i32) (local.get 0) (then (i32.add (i32.const 1) ";
    close += ")) (else (i32.const 0)))";
  }
  Instance* m = load("(module (func (export \"f\") (param i32) (result i32) " + open + "(i32.const 3)" + close + "))");
  EXPECT_EQ(value(m, "f", {i32(1)}), 10'003u);
  EXPECT_EQ(value(m, "f", {i32(0)}), 0u);
}

TEST_P(ControlTest, DeepExpressionsHoldManyOperands) {
  std::string push, add;
  uint64_t expected = 0;
  for (uint64_t i = 0; i < 3000; ++i) {
    push += i % 2 ? " (i64.const " + std::to_string(i) + ")"
                  : " (i64.mul (local.get 0) (i64.const " + std::to_string(i) + "))";
    if (i != 0) add += " i64.sub";
  }
  // a0 - (a1 - (a2 - ...))
  for (uint64_t i = 3000; i-- > 0;) expected = (i % 2 ? i : 5 * i) - expected;
  Instance* m = load("(module (func (export \"f\") (param i64) (result i64)" + push + add + "))");
  EXPECT_EQ(value(m, "f", {i64(5)}), expected);
}

TEST_P(ControlTest, LoopParametersAreExchanged) {
  Instance* m = load(R"((module
    (func (export "fib") (param $n i32) (result i64) (local $a i64) (local $b i64)
      (i64.const 0) (i64.const 1)
      (loop $l (param i64 i64) (result i64 i64)
        (local.set $b) (local.set $a)
        (local.get $b) (i64.add (local.get $a) (local.get $b))
        (local.tee $n (i32.sub (local.get $n) (i32.const 1)))
        (br_if $l))
      (drop))
    (func (export "rotate") (param $n i32) (result i32 f64 i64 v128 i32) (local $t i32)
      (i32.const 1) (f64.const 2.5) (i64.const 3) (v128.const i64x2 4 5) (i32.const 6)
      (loop $l (param i32 f64 i64 v128 i32) (result i32 f64 i64 v128 i32)
        (local.set $t) (i64x2.extract_lane 1) (drop) (drop) (drop)
        (i32.add (local.get $t)) (f64.const 7) (i64.const 8) (v128.const i64x2 9 10) (local.get $t)
        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "swap") (param i32 i32 i32) (result i32) (local $t i32)
      ;; a swap of locals by way of the operand stack
      (loop $l
        (local.get 0) (local.get 1) (local.set 0) (local.set 1)
        (local.get 1) (local.get 0) (i32.add (i32.const 1)) (local.set 1) (local.set 0)
        (br_if $l (local.tee 2 (i32.sub (local.get 2) (i32.const 1)))))
      (i32.sub (local.get 0) (local.get 1)))))");
  EXPECT_EQ(value(m, "fib", {i32(50)}), 12586269025u);
  Outcome out = call(m, "rotate", {i32(4)});
  ASSERT_TRUE(out.ok());
  EXPECT_EQ(out.results[0].lo, 1u + 4 * 6);
  EXPECT_EQ(out.results[1].lo, std::bit_cast<uint64_t>(7.0));
  EXPECT_EQ(out.results[2].lo, 8u);
  EXPECT_EQ(out.results[3].hi, 10u);
  EXPECT_EQ(out.results[4].lo, 6u);
  uint32_t a = 100, b = 7;
  for (int i = 0; i < 9; ++i) {
    std::swap(a, b);
    const uint32_t x = b, y = a + 1;
    b = y;
    a = x;
  }
  EXPECT_EQ(value(m, "swap", {i32(100), i32(7), i32(9)}), a - b);
}

TEST_P(ControlTest, LocalsReadBeforeTheyAreOverwritten) {
  Instance* m = load(R"((module
    (func $id (param i32) (result i32) (local.get 0))
    (func (export "tee") (param i32) (result i32)
      (i32.sub (local.get 0) (local.tee 0 (i32.mul (local.get 0) (i32.const 3)))))
    (func (export "set_below") (param i32) (result i32)
      (local.get 0) (local.get 0) (local.set 0 (i32.const 9)) (i32.add) (i32.mul (local.get 0)))
    (func (export "in_block") (param i32) (result i32)
      (local.get 0)
      (block (local.set 0 (i32.const 50)))
      (i32.add (local.get 0)))
    (func (export "in_if") (param i32 i32) (result i32)
      (local.get 0)
      (if (local.get 1) (then (local.set 0 (i32.const 50))))
      (i32.add (local.get 0)))
    (func (export "in_loop") (param i32) (result i32)
      (local.get 0)
      (loop (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if 0 (local.get 0)))
      (i32.add (local.get 0)))
    (func (export "call") (param i32) (result i32)
      (local.get 0) (call $id (local.get 0)) (local.set 0 (i32.const 1)) (i32.add) (i32.add (local.get 0)))
    (func (export "float") (param f64) (result f64)
      (local.get 0) (local.set 0 (f64.const 100)) (f64.add (local.get 0)))
    (func (export "vector") (param i64) (result i64) (local v128)
      (local.set 1 (i64x2.splat (local.get 0)))
      (local.get 1) (local.set 1 (v128.const i64x2 1 1)) (i64x2.add (local.get 1)) (i64x2.extract_lane 1))))");
  EXPECT_EQ(value(m, "tee", {i32(10)}), static_cast<uint32_t>(-20));
  EXPECT_EQ(value(m, "set_below", {i32(4)}), 72u);
  EXPECT_EQ(value(m, "in_block", {i32(4)}), 54u);
  EXPECT_EQ(value(m, "in_if", {i32(4), i32(1)}), 54u);
  EXPECT_EQ(value(m, "in_if", {i32(4), i32(0)}), 8u);
  EXPECT_EQ(value(m, "in_loop", {i32(4)}), 4u);
  EXPECT_EQ(value(m, "call", {i32(4)}), 9u);
  EXPECT_EQ(std::bit_cast<double>(value(m, "float", {f64(2.5)})), 102.5);
  EXPECT_EQ(value(m, "vector", {i64(8)}), 9u);
}

TEST_P(ControlTest, ManyLocalsLiveAcrossCallsInLoops) {
  // Forty locals of all types, each changed and read in every turn, with a call between.
  std::string locals, update, sum = "(i64.const 0)";
  const char* types[] = {"i32", "i64", "f32", "f64", "v128"};
  for (int i = 0; i < 40; ++i) {
    const std::string n = std::to_string(i + 2), k = std::to_string(i % 5 + 1);
    const std::string get = "(local.get " + n + ")", set = "(local.set " + n + " ";
    locals += std::string(" ") + types[i % 5];
    switch (i % 5) {
      case 0:
        update += set + "(i32.add (call $id " + get + ") (i32.const " + k + ")))";
        sum = "(i64.add (i64.mul (i64.const 5) " + sum + ") (i64.extend_i32_u " + get + "))";
        break;
      case 1:
        update += set + "(i64.add " + get + " (i64.const " + k + ")))";
        sum = "(i64.add (i64.mul (i64.const 5) " + sum + ") " + get + ")";
        break;
      case 2:
        update += set + "(f32.add " + get + " (f32.const " + k + ")))";
        sum = "(i64.add (i64.mul (i64.const 5) " + sum + ") (i64.trunc_f32_u " + get + "))";
        break;
      case 3:
        update += set + "(f64.add " + get + " (f64.const " + k + ")))";
        sum = "(i64.add (i64.mul (i64.const 5) " + sum + ") (i64.trunc_f64_u " + get + "))";
        break;
      default:
        update += set + "(i64x2.add " + get + " (i64x2.splat (i64.const " + k + "))))";
        sum = "(i64.add (i64.mul (i64.const 5) " + sum + ") (i64x2.extract_lane 1 " + get + "))";
    }
  }
  Instance* m = load(
      "(module (func $id (param i32) (result i32) (local i64 i64 i64) (local.set 1 (i64.const -1)) "
      "(local.set 3 (i64.const -1)) (local.get 0)) (func (export \"f\") (param i32) (result i64) (local "
      "$i i32) (local" +
      locals + ") (loop " + update +
      " (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if 0 (i32.lt_u (local.get $i) "
      "(local.get 0)))) " +
      sum + "))");
  uint64_t expected = 0;
  for (uint64_t i = 0; i < 40; ++i) expected = expected * 5 + 1000 * (i % 5 + 1);
  EXPECT_EQ(value(m, "f", {i32(1000)}), expected);
}

TEST_P(ControlTest, SelectOfEveryType) {
  Instance* m = load(R"((module
    (func $f) (func $g) (elem declare func $f $g)
    (func (export "i32") (param i32 i32 i32) (result i32) (select (local.get 0) (local.get 1) (local.get 2)))
    (func (export "i64") (param i64 i64 i32) (result i64) (select (local.get 0) (local.get 1) (local.get 2)))
    (func (export "f32") (param f32 f32 i32) (result f32) (select (local.get 0) (local.get 1) (local.get 2)))
    (func (export "f64") (param f64 f64 i32) (result f64) (select (local.get 0) (local.get 1) (local.get 2)))
    (func (export "v128") (param v128 v128 i32) (result v128) (select (local.get 0) (local.get 1) (local.get 2)))
    (func (export "func") (param i32) (result funcref)
      (select (result funcref) (ref.func $f) (ref.null func) (local.get 0)))
    (func (export "extern") (param externref externref i32) (result externref)
      (select (result externref) (local.get 0) (local.get 1) (local.get 2)))
    (func (export "computed") (param i32 i64) (result i64)
      (select (i64.add (local.get 1) (i64.const 1)) (i64.mul (local.get 1) (i64.const 2))
        (i32.lt_s (local.get 0) (i32.const 5))))
    (func (export "constants") (param i32) (result i64)
      (select (i64.const 0x123456789ab) (i64.const -2) (i32.eqz (local.get 0))))
    (func (export "floats") (param f64 f64) (result f64)
      (select (f64.sqrt (local.get 0)) (f64.neg (local.get 1)) (f64.lt (local.get 0) (local.get 1))))
    (func (export "vectors") (param i32) (result i64)
      (i64x2.extract_lane 0 (select (v128.const i64x2 1 2) (i64x2.splat (i64.extend_i32_u (local.get 0)))
        (i32.and (local.get 0) (i32.const 1)))))
    (func (export "nested") (param i32 i32) (result i32)
      (select (select (i32.const 1) (i32.const 2) (local.get 1)) (select (i32.const 3) (i32.const 4) (local.get 1))
        (local.get 0)))))");
  const Value a128 = v128(1, 2), b128 = v128(3, 4);
  const Value ext = {ValType::externref(), runtime::make_i31(7)}, null = {ValType::externref(), 0};
  for (uint32_t c : {0u, 1u, 0x8000'0000u}) {
    const bool first = c != 0;
    EXPECT_EQ(value(m, "i32", {i32(10), i32(20), i32(c)}), first ? 10u : 20u);
    EXPECT_EQ(value(m, "i64", {i64(-1ull), i64(20), i32(c)}), first ? -1ull : 20u);
    EXPECT_EQ(value(m, "f32", {f32(1.5f), f32(2.5f), i32(c)}), std::bit_cast<uint32_t>(first ? 1.5f : 2.5f));
    EXPECT_EQ(value(m, "f64", {f64(1.5), f64(-0.0), i32(c)}), std::bit_cast<uint64_t>(first ? 1.5 : -0.0));
    Outcome out = call(m, "v128", {a128, b128, i32(c)});
    ASSERT_TRUE(out.ok());
    EXPECT_EQ(out.results[0].lo, first ? 1u : 3u);
    EXPECT_EQ(out.results[0].hi, first ? 2u : 4u);
    EXPECT_EQ(value(m, "func", {i32(c)}) != 0, first);
    EXPECT_EQ(value(m, "extern", {ext, null, i32(c)}), first ? ext.lo : 0u);
    EXPECT_EQ(value(m, "constants", {i32(c)}), first ? -2ull : 0x123456789abull);
    EXPECT_EQ(value(m, "nested", {i32(c), i32(0)}), first ? 2u : 4u);
    EXPECT_EQ(value(m, "nested", {i32(c), i32(1)}), first ? 1u : 3u);
  }
  EXPECT_EQ(value(m, "computed", {i32(-3u), i64(10)}), 11u);
  EXPECT_EQ(value(m, "computed", {i32(5), i64(10)}), 20u);
  EXPECT_EQ(std::bit_cast<double>(value(m, "floats", {f64(9), f64(10)})), 3.0);
  EXPECT_EQ(std::bit_cast<double>(value(m, "floats", {f64(9), f64(8)})), -8.0);
  EXPECT_EQ(value(m, "vectors", {i32(5)}), 1u);
  EXPECT_EQ(value(m, "vectors", {i32(6)}), 6u);
}

TEST_P(ControlTest, GlobalsOfEveryType) {
  load(R"((module
    (func $f (result i32) (i32.const 5))
    (global (export "i32") (mut i32) (i32.const -1))
    (global (export "i64") (mut i64) (i64.const -2))
    (global (export "f32") (mut f32) (f32.const 1.5))
    (global (export "f64") (mut f64) (f64.const -2.5))
    (global (export "v128") (mut v128) (v128.const i64x2 3 4))
    (global (export "func") (mut funcref) (ref.func $f))
    (global (export "extern") (mut externref) (ref.null extern))
    (global (export "any") (mut anyref) (ref.i31 (i32.const 9)))
    (func (export "read") (result i32 i64 f32 f64 v128) (global.get 0) (global.get 1) (global.get 2) (global.get 3)
      (global.get 4))))",
       "a");
  Instance* m = load(R"((module
    (import "a" "i32" (global $i32 (mut i32))) (import "a" "i64" (global $i64 (mut i64)))
    (import "a" "f32" (global $f32 (mut f32))) (import "a" "f64" (global $f64 (mut f64)))
    (import "a" "v128" (global $v128 (mut v128))) (import "a" "func" (global $func (mut funcref)))
    (import "a" "extern" (global $extern (mut externref))) (import "a" "any" (global $any (mut anyref)))
    (import "a" "read" (func $read (result i32 i64 f32 f64 v128)))
    (global $own (mut i64) (i64.const 10))
    (type $t (func (result i32)))
    (func (export "change") (param i32 i64 f32 f64 v128 externref) (result i32 i64 f32 f64 v128)
      (global.set $i32 (local.get 0)) (global.set $i64 (local.get 1)) (global.set $f32 (local.get 2))
      (global.set $f64 (local.get 3)) (global.set $v128 (local.get 4)) (global.set $extern (local.get 5))
      (call $read))
    (func (export "call") (result i32) (call_ref $t (ref.cast (ref $t) (global.get $func))))
    (func (export "extern") (result externref) (global.get $extern))
    (func (export "any") (result i32) (i31.get_u (ref.cast (ref i31) (global.get $any))))
    (func (export "arith") (result i64)
      (global.set $own (i64.add (global.get $own) (i64.mul (global.get $own) (global.get $i64))))
      (global.set $i64 (i64.const 77))
      (i64.sub (global.get $own) (global.get $i64)))
    (func (export "old") (result i32) (global.get $i32) (global.set $i32 (i32.const 3)) (i32.sub (global.get $i32)))
    (func (export "old_v") (result i64)
      (global.get $v128) (global.set $v128 (v128.const i64x2 0 0)) (i64x2.extract_lane 0))))");
  EXPECT_EQ(value(m, "call"), 5u);
  EXPECT_EQ(value(m, "any"), 9u);
  const Value ext = {ValType::externref(), runtime::make_i31(12)};
  Outcome out = call(m, "change", {i32(50), i64(6), f32(7.5f), f64(8.5), v128(11, 12), ext});
  ASSERT_TRUE(out.ok()) << out.status.error().render();
  EXPECT_EQ(out.results[0].lo, 50u);
  EXPECT_EQ(out.results[1].lo, 6u);
  EXPECT_EQ(out.results[2].lo, std::bit_cast<uint32_t>(7.5f));
  EXPECT_EQ(out.results[3].lo, std::bit_cast<uint64_t>(8.5));
  EXPECT_EQ(out.results[4].lo, 11u);
  EXPECT_EQ(out.results[4].hi, 12u);
  EXPECT_EQ(value(m, "extern"), ext.lo);
  EXPECT_EQ(value(m, "arith"), -7ull);
  EXPECT_EQ(value(m, "old"), 47u);
  EXPECT_EQ(value(m, "old_v"), 11u);
}

TEST_P(ControlTest, FunctionsWithoutEndOrBody) {
  Instance* m = load(R"((module
    (func (export "empty"))
    (func (export "return") (param i32) (result i32) (return (local.get 0)) (unreachable))
    (func (export "dead") (result i32) (br 0 (i32.const 4)) (i32.add (i32.const 1)) (drop)
      (block (loop (br 1)) ) (if (result i32) (then (i32.const 1)) (else (i32.const 2))))
    (func (export "many") (result i32 i64 f64) (br 0 (i32.const 1) (i64.const 2) (f64.const 3)))
    (func (export "if_one_sided") (param i32) (result i32)
      (local.get 0) (if (param i32) (result i32) (i32.eqz (local.get 0)) (then (i32.add (i32.const 7)))))))");
  EXPECT_EQ(error(m, "empty"), "");
  EXPECT_EQ(value(m, "return", {i32(8)}), 8u);
  EXPECT_EQ(value(m, "dead"), 4u);
  Outcome many = call(m, "many");
  ASSERT_EQ(many.results.size(), 3u);
  EXPECT_EQ(many.results[1].lo, 2u);
  EXPECT_EQ(value(m, "if_one_sided", {i32(0)}), 7u);
  EXPECT_EQ(value(m, "if_one_sided", {i32(3)}), 3u);
}

}  // namespace
}  // namespace ashlar::interp::test
