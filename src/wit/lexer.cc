// The lexer; see lexer.h.
#include "wit/lexer.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <span>

#include "base/source.h"
#include "base/utf8.h"
#include "wit/names.h"

namespace ashlar::wit {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Directional overrides can make text look like what it is not; Unicode discourages or has deprecated the others.
bool is_forbidden(uint32_t point) {
  constexpr uint32_t kDiscouraged[] = {0x149, 0x673, 0xf77, 0xf79, 0x17a3, 0x17a4, 0x17b4, 0x17b5};
  if (point < 0x20) return point != '\n' && point != '\r' && point != '\t';
  if (point >= 0x7f && point < 0xa0) return true;
  if ((point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069)) return true;
  return std::ranges::find(kDiscouraged, point) != std::end(kDiscouraged);
}

std::string character_name(uint32_t point) {
  if (point > 0x20 && point < 0x7f) return "'" + std::string(1, static_cast<char>(point)) + "'";
  char buffer[16];
  std::snprintf(buffer, sizeof buffer, "U+%04X", static_cast<unsigned>(point));
  return buffer;
}

std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string_view trim_end(std::string_view text) {
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

void add_line(std::string& out, std::string_view line) {
  if (!line.empty() && line[0] == ' ') line.remove_prefix(1);
  out += trim_end(line);
  out += '\n';
}

/// The inside of "/** ... */": stars that frame its lines are not part of it.
void add_block(std::string& out, std::string_view inside) {
  const size_t first_line = out.size();
  while (true) {
    const size_t newline = std::min(inside.find('\n'), inside.size());
    std::string_view line = inside.substr(0, newline);
    const size_t start = std::min(line.find_first_not_of(" \t"), line.size());
    line.remove_prefix(start);
    if (!line.empty() && line[0] == '*') line.remove_prefix(1);
    const bool frame = trim_end(line).empty() && (out.size() == first_line || newline == inside.size());
    if (!frame) add_line(out, line);
    if (newline == inside.size()) return;
    inside.remove_prefix(newline + 1);
  }
}

/// The end of a block comment that begins at `at`, or npos: comments nest.
size_t block_end(std::string_view text, size_t at) {
  size_t depth = 0;
  while (at + 1 < text.size()) {
    const std::string_view two = text.substr(at, 2);
    if (two == "/*") {
      ++depth;
      at += 2;
    } else if (two == "*/") {
      at += 2;
      if (--depth == 0) return at;
    } else {
      ++at;
    }
  }
  return std::string_view::npos;
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Error SourceFile::locate(Error error, uint32_t offset) const {
  return std::move(base::Source{text}.locate(std::move(error), offset)).in_file(path);
}

Status Lexer::check(const SourceFile& file) {
  if (file.text.size() > base::kMaxSourceBytes) {
    return make_error(ErrorCode::wit_too_large, kNoOffset, std::to_string(file.text.size()),
                      std::to_string(base::kMaxSourceBytes));
  }
  const std::span<const uint8_t> bytes = bytes_of(file.text);
  for (size_t pos = begin_of(file); pos < bytes.size();) {
    const size_t start = pos;
    const uint32_t point = base::decode_utf8(bytes, pos);
    if (point == base::kInvalidCodePoint) {
      return std::unexpected(file.locate(Error(ErrorCode::wit_malformed_utf8), static_cast<uint32_t>(start)));
    }
    if (is_forbidden(point)) {
      return std::unexpected(
          file.locate(Error(ErrorCode::wit_character, kNoOffset, character_name(point)), static_cast<uint32_t>(start)));
    }
  }
  return {};
}

std::unexpected<Error> Lexer::fail(size_t offset, Error error) const {
  return std::unexpected(file_->locate(std::move(error), static_cast<uint32_t>(offset)));
}

Status Lexer::skip_block_comment() {
  const size_t end = block_end(text_, pos_);
  if (end == text_.npos) return fail(pos_, Error(ErrorCode::wit_unclosed_comment));
  pos_ = end;
  return {};
}

Status Lexer::skip_space() {
  while (pos_ < text_.size()) {
    if (is_space(text_[pos_])) {
      ++pos_;
    } else if (text_.substr(pos_, 2) == "//") {
      pos_ = std::min(text_.find('\n', pos_), text_.size());
    } else if (text_.substr(pos_, 2) == "/*") {
      TRY(skip_block_comment());
    } else {
      return {};
    }
  }
  return {};
}

Status Lexer::lex_string(Token& out) {
  const size_t start = pos_ + 1;
  size_t end = start;
  while (end < text_.size() && text_[end] != '"' && text_[end] != '\n') end += text_[end] == '\\' ? 2 : 1;
  if (end >= text_.size() || text_[end] != '"') return fail(pos_, Error(ErrorCode::wit_unclosed_string));
  out.kind = TokenKind::String;
  out.text = text_.substr(start, end - start);
  pos_ = end + 1;
  return {};
}

Status Lexer::next(Token& out) {
  out = Token{};
  out.trivia_offset = static_cast<uint32_t>(pos_);
  TRY(skip_space());
  out.offset = static_cast<uint32_t>(pos_);
  if (pos_ == text_.size()) return {};
  const size_t start = pos_;
  const char c = text_[pos_];
  const char after = pos_ + 1 < text_.size() ? text_[pos_ + 1] : '\0';
  if (c == '"') return lex_string(out);
  if (c == '-' && after == '>') {
    pos_ += 2;
    out.kind = TokenKind::Arrow;
  } else if (is_digit(c)) {
    while (pos_ < text_.size() && is_digit(text_[pos_])) ++pos_;
    out.kind = TokenKind::Integer;
  } else if (is_letter(c) || (c == '%' && is_letter(after))) {
    out.escaped = c == '%';
    ++pos_;
    while (pos_ < text_.size() && (is_letter(text_[pos_]) || is_digit(text_[pos_]) || text_[pos_] == '-')) ++pos_;
    out.kind = TokenKind::Word;
    out.text = text_.substr(start + (out.escaped ? 1 : 0), pos_ - start - (out.escaped ? 1 : 0));
    return {};
  } else if (std::string_view("=,:;(){}<>[]*/.@_").contains(c)) {
    ++pos_;
    out.kind = TokenKind::Punctuation;
    out.mark = c;
  } else {
    size_t at = pos_;
    const uint32_t point = base::decode_utf8(bytes_of(text_), at);
    return fail(pos_, Error(ErrorCode::wit_character, kNoOffset, character_name(point)));
  }
  out.text = text_.substr(start, pos_ - start);
  return {};
}

Status Lexer::next_version(Token& out) {
  out = Token{};
  TRY(skip_space());
  out.offset = static_cast<uint32_t>(pos_);
  out.text = text_.substr(pos_, version_length(text_.substr(pos_)));
  pos_ += out.text.size();
  return {};
}

std::string documentation(std::string_view trivia) {
  std::string out;
  size_t at = 0;
  while (at < trivia.size()) {
    if (trivia.substr(at, 2) == "//") {
      const size_t end = std::min(trivia.find('\n', at), trivia.size());
      std::string_view line = trivia.substr(at, end - at);
      if (line.starts_with("///")) add_line(out, line.substr(3));
      at = end;
    } else if (trivia.substr(at, 2) == "/*") {
      const size_t end = std::min(block_end(trivia, at), trivia.size());
      const std::string_view comment = trivia.substr(at, end - at);
      if (comment.starts_with("/**") && comment.size() > 4) add_block(out, comment.substr(3, comment.size() - 5));
      at = end;
    } else {
      ++at;
    }
  }
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

std::string decode_string(std::string_view inside, std::string& problem) {
  std::string out;
  for (size_t at = 0; at < inside.size(); ++at) {
    if (inside[at] != '\\') {
      out += inside[at];
      continue;
    }
    const char kind = ++at < inside.size() ? inside[at] : '\0';
    constexpr std::string_view kNames = "tnr\"'\\";
    constexpr std::string_view kValues = "\t\n\r\"'\\";
    if (const size_t index = kNames.find(kind); kind != '\0' && index != kNames.npos) {
      out += kValues[index];
    } else if (kind == 'u' && inside.substr(at + 1, 1) == "{") {
      const size_t close = inside.find('}', at);
      uint32_t point = 0;
      bool good = close != inside.npos && close > at + 2 && close - at < 10;
      for (size_t i = at + 2; good && i < close; ++i) {
        good = hex_value(inside[i]) >= 0;
        point = point * 16 + static_cast<uint32_t>(std::max(hex_value(inside[i]), 0));
      }
      if (!good || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) problem = "\\u{...} names no character";
      if (!problem.empty()) return {};
      base::append_utf8(out, point);
      at = close;
    } else if (at + 1 < inside.size() && hex_value(kind) >= 0 && hex_value(inside[at + 1]) >= 0) {
      out += static_cast<char>(hex_value(kind) * 16 + hex_value(inside[at + 1]));
      ++at;
    } else {
      problem = "unknown escape";
      return {};
    }
  }
  if (!base::is_utf8(out)) problem = "not UTF-8";
  return problem.empty() ? out : std::string();
}

}  // namespace ashlar::wit
