// Lazy lowering: errors of bodies at their first call, and one module first run by many threads at once.
#include <atomic>
#include <thread>

#include "exe_tester.h"

namespace ashlar::interp::test {
namespace {

struct LazyTest : ExeTest {};
ASHLAR_ALL_CONFIGURATIONS(LazyTest);

TEST_P(LazyTest, InvalidBodiesFailAtTheirFirstCall) {
  constexpr std::string_view kWat = R"((module $m
    (func $good (export "good") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
    (func $bad (export "bad") (param i32) (result i32) (i64.const 0))
    (func $calls (export "calls") (param i32) (result i32)
      (if (local.get 0) (then (return (call $bad (local.get 0))))) (call $good (local.get 0)))
    (type $t (func (param i32) (result i32)))
    (table 1 funcref) (elem (i32.const 0) $bad)
    (func (export "indirect") (result i32) (call_indirect (type $t) (i32.const 1) (i32.const 0)))
    (func (export "tail") (result i32) (return_call $bad (i32.const 1)))))";
  reset({}, true);
  Instance* m = load(kWat);
  EXPECT_EQ(value(m, "good", {i32(1)}), 2u);
  EXPECT_EQ(value(m, "calls", {i32(0)}), 1u);
  for (int round = 0; round < 2; ++round) {
    Outcome out = call(m, "bad", {i32(1)});
    ASSERT_FALSE(out.ok());
    EXPECT_EQ(out.status.error().phase(), Phase::Invalid);
    EXPECT_EQ(out.error(), "type_mismatch");
    EXPECT_EQ(out.status.error().func(), 1u);
    EXPECT_EQ(error(m, "calls", {i32(1)}), "type_mismatch");
    EXPECT_EQ(error(m, "indirect"), "type_mismatch");
    EXPECT_EQ(error(m, "tail"), "type_mismatch");
    EXPECT_EQ(value(m, "good", {i32(2)}), 3u);
    EXPECT_EQ(store->stack_top, store->stack_base);
  }
  reset({}, false);
  const auto* data = reinterpret_cast<const uint8_t*>(kWat.data());
  auto source = api::assemble({data, kWat.size()}, nullptr);
  ASSERT_TRUE(source.has_value());
  EXPECT_FALSE(api::compile(engine, *source).has_value());
}

TEST_P(LazyTest, ThreadsShareAModule) {
  // 200 functions that call each other; every thread runs all of them while others lower them.
  constexpr int kFunctions = 200, kThreads = 4;
  std::string wat = "(module (type $t (func (param i64) (result i64))) (table 200 funcref) (memory 1)\n";
  for (int i = 0; i < kFunctions; ++i) {
    const std::string n = std::to_string(i), next = std::to_string((i + 37) % kFunctions);
    wat += "(func $f" + n + " (export \"f" + n +
           "\") (param i64) (result i64) (if (i64.eqz (local.get 0)) (then (return (i64.const " + n +
           ")))) (i64.add (i64.const 1) ";
    wat += i % 2 ? "(call $f" + next + " (i64.sub (local.get 0) (i64.const 1)))))\n"
                 : "(call_indirect (type $t) (i64.sub (local.get 0) (i64.const 1)) (i32.const " + next + "))))\n";
  }
  wat += "(elem (i32.const 0)";
  for (int i = 0; i < kFunctions; ++i) wat += " $f" + std::to_string(i);
  wat += "))";
  for (int round = 0; round < 5; ++round) {
    auto shared = compile(wat);
    std::atomic<int> ready{0}, wrong{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        runtime::Store own(engine);
        own.fuel = kPlenty;
        auto instance = own.instantiate(shared, {});
        if (!instance) ++wrong;
        ++ready;
        while (ready < kThreads) std::this_thread::yield();
        for (int i = 0; i < kFunctions && instance; ++i) {
          const int f = t % 2 ? i : kFunctions - 1 - i;
          std::vector<Value> results;
          Status status = own.call(func(*instance, "f" + std::to_string(f)), std::vector<Value>{i64(300)}, results);
          if (!status || results[0].lo != 300u + static_cast<unsigned>((f + 300 * 37) % kFunctions)) ++wrong;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
  }
}

TEST_P(LazyTest, ThreadsTrapByThemselves) {
  auto shared = compile(R"((module (memory 1)
    (func $load (param i32) (result i32) (i32.load (local.get 0)))
    (func $deep (param i32) (result i32) (call $deep (local.get 0)))
    (func (export "load") (param i32) (result i32) (call $load (local.get 0)))
    (func (export "deep") (param i32) (result i32) (call $deep (local.get 0)))))");
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      runtime::StoreLimits limits;
      limits.stack_bytes = 65536;
      runtime::Store own(engine, limits);
      own.fuel = kPlenty;
      auto instance = own.instantiate(shared, {});
      const auto code = [&](const char* name, uint32_t arg) {
        std::vector<Value> results;
        Status status = own.call(func(*instance, name), std::vector<Value>{i32(arg)}, results);
        return status ? ErrorCode::unreachable : status.error().code();
      };
      for (int i = 0; i < 50; ++i) {
        if (code("load", 0x7fff'0000) != ErrorCode::out_of_bounds_memory_access) ++wrong;
        if (code("load", 16) != ErrorCode::unreachable) ++wrong;
        if (code("deep", 16) != ErrorCode::call_stack_exhausted) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_P(LazyTest, ModulesComeAndGo) {
  // Code of a module that is gone must not be found any more.
  for (int i = 0; i < 200; ++i) {
    new_store({});
    Instance* m = load("(module (func (export \"f\") (param i32) (result i32) (i32.div_u (i32.const " +
                       std::to_string(i) + ") (local.get 0))))");
    EXPECT_EQ(value(m, "f", {i32(1)}), static_cast<uint32_t>(i));
    Outcome out = call(m, "f", {i32(0)});
    EXPECT_EQ(parse_backtrace(out.notes()), (std::vector<Line>{{offset_of(m, 0, Op::i32_div_u), "<unknown>!f"}}));
  }
}

}  // namespace
}  // namespace ashlar::interp::test
