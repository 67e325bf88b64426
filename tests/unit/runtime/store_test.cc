// Store: limits, calls and their checks, host functions, interruption.
#include "runtime/store.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "fake_tier.h"
#include "runtime/traps.h"

namespace ashlar::runtime {
namespace {

using isa::ValType;

module::MemoryType memory_type(uint64_t min) {
  module::MemoryType t;
  t.limits.min = min;
  return t;
}

module::TableType table_type(uint64_t min) {
  module::TableType t;
  t.elem = ValType::funcref();
  t.limits.min = min;
  return t;
}

struct StoreTest : testing::Test {
  std::shared_ptr<Engine> engine = fake::engine();
  Store store{engine};

  FuncCell* host(std::vector<ValType> params, std::vector<ValType> results,
                 std::function<Status(Caller&, Slot*)> call) {
    return store.new_host_func(engine->types()->intern_func({std::move(params), std::move(results)}),
                               {std::move(call), "f"});
  }
};

TEST_F(StoreTest, MemoryLimitsCountAllMemories) {
  StoreLimits limits;
  limits.memory_bytes = 4 * 65536;
  Store small(engine, limits);
  auto a = small.new_memory(memory_type(1));
  auto b = small.new_memory(memory_type(2));
  ASSERT_TRUE(a && b);
  auto c = small.new_memory(memory_type(2));
  ASSERT_FALSE(c);
  EXPECT_EQ(c.error().code(), ErrorCode::store_limit);
  EXPECT_EQ(small.memory_grow(**a, 2), -1);
  EXPECT_EQ(small.memory_grow(**a, 1), 1);
  EXPECT_EQ(small.memory_grow(**a, ~uint64_t{0}), -1);
  EXPECT_EQ(small.memory_bytes_used, 4u * 65536);
}

TEST_F(StoreTest, TableLimits) {
  StoreLimits limits;
  limits.table_elements = 10;
  Store small(engine, limits);
  auto table = small.new_table(table_type(6), 0);
  ASSERT_TRUE(table);
  EXPECT_FALSE(small.new_table(table_type(5), 0));
  EXPECT_EQ(small.table_grow(**table, 5, 0), -1);
  EXPECT_EQ(small.table_grow(**table, 4, 17), 6);
  EXPECT_EQ((*table)->get(9), 17u);
  EXPECT_EQ(store.new_table(table_type(10'000'001), 0).error().code(), ErrorCode::implementation_limit);
}

TEST_F(StoreTest, TablesGrowByOne) {
  Table& table = **store.new_table(table_type(0), 0);
  for (uint64_t i = 0; i < 1000; ++i) ASSERT_EQ(table.grow(1, i), static_cast<int64_t>(i));
  for (uint64_t i = 0; i < 1000; ++i) ASSERT_EQ(table.get(i), i);
  EXPECT_EQ(table.grow(Table::kMaxElements, 0), -1);
}

TEST_F(StoreTest, CallsMarshalEveryKind) {
  FuncCell* f = host({ValType::i32(), ValType::v128(), ValType::i64()}, {ValType::v128(), ValType::i32()},
                     [](Caller& caller, Slot* slots) -> Status {
                       EXPECT_EQ(caller.instance, nullptr);
                       EXPECT_EQ(caller.memory(), nullptr);
                       EXPECT_EQ(slots[0], 1u);
                       const Slot v[2] = {slots[1], slots[2]};
                       const Slot n = slots[3];
                       slots[0] = v[1];
                       slots[1] = v[0];
                       slots[2] = n | 0xffff'ffff'0000'0000;
                       return {};
                     });
  std::vector<Value> results;
  const Value args[] = {{ValType::i32(), 1}, {ValType::v128(), 2, 3}, {ValType::i64(), 4}};
  ASSERT_TRUE(store.call(f, args, results));
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].lo, 3u);
  EXPECT_EQ(results[0].hi, 2u);
  EXPECT_EQ(results[1].lo, 4u);
  EXPECT_EQ(results[1].type, ValType::i32());
}

TEST_F(StoreTest, ArgumentsAreChecked) {
  const auto nothing = [](Caller&, Slot*) -> Status { return {}; };
  FuncCell* f = host({ValType::i32()}, {}, nothing);
  FuncCell* takes_func = host({ValType::ref(isa::HeapType::concrete(f->type_id))}, {}, nothing);
  FuncCell* takes_eq = host({ValType::eqref()}, {}, nothing);
  std::vector<Value> results;
  const auto call = [&](FuncCell* cell, std::vector<Value> args) {
    Status status = store.call(cell, args, results);
    return status.has_value() || status.error().code() != ErrorCode::argument_mismatch;
  };
  EXPECT_FALSE(call(f, {}));
  EXPECT_FALSE(call(f, {{ValType::i64(), 1}}));
  EXPECT_TRUE(call(f, {{ValType::i32(), 1}}));
  EXPECT_TRUE(call(takes_func, {{ValType::funcref(), from_func(f)}}));
  EXPECT_FALSE(call(takes_func, {{ValType::funcref(), from_func(takes_func)}}));
  EXPECT_FALSE(call(takes_func, {{ValType::nullfuncref(), 0}}));
  EXPECT_TRUE(call(takes_eq, {{ValType::anyref(), make_i31(3)}}));
  EXPECT_TRUE(call(takes_eq, {{ValType::nullref(), 0}}));
  const GcRef box = store.heap().alloc_host(5);
  EXPECT_FALSE(call(takes_eq, {{ValType::anyref(), box}}));
  EXPECT_FALSE(call(takes_eq, {{ValType::externref(), make_i31(3)}}));
  EXPECT_FALSE(call(takes_eq, {{ValType::anyref(), 4096}}));
  EXPECT_FALSE(call(takes_eq, {{ValType::anyref(), 0x1'0000'0001}}));
}

TEST_F(StoreTest, HostRecursionIsBounded) {
  FuncCell* f = nullptr;
  uint32_t deepest = 0;
  f = host({}, {}, [&](Caller& caller, Slot*) -> Status {
    deepest = caller.store.host_depth;
    std::vector<Value> results;
    return caller.store.call(f, {}, results);
  });
  std::vector<Value> results;
  Status status = store.call(f, {}, results);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), ErrorCode::call_stack_exhausted);
  EXPECT_EQ(deepest, store.limits().host_depth);
  EXPECT_EQ(store.host_depth, 0u);
}

TEST_F(StoreTest, HostExceptionsBecomeTraps) {
  FuncCell* f = host({}, {}, [](Caller&, Slot*) -> Status { throw std::runtime_error("bad"); });
  std::vector<Value> results;
  Status status = store.call(f, {}, results);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message(), "exception in f: bad");
  EXPECT_EQ(store.host_depth, 0u);
}

TEST_F(StoreTest, TrapsHaveErrors) {
  EXPECT_EQ(to_error(Trap::unreachable), ErrorCode::unreachable);
  EXPECT_EQ(to_error(Trap::host_trap), ErrorCode::host_trap);
  EXPECT_TRUE(to_status(store, Trap::none));
  EXPECT_EQ(to_status(store, Trap::null_array_reference).error().message(), "null array reference");
}

TEST_F(StoreTest, StackIsMappedWhenItIsNeeded) {
  EXPECT_EQ(store.stack_top, nullptr);
  store.map_stack();
  EXPECT_EQ(store.stack_top, store.stack_base);
  EXPECT_EQ(static_cast<uint64_t>(store.stack_limit - store.stack_base), store.limits().stack_bytes / 8);
  store.stack_base[0] = 1;
  store.stack_limit[-1] = 1;
}

}  // namespace
}  // namespace ashlar::runtime
