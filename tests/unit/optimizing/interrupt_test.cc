// Interruption of what the compiler makes: loops and calls of every kind stop, and callers are found from anywhere.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "optimizing/compiled_test.h"
#include "support/single_step.h"
#include "support/without_alarms.h"

namespace ashlar::optimizing {
namespace {

using namespace std::chrono_literals;
using runtime::Caller;
using runtime::Slot;
using runtime::Value;

struct CompiledInterrupt : CompiledTest {
  void expect_interrupted(std::string_view name, std::vector<Value> args = {}) {
    SCOPED_TRACE(name);
    std::atomic<bool> done{false};
    std::thread other([&] {
      std::this_thread::sleep_for(5ms);
      store_->interrupt("enough");
      for (int i = 0; i < 6000 && !done; ++i) std::this_thread::sleep_for(5ms);
      if (!done) std::abort();
    });
    const Status status = call(name, std::move(args));
    done = true;
    other.join();
    store_->clear_interrupt();
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().message(), "interrupted: enough");
    EXPECT_NE(status.error().notes().find(" - <unknown>!" + std::string(name)), std::string::npos)
        << status.error().notes();
  }
};

TEST_F(CompiledInterrupt, Loops) {
  load(R"((module
    (memory 1) (global $g (mut i32) (i32.const 1)) (tag $e)
    (func (export "br") (loop (br 0)))
    (func (export "global") (loop (br_if 0 (global.get $g))))
    (func (export "count") (local i64)
      (loop (local.set 0 (i64.add (local.get 0) (i64.const 1))) (br_if 0 (i64.ne (local.get 0) (i64.const -1)))))
    (func (export "memory") (loop (br_if 0 (i32.eqz (i32.load (i32.const 16))))))
    (func (export "catch") (loop $l (try_table (catch_all $l) (throw $e))))
    (func (export "values") (i32.const 1) (loop (param i32) (i32.add (i32.const 1)) (br 0)))))");
  for (const char* name : {"br", "global", "count", "memory", "catch", "values"}) expect_interrupted(name);
}

TEST_F(CompiledInterrupt, Calls) {
  const uint32_t type = engine_->types()->intern_func({{}, {}});
  linker_->define("host", "nop",
                  runtime::Extern::of(store_->new_host_func(type, {[](Caller&, Slot*) { return Status{}; }, "nop"})));
  load(R"((module
    (type $v (func))
    (import "host" "nop" (func $nop))
    (table 1 funcref) (elem (i32.const 0) $indirect) (elem declare func $ref)
    (func $fib (param i64) (result i64)
      (if (i64.lt_u (local.get 0) (i64.const 2)) (then (return (local.get 0))))
      (i64.add (call $fib (i64.sub (local.get 0) (i64.const 1))) (call $fib (i64.sub (local.get 0) (i64.const 2)))))
    (func (export "fib") (drop (call $fib (i64.const 90))))
    (func $direct (export "direct") (return_call $direct))
    (func $indirect (export "indirect") (return_call_indirect (type $v) (i32.const 0)))
    (func $ref (export "ref") (return_call_ref $v (ref.func $ref)))
    (func (export "host") (loop (call $nop) (br 0)))))");
  for (const char* name : {"fib", "direct", "indirect", "ref", "host"}) expect_interrupted(name);
}

TEST_F(CompiledInterrupt, BulkOperationsAndWaiting) {
  load(R"((module
    (memory 512) (table $t 100000 funcref) (memory $shared 1 1 shared) (type $a (array (mut i64)))
    (func (export "fill") (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x2000000)) (br 0)))
    (func (export "copy") (loop (memory.copy (i32.const 1) (i32.const 0) (i32.const 0x1ffffff)) (br 0)))
    (func (export "table") (loop (table.fill $t (i32.const 0) (ref.null func) (i32.const 100000)) (br 0)))
    (func (export "array") (local (ref null $a))
      (local.set 0 (array.new_default $a (i32.const 10000000)))
      (loop (array.fill $a (local.get 0) (i32.const 0) (i64.const 1) (i32.const 10000000)) (br 0)))
    (func (export "wait")
      (drop (memory.atomic.wait32 $shared (i32.const 0) (i32.const 0) (i64.const -1))))))");
  for (const char* name : {"fill", "copy", "table", "array", "wait"}) expect_interrupted(name);
}

// Loops of short ones are in helpers nearly all the time: here an alarm never finds them elsewhere.
TEST_F(CompiledInterrupt, ShortBulkOperations) {
  load(R"((module
    (memory 8) (table $t 100 funcref) (data $d "abcdef") (type $a (array (mut i8)))
    (global $a (ref $a) (array.new_default $a (i32.const 1000)))
    (func (export "fill") (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 100)) (br 0)))
    (func (export "copy") (loop (memory.copy (i32.const 0) (i32.const 8) (i32.const 100)) (br 0)))
    (func (export "long_copy") (loop (memory.copy (i32.const 0) (i32.const 8) (i32.const 320000)) (br 0)))
    (func (export "init") (loop (memory.init $d (i32.const 0) (i32.const 0) (i32.const 4)) (br 0)))
    (func (export "table") (loop (table.fill $t (i32.const 0) (ref.null func) (i32.const 60)) (br 0)))
    (func (export "array") (loop (array.fill $a (global.get $a) (i32.const 0) (i32.const 1) (i32.const 900)) (br 0)))
    (func (export "arrays")
      (loop (array.copy $a $a (global.get $a) (i32.const 0) (global.get $a) (i32.const 1) (i32.const 900)) (br 0)))))");
  const test::WithoutAlarms without;
  for (const char* name : {"fill", "copy", "long_copy", "init", "table", "array", "arrays"}) expect_interrupted(name);
}

