// Owns positions in source text: offsets to line and column, and errors that show the line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace ashlar::base {

/// Line and column, both from 1; columns count bytes.
struct Position {
  uint32_t line = 0;
  uint32_t column = 0;
};

/// A source text and where it begins in its file (a module inside a script does not begin at 1:1).
struct Source {
  std::string_view text;
  Position origin = {1, 1};

  /// Counts newlines up to `offset`: linear, for errors.
  Position position(uint32_t offset) const;
  /// `error` with the position of `offset` and the source line with a caret as a note.
  Error locate(Error error, uint32_t offset) const;
};

/// Finds positions in logarithmic time; built in one pass over the text.
class LineTable {
 public:
  LineTable() = default;
  explicit LineTable(const Source& source);
  Position position(uint32_t offset) const;

 private:
  std::vector<uint32_t> starts_;  // offsets of the first byte of each line
  Position origin_ = {1, 1};
};

/// The longest source text: offsets are 32 bits.
inline constexpr uint64_t kMaxSourceBytes = 0xfffffff0u;

}  // namespace ashlar::base
