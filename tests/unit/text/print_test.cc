// Tests the printer: styles, identifiers, and that what it prints parses back to the same binary.
#include "text/print.h"

#include <gtest/gtest.h>

#include <string>

#include "binary/decode.h"
#include "binary/encode.h"
#include "text/parse.h"
#include "text/round_trip.h"

namespace ashlar::text {
namespace {

std::string printed(std::string_view text, PrintOptions options = {}) {
  ParseOptions parse;
  parse.debug_names = true;
  Result<std::vector<uint8_t>> bytes = parse_to_binary(text, parse);
  if (!bytes) return bytes.error().render();
  Result<std::unique_ptr<module::Module>> m = binary::decode(std::move(*bytes), all_features());
  if (!m) return m.error().render();
  Result<std::string> out = print(**m, options);
  return out ? *out : out.error().render();
}

// The printed lines from the first function on.
std::string body(std::string_view text, bool folded) {
  PrintOptions options;
  options.folded = folded;
  const std::string all = printed(text, options);
  const size_t at = all.find("\n  (func");
  return at == std::string::npos ? all : all.substr(at + 1);
}

TEST(Print, Flat) {
  EXPECT_EQ(body("(func (param $x i32) (result i32) (local i64)"
                 " (block (result i32) (br 0 (i32.add (local.get $x) (i32.const 1)))))",
                 false),
            "  (func (;0;) (type 0) (param $x i32) (result i32)\n"
            "    (local i64)\n"
            "    block (;@1;) (result i32)\n"
            "      local.get $x\n"
            "      i32.const 1\n"
            "      i32.add\n"
            "      br 0 (;@1;)\n"
            "    end))\n");
}

TEST(Print, Folded) {
  EXPECT_EQ(body("(func (param i32) (if (local.get 0) (then (drop (i32.add (i32.const 1) (i32.const 2)))) (else nop)))",
                 true),
            "  (func (;0;) (type 0) (param i32)\n"
            "    (if (;@1;)\n"
            "      (local.get 0)\n"
            "      (then\n"
            "        (drop (i32.add (i32.const 1) (i32.const 2))))\n"
            "      (else\n"
            "        (nop)))))\n");
}

TEST(Print, Identifiers) {
  const std::string text = printed(
      "(module (func $\"a b\") (func (@name \"same\")) (func (@name \"same\")) (func (@name \"\")) (export \"e\" (func "
      "2)))");
  EXPECT_NE(text.find("(func $\"a b\" (;0;)"), std::string::npos) << text;
  EXPECT_NE(text.find("(func $same (;1;)"), std::string::npos) << text;
  EXPECT_NE(text.find("(func $same#2 (@name \"same\") (;2;)"), std::string::npos) << text;
  EXPECT_NE(text.find("(func $#3 (@name \"\") (;3;)"), std::string::npos) << text;
  EXPECT_NE(text.find("(export \"e\" (func $same#2))"), std::string::npos) << text;
  PrintOptions plain;
  plain.names = false;
  plain.customs = false;
  EXPECT_EQ(printed("(module $m (func $f call $f))", plain),
            "(module\n  (type (;0;) (func))\n  (func (;0;) (type 0)\n    call 0))\n");
}

TEST(Print, StringsAreEscaped) {
  EXPECT_NE(printed("(import \"\\22\\5c\\00\\c3\\a4\\e2\\80\\ae\" \"\" (func))")
                .find("(import \"\\\"\\\\\\00\xc3\xa4\\u{202e}\" \"\""),
            std::string::npos);
}

TEST(Print, MalformedBodiesAreErrors) {
  const std::vector<uint8_t> bytes = {0, 'a', 's', 'm', 1, 0,  0, 0, 1, 4, 1,    0x60, 0,
                                      0, 3,   2,   1,   0, 10, 5, 1, 3, 0, 0xff, 0x0b};
  Result<std::unique_ptr<module::Module>> m = binary::decode(bytes, all_features());
  ASSERT_TRUE(m);
  const Result<std::string> out = print(**m);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().func(), 0u);
}

TEST(Print, SizeIsLimited) {
  ParseOptions parse;
  Result<std::vector<uint8_t>> bytes = parse_to_binary("(func nop nop nop nop)", parse);
  ASSERT_TRUE(bytes);
  Result<std::unique_ptr<module::Module>> m = binary::decode(std::move(*bytes), all_features());
  ASSERT_TRUE(m);
  PrintOptions options;
  options.max_bytes = 20;
  EXPECT_FALSE(print(**m, options));
}

TEST(Print, Disassembly) {
  Result<std::vector<uint8_t>> bytes =
      parse_to_binary("(func (param i32) block local.get 0 br_if 0 end i32.const 5 i32.load offset=4 drop)", {});
  ASSERT_TRUE(bytes);
  Result<std::unique_ptr<module::Module>> m = binary::decode(std::move(*bytes), all_features());
  ASSERT_TRUE(m);
  binary::BodyReader reader(**m, 0, isa::Features::all());
  std::vector<binary::LocalGroup> locals;
  ASSERT_TRUE(binary::read_locals(reader, 1, 100, locals));
  InstructionPrinter printer(**m, 0);
  binary::Imm imm;
  std::string out;
  while (!reader.at_end()) {
    const isa::Op op = reader.next(imm);
    ASSERT_NE(op, isa::Op::kCount);
    const std::string text = printer.print(op, imm);
    out += std::to_string(printer.indent()) + " " + text + "\n";
  }
  EXPECT_EQ(
      out,
      "0 block (;@1;)\n1 local.get 0\n1 br_if 0 (;@1;)\n0 end\n0 i32.const 5\n0 i32.load offset=4\n0 drop\n0 end\n");
}

TEST(Print, ParsesBack) {
  constexpr const char* kModules[] = {
      "(module)",
      "(module $m (@custom \"x\" (before first) \"\\00\") (@custom \"y\" \"z\") (func $f (param $a i32) (local $b "
      "i64)))",
      "(memory i64 1 2 shared (pagesize 1)) (memory 0) (data (memory 1) (offset i32.const 1 i32.const 2 i32.add) "
      "\"abc\")",
      "(table 1 2 (ref null func) (ref.func 0)) (func) (elem (i32.const 0) func 0) (elem declare funcref (item "
      "ref.null func))"
      " (elem (ref func)) (elem func)",
      "(rec (type $a (sub (struct (field $x (mut i8)) (field (ref null $b))))) (type $b (array (mut (ref $a))))) (rec)"
      " (func (param (ref $a)) (drop (struct.get_u $a $x (local.get 0))))",
      "(tag $e (param i32)) (func (block $h (result i32) (try_table (catch $e $h) (throw $e (i32.const 1))) "
      "unreachable) drop)",
      "(tag $e) (func (try $t (do (throw $e)) (catch $e (rethrow $t)) (catch_all)) (try (do) (delegate 0)))",
      "(func (param i32) (@metadata.code.branch_hint \"\\01\") (if (local.get 0) (then) (else)))",
      "(memory 1) (data \"x\") (func (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 1)))",
      "(func (drop (f32.const nan:0x200000)) (drop (f64.const -0x1p-1074)) (drop (v128.const f32x4 1 -0 inf nan)))",
      "(func block $a block $a br 1 br 0 end end) (func block (@name \"\") br 0 end)",
      "(global $g (export \"g\") (mut i32) (i32.const 1)) (global i64 i64.const 1 i64.const 2 i64.add)",
  };
  for (const char* text : kModules) {
    for (bool names : {false, true}) {
      ParseOptions options;
      options.debug_names = names;
      Result<std::vector<uint8_t>> bytes = parse_to_binary(text, options);
      ASSERT_TRUE(bytes) << text << "\n" << bytes.error().render();
      EXPECT_EQ(round_trip_problem(*bytes), "") << text;
    }
  }
}

TEST(Print, UnusualSectionsParseBack) {
  // A data count that nothing needs; a name section in front of another custom section; one that is not canonical.
  const std::string head("\0asm\1\0\0\0", 8);
  const std::string cases[] = {
      head + std::string("\5\3\1\0\1\14\1\1\13\3\1\1\0", 13),
      head + std::string("\1\4\1\140\0\0\3\2\1\0\12\4\1\2\0\13\0\13\4name\1\4\1\0\1f\0\2\1z", 32),
      head + std::string("\1\4\1\140\0\0\3\2\1\0\12\4\1\2\0\13\0\14\4name\1\5\1\200\0\1f", 28),
      head + std::string("\0\5\4name\0\7\4name\77\0", 14),
  };
  for (const std::string& bytes : cases) {
    EXPECT_EQ(round_trip_problem(std::vector<uint8_t>(bytes.begin(), bytes.end())), "");
  }
}

}  // namespace
}  // namespace ashlar::text
