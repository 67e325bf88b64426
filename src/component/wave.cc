// WAVE: a parser that the type leads, and a printer.
#include "component/wave.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/utf8.h"

namespace ashlar::component {
namespace {

constexpr std::string_view kKeywords[] = {"true", "false", "inf", "nan", "some", "none", "ok", "err"};
bool is_keyword(std::string_view word) { return std::ranges::find(kKeywords, word) != std::end(kKeywords); }
bool is_word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}
/// A type whose value may not stand for some(value) or ok(value).
bool is_wrapped(const ValType& type) { return type.kind == TypeKind::Option || type.kind == TypeKind::Result; }

class Parser {
 public:
  explicit Parser(std::string_view text, size_t at = 0) : text_(text), at_(at) {}

  Status value(const ValType& type, Val& out);
  Status arguments(std::span<const Member> params, std::vector<Val>& out);
  Status end() {
    space();
    return at_ == text_.size() ? Status() : fail("text after the end");
  }

 private:
  std::unexpected<Error> fail(std::string what, size_t at) const {
    const auto line = static_cast<uint32_t>(1 + std::ranges::count(text_.substr(0, at), '\n'));
    const size_t begin = at == 0 ? std::string_view::npos : text_.rfind('\n', at - 1);
    const auto column = static_cast<uint32_t>(begin == std::string_view::npos ? at + 1 : at - begin);
    if (!type_) return std::unexpected(Error(ErrorCode::argument_mismatch, kNoOffset, what).at_line(line, column));
    return std::unexpected(
        Error(ErrorCode::value_type_mismatch, kNoOffset, TypeArena::to_string(*type_), what).at_line(line, column));
  }
  std::unexpected<Error> fail(std::string what) const { return fail(std::move(what), at_); }

  void space();
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  Status expect(char c) { return take(c) ? Status() : fail(std::string("expected `") + c + "`"); }
  std::string_view word();
  /// After an element: true when another follows, false when `close` was taken.
  Result<bool> more(char close) {
    if (take(',')) return !take(close);
    TRY(expect(close));
    return false;
  }

  template <class T>
  Status integer(Val& out, Val (*make)(T));
  Status number(const ValType& type, Val& out);
  Status character(Val& out);
  Result<char32_t> escape();
  Status string(std::string& out);
  Status block(std::string& out);
  Status list(const ValType& type, Val& out);
  Status tuple(std::span<const Member> members, Val& out);
  Status record(const ValType& type, Val& out);
  Status flags(const ValType& type, Val& out);
  Status variant(const ValType& type, Val& out);
  Status wrapped(const ValType& type, Val& out);

  std::string_view text_;
  size_t at_;
  const ValType* type_ = nullptr;  ///< of the value that is read: for errors
};

void Parser::space() {
  while (at_ < text_.size()) {
    if (text_.substr(at_).starts_with("//")) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r') {
      ++at_;
    } else {
      return;
    }
  }
}

/// A label or number as it stands, with its `%`; empty when there is none.
std::string_view Parser::word() {
  space();
  const size_t begin = at_;
  if (peek() == '%') ++at_;
  while (at_ < text_.size() && is_word_char(text_[at_])) ++at_;
  return text_.substr(begin, at_ - begin);
}

template <class T>
Status Parser::integer(Val& out, Val (*make)(T)) {
  space();
  T value{};
  const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
  if (error == std::errc::invalid_argument) return fail("expected a whole number");
  if (error != std::errc()) return fail("the number is out of range");
  const auto after = static_cast<size_t>(end - text_.data());
  if (after < text_.size() && (is_word_char(text_[after]) || text_[after] == '.'))
    return fail("expected a whole number");
  at_ = after;
  out = make(value);
  return {};
}

