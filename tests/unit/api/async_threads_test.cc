// Calls that wait, while other threads complete, interrupt and drop them, take them over, or run in the same program.
// For the thread sanitizer above all: what is checked here besides is little.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include "ashlar/ashlar.h"
#include "ashlar/asio.h"
#include "support/has_compiler.h"

namespace {

namespace asio = boost::asio;
using ashlar::AsyncCall;
using ashlar::Caller;
using ashlar::Completion;
using ashlar::Result;
using ashlar::Status;
using ashlar::Tier;
using namespace std::chrono_literals;

constexpr std::string_view kGuest = R"((module
  (import "host" "get" (func $get (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "sum") (param $n i32) (result i32) (local $sum i32)
    (loop $more
      (local.set $sum (i32.add (local.get $sum) (call $get (local.get $n))))
      (i32.store (i32.const 8) (local.get $sum))
      (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.load (i32.const 8)))
  (func (export "load") (param i32) (result i32)
    (i32.load (i32.mul (call $get (local.get 0)) (i32.const 0x1000000))))
  (func (export "spin") (param i32) (result i32)
    (drop (call $get (local.get 0)))
    (loop $ever (br $ever)) (unreachable))))";

/// The thread sanitizer holds signals back until a thread calls the C library, which a compiled loop never does.
#if __has_feature(thread_sanitizer)
constexpr bool kAlarmsComeLate = true;
#else
constexpr bool kAlarmsComeLate = false;
#endif

class AsyncThreads : public testing::TestWithParam<Tier> {
 protected:
  AsyncThreads() : engine(config()) {}
  static ashlar::Config config() {
    ashlar::Config out;
    out.tier = GetParam();
    out.code_cache = false;
    return out;
  }
  void SetUp() override {
    if (GetParam() == Tier::Optimizing && !ashlar::has_compiler()) GTEST_SKIP() << "there is no compiler in this build";
    auto made = ashlar::Module::compile(engine, kGuest);
    ASSERT_TRUE(made) << made.error().to_string();
    module.emplace(std::move(*made));
  }

  ashlar::Engine engine;
  std::optional<ashlar::Module> module;
};

INSTANTIATE_TEST_SUITE_P(Tiers, AsyncThreads, testing::Values(Tier::Interpreter, Tier::Optimizing),
                         [](const auto& tier) { return tier.param == Tier::Interpreter ? "interp" : "optimizing"; });

std::string message(const Result<int32_t>& result) {
  return result ? std::to_string(*result) : result.error().message();
}

/// A store with the guest. Its waits are completed by whoever takes them.
struct Plugin {
  explicit Plugin(const ashlar::Engine& engine, const ashlar::Module& module) : store(engine) {
    ashlar::Linker linker(store);
    linker.func("host", "get", [this](Caller& caller, int32_t) {
      return ashlar::suspend<int32_t>(caller, [this](Completion<int32_t> done) {
        const std::lock_guard lock(mutex);
        waiting.emplace(std::move(done));
        asked.notify_one();
      });
    });
    instance = linker.instantiate(module).value();
  }
  AsyncCall<int32_t> call(std::string_view name, int32_t argument) const {
    return instance.func<int32_t(int32_t)>(name)->call_async(argument);
  }
  /// The next one.
  Completion<int32_t> take() {
    std::unique_lock lock(mutex);
    asked.wait(lock, [this] { return waiting.has_value(); });
    Completion<int32_t> out = std::move(*waiting);
    waiting.reset();
    return out;
  }

