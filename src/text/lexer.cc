// The lexer: white space, comments, annotations, words and strings.
#include "text/lexer.h"

#include <array>
#include <cstdio>

#include "base/utf8.h"

namespace ashlar::text {
namespace {

enum CharClass : uint8_t { kIdChar = 1, kDigit = 2, kHexDigit = 4, kSpace = 8, kPunctuation = 16 };

constexpr std::array<uint8_t, 256> make_classes() {
  std::array<uint8_t, 256> out{};
  for (size_t c = 0x21; c < 0x7f; ++c) out[c] = kIdChar;
  for (char c : {'"', '(', ')'}) out[static_cast<size_t>(c)] = 0;
  for (char c : {',', ';', '[', ']', '{', '}'}) out[static_cast<size_t>(c)] = kPunctuation;
  for (char c = '0'; c <= '9'; ++c) out[static_cast<size_t>(c)] |= kDigit | kHexDigit;
  for (char c = 'a'; c <= 'f'; ++c) out[static_cast<size_t>(c)] |= kHexDigit;
  for (char c = 'A'; c <= 'F'; ++c) out[static_cast<size_t>(c)] |= kHexDigit;
  for (char c : {' ', '\t', '\n', '\r'}) out[static_cast<size_t>(c)] = kSpace;
  return out;
}

constexpr std::array<uint8_t, 256> kClasses = make_classes();

bool is_class(char c, uint8_t mask) { return (kClasses[static_cast<unsigned char>(c)] & mask) != 0; }

uint32_t hex_value(char c) {
  if (c <= '9') return static_cast<uint32_t>(c - '0');
  return static_cast<uint32_t>((c | 0x20) - 'a') + 10;
}

// Skips digits with single underscores between them; false when there is none or an underscore is out of place.
bool skip_digits(std::string_view text, size_t& pos, uint8_t digit) {
  bool want_digit = true;
  for (; pos < text.size(); ++pos) {
    if (is_class(text[pos], digit)) {
      want_digit = false;
    } else if (text[pos] == '_' && !want_digit) {
      want_digit = true;
    } else {
      break;
    }
  }
  return !want_digit;
}

// The exponent's digits behind 'e' or 'p'.
bool skip_exponent(std::string_view text, size_t& pos) {
  ++pos;
  if (pos < text.size() && (text[pos] == '+' || text[pos] == '-')) ++pos;
  return skip_digits(text, pos, kDigit);
}

}  // namespace

bool is_id_char(char c) { return is_class(c, kIdChar); }

bool is_known_annotation(std::string_view id) {
  return id == "custom" || id == "name" || id == "metadata.code.branch_hint" || id.starts_with("ashlar.");
}

TokenKind classify_number(std::string_view text) {
  size_t pos = 0;
  const bool has_sign = !text.empty() && (text[0] == '+' || text[0] == '-');
  if (has_sign) ++pos;
  const std::string_view rest = text.substr(pos);
  if (rest == "inf" || rest == "nan") return TokenKind::Float;
  const bool is_payload = rest.starts_with("nan:0x");
  const bool is_hex = is_payload || rest.starts_with("0x");
  if (is_hex) pos += is_payload ? 6 : 2;
  const uint8_t digit = is_hex ? kHexDigit : kDigit;
  if (!skip_digits(text, pos, digit)) return TokenKind::Reserved;
  if (pos == text.size()) return is_payload ? TokenKind::Float : has_sign ? TokenKind::Int : TokenKind::Nat;
  if (is_payload) return TokenKind::Reserved;
  if (text[pos] == '.') {
    ++pos;
    const bool has_fraction = pos < text.size() && is_class(text[pos], digit);
    if (has_fraction && !skip_digits(text, pos, digit)) return TokenKind::Reserved;
  }
  if (pos < text.size()) {
    const char mark = static_cast<char>(text[pos] | 0x20);
    if (mark != (is_hex ? 'p' : 'e') || !skip_exponent(text, pos)) return TokenKind::Reserved;
  }
  return pos == text.size() ? TokenKind::Float : TokenKind::Reserved;
}

std::unexpected<Error> Lexer::fail(size_t offset, ErrorCode code, std::string arg) const {
  const uint32_t at = static_cast<uint32_t>(offset);
  return std::unexpected<Error>(source_.locate(Error(code, kNoOffset, std::move(arg)), at));
}

Status Lexer::skip_utf8() {
  const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(text_.data()), text_.size());
  if (base::decode_utf8(bytes, pos_) == base::kInvalidCodePoint) return fail(pos_, ErrorCode::text_malformed_utf8);
  return {};
}

