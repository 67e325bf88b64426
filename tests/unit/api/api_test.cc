// The public C++ interface, through its headers alone.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>

#include "ashlar/ashlar.h"

namespace {

using ashlar::ErrorKind;
using ashlar::Value;
using ashlar::ValueType;

struct ApiTest : testing::Test {
  ashlar::Engine engine;
  ashlar::Store store{engine};
  ashlar::Linker linker{store};

  ashlar::Module compile(std::string_view text) {
    auto module = ashlar::Module::compile(engine, text);
    EXPECT_TRUE(module) << module.error().to_string();
    return *module;
  }
  ashlar::Instance load(std::string_view text) {
    auto instance = linker.instantiate(compile(text));
    EXPECT_TRUE(instance) << instance.error().to_string();
    return *instance;
  }
};

TEST_F(ApiTest, TypedCalls) {
  ashlar::Instance m = load(R"((module
    (func $fib (export "fib") (param i32) (result i32)
      (if (i32.lt_s (local.get 0) (i32.const 2)) (then (return (local.get 0))))
      (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))
    (func (export "mix") (param i64 f32 f64 v128) (result f64 v128 i64 i32 f32)
      (f64.add (local.get 2) (f64.promote_f32 (local.get 1))) (i64x2.neg (local.get 3)) (local.get 0) (i32.const -1)
      (f32.const 0.5))
    (func (export "nothing"))
    (func (export "self") (result funcref) (ref.func 0))
    (func (export "same") (param funcref) (result funcref) (local.get 0))
    (func (export "trap") (result i32) (unreachable))))");
  auto fib = m.func<int32_t(int32_t)>("fib");
  ASSERT_TRUE(fib) << fib.error().to_string();
  EXPECT_EQ(fib->call(20).value(), 6765);
  EXPECT_EQ((*fib)(10).value(), 55);

  using Mix = std::tuple<double, ashlar::V128, uint64_t, int32_t, float>(int64_t, float, double, ashlar::V128);
  auto mix = m.func<Mix>("mix");
  ASSERT_TRUE(mix) << mix.error().to_string();
  ashlar::V128 one;
  one.bytes[0] = one.bytes[8] = 1;
  auto [sum, negated, passed, minus, half] = mix->call(-5, 1.5f, 2.25, one).value();
  EXPECT_EQ(sum, 3.75);
  for (uint8_t byte : negated.bytes) EXPECT_EQ(byte, 0xff);
  EXPECT_EQ(passed, static_cast<uint64_t>(-5));
  EXPECT_EQ(minus, -1);
  EXPECT_EQ(half, 0.5f);

  EXPECT_TRUE(m.func<void()>("nothing")->call());
  ashlar::Func self = m.func<ashlar::Func()>("self")->call().value();
  EXPECT_EQ(self.typed<int32_t(int32_t)>()->call(7).value(), 13);
  auto same = m.func<ashlar::Func(ashlar::Func)>("same");
  EXPECT_EQ(same->call(self).value(), self);
  EXPECT_FALSE(same->call(ashlar::Func()).value());
  ashlar::Store other(engine);
  EXPECT_EQ(same->call(ashlar::Func::make(other, [] {})).error().id(), "foreign_store");

  auto trap = m.func<int32_t()>("trap")->call();
  ASSERT_FALSE(trap);
  EXPECT_EQ(trap.error().kind(), ErrorKind::Trap);
  EXPECT_EQ(trap.error().id(), "unreachable");
  EXPECT_NE(trap.error().notes().find("trap"), std::string::npos);
}

TEST_F(ApiTest, TypesAreCheckedOnce) {
  ashlar::Instance m =
      load(R"((module (func (export "f") (param i32) (result i32) (local.get 0)) (memory (export "m") 1)))");
  auto wrong = m.func<int64_t(int32_t)>("f");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind(), ErrorKind::Usage);
  EXPECT_EQ(wrong.error().message(), "the function's type is [i32] -> [i32], not [i32] -> [i64]");
  auto missing = m.func("g");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind(), ErrorKind::Link);
  EXPECT_FALSE(m.func("m"));
  EXPECT_FALSE(m.memory("f"));
  EXPECT_FALSE(m.memory());
  EXPECT_TRUE(m.memory("m"));
  EXPECT_EQ(ashlar::Func().typed<void()>().error().id(), "null_function");
}

