// Calls in which host functions wait, in each tier: results, errors, the end of calls, threads, the collector.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "ashlar/ashlar.h"
#include "support/has_compiler.h"

namespace {

using ashlar::AsyncCall;
using ashlar::Caller;
using ashlar::Completion;
using ashlar::ErrorKind;
using ashlar::Result;
using ashlar::Status;
using ashlar::Tier;

constexpr std::string_view kGuest = R"((module $guest
  (import "host" "get" (func $get (param i32) (result i32)))
  (import "host" "again" (func $again (param i32) (result i32)))
  (import "host" "text" (func $text (param i32 i32) (result i64)))
  (memory (export "memory") 1)
  (global $next (mut i32) (i32.const 1024))
  (func (export "malloc") (param i32) (result i32)
    (global.set $next (i32.add (global.get $next) (local.get 0)))
    (i32.sub (global.get $next) (local.get 0)))
  (func (export "free") (param i32))
  (func $one (export "one") (param i32) (result i32)
    (i32.add (call $get (local.get 0)) (i32.const 1)))
  (func (export "sum") (param $n i32) (result i32) (local $sum i32)
    (loop $more
      (local.set $sum (i32.add (local.get $sum) (call $get (local.get $n))))
      (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func (export "nested") (param i32) (result i32) (i32.mul (call $again (local.get 0)) (i32.const 2)))
  (func (export "length") (param i32 i32) (result i64) (call $text (local.get 0) (local.get 1)))
  (tag $t (param i32))
  (func (export "guarded") (param i32) (result i32)
    (block $caught (result exnref)
      (return (try_table (result i32) (catch_all_ref $caught) (call $get (local.get 0)))))
    (drop) (i32.const -1))
  (func $down (export "down") (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (call $get (i32.const 7)))))
    (i32.add (call $down (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
  (func (export "load") (param i32) (result i32)
    (i32.load (i32.mul (call $get (local.get 0)) (i32.const 0x1000000))))
  (func (export "spin") (param i32) (result i32)
    (drop (call $get (local.get 0)))
    (loop $ever (br $ever)) (unreachable))
  (func $endless (export "endless") (param i32) (result i32)
    (drop (call $get (local.get 0)))
    (i32.add (call $endless (local.get 0)) (i32.const 1)))))";

ashlar::Config config_of(Tier tier) {
  ashlar::Config out;
  out.tier = tier;
  out.code_cache = false;
  return out;
}

/// A store with the guest; what its host function waits for is in `waiting`.
struct Host {
  explicit Host(const ashlar::Engine& engine, const ashlar::Module& module, const ashlar::StoreLimits& limits = {})
      : store(engine, limits) {
    ashlar::Linker linker(store);
    linker.func("host", "get", [this](Caller& caller, int32_t x) { return get(caller, x); });
    linker.func("host", "again", [](Caller& caller, int32_t x) -> Result<int32_t> {
      auto one = caller.instance()->func<int32_t(int32_t)>("one");
      if (!one) return std::unexpected(std::move(one).error());
      return one->call(x);
    });
    linker.func("host", "text", [this](Caller& caller, std::string_view text) -> Result<int64_t> {
      Result<int32_t> got = get(caller, static_cast<int32_t>(text.size()));
      if (!got) return std::unexpected(std::move(got).error());
      return text == "a text" ? *got : -1;
    });
    auto made = linker.instantiate(module);
    if (!made) throw std::runtime_error(made.error().to_string());
    instance = *made;
  }
  ~Host() { --alive; }

  Result<int32_t> get(Caller& caller, int32_t x) {
    struct Frame {
      int& count;
      explicit Frame(int& c) : count(c) { ++count; }
      ~Frame() { --count; }
    } const frame(frames);
    asked = x;
    return ashlar::suspend<int32_t>(caller, [this](Completion<int32_t> done) {
      if (at_once) {
        done.complete(*at_once);
      } else {
        waiting.emplace(std::move(done));
      }
    });
  }
  ashlar::TypedFunc<int32_t(int32_t)> func(std::string_view name) const {
    return *instance.func<int32_t(int32_t)>(name);
  }
  bool complete(int32_t x) {
    auto done = std::move(*waiting);
    waiting.reset();
    return done.complete(x);
  }

  static inline int alive = 0;
  int frames = 0;  ///< of `get` that are on some stack
  int32_t asked = 0;
  std::optional<int32_t> at_once;
  std::optional<Completion<int32_t>> waiting;
  ashlar::Store store;
  ashlar::Instance instance;
};

class Async : public testing::TestWithParam<Tier> {
 protected:
  void SetUp() override {
    if (GetParam() == Tier::Interpreter) return;
    if (!ashlar::has_compiler()) GTEST_SKIP() << "there is no compiler in this build";
  }
  const ashlar::Engine& engine() {
    if (!engine_) engine_.emplace(config_of(GetParam()));
    return *engine_;
  }
  const ashlar::Module& module() {
    if (!module_) module_ = *ashlar::Module::compile(engine(), kGuest);
    return *module_;
  }
  Host& host() {
    if (!host_) host_ = std::make_unique<Host>(engine(), module());
    return *host_;
  }

  std::optional<ashlar::Engine> engine_;
  std::optional<ashlar::Module> module_;
  std::unique_ptr<Host> host_;
};

INSTANTIATE_TEST_SUITE_P(Tiers, Async, testing::Values(Tier::Interpreter, Tier::Optimizing, Tier::Auto),
                         [](const auto& tier) {
                           return tier.param == Tier::Interpreter ? "interp"
                                  : tier.param == Tier::Auto      ? "auto"
                                                                  : "optimizing";
                         });

std::string message(const Result<int32_t>& result) {
  return result ? std::to_string(*result) : result.error().message();
}

TEST_P(Async, WaitsAndGoesOn) {
  AsyncCall<int32_t> call = host().func("one").call_async(5);
  EXPECT_EQ(host().asked, 5);
  EXPECT_FALSE(call.done());
  EXPECT_FALSE(call.ready());
  EXPECT_FALSE(call.poll());
  EXPECT_EQ(call.take().error().id(), "call_pending");
  int told = 0;
  call.on_ready([&] { told += 100; });
  call.on_ready([&] { ++told; });
  EXPECT_EQ(told, 0);
  EXPECT_TRUE(host().complete(41));
  EXPECT_EQ(told, 1);
  EXPECT_TRUE(call.ready());
  call.on_ready([&] { ++told; });
  EXPECT_EQ(told, 2);
  EXPECT_FALSE(call.done());
  EXPECT_TRUE(call.poll());
  EXPECT_TRUE(call.poll());
  EXPECT_EQ(call.take().value(), 42);
  EXPECT_EQ(call.take().error().id(), "no_call");
}

TEST_P(Async, ManyWaitsInOneCall) {
  for (int round = 0; round < 3; ++round) {
    AsyncCall<int32_t> call = host().func("sum").call_async(100);
    int waits = 0;
    while (!call.poll()) {
      ++waits;
      EXPECT_FALSE(call.poll());
      host().complete(host().asked);
    }
    EXPECT_EQ(waits, 100);
    EXPECT_EQ(call.take().value(), 5050);
  }
}

TEST_P(Async, WhatIsThereAtOnceDoesNotSuspend) {
  host().at_once = 2;
  AsyncCall<int32_t> call = host().func("sum").call_async(1000);
  EXPECT_TRUE(call.done());
  EXPECT_EQ(call.take().value(), 2000);
}

TEST_P(Async, Untyped) {
  AsyncCall<std::vector<ashlar::Value>> call = host().instance.func("one")->call_async({ashlar::Value::i32(1)});
  host().complete(1);
  EXPECT_TRUE(call.poll());
  EXPECT_EQ(call.take()->at(0).as_i32(), 2);
  EXPECT_EQ(host().instance.func("one")->call_async({}).take().error().id(), "argument_mismatch");
  EXPECT_EQ(ashlar::Func().call_async().take().error().id(), "null_function");
}

TEST_P(Async, HostFramesBetweenAndTexts) {
  AsyncCall<int32_t> nested = host().func("nested").call_async(1);
  EXPECT_FALSE(nested.poll());
  host().complete(20);
  EXPECT_TRUE(nested.poll());
  EXPECT_EQ(nested.take().value(), 42);
  AsyncCall<int64_t> text = [&] {
    const std::string gone = "a text";
    return host().instance.func<int64_t(std::string_view)>("length")->call_async(gone);
  }();
  EXPECT_EQ(host().asked, 6);
  host().complete(6);
  EXPECT_TRUE(text.poll());
  EXPECT_EQ(text.take().value(), 6);
}

TEST_P(Async, DeepStacks) {
  AsyncCall<int32_t> call = host().func("down").call_async(5000);
  EXPECT_FALSE(call.poll());
  host().complete(1);
  EXPECT_TRUE(call.poll());
  EXPECT_EQ(call.take().value(), 5001);
  host().at_once = 1;
  EXPECT_EQ(message(host().func("endless").call_async(1).take()), "call stack exhausted");
  EXPECT_EQ(message(host().func("one").call_async(1).take()), "2");
}

TEST_P(Async, NothingElseRunsMeanwhile) {
  AsyncCall<int32_t> call = host().func("one").call_async(5);
  EXPECT_EQ(host().func("one").call(1).error().id(), "store_suspended");
  EXPECT_EQ(host().func("one").call_async(1).take().error().id(), "store_suspended");
  EXPECT_EQ(host().func("one").call_async(1).take().error().kind(), ErrorKind::Usage);
  EXPECT_EQ(host().asked, 5);
  host().complete(1);
  EXPECT_TRUE(call.poll());
  EXPECT_EQ(call.take().value(), 2);
  host().at_once = 3;
  EXPECT_EQ(host().func("one").call(1).error().message().substr(0, 37), "the host function cannot wait here: i");
}

TEST_P(Async, ErrorsOfTheWait) {
  AsyncCall<int32_t> failed = host().func("guarded").call_async(5);
  host().waiting->fail(ashlar::Error::trap("no answer"));
  EXPECT_TRUE(failed.poll());
  EXPECT_EQ(message(failed.take()), "no answer");
  AsyncCall<int32_t> forgotten = host().func("guarded").call_async(5);
  host().waiting.reset();
  EXPECT_TRUE(forgotten.poll());
  EXPECT_EQ(message(forgotten.take()), "what the host function waits for will not come: its Completion is gone");
  EXPECT_EQ(host().frames, 0);
}

TEST_P(Async, DroppedCallsRunToTheirEnd) {
  {
    AsyncCall<int32_t> call = host().func("guarded").call_async(5);
  }
  EXPECT_EQ(host().frames, 0);
  EXPECT_FALSE(host().complete(1));
  host().at_once = 3;
  EXPECT_EQ(message(host().func("one").call_async(1).take()), "4");
  // The store goes first.
  host().at_once.reset();
  AsyncCall<int32_t> call = host().func("guarded").call_async(5);
  AsyncCall<int32_t> other;
  std::swap(call, other);
  std::optional<Completion<int32_t>> late = std::move(host().waiting);
  host().waiting.reset();
  host_.reset();
  EXPECT_TRUE(other.done());
  EXPECT_FALSE(late->complete(1));
  EXPECT_EQ(message(other.take()), "the call was dropped while it waited");
}

TEST_P(Async, InterruptedWaits) {
  AsyncCall<int32_t> call = host().func("guarded").call_async(5);
  bool told = false;
  call.on_ready([&] { told = true; });
  host().store.interrupt("enough");
  EXPECT_TRUE(told);
  EXPECT_TRUE(call.poll());
  EXPECT_EQ(message(call.take()), "interrupted: enough");
  EXPECT_FALSE(host().complete(1));
  // What comes too early is seen when the wait begins.
  EXPECT_EQ(message(host().func("guarded").call_async(5).take()), "interrupted: enough");
  host().store.clear_interrupt();
  AsyncCall<int32_t> late = host().func("sum").call_async(5);
  host().store.set_deadline(std::chrono::steady_clock::now() + std::chrono::milliseconds(20));
  EXPECT_EQ(message(late.wait()), "interrupted: deadline");
}

TEST_P(Async, ManyStoresOnOneThread) {
  std::vector<std::unique_ptr<Host>> hosts;
  std::vector<AsyncCall<int32_t>> calls;
  for (int i = 0; i < 50; ++i) {
    hosts.push_back(std::make_unique<Host>(engine(), module()));
    calls.push_back(hosts.back()->func(i % 2 == 0 ? "nested" : "sum").call_async(3));
  }
  size_t done = 0;
  for (int round = 0; done < calls.size(); ++round) {
    ASSERT_LT(round, 10);
    for (size_t i = round % 2; i < calls.size(); i += 1 + round % 2) {
      if (calls[i].done()) continue;
      hosts[i]->complete(static_cast<int32_t>(i));
      done += calls[i].poll() ? 1 : 0;
    }
  }
  for (size_t i = 0; i < calls.size(); ++i) {
    const auto n = static_cast<int32_t>(i);
    EXPECT_EQ(calls[i].take().value(), i % 2 == 0 ? 2 * (n + 1) : 3 * n);
  }
}

TEST_P(Async, AnyThreadGoesOn) {
  Host& h = host();
  AsyncCall<int32_t> call = h.func("sum").call_async(8);
  for (int i = 0; i < 8; ++i) {
    std::thread([&] {
      h.complete(1);
      call.poll();
      if (!call.done()) EXPECT_EQ(h.func("one").call(1).error().id(), "store_suspended");
    }).join();
  }
  EXPECT_EQ(call.take().value(), 8);
  // Completed by a thread while this one waits; nested runs, too.
  std::atomic<bool> stop = false;
  std::mutex mutex;
  std::optional<Completion<int32_t>> next;
  Host other(engine(), module());
  std::thread worker([&] {
    while (!stop) {
      std::optional<Completion<int32_t>> got;
      {
        const std::lock_guard lock(mutex);
        std::swap(got, next);
      }
      if (got) got->complete(1);
    }
  });
  AsyncCall<int32_t> sum = ashlar::run_async(other.store, [&]() -> Result<int32_t> {
    ashlar::TypedFunc<int32_t(int32_t)> f = other.func("sum");
    Result<int32_t> first = f(100);
    return first ? f(*first) : std::move(first);
  });
  while (!sum.poll()) {
    {
      const std::lock_guard lock(mutex);
      if (other.waiting) {
        next.emplace(std::move(*other.waiting));
        other.waiting.reset();
      }
    }
    const auto told = std::make_shared<std::binary_semaphore>(0);
    sum.on_ready([told] { told->release(); });
    told->acquire();
  }
  stop = true;
  worker.join();
  EXPECT_EQ(sum.take().value(), 100);
}

/// What ends runs finds the thread that the guest has gone on in.
TEST_P(Async, TrapsAndAlarmsInAnotherThread) {
  for (const std::string_view name : {"load", "endless", "spin", "load"}) {
    AsyncCall<int32_t> call = host().func(name).call_async(1);
    std::string got;
    std::thread([&] {
      if (name == "spin") {
        host().store.set_deadline(std::chrono::steady_clock::now() + std::chrono::milliseconds(20));
      }
      if (name == "endless") host().at_once = 1;
      host().complete(64);
      EXPECT_TRUE(call.poll());
      got = message(call.take());
      host().at_once.reset();
      host().store.clear_deadline();
    }).join();
    EXPECT_EQ(got, name == "load"      ? "out of bounds memory access"
                   : name == "endless" ? "call stack exhausted"
                                       : "interrupted: deadline");
  }
}

TEST_P(Async, RunsAnything) {
  std::string order;
  AsyncCall<void> plain = ashlar::run_async(host().store, [&] { order += "a"; });
  EXPECT_TRUE(plain.done());
  EXPECT_TRUE(plain.take().has_value());
  AsyncCall<int32_t> thrown = ashlar::run_async(host().store, []() -> int32_t { throw std::runtime_error("oh"); });
  EXPECT_EQ(message(thrown.take()), "exception in a call: oh");
  AsyncCall<int32_t> two = ashlar::run_async(host().store, [&]() -> Result<int32_t> {
    Result<int32_t> first = host().func("one").call(1);
    return first ? host().func("nested").call(*first) : std::move(first);
  });
  host().complete(2);
  EXPECT_FALSE(two.poll());
  EXPECT_EQ(host().asked, 3);
  host().complete(4);
  EXPECT_TRUE(two.poll());
  EXPECT_EQ(two.take().value(), 10);
}

TEST_P(Async, BeginsNoneInWhatItRuns) {
  std::string told;
  AsyncCall<void> outer = ashlar::run_async(host().store, [&] {
    AsyncCall<void> inner = ashlar::run_async(host().store, [&] { told += "never "; });
    EXPECT_TRUE(inner.done());
    told += inner.take().error().id();
    AsyncCall<int32_t> call = host().func("one").call_async(1);
    EXPECT_TRUE(call.done());
    told += std::string(" ") + std::string(call.take().error().id());
  });
  EXPECT_TRUE(outer.done());
  EXPECT_TRUE(outer.take().has_value());
  EXPECT_EQ(told, "store_running store_running");
}

/// What suspended frames refer to stays, whoever collects meanwhile: locals of the guest, values on its stack,
/// references that the host function has.
TEST_P(Async, TheCollectorSeesSuspendedFrames) {
  constexpr std::string_view kLists = R"((module
    (import "host" "get" (func $get (param i32) (result i32)))
    (type $cell (struct (field i32) (field (ref null $cell))))
    (func $next (param $n i32) (param $rest (ref null $cell)) (result (ref $cell))
      (struct.new $cell (call $get (local.get $n)) (local.get $rest)))
    (func $make (param $n i32) (result (ref null $cell))
      (if (i32.eqz (local.get $n)) (then (return (ref.null $cell))))
      (call $next (local.get $n) (call $make (i32.sub (local.get $n) (i32.const 1)))))
    (func (export "sum") (param $n i32) (result i32) (local $list (ref null $cell)) (local $sum i32)
      (local.set $list (call $make (local.get $n)))
      (block $end (loop $more
        (br_if $end (ref.is_null (local.get $list)))
        (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 2))
                                 (i32.add (struct.get $cell 0 (local.get $list)) (call $get (i32.const 0)))))
        (local.set $list (struct.get $cell 1 (local.get $list)))
        (br $more)))
      (local.get $sum))
    (func (export "churn") (param $n i32) (result i32) (local $list (ref null $cell))
      (loop $more
        (local.set $list (struct.new $cell (local.get $n) (local.get $list)))
        (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (struct.get $cell 0 (local.get $list)))))";
  const ashlar::Module lists = *ashlar::Module::compile(engine(), kLists);
  ashlar::Store store(engine());
  ashlar::Linker linker(store);
  std::optional<Completion<int32_t>> waiting;
  int32_t asked = 0;
  linker.func("host", "get", [&](Caller& caller, int32_t x) -> Result<int32_t> {
    const ashlar::Value kept = *ashlar::Value::external(caller, std::to_string(x));
    asked = x;
    auto got = ashlar::suspend<int32_t>(caller, [&](Completion<int32_t> done) { waiting.emplace(std::move(done)); });
    EXPECT_EQ(*kept.external<std::string>(), std::to_string(x));
    return got;
  });
  const auto sum = *linker.instantiate(lists)->func<int32_t(int32_t)>("sum");
  AsyncCall<int32_t> call = sum.call_async(8);
  for (int round = 0; !call.poll(); ++round) {
    ASSERT_LT(round, 100);
    if (round % 2 == 0) store.collect_garbage();
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(ashlar::Value::external(store, std::string(100, 'x')));
    store.collect_garbage();
    waiting->complete(asked);
  }
  EXPECT_EQ(call.take().value(), 8 * 128 + 7 * 64 + 6 * 32 + 5 * 16 + 4 * 8 + 3 * 4 + 2 * 2 + 1);
  // In one fiber: collections within a call, while callers' frames lie above.
  AsyncCall<int32_t> both = ashlar::run_async(store, [&]() -> Result<int32_t> {
    ashlar::Linker more(store);
    more.func("host", "get", [](int32_t x) { return x; });
    const auto churn = *more.instantiate(lists)->func<int32_t(int32_t)>("churn");
    auto first = churn(100'000);
    if (!first) return first;
    return sum(*first + 1);
  });
  while (!both.poll()) {
    store.collect_garbage();
    waiting->complete(asked);
  }
  EXPECT_EQ(both.take().value(), 2 * 2 + 1);
}

/// Exceptions that are being handled while a call is suspended belong to its stack.
TEST_P(Async, WaitsInAHandler) {
  ashlar::Linker linker(engine());
  std::vector<Completion<>> waiting;
  std::string seen;
  linker.func("host", "f", [&](Caller& caller) -> Status {
    try {
      throw std::runtime_error("inner");
    } catch (const std::exception&) {
      if (Status done = ashlar::suspend(caller, [&](Completion<> c) { waiting.push_back(std::move(c)); }); !done) {
        return done;
      }
      try {
        throw;
      } catch (const std::exception& e) {
        seen += e.what();
      }
    }
    return {};
  });
  constexpr std::string_view kModule = R"((module (import "host" "f" (func $f)) (func (export "f") (call $f))))";
  ashlar::Store one(engine());
  ashlar::Store two(engine());
  const ashlar::Module module = *ashlar::Module::compile(engine(), kModule);
  AsyncCall<void> first = linker.instantiate(one, module)->func<void()>("f")->call_async();
  AsyncCall<void> second = linker.instantiate(two, module)->func<void()>("f")->call_async();
  EXPECT_EQ(std::uncaught_exceptions(), 0);
  EXPECT_EQ(std::current_exception(), nullptr);
  try {
    throw std::logic_error("outer");
  } catch (...) {
    waiting[0].complete();
    EXPECT_TRUE(first.poll());
    waiting[1].complete();
    EXPECT_TRUE(second.poll());
    try {
      throw;
    } catch (const std::exception& e) {
      seen += e.what();
    }
  }
  EXPECT_EQ(seen, "innerinnerouter");
}

TEST_P(Async, Yields) {
  ashlar::Linker linker(host().store);
  linker.func("host", "f", [&](Caller& caller) { return ashlar::yield(caller); });
  constexpr std::string_view kModule =
      R"((module (import "host" "f" (func $f)) (func (export "f") (call $f) (call $f))))";
  auto f = linker.instantiate(*ashlar::Module::compile(engine(), kModule))->func<void()>("f");
  AsyncCall<void> call = f->call_async();
  EXPECT_TRUE(call.ready());
  EXPECT_FALSE(call.poll());
  EXPECT_TRUE(call.poll());
  EXPECT_TRUE(call.take().has_value());
  {
    AsyncCall<void> dropped = f->call_async();
  }
  EXPECT_EQ(f->call().error().message(),
            "the host function cannot wait here: it was not called from call_async or run_async");
}

/// Neither below another store's call, nor does that harm what waits already.
TEST_P(Async, CallsOfOtherStoresInBetween) {
  ashlar::Linker outer(engine());
  ashlar::Store inner_store(engine());
  ashlar::Store store(engine());
  std::string seen;
  ashlar::Linker inner(inner_store);
  Caller* caller = nullptr;
  inner.func("host", "f", [&](Caller&) -> Status {
    Status done = ashlar::suspend(*caller, [](Completion<> c) { c.complete(); });
    seen = done ? "waited" : done.error().message();
    return done;
  });
  constexpr std::string_view kModule = R"((module (import "host" "f" (func $f)) (func (export "f") (call $f))))";
  const ashlar::Module module = *ashlar::Module::compile(engine(), kModule);
  const auto called = *inner.instantiate(module)->func<void()>("f");
  outer.func("host", "f", [&](Caller& c) {
    caller = &c;
    return called();
  });
  AsyncCall<void> call = outer.instantiate(store, module)->func<void()>("f")->call_async();
  EXPECT_TRUE(call.done());
  EXPECT_EQ(seen, "the host function cannot wait here: a call of another store is under way in between");
}

}  // namespace