Status Lexer::illegal_character() {
  const size_t start = pos_;
  if (static_cast<unsigned char>(text_[pos_]) >= 0x80) {
    TRY(skip_utf8());
    return fail(start, ErrorCode::text_illegal_character);
  }
  char code[16];
  std::snprintf(code, sizeof code, " 0x%02x", static_cast<unsigned char>(text_[pos_]));
  return fail(start, ErrorCode::text_illegal_character, code);
}

Status Lexer::skip_line_comment() {
  while (pos_ < text_.size() && text_[pos_] != '\n' && text_[pos_] != '\r') {
    if (static_cast<unsigned char>(text_[pos_]) < 0x80) {
      ++pos_;
    } else {
      TRY(skip_utf8());
    }
  }
  return {};
}

Status Lexer::skip_block_comment() {
  const size_t start = pos_;
  pos_ += 2;
  for (size_t depth = 1; depth > 0;) {
    if (pos_ + 1 >= text_.size()) return fail(start, ErrorCode::text_unclosed_comment);
    if (text_[pos_] == '(' && text_[pos_ + 1] == ';') {
      ++depth;
      pos_ += 2;
    } else if (text_[pos_] == ';' && text_[pos_ + 1] == ')') {
      --depth;
      pos_ += 2;
    } else if (static_cast<unsigned char>(text_[pos_]) >= 0x80) {
      TRY(skip_utf8());
    } else {
      ++pos_;
    }
  }
  return {};
}

// pos_ is at the opening quote; leaves it behind the closing one.
Status Lexer::lex_string(bool& escaped) {
  const size_t start = pos_++;
  for (;;) {
    if (pos_ >= text_.size()) return fail(start, ErrorCode::text_unclosed_string);
    const char c = text_[pos_];
    if (c == '"') {
      ++pos_;
      return {};
    }
    if (c == '\n') return fail(start, ErrorCode::text_unclosed_string);
    if (static_cast<unsigned char>(c) >= 0x80) {
      TRY(skip_utf8());
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return fail(pos_, ErrorCode::text_illegal_control_character);
    } else if (c != '\\') {
      ++pos_;
    } else {
      escaped = true;
      TRY(skip_escape());
    }
  }
}

// At a backslash.
Status Lexer::skip_escape() {
  const size_t start = pos_++;
  const auto is_hex = [&] { return pos_ < text_.size() && is_class(text_[pos_], kHexDigit); };
  const char kind = pos_ < text_.size() ? text_[pos_++] : '\0';
  if (kind == 't' || kind == 'n' || kind == 'r' || kind == '"' || kind == '\'' || kind == '\\') return {};
  if (is_class(kind, kHexDigit)) {
    if (!is_hex()) return fail(start, ErrorCode::text_illegal_escape);
    ++pos_;
    return {};
  }
  if (kind != 'u' || pos_ >= text_.size() || text_[pos_] != '{') return fail(start, ErrorCode::text_illegal_escape);
  const size_t digits = ++pos_;
  if (!skip_digits(text_, pos_, kHexDigit) || pos_ >= text_.size() || text_[pos_] != '}') {
    return fail(start, ErrorCode::text_illegal_escape);
  }
  uint64_t value = 0;
  for (size_t i = digits; i < pos_ && value <= 0x10ffff; ++i) {
    if (text_[i] != '_') value = value * 16 + hex_value(text_[i]);
  }
  if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return fail(start, ErrorCode::text_illegal_escape);
  ++pos_;
  return {};
}