Status Parser::number(const ValType& type, Val& out) {
  if (type.kind == TypeKind::S8) return integer<int8_t>(out, Val::s8);
  if (type.kind == TypeKind::U8) return integer<uint8_t>(out, Val::u8);
  if (type.kind == TypeKind::S16) return integer<int16_t>(out, Val::s16);
  if (type.kind == TypeKind::U16) return integer<uint16_t>(out, Val::u16);
  if (type.kind == TypeKind::S32) return integer<int32_t>(out, Val::s32);
  if (type.kind == TypeKind::U32) return integer<uint32_t>(out, Val::u32);
  if (type.kind == TypeKind::S64) return integer<int64_t>(out, Val::s64);
  if (type.kind == TypeKind::U64) return integer<uint64_t>(out, Val::u64);
  space();
  size_t end = at_;
  while (end < text_.size() && (is_word_char(text_[end]) || text_[end] == '.' || text_[end] == '+')) ++end;
  const std::string_view token = text_.substr(at_, end - at_);
  double value = 0;
  float narrow = 0;
  if (token == "nan") {
    value = std::numeric_limits<double>::quiet_NaN();
  } else if (token == "inf" || token == "-inf") {
    value = token[0] == '-' ? -HUGE_VAL : HUGE_VAL;
  } else {
    // from_chars takes words too; a number begins with a digit.
    const size_t digit = token.starts_with('-') ? 1 : 0;
    if (token.size() <= digit || token[digit] < '0' || token[digit] > '9') return fail("expected a number");
    const char* last = token.data() + token.size();
    const auto [stop, error] = std::from_chars(token.data(), last, value);
    if (stop != last) return fail("expected a number");
    if (error != std::errc()) return fail("the number is out of range");
    if (std::from_chars(token.data(), last, narrow).ec != std::errc()) narrow = static_cast<float>(value);
  }
  if (!std::isfinite(value)) narrow = static_cast<float>(value);
  at_ = end;
  out = type.kind == TypeKind::F32 ? Val::f32(narrow) : Val::f64(value);
  return {};
}

/// After a backslash.
Result<char32_t> Parser::escape() {
  static constexpr std::string_view kFrom = "'\"\\tnr", kTo = "'\"\\\t\n\r";
  const char c = peek();
  const size_t known = c == '\0' ? std::string_view::npos : kFrom.find(c);
  if (known != std::string_view::npos) {
    ++at_;
    return static_cast<unsigned char>(kTo[known]);
  }
  const size_t close = text_.find('}', at_);
  if (!text_.substr(at_).starts_with("u{") || close == std::string_view::npos) return fail("unknown escape");
  uint32_t code = 0;
  const auto [end, error] = std::from_chars(text_.data() + at_ + 2, text_.data() + close, code, 16);
  const bool scalar = code < 0xd800 || (code > 0xdfff && code < 0x110000);
  if (error != std::errc() || end != text_.data() + close || !scalar) return fail("not a Unicode scalar value");
  at_ = close + 1;
  return code;
}

Status Parser::character(Val& out) {
  TRY(expect('\''));
  if (peek() == '\0' || peek() == '\'' || peek() == '\n') return fail("expected a character");
  char32_t c = 0;
  if (peek() == '\\') {
    ++at_;
    TRY_ASSIGN(c, escape());
  } else {
    c = base::decode_utf8({reinterpret_cast<const uint8_t*>(text_.data()), text_.size()}, at_);
    if (c == base::kInvalidCodePoint) return fail("not UTF-8");
  }
  if (peek() != '\'') return fail("expected `'`");
  ++at_;
  out = Val::character(c);
  return {};
}

Status Parser::string(std::string& out) {
  const size_t begin = at_;
  TRY(expect('"'));
  if (text_.substr(at_).starts_with("\"\"")) {
    at_ += 2;
    return block(out);
  }
  while (true) {
    if (at_ == text_.size() || text_[at_] == '\n') return fail("the string does not end", begin);
    const char c = text_[at_++];
    if (c == '"') break;
    if (c == '\\') {
      TRY_ASSIGN(const char32_t code, escape());
      base::append_utf8(out, code);
    } else {
      out += c;
    }
  }
  return base::is_utf8(out) ? Status() : fail("not UTF-8", begin);
}

/// A multi-line string, after the three quotes: the last line says how far all are indented.
Status Parser::block(std::string& out) {
  const size_t begin = at_;
  if (peek() == '\r') ++at_;
  if (peek() != '\n') return fail("expected a line break after `\"\"\"`");
  ++at_;
  const size_t close = text_.find("\"\"\"", at_);
  if (close == std::string_view::npos) return fail("the string does not end", begin);
  const size_t last_break = text_.rfind('\n', close);
  const size_t indent = close - last_break - 1;
  const std::string_view margin = text_.substr(last_break + 1, indent);
  if (margin.find_first_not_of(' ') != std::string_view::npos)
    return fail("only spaces may stand before `\"\"\"`", close);
  for (bool first = true; at_ <= last_break; first = false) {
    if (!first) out += '\n';
    if (text_.substr(at_, indent) != margin) return fail("the line is indented less than the closing `\"\"\"`");
    at_ += indent;
    if (at_ > last_break) return fail("the line is indented less than the closing `\"\"\"`", last_break);
    size_t end = text_.find('\n', at_);
    const size_t next = end + 1;
    if (end > at_ && text_[end - 1] == '\r') --end;
    while (at_ < end) {
      const char c = text_[at_++];
      if (c == '\\') {
        TRY_ASSIGN(const char32_t code, escape());
        base::append_utf8(out, code);
      } else {
        out += c;
      }
    }
    at_ = next;
  }
  at_ = close + 3;
  return base::is_utf8(out) ? Status() : fail("not UTF-8", begin);
}

