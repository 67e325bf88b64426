// Reading of JSON: values of every kind, and texts that are none.
#include "base/json_value.h"

#include <gtest/gtest.h>

namespace ashlar::base {
namespace {

std::string problem_of(std::string_view text) {
  std::string problem;
  return parse_json(text, problem) ? "none" : problem;
}

TEST(JsonValueTest, ReadsEveryKind) {
  std::string problem;
  const auto value =
      parse_json(R"( {"a": [1, -2.5e+3, true, false, null, {}], "b": "x", "b": "second", "": [] } )", problem);
  ASSERT_TRUE(value) << problem;
  ASSERT_TRUE(value->is(JsonValue::Kind::Object));
  const JsonValue* list = value->find("a");
  ASSERT_TRUE(list != nullptr && list->is(JsonValue::Kind::Array));
  ASSERT_EQ(list->elements.size(), 6u);
  EXPECT_EQ(list->elements[1].text, "-2.5e+3");
  EXPECT_TRUE(list->elements[1].is(JsonValue::Kind::Number));
  EXPECT_EQ(list->elements[2].text, "true");
  EXPECT_TRUE(list->elements[4].is(JsonValue::Kind::Null));
  EXPECT_TRUE(list->elements[5].is(JsonValue::Kind::Object));
  EXPECT_EQ(value->find("b")->text, "x");
  EXPECT_NE(value->find(""), nullptr);
  EXPECT_EQ(value->find("c"), nullptr);
  EXPECT_EQ(list->find("a"), nullptr);
}

TEST(JsonValueTest, ReadsEscapes) {
  std::string problem;
  const auto value = parse_json(R"("\"\\\/\b\f\n\r\t\u00e9\u20AC\ud83d\ude00")", problem);
  ASSERT_TRUE(value) << problem;
  EXPECT_EQ(value->text, "\"\\/\b\f\n\r\t\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
}

TEST(JsonValueTest, SaysWhatIsNone) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "[",
                           "[1",
                           "[1,",
                           "[1,]",
                           "{\"a\"",
                           "{\"a\":",
                           "{\"a\":1,}",
                           "{a:1}",
                           "01",
                           "-",
                           "1.",
                           "1e",
                           ".5",
                           "+1",
                           "tru",
                           "nulls",
                           "\"",
                           "\"\\",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\u12g4\"",
                           "\"\\ud800\"",
                           "\"\\udc00\"",
                           "\"\\ud800\\u0041\"",
                           "\"\n\"",
                           "1 2",
                           "[1]]",
                           "\"\xff\"",
                           "'a'"}) {
    EXPECT_NE(problem_of(text), "none") << text;
  }
  EXPECT_EQ(problem_of("[1 2]"), "',' or ']' is expected at offset 3");
}

TEST(JsonValueTest, NestingHasAnEnd) {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(problem_of(nested(kMaxJsonNesting)), "none");
  EXPECT_NE(problem_of(nested(kMaxJsonNesting + 2)), "none");
  EXPECT_NE(problem_of(std::string(1 << 20, '[')), "none");
}

}  // namespace
}  // namespace ashlar::base
