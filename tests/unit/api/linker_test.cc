// Linkers of a store and of an engine, prepared modules, and what errors of linking say.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <thread>

#include "ashlar/ashlar.h"

namespace {

using ashlar::ErrorKind;
using ashlar::Value;
using ashlar::ValueType;

struct LinkerTest : testing::Test {
  ashlar::Engine engine;
  ashlar::Store store{engine};

  ashlar::Module compile(std::string_view text) const {
    auto module = ashlar::Module::compile(engine, text);
    EXPECT_TRUE(module) << module.error().to_string();
    return *module;
  }
};

int32_t call(const ashlar::Instance& instance, const char* name) {
  auto f = instance.func<int32_t()>(name);
  if (!f) return -1;
  auto out = f->call();
  return out ? *out : -2;
}

TEST_F(LinkerTest, AllThatIsWrongIsTold) {
  ashlar::Linker linker(store);
  linker.func("env", "add", [](int32_t a, int32_t b) { return a + b; });
  linker.func("env", "log", [](int64_t) {});
  linker.define("env", "memory", *ashlar::Memory::make(store, 1, 4));
  linker.define("env", "small", *ashlar::Memory::make(store, 1));
  linker.define("env", "limit", ashlar::Global::make(store, Value::i32(1), false));
  linker.define("env", "table", *ashlar::Table::make(store, ValueType::funcref(), 2, 10, Value::null_func()));
  ashlar::Instance types = *linker.instantiate(compile(R"((module
    (type $p (struct (field i32)))
    (func (export "make") (result (ref null $p)) (ref.null $p)) (tag (export "tag") (param i32))))"));
  linker.define_instance("types", types);
  auto refused = linker.prepare(compile(R"((module
    (type $p (struct (field (mut i64))))
    (import "env" "add" (func (param i32 i32) (result i32)))
    (import "env" "log" (func (param i32)))
    (import "env" "memory" (memory 1 2))
    (import "env" "small" (memory 2))
    (import "env" "limit" (global (mut i32)))
    (import "env" "table" (table 1 externref))
    (import "env" "nothing" (func (param i32) (result f64)))
    (import "types" "make" (func (result (ref null $p))))
    (import "types" "tag" (tag (param i64)))
    (import "other" "thing" (global i64))))"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::Link);
  EXPECT_EQ(refused.error().id(), "unresolved_imports");
  const std::string text = refused.error().to_string();
  for (const char* line : {
           "9 imports are missing or have the wrong type: incompatible import type: \"env\" \"log\": ",
           "\"env\" \"log\": expected function [i32] -> [], found function [i64] -> []: parameter 1: i32 is no subtype "
           "of i64",
           "\"env\" \"memory\": expected (memory 1 2), found (memory 1 4): its maximum is 4, at most 2 is wanted",
           "\"env\" \"small\": expected (memory 2), found (memory 1): it has 1, at least 2 are wanted",
           "\"env\" \"limit\": expected (global (mut i32)), found (global i32): it is not mutable",
           "\"env\" \"table\": expected (table 1 externref), found (table 2 10 funcref): funcref is not externref",
           "\"env\" \"nothing\": missing func [i32] -> [f64]; \"env\" defines: add, limit, log, memory, small, table",
           " is (struct i32), and ",
           " is (struct (mut i64))",
           "\"types\" \"tag\": expected tag of function [i64] -> [], found tag of function [i32] -> []",
           "\"other\" \"thing\": missing global i64; nothing is defined in \"other\"",
       }) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "\nis not in\n" << text;
  }
  EXPECT_EQ(text.find("\"add\":"), std::string::npos) << text;
  // One alone is told as what it is.
  auto one = linker.instantiate(compile(R"((module (import "env" "small" (memory 2))))"));
  EXPECT_EQ(one.error().id(), "incompatible_import_type");
  EXPECT_EQ(linker.instantiate(compile(R"((module (import "a" "b" (func))))")).error().id(), "unknown_import");
}

