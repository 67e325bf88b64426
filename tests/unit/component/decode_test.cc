// Framing, limits and what the suite's files don't reach of the binary format of components.
#include "component/decode.h"

#include <gtest/gtest.h>

#include "component/canon_table.h"
#include "component/component_bytes.h"

namespace ashlar::component {
namespace {

using test::Bytes;
using test::operator+;
using test::ComponentBytes;
using test::load;
using test::name;
using test::num;
using test::text;

std::string error_of(const Bytes& bytes, const ComponentLimits& limits = {}) {
  const auto c = load(bytes, limits);
  return c ? "ok" : c.error().message();
}

TEST(ComponentDecode, TellsComponentsFromModules) {
  EXPECT_TRUE(is_component(ComponentBytes().get()));
  EXPECT_TRUE(is_component(Bytes{0, 'a', 's', 'm', 9, 0, 1, 0}));
  EXPECT_FALSE(is_component(Bytes{0, 'a', 's', 'm', 1, 0, 0, 0}));
  EXPECT_FALSE(is_component(Bytes{0, 'a', 's', 'm', 0x0d, 0, 1}));
  EXPECT_EQ(error_of({0, 'a', 's', 'm', 1, 0, 0, 0}),
            "unknown binary version of a component: 1 (this is a core module)");
}

TEST(ComponentDecode, DefinitionsKeepTheirOffsets) {
  const auto c = load(ComponentBytes().section(7, {2, 0x73, 0x70, 0x00}).get());
  ASSERT_TRUE(c);
  ASSERT_EQ((*c)->defs.size(), 2u);
  EXPECT_EQ((*c)->defs[0].offset, 11u);
  EXPECT_EQ((*c)->defs[1].offset, 12u);
  EXPECT_EQ(std::get<ListType>(std::get<TypeDef>((*c)->defs[1].def).def).element, TypeRef::at(0));
}

TEST(ComponentDecode, NestedComponentsAndModulesAreSpans) {
  const Bytes module = {0, 'a', 's', 'm', 1, 0, 0, 0};
  const Bytes inner = ComponentBytes().section(1, module).get();
  const Bytes outer = ComponentBytes().section(4, inner).get();
  const auto c = load(outer);
  ASSERT_TRUE(c);
  const Component& nested = *std::get<std::unique_ptr<Component>>((*c)->defs.at(0).def);
  EXPECT_TRUE(std::ranges::equal(nested.bytes, inner));
  const auto& m = std::get<CoreModuleDef>(nested.defs.at(0).def);
  EXPECT_TRUE(std::ranges::equal(m.bytes, module));
  EXPECT_NE(m.storage, nullptr);
  // A section of the inner component that leaves it.
  Bytes longer = outer;
  longer[17 + 2] = 9;
  EXPECT_EQ(error_of(longer), "length out of bounds");
}

TEST(ComponentDecode, NestingIsBounded) {
  Bytes bytes = ComponentBytes().get();
  for (int i = 0; i < 99; ++i) bytes = ComponentBytes().section(4, bytes).get();
  EXPECT_EQ(error_of(bytes), "ok");
  for (int i = 0; i < 5000; ++i) bytes = ComponentBytes().section(4, bytes).get();
  EXPECT_EQ(error_of(bytes), "nesting too deep: components and types inside one another, at most 100");
  // Instance types in instance types.
  Bytes type = {0x42, 0};
  for (int i = 0; i < 200; ++i) type = Bytes{0x42, 1, 0x01} + type;
  EXPECT_EQ(error_of(ComponentBytes().one(7, type).get()),
            "nesting too deep: components and types inside one another, at most 100");
}

TEST(ComponentDecode, CountsAreCheckedAgainstTheBytes) {
  EXPECT_EQ(error_of(ComponentBytes().section(7, {0xff, 0xff, 0xff, 0xff, 0x0f}).get()), "length out of bounds");
  EXPECT_EQ(error_of(ComponentBytes().one(7, {0x6e, 0xff, 0xff, 0xff, 0x7f}).get()), "length out of bounds");
  ComponentLimits limits;
  limits.items = 3;
  EXPECT_EQ(error_of(ComponentBytes().section(7, {2, 0x73, 0x73}).section(7, {2, 0x73, 0x73}).get(), limits),
            "implementation limit exceeded: 2 types, at most 3 entries of lists in a component");
}

TEST(ComponentDecode, NamesAreReadLeniently) {
  // subsection 0: "c"; subsection 1: of sort type, 0 is "t"
  const Bytes good = text("component-name") + Bytes{0, 2, 1, 'c', 1, 5, 3, 1, 0, 1, 't'};
  const auto c = load(ComponentBytes().section(0, good).get());
  ASSERT_TRUE(c);
  EXPECT_EQ((*c)->name, "c");
  ASSERT_EQ((*c)->names.size(), 1u);
  EXPECT_EQ((*c)->names[0].name, "t");
  EXPECT_EQ((*c)->names[0].sort.sort, Sort::Type);
  EXPECT_TRUE((*c)->defs.empty());
  const auto broken = load(ComponentBytes().section(0, text("component-name") + Bytes{0, 9, 1}).get());
  ASSERT_TRUE(broken);
  EXPECT_TRUE((*broken)->names.empty());
  EXPECT_EQ(std::get<CustomSection>((*broken)->defs.at(0).def).contents, (Bytes{0, 9, 1}));
}

TEST(ComponentDecode, EveryCanonicalDefinitionHasARow) {
  for (const CanonInfo& row : kCanonTable) EXPECT_EQ(find_canon(static_cast<uint8_t>(row.op)), &row) << row.name;
  EXPECT_EQ(find_canon(0x07), nullptr);
  EXPECT_EQ(error_of(ComponentBytes().one(8, {0x07}).get()), "malformed canonical definition: 0x07");
}

TEST(ComponentDecode, OptionsAndAttributesOccurOnce) {
  EXPECT_EQ(error_of(ComponentBytes().one(8, {0x09, 1, 0, 2, 0x03, 0, 0x03, 0}).get()),
            "canonical option memory occurs twice");
  const Bytes twice = Bytes{2} + text("a") + Bytes{2, 2} + text("x") + Bytes{2} + text("y") + Bytes{1, 0};
  EXPECT_EQ(error_of(ComponentBytes().one(10, twice).get()), "attribute external-id occurs twice in one name");
}

TEST(ComponentDecode, EveryPrefixIsRefused) {
  const Bytes bytes =
      ComponentBytes()
          .section(7, {3, 0x40, 1, 1, 'a', 0x73, 0, 0x73, 0x72, 1, 1, 'f', 0x7f, 0x42, 1, 4, 0, 1, 'x', 3, 1})
          .one(10, name("f") + Bytes{1, 0})
          .one(8, {0x01, 0x00, 0, 2, 0, 3, 0})
          .one(11, name("g") + Bytes{1, 0, 0})
          .get();
  ASSERT_EQ(error_of(bytes), "ok");
  size_t whole = 0;  // prefixes that end where a section does
  for (size_t size = 0; size < bytes.size(); ++size) {
    whole += error_of(Bytes(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size))) == "ok" ? 1 : 0;
  }
  EXPECT_EQ(whole, 4u);
}

}  // namespace
}  // namespace ashlar::component
