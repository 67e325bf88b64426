// References that the host holds, and host objects that guests hold, through the public headers alone.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ashlar/ashlar.h"

namespace {

using ashlar::Externref;
using ashlar::Value;
using ashlar::ValueType;

/// Counts how many there are.
struct Counted {
  explicit Counted(int* count, int id = 0) : count_(count), id(id) { ++*count_; }
  Counted(Counted&& o) noexcept : count_(o.count_), id(o.id) { ++*count_; }
  Counted(const Counted& o) : count_(o.count_), id(o.id) { ++*count_; }
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --*count_; }
  int* count_;
  int id;
};

constexpr std::string_view kGuest = R"((module
  (type $node (struct (field (mut i32)) (field (mut (ref null $node)))))
  (type $bytes (array (mut i8)))
  (tag $oops (param i32))
  (global $kept (export "kept") (mut externref) (ref.null extern))
  (table $t (export "table") 8 externref)
  (func (export "make") (param i32) (result anyref) (struct.new $node (local.get 0) (ref.null $node)))
  (func (export "pair") (param i32) (result anyref anyref)
    (struct.new $node (local.get 0) (ref.null $node)) (array.new $bytes (local.get 0) (i32.const 10)))
  (func (export "value") (param anyref) (result i32) (struct.get $node 0 (ref.cast (ref $node) (local.get 0))))
  (func (export "first") (param anyref) (result i32)
    (array.get_u $bytes (ref.cast (ref $bytes) (local.get 0)) (i32.const 0)))
  (func (export "small") (param i32) (result i31ref) (ref.i31 (local.get 0)))
  (func (export "small_value") (param i31ref) (result i32) (i31.get_s (local.get 0)))
  (func (export "garbage") (param i32)
    (loop $l
      (drop (struct.new $node (i32.const 7) (ref.null $node)))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "caught") (param i32) (result exnref)
    (block $h (result i32 exnref) (try_table (catch_ref $oops $h) (throw $oops (local.get 0))) (unreachable))
    (return))
  (func (export "same") (param externref) (result externref) (local.get 0))
  (func (export "keep") (param externref) (global.set $kept (local.get 0)))
  (func (export "give") (result externref) (global.get $kept))
  (func (export "inside") (param externref) (result anyref) (any.convert_extern (local.get 0)))))";

struct RefsTest : testing::Test {
  int count = 0;  ///< of Counted; outlives the store
  ashlar::Engine engine;
  std::optional<ashlar::Store> store{std::in_place, engine};
  std::optional<ashlar::Linker> linker{std::in_place, *store};