  ashlar::Store store;
  ashlar::Instance instance;
  std::mutex mutex;
  std::condition_variable asked;
  std::optional<Completion<int32_t>> waiting;
};

/// Stores that go on in whatever thread of a pool is free, each on a strand.
TEST_P(AsyncThreads, OnAPoolOfThreads) {
  constexpr int kStores = 24;
  std::vector<std::unique_ptr<ashlar::Store>> stores;
  std::atomic<int> done = 0;
  std::atomic<int> late = 0;
  {
    asio::thread_pool pool(4);
    ashlar::Linker linker(engine);
    linker.func("host", "get", [&](Caller& caller, int32_t n) -> Result<int32_t> {
      asio::steady_timer timer(pool, n == 0 ? std::chrono::microseconds(1h) : std::chrono::microseconds(50 * n));
      auto slept = timer.async_wait(ashlar::await(caller));
      if (!slept) return std::unexpected(std::move(slept).error());
      return n;
    });
    for (int i = 0; i < kStores; ++i) {
      ashlar::Store& store = *stores.emplace_back(std::make_unique<ashlar::Store>(engine));
      const auto sum = *linker.instantiate(store, *module)->func<int32_t(int32_t)>("sum");
      const bool oversleeps = i % 6 == 5;
      if (oversleeps) store.set_deadline(std::chrono::steady_clock::now() + 20ms);
      ashlar::async_call(
          asio::make_strand(pool), sum,
          [&](const Result<int32_t>& result) {
            if (result && *result == 55) ++done;
            if (!result && result.error().message() == "interrupted: deadline") ++late;
          },
          oversleeps ? 0 : 10);
    }
    pool.join();
  }
  EXPECT_EQ(done, kStores - kStores / 6);
  EXPECT_EQ(late, kStores / 6);
}

/// Two threads hand a store to each other at each wait; a third completes the waits.
TEST_P(AsyncThreads, GoOnInTurns) {
  Plugin plugin(engine, *module);
  AsyncCall<int32_t> call = plugin.call("sum", 200);
  std::mutex owns;
  std::thread completer([&] {
    for (int i = 0; i < 200; ++i) plugin.take().complete(2);
  });
  const auto poll = [&] {
    for (bool ended = false; !ended; std::this_thread::yield()) {
      const std::lock_guard lock(owns);
      ended = call.poll();
    }
  };
  std::thread other(poll);
  poll();
  other.join();
  completer.join();
  EXPECT_EQ(call.take().value(), 400);
}

/// A wait that is completed, interrupted and dropped at the same time ends in one of these ways.
TEST_P(AsyncThreads, CompletedInterruptedAndDropped) {
  Plugin plugin(engine, *module);
  for (int i = 0; i < 60; ++i) {
    std::optional<AsyncCall<int32_t>> call(plugin.call("sum", 1));
    std::atomic<bool> go = false;
    bool completed = false;
    std::thread completer([&, done = plugin.take()]() mutable {
      go.wait(false);
      completed = done.complete(7);
    });
    std::thread interrupter([&] {
      go.wait(false);
      plugin.store.interrupt("enough");
    });
    go = true;
    go.notify_all();
    std::optional<Result<int32_t>> result;
    if (i % 3 == 0) {
      call.reset();
    } else {
      result.emplace(call->wait());
    }
    completer.join();
    interrupter.join();
    plugin.store.clear_interrupt();
    if (!result) continue;
    if (completed) {
      EXPECT_TRUE(message(*result) == "7" || message(*result) == "interrupted: enough") << message(*result);
    } else {
      EXPECT_EQ(message(*result), "interrupted: enough");
    }
  }
}

/// While it runs, in another thread than the one it was started in.
TEST_P(AsyncThreads, InterruptedWhileRunning) {
  if (kAlarmsComeLate && GetParam() != Tier::Interpreter) GTEST_SKIP() << "no signal comes to a compiled loop";
  Plugin plugin(engine, *module);
  for (int i = 0; i < 10; ++i) {
    AsyncCall<int32_t> call = plugin.call("spin", 1);
    plugin.take().complete(1);
    std::atomic<bool> begins = false;
    std::string got;
    std::thread runner([&] {
      begins = true;
      begins.notify_one();
      got = message(call.wait());
    });
    begins.wait(false);
    if (i % 2 == 0) std::this_thread::sleep_for(1ms);
    plugin.store.interrupt("enough");
    runner.join();
    EXPECT_EQ(got, "interrupted: enough");
    plugin.store.clear_interrupt();
  }
}

/// Traps leave a suspended guest's stack in whatever thread it goes on.
TEST_P(AsyncThreads, TrapsInEachThread) {
  Plugin first(engine, *module);
  Plugin second(engine, *module);
  const auto run = [](Plugin& plugin) {
    for (int i = 0; i < 10; ++i) {
      AsyncCall<int32_t> call = plugin.call("load", 1);
      std::thread([&] {
        plugin.take().complete(64);
        EXPECT_EQ(message(call.wait()), "out of bounds memory access");
      }).join();
    }
  };
  std::thread beside([&] { run(first); });
  run(second);
  beside.join();
}

// ---- Programs with threads of their own

/// `ask` starts a thread and waits; a thread answers as often as it was asked to, or runs for ever.
constexpr std::string_view kProgram = R"((module
  (import "env" "memory" (memory 1 1 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "host" "get" (func $get (param i32) (result i32)))
  (import "host" "answer" (func $answer (param i32)))
  (func (export "wasi_thread_start") (param i32 i32)
    (if (i32.eqz (local.get 1)) (then
      (i32.atomic.store (i32.const 4) (i32.const 1))
      (loop $ever (br_if $ever (i32.eqz (i32.atomic.load (i32.const 8)))))))
    (if (i32.lt_s (local.get 1) (i32.const 0)) (then (drop (call $get (i32.const 1)))))
    (call $answer (local.get 1)))
  (func (export "ask") (param i32) (result i32)
    (if (i32.lt_s (call $spawn (local.get 0)) (i32.const 1)) (then (return (i32.const -1))))
    (i32.add (call $get (local.get 0)) (i32.const 1))))
)";

