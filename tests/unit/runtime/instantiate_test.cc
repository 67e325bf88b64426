// Instantiation and linking: imports, constant expressions, segments, start, and what a failure leaves behind.
#include <gtest/gtest.h>

#include "fake_tier.h"
#include "runtime/linker.h"

namespace ashlar::runtime {
namespace {

using isa::Op;
using isa::StorageType;
using isa::ValType;
using module::ExternKind;
using module::SegmentMode;

struct InstantiateTest : testing::Test {
  std::shared_ptr<Engine> engine = fake::engine();
  Store store{engine};
  fake::Builder builder;
  static constexpr uint8_t kBytes[4] = {'a', 'b', 'c', 'd'};

  void TearDown() override { fake::body = nullptr; }

  Result<Instance*> instantiate(std::vector<Extern> imports = {}) {
    builder.m->bytes = kBytes;
    return store.instantiate(builder.compile(engine), imports);
  }
  void data(uint32_t at) {
    module::Data data;
    data.mode = SegmentMode::Active;
    data.offset = fake::i32(at);
    data.bytes_size = 4;
    builder.m->datas.push_back(std::move(data));
  }
  void elem(uint32_t at, std::vector<module::FuncIdx> funcs) {
    module::Elem elem;
    elem.mode = SegmentMode::Active;
    elem.offset = fake::i32(at);
    elem.type = ValType::funcref();
    for (const module::FuncIdx f : funcs) elem.funcs.push_back(f);
    builder.m->elems.push_back(std::move(elem));
  }
};

TEST_F(InstantiateTest, ConstantExpressions) {
  const uint32_t point = builder.struct_type({StorageType::i8(), StorageType::of(ValType::v128())});
  const uint32_t bytes = builder.array_type(StorageType::i8());
  builder.global(ValType::i32(), false,
                 fake::expr({fake::inst(Op::i32_const, 7), fake::inst(Op::i32_const, 0xffff'ffff),
                             fake::inst(Op::i32_mul), fake::inst(Op::i32_const, 1), fake::inst(Op::i32_sub)}));
  builder.global(ValType::i64(), false,
                 fake::expr({fake::inst(Op::i64_const, ~0ull), fake::inst(Op::i64_const, 3), fake::inst(Op::i64_add)}));
  module::ConstInst vector = fake::inst(Op::v128_const, 5);
  vector.bits[1] = 6;
  builder.global(ValType::v128(), false, fake::expr({vector}));
  builder.global(ValType::anyref(), false,
                 fake::expr({fake::inst(Op::i32_const, 0x1ff), fake::inst_index(Op::global_get, 2),
                             fake::inst_index(Op::struct_new, point)}));
  builder.global(ValType::anyref(), false,
                 fake::expr({fake::inst(Op::i32_const, 1), fake::inst(Op::i32_const, 2),
                             fake::inst_index(Op::array_new_fixed, bytes, 2)}));
  builder.global(
      ValType::anyref(), false,
      fake::expr({fake::inst(Op::i32_const, 9), fake::inst(Op::i32_const, 3), fake::inst_index(Op::array_new, bytes),
                  fake::inst(Op::extern_convert_any), fake::inst(Op::any_convert_extern)}));
  auto made = instantiate();
  ASSERT_TRUE(made) << made.error().message();
  InstanceContext& ctx = (*made)->ctx;
  GcHeap& heap = store.heap();
  EXPECT_EQ(*ctx.globals[0], static_cast<uint32_t>(-8));
  EXPECT_EQ(*ctx.globals[1], 2u);
  EXPECT_EQ(ctx.globals[2][1], 6u);
  EXPECT_EQ(ctx.gc_base, heap.base());
  const auto object = static_cast<GcRef>(*ctx.globals[3]);
  const GcLayout& layout = heap.layout((*made)->module().canonical[point]);
  EXPECT_EQ(*heap.at(object, layout.offsets[0]), 0xff);
  EXPECT_EQ(*heap.at(object, layout.offsets[1]), 5);
  EXPECT_EQ(heap.elements(static_cast<GcRef>(*ctx.globals[4]))[1], 2);
  const auto array = static_cast<GcRef>(*ctx.globals[5]);
  EXPECT_EQ(heap.header(array)->length, 3u);
  EXPECT_EQ(heap.elements(array)[2], 9);
}

TEST_F(InstantiateTest, ElementsAreMadeWhenAskedFor) {
  const uint32_t type = builder.func_type({}, {});
  for (int i = 0; i < 4; ++i) builder.func(type);
  builder.table(8);
  elem(1, {3, 2, 1, 0});
  elem(2, {3});
  auto made = instantiate();
  ASSERT_TRUE(made) << made.error().message();
  FuncCell** funcs = (*made)->ctx.funcs;
  Table& table = *(*made)->ctx.tables[0];
  for (uint32_t i = 0; i < 4; ++i) EXPECT_EQ(funcs[i], nullptr);
  EXPECT_EQ(table.get(0), 0u);
  EXPECT_EQ(table.get(5), 0u);
  const FuncCell* cell = as_func(table.get(2));
  ASSERT_NE(cell, nullptr);
  EXPECT_EQ(cell->index, 3u);  // the later segment's
  EXPECT_EQ(cell, funcs[3]);
  EXPECT_EQ(funcs[1], nullptr);
  table.set(3, table.get(2));
  EXPECT_EQ(funcs[1], nullptr);
  table.set(4, 0);  // no element is deferred any longer
  EXPECT_NE(funcs[0], nullptr);
  EXPECT_EQ(table.get(4), 0u);
  EXPECT_EQ(as_func(table.get(1))->index, 3u);
  EXPECT_EQ(as_func(table.get(3))->index, 3u);
  EXPECT_EQ(table.get(2), table.elems()[2]);
}

TEST_F(InstantiateTest, ManySegmentsOfOneTable) {
  const uint32_t type = builder.func_type({}, {});
  for (int i = 0; i < 3; ++i) builder.func(type);
  builder.table(40);
  for (uint32_t i = 0; i < 40; ++i) elem(i, {0});
  for (uint32_t i = 0; i < 39; ++i) elem(i, {1, 2});
  auto made = instantiate();
  ASSERT_TRUE(made) << made.error().message();
  Table& table = *(*made)->ctx.tables[0];
  for (uint32_t i = 0; i < 39; ++i) EXPECT_EQ(as_func(table.get(i))->index, 1u) << i;
  EXPECT_EQ(as_func(table.get(39))->index, 2u);
}

TEST_F(InstantiateTest, SegmentsAndStart) {
  const uint32_t type = builder.func_type({}, {});
  builder.func(type);
  builder.func(type);
  builder.memory(1);
  builder.table(3);
  data(65532);
  elem(1, {1, 0});
  builder.m->start = 1;
  builder.export_as("f", ExternKind::Func, 1);
  uint32_t started = 99;
  fake::body = [&](Store&, const FuncCell& f, Slot*) -> Status {
    started = f.index;
    return {};
  };
  auto made = instantiate();
  ASSERT_TRUE(made) << made.error().message();
  Instance& instance = **made;
  EXPECT_EQ(started, 1u);
  EXPECT_EQ(instance.ctx.mem0_base[65535], 'd');
  EXPECT_TRUE(instance.data_dropped(0));
  Extern f;
  ASSERT_TRUE(instance.find_export("f", &f));
  EXPECT_EQ(instance.ctx.tables[0]->get(1), from_func(f.func));
  EXPECT_EQ(instance.ctx.tables[0]->get(0), 0u);
  EXPECT_FALSE(instance.find_export("g", &f));
}

TEST_F(InstantiateTest, AFailureKeepsWhatWasDone) {
  module::TableType shared;
  shared.elem = ValType::funcref();
  shared.limits.min = 2;
  Table* table = *store.new_table(shared, 0);
  builder.func(builder.func_type({}, {ValType::i32()}));
  builder.table(2);
  builder.m->tables[0].imported = true;
  builder.m->imported_tables = 1;
  builder.import("m", "t", ExternKind::Table, 0);
  builder.memory(1);
  elem(0, {0});
  data(65533);
  auto made = instantiate({Extern::of(table)});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), ErrorCode::out_of_bounds_memory_access);
  const FuncCell* f = as_func(table->get(0));
  ASSERT_NE(f, nullptr);
  EXPECT_EQ(f->ctx->store, &store);
  EXPECT_EQ(f->result_slots, 1u);
}

TEST_F(InstantiateTest, TableBounds) {
  builder.func(builder.func_type({}, {}));
  builder.table(1);
  elem(1, {0});
  auto made = instantiate();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message(), "out of bounds table access");
}

