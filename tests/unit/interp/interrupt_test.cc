// Interruption from another thread stops everything that runs or waits; fuel is counted the same way every time.
#include <chrono>
#include <thread>

#include "exe_tester.h"

namespace ashlar::interp::test {
namespace {

/// Interrupts a store after a moment; ends the process when even that does not stop the guest.
class Interrupter {
 public:
  explicit Interrupter(runtime::Store& store)
      : thread_([this, &store] {
          using namespace std::chrono_literals;
          std::this_thread::sleep_for(20ms);
          store.interrupt("enough");
          for (int i = 0; i < 6000 && !done_; ++i) std::this_thread::sleep_for(5ms);
          if (done_) return;
          std::fputs("the guest did not stop\n", stderr);
          std::abort();
        }) {}
  ~Interrupter() {
    done_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> done_{false};
  std::thread thread_;
};

struct InterruptTest : ExeTest {
  void expect_interrupted(Instance* m, const char* name, const std::vector<Value>& args = {}) {
    SCOPED_TRACE(name);
    Outcome out;
    {
      Interrupter after(*store);
      out = call(m, name, args);
    }
    EXPECT_EQ(out.error(), "interrupted");
    if (!out.ok()) {
      EXPECT_EQ(out.status.error().message(), "interrupted: enough");
    }
    EXPECT_EQ(store->stack_top, store->stack_base);
    store->clear_interrupt();
  }
};
ASHLAR_ALL_CONFIGURATIONS(InterruptTest);

TEST_P(InterruptTest, Loops) {
  Instance* m = load(R"((module
    (memory 1) (global $g (mut i32) (i32.const 1))
    (func (export "br") (loop (br 0)))
    (func (export "br_if") (param i32) (loop (br_if 0 (local.get 0))))
    (func (export "global") (loop (br_if 0 (global.get $g))))
    (func (export "if") (param i32) (loop (if (local.get 0) (then (br 1)))))
    (func (export "count") (param i64) (local i64)
      (loop (local.set 1 (i64.add (local.get 1) (i64.const 1))) (br_if 0 (i64.lt_u (local.get 1) (local.get 0)))))
    (func (export "eqz") (local i32)
      (loop (local.set 0 (i32.add (local.get 0) (i32.const 2))) (br_if 0 (i32.and (local.get 0) (i32.const 2)))
        (br_if 0 (i32.eqz (i32.and (local.get 0) (i32.const 2))))))
    (func (export "float") (local f64)
      (loop (local.set 0 (f64.add (local.get 0) (f64.const 1))) (br_if 0 (f64.ge (local.get 0) (f64.const 0)))))
    (func (export "memory") (loop (br_if 0 (i32.eqz (i32.load (i32.const 16))))))
    (func (export "nested") (loop $a (loop $b (br_if $b (i32.eqz (global.get $g)))) (br $a)))
    (func (export "values") (i32.const 1) (loop (param i32) (i32.add (i32.const 1)) (br 0)))
    (func (export "br_table") (param i32) (loop (block (br_table 0 1 (local.get 0)))))
    (func (export "br_table_default") (param i32) (loop (br_table 0 0 0 (local.get 0))))
    (func (export "legacy") (loop $l (try (do (throw $e)) (catch_all (br $l)))))
    (tag $e)))");
  for (const char* name : {"br", "global", "eqz", "float", "memory", "nested", "values", "legacy"}) {
    expect_interrupted(m, name);
  }
  for (const char* name : {"br_if", "if", "br_table", "br_table_default"}) expect_interrupted(m, name, {i32(1)});
  expect_interrupted(m, "count", {i64(-1ull)});
  expect_interrupted(m, "br_table", {i32(7)});
}

TEST_P(InterruptTest, BranchesOfReferencesAndHandlers) {
  Instance* m = load(R"((module
    (tag $e)
    (func (export "null") (loop (br_on_null 0 (ref.null any)) (drop)))
    (func (export "non_null") (ref.i31 (i32.const 1)) (loop (param (ref i31)) (br_on_non_null 0)))
    (func (export "cast") (ref.i31 (i32.const 1)) (loop (param anyref) (br_on_cast_fail 0 anyref (ref none)) (drop)))
    (func (export "catch") (loop $l (try_table (catch_all $l) (throw $e))))))");
  for (const char* name : {"null", "non_null", "cast", "catch"}) expect_interrupted(m, name);
}

TEST_P(InterruptTest, Calls) {
  load(R"((module
    (type $v (func)) (table (export "t") 2 funcref)
    (elem (i32.const 0) $f)
    (func $f (export "f") (return_call_indirect (type $v) (i32.const 1)))))",
       "a");
  Instance* m = nullptr;
  host("loop", {}, {}, [&](Caller& caller, Slot*) -> Status {
    std::vector<Value> results;
    return caller.store.call(func(m, "direct"), {}, results);
  });
  host("nop", {}, {}, [](Caller&, Slot*) -> Status { return {}; });
  m = load(R"((module
    (type $v (func))
    (import "a" "t" (table 2 funcref)) (import "a" "f" (func $a))
    (import "host" "loop" (func $loop)) (import "host" "nop" (func $nop))
    (elem (i32.const 1) $b)
    (func $fib (param i64) (result i64)
      (if (i64.lt_u (local.get 0) (i64.const 2)) (then (return (local.get 0))))
      (i64.add (call $fib (i64.sub (local.get 0) (i64.const 1))) (call $fib (i64.sub (local.get 0) (i64.const 2)))))
    (func (export "fib") (result i64) (call $fib (i64.const 90)))
    (func $direct (export "direct") (return_call $direct))
    (func $ref (export "ref") (return_call_ref $v (ref.func $ref)))
    (func $b (export "cross") (return_call $a))
    (func (export "host") (call $loop))
    (func $host_loop (export "host_loop") (call $nop) (return_call $host_loop))
    (func (export "calls") (loop (call $nop) (br 0)))))");
  for (const char* name : {"fib", "direct", "ref", "cross", "host", "host_loop", "calls"}) expect_interrupted(m, name);
}

