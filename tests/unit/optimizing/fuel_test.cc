// Fuel: compiled code takes as much as the interpreter, wherever it traps, throws or runs out.
#include <gtest/gtest.h>

#include "optimizing/compiled_test.h"

namespace ashlar::optimizing {
namespace {

using runtime::Value;

constexpr std::string_view kModule = R"((module
  (memory 1) (table 2 funcref) (tag $e (param i32)) (type $v (func)) (global $n (mut i32) (i32.const 0))
  (func (export "none"))
  (func (export "middle") (param i32) (local i32)
    (local.set 1 (i32.add (local.get 0) (i32.const 1)))
    (local.set 1 (i32.div_u (i32.const 7) (local.get 0)))
    (local.set 1 (i32.mul (local.get 1) (i32.const 3)))
    (i32.store (i32.const 8) (local.get 1)))
  (func (export "access") (param i32)
    (i32.store (i32.const 0) (i32.const 5))
    (i32.store (i32.mul (local.get 0) (i32.const 65536)) (i32.const 6))
    (i32.store (i32.const 4) (i32.const 7)))
  (func (export "loop") (param i32)
    (loop $l
      (global.set $n (i32.add (global.get $n) (i32.const 1)))
      (if (i32.eqz (local.get 0)) (then (global.set $n (i32.const 1)) (unreachable)) (else (nop)))
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (br_if $l (i32.ge_s (local.get 0) (i32.const 0)))))
  (func $callee (param i32) (nop) (drop (i32.rem_u (i32.const 9) (local.get 0))) (nop) (nop))
  (func (export "inlined") (param i32) (nop) (call $callee (local.get 0)) (nop) (nop) (nop))
  (func (export "indirect") (param i32) (nop) (call_indirect (type $v) (local.get 0)) (nop) (nop))
  (func (export "table") (param i32) (local i32)
    (block $a (block $b (block $c (br_table $a $b $c (local.get 0))) (nop) (unreachable)) (nop) (nop)))
  (func $thrower (param i32) (nop) (if (local.get 0) (then (throw $e (i32.const 3)))) (nop) (nop))
  (func (export "uncaught") (param i32) (nop) (call $thrower (local.get 0)) (nop) (nop))
  (func (export "caught") (param i32) (result i32)
    (block $h (result i32)
      (try_table (catch $e $h) (nop) (call $thrower (local.get 0)) (nop))
      (nop) (drop (i32.div_u (i32.const 1) (local.get 0))) (nop) (i32.const 1))
    (nop))
  (func (export "legacy") (param i32) (result i32)
    (try (result i32) (do (call $thrower (local.get 0)) (i32.const 2)) (catch $e (nop)) (catch_all (i32.const 4)))
    (nop))
  (func (export "only the handler goes on") (param i32) (result i32)
    (try (do (call $thrower (local.get 0)) (return (i32.const 2))) (catch_all (nop) (drop (i32.rem_u (i32.const 1) (i32.sub (local.get 0) (i32.const 2))))))
    (nop) (nop) (i32.const 3))))";

const std::vector<const char*> kFunctions = {"middle", "access",   "loop",   "inlined", "indirect",
                                             "table",  "uncaught", "caught", "legacy",  "only the handler goes on"};

