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

TEST_F(TenantTest, References) {
  const Tenant tenant = with(&TenantAmounts::references, 4);
  std::optional<Value> left;
  {
    ashlar::Store store(engine, tenant);
    ashlar::Linker linker(store);
    int taken = 0;
    linker.func("env", "take", [&](const ashlar::Externref& r) { taken += r ? 1 : 0; });
    auto module = ashlar::Module::compile(engine, R"((module (import "env" "take" (func $take (param externref)))
      (func (export "same") (param externref) (result externref) (local.get 0))
      (func (export "take") (param externref) (call $take (local.get 0)))
      (func (export "number") (param i32) (result i32) (local.get 0))))");
    auto instance = linker.instantiate(*module);
    ASSERT_TRUE(instance);
    auto made = Value::external(store, std::string("x"));
    ASSERT_TRUE(made);
    EXPECT_EQ(tenant.usage().references, 1u);
    const auto same = *instance->func("same");
    const auto take = *instance->func<void(ashlar::Externref)>("take");
    EXPECT_TRUE(same.call({*made}));
    EXPECT_TRUE(take.call(ashlar::Externref(*made)));
    EXPECT_EQ(taken, 1);
    EXPECT_EQ(tenant.usage().references, 1u);
    // Copies of the host's own are not refused; what would make more is, and says so.
    const std::vector<Value> copies(5, *made);
    EXPECT_EQ(tenant.usage().references, 6u);
    const auto refused = same.call({*made});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind(), ErrorKind::Limit);
    EXPECT_EQ(refused.error().message(), "store limit: no reference is left to the tenant");
    const auto stopped = take.call(ashlar::Externref(*made));
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().kind(), ErrorKind::Limit) << stopped.error().to_string();
    EXPECT_EQ(taken, 1);
    EXPECT_FALSE(Value::external(store, std::string("y")));
    EXPECT_EQ(call(*instance, "number", 3), 3);
    left = *made;
  }
  EXPECT_EQ(tenant.usage().references, 0u);
  EXPECT_GE(tenant.peak().references, 7u);
  left.reset();  // after its store
  EXPECT_EQ(tenant.usage().references, 0u);
}

TEST_F(TenantTest, DescriptorsOfWasi) {
  constexpr std::string_view kOpener = R"((module
    (import "wasi_snapshot_preview1" "path_open"
      (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_readdir" (func $readdir (param i32 i32 i32 i64 i32) (result i32)))
    (memory (export "memory") 1) (data (i32.const 0) ".")
    (func (export "open") (param i32) (result i32)
      (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 2)
                  (i64.const 0x4000) (i64.const 0) (i32.const 0) (i32.const 8)))
    (func (export "close") (param i32) (result i32) (call $close (local.get 0)))
    (func (export "read") (param i32) (result i32)
      (call $readdir (local.get 0) (i32.const 100) (i32.const 200) (i64.const 0) (i32.const 8)))))";
  constexpr int32_t kNfile = 41;
  const Tenant tenant = with(&TenantAmounts::descriptors, 6);
  auto module = ashlar::Module::compile(engine, kOpener);
  ASSERT_TRUE(module) << module.error().to_string();
  {
    ashlar::Store store(engine, tenant);
    ashlar::Linker linker(store);
    linker.define_wasi(ashlar::WasiConfig().dir("/", "/", true));
    auto a = linker.instantiate(*module);
    ASSERT_TRUE(a) << a.error().to_string();
    EXPECT_EQ(tenant.usage().descriptors, 4u);  // the standard streams and the directory
    EXPECT_EQ(call(*a, "open", 0), 0);
    EXPECT_EQ(call(*a, "read", 3), 0);
    EXPECT_EQ(tenant.usage().descriptors, 6u);
    EXPECT_EQ(call(*a, "open", 0), kNfile);
    EXPECT_EQ(call(*a, "read", 4), kNfile);
    EXPECT_EQ(call(*a, "close", 3), 0);  // with its reader
    EXPECT_EQ(tenant.usage().descriptors, 4u);
    // Another program of the tenant finds none for its streams.
    ashlar::Store second(engine, tenant);
    ashlar::Linker other(second);
    other.define_wasi(ashlar::WasiConfig());
    auto refused = other.instantiate(*module);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind(), ErrorKind::Limit) << refused.error().to_string();
    EXPECT_EQ(tenant.usage().descriptors, 4u);
  }
  EXPECT_EQ(tenant.usage().descriptors, 0u);
  EXPECT_EQ(tenant.peak().descriptors, 6u);
}

