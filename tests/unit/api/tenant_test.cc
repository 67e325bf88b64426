// Tenants' ledgers and deadlines.
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "ashlar/ashlar.h"

namespace {

using ashlar::ErrorKind;
using ashlar::Tenant;
using ashlar::TenantAmounts;
using ashlar::Value;

constexpr uint64_t kPage = 65536;

struct TenantTest : testing::Test {
  ashlar::Engine engine;

  static Tenant with(uint64_t TenantAmounts::* limited, uint64_t most) {
    TenantAmounts amounts = TenantAmounts::unlimited();
    amounts.*limited = most;
    return Tenant(amounts);
  }
  ashlar::Result<ashlar::Instance> load(ashlar::Store& store, std::string_view text) const {
    auto module = ashlar::Module::compile(engine, text);
    EXPECT_TRUE(module) << module.error().to_string();
    return ashlar::Linker(store).instantiate(*module);
  }
};

constexpr std::string_view kGrower = R"((module
  (memory 2) (table 10 funcref) (type $s (struct (field i64) (field i64)))
  (type $list (array (mut (ref null $s))))
  (global $kept (mut (ref null $list)) (ref.null $list))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "grow_table") (param i32) (result i32) (table.grow (ref.null func) (local.get 0)))
  (func (export "make") (param i32)
    (global.set $kept (array.new $list (ref.null $s) (local.get 0)))
    (loop $l
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (array.set $list (global.get $kept) (local.get 0) (struct.new $s (i64.const 1) (i64.const 2)))
      (br_if $l (local.get 0)))))
)";

int32_t call(const ashlar::Instance& instance, const char* name, int32_t argument) {
  return instance.func<int32_t(int32_t)>(name)->call(argument).value();
}

TEST_F(TenantTest, StoresShareAndGiveBack) {
  const Tenant tenant = with(&TenantAmounts::memory_bytes, 6 * kPage);
  std::optional<ashlar::Store> first(std::in_place, engine, tenant);
  ashlar::Store second(engine, tenant);
  auto a = load(*first, kGrower);
  auto b = load(second, kGrower);
  ASSERT_TRUE(a && b);
  EXPECT_EQ(tenant.usage().memory_bytes, 4 * kPage);
  EXPECT_EQ(tenant.usage().table_elements, 20u);
  EXPECT_EQ(tenant.usage().instances, 2u);
  EXPECT_EQ(tenant.usage().stores, 2u);
  EXPECT_EQ(call(*a, "grow", 2), 2);
  EXPECT_EQ(call(*b, "grow", 1), -1);
  EXPECT_EQ(tenant.usage().memory_bytes, 6 * kPage);
  ashlar::Store third(engine, tenant);
  auto c = load(third, kGrower);
  ASSERT_FALSE(c);
  EXPECT_EQ(c.error().kind(), ErrorKind::Limit) << c.error().to_string();
  first.reset();
  EXPECT_EQ(tenant.usage().memory_bytes, 2 * kPage);
  EXPECT_EQ(tenant.peak().memory_bytes, 6 * kPage);
  EXPECT_EQ(call(*b, "grow", 1), 2);
  EXPECT_TRUE(load(third, kGrower));
}

TEST_F(TenantTest, AllBytesTogether) {
  const Tenant tenant = with(&TenantAmounts::bytes, 2 * kPage + 80 + 8);
  ashlar::Store store(engine, tenant);
  auto a = load(store, kGrower);
  ASSERT_TRUE(a) << a.error().to_string();
  EXPECT_EQ(tenant.usage().bytes, 2 * kPage + 80);
  EXPECT_EQ(call(*a, "grow", 1), -1);
  EXPECT_EQ(call(*a, "grow_table", 2), -1);
  EXPECT_EQ(call(*a, "grow_table", 1), 10);
  EXPECT_EQ(tenant.usage().bytes, 2 * kPage + 88);
}

