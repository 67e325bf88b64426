// Guests on several threads that share a memory: atomics, waiting and growth.
#include <atomic>
#include <thread>

#include "exe_tester.h"

namespace ashlar::interp::test {
namespace {

constexpr int kThreads = 4;

struct ThreadTest : ExeTest {
  /// Runs f(store, instance, number) on kThreads threads, each with its own store; all import one shared memory.
  template <class F>
  void on_threads(std::string_view wat, F f) {
    module::MemoryType type;
    type.limits = {.min = 1, .max = 64, .is64 = false, .shared = true};
    auto memory = runtime::Memory::create(type, 0);
    ASSERT_TRUE(memory.has_value());
    auto shared = compile(wat);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        runtime::Store own(engine);
        own.fuel = kPlenty;
        runtime::Linker names(own);
        names.define("env", "memory", runtime::Extern::of(own.adopt_memory(*memory)));
        auto instance = names.instantiate(shared);
        ASSERT_TRUE(instance.has_value());
        f(own, *instance, t);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  static uint64_t run(runtime::Store& own, Instance* instance, const char* name, std::vector<Value> args) {
    std::vector<Value> results;
    Status status = own.call(func(instance, name), args, results);
    EXPECT_TRUE(status.has_value()) << status.error().render();
    return results.empty() ? 0 : results[0].lo;
  }
};
ASHLAR_ALL_CONFIGURATIONS(ThreadTest);

TEST_P(ThreadTest, AtomicUpdatesAreNotLost) {
  constexpr uint32_t kTurns = 20'000;
  std::atomic<uint64_t> last{0};
  on_threads(R"((module (import "env" "memory" (memory 1 64 shared))
    (func (export "work") (param $n i32) (local $old i32)
      (loop $again
        (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
        (drop (i64.atomic.rmw.sub (i32.const 8) (i64.const 3)))
        (drop (i32.atomic.rmw8.add_u (i32.const 17) (i32.const 1)))
        (loop $retry
          (local.set $old (i32.atomic.load (i32.const 32)))
          (br_if $retry (i32.ne (local.get $old)
            (i32.atomic.rmw.cmpxchg (i32.const 32) (local.get $old) (i32.add (local.get $old) (i32.const 2))))))
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "done") (result i32) (i32.atomic.rmw.add (i32.const 64) (i32.const 1)))
    (func (export "sum") (result i64)
      (i64.add (i64.extend_i32_u (i32.atomic.load (i32.const 0)))
        (i64.add (i64.atomic.load (i32.const 8)) (i64.extend_i32_u (i32.atomic.load (i32.const 32))))))
    (func (export "bytes") (result i32) (i32.load (i32.const 16)))))",
             [&](runtime::Store& own, Instance* m, int) {
               run(own, m, "work", {i32(kTurns)});
               if (run(own, m, "done", {}) != kThreads - 1) return;
               last = run(own, m, "sum", {});
               EXPECT_EQ(run(own, m, "bytes", {}), uint64_t{kThreads * kTurns % 256} << 8);
             });
  const uint64_t all = uint64_t{kThreads} * kTurns;
  EXPECT_EQ(last, all - 3 * all + 2 * all);
}

TEST_P(ThreadTest, WaitAndNotifyPassATokenAround) {
  on_threads(R"((module (import "env" "memory" (memory 1 64 shared))
    (func (export "ring") (param $me i32) (param $turns i32) (local $now i32)
      (loop $turn
        (loop $wait
          (local.set $now (i32.atomic.load (i32.const 0)))
          (if (i32.ne (i32.and (local.get $now) (i32.const 3)) (local.get $me))
            (then (drop (memory.atomic.wait32 (i32.const 0) (local.get $now) (i64.const -1))) (br $wait))))
        (i32.atomic.store (i32.const 0) (i32.add (local.get $now) (i32.const 1)))
        (drop (memory.atomic.notify (i32.const 0) (i32.const -1)))
        (br_if $turn (local.tee $turns (i32.sub (local.get $turns) (i32.const 1))))))
    (func (export "now") (result i32) (i32.atomic.load (i32.const 0)))))",
             [&](runtime::Store& own, Instance* m, int me) {
               run(own, m, "ring", {i32(static_cast<uint32_t>(me)), i32(100)});
               EXPECT_GE(run(own, m, "now", {}), 397u);
             });
}

TEST_P(ThreadTest, GrowthIsSeenByAll) {
  on_threads(R"((module (import "env" "memory" (memory 1 64 shared))
    (func (export "grow") (result i32) (memory.grow (i32.const 1)))
    (func (export "touch") (param i32) (result i32)
      (i32.store (i32.add (i32.mul (local.get 0) (i32.const 65536)) (i32.const 65532)) (i32.const 1)) (memory.size))))",
             [&](runtime::Store& own, Instance* m, int) {
               for (int i = 0; i < 10; ++i) {
                 const uint64_t page = run(own, m, "grow", {});
                 EXPECT_GT(run(own, m, "touch", {i32(static_cast<uint32_t>(page))}), page);
               }
             });
}

// Heaps belong to stores: what they share are the engine's types, which collections read.
TEST_P(ThreadTest, StoresCollectAtTheSameTime) {
  const auto shared = compile(R"((module
    (type $node (sub (struct (field i32) (field (mut (ref null $node))))))
    (type $leaf (sub final $node (struct (field i32) (field (mut (ref null $node))) (field v128))))
    (type $row (array (mut (ref null $node))))
    (global $kept (mut (ref null $node)) (ref.null $node))
    (func (export "work") (param $n i32) (result i32) (local $row (ref $row)) (local $sum i32)
      (local.set $row (array.new_default $row (i32.const 3000)))
      (loop $again
        (global.set $kept (struct.new $node (local.get $n) (global.get $kept)))
        (array.set $row (local.get $row) (i32.rem_u (i32.mul (local.get $n) (i32.const 7)) (i32.const 3000))
          (struct.new $leaf (local.get $n) (global.get $kept) (v128.const i64x2 1 2)))
        (if (i32.eqz (i32.and (local.get $n) (i32.const 63))) (then (global.set $kept (ref.null $node))))
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (loop $count
        (block $null
          (local.set $sum (i32.add (local.get $sum)
            (struct.get $leaf 0 (ref.cast (ref $leaf)
              (br_on_null $null (array.get $row (local.get $row) (local.get $n))))))))
        (br_if $count (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 3000))))
      (local.get $sum))))");
  constexpr runtime::GcStress kModes[kThreads] = {{1, 0, true}, {0, 3, true}, {3, 7, true}, {}};
  constexpr uint32_t kTurns = 500;
  std::vector<std::thread> threads;
  for (const runtime::GcStress& stress : kModes) {
    threads.emplace_back([&] {
      runtime::StoreLimits limits;
      limits.gc_stress = stress;
      runtime::Store own(engine, limits);
      own.fuel = kPlenty;
      runtime::Linker names(own);
      auto instance = names.instantiate(shared);
      ASSERT_TRUE(instance.has_value());
      for (int round = 0; round < 3; ++round) {
        EXPECT_EQ(run(own, *instance, "work", {i32(kTurns)}), uint64_t{kTurns} * (kTurns + 1) / 2);
        own.heap().collect();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace ashlar::interp::test