TEST_F(LinkerTest, ALinkerOfAnEngineServesManyStores) {
  ashlar::Linker linker(engine);
  linker.func("env", "next", [](ashlar::Caller& caller) { return ++*caller.data<int32_t>(); });
  linker.func("env", "twice", {{ValueType::i32()}, {ValueType::i32()}},
              [](ashlar::Caller&, std::span<const Value> args, std::span<Value> results) -> ashlar::Status {
                results[0] = Value::i32(2 * args[0].as_i32());
                return {};
              });
  linker.define_wasi(ashlar::WasiConfig().args({"one"}));
  // Each store has a library of its own.
  ASSERT_TRUE(linker.define_module("lib", compile(R"((module
    (import "env" "twice" (func $twice (param i32) (result i32)))
    (global $n (mut i32) (i32.const 0)) (memory (export "memory") 1)
    (func (export "count") (result i32)
      (global.set $n (i32.add (global.get $n) (i32.const 1))) (call $twice (global.get $n)))))")));
  auto prepared = linker.prepare(compile(R"((module
    (import "env" "next" (func $next (result i32)))
    (import "lib" "count" (func $count (result i32))) (import "lib" "memory" (memory 1))
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
    (func (export "next") (result i32) (call $next))
    (func (export "count") (result i32) (call $count))
    (func (export "args") (result i32) (drop (call $args (i32.const 0) (i32.const 4))) (i32.load (i32.const 0)))))"));
  ASSERT_TRUE(prepared) << prepared.error().to_string();
  EXPECT_EQ(prepared->module().exports().size(), 3u);
  EXPECT_EQ(prepared->instantiate().error().id(), "linker_without_store");
  EXPECT_EQ(linker.instantiate(prepared->module()).error().id(), "linker_without_store");
  EXPECT_EQ(linker.get("env", "next").error().id(), "linker_without_store");

  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        ashlar::Store own(engine);
        own.set_data(int32_t{100 * t});
        if (t == 1) own.set_wasi(ashlar::WasiConfig().args({"one", "two", "three"}));
        auto a = prepared->instantiate(own);
        auto b = prepared->instantiate(own);
        if (!a || !b) continue;
        good += call(*a, "next") == 100 * t + 1 && call(*b, "next") == 100 * t + 2 && call(*a, "count") == 2 &&
                call(*b, "count") == 4 && call(*a, "args") == (t == 1 ? 3 : 1) && *own.data<int32_t>() == 100 * t + 2 &&
                own.data<uint32_t>() == nullptr && own.usage().instances == 3;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 80);

  // Objects of one store are refused in others.
  linker.define("env", "next", ashlar::Func::make(store, [] { return int32_t{5}; }));
  auto mine = linker.instantiate(store, prepared->module());
  ASSERT_TRUE(mine) << mine.error().to_string();
  EXPECT_EQ(call(*mine, "next"), 5);
  ashlar::Store other(engine);
  EXPECT_EQ(linker.instantiate(other, prepared->module()).error().id(), "foreign_store");
  other.set_data(int32_t{0});
  EXPECT_EQ(call(*prepared->instantiate(other), "next"), 1) << "what was prepared keeps what it found";
}

TEST_F(LinkerTest, PreparedForAStore) {
  ashlar::Linker linker(store);
  int calls = 0;
  linker.func("env", "f", [&] { return ++calls; });
  auto prepared = linker.prepare(compile(R"((module (import "env" "f" (func $f (result i32)))
    (func (export "f") (result i32) (call $f))))"));
  ASSERT_TRUE(prepared) << prepared.error().to_string();
  linker = ashlar::Linker(store);
  for (int i = 1; i < 100; ++i) {
    auto instance = prepared->instantiate();
    ASSERT_TRUE(instance);
    EXPECT_EQ(call(*instance, "f"), i);
  }
  ashlar::Store other(engine);
  EXPECT_EQ(prepared->instantiate(other).error().id(), "foreign_store");
}

