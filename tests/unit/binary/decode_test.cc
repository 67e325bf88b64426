// Section framing, limits, names and hints; what the specification suite's binaries don't reach.
#include "binary/decode.h"

#include <gtest/gtest.h>

#include "binary/encode.h"
#include "support/module_bytes.h"

namespace ashlar::binary {
namespace {

using test::Bytes;
using test::error_of;
using test::ModuleBytes;

const Bytes kVoid = {0x60, 0, 0};  // [] -> []

TEST(Decode, ComponentIsNamed) {
  EXPECT_EQ(error_of({0, 'a', 's', 'm', 0x0d, 0, 1, 0}), "unknown binary version: this is a component");
}

TEST(Decode, BodyErrorComesBeforeBrokenFraming) {
  // The body is longer than it says, and its fault is the integer.
  Bytes bytes = ModuleBytes().section(1, {1, 0x60, 0, 0}).section(3, {1, 0}).get();
  const Bytes code = {10, 4, 1, 2, 0, 0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00};
  bytes.insert(bytes.end(), code.begin(), code.end());
  EXPECT_EQ(error_of(bytes), "integer representation too long");
}

TEST(Decode, LimitsAreNamed) {
  module::ModuleLimits limits;
  limits.types = 1;
  EXPECT_EQ(error_of(ModuleBytes().section(1, {2, 0x60, 0, 0, 0x60, 0, 0}).get(), {}, limits),
            "implementation limit exceeded: types, at most 1");
  limits = {};
  limits.function_bytes = 3;
  EXPECT_EQ(error_of(ModuleBytes::function(kVoid, {0, 1, 1, 0x0b}), {}, limits),
            "implementation limit exceeded: 4 bytes in a function body, at most 3");
  limits = {};
  limits.module_bytes = 8;
  EXPECT_EQ(error_of(ModuleBytes::function(kVoid, {0, 0x0b}), {}, limits),
            "implementation limit exceeded: 24 bytes in a module, at most 8");
}

TEST(Decode, CountsAreCheckedBeforeMemoryIsTaken) {
  // 2^28 types in no bytes.
  EXPECT_EQ(error_of(ModuleBytes().section(1, {0x80, 0x80, 0x80, 0x80, 0x01}).get()), "length out of bounds");
}

TEST(Decode, FeaturesGateTypesAndSections) {
  const Bytes structure = ModuleBytes().section(1, {1, 0x5f, 0}).get();
  EXPECT_EQ(error_of(structure), "");
  EXPECT_EQ(error_of(structure, isa::Features().set(isa::Feature::gc, false)),
            "malformed definition type: 0x5f (feature gc is off)");
  const Bytes tags = ModuleBytes().section(13, {0}).get();
  EXPECT_EQ(error_of(tags), "");
  EXPECT_EQ(error_of(tags, isa::Features::mvp()), "malformed section id: 0x0d");
  const Bytes vector = ModuleBytes().section(1, {1, 0x60, 1, 0x7b, 0}).get();
  EXPECT_EQ(error_of(vector, isa::Features::mvp()), "malformed value type: 0x7b (feature simd is off)");
}

TEST(Decode, CustomSectionsKeepTheirPlace) {
  const Bytes bytes = ModuleBytes()
                          .custom("first", {1, 2})
                          .section(1, {1, 0x60, 0, 0})
                          .custom("a", {})
                          .custom("b", {3})
                          .section(3, {1, 0})
                          .code({{0, 0x0b}})
                          .custom("last", {4})
                          .get();
  const auto m = test::load(bytes);
  ASSERT_TRUE(m);
  ASSERT_EQ((*m)->customs.size(), 4u);
  EXPECT_EQ((*m)->customs[0].after_section, 0);
  EXPECT_EQ((*m)->customs[2].name, "b");
  EXPECT_EQ((*m)->customs[2].after_section, 1);
  EXPECT_EQ((*m)->customs[2].after_rank, 3u);
  EXPECT_EQ(encode(**m), bytes);
}

TEST(Decode, Names) {
  const auto with_names = [](const Bytes& names) {
    return ModuleBytes().section(1, {1, 0x60, 0, 0}).section(3, {1, 0}).code({{0, 0x0b}}).custom("name", names).get();
  };
  // Module "m"; function 0 "f", function 9 (there is none); local 2 of function 0 "x".
  const Bytes names = {0, 2, 1, 'm', 1, 7, 2, 0, 1, 'f', 9, 1, 'g', 2, 6, 1, 0, 1, 2, 1, 'x'};
  auto m = test::load(with_names(names));
  ASSERT_TRUE(m);
  EXPECT_EQ((*m)->names.module, "m");
  EXPECT_EQ((*m)->names.funcs.size(), 1u);
  EXPECT_EQ((*m)->names.funcs.at(0), "f");
  EXPECT_EQ((*m)->names.locals.at(0).at(2), "x");
  // A broken section is no error and gives no names.
  m = test::load(with_names({0, 2, 1, 'm', 1, 9, 1, 0, 1, 'f'}));
  ASSERT_TRUE(m);
  EXPECT_TRUE((*m)->names.module.empty());
}

TEST(Decode, BranchHints) {
  const Bytes body = {0, 0x41, 1, 0x04, 0x40, 0x0b, 0x0b};  // the if is at offset 3
  const auto with_hint = [&](const Bytes& hints) {
    return ModuleBytes()
        .section(1, {1, 0x60, 0, 0})
        .section(3, {1, 0})
        .custom("metadata.code.branch_hint", hints)
        .code({body})
        .get();
  };
  auto m = test::load(with_hint({1, 0, 1, 3, 1, 1}));
  ASSERT_TRUE(m);
  ASSERT_EQ((*m)->branch_hints.size(), 1u);
  EXPECT_TRUE((*m)->branch_hints[0].taken);
  EXPECT_TRUE(validate::check_branch_hints(**m, {}));
  m = test::load(with_hint({1, 0, 1, 1, 1, 1}));  // i32.const is no branch
  ASSERT_TRUE(m);
  const Status status = validate::check_branch_hints(**m, {});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message(), "@metadata.code.branch_hint annotation: invalid target");
  m = test::load(with_hint({1, 0, 1, 3, 1}));  // cut
  ASSERT_TRUE(m);
  EXPECT_TRUE((*m)->branch_hints.empty());
}

TEST(Encode, RoundTripsEverySection) {
  const Bytes bytes = ModuleBytes()
                          .section(1, {3, 0x60, 0,    0, 0x4e, 2, 0x50, 0, 0x5f, 1,    0x78, 1,    0x4f,
                                       1, 1,    0x5f, 2, 0x78, 1, 0x64, 1, 0,    0x60, 1,    0x7f, 0})
                          .section(2, {2, 1, 'm', 1, 'f', 0, 0, 1, 'm', 1, 't', 4, 0, 3})
                          .section(3, {1, 0})
                          .section(4, {2, 0x70, 1, 1, 2, 0x40, 0, 0x64, 0, 0, 1, 0xd2, 0, 0x0b})
                          .section(5, {2, 3, 1, 2, 4, 1})
                          .section(13, {1, 0, 3})
                          .section(6, {1, 0x7f, 1, 0x41, 5, 0x0b})
                          .section(7, {1, 1, 'e', 0, 1})
                          .section(8, {1})
                          .section(9, {3, 0, 0x41, 0, 0x0b, 1, 1, 3, 0, 1, 0, 5, 0x70, 1, 0xd2, 1, 0x0b})
                          .section(12, {2})
                          .code({{1, 2, 0x7e, 0xfc, 9, 1, 0x0b}})
                          .section(11, {2, 0, 0x41, 0, 0x0b, 1, 'x', 1, 2, 'y', 'z'})
                          .get();
  const auto m = test::load(bytes);
  ASSERT_TRUE(m) << m.error().render();
  EXPECT_EQ(encode(**m), bytes);
}

}  // namespace
}  // namespace ashlar::binary
