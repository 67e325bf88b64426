// Owns tokens of the text format (spec 6.3): the lexer, string decoding and annotation skipping.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "text/source.h"

namespace ashlar::text {

enum class TokenKind : uint8_t {
  Eof,
  LParen,
  RParen,
  Annotation,  ///< "(@id" of an annotation that the parser asked for; text is the id
  Keyword,
  Id,        ///< text without '$'; of quoted identifiers between the quotes, escapes not yet decoded
  Nat,       ///< unsigned integer
  Int,       ///< integer with a sign
  Float,     ///< any other number
  String,    ///< text between the quotes, escapes not yet decoded
  Reserved,  ///< no token of the language
};

struct Token {
  TokenKind kind = TokenKind::Eof;
  bool quoted = false;   ///< Id: written $"..."
  bool escaped = false;  ///< String, quoted Id: holds a backslash
  uint32_t offset = 0;
  std::string_view text;

  bool is(TokenKind k) const { return kind == k; }
  bool is_keyword(std::string_view word) const { return kind == TokenKind::Keyword && text == word; }
  bool is_number() const { return kind == TokenKind::Nat || kind == TokenKind::Int || kind == TokenKind::Float; }
};

/// Splits a source into tokens, one at a time. White space, comments and annotations are skipped and checked.
class Lexer {
 public:
  explicit Lexer(const Source& source) : source_(source), text_(source.text) {}

  /// Whether annotations that we know come out as tokens; others are always skipped.
  void report_annotations(bool on) { annotations_ = on; }
  void seek(uint32_t offset) { pos_ = offset; }
  uint32_t offset() const { return static_cast<uint32_t>(pos_); }

  Status next(Token& out);
  /// Behind an Annotation token: reads a token of the annotation's body, where any punctuation may stand.
  Status skip_annotation_body();

 private:
  Status skip_space(bool& annotation, Token& out);
  Status skip_block_comment();
  Status skip_line_comment();
  Status lex_annotation_id(Token& out);
  Status lex_word(Token& out);
  Status lex_quoted_identifier_start(size_t start);
  Status lex_string(bool& escaped);
  Status skip_escape();
  Status skip_utf8();
  Status illegal_character();
  std::unexpected<Error> fail(size_t offset, ErrorCode code, std::string arg = {}) const;

  const Source source_;
  std::string_view text_;
  size_t pos_ = 0;
  bool annotations_ = false;
};

/// Annotations that the parser understands.
bool is_known_annotation(std::string_view id);

/// Characters of identifiers and keywords (spec 6.3.5).
bool is_id_char(char c);

/// Kind of a word that looks like a number: Nat, Int, Float, or Reserved when it is none (spec 6.3.1, 6.3.2).
TokenKind classify_number(std::string_view text);

/// Decodes the escapes of a string's inside. The lexer has checked that the escapes are well-formed.
std::string decode_string(std::string_view inside);

}  // namespace ashlar::text
