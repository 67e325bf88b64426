// Reading of TOML by toml++, which is seen here alone; see toml.h.
#include "cli/service/toml.h"

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <algorithm>

#include "base/source.h"

namespace ashlar::cli {

namespace {

/// toml++ counts lines and characters, errors want bytes.
class Offsets {
 public:
  explicit Offsets(std::string_view text) : text_(text), lines_({0}) {
    for (size_t at = text.find('\n'); at != text.npos; at = text.find('\n', at + 1)) lines_.push_back(at + 1);
  }
  uint32_t of(const toml::source_position& position) const {
    if (position.line == 0 || position.line > lines_.size()) return static_cast<uint32_t>(text_.size());
    size_t at = lines_[position.line - 1];
    for (auto left = position.column; left > 1 && at < text_.size(); --left) {
      do ++at;
      while (at < text_.size() && (static_cast<unsigned char>(text_[at]) & 0xc0) == 0x80);
    }
    return static_cast<uint32_t>(at);
  }

 private:
  std::string_view text_;
  std::vector<size_t> lines_;
};

/// What stands at a scalar, up to what ends it.
std::string written(std::string_view text, uint32_t begin, uint32_t end) {
  return std::string(text.substr(begin, end - begin));
}

TomlValue convert(const toml::node& node, std::string_view text, const Offsets& offsets) {
  using Kind = TomlValue::Kind;
  TomlValue out;
  out.offset = offsets.of(node.source().begin);
  if (const auto* table = node.as_table()) {
    for (const auto& [key, value] : *table) {
      out.entries.push_back({std::string(key.str()), offsets.of(key.source().begin), convert(value, text, offsets)});
    }
    std::ranges::sort(out.entries, {}, &TomlEntry::offset);
  } else if (const auto* list = node.as_array()) {
    out.kind = Kind::List;
    for (const toml::node& item : *list) out.items.push_back(convert(item, text, offsets));
  } else if (const auto* string = node.as_string()) {
    out.kind = Kind::Text;
    out.text = string->get();
  } else {
    out.text = written(text, out.offset, offsets.of(node.source().end));
    out.kind = node.is_integer()          ? Kind::Integer
               : node.is_floating_point() ? Kind::Number
               : node.is_boolean()        ? Kind::Switch
                                          : Kind::Time;
    out.integer = node.value_or(int64_t{0});
    out.on = node.is_boolean() && node.value_or(false);
  }
  return out;
}

}  // namespace

const TomlValue* TomlValue::find(std::string_view name) const {
  const auto found = std::ranges::find(entries, name, &TomlEntry::name);
  return found == entries.end() ? nullptr : &found->value;
}

std::string_view toml_kind_name(TomlValue::Kind kind) {
  switch (kind) {
    case TomlValue::Kind::Text:
      return "a text";
    case TomlValue::Kind::Integer:
      return "a whole number";
    case TomlValue::Kind::Number:
      return "a number";
    case TomlValue::Kind::Switch:
      return "true or false";
    case TomlValue::Kind::Time:
      return "a date or time";
    case TomlValue::Kind::List:
      return "a list";
    case TomlValue::Kind::Table:
      return "a table";
  }
  return {};
}

std::string toml_digest_text(const TomlValue& value) {
  const auto sized = [](std::string_view text) { return std::to_string(text.size()) + ":" + std::string(text); };
  std::string out(1, static_cast<char>('a' + static_cast<int>(value.kind)));
  if (value.kind == TomlValue::Kind::List) {
    for (const TomlValue& item : value.items) out += toml_digest_text(item);
  } else if (value.kind == TomlValue::Kind::Table) {
    for (const TomlEntry& entry : value.entries) out += sized(entry.name) + toml_digest_text(entry.value);
  } else {
    return out + sized(value.text);
  }
  return out + ";";
}

Result<TomlValue> parse_toml(std::string_view text) {
  if (text.size() > base::kMaxSourceBytes)
    return make_error(ErrorCode::toml_syntax, kNoOffset, "the file is too large");
  const toml::parse_result parsed = toml::parse(text);
  const Offsets offsets(text);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return std::unexpected(base::Source{text}.locate(
        Error(ErrorCode::toml_syntax, kNoOffset, std::string(error.description())), offsets.of(error.source().begin)));
  }
  return convert(parsed.table(), text, offsets);
}

}  // namespace ashlar::cli
