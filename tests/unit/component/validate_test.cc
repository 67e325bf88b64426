// Limits of validation, what it tells linking, and rules that the suite's files don't reach.
#include "component/validate.h"

#include <gtest/gtest.h>

#include "component/component_bytes.h"

namespace ashlar::component {
namespace {

using test::Bytes;
using test::operator+;
using test::ComponentBytes;
using test::load;
using test::name;
using test::num;
using test::verdict;

constexpr uint8_t kModule = 1, kCoreInstance = 2, kComponent = 4, kInstance = 5, kAlias = 6, kType = 7, kCanon = 8,
                  kImport = 10, kExport = 11;

/// Types each of which has the one before `width` times: (tuple n n ...).
Bytes tuples(uint32_t count, uint32_t width) {
  Bytes section = num(count + 1) + Bytes{0x73};
  for (uint32_t i = 0; i < count; ++i) {
    section.push_back(0x6f);
    test::append(section, num(width));
    for (uint32_t j = 0; j < width; ++j) base::append_leb_s64(section, i);
  }
  return ComponentBytes().section(kType, section).get();
}

TEST(ComponentValidate, TypeBombsGiveAnError) {
  EXPECT_EQ(verdict(tuples(8, 2)), "ok");
  EXPECT_EQ(verdict(tuples(90, 2)), "implementation limit exceeded: the effective size of a type, at most 1000000");
  EXPECT_EQ(verdict(tuples(500, 1)), "implementation limit exceeded: 101 types inside one another, at most 100");
}

TEST(ComponentValidate, InstanceTypeBombsGiveAnError) {
  // Each instance type exports the one before, an outer type, twice.
  Bytes section = num(60) + Bytes{0x42, 0};
  for (uint32_t i = 0; i + 1 < 60; ++i) {
    test::append(section, Bytes{0x42, 3, 0x02, 0x03, 0x02, 0x01} + num(i) + Bytes{0x04} + name("a") + Bytes{0x05, 0} +
                              Bytes{0x04} + name("b") + Bytes{0x05, 0});
  }
  EXPECT_EQ(verdict(ComponentBytes().section(kType, section).get()),
            "implementation limit exceeded: the effective size of a type, at most 1000000");
}

TEST(ComponentValidate, WorkIsBounded) {
  // An instance type with resources is opened at each import.
  Bytes type = Bytes{0x42} + num(200);
  for (uint32_t i = 0; i < 200; ++i)
    test::append(type, Bytes{0x04} + name("r" + std::to_string(i)) + Bytes{0x03, 0x01});
  Bytes imports = num(300);
  for (uint32_t i = 0; i < 300; ++i) test::append(imports, name("i" + std::to_string(i)) + Bytes{0x05, 0});
  const Bytes bytes = ComponentBytes().one(kType, type).section(kImport, imports).get();
  EXPECT_EQ(verdict(bytes), "ok");
  ComponentLimits limits;
  limits.work = 100'000;
  EXPECT_EQ(verdict(bytes, {}, limits),
            "implementation limit: the types of the component take more than 100000 steps to check");
}

TEST(ComponentValidate, UsesOfLargeSharedTypesAreBounded) {
  // A type of nearly the largest effective size in 20,000 functions.
  ComponentLimits limits;
  limits.work = 10'000'000;
  Bytes section = num(20'001 + 18) + Bytes{0x73};
  for (uint32_t i = 0; i < 18; ++i) test::append(section, Bytes{0x6f, 2} + num(i) + num(i));
  for (uint32_t i = 0; i < 20'000; ++i) test::append(section, Bytes{0x40, 1, 1, 'a'} + num(18) + Bytes{1, 0});
  Bytes imports = num(20'000);
  for (uint32_t i = 0; i < 20'000; ++i) {
    test::append(imports, name("f" + std::to_string(i)) + Bytes{1} + num(19 + i));
  }
  const Bytes bytes = ComponentBytes().section(kType, section).section(kImport, imports).get();
  EXPECT_EQ(verdict(bytes, {}, limits),
            "implementation limit: the types of the component take more than 10000000 steps to check");
}

TEST(ComponentValidate, ManyInstancesOfMuchAreBounded) {
  // A component with 500 exports, instantiated 5,000 times: each instance has its own list of them.
  ComponentLimits limits;
  limits.work = 1'000'000;
  Bytes exports = num(500);
  for (uint32_t i = 0; i < 500; ++i) test::append(exports, name("t" + std::to_string(i)) + Bytes{3, 0, 0});
  const Bytes inner = ComponentBytes().one(kType, {0x73}).section(kExport, exports).get();
  Bytes instances = num(5'000);
  for (uint32_t i = 0; i < 5'000; ++i) test::append(instances, {0, 0, 0});
  const Bytes bytes = ComponentBytes().section(kComponent, inner).section(kInstance, instances).get();
  EXPECT_EQ(verdict(bytes, {}, limits),
            "implementation limit: the types of the component take more than 1000000 steps to check");
}

TEST(ComponentValidate, NamesOfNamesAreFollowedWithoutCalls) {
  // The inner component gives its resource type many names, each of the one before; the middle one exports the last.
  constexpr uint32_t kCount = 100'000;
  Bytes names = num(kCount);
  for (uint32_t i = 0; i < kCount; ++i)
    test::append(names, name("t" + std::to_string(i)) + Bytes{3} + num(i) + Bytes{0});
  const Bytes inner = ComponentBytes().one(kImport, name("r") + Bytes{3, 1}).section(kExport, names).get();
  const Bytes middle = ComponentBytes()
                           .one(kImport, name("r") + Bytes{3, 1})
                           .section(kComponent, inner)
                           .one(kInstance, {0, 0, 1, 1, 'r', 3, 0})
                           .one(kAlias, Bytes{3, 0, 0} + test::text("t" + std::to_string(kCount - 1)))
                           .one(kExport, name("e") + Bytes{3, 1, 0})
                           .get();
  const Bytes outer = ComponentBytes()
                          .one(kType, {0x3f, 0x7f, 0})
                          .section(kComponent, middle)
                          .one(kInstance, {0, 0, 1, 1, 'r', 3, 0})
                          .get();
  EXPECT_EQ(verdict(outer), "ok");
}

TEST(ComponentValidate, GatesAreNamed) {
  const Bytes fixed = ComponentBytes().one(kType, {0x67, 0x73, 4}).get();
  EXPECT_EQ(verdict(fixed), "a list of fixed length needs the feature fixed-length-lists of components, which is off");
  EXPECT_EQ(verdict(fixed, Gates().set(Gate::FixedLengthLists)), "ok");
  const Bytes index = ComponentBytes().one(kCanon, {0x26}).get();
  EXPECT_EQ(verdict(index), "thread.index needs the feature threading of components, which is off");
  EXPECT_EQ(verdict(index, Gates::all()), "ok");
  EXPECT_EQ(verdict(ComponentBytes().one(kCanon, {0x0c, 0}).get(), Gates().set(Gate::Async, false)),
            "thread.yield needs the feature async of components, which is off");
  EXPECT_EQ(verdict(ComponentBytes().one(kCanon, {0x0c, 1}).get()), "thread.yield: the byte for cancellable must be 0");
}

TEST(ComponentValidate, ErrorsInModulesNameTheModule) {
  const Bytes module = {0, 'a', 's', 'm', 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 7};
  const auto c = load(ComponentBytes().section(kModule, {0, 'a', 's', 'm', 1, 0, 0, 0}).section(kModule, module).get());
  ASSERT_TRUE(c);
  const auto v = validate(**c, {});
  ASSERT_FALSE(v);
  EXPECT_EQ(v.error().render(), "core module 1: function and code section have inconsistent lengths: 1 and 0");
}

TEST(ComponentValidate, LiftedFunctionsAreChecked) {
  // (module (func (export "f") (param i32 i32))), with the canonical function type (func (param "x" <type>))
  const Bytes module = {0, 'a', 's', 'm', 1, 0, 0, 0,   1, 6, 1,  0x60, 2, 0x7f, 0x7f, 0,   3,
                        2, 1,   0,   7,   5, 1, 1, 'f', 0, 0, 10, 4,    1, 2,    0,    0x0b};
  const auto with = [&](uint8_t type) {
    return ComponentBytes()
        .section(kModule, module)
        .one(kCoreInstance, {0, 0, 0})
        .one(kAlias, {0, 0, 1, 0, 1, 'f'})
        .one(kType, {0x40, 1, 1, 'x', type, 1, 0})
        .one(kCanon, {0, 0, 0, 0, 0})
        .get();
  };
  EXPECT_EQ(verdict(with(0x73)), "canonical option memory is required");
  EXPECT_EQ(verdict(with(0x79)),
            "type mismatch: the lifted function must have the core type [i32] -> [], has [i32 i32] -> []");
}

TEST(ComponentValidate, LinkingLearnsWhichResourcesStandForWhich) {
  // Inner: imports the resource type "a", defines another and exports it as "b".
  const Bytes inner = ComponentBytes()
                          .one(kImport, name("a") + Bytes{3, 1})
                          .one(kType, {0x3f, 0x7f, 0})
                          .one(kExport, name("b") + Bytes{3, 1, 0})
                          .get();
  const Bytes outer = ComponentBytes()
                          .one(kType, {0x3f, 0x7f, 0})
                          .section(kComponent, inner)
                          .one(kInstance, {0, 0, 1, 1, 'a', 3, 0})
                          .one(kAlias, {3, 0, 0, 1, 'b'})
                          .get();
  const auto c = load(outer);
  ASSERT_TRUE(c);
  const auto v = validate(**c, {});
  ASSERT_TRUE(v) << v.error().render();
  const ComponentInfo& root = *(*v)->root;
  const ComponentInfo& child = *root.components_at.at(1);
  ASSERT_EQ(child.type->imported.size(), 1u);
  ASSERT_EQ(child.type->defined.size(), 1u);
  EXPECT_EQ(child.resources.at(0).id, child.type->defined[0]);
  const auto id = [&](uint32_t type) { return static_cast<const ResourceNode&>(*root.types.at(type)).id; };
  EXPECT_EQ(root.resources_at.at(2).at(child.type->imported[0]), id(0));
  EXPECT_EQ(root.resources_at.at(2).at(child.type->defined[0]), id(1));
  EXPECT_NE(id(0), id(1));
  EXPECT_NE(root.type, nullptr);
  EXPECT_TRUE(root.type->exports.list().empty());
}

TEST(ComponentValidate, AscribedResourceHidesWhatItIs) {
  // Exported twice, the second time as (sub resource): two resource types outside.
  const Bytes bytes = ComponentBytes()
                          .one(kType, {0x3f, 0x7f, 0})
                          .one(kExport, name("a") + Bytes{3, 0, 0})
                          .one(kExport, name("b") + Bytes{3, 0, 1, 3, 1})
                          .get();
  const auto c = load(bytes);
  ASSERT_TRUE(c);
  const auto v = validate(**c, {});
  ASSERT_TRUE(v) << v.error().render();
  const ComponentInfo& root = *(*v)->root;
  EXPECT_EQ(root.type->defined.size(), 2u);
  const auto id = [&](uint32_t type) { return static_cast<const ResourceNode&>(*root.types.at(type)).id; };
  EXPECT_EQ(id(0), id(1));
  EXPECT_EQ(root.resources_at.at(2).at(id(2)), id(0));
}

TEST(ComponentValidate, InstantiationIsGenerative) {
  const Bytes inner = ComponentBytes().one(kType, {0x3f, 0x7f, 0}).one(kExport, name("r") + Bytes{3, 0, 0}).get();
  const Bytes bytes = ComponentBytes()
                          .section(kComponent, inner)
                          .section(kInstance, {2, 0, 0, 0, 0, 0, 0})
                          .section(kAlias, {2, 3, 0, 0, 1, 'r', 3, 0, 1, 1, 'r'})
                          .get();
  const auto c = load(bytes);
  ASSERT_TRUE(c);
  const auto v = validate(**c, {});
  ASSERT_TRUE(v) << v.error().render();
  const auto id = [&](uint32_t type) { return static_cast<const ResourceNode&>(*(*v)->root->types.at(type)).id; };
  EXPECT_NE(id(0), id(1));
}

}  // namespace
}  // namespace ashlar::component