Status Parser::list(const ValType& type, Val& out) {
  std::vector<Val> elements;
  TRY(expect('['));
  for (bool another = !take(']'); another;) {
    elements.emplace_back();
    if (type.kind == TypeKind::Map) {
      TRY(tuple(type.members, elements.back()));
    } else {
      TRY(value(*type.members[0].type, elements.back()));
    }
    TRY_ASSIGN(another, more(']'));
  }
  if (type.kind == TypeKind::FixedList && elements.size() != type.length) {
    return fail("it has " + std::to_string(elements.size()) + " elements");
  }
  out = type.kind == TypeKind::Map ? Val::map(std::move(elements)) : Val::list(std::move(elements));
  return {};
}

Status Parser::tuple(std::span<const Member> members, Val& out) {
  std::vector<Val> elements(members.size());
  TRY(expect('('));
  for (size_t i = 0; i < members.size(); ++i) {
    TRY(value(*members[i].type, elements[i]));
    if (i + 1 < members.size()) TRY(expect(','));
  }
  take(',');
  TRY(expect(')'));
  out = Val::tuple(std::move(elements));
  return {};
}

std::string_view plain(std::string_view word) { return word.starts_with('%') ? word.substr(1) : word; }

Status Parser::record(const ValType& type, Val& out) {
  std::vector<Val> fields(type.members.size());
  std::vector<bool> seen(type.members.size());
  TRY(expect('{'));
  bool another = true;
  if (take(':')) {  // all fields are left out
    TRY(expect('}'));
    another = false;
  }
  while (another) {
    const size_t begin = at_;
    const std::string_view name = plain(word());
    const int64_t index = label_index(type, name);
    if (index < 0) return fail("there is no field `" + std::string(name) + "`", begin);
    const auto i = static_cast<size_t>(index);
    if (seen[i]) return fail("the field `" + std::string(name) + "` stands twice", begin);
    seen[i] = true;
    TRY(expect(':'));
    TRY(value(*type.members[i].type, fields[i]));
    TRY_ASSIGN(another, more('}'));
  }
  for (size_t i = 0; i < fields.size(); ++i) {
    if (seen[i]) continue;
    if (type.members[i].type->kind != TypeKind::Option)
      return fail("the field `" + type.members[i].label + "` is missing");
    fields[i] = Val::none();
  }
  out = Val::record(std::move(fields));
  return {};
}

Status Parser::flags(const ValType& type, Val& out) {
  uint32_t bits = 0;
  TRY(expect('{'));
  for (bool another = !take('}'); another;) {
    const size_t begin = at_;
    const std::string_view name = plain(word());
    const int64_t index = label_index(type, name);
    if (index < 0) return fail("there is no flag `" + std::string(name) + "`", begin);
    bits |= uint32_t{1} << index;
    TRY_ASSIGN(another, more('}'));
  }
  out = Val::flags(bits);
  return {};
}

/// A variant or enum.
Status Parser::variant(const ValType& type, Val& out) {
  space();
  const size_t begin = at_;
  const std::string_view name = word();
  if (name.empty()) return fail("expected a case");
  if (is_keyword(name)) return fail("the case is written `%" + std::string(name) + "`", begin);
  const int64_t index = label_index(type, plain(name));
  if (index < 0) return fail("there is no case `" + std::string(plain(name)) + "`", begin);
  const auto i = static_cast<uint32_t>(index);
  const ValType* payload = type.members[i].type;
  out = type.kind == TypeKind::Enum ? Val::enumeration(i) : Val::variant(i);
  if (!payload) return {};
  Val inner;
  TRY(expect('('));
  TRY(value(*payload, inner));
  TRY(expect(')'));
  out = Val::variant(i, std::move(inner));
  return {};
}