TEST_F(InstantiateTest, FunctionImportsMatchByType) {
  const uint32_t type = builder.func_type({ValType::i32()}, {});
  builder.func(type);
  builder.m->funcs.edit(0).imported = 1;
  builder.m->imported_funcs = 1;
  builder.import("env", "f", ExternKind::Func, 0);
  auto compiled = builder.compile(engine);

  Linker linker(store);
  auto missing = linker.instantiate(compiled);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message(), "unknown import: \"env\" \"f\" (function)");

  linker.define_func("env", "f", {{ValType::i64()}, {}}, {[](Caller&, Slot*) -> Status { return {}; }, "f"});
  auto wrong = linker.instantiate(compiled);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message(),
            "incompatible import type: \"env\" \"f\": expected function [i32] -> [], found function [i64] -> []: "
            "parameter 1: i32 is no subtype of i64");

  linker.define_func("env", "f", {{ValType::i32()}, {}}, {[](Caller&, Slot*) -> Status { return {}; }, "f"});
  auto right = linker.instantiate(compiled);
  ASSERT_TRUE(right);
  EXPECT_EQ((*right)->func_cell(0), linker.find("env", "f")->func);
  EXPECT_EQ(linker.find("en", "vf"), nullptr);
}

TEST_F(InstantiateTest, LimitsMatchTheCurrentSize) {
  module::MemoryType actual;
  actual.limits.min = 1;
  actual.limits.max = 5;
  Memory* memory = *store.new_memory(actual);
  const auto accepted = [&](uint64_t min, std::optional<uint64_t> max, bool is64 = false) {
    fake::Builder b;
    b.memory(min, max);
    b.m->memories[0].imported = true;
    b.m->memories[0].type.limits.is64 = is64;
    b.m->imported_memories = 1;
    b.import("m", "m", ExternKind::Memory, 0);
    const Extern given = Extern::of(memory);
    return store.instantiate(b.compile(engine), std::span(&given, 1)).has_value();
  };
  EXPECT_TRUE(accepted(1, {}));
  EXPECT_FALSE(accepted(2, {}));
  EXPECT_FALSE(accepted(1, 4));
  EXPECT_TRUE(accepted(0, 5));
  EXPECT_FALSE(accepted(1, {}, true));
  EXPECT_EQ(store.memory_grow(*memory, 1), 1);
  EXPECT_TRUE(accepted(2, 6));
}

