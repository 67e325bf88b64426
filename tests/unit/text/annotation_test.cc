// Tests annotations: custom sections and their places, names, branch hints, and their errors.
#include <gtest/gtest.h>

#include <string>

#include "binary/decode.h"
#include "text/parse.h"

namespace ashlar::text {
namespace {

std::unique_ptr<module::Module> through_binary(std::string_view text, ParseOptions options = {}) {
  Result<std::vector<uint8_t>> bytes = parse_to_binary(text, options);
  if (!bytes) {
    ADD_FAILURE() << bytes.error().render();
    return std::make_unique<module::Module>();
  }
  binary::DecodeOptions all;
  all.features = isa::Features::all();
  Result<std::unique_ptr<module::Module>> m = binary::decode(std::move(*bytes), all);
  if (!m) {
    ADD_FAILURE() << m.error().render();
    return std::make_unique<module::Module>();
  }
  return std::move(*m);
}

std::string error_of(std::string_view text) {
  Result<std::unique_ptr<module::Module>> parsed = parse_module(text);
  return parsed ? "parsed" : parsed.error().message();
}

TEST(Annotations, CustomSectionsKeepTheirPlaces) {
  const auto m = through_binary(
      "(module (type (func)) (@custom \"last\" \"x\" \"\\79\") (@custom \"a\" (before first)) (@custom \"b\" (after "
      "func))"
      " (@custom \"c\" (before code) \"z\") (func))");
  ASSERT_EQ(m->customs.size(), 4u);
  EXPECT_EQ(m->customs[0].name, "a");
  EXPECT_EQ(m->customs[0].after_section, 0);
  EXPECT_EQ(m->customs[1].name, "b");
  EXPECT_EQ(m->customs[1].after_section, 3);
  EXPECT_EQ(m->customs[2].name, "c");
  EXPECT_EQ(m->customs[3].name, "last");
  EXPECT_EQ(m->customs[3].contents_size, 2u);
}

TEST(Annotations, CustomErrors) {
  EXPECT_EQ(error_of("(@custom)"), "@custom annotation: missing section name");
  EXPECT_EQ(error_of("(@custom \"\\df\")"), "@custom annotation: malformed UTF-8 encoding");
  EXPECT_EQ(error_of("(@custom \"a\" here)"), "@custom annotation: unexpected token");
  EXPECT_EQ(error_of("(@custom \"a\" (after))"), "@custom annotation: malformed section kind");
  EXPECT_EQ(error_of("(@custom \"a\" (aft type))"), "@custom annotation: malformed placement");
  EXPECT_EQ(error_of("(func (@custom \"a\"))"), "misplaced @custom annotation");
  EXPECT_EQ(error_of("(type (@custom \"a\") $t (func))"), "misplaced @custom annotation");
}

TEST(Annotations, Names) {
  const auto m = through_binary("(module (@name \"M\") (func (@name \"\\ce\\bb\") (param (@name \"p q\") i32)))");
  EXPECT_EQ(m->names.module, "M");
  EXPECT_EQ(m->names.funcs.at(0), "\xce\xbb");
  EXPECT_EQ(m->names.locals.at(0).at(0), "p q");
  EXPECT_EQ(error_of("(module (@name \"A\") (@name \"B\"))"), "@name annotation: multiple module names");
  EXPECT_EQ(error_of("(module (func) (@name \"M\"))"), "misplaced @name annotation");
}

TEST(Annotations, BranchHints) {
  const auto m = through_binary(
      "(func (param i32) (@metadata.code.branch_hint \"\\01\") (if (local.get 0) (then))"
      " local.get 0 (@metadata.code.branch_hint \"\\00\") br_if 0)");
  ASSERT_EQ(m->branch_hints.size(), 2u);
  EXPECT_EQ(m->branch_hints[0].offset, 3u);
  EXPECT_TRUE(m->branch_hints[0].taken);
  EXPECT_FALSE(m->branch_hints[1].taken);
  const std::string hint = "(@metadata.code.branch_hint \"\\01\")";
  EXPECT_EQ(error_of("(module " + hint + ")"), "@metadata.code.branch_hint annotation: not in a function");
  EXPECT_EQ(error_of("(func " + hint + hint + " if end)"),
            "@metadata.code.branch_hint annotation: duplicate annotation");
  EXPECT_EQ(error_of("(func " + hint + " nop)"), "@metadata.code.branch_hint annotation: invalid target");
  EXPECT_EQ(error_of("(func " + hint + ")"), "@metadata.code.branch_hint annotation: invalid target");
}

TEST(Annotations, CanBeIgnored) {
  ParseOptions options;
  options.annotations = false;
  const auto m = through_binary("(module (@custom 4) (func (@custom \"a\") (@name \"x\")))", options);
  EXPECT_TRUE(m->customs.empty());
}

}  // namespace
}  // namespace ashlar::text
