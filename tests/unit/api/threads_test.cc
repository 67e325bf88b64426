// Threads of WASI programs, through the public headers alone: starting, limits, and how all end together.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "ashlar/ashlar.h"
#include "support/has_compiler.h"

namespace {

using ashlar::ErrorKind;
using ashlar::Tier;
using namespace std::chrono_literals;

constexpr uint64_t kPage = 65536;
/// -EAGAIN and -ECANCELED in WASI's numbers.
constexpr int32_t kNoRoom = -6;
constexpr int32_t kHasEnded = -11;

/// What a thread does is told by its argument: see wasi_thread_start. Address 4 counts those that came to their end.
constexpr std::string_view kProgram = R"((module $program
  (import "env" "memory" (memory 2 64 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (global $mine (mut i32) (i32.const 0))
  (func $done
    (drop (i32.atomic.rmw.add (i32.const 4) (i32.const 1)))
    (drop (memory.atomic.notify (i32.const 4) (i32.const -1))))
  (func $forever (export "forever") (loop (br 0)))
  (func $wait (export "wait") (drop (memory.atomic.wait32 (i32.const 64) (i32.const 0) (i64.const -1))))
  (func $sleep (param $at i32)  ;; an hour
    (i64.store offset=24 (local.get $at) (i64.const 3600000000000))
    (drop (call $poll (local.get $at) (i32.add (local.get $at) (i32.const 64)) (i32.const 1)
      (i32.add (local.get $at) (i32.const 128)))))
  (func (export "wasi_thread_start") (param $tid i32) (param $what i32)
    (global.set $mine (local.get $tid))
    (block $trap (block $exit (block $nested (block $grow (block $sleep (block $loop (block $wait (block $end
      (br_table $end $wait $loop $sleep $grow $nested $exit $trap (local.get $what)))
      (if (i32.eqz (local.get $tid)) (then (unreachable)))
      (call $done) (return))
      (call $done) (call $wait) (unreachable))
      (call $done) (call $forever) (unreachable))
      (call $done) (call $sleep (i32.shl (local.get $tid) (i32.const 8))) (unreachable))
      (drop (memory.grow (i32.const 1))) (call $done) (return))
      (if (i32.lt_s (call $spawn (i32.const 0)) (i32.const 1)) (then (unreachable)))
      (call $done) (return))
      (call $exit (i32.const 7)))
    (unreachable))
  (func (export "spawn") (param i32) (result i32) (call $spawn (local.get 0)))
  (func (export "await") (param $n i32) (local $now i32)
    (loop $again
      (local.set $now (i32.atomic.load (i32.const 4)))
      (if (i32.lt_u (local.get $now) (local.get $n)) (then
        (drop (memory.atomic.wait32 (i32.const 4) (local.get $now) (i64.const -1)))
        (br $again)))))
  (func (export "pages") (result i32) (memory.size))
  (func (export "mine") (result i32) (global.get $mine))
  (func (export "_start")
    (drop (call $spawn (i32.const 1))) (drop (call $spawn (i32.const 2))) (drop (call $spawn (i32.const 3)))))
)";
enum What : int32_t { kEnd, kWait, kLoop, kSleep, kGrow, kNested, kExit, kTrap };

struct Program {
  Program(const ashlar::Engine& engine, const ashlar::Module& module, const ashlar::WasiConfig& config,
          std::optional<ashlar::Tenant> tenant = {}, const ashlar::StoreLimits& limits = {})
      : store(tenant ? ashlar::Store(engine, *tenant, limits) : ashlar::Store(engine, limits)) {
    ashlar::Linker linker(engine);
    linker.define_wasi(config);
    auto made = linker.instantiate(store, module);
    EXPECT_TRUE(made) << made.error().to_string();
    if (made) instance = *made;
  }
  int32_t spawn(int32_t what) const { return instance.func<int32_t(int32_t)>("spawn")->call(what).value(); }
  /// Until there is room: a thread is counted a moment longer than it works.
  int32_t spawn_soon(int32_t what) const {
    int32_t tid = kNoRoom;
    while ((tid = spawn(what)) == kNoRoom) std::this_thread::yield();
    return tid;
  }
  void await(int32_t n) const { EXPECT_TRUE(instance.func<void(int32_t)>("await")->call(n)); }
  ashlar::Error fail(const char* name) const {
    auto done = instance.func<void()>(name)->call();
    EXPECT_FALSE(done);
    return std::move(done).error();
  }