  ashlar::Instance load(std::string_view text) {
    auto module = ashlar::Module::compile(engine, text);
    EXPECT_TRUE(module) << module.error().to_string();
    auto instance = linker->instantiate(*module);
    EXPECT_TRUE(instance) << instance.error().to_string();
    return *instance;
  }
  static std::vector<Value> call(const ashlar::Instance& m, const char* name, std::vector<Value> args) {
    auto out = m.func(name)->call(args);
    EXPECT_TRUE(out) << out.error().to_string();
    return out ? std::move(*out) : std::vector<Value>(1);
  }
  /// Enough for several collections of the young generation, and then a whole one.
  void churn(const ashlar::Instance& m) {
    call(m, "garbage", {Value::i32(200'000)});
    store->collect_garbage();
  }
};

TEST_F(RefsTest, ValuesKeepWhatTheyReferTo) {
  ashlar::Instance m = load(kGuest);
  std::vector<Value> held;
  for (int i = 0; i < 100; ++i) {
    held.push_back(call(m, "make", {Value::i32(i)})[0]);
    if (i % 10 == 0) churn(m);
  }
  Value array = call(m, "pair", {Value::i32(33)})[1];
  Value exception = call(m, "caught", {Value::i32(5)})[0];
  churn(m);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(call(m, "value", {held[i]})[0].as_i32(), i);
  EXPECT_EQ(call(m, "first", {array})[0].as_i32(), 33);
  EXPECT_EQ(exception.type().to_string(), "exnref");
  EXPECT_FALSE(exception.is_null());
  EXPECT_EQ(array.type().to_string(), "anyref");
  EXPECT_EQ(array.to_string(), "anyref");
  EXPECT_FALSE(array.is_null());
}

TEST_F(RefsTest, CopiesAndMoves) {
  ashlar::Instance m = load(kGuest);
  Value a = call(m, "make", {Value::i32(1)})[0];
  Value b = a;
  EXPECT_TRUE(a.same_ref(b));
  Value c = std::move(a);
  EXPECT_TRUE(a.is_null());
  EXPECT_FALSE(a.same_ref(b));
  EXPECT_TRUE(c.same_ref(b));
  churn(m);
  EXPECT_TRUE(c.same_ref(b));
  b = call(m, "make", {Value::i32(2)})[0];
  EXPECT_FALSE(c.same_ref(b));
  const Value& itself = b;
  b = itself;
  EXPECT_EQ(call(m, "value", {b})[0].as_i32(), 2);
  b = c;
  churn(m);
  EXPECT_EQ(call(m, "value", {b})[0].as_i32(), 1);
  c = Value::i64(3);
  EXPECT_EQ(c.as_i64(), 3);
  c = std::move(b);
  EXPECT_EQ(call(m, "value", {c})[0].as_i32(), 1);
  EXPECT_TRUE(Value::null_ref(ValueType::externref()).same_ref(Value::null_func()));
  EXPECT_FALSE(Value::i32(0).same_ref(Value::null_func()));
}

TEST_F(RefsTest, SmallIntegersAreNoObjects) {
  ashlar::Instance m = load(kGuest);
  Value five = call(m, "small", {Value::i32(-5)})[0];
  Value other = call(m, "small", {Value::i32(-5)})[0];
  EXPECT_TRUE(five.same_ref(other));
  EXPECT_FALSE(five.is_null());
  EXPECT_EQ(call(m, "small_value", {five})[0].as_i32(), -5);
  linker.reset();
  store.reset();
  EXPECT_FALSE(five.is_null());
}

TEST_F(RefsTest, ExternalObjectsAreReadBackByType) {
  ashlar::Instance m = load(kGuest);
  Value text = *Value::external(*store, std::string("hello"));
  EXPECT_EQ(text.type(), ValueType::externref());
  ASSERT_NE(text.external<std::string>(), nullptr);
  EXPECT_EQ(text.external<int>(), nullptr);
  EXPECT_EQ(text.external<const std::string>()->size(), 5u);
  text.external<std::string>()->append(" there");
  Value back = call(m, "same", {text})[0];
  EXPECT_EQ(*back.external<std::string>(), "hello there");
  EXPECT_TRUE(back.same_ref(text));
  EXPECT_EQ(*call(m, "inside", {text})[0].external<std::string>(), "hello there");
  Value owner = *Value::external(*store, std::make_unique<int>(4));
  EXPECT_EQ(**owner.external<std::unique_ptr<int>>(), 4);
  EXPECT_EQ(Value::i32(1).external<int>(), nullptr);
  EXPECT_EQ(Value::null_ref(ValueType::externref()).external<int>(), nullptr);
  EXPECT_EQ(call(m, "make", {Value::i32(1)})[0].external<int>(), nullptr);
  EXPECT_EQ(call(m, "small", {Value::i32(1)})[0].external<int>(), nullptr);
  EXPECT_EQ(Value::func(*m.func("make")).external<int>(), nullptr);
}

TEST_F(RefsTest, ExternalObjectsEndWhenNobodyRefersToThem) {
  ashlar::Instance m = load(kGuest);
  for (int i = 0; i < 100'000; ++i) ASSERT_TRUE(Value::external(*store, Counted(&count, i)));
  churn(m);
  // The conservative scan of the stack may keep a few.
  EXPECT_LT(count, 10);
  {
    std::vector<Value> held;
    for (int i = 0; i < 1000; ++i) held.push_back(*Value::external(*store, Counted(&count, i)));
    churn(m);
    EXPECT_GE(count, 1000);
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(held[i].external<Counted>()->id, i);
  }
  churn(m);
  EXPECT_LT(count, 10);
  call(m, "keep", {*Value::external(*store, Counted(&count, 77))});
  ashlar::Table table = *m.table("table");
  EXPECT_TRUE(table.set(3, *Value::external(*store, Counted(&count, 78))));
  churn(m);
  EXPECT_EQ(call(m, "give", {})[0].external<Counted>()->id, 77);
  EXPECT_EQ(m.global("kept")->get().external<Counted>()->id, 77);
  EXPECT_EQ(table.get(3)->external<Counted>()->id, 78);
  EXPECT_TRUE(m.global("kept")->set(*table.get(3)));
  linker.reset();
  store.reset();
  EXPECT_EQ(count, 0);
}

TEST_F(RefsTest, MillionsOfExternalObjectsTakeConstantMemory) {
  ashlar::StoreLimits limits;
  limits.gc_heap_bytes = 4 << 20;
  ashlar::Store own(engine, limits);
  int most = 0;
#if __has_feature(address_sanitizer)
  constexpr int kTimes = 1'000'000;
#else
  constexpr int kTimes = 10'000'000;
#endif
  for (int i = 0; i < kTimes; ++i) {
    ASSERT_TRUE(Value::external(own, Counted(&count)));
    most = std::max(most, count);
  }
  EXPECT_LT(most, 300'000);
}

TEST_F(RefsTest, LargeObjectsBringAboutCollections) {
  int most = 0;
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(Value::external(*store, Counted(&count), 1 << 20));
    most = std::max(most, count);
  }
  EXPECT_LE(most, 100);
}

TEST_F(RefsTest, TooManyExternalObjectsExhaustTheHeap) {
  ashlar::StoreLimits limits;
  limits.gc_heap_bytes = 256 << 10;
  ashlar::Store own(engine, limits);
  {
    std::vector<Value> held;
    for (;;) {
      auto made = Value::external(own, Counted(&count));
      if (!made) {
        EXPECT_EQ(made.error().id(), "gc_heap_exhausted");
        break;
      }
      held.push_back(std::move(*made));
      ASSERT_LT(held.size(), 100'000u);
    }
    EXPECT_GT(held.size(), 5000u);
    EXPECT_EQ(static_cast<size_t>(count), held.size());
  }
  EXPECT_TRUE(Value::external(own, Counted(&count)));
}

TEST_F(RefsTest, ValuesOutliveTheirStore) {
  ashlar::Instance m = load(kGuest);
  std::vector<Value> held = call(m, "pair", {Value::i32(1)});
  held.push_back(*Value::external(*store, Counted(&count)));
  held.push_back(Value::func(*m.func("make")));
  ashlar::Store other(engine);
  ashlar::Global global = ashlar::Global::make(other, Value::null_ref(ValueType::externref()), true);
  EXPECT_EQ(global.set(held[2]).error().id(), "foreign_store");
  linker.reset();
  store.reset();
  EXPECT_EQ(count, 0);
  EXPECT_TRUE(held[0].is_null());
  EXPECT_EQ(held[2].external<Counted>(), nullptr);
  EXPECT_EQ(held[2].to_string(), "null");
  std::vector<Value> copies = held;
  held.clear();
  EXPECT_TRUE(copies[1].is_null());
  EXPECT_EQ(global.set(copies[2]).error().id(), "foreign_store");
  copies[0] = copies[2];
  copies.pop_back();
}

TEST_F(RefsTest, ObjectsMayHoldValues) {
  ashlar::Instance m = load(kGuest);
  struct Holder {
    Value inner;
    Counted counted;
  };
  Value chain = *Value::external(*store, Counted(&count));
  for (int i = 0; i < 100; ++i) chain = *Value::external(*store, Holder{chain, Counted(&count, i)});
  churn(m);
  EXPECT_GE(count, 101);
  EXPECT_EQ(chain.external<Holder>()->inner.external<Holder>()->counted.id, 98);
  Value outlives = chain;
  linker.reset();
  store.reset();
  EXPECT_EQ(count, 0);
}

TEST_F(RefsTest, HostFunctionsKeepTheirArguments) {
  std::vector<Value> kept;
  std::vector<Externref> typed;
  linker->func("env", "keep", {{ValueType::externref()}, {ValueType::externref()}},
               [&](ashlar::Caller& caller, std::span<const Value> args, std::span<Value> results) -> ashlar::Status {
                 kept.push_back(args[0]);
                 auto made = Value::external(caller, Counted(&count, 1000));
                 if (!made) return std::unexpected(std::move(made).error());
                 results[0] = *made;
                 return {};
               });
  linker->func("env", "typed", [&](Externref r, int32_t plus) {
    typed.push_back(r);
    r.get<Counted>()->id += plus;
    return r;
  });
  linker->func("env", "make", [&](ashlar::Caller& caller, int32_t id) -> ashlar::Result<Externref> {
    if (id < 0) return Externref();
    return Externref::make(caller, Counted(&count, id));
  });
  ashlar::Instance m = load(R"((module
    (type $s (struct (field externref)))
    (import "env" "keep" (func $keep (param externref) (result externref)))
    (import "env" "typed" (func $typed (param externref i32) (result externref)))
    (import "env" "make" (func $make (param i32) (result externref)))
    (func (export "run") (param i32) (result externref)
      (call $typed (call $keep (call $make (local.get 0))) (i32.const 1)))
    (func (export "none") (result externref) (call $make (i32.const -1)))
    (func (export "many") (param i32)
      (loop $l
        (drop (struct.new $s (call $make (local.get 0))))
        (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))))");
  auto run = m.func<Externref(int32_t)>("run");
  ASSERT_TRUE(run) << run.error().to_string();
  for (int i = 0; i < 50; ++i) {
    Externref out = run->call(i).value();
    EXPECT_EQ(out.get<Counted>()->id, 1001);
    EXPECT_EQ(out, typed.back());
    ASSERT_TRUE(m.func<void(int32_t)>("many")->call(5'000));
  }
  store->collect_garbage();
  EXPECT_LT(count, 110);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(kept[i].external<Counted>()->id, i);
    EXPECT_EQ(typed[i].get<Counted>()->id, 1001);
  }
  EXPECT_FALSE(m.func<Externref()>("none")->call().value());
  ashlar::Store other(engine);
  auto same = load(kGuest).func<Externref(Externref)>("same");
  EXPECT_EQ(same->call(Externref::make(other, 1).value()).error().id(), "foreign_store");
  EXPECT_EQ(same->call(typed[3]).value(), typed[3]);
  EXPECT_FALSE(Externref(Value::i32(1)));
}

TEST_F(RefsTest, UnreachableObjectsEndWhileAGuestRuns) {
  int most = 0;
  linker->func("env", "make", [&](ashlar::Caller& caller, int32_t id) {
    most = std::max(most, count);
    return Externref::make(caller, Counted(&count, id));
  });
  ashlar::Instance m = load(R"((module
    (import "env" "make" (func $make (param i32) (result externref)))
    (func (export "many") (param i32)
      (loop $l
        (drop (call $make (local.get 0)))
        (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))))");
  ASSERT_TRUE(m.func<void(int32_t)>("many")->call(500'000));
  EXPECT_LT(most, 200'000);
}

TEST_F(RefsTest, ThrownOutOfAHostFunction) {
  // What a trap or a C++ exception leaves behind is released, too.
  linker->func("env", "fail", [&](ashlar::Caller& caller) -> ashlar::Status {
    Value made = *Value::external(caller, Counted(&count));
    throw std::runtime_error("no");
  });
  ashlar::Instance m = load(R"((module (import "env" "fail" (func $f)) (func (export "run") (call $f))))");
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(m.func<void()>("run")->call());
  store->collect_garbage();
  EXPECT_LT(count, 10);
}

}  // namespace
