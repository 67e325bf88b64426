// Values and mistakes; see toml_reader.h.
#include "cli/service/toml_reader.h"

#include <algorithm>

#include "base/source.h"
#include "base/suggest.h"

namespace ashlar::cli {

using Kind = TomlValue::Kind;

namespace {

bool is_scalar(const TomlValue& value) {
  return value.kind == Kind::Text || value.kind == Kind::Integer || value.kind == Kind::Number ||
         value.kind == Kind::Switch;
}

bool has_name(std::string_view list, std::string_view name) {
  return (" " + std::string(list) + " ").contains(" " + std::string(name) + " ");
}

}  // namespace

TomlReader::TomlReader(std::string file, std::string text)
    : file_(std::move(file)), folder_(file_.substr(0, file_.rfind('/') + 1)), text_(std::move(text)) {}

Error TomlReader::located(uint32_t offset, Error error) const {
  return base::Source{text_}.locate(std::move(error), offset).in_file(file_);
}

void TomlReader::mistake(uint32_t offset, Error error) {
  mistakes_.emplace_back(offset, located(offset, std::move(error)));
}

void TomlReader::warn(uint32_t offset, Error error) { warnings_.push_back(located(offset, std::move(error))); }

std::vector<Error> TomlReader::take_mistakes() {
  std::ranges::sort(mistakes_, {}, &std::pair<uint32_t, Error>::first);
  std::vector<Error> out;
  for (auto& [offset, error] : mistakes_) out.push_back(std::move(error));
  mistakes_.clear();
  return out;
}

uint32_t TomlReader::line(uint32_t offset) const { return base::Source{text_}.position(offset).line; }

std::string TomlReader::resolve(std::string_view path) const {
  return path.starts_with('/') ? std::string(path) : folder_ + std::string(path);
}

void TomlReader::unknown_key(const TomlEntry& entry, std::string_view where, std::span<const Name> names) {
  std::string hint;
  std::vector<std::string_view> known;
  for (const Name& name : names) {
    known.push_back(name.name);
    if (has_name(name.others, entry.name)) hint = "; here it is '" + std::string(name.name) + "'";
  }
  if (hint.empty()) hint = base::suggest(entry.name, known);
  mistake(entry.offset, Error(ErrorCode::toml_unknown_key, kNoOffset, entry.name, std::string(where), std::move(hint)));
}

void TomlReader::wrong_kind(std::string_view name, const TomlValue& value) {
  mistake(value.offset, Error(ErrorCode::toml_wrong_kind, kNoOffset, std::string(name), std::string(takes_),
                              std::string(toml_kind_name(value.kind))));
}

void TomlReader::empty_list(std::string_view name, const TomlValue& value) {
  mistake(value.offset,
          Error(ErrorCode::toml_wrong_kind, kNoOffset, std::string(name), std::string(takes_), "an empty list"));
}

void TomlReader::bad_value(std::string_view name, const Text& value, std::string why) {
  mistake(value.offset, Error(ErrorCode::service_bad_value, kNoOffset, std::string(name), value.text, std::move(why)));
}

std::optional<std::string> TomlReader::text(std::string_view name, const TomlValue& value) {
  if (value.kind == Kind::Text && !value.text.contains('\0')) return value.text;
  if (value.kind == Kind::Text) {
    bad_value(name, {value.text.substr(0, value.text.find('\0')), value.offset}, "has a zero byte behind it");
  } else {
    wrong_kind(name, value);
  }
  return std::nullopt;
}

std::optional<bool> TomlReader::on(const TomlEntry& entry) {
  if (entry.value.kind == Kind::Switch) return entry.value.on;
  wrong_kind(entry.name, entry.value);
  return std::nullopt;
}

std::optional<uint64_t> TomlReader::amount(const TomlEntry& entry,
                                           Result<uint64_t> (*parse)(std::string_view, std::string_view),
                                           uint64_t least) {
  const TomlValue& value = entry.value;
  if (value.kind != Kind::Text && value.kind != Kind::Integer && value.kind != Kind::Number) {
    wrong_kind(entry.name, value);
    return std::nullopt;
  }
  // As it is written: 1_000 and 0x10 are numbers of TOML alone.
  const bool whole = value.kind == Kind::Integer && value.integer >= 0;
  auto parsed = parse(entry.name, whole ? std::to_string(value.integer) : value.text);
  if (parsed && *parsed >= least) return *parsed;
  if (parsed) {
    bad_value(entry.name, {value.text, value.offset},
              least == 1 ? "is too little: it takes more than 0"
                         : "is too little: it takes " + std::to_string(least) + " at least");
  } else {
    mistake(value.offset, std::move(parsed).error());
  }
  return std::nullopt;
}

std::vector<TomlReader::Text> TomlReader::texts(const TomlEntry& entry) {
  std::vector<Text> out;
  const bool list = entry.value.kind == Kind::List;
  for (const TomlValue& item : list ? std::span(entry.value.items) : std::span(&entry.value, 1)) {
    if (auto read = text(entry.name, item)) out.push_back({std::move(*read), item.offset});
  }
  return out;
}

std::vector<TomlReader::Text> TomlReader::some_texts(const TomlEntry& entry) {
  if (entry.value.kind == Kind::List && entry.value.items.empty()) empty_list(entry.name, entry.value);
  return texts(entry);
}

std::vector<std::pair<std::string, TomlReader::Text>> TomlReader::named_texts(const TomlEntry& entry, bool nameless) {
  std::vector<std::pair<std::string, Text>> out;
  if (entry.value.kind != Kind::Table) {
    wrong_kind(entry.name, entry.value);
    return out;
  }
  for (const TomlEntry& inner : entry.value.entries) {
    const std::string name = entry.name + "." + inner.name;
    if (!is_scalar(inner.value)) {
      wrong_kind(name, inner.value);
    } else if ((inner.name.empty() && !nameless) ||
               inner.name.find_first_of(std::string_view("=\0", 2)) != std::string::npos ||
               inner.value.text.contains('\0')) {
      bad_value(entry.name, {inner.name, inner.offset},
                "cannot be: a name has no '=', and neither name nor text a zero byte");
    } else {
      out.emplace_back(inner.name, Text{inner.value.text, inner.value.offset});
    }
  }
  return out;
}

std::vector<const TomlValue*> TomlReader::tables(const TomlEntry& entry) {
  std::vector<const TomlValue*> out;
  const bool list = entry.value.kind == Kind::List;
  for (const TomlValue& item : list ? std::span(entry.value.items) : std::span(&entry.value, 1)) {
    if (item.kind == Kind::Table) {
      out.push_back(&item);
    } else {
      wrong_kind(entry.name, item);
    }
  }
  return out;
}

}  // namespace ashlar::cli
