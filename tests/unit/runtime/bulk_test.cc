// Bulk operations: overlap, bounds, traps and interruption.
#include "runtime/bulk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "fake_tier.h"

namespace ashlar::runtime {
namespace {

using isa::StorageType;
using isa::ValType;

struct BulkTest : testing::Test {
  std::shared_ptr<Engine> engine = fake::engine();
  Store store{engine};

  Memory& memory(uint64_t pages) {
    module::MemoryType t;
    t.limits.min = pages;
    return **store.new_memory(t);
  }
};

TEST_F(BulkTest, LargeOverlappingCopies) {
  Memory& m = memory(640);  // 40 MiB: several chunks
  const uint64_t n = 36 << 20;
  auto* words = reinterpret_cast<uint32_t*>(m.base());
  const auto reset = [&] { std::iota(words, words + m.byte_size() / 4, 0u); };
  reset();
  EXPECT_EQ(memory_copy(store, m, m, 1 << 20, 0, n), Trap::none);
  for (uint64_t i = 0; i < n / 4; i += 4099) ASSERT_EQ(words[(1 << 18) + i], i);
  reset();
  EXPECT_EQ(memory_copy(store, m, m, 0, 1 << 20, n), Trap::none);
  for (uint64_t i = 0; i < n / 4; i += 4099) ASSERT_EQ(words[i], i + (1 << 18));
}

TEST_F(BulkTest, MemoryBoundsAreExact) {
  Memory& m = memory(1);
  const uint64_t size = m.byte_size();
  EXPECT_EQ(memory_fill(store, m, size - 4, 0xab, 4), Trap::none);
  EXPECT_EQ(m.base()[size - 1], 0xab);
  EXPECT_EQ(memory_fill(store, m, size, 1, 0), Trap::none);
  EXPECT_EQ(memory_fill(store, m, size + 1, 1, 0), Trap::out_of_bounds_memory_access);
  EXPECT_EQ(memory_fill(store, m, size - 3, 1, 4), Trap::out_of_bounds_memory_access);
  EXPECT_EQ(memory_copy(store, m, m, 0, size - 1, 2), Trap::out_of_bounds_memory_access);
  EXPECT_EQ(memory_copy(store, m, m, ~uint64_t{0}, 0, 2), Trap::out_of_bounds_memory_access);
}

TEST_F(BulkTest, LongFillsAreInterruptible) {
  Memory& m = memory(1024);
  store.interrupt("deadline");
  EXPECT_EQ(memory_fill(store, m, 0, 1, m.byte_size()), Trap::interrupted);
  EXPECT_EQ(make_trap(store, Trap::interrupted).message(), "interrupted: deadline");
  store.clear_interrupt();
  EXPECT_EQ(memory_fill(store, m, 0, 1, m.byte_size()), Trap::none);
}

TEST_F(BulkTest, Tables) {
  module::TableType t;
  t.elem = ValType::externref();
  t.limits.min = 4;
  Table& table = **store.new_table(t, 0);
  EXPECT_EQ(table_fill(store, table, 1, 7, 3), Trap::none);
  EXPECT_EQ(table_fill(store, table, 2, 7, 3), Trap::out_of_bounds_table_access);
  table.set(3, 9);
  EXPECT_EQ(table_copy(store, table, table, 0, 2, 2), Trap::none);
  EXPECT_EQ(table.get(1), 9u);
  EXPECT_EQ(table_copy(store, table, table, 3, 0, 2), Trap::out_of_bounds_table_access);
}

struct BulkArrayTest : BulkTest {
  fake::Builder builder;
  Instance* instance = nullptr;
  static constexpr uint8_t kData[8] = {1, 2, 3, 4, 5, 6, 7, 8};