  ashlar::Store store;
  ashlar::Instance instance;
};

struct ThreadsTest : testing::TestWithParam<Tier> {
  ThreadsTest() : engine(config()) {}
  static ashlar::Config config() {
    ashlar::Config out;
    out.tier = GetParam();
    out.code_cache = false;
    out.guard_pages = false;  // the thread sanitizer knows nothing of a signal handler that leaves by a jump
    return out;
  }
  void SetUp() override {
    if (GetParam() == Tier::Optimizing && !ashlar::has_compiler()) GTEST_SKIP() << "there is no compiler in this build";
    auto made = ashlar::Module::compile(engine, kProgram);
    ASSERT_TRUE(made) << made.error().to_string();
    module.emplace(std::move(*made));
  }
  Program start(uint32_t threads = 100, std::optional<ashlar::Tenant> tenant = {},
                const ashlar::StoreLimits& limits = {}) const {
    return Program(engine, *module, ashlar::WasiConfig().threads(threads), std::move(tenant), limits);
  }

  ashlar::Engine engine;
  std::optional<ashlar::Module> module;
};

TEST_P(ThreadsTest, RunBesideEachOther) {
  const Program program = start();
  std::set<int32_t> tids;
  for (int i = 0; i < 10; ++i) tids.insert(program.spawn(i % 2 == 0 ? kEnd : kNested));
  EXPECT_EQ(tids.size(), 10u);
  EXPECT_GT(*tids.begin(), 0);
  program.await(15);
  // Globals are each thread's own.
  EXPECT_EQ(program.instance.func<int32_t()>("mine")->call().value(), 0);
}

TEST_P(ThreadsTest, ManyInSequence) {
  const Program program = start(2);
  for (int i = 1; i <= 1000; ++i) {
    ASSERT_EQ(program.spawn_soon(kEnd), i);
    program.await(i);
  }
}

TEST_P(ThreadsTest, AreLimited) {
  ashlar::TenantAmounts most = ashlar::TenantAmounts::unlimited();
  most.threads = 5;
  const ashlar::Tenant tenant(most);
  {
    const Program first = start(3, tenant);
    const Program second = start(3, tenant);
    for (int i = 0; i < 3; ++i) EXPECT_GT(first.spawn(kWait), 0);
    EXPECT_EQ(first.spawn(kEnd), kNoRoom);
    for (int i = 0; i < 2; ++i) EXPECT_GT(second.spawn(kSleep), 0);
    EXPECT_EQ(second.spawn(kEnd), kNoRoom);
    EXPECT_EQ(tenant.usage().threads, 5u);
    EXPECT_EQ(tenant.usage().stores, 7u);
  }
  EXPECT_EQ(tenant.usage().threads, 0u);
  EXPECT_EQ(tenant.usage().stores, 0u);
  EXPECT_EQ(tenant.usage().bytes, 0u);
  EXPECT_EQ(tenant.peak().threads, 5u);
}

TEST_P(ThreadsTest, ATrapEndsAll) {
  for (const char* main : {"forever", "wait"}) {
    const Program program = start();
    for (int32_t what : {kWait, kLoop, kSleep}) EXPECT_GT(program.spawn(what), 0);
    program.await(3);
    EXPECT_GT(program.spawn(kTrap), 0);
    const ashlar::Error error = program.fail(main);
    EXPECT_EQ(error.id(), "unreachable");
    EXPECT_NE(error.notes().find("wasi_thread_start"), std::string::npos) << error.notes();
    EXPECT_EQ(program.fail("forever").id(), "unreachable");
  }
}

TEST_P(ThreadsTest, AnExitEndsAll) {
  const Program program = start();
  for (int32_t what : {kWait, kLoop, kSleep}) EXPECT_GT(program.spawn(what), 0);
  EXPECT_GT(program.spawn(kExit), 0);
  const ashlar::Error error = program.fail("wait");
  EXPECT_EQ(error.exit_code(), 7) << error.to_string();
}

TEST_P(ThreadsTest, ATrapOfTheMainThreadEndsAll) {
  Program program = start();
  for (int32_t what : {kWait, kLoop, kSleep}) EXPECT_GT(program.spawn(what), 0);
  program.await(3);
  program.store.interrupt("enough");
  EXPECT_EQ(program.fail("wait").message(), "interrupted: enough");
  program.store.clear_interrupt();
  EXPECT_EQ(program.spawn(kEnd), kHasEnded);
}

TEST_P(ThreadsTest, EndWithStart) {
  const Program program = start();
  const ashlar::Status done = ashlar::Linker::run(program.instance);
  EXPECT_TRUE(done) << done.error().to_string();
  EXPECT_EQ(program.spawn(kEnd), kHasEnded);
}

TEST_P(ThreadsTest, EndWithTheStore) {
  for (int i = 0; i < 20; ++i) {
    const Program program = start();
    for (int32_t what : {kWait, kLoop, kSleep, kEnd, kNested, kGrow}) EXPECT_GT(program.spawn(what), 0);
  }
}

TEST_P(ThreadsTest, ADeadlineIsThatOfAllThreads) {
  Program program = start();
  for (int32_t what : {kWait, kLoop, kSleep}) EXPECT_GT(program.spawn(what), 0);
  program.await(3);
  program.store.set_deadline(std::chrono::steady_clock::now() + 20ms);
  EXPECT_EQ(program.fail("forever").message(), "interrupted: deadline");
  EXPECT_EQ(program.fail("forever").message(), "interrupted: deadline");
}

TEST_P(ThreadsTest, MemoryIsLimitedForAllTogether) {
  const ashlar::Tenant tenant;
  ashlar::StoreLimits limits;
  limits.memory_bytes = 5 * kPage;
  {
    const Program program = start(4, tenant, limits);
    for (int i = 1; i <= 10; ++i) EXPECT_GT(program.spawn_soon(kGrow), 0);
    program.await(10);
    EXPECT_EQ(program.instance.func<int32_t()>("pages")->call().value(), 5);
    EXPECT_EQ(program.store.usage().memory_bytes, 5 * kPage);
    EXPECT_EQ(tenant.usage().memory_bytes, 5 * kPage);
  }
  EXPECT_EQ(tenant.usage().memory_bytes, 0u);
}

TEST_P(ThreadsTest, HaveTheFuelOfTheProgram) {
  ashlar::Config with_fuel = config();
  with_fuel.fuel = true;
  const ashlar::Engine other(with_fuel);
  const auto compiled = ashlar::Module::compile(other, kProgram);
  ASSERT_TRUE(compiled);
  Program program(other, *compiled, ashlar::WasiConfig().threads(4));
  program.store.set_fuel(1'000'000);
  // What threads leave comes back: halves alone would be used up after twenty.
  for (int i = 1; i <= 100; ++i) {
    ASSERT_GT(program.spawn_soon(kEnd), 0);
    program.await(i);
  }
  EXPECT_GT(program.spawn_soon(kLoop), 0);
  EXPECT_EQ(program.fail("wait").id(), "out_of_fuel");
}

TEST_P(ThreadsTest, HostFunctionsFindWhatWasPrepared) {
  const auto guest = ashlar::Module::compile(engine, R"((module
    (import "env" "memory" (memory 1 1 shared))
    (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
    (import "host" "note" (func $note (param i32)))
    (func (export "wasi_thread_start") (param i32 i32) (call $note (local.get 1)))
    (func (export "spawn") (param i32) (result i32) (call $spawn (local.get 0)))))");
  ASSERT_TRUE(guest) << guest.error().to_string();
  std::atomic<int32_t> sum{0};
  const auto note = [](ashlar::Caller& caller, int32_t n) { **caller.data<std::atomic<int32_t>*>() += n; };
  {
    ashlar::Store store(engine);
    ashlar::Linker linker(engine);
    linker.func("host", "note", note);
    linker.define_wasi(ashlar::WasiConfig().threads(50, [&](ashlar::Store& of) { of.set_data(&sum); }));
    auto instance = linker.instantiate(store, *guest);
    ASSERT_TRUE(instance) << instance.error().to_string();
    for (int32_t i = 1; i <= 10; ++i) EXPECT_GT(instance->func<int32_t(int32_t)>("spawn")->call(i).value(), 0);
    while (sum != 55) std::this_thread::yield();
  }
  // A function of one store can't be called by threads.
  ashlar::Store store(engine);
  ashlar::Linker linker(store);
  linker.func("host", "note", note).define_wasi(ashlar::WasiConfig().threads(50));
  const auto refused = linker.instantiate(*guest);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().id(), "threads_need_engine_linker");
}