// Loops over numbers: of these copies are made that look neither for the end of the fuel nor for that of the memory.
constexpr std::string_view kLoops = R"((module
  (memory 1) (tag $e) (type $f (func (param f64) (result f64))) (table funcref (elem $half))
  (func $half (type $f) (f64.mul (local.get 0) (f64.const 0.5)))
  (func (export "sum") (param $n i32) (result f64) (local $i i32) (local $s f64)
    (loop $l
      (local.set $s (f64.add (local.get $s) (f64.load (i32.shl (local.get $i) (i32.const 3)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_s (local.get $i) (local.get $n))))
    (f64.store (i32.shl (local.get $n) (i32.const 2)) (local.get $s))
    (local.get $s))
  (func (export "scale") (param $n i32) (local $at i32) (local $end i32)
    (local.set $end (i32.shl (local.get $n) (i32.const 2)))
    (block $done
      (br_if $done (i32.eqz (local.get $n)))
      (loop $l
        (f32.store (local.get $at) (f32.mul (f32.load (local.get $at)) (f32.const 3)))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br_if $l (i32.ne (local.get $at) (local.get $end)))))
    (f32.store (i32.mul (local.get $n) (i32.const 900)) (f32.const 1)))
  (func (export "divide") (param $n i32) (result i32) (local $i i32) (local $s i32)
    (loop $l
      (f64.store (i32.shl (local.get $i) (i32.const 3)) (f64.convert_i32_s (local.get $s)))
      (local.set $s (i32.add (local.get $s) (i32.div_u (i32.const 900) (i32.sub (i32.const 50) (local.get $i)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
    (local.get $s))
  (func (export "leave in the middle") (param $n i32) (result i32) (local $i i32)
    (block $out
      (loop $l
        (br_if $out (f64.gt (f64.load offset=8 (i32.shl (local.get $i) (i32.const 3))) (f64.convert_i32_s (local.get $n))))
        (if (i32.and (local.get $i) (i32.const 1)) (then (nop) (nop) (nop)))
        (f64.store offset=1024 (i32.shl (local.get $i) (i32.const 3)) (f64.convert_i32_s (local.get $i)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $i) (local.get $n)))))
    (drop (i32.rem_u (i32.const 1) (i32.sub (local.get $i) (i32.const 7))))
    (local.get $i))
  (func (export "nest") (param $n i32) (result f32) (local $i i32) (local $j i32) (local $k i32) (local $s f32)
    (loop $a
      (local.set $j (i32.const 0))
      (loop $b
        (local.set $k (i32.const 0))
        (loop $c
          (local.set $s (f32.add (local.get $s)
            (f32.load (i32.shl (i32.add (local.get $i) (i32.add (local.get $k) (i32.mul (local.get $j) (i32.const 64)))) (i32.const 2)))))
          (local.set $k (i32.add (local.get $k) (i32.const 1)))
          (br_if $c (i32.lt_u (local.get $k) (i32.const 3))))
        (local.set $j (i32.add (local.get $j) (i32.const 1)))
        (br_if $b (i32.lt_u (local.get $j) (i32.const 3))))
      (f32.store offset=4096 (i32.shl (local.get $i) (i32.const 2)) (local.get $s))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $a (i32.lt_u (local.get $i) (local.get $n))))
    (local.get $s))
  (func (export "calls") (param $n i32) (result f64) (local $i i32) (local $s f64)
    (loop $l
      (local.set $s (f64.add (call_indirect (type $f) (local.get $s) (i32.const 0)) (f64.load (i32.shl (local.get $i) (i32.const 3)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_s (local.get $i) (local.get $n))))
    (local.get $s))
  (func (export "throws") (param $n i32) (result i32) (local $i i32)
    (loop $l
      (block $caught
        (try_table (catch $e $caught)
          (f64.store (i32.shl (local.get $i) (i32.const 3)) (f64.const 1))
          (if (i32.and (local.get $i) (i32.const 2)) (then (throw $e)))
          (nop) (nop)))
      (drop (i32.div_u (i32.const 1) (i32.sub (local.get $i) (i32.const 70))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_s (local.get $i) (local.get $n))))
    (local.get $i))
  (func $next (export "tail calls") (param $n i32) (result f64) (local $i i32) (local $s f64)
    (loop $l
      (local.set $s (f64.add (local.get $s) (f64.load (i32.shl (local.get $i) (i32.const 3)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_s (local.get $i) (i32.const 9))))
    (if (i32.le_s (local.get $n) (i32.const 0)) (then (return (local.get $s))))
    (return_call $next (i32.sub (local.get $n) (i32.const 10))))))";

const std::vector<const char*> kLoopFunctions = {"sum",  "scale", "divide", "leave in the middle",
                                                 "nest", "calls", "throws", "tail calls"};

// Calls that pass the fuel in a register, and those that do not: results of every kind, branches right behind and in
// front of calls, recursion, guessed callees, tail calls from and to functions of either kind, exceptions through both.
constexpr std::string_view kCalls = R"((module
  (memory 1) (tag $e (param i32)) (type $r (func (param i32) (result i32))) (type $v (func (param i32)))
  (table funcref (elem $leaf $odd $tail)) (global $g (mut i32) (i32.const 0))
  (func $leaf (type $r) (nop) (i32.add (local.get 0) (i32.const 1)))
  (func $trap (param i32) (drop (i32.div_u (i32.const 1) (local.get 0))) (nop))
  (func $f64 (param i32) (result f64) (nop) (call $trap (local.get 0)) (f64.convert_i32_s (local.get 0)))
  (func $v128 (param i32) (result v128) (i32x4.splat (call $even (local.get 0))))
  (func $two (param i32) (result i32 f32) (nop) (call $odd (local.get 0)) (f32.const 2))
  (func $even (type $r) (if (result i32) (local.get 0)
    (then (call $odd (i32.sub (local.get 0) (i32.const 1)))) (else (nop) (i32.const 1))))
  (func $odd (type $r) (if (result i32) (local.get 0)
    (then (nop) (call $even (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 0))))
  (func $tail (type $r) (nop)
    (if (i32.gt_u (local.get 0) (i32.const 30)) (then (return_call $tail (i32.sub (local.get 0) (i32.const 7)))))
    (if (i32.and (local.get 0) (i32.const 1)) (then (return_call $leaf (local.get 0))))
    (return_call_indirect (type $r) (local.get 0) (i32.const 1)))
  (func $tail_void (type $v) (nop) (return_call $trap (local.get 0)))
  (func $thrower (param i32) (nop) (if (i32.eq (local.get 0) (i32.const 5)) (then (throw $e (local.get 0)))))
  (func (export "results") (param i32) (result f64)
    (drop (call $two (local.get 0))) (drop)
    (drop (call $v128 (local.get 0)))
    (nop) (call $f64 (local.get 0)))
  (func (export "branches") (param i32) (result i32) (local i32)
    (loop $l
      (if (i32.and (local.get 0) (i32.const 1))
        (then (local.set 1 (call $odd (local.get 0))) (nop))
        (else (nop) (nop) (local.set 1 (call $tail (local.get 0)))))
      (if (i32.eq (local.get 0) (i32.const 9)) (then (call $trap (i32.const 0))))
      (br_if $l (local.tee 0 (i32.shr_u (local.get 0) (i32.const 1)))))
    (local.get 1))
  (func (export "tails") (param i32) (result i32)
    (call $tail_void (i32.add (local.get 0) (i32.const 1)))
    (global.set $g (call $tail (local.get 0)))
    (return_call $tail (i32.add (local.get 0) (i32.const 64))))
  (func (export "indirect") (param i32) (result i32)
    (nop) (call_indirect (type $r) (local.get 0) (i32.rem_u (local.get 0) (i32.const 4))) (nop))
  (func (export "reference") (param i32) (result i32)
    (call_ref $r (local.get 0) (select (result (ref null $r)) (ref.func $leaf) (ref.func $odd) (local.get 0))))
  (func $guessed (export "guessed") (param i32) (result i32) (nop)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 3))))
    (i32.add (call_ref $r (i32.sub (local.get 0) (i32.const 1)) (ref.func $leaf)) (call $guessed (i32.sub (local.get 0) (i32.const 1)))))
  (func (export "thrown") (param i32) (result i32)
    (block $h (result i32)
      (try_table (catch $e $h) (nop) (call $thrower (local.get 0)) (drop (call $odd (local.get 0))) (call $thrower (i32.const 5)))
      (i32.const 1))
    (call $leaf) (nop))))";

const std::vector<const char*> kCallFunctions = {"results",   "branches", "tails", "indirect",
                                                 "reference", "guessed",  "thrown"};

struct CompiledFuel : CompiledTest {
  explicit CompiledFuel(const isa::FuelCosts& costs = {}) : CompiledTest(true, costs) {}

  struct Program {
    std::string_view text;
    std::vector<const char*> functions;
    std::vector<uint32_t> arguments;
  };
  const Program branches_ = {kModule, kFunctions, {0, 1, 2, 5}};
  const Program loops_ = {kLoops, kLoopFunctions, {0, 1, 7, 50, 51, 200, 9000}};  // the last leaves the memory

  const Program calls_ = {kCalls, kCallFunctions, {0, 1, 5, 9, 22, 77}};

  /// How each call ended, and the fuel that was left.
  std::vector<std::string> outcomes(const Program& program, int64_t fuel) {
    std::vector<std::string> out;
    for (const char* name : program.functions) {
      for (uint32_t argument : program.arguments) {
        store_->fuel = fuel;
        const Status status = call(name, {{isa::ValType::i32(), argument}});
        out.push_back(std::string(name) + "(" + std::to_string(argument) + ") with " + std::to_string(fuel) + ": " +
                      (status ? "" : status.error().message()) + ", left " + std::to_string(store_->fuel));
      }
    }
    return out;
  }

  void expect_the_same(const Program& program, std::initializer_list<int64_t> amounts) {
    std::vector<std::vector<std::string>> interpreted;
    for (int64_t fuel : amounts) {
      load(program.text, std::nullopt);
      interpreted.push_back(outcomes(program, fuel));
    }
    for (OptLevel level : {OptLevel::O0, OptLevel::O1, OptLevel::O2, OptLevel::O3, OptLevel::Os}) {
      size_t i = 0;
      for (int64_t fuel : amounts) {
        load(program.text, level);
        EXPECT_EQ(outcomes(program, fuel), interpreted[i++]) << "level " << static_cast<int>(level);
      }
    }
  }
};

TEST_F(CompiledFuel, IsTheSameInEveryTier) { expect_the_same(branches_, {0, 3, 7, 12, 20, 1'000'000}); }

TEST_F(CompiledFuel, OfLoopsIsTheSameInEveryTier) {
  expect_the_same(loops_, {0, 40, 300, 777, 1001, 1500, 4000, 1'000'000, int64_t{1} << 50});
}

TEST_F(CompiledFuel, OfCallsIsTheSameInEveryTier) {
  expect_the_same(calls_, {0, 10, 25, 40, 55, 77, 100, 150, 300, 1000, int64_t{1} << 50});
}

TEST_F(CompiledFuel, EndsALoopOfAllRoundsThereAre) {
  constexpr std::string_view kDown = R"((module (memory 1)
    (func (export "down") (param $i i64) (result f64) (local $s f64)
      (loop $l
        (local.set $s (f64.add (local.get $s) (f64.load (i32.and (i32.wrap_i64 (local.get $i)) (i32.const 0xff8)))))
        (br_if $l (i64.ne (local.tee $i (i64.sub (local.get $i) (i64.const 1))) (i64.const 0))))
      (local.get $s))))";
  std::vector<int64_t> left;
  for (const std::optional<OptLevel> level : {std::optional<OptLevel>(), std::optional(OptLevel::O3)}) {
    load(kDown, level);
    store_->fuel = 100'000;
    // Down from 0 and past it: 2^64 rounds.
    EXPECT_FALSE(call("down", {{isa::ValType::i64(), 0}}));
    left.push_back(store_->fuel);
  }
  EXPECT_EQ(left[0], left[1]);
}