// One operation longer than a moment: it is left in its middle.
TEST_F(CompiledInterrupt, OneLongOperation) {
  load(R"((module (memory 32768)
    (func (export "fill") (loop (memory.fill (i32.const 0) (i32.const 7) (i32.const 0x7fffffff)) (br 0)))
    (func (export "last") (result i32) (i32.load8_u (i32.const 0x7ffffffe)))))");
  expect_interrupted("fill");
  EXPECT_EQ(instance_->ctx.mem0->base()[0], 7u);
  EXPECT_EQ(instance_->ctx.mem0->base()[0x7ffffffe], 0u);
}

/// Frames of many kinds: delayed prologues, large ones, spilled registers, vectors, landing pads, tail calls.
constexpr std::string_view kFrames = R"((module
  (memory 1) (tag $e (param i32)) (type $f (func (param i64) (result i64))) (table funcref (elem $early $wide $large))
  (func $early (export "early") (param i64) (result i64) (local $r i64)
    (if (i64.lt_u (local.get 0) (i64.const 2)) (then (return (local.get 0))))
    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
    (local.set $r (i64.add (call $early (i64.sub (local.get 0) (i64.const 1)))
                           (call $early (i64.sub (local.get 0) (i64.const 2)))))
    (i32.store (i32.const 0) (i32.sub (i32.load (i32.const 0)) (i32.const 1)))
    (local.get $r))
  (func $wide (export "wide") (param i64) (result i64)
    (local $a i64) (local $b i64) (local $c i64) (local $d i64) (local $e i64) (local $f i64) (local $v v128)
    (if (i64.eqz (local.get 0)) (then (return (i64.load (i32.const 8)))))
    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
    (local.set $a (i64.load (i32.const 16))) (local.set $b (i64.load (i32.const 24)))
    (local.set $c (i64.load (i32.const 32))) (local.set $d (i64.load (i32.const 40)))
    (local.set $e (i64.load (i32.const 48))) (local.set $f (i64.load (i32.const 56)))
    (local.set $v (v128.load (i32.const 64)))
    (local.set $a (i64.add (local.get $a)
      (call_indirect (type $f) (i64.sub (local.get 0) (i64.const 1)) (i32.wrap_i64 (i64.and (local.get 0) (i64.const 1))))))
    (local.set $a (i64.add (local.get $a) (call $wide (i64.shr_u (local.get 0) (i64.const 1)))))
    (local.set $a (i64.add (local.get $a) (i64x2.extract_lane 1 (local.get $v))))
    (local.set $a (i64.xor (local.get $a) (i64.xor (local.get $b) (i64.xor (local.get $c) (i64.xor (local.get $d)
      (i64.xor (local.get $e) (local.get $f)))))))
    (i32.store (i32.const 0) (i32.sub (i32.load (i32.const 0)) (i32.const 1)))
    (local.get $a))
  (func $large (export "throws") (param i64) (result i64) (local $r i64)
    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
    (block $done
      (drop (block $caught (result i32)
        (try_table (catch $e $caught)
          (if (i64.eqz (local.get 0)) (then (throw $e (i32.const 5))))
          (local.set $r (call $large (i64.sub (local.get 0) (i64.const 1))))
          (br $done))
        (unreachable)))
      (local.set $r (i64.const 9)))
    (i32.store (i32.const 0) (i32.sub (i32.load (i32.const 0)) (i32.const 1)))
    (local.get $r))
  (func $even (param i64) (result i64)
    (if (i64.eqz (local.get 0)) (then (return (i64.const 1))))
    (return_call $odd (i64.sub (local.get 0) (i64.const 1))))
  (func $odd (param i64) (result i64)
    (if (i64.eqz (local.get 0)) (then (return (i64.const 0))))
    (return_call $even (i64.sub (local.get 0) (i64.const 1))))
  (func (export "tails") (param i64) (result i64) (local $r i64)
    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
    (local.set $r (i64.add (call $even (local.get 0)) (i64.const 1)))
    (i32.store (i32.const 0) (i32.sub (i32.load (i32.const 0)) (i32.const 1)))
    (local.get $r))))";

TEST_F(CompiledInterrupt, TheCallerIsFoundFromEachInstruction) {
#if defined(__x86_64__)
  for (const OptLevel level : {OptLevel::O0, OptLevel::O1, OptLevel::O2, OptLevel::O3, OptLevel::Os}) {
    load(kFrames, level);
    for (const char* name : {"early", "wide", "throws", "tails"}) {
      SCOPED_TRACE(std::string(name) + " at level " + std::to_string(static_cast<int>(level)));
      const std::vector<Value> args = {{isa::ValType::i64(), 5}};
      ASSERT_TRUE(call(name, args));
      const test::Steps steps = test::single_step([&] { ASSERT_TRUE(call(name, args)); }, instance_->ctx.mem0_base);
      EXPECT_GT(steps.in_images, 20u);
      EXPECT_EQ(steps.wrong, 0u) << std::hex << steps.first_pc - reinterpret_cast<uint64_t>(image_->code()) << ": "
                                 << steps.first_found << " callers, frames: " << steps.first_depth;
      EXPECT_EQ(steps.astray, 0u) << std::hex << steps.first_pc - reinterpret_cast<uint64_t>(image_->code());
    }
  }
#endif
}

}  // namespace
}  // namespace ashlar::optimizing