TEST_F(TenantTest, DescriptorsOfComponents) {
  // Opens the first granted directory once more: 0, or the error's place among the labels, from 1.
  constexpr std::string_view kOpener = R"((component
    (import "wasi:filesystem/types@0.2.0" (instance $types
      (export "descriptor" (type $descriptor (sub resource)))
      (type $p (flags "symlink-follow")) (export "path-flags" (type $path-flags (eq $p)))
      (type $o (flags "create" "directory" "exclusive" "truncate")) (export "open-flags" (type $open-flags (eq $o)))
      (type $d (flags "read" "write" "file-integrity-sync" "data-integrity-sync" "requested-write-sync"
        "mutate-directory"))
      (export "descriptor-flags" (type $descriptor-flags (eq $d)))
      (type $codes (enum
        "access" "would-block" "already" "bad-descriptor" "busy" "deadlock" "quota" "exist" "file-too-large"
        "illegal-byte-sequence" "in-progress" "interrupted" "invalid" "io" "is-directory" "loop" "too-many-links"
        "message-size" "name-too-long" "no-device" "no-entry" "no-lock" "insufficient-memory" "insufficient-space"
        "not-directory" "not-empty" "not-recoverable" "unsupported" "no-tty" "no-such-device" "overflow"
        "not-permitted" "pipe" "read-only" "invalid-seek" "text-file-busy" "cross-device"))
      (export "error-code" (type $error-code (eq $codes)))
      (export "[method]descriptor.open-at" (func (param "self" (borrow $descriptor)) (param "path-flags" $path-flags)
        (param "path" string) (param "open-flags" $open-flags) (param "flags" $descriptor-flags)
        (result (result (own $descriptor) (error $error-code)))))))
    (alias export $types "descriptor" (type $descriptor))
    (import "wasi:filesystem/preopens@0.2.0" (instance $preopens
      (export "descriptor" (type $descriptor-here (eq $descriptor)))
      (export "get-directories" (func (result (list (tuple (own $descriptor-here) string)))))))
    (core module $libc
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
    (core instance $libc (instantiate $libc))
    (core func $directories (canon lower (func $preopens "get-directories")
      (memory $libc "memory") (realloc (func $libc "realloc"))))
    (core func $open (canon lower (func $types "[method]descriptor.open-at") (memory $libc "memory")))
    (core module $main
      (import "" "memory" (memory 1))
      (import "" "directories" (func $directories (param i32)))
      (import "" "open" (func $open (param i32 i32 i32 i32 i32 i32 i32)))
      (data (i32.const 0) ".")
      (global $directory (mut i32) (i32.const 0))
      (func (export "open") (result i32)
        (if (i32.eqz (global.get $directory)) (then
          (call $directories (i32.const 48))
          (global.set $directory (i32.const 1))))
        (call $open (global.get $directory) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 2) (i32.const 1)
          (i32.const 64))
        (if (result i32) (i32.load8_u (i32.const 64))
          (then (i32.add (i32.load8_u (i32.const 68)) (i32.const 1)))
          (else (i32.const 0)))))
    (core instance $main (instantiate $main (with "" (instance (export "memory" (memory $libc "memory"))
      (export "directories" (func $directories)) (export "open" (func $open))))))
    (func (export "open") (result u32) (canon lift (core func $main "open")))))";
  constexpr std::string_view kQuota = "7";
  const Tenant tenant = with(&TenantAmounts::descriptors, 5);
  auto component = ashlar::Component::compile(engine, kOpener);
  ASSERT_TRUE(component) << component.error().to_string();
  ashlar::ComponentLinker linker;
  linker.define_wasi(ashlar::WasiConfig().dir("/", "/", true));
  {
    ashlar::Store store(engine, tenant);
    auto instance = linker.instantiate(store, *component);
    ASSERT_TRUE(instance) << instance.error().to_string();
    EXPECT_EQ(tenant.usage().descriptors, 4u);
    EXPECT_EQ(*instance->call_text("open()"), "0");
    EXPECT_EQ(tenant.usage().descriptors, 5u);
    EXPECT_EQ(*instance->call_text("open()"), kQuota);
    auto refused = linker.instantiate(store, *component);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind(), ErrorKind::Limit) << refused.error().to_string();
  }
  EXPECT_EQ(tenant.usage().descriptors, 0u);
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
