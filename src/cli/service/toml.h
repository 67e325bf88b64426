// TOML as a tree of values that know where they stand.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace ashlar::cli {

struct TomlEntry;

struct TomlValue {
  enum class Kind : uint8_t { Text, Integer, Number, Switch, Time, List, Table };
  Kind kind = Kind::Table;
  uint32_t offset = 0;  ///< where it begins in the text
  std::string text;     ///< of scalars as they are written, without quotes
  int64_t integer = 0;
  bool on = false;
  std::vector<TomlValue> items;
  std::vector<TomlEntry> entries;  ///< in the order of the text

  const TomlValue* find(std::string_view name) const;
};

struct TomlEntry {
  std::string name;
  uint32_t offset = 0;
  TomlValue value;
};

/// "a text", "a table" and so on, for messages.
std::string_view toml_kind_name(TomlValue::Kind kind);
/// All that a value says, in one line; the same for texts that say the same.
std::string toml_digest_text(const TomlValue& value);

/// Errors: Malformed, with the line: the first mistake.
Result<TomlValue> parse_toml(std::string_view text);

}  // namespace ashlar::cli