TEST_F(InstantiateTest, GlobalsMatchByMutability) {
  GlobalInstance* constant = store.new_global({ValType::nullfuncref(), false}, {ValType::nullfuncref()});
  GlobalInstance* variable = store.new_global({ValType::nullfuncref(), true}, {ValType::nullfuncref()});
  const auto accepted = [&](GlobalInstance* given_global, ValType type, bool mut) {
    fake::Builder b;
    b.global(type, mut, {});
    b.m->globals[0].imported = true;
    b.m->imported_globals = 1;
    b.import("m", "g", ExternKind::Global, 0);
    const Extern given = Extern::of(given_global);
    return store.instantiate(b.compile(engine), std::span(&given, 1)).has_value();
  };
  EXPECT_TRUE(accepted(constant, ValType::funcref(), false));
  EXPECT_FALSE(accepted(constant, ValType::nullfuncref(), true));
  EXPECT_FALSE(accepted(constant, ValType::externref(), false));
  EXPECT_TRUE(accepted(variable, ValType::nullfuncref(), true));
  EXPECT_FALSE(accepted(variable, ValType::funcref(), true));
  EXPECT_FALSE(accepted(variable, ValType::nullfuncref(), false));
}

TEST_F(InstantiateTest, InstancesAreCounted) {
  StoreLimits limits;
  limits.instances = 1;
  Store small(engine, limits);
  auto compiled = builder.compile(engine);
  EXPECT_TRUE(small.instantiate(compiled, {}));
  EXPECT_FALSE(small.instantiate(compiled, {}));
  Store other(fake::engine());
  EXPECT_EQ(other.instantiate(compiled, {}).error().code(), ErrorCode::foreign_module);
}

TEST_F(InstantiateTest, ExhaustedHeapIsATrap) {
  const uint32_t bytes = builder.array_type(StorageType::i8());
  builder.global(ValType::anyref(), false,
                 fake::expr({fake::inst(Op::i32_const, ~0u), fake::inst_index(Op::array_new_default, bytes)}));
  auto made = instantiate();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), ErrorCode::gc_heap_exhausted);
}

}  // namespace
}  // namespace ashlar::runtime