/// An option or result: as a case, or as the payload of some or ok.
Status Parser::wrapped(const ValType& type, Val& out) {
  const size_t begin = at_;
  const std::string_view name = word();
  const bool option = type.kind == TypeKind::Option;
  const bool first = name == (option ? "some" : "ok");
  const ValType* payload = option ? type.members[0].type : type.members[first ? 0 : 1].type;
  if (option && name == "none") {
    out = Val::none();
    return {};
  }
  Val inner;
  if (!first && name != (option ? "none" : "err")) {
    payload = type.members[0].type;
    at_ = begin;
    if (!payload || is_wrapped(*payload)) {
      return fail(option ? "expected `some` or `none`" : "expected `ok` or `err`", begin);
    }
    TRY(value(*payload, inner));
    out = option ? Val::some(std::move(inner)) : Val::ok(std::move(inner));
    return {};
  }
  if (!payload) {
    out = first ? Val::ok() : Val::error();
    return {};
  }
  TRY(expect('('));
  TRY(value(*payload, inner));
  TRY(expect(')'));
  if (option) {
    out = Val::some(std::move(inner));
  } else {
    out = first ? Val::ok(std::move(inner)) : Val::error(std::move(inner));
  }
  return {};
}

Status Parser::value(const ValType& type, Val& out) {
  const ValType* outer = std::exchange(type_, &type);
  space();
  Status done;
  const TypeKind kind = type.kind;
  if (kind == TypeKind::Bool) {
    const size_t begin = at_;
    const std::string_view name = word();
    out = Val::boolean(name == "true");
    if (name != "true" && name != "false") done = fail("expected `true` or `false`", begin);
  } else if (kind < TypeKind::Char) {
    done = number(type, out);
  } else if (kind == TypeKind::Char) {
    done = character(out);
  } else if (kind == TypeKind::String) {
    std::string text;
    done = string(text);
    out = Val::string(std::move(text));
  } else if (kind == TypeKind::List || kind == TypeKind::FixedList || kind == TypeKind::Map) {
    done = list(type, out);
  } else if (kind == TypeKind::Tuple) {
    done = tuple(type.members, out);
  } else if (kind == TypeKind::Record) {
    done = record(type, out);
  } else if (kind == TypeKind::Flags) {
    done = flags(type, out);
  } else if (kind == TypeKind::Variant || kind == TypeKind::Enum) {
    done = variant(type, out);
  } else if (is_wrapped(type)) {
    done = wrapped(type, out);
  } else {
    done = fail("such values have no text");
  }
  type_ = outer;
  return done;
}

Status Parser::arguments(std::span<const Member> params, std::vector<Val>& out) {
  if (at_ < text_.size()) {
    TRY(expect('('));
    for (bool another = !take(')'); another;) {
      if (out.size() == params.size()) return fail("more than " + std::to_string(params.size()));
      out.emplace_back();
      TRY(value(*params[out.size() - 1].type, out.back()));
      TRY_ASSIGN(another, more(')'));
    }
    TRY(end());
  }
  while (out.size() < params.size()) {
    const Member& param = params[out.size()];
    if (param.type->kind != TypeKind::Option) return fail("`" + param.label + "` is missing");
    out.push_back(Val::none());
  }
  return {};
}

// ---- printing

class Printer {
 public:
  std::string out;
  void value(const Val& v, const ValType& type);

 private:
  void code_point(char32_t c, char quote);
  void number(const Val& v);
  void sequence(const Val& v, const ValType& type);
  void label(const std::string& name) { out += (is_keyword(name) ? "%" : "") + name; }
  void of_case(std::string_view name, const Val* payload, const ValType* type) {
    out += name;
    if (!payload) return;
    out += '(';
    value(*payload, *type);
    out += ')';
  }
};

void Printer::code_point(char32_t c, char quote) {
  static constexpr std::string_view kFrom = "\\\t\n\r", kTo = "\\tnr";
  const size_t known = c < 0x80 ? kFrom.find(static_cast<char>(c)) : std::string_view::npos;
  if (known != std::string_view::npos || c == static_cast<char32_t>(quote)) {
    out += '\\';
    out += known != std::string_view::npos ? kTo[known] : quote;
  } else if (c < 0x20 || c == 0x7f) {
    static constexpr char kHex[] = "0123456789abcdef";
    out += "\\u{";
    if (c >= 0x10) out += kHex[c >> 4];
    out += kHex[c & 15];
    out += '}';
  } else {
    base::append_utf8(out, c);
  }
}

