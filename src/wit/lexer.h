// Owns tokens of WIT text (Component Model WIT.md, "Lexical structure"): the lexer and documentation comments.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ashlar::wit {

/// One file of WIT text. What is parsed from it points into it.
struct SourceFile {
  std::string path;  ///< for errors
  std::string text;

  /// The error with this file's name, the line and column of `offset`, and the line itself with a caret.
  Error locate(Error error, uint32_t offset) const;
};

enum class TokenKind : uint8_t { Eof, Word, Integer, String, Punctuation, Arrow };

struct Token {
  TokenKind kind = TokenKind::Eof;
  bool escaped = false;        ///< Word: written with '%'
  char mark = 0;               ///< Punctuation
  uint32_t offset = 0;         ///< of the first character
  uint32_t trivia_offset = 0;  ///< where the white space and comments in front of it begin
  std::string_view text;       ///< Word: without '%'; String: between the quotes

  bool is(char punctuation) const { return kind == TokenKind::Punctuation && mark == punctuation; }
  bool is_word(std::string_view word) const { return kind == TokenKind::Word && !escaped && text == word; }
  uint32_t end() const { return static_cast<uint32_t>(offset + text.size()); }
};

/// Splits a file into tokens, one at a time. Cheap to copy: the parser looks ahead with a copy.
class Lexer {
 public:
  explicit Lexer(const SourceFile& file) : file_(&file), text_(file.text), pos_(begin_of(file)) {}

  /// Size, UTF-8 and the characters that may stand nowhere: to be called once, first.
  static Status check(const SourceFile& file);

  Status next(Token& out);
  /// What follows as a version, which is no token; its length is 0 when it is none.
  Status next_version(Token& out);

 private:
  /// Behind a byte order mark, which is none of the text.
  static size_t begin_of(const SourceFile& file) {
    constexpr std::string_view kMark = "\xef\xbb\xbf";
    return file.text.starts_with(kMark) ? kMark.size() : 0;
  }
  Status skip_space();
  Status skip_block_comment();
  Status lex_string(Token& out);
  std::unexpected<Error> fail(size_t offset, Error error) const;

  const SourceFile* file_;
  std::string_view text_;
  size_t pos_;
};

/// The text of the documentation comments in white space and comments, a line each, no newline at the end.
std::string documentation(std::string_view trivia);

/// Decodes the escapes of a string (core specification, "name"); nothing when it is malformed.
std::string decode_string(std::string_view inside, std::string& problem);

}  // namespace ashlar::wit
