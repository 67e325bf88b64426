// Tests errors of the parser: the suite's words, line, column and the source line.
#include <gtest/gtest.h>

#include <string>

#include "text/parse.h"

namespace ashlar::text {
namespace {

std::string error_of(std::string_view text) {
  Result<std::unique_ptr<module::Module>> parsed = parse_module(text);
  return parsed ? "parsed" : parsed.error().message();
}

struct Case {
  const char* text;
  const char* message;
};

TEST(ParseErrors, BeginWithTheSuitesWords) {
  constexpr Case kCases[] = {
      {"(func", "unexpected token end of text"},
      {"(func))", "unexpected token )"},
      {"(func (catch_all))", "unexpected token catch_all"},
      {"(func (i32.const))", "unexpected token )"},
      {"(func (i32.const nan:canonical))", "unexpected token nan:canonical"},
      {"(func (get_local 0))", "unknown operator get_local"},
      {"(func (i32.const 0x))", "unknown operator 0x"},
      {"(funk)", "unknown operator funk"},
      {"(global anyfunc)", "unknown operator anyfunc"},
      {"(func (i32.const 4294967296))", "constant out of range: 4294967296"},
      {"(func (f32.const 1e39))", "constant out of range: 1e39"},
      {"(func (call 4294967296))", "i32 constant out of range: 4294967296"},
      {"(func (local.get $x))", "unknown local $x"},
      {"(func (call $x))", "unknown function $x"},
      {"(func (type $x))", "unknown type $x"},
      {"(func (global.get $x))", "unknown global $x"},
      {"(func (param $a i32) (local $a i32))", "duplicate local $a"},
      {"(func $f) (func $f)", "duplicate function $f"},
      {"(type (struct (field $a i32) (field $a i32)))", "duplicate field $a"},
      {"(type $t (func)) (func (type $t) (param i32))", "inline function type: does not match type 0"},
      {"(func (type 7) (param i32))", "unknown type 7"},
      {"(func (result i32) (param i32))", "unexpected token param"},
      {"(func) (import \"\" \"\" (func))", "import after function definition"},
      {"(memory 0) (func (import \"\" \"\"))", "import after memory definition"},
      {"(func $f) (start $f) (start $f)", "multiple start sections"},
      {"(import \"\\ff\" \"\" (func))", "malformed UTF-8 encoding"},
      {"(memory 0 (pagesize 3))", "invalid custom page size: 3"},
      {"(func (if i32.const 0 (then)))", "unexpected token i32.const, expected ("},
      {"(func (try (do) (catch_all) (catch_all)))", "unexpected token catch_all, expected )"},
      {"(func i8x16.extract_lane_s 256)", "i8 constant out of range: 256"},
  };
  for (const Case& test : kCases)
    EXPECT_EQ(error_of(test.text).substr(0, std::string(test.message).size()), test.message) << test.text;
}

TEST(ParseErrors, NameLineAndColumn) {
  ParseOptions options;
  options.origin = {5, 1};
  Result<std::unique_ptr<module::Module>> parsed = parse_module("(module\n  (func nop\n    bogus))", options);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().line(), 7u);
  EXPECT_EQ(parsed.error().column(), 5u);
  EXPECT_EQ(parsed.error().render(), "7:5: unknown operator bogus\n      bogus))\n      ^");
  EXPECT_EQ(parsed.error().phase(), Phase::Malformed);
}

TEST(ParseErrors, UnknownIndicesAreLeftToValidation) {
  EXPECT_EQ(error_of("(func (call 9) (local.get 9) (br 9)) (export \"x\" (memory 3)) (start 4)"), "parsed");
}

}  // namespace
}  // namespace ashlar::text