void Printer::number(const Val& v) {
  char text[32];
  char* const last = text + sizeof text;
  std::to_chars_result done{};
  const double d = v.kind() == TypeKind::F32 ? v.as_f32() : v.as_f64();
  if (v.kind() == TypeKind::F32 || v.kind() == TypeKind::F64) {
    if (!std::isfinite(d)) {
      out += std::isnan(d) ? "nan" : d < 0 ? "-inf" : "inf";
      return;
    }
    done = v.kind() == TypeKind::F32 ? std::to_chars(text, last, v.as_f32()) : std::to_chars(text, last, d);
  } else if (v.kind() == TypeKind::U64) {
    done = std::to_chars(text, last, v.bits());
  } else {
    done = std::to_chars(text, last, v.as_signed());
  }
  out.append(text, done.ptr);
}

/// A list, tuple, record or map.
void Printer::sequence(const Val& v, const ValType& type) {
  const TypeKind kind = type.kind;
  const bool named = kind == TypeKind::Record, tuple = kind == TypeKind::Tuple;
  out += named ? '{' : tuple ? '(' : '[';
  for (size_t i = 0; i < v.size(); ++i) {
    if (i != 0) out += ", ";
    if (named) out += type.members[i].label + ": ";
    if (kind == TypeKind::Map) {
      const Val entry = v.at(i);
      out += '(';
      value(entry.at(0), *type.members[0].type);
      out += ", ";
      value(entry.at(1), *type.members[1].type);
      out += ')';
    } else if (v.is_packed()) {
      value(v.at(i), *type.members[0].type);
    } else {
      value(v.elements()[i], *type.members[named || tuple ? i : 0].type);
    }
  }
  out += named ? '}' : tuple ? ')' : ']';
}

void Printer::value(const Val& v, const ValType& type) {
  const TypeKind kind = type.kind;
  if (kind == TypeKind::Bool) {
    out += v.as_bool() ? "true" : "false";
  } else if (kind < TypeKind::Char) {
    number(v);
  } else if (kind == TypeKind::Char) {
    out += '\'';
    code_point(static_cast<char32_t>(v.bits()), '\'');
    out += '\'';
  } else if (kind == TypeKind::String) {
    const std::string& text = v.as_string();
    out += '"';
    for (size_t at = 0; at < text.size();) {
      const uint32_t c = base::decode_utf8({reinterpret_cast<const uint8_t*>(text.data()), text.size()}, at);
      if (c == base::kInvalidCodePoint) ++at;
      code_point(c == base::kInvalidCodePoint ? 0xfffd : c, '"');
    }
    out += '"';
  } else if (kind == TypeKind::Flags) {
    out += '{';
    for (size_t i = 0, shown = 0; i < type.members.size(); ++i) {
      if ((v.bits() >> i & 1) == 0) continue;
      out += (shown++ == 0 ? "" : ", ") + type.members[i].label;
    }
    out += '}';
  } else if (kind == TypeKind::Variant || kind == TypeKind::Enum) {
    const Member& chosen = type.members[v.index()];
    label(chosen.label);
    of_case("", v.payload(), chosen.type);
  } else if (kind == TypeKind::Option) {
    of_case(v.index() == 1 ? "some" : "none", v.payload(), type.members[0].type);
  } else if (kind == TypeKind::Result) {
    of_case(v.index() == 0 ? "ok" : "err", v.payload(), type.members[v.index()].type);
  } else if (kind == TypeKind::List || kind == TypeKind::FixedList || kind == TypeKind::Map ||
             kind == TypeKind::Record || kind == TypeKind::Tuple) {
    sequence(v, type);
  } else {
    out += TypeArena::to_string(type) + "(" + std::to_string(v.bits()) + ")";
  }
}

}  // namespace

Result<Val> parse_wave(std::string_view text, const ValType& type) {
  Parser parser(text);
  Val out;
  TRY(parser.value(type, out));
  TRY(parser.end());
  return out;
}

std::string format_wave(const Val& value, const ValType& type) {
  Printer printer;
  printer.value(value, type);
  return std::move(printer.out);
}

WaveCall split_wave_call(std::string_view text) {
  WaveCall out;
  out.text = text;
  out.arguments = std::min(text.find('('), text.size());
  std::string_view name = text.substr(0, out.arguments);
  while (!name.empty() && (name.back() == ' ' || name.back() == '\n')) name.remove_suffix(1);
  while (!name.empty() && (name.front() == ' ' || name.front() == '\n')) name.remove_prefix(1);
  out.name = name;
  return out;
}

Result<std::vector<Val>> parse_wave_arguments(const WaveCall& call, std::span<const Member> params) {
  std::vector<Val> out;
  TRY(Parser(call.text, call.arguments).arguments(params, out));
  return out;
}

}  // namespace ashlar::component