TEST_F(TenantTest, HeapsOfStructs) {
  const Tenant tenant = with(&TenantAmounts::gc_heap_bytes, 4 << 20);
  ashlar::Store small(engine, tenant);
  auto a = load(small, kGrower);
  ASSERT_TRUE(a);
  const auto make = *a->func<void(int32_t)>("make");
  EXPECT_TRUE(make.call(10'000));
  EXPECT_GT(tenant.usage().gc_heap_bytes, 200'000u);
  const auto full = make.call(1'000'000);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().id(), "gc_heap_exhausted");
  EXPECT_LE(tenant.peak().gc_heap_bytes, 4u << 20);
  EXPECT_TRUE(make.call(10'000));  // the store goes on
}

TEST_F(TenantTest, HostObjects) {
  const Tenant tenant = with(&TenantAmounts::host_objects, 3);
  {
    ashlar::Store store(engine, tenant);
    std::vector<Value> kept;
    for (int i = 0; i < 3; ++i) {
      auto made = Value::external(store, std::string("x"), 1000);
      ASSERT_TRUE(made);
      kept.push_back(*made);
    }
    EXPECT_EQ(tenant.usage().host_bytes, 3000u);
    EXPECT_FALSE(Value::external(store, std::string("y")));
    kept.clear();
    EXPECT_TRUE(Value::external(store, std::string("z")));  // what nobody refers to is collected first
  }
  EXPECT_EQ(tenant.usage().host_objects, 0u);
  EXPECT_EQ(tenant.usage().host_bytes, 0u);
}

TEST_F(TenantTest, StoresAndInstances) {
  const Tenant tenant = with(&TenantAmounts::stores, 1);
  ashlar::Store first(engine, tenant);
  ashlar::Store second(engine, tenant);
  EXPECT_TRUE(load(first, "(module)"));
  auto refused = load(second, "(module)");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::Limit);
  const Tenant few = with(&TenantAmounts::instances, 1);
  ashlar::Store third(engine, few);
  EXPECT_TRUE(load(third, "(module)"));
  EXPECT_FALSE(load(third, "(module)"));
}

TEST_F(TenantTest, ThreadsCountTogether) {
  const Tenant tenant = with(&TenantAmounts::memory_bytes, 100 * kPage);
  std::atomic<int> grown = 0;
  std::barrier all_loaded(4);
  std::barrier all_took(4);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      ashlar::Store store(engine, tenant);
      auto a = load(store, kGrower);
      EXPECT_TRUE(a);
      all_loaded.arrive_and_wait();
      for (int i = 0; a && i < 100; ++i) grown += call(*a, "grow", 1) >= 0;
      all_took.arrive_and_wait();
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(grown, 92);
  EXPECT_EQ(tenant.usage().memory_bytes, 0u);
}

TEST_F(TenantTest, DeadlinesStopLoops) {
  ashlar::Store store(engine);
  auto a = load(store, R"((module (func (export "spin") (loop (br 0))) (func (export "ok"))))");
  ASSERT_TRUE(a);
  const auto spin = *a->func<void()>("spin");
  const auto ok = *a->func<void()>("ok");
  const auto in = [](int ms) { return std::chrono::steady_clock::now() + std::chrono::milliseconds(ms); };
  store.set_deadline(in(20));
  auto stopped = spin.call();
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().message(), "interrupted: deadline");
  EXPECT_FALSE(ok.call());
  store.clear_deadline();
  EXPECT_TRUE(ok.call());
  store.set_deadline(in(60'000));
  EXPECT_TRUE(ok.call());
  store.set_deadline(in(-1));
  EXPECT_FALSE(spin.call());
  store.set_deadline(in(10));
  EXPECT_FALSE(spin.call());
  // One that others' deadlines overtake, and a store that ends before its own.
  std::optional<ashlar::Store> other(std::in_place, engine);
  other->set_deadline(in(5));
  other.reset();
  store.clear_deadline();
  store.set_deadline(in(15));
  EXPECT_FALSE(spin.call());
}

}  // namespace