TEST_F(ApiTest, DynamicCalls) {
  ashlar::Instance m = load(R"((module
    (func (export "all") (param i32 i64 f32 f64 v128 externref funcref)
      (result i32 i64 f32 f64 v128 externref funcref)
      (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (local.get 6))))");
  ashlar::Func all = *m.func("all");
  EXPECT_EQ(all.type().to_string(),
            "[i32 i64 f32 f64 v128 externref funcref] -> [i32 i64 f32 f64 v128 externref funcref]");
  ashlar::V128 v;
  v.bytes[15] = 9;
  auto out = all.call({Value::i32(-1), Value::i64(-2), Value::f32(1.5f), Value::f64(-2.5), Value::v128(v),
                       Value::null_ref(ValueType::externref()), Value::func(all)});
  ASSERT_TRUE(out) << out.error().to_string();
  EXPECT_EQ((*out)[0].as_i32(), -1);
  EXPECT_EQ((*out)[1].as_i64(), -2);
  EXPECT_EQ((*out)[2].as_f32(), 1.5f);
  EXPECT_EQ((*out)[3].as_f64(), -2.5);
  EXPECT_EQ((*out)[4].as_v128(), v);
  EXPECT_TRUE((*out)[5].is_null());
  EXPECT_EQ((*out)[6].as_func(), all);
  EXPECT_EQ((*out)[0].to_string(), "-1");
  EXPECT_EQ((*out)[3].to_string(), "-2.5");
  EXPECT_EQ((*out)[0].as_i64(), 0);
  EXPECT_EQ(all.call({Value::i32(1)}).error().kind(), ErrorKind::Usage);
  EXPECT_EQ(ashlar::Func().call().error().kind(), ErrorKind::Usage);
}