TEST_F(LinkerTest, NamesCanBeAliasedLookedUpAndReplaced) {
  ashlar::Linker linker(store);
  linker.func("a", "f", [] { return int32_t{1}; }).func("a", "g", [] { return int32_t{2}; });
  EXPECT_TRUE(linker.alias("a", "f", "b", "h"));
  EXPECT_EQ(linker.alias("a", "none", "b", "h").error().id(), "no_such_definition");
  EXPECT_TRUE(linker.alias_module("a", "c"));
  EXPECT_EQ(linker.alias_module("none", "c").error().id(), "no_such_definition");
  linker.func("a", "f", [] { return int32_t{3}; });
  const auto run = [&](const char* module, const char* name) {
    auto found = linker.get(module, name);
    if (!found) return -1;
    return std::get<ashlar::Func>(*found).typed<int32_t()>()->call().value();
  };
  EXPECT_EQ(run("a", "f"), 3);
  EXPECT_EQ(run("b", "h"), 1);
  EXPECT_EQ(run("c", "f"), 1);
  EXPECT_EQ(run("c", "g"), 2);
  EXPECT_EQ(run("c", "h"), -1);
  EXPECT_EQ(linker.get("c", "h").error().message(), "nothing is defined as \"c\" \"h\"");
}

TEST_F(LinkerTest, InstancesListTheirExports) {
  ashlar::Linker linker(store);
  ashlar::Instance a = *linker.instantiate(compile(R"((module
    (func (export "f")) (memory (export "m") 1) (table (export "t") 1 funcref)
    (global (export "g") i32 (i32.const 4)) (tag (export "e") (param i32 f64))))"));
  std::string names;
  for (const ashlar::Export& e : a.exports()) names += e.name + std::to_string(e.object.index()) + " ";
  EXPECT_EQ(names, "f0 m1 t2 g3 e4 ");
  EXPECT_EQ(a.tag("e")->types(), (std::vector{ValueType::i32(), ValueType::f64()}));
  EXPECT_FALSE(a.tag("f"));
  EXPECT_EQ(std::get<ashlar::Global>(*a.get("g")).get().as_i32(), 4);
  EXPECT_FALSE(a.get("none"));
  // All kinds go through a linker again.
  for (const ashlar::Export& e : a.exports()) linker.define("a", e.name, e.object);
  ashlar::Instance b = *linker.instantiate(compile(R"((module
    (import "a" "f" (func)) (import "a" "m" (memory (;0;) 1)) (import "a" "t" (table 1 funcref))
    (import "a" "g" (global i32)) (import "a" "e" (tag (param i32 f64)))
    (export "f" (func 0)) (export "m" (memory 0)) (export "t" (table 0)) (export "g" (global 0)) (export "e" (tag 0))))"));
  EXPECT_EQ(a.exports().size(), b.exports().size());
  for (const ashlar::Export& e : a.exports()) EXPECT_TRUE(b.get(e.name) == e.object) << e.name;
}

TEST_F(LinkerTest, SharedMemoriesAreInEveryStore) {
  auto shared = ashlar::SharedMemory::make(engine, 1, 2);
  ASSERT_TRUE(shared) << shared.error().to_string();
  EXPECT_FALSE(ashlar::SharedMemory::make(engine, 3, 2));
  ashlar::Linker linker(engine);
  linker.define("env", "memory", *shared);
  auto prepared = linker.prepare(compile(R"((module (import "env" "memory" (memory 1 2 shared))
    (func (export "add") (result i32) (i32.atomic.rmw.add (i32.const 8) (i32.const 1)))
    (func (export "grow") (result i32) (memory.grow (i32.const 1)))))"));
  ASSERT_TRUE(prepared) << prepared.error().to_string();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      ashlar::Store own(engine);
      auto instance = prepared->instantiate(own);
      ASSERT_TRUE(instance);
      for (int i = 0; i < 1000; ++i) EXPECT_GE(call(*instance, "add"), 0);
    });
  }
  for (std::thread& thread : threads) thread.join();
  ashlar::Memory here = shared->in(store);
  EXPECT_TRUE(here.is_shared());
  EXPECT_EQ(here.read<int32_t>(8), 4000);
  EXPECT_EQ(shared->in(store), here);
  EXPECT_EQ(store.usage().memory_bytes, 65536u);
  EXPECT_EQ(call(*prepared->instantiate(store), "grow"), 1);
  EXPECT_EQ(shared->pages(), 2u);

  // One that a guest made, for another store.
  ashlar::Linker own(store);
  ashlar::Instance guest = *own.instantiate(compile(R"((module (memory (export "memory") 1 1 shared)))"));
  auto exported = guest.memory()->share();
  ASSERT_TRUE(exported);
  ashlar::Store other(engine);
  EXPECT_TRUE(exported->in(other).write(4, int32_t{77}));
  EXPECT_EQ(guest.memory()->read<int32_t>(4), 77);
  EXPECT_EQ(exported->in(store), *guest.memory());
  EXPECT_FALSE(ashlar::Memory::make(store, 1)->share());
}