TEST_P(InterruptTest, BulkOperationsAndWaiting) {
  Instance* m = load(R"((module
    (memory 512) (table 100000 funcref) (memory $shared 1 1 shared)
    (func (export "fill") (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x2000000)) (br 0)))
    (func (export "copy") (loop (memory.copy (i32.const 1) (i32.const 0) (i32.const 0x1ffffff)) (br 0)))
    (func (export "table") (loop (table.fill (i32.const 0) (ref.null func) (i32.const 100000)) (br 0)))
    (func (export "wait") (result i32)
      (memory.atomic.wait32 $shared (i32.const 0) (i32.const 0) (i64.const -1)))))");
  for (const char* name : {"fill", "copy", "table", "wait"}) expect_interrupted(m, name);
}

TEST_P(InterruptTest, StaysUntilItIsClearedAndReachesLaterInstances) {
  store->interrupt("stop");
  Instance* m = load(R"((module
    (func (export "f") (result i32) (i32.const 3))
    (func (export "loop") (param i32) (loop (br_if 0 (local.get 0))))))");
  EXPECT_EQ(error(m, "loop", {i32(1)}), "interrupted");
  EXPECT_EQ(error(m, "loop", {i32(1)}), "interrupted");
  store->clear_interrupt();
  EXPECT_EQ(value(m, "f"), 3u);
  EXPECT_EQ(error(m, "loop", {i32(0)}), "");
  store->interrupt("again");
  EXPECT_EQ(error(m, "loop", {i32(1)}), "interrupted");
  store->clear_interrupt();
  EXPECT_EQ(value(m, "f"), 3u);
}

constexpr std::string_view kWork = R"((module
  (memory 1) (global $n (mut i32) (i32.const 0))
  (func $collatz (param i64) (result i32) (local i32)
    (loop $l
      (if (i64.eq (local.get 0) (i64.const 1)) (then (return (local.get 1))))
      (local.set 1 (i32.add (local.get 1) (i32.const 1)))
      (local.set 0 (if (result i64) (i64.eqz (i64.and (local.get 0) (i64.const 1)))
        (then (i64.shr_u (local.get 0) (i64.const 1)))
        (else (i64.add (i64.mul (local.get 0) (i64.const 3)) (i64.const 1)))))
      (br $l))
    (unreachable))
  (func (export "work") (param i32) (result i32) (local $i i64) (local $sum i32)
    (loop $l
      (local.set $i (i64.add (local.get $i) (i64.const 1)))
      (local.set $sum (i32.add (local.get $sum) (call $collatz (local.get $i))))
      (br_if $l (i64.lt_u (local.get $i) (i64.extend_i32_u (local.get 0)))))
    (local.get $sum))
  (func (export "trap") (param i32) (result i32)
    (i32.load (i32.add (i32.mul (local.get 0) (i32.const 65536)) (i32.const 4))))
  (func (export "count") (loop (global.set $n (i32.add (global.get $n) (i32.const 1))) (br 0)))
  (func (export "n") (result i32) (global.get $n))))";

TEST_P(InterruptTest, FuelIsDeterministic) {
  if (!GetParam().fuel) GTEST_SKIP() << "without fuel";
  std::vector<int64_t> used[2];
  for (auto& list : used) {
    new_store({});
    Instance* m = load(kWork);
    const auto measure = [&](const char* name, uint32_t arg) {
      const int64_t before = store->fuel;
      (void)call(m, name, {i32(arg)});
      list.push_back(before - store->fuel);
    };
    for (uint32_t n : {1u, 1u, 27u, 100u, 27u}) measure("work", n);
    for (uint32_t n : {0u, 1u, 0u, 1u}) measure("trap", n);
  }
  EXPECT_EQ(used[0], used[1]);
  EXPECT_EQ(used[0][0], used[0][1]);
  EXPECT_EQ(used[0][2], used[0][4]);
  EXPECT_GT(used[0][2], used[0][0]);
  EXPECT_GT(used[0][5], 0);
  EXPECT_EQ(used[0][6], used[0][8]);
}

TEST_P(InterruptTest, FuelRunsOutAtTheSamePlace) {
  if (!GetParam().fuel) GTEST_SKIP() << "without fuel";
  std::vector<uint64_t> counts;
  for (int round = 0; round < 3; ++round) {
    for (int64_t fuel : {0, 1, 100, 12345}) {
      new_store({});
      Instance* m = load(kWork);
      store->fuel = fuel;
      EXPECT_EQ(error(m, "count"), "out_of_fuel");
      EXPECT_EQ(error(m, "count"), "out_of_fuel");
      store->fuel = kPlenty;
      counts.push_back(value(m, "n"));
    }
  }
  EXPECT_EQ(counts[0], 0u);
  EXPECT_GT(counts[3], 1000u);
  for (size_t i = 4; i < counts.size(); ++i) EXPECT_EQ(counts[i], counts[i - 4]);
}

}  // namespace
}  // namespace ashlar::interp::test