TEST_F(ApiTest, HostFunctions) {
  int calls = 0;
  linker.func("env", "add", [&calls](int32_t a, int64_t b) {
    ++calls;
    return a + b;
  });
  linker.func("env", "divmod", [](uint32_t a, uint32_t b) -> ashlar::Result<std::tuple<uint32_t, uint32_t>> {
    if (b == 0) return std::unexpected(ashlar::Error::trap("no division by zero here"));
    return std::tuple(a / b, a % b);
  });
  linker.func("env", "log", [](ashlar::Caller& caller, uint32_t at, uint32_t size) -> ashlar::Status {
    EXPECT_TRUE(caller.instance());
    EXPECT_EQ(caller.memory()->text(at, size), "hello");
    EXPECT_FALSE(caller.memory()->text(65535, 2));
    return {};
  });
  linker.func("env", "throw", [] { throw std::runtime_error("oops"); });
  linker.func("env", "move_only", [p = std::make_unique<double>(2.5)]() { return *p; });
  linker.func("env", "twice", {{ValueType::f64(), ValueType::i32()}, {ValueType::i32(), ValueType::f64()}},
              [](ashlar::Caller&, std::span<const Value> args, std::span<Value> results) -> ashlar::Status {
                results[0] = Value::i32(2 * args[1].as_i32());
                results[1] = Value::f64(2 * args[0].as_f64());
                return {};
              });
  linker.func("env", "bad", {{}, {ValueType::i32()}},
              [](ashlar::Caller&, std::span<const Value>, std::span<Value> results) -> ashlar::Status {
                results[0] = Value::i64(1);
                return {};
              });
  ashlar::Instance m = load(R"((module
    (import "env" "add" (func $add (param i32 i64) (result i64)))
    (import "env" "divmod" (func $divmod (param i32 i32) (result i32 i32)))
    (import "env" "log" (func $log (param i32 i32)))
    (import "env" "throw" (func $throw))
    (import "env" "move_only" (func $move_only (result f64)))
    (import "env" "twice" (func $twice (param f64 i32) (result i32 f64)))
    (import "env" "bad" (func $bad (result i32)))
    (memory 1) (data (i32.const 16) "hello")
    (func (export "add") (param i32 i64) (result i64) (call $add (local.get 0) (local.get 1)))
    (func (export "divmod") (param i32 i32) (result i32 i32) (call $divmod (local.get 0) (local.get 1)))
    (func (export "log") (call $log (i32.const 16) (i32.const 5)))
    (func (export "throw") (call $throw))
    (func (export "move_only") (result f64) (call $move_only))
    (func (export "twice") (result i32 f64) (call $twice (f64.const 1.5) (i32.const 21)))
    (func (export "bad") (result i32) (call $bad))))");
  EXPECT_EQ(m.func<int64_t(int32_t, int64_t)>("add")->call(-3, 1ll << 40).value(), (1ll << 40) - 3);
  EXPECT_EQ(calls, 1);
  auto divmod = m.func<std::tuple<uint32_t, uint32_t>(uint32_t, uint32_t)>("divmod");
  EXPECT_EQ(divmod->call(0xffff'ffff, 10).value(), std::tuple(429496729u, 5u));
  auto trap = divmod->call(1, 0);
  ASSERT_FALSE(trap);
  EXPECT_EQ(trap.error().kind(), ErrorKind::Trap);
  EXPECT_EQ(trap.error().message(), "no division by zero here");
  EXPECT_NE(trap.error().notes().find("divmod"), std::string::npos);
  EXPECT_TRUE(m.func<void()>("log")->call());
  EXPECT_EQ(m.func<void()>("throw")->call().error().message(), "exception in throw: oops");
  EXPECT_EQ(m.func<double()>("move_only")->call().value(), 2.5);
  EXPECT_EQ((m.func<std::tuple<int32_t, double>()>("twice")->call().value()), std::tuple(42, 3.0));
  EXPECT_EQ(m.func("bad")->call().error().kind(), ErrorKind::Trap);
}

TEST_F(ApiTest, ModulesTellTheirTypes) {
  ashlar::Module m = compile(R"((module $name
    (import "a" "f" (func (param i32 i64) (result f32)))
    (import "a" "m" (memory 1 4))
    (import "b" "g" (global (mut i64)))
    (import "b" "t" (table 3 funcref))
    (import "b" "e" (tag (param i32)))
    (memory (export "big") i64 2)
    (func (export "out") (result externref) (ref.null extern))))");
  std::string text;
  for (const ashlar::ImportType& i : m.imports()) text += i.module + "." + i.name + ": " + i.type.to_string() + "\n";
  for (const ashlar::ExportType& e : m.exports()) text += e.name + ": " + e.type.to_string() + "\n";
  EXPECT_EQ(text,
            "a.f: func [i32 i64] -> [f32]\na.m: memory 1 4\nb.g: global mut i64\nb.t: table 3 funcref\nb.e: tag [i32]\n"
            "big: memory i64 2\nout: func [] -> [externref]\n");
  EXPECT_EQ(m.name(), "name");
}

TEST_F(ApiTest, MemoriesTablesAndGlobals) {
  auto memory = ashlar::Memory::make(store, 1, 3);
  ASSERT_TRUE(memory);
  EXPECT_FALSE(ashlar::Memory::make(store, 3, 1));
  ashlar::Global counter = ashlar::Global::make(store, Value::i64(40), true);
  linker.define("env", "memory", *memory).define("env", "counter", counter);
  ashlar::Instance m = load(R"((module
    (import "env" "memory" (memory 1 3)) (import "env" "counter" (global $c (mut i64)))
    (table (export "table") 2 funcref)
    (global (export "pi") f64 (f64.const 3.25))
    (func (export "step") (result i64) (global.set $c (i64.add (global.get $c) (i64.const 2))) (global.get $c))
    (func (export "read") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "call") (result i32) (call_indirect (result i32) (i32.const 1)))))");
  EXPECT_TRUE(memory->write(100, int32_t{77}));
  EXPECT_EQ(m.func<int32_t(int32_t)>("read")->call(100).value(), 77);
  EXPECT_EQ(memory->read<int32_t>(100), 77);
  EXPECT_FALSE(memory->write(65533, int32_t{1}));
  EXPECT_FALSE(memory->read<uint64_t>(~uint64_t{0}));
  EXPECT_EQ(memory->grow(2), 1u);
  EXPECT_FALSE(memory->grow(1));
  EXPECT_EQ(memory->pages(), 3u);
  EXPECT_EQ(memory->bytes().size(), 3u * 65536);

  EXPECT_EQ(m.func<int64_t()>("step")->call().value(), 42);
  EXPECT_EQ(counter.get().as_i64(), 42);
  EXPECT_TRUE(counter.set(Value::i64(-1)));
  EXPECT_EQ(m.func<int64_t()>("step")->call().value(), 1);
  EXPECT_EQ(counter.set(Value::i32(1)).error().message(), "a value of type i32 does not fit i64");
  EXPECT_EQ(m.global("pi")->get().as_f64(), 3.25);
  EXPECT_EQ(m.global("pi")->set(Value::f64(3)).error().id(), "not_mutable");

  ashlar::Table table = *m.table("table");
  EXPECT_EQ(table.size(), 2u);
  EXPECT_TRUE(table.get(1)->is_null());
  EXPECT_FALSE(table.get(2));
  EXPECT_TRUE(table.set(1, Value::func(ashlar::Func::make(store, [] { return int32_t{123}; }))));
  EXPECT_EQ(m.func<int32_t()>("call")->call().value(), 123);
  EXPECT_FALSE(table.set(1, Value::i32(1)));
  EXPECT_FALSE(table.set(2, Value::null_func()));
}

