// Reading of a TOML file by tables of keys. Mistakes are collected, each with its place, so that all are told at once.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/service/toml.h"

namespace ashlar::cli {

class TomlReader;

/// A key of a table, and how it is read into a T. Names are static.
template <class T>
struct TomlKey {
  std::string_view name;
  std::string_view takes;   ///< for messages: "a text", "a list of ..."
  std::string_view others;  ///< what other servers call it, between spaces: who writes that is told ours
  void (*read)(TomlReader& reader, const TomlEntry& entry, T& out);
};

class TomlReader {
 public:
  TomlReader(std::string file, std::string text);

  void mistake(uint32_t offset, Error error);
  void warn(uint32_t offset, Error error);
  bool has_mistakes() const { return !mistakes_.empty(); }
  /// In the order of the text.
  std::vector<Error> take_mistakes();
  std::vector<Error> take_warnings() { return std::move(warnings_); }
  uint32_t line(uint32_t offset) const;
  /// As it is to be opened: `path` is relative to the file's folder.
  std::string resolve(std::string_view path) const;

  /// Reads what is there. `where`: for messages, "[[route]]".
  template <class T>
  void read_table(const TomlValue& table, std::string_view where, std::span<const TomlKey<T>> keys, T& out) {
    for (const TomlEntry& entry : table.entries) {
      const TomlKey<T>* known = nullptr;
      for (const TomlKey<T>& key : keys) {
        if (key.name == entry.name) known = &key;
      }
      if (known == nullptr) {
        std::vector<Name> names;
        for (const TomlKey<T>& key : keys) names.push_back({key.name, key.others});
        unknown_key(entry, where, names);
        continue;
      }
      const std::string_view before = std::exchange(takes_, known->takes);
      known->read(*this, entry, out);
      takes_ = before;
    }
  }

  // Values of the key that is read. Nothing, and a mistake, when there is something else.
  std::optional<std::string> text(const TomlEntry& entry) { return text(entry.name, entry.value); }
  std::optional<std::string> text(std::string_view name, const TomlValue& value);
  std::optional<bool> on(const TomlEntry& entry);
  /// A whole number or a text, by one of parse_size, parse_duration and parse_count; less than `least` is a mistake.
  std::optional<uint64_t> amount(const TomlEntry& entry,
                                 Result<uint64_t> (*parse)(std::string_view flag, std::string_view text),
                                 uint64_t least = 0);
  struct Text {
    std::string text;
    uint32_t offset;
  };
  /// A text or a list of them.
  std::vector<Text> texts(const TomlEntry& entry);
  /// The same where a list without texts would say nothing.
  std::vector<Text> some_texts(const TomlEntry& entry);
  /// A table of scalars. `nameless`: one of them may be "".
  std::vector<std::pair<std::string, Text>> named_texts(const TomlEntry& entry, bool nameless = false);
  /// A table or an array of tables; of the array what is something else is a mistake.
  std::vector<const TomlValue*> tables(const TomlEntry& entry);
  void wrong_kind(std::string_view name, const TomlValue& value);
  void empty_list(std::string_view name, const TomlValue& value);
  void bad_value(std::string_view name, const Text& value, std::string why);

 private:
  struct Name {
    std::string_view name, others;
  };
  void unknown_key(const TomlEntry& entry, std::string_view where, std::span<const Name> names);
  Error located(uint32_t offset, Error error) const;

  std::string file_;
  std::string folder_;  ///< with its slash; empty: the working directory
  std::string text_;
  std::string_view takes_;
  std::vector<std::pair<uint32_t, Error>> mistakes_;
  std::vector<Error> warnings_;
};

}  // namespace ashlar::cli