std::string decode_string(std::string_view inside) {
  std::string out;
  out.reserve(inside.size());
  for (size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] != '\\') {
      out += inside[i];
      continue;
    }
    const char kind = inside[++i];
    switch (kind) {
      case 't':
        out += '\t';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case '"':
      case '\'':
      case '\\':
        out += kind;
        break;
      case 'u': {
        uint32_t value = 0;
        for (i += 2; inside[i] != '}'; ++i) {
          if (inside[i] != '_') value = value * 16 + hex_value(inside[i]);
        }
        base::append_utf8(out, value);
        break;
      }
      default:
        out += static_cast<char>(hex_value(kind) * 16 + hex_value(inside[i + 1]));
        ++i;
    }
  }
  return out;
}

// pos_ is behind "(@".
Status Lexer::lex_annotation_id(Token& out) {
  const size_t start = pos_;
  if (pos_ < text_.size() && text_[pos_] == '"') {
    if (!lex_string(out.escaped)) {
      // A string that is none leaves the id empty; ill-formed UTF-8 is reported as such.
      pos_ = start;
      bool ignored = false;
      Status again = lex_string(ignored);
      if (again.error().code() == ErrorCode::text_malformed_utf8) return again;
      return fail(start, ErrorCode::text_empty_annotation_id);
    }
    out.text = text_.substr(start + 1, pos_ - start - 2);
    out.quoted = true;
    const bool valid = !out.escaped || base::is_utf8(decode_string(out.text));
    if (!valid) return fail(start, ErrorCode::text_malformed_utf8);
  } else {
    while (pos_ < text_.size() && is_id_char(text_[pos_])) ++pos_;
    out.text = text_.substr(start, pos_ - start);
  }
  if (out.text.empty()) return fail(start, ErrorCode::text_empty_annotation_id);
  return {};
}

// Behind an annotation's id: skips to behind its closing parenthesis, nested ones included.
Status Lexer::skip_annotation_body() {
  const size_t start = pos_;
  for (size_t depth = 1; depth > 0;) {
    if (pos_ >= text_.size()) return fail(start, ErrorCode::text_unclosed_annotation);
    const char c = text_[pos_];
    const char next = pos_ + 1 < text_.size() ? text_[pos_ + 1] : '\0';
    if (c == '(' && next == ';') {
      TRY(skip_block_comment());
    } else if (c == ';' && next == ';') {
      TRY(skip_line_comment());
    } else if (c == '(' || c == ')') {
      depth = c == '(' ? depth + 1 : depth - 1;
      ++pos_;
    } else if (c == '"') {
      bool escaped = false;
      TRY(lex_string(escaped));
    } else if (is_class(c, kIdChar | kSpace | kPunctuation)) {
      ++pos_;
    } else {
      return illegal_character();
    }
  }
  return {};
}

// Skips what separates tokens. Sets `annotation` and fills `out` when an annotation is to be reported.
Status Lexer::skip_space(bool& annotation, Token& out) {
  while (pos_ < text_.size()) {
    const char c = text_[pos_];
    if (is_class(c, kSpace)) {
      ++pos_;
      continue;
    }
    if ((c != '(' && c != ';') || pos_ + 1 >= text_.size()) return {};
    const char next = text_[pos_ + 1];
    if (c == ';') {
      if (next != ';') return {};
      TRY(skip_line_comment());
    } else if (next == ';') {
      TRY(skip_block_comment());
    } else if (next == '@') {
      const size_t start = pos_;
      pos_ += 2;
      Token id;
      TRY(lex_annotation_id(id));
      if (annotations_ && !id.escaped && is_known_annotation(id.text)) {
        out = {TokenKind::Annotation, false, false, static_cast<uint32_t>(start), id.text};
        annotation = true;
        return {};
      }
      TRY(skip_annotation_body());
    } else {
      return {};
    }
  }
  return {};
}

