// WAVE: what is read, what is written, where errors are.
#include "component/wave.h"

#include <gtest/gtest.h>

#include <random>

#include "../../fuzz/support/component_values.h"

namespace ashlar::component {
namespace {

struct Random {
  std::mt19937 engine;
  uint32_t operator()(uint32_t n) { return n == 0 ? 0 : engine() % n; }
};

/// What a text is written as again; the error when it is refused.
std::string again(const ValType* type, std::string_view text) {
  const Result<Val> value = parse_wave(text, *type);
  return value ? format_wave(*value, *type) : value.error().render();
}
bool refused(const ValType* type, std::string_view text) { return !parse_wave(text, *type); }

TEST(Wave, WrittenValuesAreReadAgain) {
  for (uint32_t seed = 0; seed < 2000; ++seed) {
    Random random{std::mt19937(seed)};
    TypeArena arena;
    fuzz::ComponentValues values(arena, random);
    const ValType* type = values.type(4);
    const Val value = values.value(*type);
    const std::string text = format_wave(value, *type);
    const Result<Val> read = parse_wave(text, *type);
    ASSERT_TRUE(read) << seed << ": " << text << "\n" << read.error().render();
    ASSERT_EQ(*read, value) << seed << ": " << text;
    // Cut or changed texts give errors, not accidents.
    (void)parse_wave(std::string_view(text).substr(0, random(static_cast<uint32_t>(text.size()) + 1)), *type);
    std::string changed = text;
    changed[random(static_cast<uint32_t>(text.size()))] = "(){}[]\"'\\%,:x0-"[random(15)];
    (void)parse_wave(changed, *type);
  }
}

TEST(Wave, Scalars) {
  TypeArena arena;
  EXPECT_EQ(again(arena.prim(PrimType::Bool), " true "), "true");
  EXPECT_EQ(again(arena.prim(PrimType::S8), "-128"), "-128");
  EXPECT_EQ(again(arena.prim(PrimType::U64), "18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(again(arena.prim(PrimType::F32), "0.1"), "0.1");
  EXPECT_EQ(again(arena.prim(PrimType::F64), "1e3"), "1000");
  EXPECT_EQ(again(arena.prim(PrimType::F64), "-inf"), "-inf");
  EXPECT_EQ(again(arena.prim(PrimType::F32), "nan"), "nan");
  EXPECT_EQ(again(arena.prim(PrimType::Char), R"('\u{1f600}')"), "'\xf0\x9f\x98\x80'");
  EXPECT_EQ(again(arena.prim(PrimType::Char), R"('\'')"), R"('\'')");
  EXPECT_EQ(again(arena.prim(PrimType::String), R"("a\"\n\u{1}'")"), R"("a\"\n\u{1}'")");
  for (const char* text : {"256", "-1", "1.5", "", "x", "1 2", "0x1"})
    EXPECT_TRUE(refused(arena.prim(PrimType::U8), text)) << text;
  for (const char* text : {"infinity", "1e999", "", ".5", "+1", "- 1"})
    EXPECT_TRUE(refused(arena.prim(PrimType::F64), text)) << text;
  for (const char* text : {"''", "'ab'", "'", R"('\u{d800}')", R"('\q')", "'\n'"}) {
    EXPECT_TRUE(refused(arena.prim(PrimType::Char), text)) << text;
  }
  for (const char* text : {"\"", "\"a\nb\"", "\"\\", "\"\xff\""})
    EXPECT_TRUE(refused(arena.prim(PrimType::String), text)) << text;
}

TEST(Wave, StringsOfManyLines) {
  TypeArena arena;
  const ValType* text = arena.prim(PrimType::String);
  EXPECT_EQ(again(text, "\"\"\"\nA single line\n\"\"\""), "\"A single line\"");
  EXPECT_EQ(again(text, "\"\"\"\n    Indented\n      more\n  \"\"\""), "\"  Indented\\n    more\"");
  EXPECT_EQ(again(text, "\"\"\"\n  end: \\r\n  \"\"\\\"\"\n  \"\"\""), "\"end: \\r\\n\\\"\\\"\\\"\\\"\"");
  EXPECT_TRUE(refused(text, "\"\"\"\n a\n  \"\"\"")) << "indented less";
  EXPECT_TRUE(refused(text, "\"\"\"a\"\"\""));
  EXPECT_TRUE(refused(text, "\"\"\"\na"));
  EXPECT_EQ(again(text, "\"\"\"\n\"\"\""), "\"\"");
}

TEST(Wave, Compounds) {
  TypeArena arena;
  const ValType* u8 = arena.prim(PrimType::U8);
  const ValType* option = arena.make(TypeKind::Option, {{"some", u8}});
  const ValType* nested = arena.make(TypeKind::Option, {{"some", option}});
  const ValType* result = arena.make(TypeKind::Result, {{"ok", u8}, {"error", arena.prim(PrimType::String)}});
  const ValType* record = arena.make(TypeKind::Record, {{"must-have", u8}, {"may", option}});
  const ValType* optional = arena.make(TypeKind::Record, {{"may", option}});
  const ValType* variant = arena.make(TypeKind::Variant, {{"empty", nullptr}, {"err", u8}});
  const ValType* flags = arena.make(TypeKind::Flags, {{"read", nullptr}, {"write", nullptr}});
  EXPECT_EQ(again(option, "7"), "some(7)");
  EXPECT_EQ(again(option, "none"), "none");
  EXPECT_EQ(again(nested, "some(none)"), "some(none)");
  EXPECT_TRUE(refused(nested, "7"));
  EXPECT_EQ(again(result, "7"), "ok(7)");
  EXPECT_EQ(again(result, "err(\"x\")"), "err(\"x\")");
  EXPECT_EQ(again(record, "{may: 1, must-have: 2,} // last"), "{must-have: 2, may: some(1)}");
  EXPECT_EQ(again(record, "{%must-have: 2}"), "{must-have: 2, may: none}");
  EXPECT_EQ(again(optional, "{:}"), "{may: none}");
  EXPECT_TRUE(refused(record, "{:}"));
  EXPECT_TRUE(refused(record, "{must-have: 1, must-have: 1}"));
  EXPECT_EQ(again(variant, "%err(3)"), "%err(3)");
  EXPECT_TRUE(refused(variant, "err(3)"));
  EXPECT_TRUE(refused(variant, "empty(3)"));
  EXPECT_EQ(again(flags, "{write, read,}"), "{read, write}");
  EXPECT_EQ(again(flags, "{}"), "{}");
  EXPECT_EQ(again(arena.make(TypeKind::List, {{"", u8}}), "[1, 2,]"), "[1, 2]");
  EXPECT_EQ(again(arena.make(TypeKind::Tuple, {{"", u8}, {"", option}}), "(1, 2,)"), "(1, some(2))");
}

TEST(Wave, ErrorsHaveAPlace) {
  TypeArena arena;
  const ValType* list = arena.make(TypeKind::List, {{"", arena.prim(PrimType::U8)}});
  const Result<Val> value = parse_wave("[1,\n 300]", *list);
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().line(), 2u);
  EXPECT_EQ(value.error().column(), 2u);
  EXPECT_EQ(value.error().message(), "the value is not of type u8: the number is out of range");
}

TEST(Wave, Calls) {
  TypeArena arena;
  const std::vector<Member> params = {{"a", arena.prim(PrimType::U8)},
                                      {"b", arena.make(TypeKind::Option, {{"some", arena.prim(PrimType::String)}})}};
  const WaveCall call = split_wave_call("ns:p/i@1.0.0#my-func(1, \"x(\")");
  EXPECT_EQ(call.name, "ns:p/i@1.0.0#my-func");
  EXPECT_EQ(parse_wave_arguments(call, params).value()[1], Val::some(Val::string("x(")));
  EXPECT_EQ(parse_wave_arguments(split_wave_call("f(1)"), params).value()[1], Val::none());
  EXPECT_FALSE(parse_wave_arguments(split_wave_call("f"), params));
  EXPECT_FALSE(parse_wave_arguments(split_wave_call("f()"), params));
  EXPECT_FALSE(parse_wave_arguments(split_wave_call("f(1, none, 2)"), params));
  EXPECT_FALSE(parse_wave_arguments(split_wave_call("f(1) x"), params));
  EXPECT_TRUE(parse_wave_arguments(split_wave_call("f"), {}));
  EXPECT_TRUE(parse_wave_arguments(split_wave_call("f ( )"), {}));
}

}  // namespace
}  // namespace ashlar::component
