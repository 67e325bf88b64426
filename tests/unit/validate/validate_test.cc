// Facts about bodies, limits, parallel validation; typing itself is the specification suite's.
#include "validate/validate.h"

#include <gtest/gtest.h>

#include "support/module_bytes.h"

namespace ashlar::validate {
namespace {

using test::Bytes;
using test::error_of;
using test::ModuleBytes;

const Bytes kVoid = {0x60, 0, 0};            // [] -> []
const Bytes kTakesI32 = {0x60, 1, 0x7f, 0};  // [i32] -> []
const Bytes kGivesI32 = {0x60, 0, 1, 0x7f};  // [] -> [i32]

module::FuncFacts facts_of(const Bytes& type, const Bytes& body) {
  const auto m = test::load(ModuleBytes::function(type, body));
  EXPECT_TRUE(m) << m.error().render();
  auto facts = validate_function(**m, 0, {});
  EXPECT_TRUE(facts);
  return std::move(*facts);
}

TEST(Facts, BlocksInOrder) {
  //                           0  1     3  5     7  9  11    13 14 15    17 18 19
  const module::FuncFacts facts = facts_of(kTakesI32, {0, 0x41, 7, 0x20, 0, 0x04, 0x40, 0x03, 0x40, 0x0c, 0, 0x0b, 0x05,
                                                       0x02, 0x40, 0x0b, 0x0b, 0x1a, 0x0b});
  ASSERT_EQ(facts.control.size(), 3u);
  EXPECT_EQ(facts.control[0].start, 5u);
  EXPECT_EQ(facts.control[0].else_, 12u);
  EXPECT_EQ(facts.control[0].end, 16u);
  EXPECT_EQ(facts.control[0].height, 1u);
  EXPECT_EQ(facts.control[0].targeted, 0u);
  EXPECT_EQ(facts.control[1].start, 7u);
  EXPECT_EQ(facts.control[1].end, 11u);
  EXPECT_EQ(facts.control[1].else_, 0u);
  EXPECT_EQ(facts.control[1].targeted, 1u);
  EXPECT_EQ(facts.control[2].start, 13u);
  EXPECT_TRUE(facts.has_loop);
  EXPECT_FALSE(facts.has_call);
  EXPECT_EQ(facts.max_slots, 2u);
  EXPECT_EQ(facts.local_count, 1u);
}

TEST(Facts, VectorsTakeTwoSlots) {
  Bytes body = {1, 2, 0x7b, 0x20, 0, 0x20, 1, 0x41, 0, 0x02, 0x40, 0x0b, 0x1a, 0x1a, 0x1a, 0x0b};
  const module::FuncFacts facts = facts_of(kVoid, body);
  EXPECT_EQ(facts.max_slots, 5u);
  EXPECT_EQ(facts.control[0].height, 5u);
  EXPECT_EQ(facts.local_count, 2u);
}

TEST(Function, ErrorsSayWhatAndWhere) {
  const auto m = test::load(ModuleBytes::function(kGivesI32, {0, 0x42, 1, 0x45, 0x0b}));
  ASSERT_FALSE(m);
  EXPECT_EQ(m.error().message(), "type mismatch: instruction requires [i32] but stack has [i64] (i32.eqz)");
  EXPECT_EQ(m.error().func(), 0u);
  EXPECT_EQ(m.error().offset(), 26u);
  EXPECT_EQ(m.error().phase(), Phase::Invalid);
}

TEST(Function, UnreachableCodeIsPolymorphic) {
  EXPECT_EQ(error_of(ModuleBytes::function(kGivesI32, {0, 0x00, 0x6a, 0x0b})), "");
  EXPECT_EQ(error_of(ModuleBytes::function(kGivesI32, {0, 0x00, 0x42, 0, 0x6a, 0x0b})),
            "type mismatch: instruction requires [i32] but stack has [i64] (i32.add)");
}

TEST(Function, ManyLocalsInFewBytes) {
  // 1500 i32, then one f64: behind the locals that are held one by one.
  const Bytes locals = {2, 0xdc, 0x0b, 0x7f, 1, 0x7c};
  Bytes body = locals;
  for (const uint8_t b : {0x20, 0xdc, 0x0b, 0x99, 0x1a, 0x20, 0xdb, 0x0b, 0x45, 0x1a, 0x0b}) body.push_back(b);
  EXPECT_EQ(error_of(ModuleBytes::function(kVoid, body)), "");
  body = locals;
  for (const uint8_t b : {0x20, 0xdd, 0x0b, 0x1a, 0x0b}) body.push_back(b);
  EXPECT_EQ(error_of(ModuleBytes::function(kVoid, body)), "unknown local 1501");
}

TEST(Function, Limits) {
  module::ModuleLimits limits;
  limits.nesting = 2;
  EXPECT_EQ(error_of(ModuleBytes::function(kVoid, {0, 2, 0x40, 2, 0x40, 0x0b, 0x0b, 0x0b}), {}, limits), "");
  EXPECT_EQ(error_of(ModuleBytes::function(kVoid, {0, 2, 0x40, 2, 0x40, 2, 0x40, 0x0b, 0x0b, 0x0b, 0x0b}), {}, limits),
            "implementation limit exceeded: 3 nested blocks");
  limits = {};
  limits.operands = 100;
  Bytes body = {0};
  for (int i = 0; i < 101; ++i) body.insert(body.end(), {0x41, 0});
  body.push_back(0x0b);
  EXPECT_EQ(error_of(ModuleBytes::function(kVoid, body), {}, limits), "implementation limit exceeded: 101 operands");
}

TEST(Module, SubtypingDepthIsLimited) {
  Bytes types = {64, 0x50, 0, 0x5f, 0};
  for (uint8_t i = 0; i < 63; ++i) types.insert(types.end(), {0x50, 1, i, 0x5f, 0});
  EXPECT_EQ(error_of(ModuleBytes().section(1, types).get()), "");
  types[0] = 65;
  types.insert(types.end(), {0x50, 1, 63, 0x5f, 0});
  EXPECT_EQ(error_of(ModuleBytes().section(1, types).get()),
            "sub type 64: implementation limit exceeded: 64 supertypes");
}

TEST(Module, ExportsAreIndexed) {
  Bytes bytes = ModuleBytes().section(5, {1, 0, 1}).section(7, {2, 1, 'a', 2, 0, 1, 'b', 2, 0}).get();
  const auto m = test::load(bytes);
  ASSERT_TRUE(m);
  EXPECT_EQ((*m)->find_export("b"), &(*m)->exports[1]);
  EXPECT_EQ((*m)->find_export("c"), nullptr);
  EXPECT_EQ(error_of(ModuleBytes().section(5, {1, 0, 1}).section(7, {2, 1, 'a', 2, 0, 1, 'a', 2, 0}).get()),
            "duplicate export name: \"a\"");
}

TEST(Validate, LowestErrorWinsInParallel) {
  // 3000 functions of 1 KiB of nops; two of them are wrong.
  constexpr uint32_t kCount = 3000;
  Bytes funcs;
  base::append_leb_u32(funcs, kCount);
  funcs.insert(funcs.end(), kCount, 0);
  Bytes code;
  base::append_leb_u32(code, kCount);
  for (uint32_t i = 0; i < kCount; ++i) {
    Bytes body(1024, 0x01);
    body.front() = 0;
    body.back() = 0x0b;
    if (i == 1700 || i == 2900) body[500] = 0x1a;  // drop of nothing
    base::append_leb_u32(code, 1024);
    code.insert(code.end(), body.begin(), body.end());
  }
  const Bytes bytes = ModuleBytes().section(1, {1, 0x60, 0, 0}).section(3, funcs).section(10, code).get();
  auto m = binary::decode(bytes, {});
  ASSERT_TRUE(m);
  auto registry = std::make_shared<module::TypeRegistry>();
  for (const unsigned threads : {1u, 4u}) {
    ValidateOptions options;
    options.threads = threads;
    const Status status = validate(**m, registry, options);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().func(), 1700u);
  }
  ValidateOptions lazy;
  lazy.lazy = true;
  EXPECT_TRUE(validate(**m, registry, lazy));
  EXPECT_TRUE(validate_function(**m, 0, lazy));
  EXPECT_FALSE(validate_function(**m, 1700, lazy));
}

}  // namespace
}  // namespace ashlar::validate
