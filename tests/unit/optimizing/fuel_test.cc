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

constexpr const char* kFunctions[] = {"middle", "access",   "loop",   "inlined", "indirect",
                                      "table",  "uncaught", "caught", "legacy",  "only the handler goes on"};

struct CompiledFuel : CompiledTest {
  CompiledFuel() : CompiledTest(true) {}

  /// How each call ended, and the fuel that was left.
  std::vector<std::string> outcomes(int64_t fuel) {
    std::vector<std::string> out;
    for (const char* name : kFunctions) {
      for (uint32_t argument : {0u, 1u, 2u, 5u}) {
        store_->fuel = fuel;
        const Status status = call(name, {{isa::ValType::i32(), argument}});
        out.push_back(std::string(name) + "(" + std::to_string(argument) + ") with " + std::to_string(fuel) + ": " +
                      (status ? "" : status.error().message()) + ", left " + std::to_string(store_->fuel));
      }
    }
    return out;
  }
};

TEST_F(CompiledFuel, IsTheSameInEveryTier) {
  for (int64_t fuel : {0, 3, 7, 12, 20, 1'000'000}) {
    load(kModule, std::nullopt);
    const std::vector<std::string> interpreted = outcomes(fuel);
    for (OptLevel level : {OptLevel::O0, OptLevel::O2}) {
      load(kModule, level);
      EXPECT_EQ(outcomes(fuel), interpreted);
    }
  }
}

}  // namespace
}  // namespace ashlar::optimizing