TEST_F(ApiTest, ErrorsSayWhereAndWhat) {
  auto bad_text = ashlar::Module::compile(engine, "(module\n  (func (bogus)))");
  ASSERT_FALSE(bad_text);
  EXPECT_EQ(bad_text.error().kind(), ErrorKind::Malformed);
  EXPECT_EQ(bad_text.error().line(), 2u);
  auto invalid = ashlar::Module::compile(engine, "(module (func (result i32) (i64.const 1)))");
  ASSERT_FALSE(invalid);
  EXPECT_EQ(invalid.error().kind(), ErrorKind::Invalid);
  EXPECT_EQ(invalid.error().id(), "type_mismatch");
  const uint8_t bytes[] = {0, 'a', 's', 'm', 9, 0, 0, 0};
  EXPECT_EQ(ashlar::Module::compile(engine, bytes).error().kind(), ErrorKind::Malformed);
  EXPECT_EQ(ashlar::Module::from_file(engine, "/no/such/file.wasm").error().kind(), ErrorKind::Io);
  auto unlinked = linker.instantiate(compile(R"((module (import "no" "thing" (func))))"));
  ASSERT_FALSE(unlinked);
  EXPECT_EQ(unlinked.error().kind(), ErrorKind::Link);
  EXPECT_EQ(unlinked.error().message(), "unknown import: \"no\" \"thing\" (function)");
  ashlar::Engine other;
  auto foreign = ashlar::Module::compile(other, "(module)");
  EXPECT_EQ(linker.instantiate(*foreign).error().kind(), ErrorKind::Usage);
}

TEST_F(ApiTest, LimitsFuelAndInterruption) {
  ashlar::Config config;
  config.fuel = true;
  EXPECT_TRUE(config.set_feature("threads", true));
  EXPECT_FALSE(config.set_feature("thread", true));
  ashlar::Engine counting(config);
  ashlar::StoreLimits limits;
  limits.memory_bytes = 65536;
  ashlar::Store small(counting, limits);
  ashlar::Linker own(small);
  auto module = ashlar::Module::compile(counting, R"((module (memory 1)
    (func (export "loop") (loop (br 0))) (func (export "grow") (result i32) (memory.grow (i32.const 1)))))");
  ASSERT_TRUE(module);
  auto m = own.instantiate(*module);
  ASSERT_TRUE(m);
  EXPECT_FALSE(own.instantiate(*module));
  small.set_fuel(1000);
  EXPECT_EQ(m->func<int32_t()>("grow")->call().value(), -1);
  EXPECT_LT(small.fuel(), 1000);
  EXPECT_EQ(m->func<void()>("loop")->call().error().id(), "out_of_fuel");
  small.set_fuel(int64_t{1} << 50);
  std::thread stopper([&small] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    small.interrupt("time is up");
  });
  EXPECT_EQ(m->func<void()>("loop")->call().error().message(), "interrupted: time is up");
  stopper.join();
  small.clear_interrupt();
  EXPECT_TRUE(m->func<int32_t()>("grow")->call());
}

