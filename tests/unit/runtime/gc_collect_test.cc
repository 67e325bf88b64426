// What collections find, keep and end: roots, stacks, host objects, a heap that is full.
#include <gtest/gtest.h>

#include <set>

#include "fake_tier.h"
#include "runtime/gc_heap.h"

namespace ashlar::runtime {
namespace {

using isa::AbsHeap;
using isa::StorageType;
using isa::ValType;

/// Stacks and nothing else.
struct Roots final : GcRootSource {
  std::vector<uint64_t> words;
  GcScanner::Insides insides = GcScanner::Insides::Addresses;

  void visit_roots(GcVisitor&, Which) override {}
  void scan_stacks(GcScanner& s, const void*) override { s.scan(words.data(), words.data() + words.size(), insides); }
};

struct GcCollectTest : testing::Test {
  std::shared_ptr<Engine> engine = fake::engine();
  fake::Builder builder;
  std::shared_ptr<CompiledModule> compiled;
  Roots roots;

  const module::TypeRegistry& compile() {
    compiled = builder.compile(engine);
    return *engine->types();
  }
  uint32_t id(uint32_t type) const { return compiled->module().canonical[type]; }
};

TEST_F(GcCollectTest, WordsThatKeepAnObject) {
  const uint32_t t = builder.array_type(StorageType::i8());
  GcHeap heap(compile(), 64 << 20);
  heap.set_roots(&roots);
  constexpr uint64_t kOther = uint64_t{0x5555} << 32;
  const auto kept = [&](uint32_t length, auto word) {
    heap.collect();
    const GcRef r = heap.alloc_array(id(t), length);
    EXPECT_NE(r, kNullRef);
    // Where it was: what moved or was freed is no object there any more.
    roots.words = {word(uint64_t{r})};
    heap.collect();
    const bool found = heap.is_valid(r);
    roots.words.clear();
    return found;
  };
  for (uint32_t length : {1000u, 1'000'000u}) {
    for (auto insides : {GcScanner::Insides::Addresses, GcScanner::Insides::Offsets}) {
      roots.insides = insides;
      EXPECT_TRUE(kept(length, [](uint64_t r) { return r; })) << length;
      EXPECT_TRUE(kept(length, [](uint64_t r) { return r | kOther; })) << length;
      EXPECT_TRUE(kept(length, [](uint64_t r) { return r << 32 | 5; })) << length;
      EXPECT_TRUE(kept(length, [&](uint64_t r) { return reinterpret_cast<uint64_t>(heap.base()) + r + 900; }));
      EXPECT_EQ(kept(length, [](uint64_t r) { return r + 900; }), insides == GcScanner::Insides::Offsets);
      EXPECT_FALSE(kept(length, [](uint64_t r) { return (r + 900) | kOther; }));
      EXPECT_FALSE(kept(length, [](uint64_t r) { return (r + 900) << 32; }));
      EXPECT_FALSE(kept(length, [](uint64_t) { return uint64_t{0}; }));
    }
  }
}

TEST_F(GcCollectTest, FinalizersAreForOwnedHostBoxes) {
  std::multiset<uint64_t> ended;
  {
    GcHeap heap(compile(), 1 << 20);
    heap.set_roots(&roots);
    heap.set_finalizer([&](uint64_t value) { ended.insert(value); });
    const uint32_t handle = heap.new_handle(heap.alloc_host(1, true));
    const uint32_t number = heap.new_handle(heap.alloc_host(2));
    for (uint64_t i = 0; i < 100'000; ++i) {
      ASSERT_NE(heap.alloc_host(100 + i, i % 2 == 0), kNullRef);
    }
    heap.collect();
    EXPECT_EQ(ended.size(), 50'000u);
    EXPECT_EQ(ended.count(1) + ended.count(2) + ended.count(101), 0u);
    EXPECT_TRUE(heap.is_owned_host(heap.handle(handle)));
    EXPECT_FALSE(heap.is_owned_host(heap.handle(number)) || heap.is_owned_host(make_i31(1)));
    EXPECT_EQ(heap.host_value(heap.handle(handle)), 1u);
    EXPECT_EQ(heap.host_value(heap.handle(number)), 2u);
    heap.alloc_host(3, true);
    heap.finalize_all();
    EXPECT_EQ(ended.count(1), 1u);
    EXPECT_EQ(ended.count(3), 1u);
    EXPECT_EQ(ended.size(), 50'002u);
  }
  EXPECT_EQ(ended.size(), 50'002u);
}

TEST_F(GcCollectTest, GrowingATableIsSeen) {
  Store store(engine);
  GcHeap& heap = store.heap();
  module::TableType type;
  type.elem = ValType::externref();
  auto made = store.new_table(type, 0);
  ASSERT_TRUE(made);
  Table& table = **made;
  heap.set_stress({0, 0, true});
  for (uint64_t i = 0; i < 200; ++i) {
    heap.collect_young();
    ASSERT_EQ(store.table_grow(table, 1, heap.alloc_host(1000 + i)), static_cast<int64_t>(i));
  }
  heap.collect_young();
  for (uint64_t i = 0; i < 200; ++i) {
    ASSERT_TRUE(heap.is_valid(static_cast<GcRef>(table.get(i)))) << i;
    EXPECT_EQ(heap.host_value(static_cast<GcRef>(table.get(i))), 1000 + i);
  }
}

TEST_F(GcCollectTest, AFullHeapHasRoomAgainWhenItsHandlesAreDropped) {
  const uint32_t t = builder.struct_type({StorageType::of(ValType::i64())});
  for (const uint64_t max_bytes : {uint64_t{64} << 10, uint64_t{1} << 20, uint64_t{32} << 20}) {
    GcHeap heap(compiled ? *engine->types() : compile(), max_bytes);
    heap.set_roots(&roots);
    for (int round = 0; round < 3; ++round) {
      std::vector<uint32_t> handles;
      for (;;) {
        const GcRef r = heap.alloc_struct(id(t));
        if (r == kNullRef) break;
        const uint64_t number = handles.size();
        std::memcpy(heap.at(r, 8), &number, 8);
        handles.push_back(heap.new_handle(r));
        ASSERT_LE(handles.size(), max_bytes / 16);
      }
      // Nothing much is lost.
      EXPECT_GT(handles.size(), max_bytes / 16 / 3) << max_bytes;
      EXPECT_LE(heap.bytes_in_use(), max_bytes);
      // A collection that finds the heap full is no reason to fail later.
      heap.collect();
      for (uint64_t i = 0; i < handles.size(); ++i) {
        ASSERT_EQ(std::memcmp(heap.at(heap.handle(handles[i]), 8), &i, 8), 0);
        heap.drop_handle(handles[i]);
      }
      EXPECT_NE(heap.alloc_struct(id(t)), kNullRef) << max_bytes;
    }
    EXPECT_EQ(heap.handle_count(), 0u);
  }
}

TEST_F(GcCollectTest, GarbageUnderASmallLimitNeverFillsTheHeap) {
  const uint32_t node = builder.struct_type({StorageType::of(ValType::anyref()), StorageType::of(ValType::i64())});
  const uint32_t bytes = builder.array_type(StorageType::i8());
  const uint32_t refs = builder.array_type(StorageType::of(ValType::anyref()));
  for (const uint64_t max_bytes : {uint64_t{256} << 10, uint64_t{1} << 20}) {
    for (const GcStress stress : {GcStress{}, GcStress{3, 0, true}, GcStress{0, 7, true}}) {
      GcHeap heap(compiled ? *engine->types() : compile(), max_bytes);
      heap.set_roots(&roots);
      heap.set_stress(stress);
      // A ring of 50 live objects, replaced one by one.
      const uint32_t ring = heap.new_handle(heap.alloc_array(id(refs), 50));
      for (uint32_t i = 0; i < 20'000; ++i) {
        GcRef r = kNullRef;
        if (i % 3 == 0) {
          r = heap.alloc_array(id(bytes), i % 700);
        } else if (i % 101 == 1) {
          r = heap.alloc_array(id(refs), 1000);
        } else {
          r = heap.alloc_struct(id(node));
        }
        ASSERT_NE(r, kNullRef) << i << " of " << max_bytes;
        const GcRef array = heap.handle(ring);
        std::memcpy(heap.elements(array) + size_t{i % 50} * sizeof(GcRef), &r, sizeof r);
        heap.wrote_element(array, i % 50, r);
      }
      heap.collect();
      heap.for_each_ref(heap.handle(ring), [&](GcRef r) { EXPECT_TRUE(heap.is_valid(r)); });
    }
  }
}

}  // namespace
}  // namespace ashlar::runtime