/// Where the host functions of all the program's threads meet.
struct Meeting {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<Completion<int32_t>> waiting;
  std::string refused;
};

class AsyncPrograms : public AsyncThreads {
 protected:
  void SetUp() override {
    AsyncThreads::SetUp();
    if (IsSkipped()) return;
    auto made = ashlar::Module::compile(engine, kProgram);
    ASSERT_TRUE(made) << made.error().to_string();
    program.emplace(std::move(*made));
  }
  ashlar::Instance start(ashlar::Store& store) {
    ashlar::Linker linker(engine);
    linker.func("host", "get", [this](Caller& caller, int32_t) -> Result<int32_t> {
      Result<int32_t> got = ashlar::suspend<int32_t>(caller, [this](Completion<int32_t> done) {
        const std::lock_guard lock(meeting.mutex);
        meeting.waiting.emplace(std::move(done));
        meeting.changed.notify_one();
      });
      if (!got && got.error().id() == "cannot_suspend") {
        const std::lock_guard lock(meeting.mutex);
        meeting.refused = got.error().id();
      }
      return got;
    });
    linker.func("host", "answer", [this](int32_t n) {
      std::unique_lock lock(meeting.mutex);
      meeting.changed.wait(lock, [this] { return meeting.waiting.has_value(); });
      Completion<int32_t> done = std::move(*meeting.waiting);
      meeting.waiting.reset();
      lock.unlock();
      done.complete(n);
    });
    linker.define_wasi(ashlar::WasiConfig().threads(8));
    auto made = linker.instantiate(store, *program);
    EXPECT_TRUE(made) << made.error().to_string();
    return *made;
  }

  std::optional<ashlar::Module> program;
  Meeting meeting;
};

INSTANTIATE_TEST_SUITE_P(Tiers, AsyncPrograms, testing::Values(Tier::Interpreter, Tier::Optimizing),
                         [](const auto& tier) { return tier.param == Tier::Interpreter ? "interp" : "optimizing"; });

TEST_P(AsyncPrograms, ThreadsComplete) {
  ashlar::Store store(engine);
  const auto ask = *start(store).func<int32_t(int32_t)>("ask");
  for (int32_t i = 1; i <= 40; ++i) {
    int32_t got = -1;
    // A thread is counted a moment longer than it works.
    while (got == -1) got = ask.call_async(i).wait().value();
    EXPECT_EQ(got, i + 1);
  }
}

/// A wait ends with the program, as a thread's trap ends it; what waits in no call_async is refused.
TEST_P(AsyncPrograms, AThreadsTrapEndsAWait) {
  ashlar::Store store(engine);
  const auto ask = *start(store).func<int32_t(int32_t)>("ask");
  const Result<int32_t> got = ask.call_async(-5).wait();
  EXPECT_FALSE(got);
  EXPECT_EQ(meeting.refused, "cannot_suspend");
}

TEST_P(AsyncPrograms, EndWithTheStoreWhileThreadsRun) {
  if (kAlarmsComeLate && GetParam() != Tier::Interpreter) GTEST_SKIP() << "no signal comes to a compiled loop";
  for (int i = 0; i < 6; ++i) {
    AsyncCall<int32_t> call;
    ashlar::Store store(engine);
    call = start(store).func<int32_t(int32_t)>("ask")->call_async(0);
    EXPECT_FALSE(call.done());
    if (i % 3 == 0) continue;  // dropped
    std::thread([&] { store.interrupt("enough"); }).join();
    EXPECT_EQ(message(call.wait()), "interrupted: enough");
  }
}

}  // namespace