// At "$\"": tells an identifier that cannot be lexed from other errors (tests: id.wast).
Status Lexer::lex_quoted_identifier_start(size_t start) {
  bool escaped = false;
  const size_t quote = pos_;
  Status status = lex_string(escaped);
  if (!status) {
    if (status.error().code() == ErrorCode::text_malformed_utf8) return status;
    return fail(start, ErrorCode::text_empty_identifier);
  }
  const std::string_view inside = text_.substr(quote + 1, pos_ - quote - 2);
  if (inside.empty()) return fail(start, ErrorCode::text_empty_identifier);
  if (escaped && !base::is_utf8(decode_string(inside))) return fail(start, ErrorCode::text_malformed_utf8);
  pos_ = quote;
  return {};
}

// A maximal run of identifier characters and strings.
Status Lexer::lex_word(Token& out) {
  const size_t start = pos_;
  size_t strings = 0;
  bool escaped = false;
  while (pos_ < text_.size()) {
    if (is_id_char(text_[pos_])) {
      ++pos_;
    } else if (text_[pos_] == '"') {
      const bool is_quoted_id = pos_ == start + 1 && text_[start] == '$';
      if (is_quoted_id) TRY(lex_quoted_identifier_start(start));
      TRY(lex_string(escaped));
      ++strings;
    } else {
      break;
    }
  }
  const std::string_view word = text_.substr(start, pos_ - start);
  out = {TokenKind::Reserved, false, escaped, static_cast<uint32_t>(start), word};
  const char first = word[0];
  if (strings == 1 && word.size() >= 2 && word.back() == '"' && (first == '"' || word.starts_with("$\""))) {
    const bool is_string = first == '"';
    // One string may also end a longer word: "a"x"b" has two, x"b" does not begin with a quote.
    out.kind = is_string ? TokenKind::String : TokenKind::Id;
    out.quoted = !is_string;
    out.text = word.substr(is_string ? 1 : 2, word.size() - (is_string ? 2 : 3));
  } else if (strings > 0) {
    return {};
  } else if (first == '$') {
    if (word.size() == 1) return fail(start, ErrorCode::text_empty_identifier);
    out.kind = TokenKind::Id;
    out.text = word.substr(1);
  } else if (is_class(first, kDigit) || first == '+' || first == '-') {
    out.kind = classify_number(word);
  } else if (first >= 'a' && first <= 'z') {
    const bool may_be_number = first == 'i' || first == 'n';
    out.kind = may_be_number && classify_number(word) == TokenKind::Float ? TokenKind::Float : TokenKind::Keyword;
  }
  return {};
}

Status Lexer::next(Token& out) {
  bool annotation = false;
  TRY(skip_space(annotation, out));
  if (annotation) return {};
  if (pos_ >= text_.size()) {
    out = {TokenKind::Eof, false, false, static_cast<uint32_t>(text_.size()), {}};
    return {};
  }
  const char c = text_[pos_];
  if (c == '(' || c == ')') {
    const TokenKind kind = c == '(' ? TokenKind::LParen : TokenKind::RParen;
    out = {kind, false, false, static_cast<uint32_t>(pos_), text_.substr(pos_, 1)};
    ++pos_;
    return {};
  }
  if (c == '"' || is_id_char(c)) return lex_word(out);
  if (is_class(c, kPunctuation)) {
    out = {TokenKind::Reserved, false, false, static_cast<uint32_t>(pos_), text_.substr(pos_, 1)};
    ++pos_;
    return {};
  }
  return illegal_character();
}

}  // namespace ashlar::text
