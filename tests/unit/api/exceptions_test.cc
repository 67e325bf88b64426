// Exceptions between guests and the host, in every tier that there is.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "ashlar/ashlar.h"

namespace {

using ashlar::ErrorKind;
using ashlar::Tier;
using ashlar::Value;
using ashlar::ValueType;

constexpr std::string_view kGuest = R"((module
  (import "env" "fail" (func $fail (param i32)))
  (import "env" "e" (tag $e (param i32 i64)))
  (tag $own (export "own") (param f64 externref))
  (func (export "fail") (param i32) (call $fail (local.get 0)))
  (func (export "catch") (param i32) (result i32 i64)
    (block $caught (result i32 i64)
      (try_table (catch $e $caught) (call $fail (local.get 0)))
      (i32.const -1) (i64.const -1)))
  (func (export "throw") (param f64 externref) (throw $own (local.get 0) (local.get 1)))
  (func (export "rethrow") (param exnref) (throw_ref (local.get 0)))))";

struct ExceptionsTest : testing::TestWithParam<Tier> {
  void SetUp() override {
    namespace fs = std::filesystem;
    const fs::path bin = fs::read_symlink("/proc/self/exe").parent_path();
    const bool built = fs::exists(bin.parent_path() / "lib" / "ashlar" / "ashlar-llvm");
    if (GetParam() == Tier::Optimizing && !built && std::getenv("ASHLAR_LLVM") == nullptr) {
      GTEST_SKIP() << "there is no compiler in this build";
    }
    ashlar::Config config;
    config.tier = GetParam();
    config.code_cache = false;
    engine = ashlar::Engine(config);
    store = std::make_unique<ashlar::Store>(engine);
    tag = ashlar::Tag::make(*store, {ValueType::i32(), ValueType::i64()});
    ashlar::Linker linker(*store);
    linker.define("env", "e", tag);
    linker.func("env", "fail", [this](int32_t n) -> ashlar::Status {
      if (n == 0) return {};
      if (n < 0) return std::unexpected(ashlar::Error::trap("negative"));
      return std::unexpected(tag.exception({Value::i32(n), Value::i64(int64_t{n} << 32)}));
    });
    auto module = ashlar::Module::compile(engine, kGuest);
    ASSERT_TRUE(module) << module.error().to_string();
    auto made = linker.instantiate(*module);
    ASSERT_TRUE(made) << made.error().to_string();
    guest = *made;
  }

  ashlar::Engine engine;
  std::unique_ptr<ashlar::Store> store;
  ashlar::Tag tag;
  ashlar::Instance guest;
};

TEST_P(ExceptionsTest, TheGuestCatchesTheHosts) {
  auto f = guest.func<std::tuple<int32_t, int64_t>(int32_t)>("catch");
  ASSERT_TRUE(f) << f.error().to_string();
  EXPECT_EQ(f->call(7).value(), std::tuple(7, int64_t{7} << 32));
  EXPECT_EQ(f->call(0).value(), std::tuple(-1, int64_t{-1}));
  EXPECT_EQ(f->call(-1).error().message(), "negative");
  EXPECT_FALSE(f->call(-1).error().exception());
}

TEST_P(ExceptionsTest, TheHostGetsWhatNobodyCaught) {
  auto through = guest.func<void(int32_t)>("fail")->call(9);
  ASSERT_FALSE(through);
  EXPECT_EQ(through.error().id(), "uncaught_exception");
  EXPECT_EQ(through.error().kind(), ErrorKind::Trap);
  auto e = through.error().exception();
  ASSERT_TRUE(e);
  EXPECT_EQ(e->tag, tag);
  ASSERT_EQ(e->values.size(), 2u);
  EXPECT_EQ(e->values[0].as_i32(), 9);
  EXPECT_EQ(e->values[1].as_i64(), int64_t{9} << 32);

  // References in it live as long as the error, and the exception can be thrown again.
  auto thrown = guest.func("throw")->call({Value::f64(2.5), *Value::external(*store, std::string("payload"))});
  ASSERT_FALSE(thrown);
  store->collect_garbage();
  e = thrown.error().exception();
  ASSERT_TRUE(e);
  EXPECT_EQ(e->tag, *guest.tag("own"));
  EXPECT_EQ(e->values[0].as_f64(), 2.5);
  EXPECT_EQ(*e->values[1].external<std::string>(), "payload");
  auto again = guest.func("rethrow")->call({e->ref});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().exception()->tag, *guest.tag("own"));
  EXPECT_TRUE(again.error().exception()->ref.same_ref(e->ref));
  ashlar::Error outlives = std::move(again.error());
  e.reset();
  store.reset();
  EXPECT_FALSE(outlives.exception());
}

TEST_P(ExceptionsTest, HostFunctionsPassOnWhatTheyGet) {
  ashlar::Linker linker(*store);
  linker.func("env", "through", [this]() -> ashlar::Status { return guest.func<void(int32_t)>("fail")->call(3); });
  linker.define("env", "e", tag);
  auto module = ashlar::Module::compile(engine, R"((module
    (import "env" "through" (func $f)) (import "env" "e" (tag $e (param i32 i64)))
    (func (export "run") (result i32 i64)
      (block $caught (result i32 i64) (try_table (catch $e $caught) (call $f)) (i32.const 0) (i64.const 0)))))");
  auto made = linker.instantiate(*module);
  ASSERT_TRUE(made) << made.error().to_string();
  EXPECT_EQ((made->func<std::tuple<int32_t, int64_t>()>("run")->call().value()), std::tuple(3, int64_t{3} << 32));
}

TEST_P(ExceptionsTest, WhatCannotBeThrown) {
  EXPECT_EQ(tag.exception({Value::i32(1)}).id(), "exception_mismatch");
  EXPECT_EQ(tag.exception({Value::i32(1), Value::i32(1)}).id(), "value_mismatch");
  ashlar::Store other(engine);
  ashlar::Tag refs = ashlar::Tag::make(*store, {ValueType::externref()});
  EXPECT_EQ(refs.exception({*Value::external(other, 1)}).id(), "foreign_store");
  EXPECT_TRUE(refs.exception({*Value::external(*store, 1)}).exception());
  // One of another store is no exception here: it ends the guest.
  ashlar::Tag foreign = ashlar::Tag::make(other, {});
  ashlar::Func f = ashlar::Func::make(*store, [&]() -> ashlar::Status { return std::unexpected(foreign.exception()); });
  EXPECT_EQ(f.call().error().id(), "uncaught_exception");
  EXPECT_FALSE(f.call().error().exception());
}

INSTANTIATE_TEST_SUITE_P(Tiers, ExceptionsTest, testing::Values(Tier::Interpreter, Tier::Optimizing),
                         [](const auto& tier) { return tier.param == Tier::Interpreter ? "interp" : "optimizing"; });

}  // namespace