TEST_F(LinkerTest, StoresTellWhatTheyUse) {
  ashlar::StoreLimits limits;
  limits.memory_bytes = 3 * 65536;
  ashlar::Store small(engine, limits);
  EXPECT_EQ(small.limits().memory_bytes, 3u * 65536);
  EXPECT_EQ(small.usage().memory_bytes, 0u);
  ashlar::Instance m = *ashlar::Linker(small).instantiate(
      compile(R"((module (type $s (struct (field i64))) (memory (export "memory") 2) (table 5 funcref)
        (func (export "make") (drop (struct.new_default $s)))))"));
  EXPECT_TRUE(m.func("make")->call());
  EXPECT_EQ(m.memory()->grow(2), std::nullopt);
  EXPECT_EQ(m.memory()->grow(1), 2u);
  const ashlar::StoreUsage usage = small.usage();
  EXPECT_EQ(usage.memory_bytes, 3u * 65536);
  EXPECT_EQ(usage.table_elements, 5u);
  EXPECT_EQ(usage.instances, 1u);
  EXPECT_GT(usage.gc_heap_bytes, 0u);
  EXPECT_EQ(small.engine().tier(), ashlar::Tier::Interpreter);
}

TEST_F(LinkerTest, StoresOwnData) {
  struct Request {
    std::string user;
    std::shared_ptr<int> alive;
  };
  auto alive = std::make_shared<int>(1);
  {
    ashlar::Store own(engine);
    EXPECT_EQ(own.data<Request>(), nullptr);
    own.set_data(Request{"ann", alive}).user += "a";
    EXPECT_EQ(own.data<Request>()->user, "anna");
    EXPECT_EQ(own.data<std::string>(), nullptr);
    ashlar::Store moved = std::move(own);
    EXPECT_EQ(moved.data<Request>()->user, "anna");
    EXPECT_EQ(alive.use_count(), 2);
    moved.set_data(std::string("other"));
    EXPECT_EQ(alive.use_count(), 1);
    moved.set_data(Request{"ann", alive});
  }
  EXPECT_EQ(alive.use_count(), 1);
}

TEST_F(LinkerTest, MemoryAccessIsChecked) {
  ashlar::Memory m = *ashlar::Memory::make(store, 1);
  EXPECT_EQ(m.page_size(), 65536u);
  EXPECT_TRUE(m.write<uint64_t>(65528, 5));
  EXPECT_EQ(m.read<uint64_t>(65528), 5u);
  auto beyond = m.read<uint64_t>(65529);
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().kind(), ErrorKind::Trap);
  EXPECT_EQ(beyond.error().id(), "out_of_bounds_memory_access");
  EXPECT_FALSE(m.write<uint64_t>(~uint64_t{0} - 3, 5));
  EXPECT_FALSE(m.bytes(1, 65536));
  EXPECT_FALSE(m.bytes(65537, 0));
  EXPECT_EQ(m.bytes(65536, 0)->size(), 0u);
  const uint8_t abc[] = {'a', 'b', 'c'};
  EXPECT_TRUE(m.write_bytes(10, abc));
  EXPECT_EQ(*m.text(10, 3), "abc");
  EXPECT_FALSE(m.write_bytes(65534, abc));
  // Out of a host function it is the guest's trap.
  ashlar::Linker linker(store);
  linker.func("env", "read", [](ashlar::Caller& caller, uint32_t at) { return caller.memory()->read<int32_t>(at); });
  ashlar::Instance guest =
      *linker.instantiate(compile(R"((module (import "env" "read" (func $r (param i32) (result i32)))
    (memory 1) (data (i32.const 4) "\2a") (func (export "read") (param i32) (result i32) (call $r (local.get 0)))))"));
  auto read = guest.func<int32_t(uint32_t)>("read");
  EXPECT_EQ(read->call(4).value(), 42);
  EXPECT_EQ(read->call(65533).error().id(), "out_of_bounds_memory_access");
}

}  // namespace
