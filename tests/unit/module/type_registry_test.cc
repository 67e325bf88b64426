// Canonicalization: equal groups get equal ids, also from several threads, and ids come back.
#include "module/type_registry.h"

#include <gtest/gtest.h>

#include <thread>

#include "module/module.h"

namespace ashlar::module {
namespace {

SubType func(std::vector<ValType> params, std::vector<ValType> results = {}) {
  SubType type;
  type.func = {std::move(params), std::move(results)};
  return type;
}

SubType structure(std::vector<ValType> fields, TypeIdx super = kNoIndex) {
  SubType type;
  type.kind = CompositeKind::Struct;
  type.is_final = false;
  type.super = super;
  for (const ValType field : fields) type.fields.push_back({isa::StorageType::of(field), false});
  return type;
}

ValType ref(uint32_t index) { return ValType::ref(HeapType::concrete(index)); }

std::unique_ptr<Module> make(const std::shared_ptr<TypeRegistry>& registry, std::vector<std::vector<SubType>> groups) {
  auto m = std::make_unique<Module>();
  for (std::vector<SubType>& group : groups) {
    m->rec_groups.push_back({static_cast<uint32_t>(m->types.size()), static_cast<uint32_t>(group.size())});
    for (SubType& type : group) m->types.push_back(std::move(type));
  }
  EXPECT_TRUE(TypeRegistry::canonicalize(registry, *m));
  return m;
}

TEST(TypeRegistry, EqualGroupsShareIds) {
  auto registry = std::make_shared<TypeRegistry>();
  const auto a = make(registry, {{func({})}, {func({ref(1)})}, {func({ref(1), ref(0)})}});
  const auto b = make(registry, {{func({ValType::i32()})}, {func({})}, {func({ref(2)})}, {func({ref(2), ref(1)})}});
  EXPECT_EQ(a->canonical[0], b->canonical[1]);
  EXPECT_EQ(a->canonical[1], b->canonical[2]);
  EXPECT_EQ(a->canonical[2], b->canonical[3]);
  EXPECT_NE(b->canonical[0], b->canonical[1]);
}

TEST(TypeRegistry, GroupsOfDifferentShapeDiffer) {
  auto registry = std::make_shared<TypeRegistry>();
  // The same two types in one group, and in two.
  const auto a = make(registry, {{func({}), func({})}});
  const auto b = make(registry, {{func({})}, {func({})}});
  EXPECT_NE(a->canonical[0], a->canonical[1]);
  EXPECT_EQ(b->canonical[0], b->canonical[1]);
  EXPECT_NE(a->canonical[0], b->canonical[0]);
}

TEST(TypeRegistry, SubtypesAndHeaps) {
  auto registry = std::make_shared<TypeRegistry>();
  const auto m = make(registry, {{structure({})},
                                 {structure({ValType::i32()}, 0)},
                                 {structure({ValType::i32(), ValType::i64()}, 1)},
                                 {func({})}});
  const auto& id = m->canonical;
  EXPECT_TRUE(registry->is_subtype(id[2], id[0]));
  EXPECT_TRUE(registry->is_subtype(id[1], id[1]));
  EXPECT_FALSE(registry->is_subtype(id[0], id[1]));
  EXPECT_FALSE(registry->is_subtype(id[3], id[0]));
  const auto heap = [&](size_t i) { return HeapType::concrete(id[i]); };
  EXPECT_TRUE(heap_matches(*registry, heap(2), isa::AbsHeap::Eq));
  EXPECT_TRUE(heap_matches(*registry, heap(3), isa::AbsHeap::Func));
  EXPECT_FALSE(heap_matches(*registry, heap(3), isa::AbsHeap::Any));
  EXPECT_TRUE(heap_matches(*registry, isa::AbsHeap::NoFunc, heap(3)));
  EXPECT_FALSE(heap_matches(*registry, isa::AbsHeap::None, heap(3)));
  EXPECT_TRUE(val_matches(*registry, ValType::ref(heap(2)), ValType::ref_null(heap(0))));
  EXPECT_FALSE(val_matches(*registry, ValType::ref_null(heap(2)), ValType::ref(heap(0))));
}

TEST(TypeRegistry, IdsComeBackAndHostTypesStay) {
  auto registry = std::make_shared<TypeRegistry>();
  const uint32_t host = registry->intern_func({{ValType::i32()}, {}});
  uint32_t released = 0;
  {
    const auto m = make(registry, {{func({ValType::i32()})}, {func({ValType::f64()})}});
    EXPECT_EQ(m->canonical[0], host);
    released = m->canonical[1];
  }
  const auto m = make(registry, {{func({ValType::f32()})}, {func({ValType::i32()})}});
  EXPECT_EQ(m->canonical[0], released);
  EXPECT_EQ(m->canonical[1], host);
  EXPECT_EQ(registry->get(host).def.func.params.size(), 1u);
}

TEST(TypeRegistry, ThreadsLoadAndUnload) {
  auto registry = std::make_shared<TypeRegistry>();
  const auto work = [&] {
    for (int round = 0; round < 200; ++round) {
      const auto m =
          make(registry, {{structure({})}, {structure({ref(1)}, 0)}, {func(std::vector<ValType>(round % 7))}});
      EXPECT_TRUE(registry->is_subtype(m->canonical[1], m->canonical[0]));
      EXPECT_EQ(registry->get(m->canonical[2]).def.func.params.size(), static_cast<size_t>(round % 7));
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace ashlar::module
