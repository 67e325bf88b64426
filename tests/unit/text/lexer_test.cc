// Tests the lexer: token kinds, comments, annotations, strings, positions.
#include "text/lexer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ashlar::text {
namespace {

std::string describe(TokenKind kind) {
  constexpr const char* kNames[] = {"eof", "(", ")", "@", "keyword", "id", "nat", "int", "float", "string", "reserved"};
  return kNames[static_cast<size_t>(kind)];
}

// "keyword:func id:x": the tokens, or the error's message.
std::string tokens(std::string_view text, bool annotations = false) {
  Lexer lexer(Source{text});
  lexer.report_annotations(annotations);
  std::string out;
  for (;;) {
    Token token;
    if (Status status = lexer.next(token); !status) return "error " + status.error().message();
    if (token.is(TokenKind::Eof)) return out;
    if (!out.empty()) out += ' ';
    out += describe(token.kind);
    if (!token.is(TokenKind::LParen) && !token.is(TokenKind::RParen)) out += ":" + std::string(token.text);
  }
}

TEST(Lexer, Words) {
  EXPECT_EQ(tokens("(func $f 1 -2 +3 0x1F 1.5 -inf nan nan:0x1 \"s\")"),
            "( keyword:func id:f nat:1 int:-2 int:+3 nat:0x1F float:1.5 float:-inf float:nan float:nan:0x1 string:s )");
  EXPECT_EQ(tokens("offset=4 nan:canonical inf i32.const"),
            "keyword:offset=4 keyword:nan:canonical float:inf keyword:i32.const");
  EXPECT_EQ(tokens("$\"a b\" $a\\b"), "id:a b id:a\\b");
}

TEST(Lexer, ReservedWords) {
  for (const char* word :
       {"0drop", "1__0", "_1", "0x", "1e", "$l\"a\"", "\"a\"\"b\"", "a\"b\"", "\"a\"x", "@x", ",", "A"}) {
    EXPECT_EQ(tokens(word), "reserved:" + std::string(word));
  }
}

TEST(Lexer, NumbersAreClassified) {
  for (const char* word : {"0", "00", "1_000", "0xa_b"}) EXPECT_EQ(classify_number(word), TokenKind::Nat) << word;
  for (const char* word : {"+0", "-1_0", "-0x8"}) EXPECT_EQ(classify_number(word), TokenKind::Int) << word;
  for (const char* word : {"1.", "1e5", "1.5e-3", "0x1p3", "0x1.", "-nan:0x7", "0x1.8P+2", "1_0.0_1E1_0"}) {
    EXPECT_EQ(classify_number(word), TokenKind::Float) << word;
  }
  for (const char* word :
       {"", "+", ".0", "0x.8p0", "1_", "0x1_", "1._0", "1e", "1e+", "0x1p", "nan:1", "nan:0x", "0xg", "1f"}) {
    EXPECT_EQ(classify_number(word), TokenKind::Reserved) << word;
  }
}

TEST(Lexer, CommentsAndSpace) {
  EXPECT_EQ(tokens(" ;; line ( \n a (; block (; nested ;) ;;;) b;;x\rc"), "keyword:a keyword:b keyword:c");
  EXPECT_EQ(tokens("a (; "), "error unclosed comment");
  EXPECT_EQ(tokens("(; \xff ;)"), "error malformed UTF-8 encoding");
}

TEST(Lexer, Strings) {
  EXPECT_EQ(decode_string("a\\n\\\"\\41\\u{20_AC}"), "a\n\"A\xe2\x82\xac");
  EXPECT_EQ(tokens("\"\\t\\'\\\\\""), "string:\\t\\'\\\\");
  EXPECT_EQ(tokens("\"a"), "error unclosed string");
  EXPECT_EQ(tokens("\"a\nb\""), "error unclosed string");
  EXPECT_EQ(tokens("\"\x01\""), "error illegal control character in string literal");
  EXPECT_EQ(tokens("\"\xff\""), "error malformed UTF-8 encoding");
  for (const char* text : {"\"\\x\"", "\"\\4\"", "\"\\u{}\"", "\"\\u{110000}\"", "\"\\u{d800}\"", "\"\\u41\""}) {
    EXPECT_EQ(tokens(text), "error illegal escape") << text;
  }
}

TEST(Lexer, Identifiers) {
  EXPECT_EQ(tokens("$"), "error empty identifier");
  EXPECT_EQ(tokens("$\"\""), "error empty identifier");
  EXPECT_EQ(tokens("$\"a\nb\""), "error empty identifier");
  EXPECT_EQ(tokens("$\"\\ef\""), "error malformed UTF-8 encoding");
}

TEST(Lexer, Annotations) {
  EXPECT_EQ(tokens("a (@x , [ \")\" (y) ;; )\n) b"), "keyword:a keyword:b");
  EXPECT_EQ(tokens("(@custom \"a\")"), "");
  EXPECT_EQ(tokens("(@custom \"a\")", true), "@:custom string:a )");
  EXPECT_EQ(tokens("(@other \"a\")", true), "");
  EXPECT_EQ(tokens("(@)"), "error empty annotation id");
  EXPECT_EQ(tokens("(@\"\n\")"), "error empty annotation id");
  EXPECT_EQ(tokens("(@x ("), "error unclosed annotation");
  EXPECT_EQ(tokens("(@x \")"), "error unclosed string");
  EXPECT_EQ(tokens("(@x \x01)"), "error illegal character 0x01");
}

TEST(Lexer, IllegalCharacters) {
  EXPECT_EQ(tokens("\x7f"), "error illegal character 0x7f");
  EXPECT_EQ(tokens("\xc3\xa4"), "error illegal character");
  EXPECT_EQ(tokens("\x80"), "error malformed UTF-8 encoding");
}

TEST(Source, PositionsAndNotes) {
  const Source source{"(module\n  (func $ä oops))", {10, 5}};
  EXPECT_EQ(source.position(0).line, 10u);
  EXPECT_EQ(source.position(1).column, 6u);
  EXPECT_EQ(source.position(10).line, 11u);
  EXPECT_EQ(source.position(10).column, 3u);
  const Error error = source.locate(Error(ErrorCode::text_unclosed_string), 20);
  EXPECT_EQ(error.line(), 11u);
  EXPECT_EQ(error.notes(), "    (func $ä oops))\n             ^");
  const LineTable table(source);
  for (uint32_t offset = 0; offset < source.text.size(); ++offset) {
    EXPECT_EQ(table.position(offset).line, source.position(offset).line);
    EXPECT_EQ(table.position(offset).column, source.position(offset).column);
  }
}

}  // namespace
}  // namespace ashlar::text