TEST_F(ApiTest, WasiPrograms) {
  constexpr std::string_view kExit = R"((module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start") (drop (call $args (i32.const 0) (i32.const 4))) (call $exit (i32.load (i32.const 0))))))";
  linker.define_wasi(ashlar::WasiConfig().args({"prog", "a", "b"}).env("X", "1"));
  ashlar::Instance m = load(kExit);
  ashlar::Status done = linker.run(m);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind(), ErrorKind::Exit);
  EXPECT_EQ(done.error().exit_code(), 3);
  ashlar::Linker refused(store);
  refused.define_wasi(ashlar::WasiConfig().dir("/no/such/directory", "/"));
  EXPECT_EQ(refused.instantiate(compile(kExit)).error().kind(), ErrorKind::Io);
}

TEST_F(ApiTest, InstancesLinkToEachOther) {
  ashlar::Instance a =
      load(R"((module (memory (export "m") 1) (func (export "f") (result i32) (i32.load (i32.const 0)))))");
  linker.define_instance("a", a);
  ashlar::Instance b = load(R"((module (import "a" "m" (memory 1)) (import "a" "f" (func $f (result i32)))
    (func (export "g") (param i32) (result i32) (i32.store (i32.const 0) (local.get 0)) (call $f))))");
  EXPECT_EQ(b.func<int32_t(int32_t)>("g")->call(5).value(), 5);
  EXPECT_EQ(b.module().imports().size(), 2u);
}

TEST_F(ApiTest, ModulesAreSharedByThreads) {
  ashlar::Module module = compile(R"((module (func $f (export "f") (param i64) (result i64)
    (if (i64.eqz (local.get 0)) (then (return (i64.const 0))))
    (i64.add (local.get 0) (call $f (i64.sub (local.get 0) (i64.const 1)))))))");
  std::vector<std::thread> threads;
  std::vector<int64_t> sums(4);
  for (size_t i = 0; i < sums.size(); ++i) {
    threads.emplace_back([&, i] {
      ashlar::Store own(engine);
      auto m = ashlar::Linker(own).instantiate(module);
      if (m) sums[i] = m->func<int64_t(int64_t)>("f")->call(1000).value_or(-1);
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(sums, std::vector<int64_t>(4, 500500));
}

TEST(ApiPool, StoresSeeNothingOfThoseBefore) {
  ashlar::Config config;
  config.pool.memories = 1;
  config.pool.memory_bytes = 4 << 16;
  config.pool.overflow = false;
  ashlar::Engine engine(config);
  auto module = ashlar::Module::compile(engine, R"((module
    (memory (export "memory") 1)
    (data (i32.const 8) "data")
    (func (export "grow") (result i32) (memory.grow (i32.const 3)))
    (func (export "more") (result i32) (memory.grow (i32.const 4)))
    (func (export "write") (param i32) (i32.store (local.get 0) (i32.const -1)))))");
  ASSERT_TRUE(module) << module.error().to_string();
  const uint8_t* place = nullptr;
  for (int round = 0; round < 4; ++round) {
    ashlar::Store store(engine);
    ashlar::Linker linker(store);
    auto instance = linker.instantiate(*module);
    ASSERT_TRUE(instance) << instance.error().to_string();
    const ashlar::Memory memory = *instance->memory();
    if (place != nullptr) EXPECT_EQ(memory.bytes().data(), place);
    place = memory.bytes().data();
    EXPECT_EQ(memory.text(8, 4), "data");
    EXPECT_EQ(memory.read<uint32_t>(0), 0u);
    EXPECT_EQ(instance->func<int32_t()>("more")->call().value(), -1);
    EXPECT_EQ(instance->func<int32_t()>("grow")->call().value(), 1);
    EXPECT_EQ(memory.read<uint32_t>(200'000), 0u);
    for (int32_t at : {0, 8, 200'000}) EXPECT_TRUE(instance->func<void(int32_t)>("write")->call(at));
    // The place is in use.
    ashlar::Store second(engine);
    auto none = ashlar::Linker(second).instantiate(*module);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().kind(), ErrorKind::Limit);
  }
}

}  // namespace
