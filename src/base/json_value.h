// Reads JSON (RFC 8259) into a tree: for small pieces out of files that anybody may have made.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar::base {

struct JsonValue {
  enum class Kind : unsigned char { Null, Bool, Number, String, Array, Object };
  Kind kind = Kind::Null;
  std::string text;                 ///< String: what it stands for, UTF-8; Bool and Number: as written
  std::vector<JsonValue> elements;  ///< Array; of an Object what its members are, in their order
  std::vector<std::string> names;   ///< Object: of its members

  bool is(Kind other) const { return kind == other; }
  /// The first member of that name; null when there is none, or this is no object.
  const JsonValue* find(std::string_view name) const;
};

/// How deep arrays and objects may stand inside each other.
inline constexpr int kMaxJsonNesting = 64;

/// The whole text as one value. Nothing, and `problem` set, when it is none: bytes that are no UTF-8, escapes of halves
/// of characters, or more nesting than kMaxJsonNesting among the reasons. Takes memory in proportion to the text.
std::optional<JsonValue> parse_json(std::string_view text, std::string& problem);

}  // namespace ashlar::base
