// Tests the parser: what modules become in binary, abbreviations, limits on nesting, the source map.
#include "text/parse.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace ashlar::text {
namespace {

std::string hex(std::span<const uint8_t> bytes) {
  std::string out;
  char text[4];
  for (uint8_t byte : bytes) {
    std::snprintf(text, sizeof text, "%02x", byte);
    out += text;
  }
  return out;
}

// The body of the first defined function, without locals declaration and final end.
std::string body(std::string_view instructions, std::string_view fields = "") {
  const std::string text = std::string(fields) + "(func $test " + std::string(instructions) + ")";
  Result<std::unique_ptr<module::Module>> parsed = parse_module(text);
  if (!parsed) return parsed.error().message();
  const module::Module& m = **parsed;
  const std::string all = hex(m.body(static_cast<uint32_t>(m.funcs.size() - 1)));
  return all.substr(2, all.size() - 4);
}

std::string binary(std::string_view text, ParseOptions options = {}) {
  Result<std::vector<uint8_t>> out = parse_to_binary(text, options);
  return out ? hex(*out).substr(16) : out.error().message();
}

TEST(Parse, EmptyModules) {
  for (const char* text : {"", "(module)", "(module $m)", ";; nothing", "(module quote \"\")"})
    EXPECT_EQ(binary(text), "");
  EXPECT_EQ(binary("(module binary \"\\00asm\\01\\00\\00\\00\")"), "");
}

TEST(Parse, FoldedAndPlainAreTheSame) {
  EXPECT_EQ(body("(i32.add (i32.const 1) (i32.const -1))"), "4101417f6a");
  EXPECT_EQ(body("i32.const 1 i32.const -1 i32.add"), "4101417f6a");
  EXPECT_EQ(body("(if (i32.const 1) (then (nop)) (else (unreachable)))"),
            "4101044001"
            "05000b");
  EXPECT_EQ(body("i32.const 1 if nop else unreachable end"),
            "4101044001"
            "05000b");
  EXPECT_EQ(body("(if (result i32) (i32.const 1) (then (i32.const 2)) (else (i32.const 3)))"), "4101047f41020541030b");
  EXPECT_EQ(body("(block $a (loop $b (br_table $a $b 2 (i32.const 0))))"),
            "0240034041000e02010"
            "0020b0b");
}

TEST(Parse, Labels) {
  EXPECT_EQ(body("block $a block $a br $a end br $a end"), "024002400c000b0c000b");
  EXPECT_EQ(body("(block $a (br_if $a (block (result i32) (br 2))))"), "0240027f0c020b0d000b");
  EXPECT_EQ(body("block $\"x y\" br $\"x\\20y\" end $\"x y\""), "02400c000b");
  EXPECT_EQ(body("block $a end $b"), "mismatching label $b");
  EXPECT_EQ(body("block end br $a"), "unknown label $a");
}

TEST(Parse, BlockTypes) {
  EXPECT_EQ(body("block (result (ref null func)) end"), "02700b");
  EXPECT_EQ(body("block (param i32) (result i32) end"), "02010b");
  EXPECT_EQ(body("block (type 0) end"), "02000b");
  EXPECT_EQ(body("block (type 0) (result i32) end"), "inline function type: does not match type 0");
}

TEST(Parse, LegacyAndCurrentExceptions) {
  EXPECT_EQ(body("(try $t (do (throw 0)) (catch 0 (rethrow $t)) (catch_all))", "(tag)"),
            "06400800070009"
            "00190b");
  EXPECT_EQ(body("try throw 0 delegate 0", "(tag)"), "064008001800");
  EXPECT_EQ(body("(block $l (try_table (catch 0 $l) (catch_all_ref 1) (nop)))", "(tag)"), "02401f40020000000301010b0b");
}

TEST(Parse, MemoryArguments) {
  EXPECT_EQ(body("i32.const 0 i32.load offset=16 align=1 drop"), "41002800101a");
  EXPECT_EQ(body("i32.load $m offset=1", "(memory 1) (memory $m 1)"), "28420101");
  EXPECT_EQ(body("v128.load8_lane 1 2"), "fd5440010002");
  EXPECT_EQ(body("v128.load8_lane 2"), "fd54000002");
  EXPECT_EQ(body("memory.copy 1 2 memory.init 1 2 memory.size"), "fc0a0102fc0802013f00");
  EXPECT_EQ(body("i32.load align=3"), "alignment must be a power of two: 3");
}

TEST(Parse, GcInstructions) {
  const char* types = "(type $s (struct (field $a i8) (field $b (mut i32)))) (type $v (array (mut i8)))";
  EXPECT_EQ(body("struct.get_s $s $a struct.set $s 1", types), "fb030000fb050001");
  EXPECT_EQ(body("array.new_fixed $v 3 array.copy $v 1", types), "fb080103fb110101");
  EXPECT_EQ(body("ref.test (ref null $s) ref.cast (ref any)", types), "fb1500fb166e");
  EXPECT_EQ(body("br_on_cast 0 anyref (ref i31)"), "fb1801006e6c");
  EXPECT_EQ(body("struct.get $s $c", types), "unknown field $c");
}

TEST(Parse, SelectCallsAndVectors) {
  EXPECT_EQ(body("select select (result i32)"), "1b1c017f");
  EXPECT_EQ(body("call_indirect 1 (type 0) call $test"), "1100011000");
  EXPECT_EQ(body("v128.const i64x2 1 -1"), "fd0c0100000000000000ffffffffffffffff");
  EXPECT_EQ(body("v128.const i32x4 1"), "wrong number of lane literals: 1, expected 4");
  EXPECT_EQ(body("i8x16.shuffle 1"), "invalid lane length: 1, expected 16");
}

TEST(Parse, LocalsAreRuns) {
  Result<std::unique_ptr<module::Module>> parsed =
      parse_module("(func (param $x i32) (local $y i32) (local i32 f64) local.get $y)");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(hex((*parsed)->body(0)), "02027f017c20010b");
}

TEST(Parse, ImplicitTypesFollowExplicitOnes) {
  const char* text = "(func (param i32)) (type $t (func)) (func) (func (param i32) (block (param i64) drop))";
  Result<std::unique_ptr<module::Module>> parsed = parse_module(text);
  ASSERT_TRUE(parsed);
  const module::Module& m = **parsed;
  ASSERT_EQ(m.types.size(), 3u);
  EXPECT_EQ(m.funcs[0].type, 1u);
  EXPECT_EQ(m.funcs[1].type, 0u);
  EXPECT_EQ(m.funcs[2].type, 1u);
  EXPECT_EQ(m.types[2].func.params, std::vector<module::ValType>{module::ValType::i64()});
}

TEST(Parse, RecursiveAndSubTypes) {
  EXPECT_EQ(
      binary("(rec (type $a (sub (struct (field (ref $b))))) (type $b (sub final $a (struct (field (ref $b))))))"),
      "0112014e0250005f016401"
      "004f01005f01640100");
}

TEST(Parse, SegmentsAndInlineDefinitions) {
  EXPECT_EQ(binary("(memory (data \"ab\" \"\\63\"))"),
            "050401010101"
            "0b09010041000b03616263");
  EXPECT_EQ(binary("(func $f) (table funcref (elem $f $f))"),
            "01040160000003020100"
            "0405017001020209080100"
            "41000b0200000a040102000b");
  EXPECT_EQ(binary("(memory i64 1 2 shared (pagesize 1))"), "0505010f010200");
  EXPECT_EQ(binary("(func (export \"a\") (export \"b\") (import \"m\" \"n\"))"),
            "010401600000020701016d016e00000709020161000001620000");
}

TEST(Parse, DataCountOnlyWhenUsed) {
  EXPECT_EQ(binary("(memory 1) (data \"\")"), "05030100010b03010100");
  EXPECT_NE(binary("(memory 1) (data \"\") (func data.drop 0)").find("0c0101"), std::string::npos);
}

TEST(Parse, DebugNames) {
  ParseOptions options;
  options.debug_names = true;
  EXPECT_EQ(binary("(module $m (func $f (param $x i32)))", options),
            "01050160017f00"
            "03020100"
            "0a040102000b"
            "0017046e616d65"
            "0002016d"
            "010401000166"
            "0206010001000178");
}

TEST(Parse, DeepNestingNeedsNoStack) {
  constexpr size_t kDepth = 200'000;
  std::string text = "(func (result i32) ";
  for (size_t i = 0; i < kDepth; ++i) text += "(block (result i32) (i32.eqz ";
  text += "(i32.const 0)";
  text.append(2 * kDepth + 1, ')');
  EXPECT_TRUE(parse_module(text));
  EXPECT_TRUE(parse_module(std::string(kDepth, '(')).error().line() == 1);
}

TEST(Parse, SourceMapNamesTheLine) {
  SourceMap map;
  ParseOptions options;
  options.origin = {100, 1};
  options.source_map = &map;
  ASSERT_TRUE(parse_module("(func\n  (drop\n    (i32.const 1)))\n(func nop)", options));
  EXPECT_EQ(map.find(0, 0).line, 100u);
  EXPECT_EQ(map.find(0, 1).line, 102u);  // i32.const: behind the locals declaration
  EXPECT_EQ(map.find(0, 2).line, 102u);
  EXPECT_EQ(map.find(0, 3).line, 101u);  // drop
  EXPECT_EQ(map.find(1, 1).line, 103u);
  EXPECT_EQ(map.find(1, 1).column, 7u);
  EXPECT_EQ(map.find(2, 0).line, 0u);
}

}  // namespace
}  // namespace ashlar::text