struct CompiledCosts : CompiledFuel {
  CompiledCosts() : CompiledFuel(*isa::FuelCosts::parse("*=2,i32.*=3,nop=0,local.get=1000000,call=7")) {}
};

TEST_F(CompiledCosts, AreTheSameInEveryTier) {
  expect_the_same(branches_, {0, 12, 1'000'000, 5'000'000, int64_t{1} << 40});
}
TEST_F(CompiledCosts, OfLoopsAreTheSameInEveryTier) {
  expect_the_same(loops_, {1'000, 30'000'000, 300'000'000, int64_t{1} << 50});
}

TEST_F(CompiledFuel, IsKeptByTrapsAsItWasAtTheLastLoopOrCall) {
  for (const std::optional<OptLevel> level : {std::optional<OptLevel>(), std::optional(OptLevel::O2)}) {
    load(R"((module
      (func $f (nop) (nop) (unreachable))
      (func (export "trap") (nop) (call $f))
      (func (export "loop") (param i32) (loop (drop (i32.div_u (i32.const 1) (local.get 0))))))"
         ")",
         level);
    store_->fuel = 100;
    EXPECT_FALSE(call("trap"));
    EXPECT_EQ(store_->fuel, 100 - 3);  // nop, call, end
    store_->fuel = 100;
    EXPECT_FALSE(call("loop", {{isa::ValType::i32(), 0}}));
    EXPECT_EQ(store_->fuel, 100 - 1 - 6);  // loop; what follows, to the function's end
  }
}

TEST_F(CompiledCosts, AreTaken) {
  for (const std::optional<OptLevel> level : {std::optional<OptLevel>(), std::optional(OptLevel::O2)}) {
    load(R"((module (func (export "f") (param i32) (nop) (drop (i32.mul (local.get 0) (i32.const 2))))))", level);
    store_->fuel = 2'000'000;
    ASSERT_TRUE(call("f", {{isa::ValType::i32(), 5}}));
    EXPECT_EQ(store_->fuel, 2'000'000 - 1'000'000 - 3 - 3 - 2 - 2);  // the function's end is an instruction
  }
}

}  // namespace
}  // namespace ashlar::optimizing
