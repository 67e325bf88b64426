// Tests scripts: commands, module sources, values and patterns.
#include "text/script.h"

#include <gtest/gtest.h>

#include <string>

namespace ashlar::text {
namespace {

using Kind = Command::Kind;

Script parsed(std::string_view text) {
  Result<Script> script = parse_script(text);
  if (!script) {
    ADD_FAILURE() << script.error().render();
    return {};
  }
  return std::move(*script);
}

Value value(std::string_view text) {
  const std::string source = "(assert_return (invoke \"f\") " + std::string(text) + ")";
  Script script = parsed(source);
  if (script.commands.size() != 1 || script.commands[0].results.size() != 1) return {};
  return std::move(script.commands[0].results[0]);
}

TEST(Script, Commands) {
  const char* source =
      "(module $A (func (export \"f\")))\n"
      "(module definition $D (memory 1))\n"
      "(module instance $I $D)\n"
      "(register \"a\" $A)\n"
      "(invoke $A \"f\" (i32.const 1))\n"
      "(assert_return (get \"g\") (i64.const -1))\n"
      "(assert_trap (invoke \"f\") \"unreachable\")\n"
      "(assert_trap (module (func $s unreachable) (start $s)) \"unreachable\")\n"
      "(assert_malformed (module quote \"(fu\" \"nc\") \"unexpected token\")\n"
      "(assert_malformed (module binary \"\\00as\") \"unexpected end\")\n"
      "(assert_unlinkable (module (import \"x\" \"y\" (func))) \"unknown import\")\n"
      "(assert_exception (invoke \"f\"))\n";
  const Script script = parsed(source);
  constexpr Kind kKinds[] = {Kind::Module,          Kind::ModuleDefinition, Kind::ModuleInstance,
                             Kind::Register,        Kind::Action,           Kind::AssertReturn,
                             Kind::AssertTrap,      Kind::AssertTrap,       Kind::AssertMalformed,
                             Kind::AssertMalformed, Kind::AssertUnlinkable, Kind::AssertException};
  ASSERT_EQ(script.commands.size(), std::size(kKinds));
  for (size_t i = 0; i < std::size(kKinds); ++i) {
    EXPECT_EQ(script.commands[i].kind, kKinds[i]) << i;
    EXPECT_EQ(script.commands[i].position.line, i + 1);
  }
  EXPECT_EQ(script.commands[0].id, "A");
  EXPECT_EQ(script.commands[0].module.text, "(module $A (func (export \"f\")))");
  EXPECT_EQ(script.commands[1].module.text, "(memory 1)");
  EXPECT_EQ(script.commands[2].target, "D");
  EXPECT_EQ(script.commands[4].action.module, "A");
  EXPECT_EQ(script.commands[7].has_module, true);
  EXPECT_EQ(script.commands[8].module.bytes, "(func");
  EXPECT_EQ(script.commands[9].module.bytes, std::string("\0as", 3));
  EXPECT_EQ(script.commands[9].message, "unexpected end");
}

TEST(Script, ModulesAreParsedWhenWanted) {
  const Script script = parsed("\n  (module\n (func bogus))");
  ASSERT_EQ(script.commands.size(), 1u);
  const Result<std::vector<uint8_t>> bytes = to_binary(script.commands[0].module);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().line(), 3u);
  EXPECT_EQ(bytes.error().column(), 8u);
  const Script quoted = parsed("\n(module quote \"bogus\")");
  EXPECT_EQ(to_binary(quoted.commands[0].module).error().line(), 2u);
}

TEST(Script, BareFieldsAreOneModule) {
  const Script script = parsed("(func) (memory 0)");
  ASSERT_EQ(script.commands.size(), 1u);
  EXPECT_TRUE(to_binary(script.commands[0].module));
}

TEST(Script, Values) {
  EXPECT_EQ(value("(i32.const -1)").bits[0], 0xffffffffu);
  EXPECT_EQ(value("(f64.const 1)").bits[0], 0x3ff0000000000000u);
  EXPECT_EQ(value("(f32.const nan:canonical)").nan[0], NanPattern::Canonical);
  EXPECT_EQ(value("(f32.const nan:0x1)").nan[0], NanPattern::None);
  const Value vector = value("(v128.const i16x8 1 2 3 4 5 6 7 -1)");
  EXPECT_EQ(vector.bits[0], 0x0004000300020001u);
  EXPECT_EQ(vector.bits[1], 0xffff000700060005u);
  const Value floats = value("(v128.const f32x4 1 nan:arithmetic 0 nan:canonical)");
  EXPECT_EQ(floats.bits[0], 0x3f800000u);
  EXPECT_EQ(floats.nan[1], NanPattern::Arithmetic);
  EXPECT_EQ(floats.nan[3], NanPattern::Canonical);
  EXPECT_TRUE(floats.has_nan_pattern());
  EXPECT_EQ(value("(ref.null func)").heap, isa::HeapType(isa::AbsHeap::Func));
  EXPECT_FALSE(value("(ref.null)").has_payload);
  EXPECT_EQ(value("(ref.extern 7)").bits[0], 7u);
  EXPECT_FALSE(value("(ref.extern)").has_payload);
  EXPECT_EQ(value("(ref.host 2)").kind, Value::Kind::RefHost);
  EXPECT_EQ(value("(ref.i31)").kind, Value::Kind::RefI31);
  EXPECT_EQ(value("(either (i32.const 1) (i32.const 2))").items.size(), 2u);
}

TEST(Script, Threads) {
  const Script script = parsed("(thread $T (shared (module $M)) (register \"m\" $M) (invoke \"f\")) (wait $T)");
  ASSERT_EQ(script.commands.size(), 2u);
  EXPECT_EQ(script.commands[0].shared, std::vector<std::string>{"M"});
  EXPECT_EQ(script.commands[0].body.size(), 2u);
  EXPECT_EQ(script.commands[1].kind, Kind::Wait);
  EXPECT_EQ(script.commands[1].id, "T");
}

TEST(Script, Errors) {
  EXPECT_EQ(parse_script("(assert_return (invoke \"f\")").error().message(), "unexpected token end of text");
  EXPECT_EQ(parse_script("(nonsense)").error().message(), "unexpected token: unknown script command nonsense");
  EXPECT_EQ(parse_script("\n (assert_return 1)").error().line(), 2u);
  std::string deep = "(assert_return (invoke \"f\") ";
  for (int i = 0; i < 100000; ++i) deep += "(either ";
  EXPECT_EQ(parse_script(deep).error().code(), ErrorCode::text_nesting);
}

}  // namespace
}  // namespace ashlar::text
