// Looking at a GC heap: what look() finds, when the observer is called, and what is forgotten with the stacks.
#include <gtest/gtest.h>

#include "fake_tier.h"
#include "runtime/gc_heap.h"

namespace ashlar::runtime {
namespace {

struct Observer final : GcObserver {
  void on_request() override { ++requests; }
  void on_exhausted() override { ++exhausted; }
  int requests = 0;
  int exhausted = 0;
};

struct GcLookTest : testing::Test {
  std::shared_ptr<Engine> engine = fake::engine();
  fake::Builder builder;
  std::shared_ptr<CompiledModule> compiled;

  uint32_t node_type() {
    const uint32_t t =
        builder.struct_type({isa::StorageType::of(isa::ValType::anyref()), isa::StorageType::of(isa::ValType::i64())});
    compiled = builder.compile(engine);
    return compiled->module().canonical[t];
  }
  const module::TypeRegistry& types() const { return *engine->types(); }
};

TEST_F(GcLookTest, EveryObjectBeginsAtAStart) {
  const uint32_t id = node_type();
  GcHeap heap(types(), 1 << 20);
  GcRef last = kNullRef;
  for (int i = 0; i < 10; ++i) {
    const GcRef r = heap.alloc_struct(id);
    ASSERT_NE(r, kNullRef);
    *reinterpret_cast<GcRef*>(heap.at(r, 8)) = last;
    last = r;
  }
  heap.new_handle(last);
  int looked = 0;
  heap.look([&](const void*) {
    ++looked;
    int objects = 0;
    for (GcRef r = heap.handle(0); r != kNullRef; r = *reinterpret_cast<GcRef*>(heap.at(r, 8))) {
      EXPECT_TRUE(GcSpace::test(heap.space().starts, r >> 3));
      EXPECT_EQ(heap.object_at(r + 12), r);
      ++objects;
    }
    EXPECT_EQ(objects, 10);
  });
  EXPECT_EQ(looked, 1);
}

TEST_F(GcLookTest, WithoutAnObjectThereIsNothingToSee) {
  GcHeap heap(types(), 1 << 20);
  int looked = 0;
  heap.look([&](const void*) { ++looked; });
  EXPECT_EQ(looked, 1);
  EXPECT_EQ(heap.base(), nullptr);
  EXPECT_EQ(heap.object_at(GcSpace::kHeapStart), kNullRef);
}

TEST_F(GcLookTest, TheObserverIsCalledAtOneOfTheNextAllocations) {
  const uint32_t id = node_type();
  GcHeap heap(types(), 1 << 20);
  Observer observer;
  heap.set_observer(&observer);
  for (int i = 0; i < 1000; ++i) heap.alloc_struct(id);
  EXPECT_EQ(observer.requests, 0);
  heap.ask_observer();
  heap.ask_observer();
  for (int i = 0; i < 1000; ++i) heap.alloc_struct(id);
  EXPECT_EQ(observer.requests, 1);
  EXPECT_FALSE(heap.take_request());
  heap.ask_observer();
  EXPECT_TRUE(heap.take_request());
  EXPECT_EQ(observer.exhausted, 0);
}

TEST_F(GcLookTest, TheObserverIsCalledWhenTheHeapIsExhausted) {
  const uint32_t id = node_type();
  GcHeap heap(types(), 1 << 20);
  Observer observer;
  heap.set_observer(&observer);
  GcRef last = kNullRef;
  const uint32_t handle = heap.new_handle(kNullRef);
  while ((last = heap.alloc_struct(id)) != kNullRef) {
    *reinterpret_cast<GcRef*>(heap.at(last, 8)) = heap.handle(handle);
    heap.handle(handle) = last;
  }
  EXPECT_EQ(observer.exhausted, 1);
}

}  // namespace
}  // namespace ashlar::runtime
