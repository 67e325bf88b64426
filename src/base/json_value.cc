// Reading of JSON; see json_value.h.
#include "base/json_value.h"

#include <cstdint>
#include <span>

#include "base/utf8.h"

namespace ashlar::base {

const JsonValue* JsonValue::find(std::string_view name) const {
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return &elements[i];
  }
  return nullptr;
}

namespace {

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  std::optional<JsonValue> run(std::string& problem) {
    JsonValue out;
    if (!is_utf8(std::span(reinterpret_cast<const uint8_t*>(text_.data()), text_.size()))) {
      problem = "it is no UTF-8";
      return std::nullopt;
    }
    if (value(out, 0)) {
      skip_space();
      if (at_ == text_.size()) return out;
      fail("something stands behind its end");
    }
    problem = std::string(problem_) + " at offset " + std::to_string(at_);
    return std::nullopt;
  }

 private:
  bool fail(const char* problem) {
    if (problem_ == nullptr) problem_ = problem;
    return false;
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool skip(char c) {
    if (peek() != c || at_ == text_.size()) return false;
    ++at_;
    return true;
  }
  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\n\r").find(text_[at_]) != std::string_view::npos) ++at_;
  }

  bool value(JsonValue& out, int depth) {
    if (depth > kMaxJsonNesting) return fail("the nesting is too deep");
    skip_space();
    switch (peek()) {
      case '{':
        return object(out, depth);
      case '[':
        return array(out, depth);
      case '"':
        out.kind = JsonValue::Kind::String;
        return string(out.text);
      case 't':
        return word(out, "true", JsonValue::Kind::Bool);
      case 'f':
        return word(out, "false", JsonValue::Kind::Bool);
      case 'n':
        return word(out, "null", JsonValue::Kind::Null);
      default:
        return number(out);
    }
  }

  bool word(JsonValue& out, std::string_view expected, JsonValue::Kind kind) {
    if (text_.substr(at_, expected.size()) != expected) return fail("a value is expected");
    at_ += expected.size();
    out.kind = kind;
    if (kind == JsonValue::Kind::Bool) out.text = expected;
    return true;
  }

  bool digits() {
    const size_t begin = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ > begin || fail("a value is expected");
  }

  bool number(JsonValue& out) {
    const size_t begin = at_;
    skip('-');
    if (!skip('0') && !digits()) return false;
    if (skip('.') && !digits()) return false;
    if (skip('e') || skip('E')) {
      if (!skip('+')) skip('-');
      if (!digits()) return false;
    }
    out.kind = JsonValue::Kind::Number;
    out.text = text_.substr(begin, at_ - begin);
    return true;
  }

  bool array(JsonValue& out, int depth) {
    out.kind = JsonValue::Kind::Array;
    ++at_;
    skip_space();
    if (skip(']')) return true;
    do {
      if (!value(out.elements.emplace_back(), depth + 1)) return false;
      skip_space();
    } while (skip(','));
    return skip(']') || fail("',' or ']' is expected");
  }

  bool object(JsonValue& out, int depth) {
    out.kind = JsonValue::Kind::Object;
    ++at_;
    skip_space();
    if (skip('}')) return true;
    do {
      skip_space();
      if (peek() != '"') return fail("the name of a member is expected");
      if (!string(out.names.emplace_back())) return false;
      skip_space();
      if (!skip(':')) return fail("':' is expected");
      if (!value(out.elements.emplace_back(), depth + 1)) return false;
      skip_space();
    } while (skip(','));
    return skip('}') || fail("',' or '}' is expected");
  }

  bool string(std::string& out) {
    ++at_;
    while (!skip('"')) {
      if (at_ == text_.size()) return fail("a string does not end");
      const char c = text_[at_];
      if (static_cast<unsigned char>(c) < 0x20) return fail("a control character stands in a string");
      ++at_;
      if (c != '\\') {
        out += c;
      } else if (!escape(out)) {
        return false;
      }
    }
    return true;
  }

  bool escape(std::string& out) {
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
    const char kind = peek();
    if (const size_t index = kNames.find(kind); at_ < text_.size() && index != kNames.npos) {
      ++at_;
      out += kValues[index];
      return true;
    }
    if (!skip('u')) return fail("there is no such escape");
    uint32_t point = 0;
    if (!hex(point)) return false;
    if (point >= 0xdc00 && point < 0xe000) return fail("half of a character");
    if (point >= 0xd800 && point < 0xdc00) {
      uint32_t low = 0;
      if (!skip('\\') || !skip('u')) return fail("half of a character");
      if (!hex(low)) return false;
      if (low < 0xdc00 || low >= 0xe000) return fail("half of a character");
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    }
    append_utf8(out, point);
    return true;
  }

  bool hex(uint32_t& out) {
    for (int i = 0; i < 4; ++i) {
      const int digit = hex_digit(peek());
      if (digit < 0) return fail("four hexadecimal digits are expected");
      out = out * 16 + static_cast<uint32_t>(digit);
      ++at_;
    }
    return true;
  }
  static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  }

  std::string_view text_;
  size_t at_ = 0;
  const char* problem_ = nullptr;
};

}  // namespace

std::optional<JsonValue> parse_json(std::string_view text, std::string& problem) {
  return JsonReader(text).run(problem);
}

}  // namespace ashlar::base