TEST_P(ThreadsTest, MustBeAllowed) {
  ashlar::Store store(engine);
  ashlar::Linker linker(engine);
  linker.define_wasi();
  const auto refused = linker.instantiate(store, *module);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::Link);
  EXPECT_NE(refused.error().message().find("WasiConfig::threads"), std::string::npos) << refused.error().message();
}

TEST_P(ThreadsTest, NeedASharedMemoryAndAnEntry) {
  for (const char* text : {R"((module (import "wasi" "thread-spawn" (func (param i32) (result i32)))
                             (import "env" "memory" (memory 1 1 shared))))",
                           R"((module (import "wasi" "thread-spawn" (func (param i32) (result i32)))
                             (memory 1 1 shared) (func (export "wasi_thread_start") (param i32 i32))))"}) {
    const auto guest = ashlar::Module::compile(engine, text);
    ASSERT_TRUE(guest) << guest.error().to_string();
    ashlar::Store store(engine);
    ashlar::Linker linker(engine);
    linker.define_wasi(ashlar::WasiConfig().threads(1));
    const auto refused = linker.instantiate(store, *guest);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind(), ErrorKind::Link);
  }
}

INSTANTIATE_TEST_SUITE_P(Tiers, ThreadsTest, testing::Values(Tier::Interpreter, Tier::Auto, Tier::Optimizing),
                         [](const auto& tier) {
                           return std::string(tier.param == Tier::Interpreter ? "interpreter"
                                              : tier.param == Tier::Auto      ? "automatic"
                                                                              : "optimizing");
                         });

}  // namespace