  uint32_t instantiate(uint32_t type) {
    builder.m->bytes = kData;
    module::Data data;
    data.mode = module::SegmentMode::Passive;
    data.bytes_size = 8;
    builder.m->datas.push_back(data);
    module::Elem elem;
    elem.mode = module::SegmentMode::Passive;
    elem.type = ValType::i31ref();
    for (uint32_t i = 0; i < 3; ++i) {
      elem.exprs.push_back(fake::expr({fake::inst(isa::Op::i32_const, i), fake::inst(isa::Op::ref_i31)}));
    }
    builder.m->elems.push_back(std::move(elem));
    auto result = store.instantiate(builder.compile(engine), {});
    EXPECT_TRUE(result.has_value());
    instance = *result;
    return instance->module().canonical[type];
  }
};

TEST_F(BulkArrayTest, FromData) {
  const uint32_t type = instantiate(builder.array_type(StorageType::i16()));
  GcRef a = kNullRef;
  ASSERT_EQ(array_new_data(*instance, type, 0, 2, 3, &a), Trap::none);
  EXPECT_EQ(store.heap().header(a)->length, 3u);
  Slot out = 0;
  load_gc_field(store.heap().elements(a) + 4, FieldKind::I16, &out);
  EXPECT_EQ(out, 0x0807u);
  EXPECT_EQ(array_new_data(*instance, type, 0, 3, 3, &a), Trap::out_of_bounds_memory_access);
  EXPECT_EQ(array_init_data(*instance, type, 0, kNullRef, 0, 0, 0), Trap::null_array_reference);
  EXPECT_EQ(array_init_data(*instance, type, 0, a, 2, 0, 2), Trap::out_of_bounds_array_access);
  EXPECT_EQ(array_init_data(*instance, type, 0, a, 0, 5, 2), Trap::out_of_bounds_memory_access);
  EXPECT_EQ(array_init_data(*instance, type, 0, a, 0, 4, 2), Trap::none);
  instance->drop_data(0);
  EXPECT_EQ(array_new_data(*instance, type, 0, 0, 1, &a), Trap::out_of_bounds_memory_access);
  EXPECT_EQ(array_new_data(*instance, type, 0, 0, 0, &a), Trap::none);
}

TEST_F(BulkArrayTest, FromElements) {
  const uint32_t type = instantiate(builder.array_type(StorageType::of(ValType::i31ref())));
  GcRef a = kNullRef;
  ASSERT_EQ(array_new_elem(*instance, type, 0, 1, 2, &a), Trap::none);
  Slot out = 0;
  load_gc_field(store.heap().elements(a) + 4, FieldKind::Ref, &out);
  EXPECT_EQ(out, make_i31(2));
  EXPECT_EQ(array_init_elem(*instance, type, 0, a, 0, 2, 2), Trap::out_of_bounds_table_access);
  EXPECT_EQ(array_init_elem(*instance, type, 0, a, 1, 0, 2), Trap::out_of_bounds_array_access);
  instance->drop_elem(0);
  EXPECT_EQ(array_new_elem(*instance, type, 0, 0, 1, &a), Trap::out_of_bounds_table_access);
}

TEST_F(BulkArrayTest, FillAndCopy) {
  const uint32_t type = instantiate(builder.array_type(StorageType::of(ValType::v128())));
  const Slot value[2] = {3, 4};
  GcRef a = kNullRef;
  ASSERT_EQ(array_new(store, type, value, 4, &a), Trap::none);
  const Slot other[2] = {0, 9};
  EXPECT_EQ(array_fill(store, type, a, 1, other, 3), Trap::none);
  EXPECT_EQ(array_fill(store, type, a, 2, other, 3), Trap::out_of_bounds_array_access);
  EXPECT_EQ(array_copy(store, type, a, 3, a, 0, 1), Trap::none);
  Slot out[2];
  load_gc_field(store.heap().elements(a) + 48, FieldKind::V128, out);
  EXPECT_EQ(out[1], 4u);
  EXPECT_EQ(array_copy(store, type, a, 0, kNullRef, 0, 0), Trap::null_array_reference);
  EXPECT_EQ(array_copy(store, type, a, 0, a, 4, 1), Trap::out_of_bounds_array_access);
  EXPECT_EQ(array_new(store, type, value, ~0u, &a), Trap::gc_heap_exhausted);
}

}  // namespace
}  // namespace ashlar::runtime
