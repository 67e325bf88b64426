// GC objects: layout, allocation limits, field access and type tests.
#include "runtime/gc_heap.h"

#include <gtest/gtest.h>

#include "fake_tier.h"

namespace ashlar::runtime {
namespace {

using isa::AbsHeap;
using isa::HeapType;
using isa::StorageType;
using isa::ValType;

struct GcHeapTest : testing::Test {
  std::shared_ptr<Engine> engine = fake::engine();
  fake::Builder builder;
  std::shared_ptr<CompiledModule> compiled;

  const module::TypeRegistry& compile() {
    compiled = builder.compile(engine);
    return *engine->types();
  }
  uint32_t id(uint32_t type) const { return compiled->module().canonical[type]; }
};

TEST_F(GcHeapTest, StructFieldsAreNaturallyAligned) {
  const uint32_t func = builder.func_type({}, {});
  const uint32_t t = builder.struct_type({StorageType::i8(), StorageType::i16(), StorageType::of(ValType::i32()),
                                          StorageType::i8(), StorageType::of(ValType::v128()),
                                          StorageType::of(ValType::anyref()), StorageType::of(ValType::funcref()),
                                          StorageType::of(ValType::ref_null(HeapType::concrete(func)))});
  GcHeap heap(compile(), 1 << 20);
  const GcLayout& layout = heap.layout(id(t));
  EXPECT_EQ(layout.offsets, (std::vector<uint32_t>{8, 10, 12, 16, 24, 40, 48, 56}));
  EXPECT_EQ(layout.size, 64u);
  EXPECT_EQ(layout.kinds[5], FieldKind::Ref);
  EXPECT_EQ(layout.kinds[6], FieldKind::FuncRef);
  EXPECT_EQ(layout.kinds[7], FieldKind::FuncRef);
}

TEST_F(GcHeapTest, FieldsRoundTripAndStartZeroed) {
  const uint32_t t = builder.struct_type({StorageType::i8(), StorageType::of(ValType::v128())});
  GcHeap heap(compile(), 1 << 20);
  const GcRef r = heap.alloc_struct(id(t));
  ASSERT_NE(r, kNullRef);
  EXPECT_EQ(r % 8, 0u);
  const GcLayout& layout = heap.layout(id(t));
  Slot out[2] = {1, 1};
  load_gc_field(heap.at(r, layout.offsets[1]), FieldKind::V128, out);
  EXPECT_EQ(out[0] | out[1], 0u);
  const Slot v[2] = {0x1234'5678'9abc'def0, 42};
  store_gc_field(heap.at(r, layout.offsets[0]), FieldKind::I8, v);
  store_gc_field(heap.at(r, layout.offsets[1]), FieldKind::V128, v);
  load_gc_field(heap.at(r, layout.offsets[0]), FieldKind::I8, out);
  EXPECT_EQ(out[0], 0xf0u);
  load_gc_field(heap.at(r, layout.offsets[1]), FieldKind::V128, out);
  EXPECT_EQ(out[0], v[0]);
  EXPECT_EQ(out[1], 42u);
}

TEST_F(GcHeapTest, ExhaustionGivesNull) {
  const uint32_t t = builder.array_type(StorageType::of(ValType::i64()));
  GcHeap heap(compile(), 64 << 10);
  EXPECT_EQ(heap.alloc_array(id(t), ~0u), kNullRef);
  EXPECT_NE(heap.alloc_array(id(t), 100), kNullRef);
  EXPECT_EQ(heap.alloc_array(id(t), 9000), kNullRef);
  EXPECT_NE(heap.alloc_array(id(t), 100), kNullRef);
  GcHeap none(*engine->types(), 0);
  EXPECT_EQ(none.alloc_host(1), kNullRef);
}

TEST_F(GcHeapTest, RootSourceIsToldOfTheReservation) {
  struct Roots final : GcRootSource {
    void visit_roots(GcVisitor&, Which) override {}
    void scan_stacks(GcScanner&, const void*) override {}
    void bind_heap(uint8_t* base) override { told = base; }
    uint8_t* told = nullptr;
  } roots;
  GcHeap heap(compile(), 64 << 10);
  heap.set_roots(&roots);
  EXPECT_EQ(roots.told, nullptr);
  EXPECT_NE(heap.alloc_host(1), kNullRef);
  EXPECT_EQ(roots.told, heap.base());
  EXPECT_NE(roots.told, nullptr);
}

TEST_F(GcHeapTest, MatchesFollowTheHierarchy) {
  const uint32_t super = builder.struct_type({}, false);
  const uint32_t sub = builder.struct_type({}, true, super);
  const uint32_t array = builder.array_type(StorageType::i8());
  GcHeap heap(compile(), 1 << 20);
  const GcRef s = heap.alloc_struct(id(sub));
  const GcRef parent = heap.alloc_struct(id(super));
  const GcRef a = heap.alloc_array(id(array), 3);
  const GcRef host = heap.alloc_host(99);
  const GcRef i31 = make_i31(5);
  TagInstance tag{0};
  const GcRef exn = heap.alloc_exn(&tag, 2);
  const auto matches = [&](GcRef r, HeapType h) { return heap.matches(r, ValType::ref(h)); };
  const HeapType sub_type = HeapType::concrete(id(sub));
  const HeapType super_type = HeapType::concrete(id(super));

  EXPECT_TRUE(matches(s, sub_type) && matches(s, super_type) && matches(parent, super_type));
  EXPECT_FALSE(matches(parent, sub_type) || matches(a, super_type) || matches(host, super_type));
  for (GcRef r : {s, a, i31}) EXPECT_TRUE(matches(r, AbsHeap::Eq) && matches(r, AbsHeap::Any));
  EXPECT_TRUE(matches(s, AbsHeap::Struct) && !matches(s, AbsHeap::Array));
  EXPECT_TRUE(matches(a, AbsHeap::Array) && !matches(a, AbsHeap::Struct));
  EXPECT_TRUE(matches(i31, AbsHeap::I31) && !matches(i31, AbsHeap::Struct) && matches(i31, AbsHeap::Extern));
  EXPECT_FALSE(matches(i31, sub_type));
  EXPECT_TRUE(matches(host, AbsHeap::Any) && matches(host, AbsHeap::Extern) && !matches(host, AbsHeap::Eq));
  EXPECT_TRUE(matches(exn, AbsHeap::Exn) && !matches(exn, AbsHeap::Any));
  EXPECT_EQ(heap.host_value(host), 99u);
  EXPECT_EQ(heap.exn_tag(exn), &tag);
  for (GcRef r : {s, a, i31, host}) {
    EXPECT_FALSE(matches(r, AbsHeap::None) || matches(r, AbsHeap::NoExtern) || matches(r, AbsHeap::Func));
  }
  EXPECT_TRUE(heap.matches(kNullRef, ValType::nullref()));
  EXPECT_FALSE(matches(kNullRef, AbsHeap::Any));
}

TEST_F(GcHeapTest, I31KeepsItsSign) {
  EXPECT_EQ(i31_get_s(make_i31(0xffff'ffff)), -1);
  EXPECT_EQ(i31_get_u(make_i31(0xffff'ffff)), 0x7fff'ffffu);
  EXPECT_EQ(i31_get_s(make_i31(0x4000'0000)), -0x4000'0000);
}

}  // namespace
}  // namespace ashlar::runtime
