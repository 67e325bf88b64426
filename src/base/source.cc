// Positions in source text and the notes that show them.
#include "base/source.h"

#include <algorithm>

namespace ashlar::base {
namespace {

constexpr size_t kShownBefore = 70;  // bytes of the line shown left of the position
constexpr size_t kShownAfter = 50;

Position advance(Position origin, size_t newlines, size_t line_start, uint32_t offset) {
  const uint32_t column = offset - static_cast<uint32_t>(line_start);
  if (newlines == 0) return {origin.line, origin.column + column};
  return {origin.line + static_cast<uint32_t>(newlines), column + 1};
}

bool is_printable(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; }

}  // namespace

Position Source::position(uint32_t offset) const {
  const std::string_view before = text.substr(0, offset);
  const size_t newlines = static_cast<size_t>(std::count(before.begin(), before.end(), '\n'));
  const size_t last = before.rfind('\n');
  return advance(origin, newlines, last == std::string_view::npos ? 0 : last + 1, offset);
}

Error Source::locate(Error error, uint32_t offset) const {
  const size_t at = std::min<size_t>(offset, text.size());
  const Position where = position(static_cast<uint32_t>(at));
  size_t begin = at;
  while (begin > 0 && text[begin - 1] != '\n' && at - begin < kShownBefore) --begin;
  size_t end = at;
  while (end < text.size() && text[end] != '\n' && text[end] != '\r' && end - at < kShownAfter) ++end;
  // A cut inside a UTF-8 sequence would make the note ill-formed.
  while (begin < at && (static_cast<unsigned char>(text[begin]) & 0xc0) == 0x80) ++begin;
  while (end > at && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  std::string note = "  ";
  for (size_t i = begin; i < end; ++i) note += is_printable(text[i]) ? text[i] : ' ';
  note += "\n  ";
  for (size_t i = begin; i < at; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) note += ' ';
  }
  note += '^';
  return std::move(error).at_line(where.line, where.column).with_notes(std::move(note));
}

LineTable::LineTable(const Source& source) : origin_(source.origin) {
  starts_.push_back(0);
  for (size_t at = source.text.find('\n'); at != std::string_view::npos; at = source.text.find('\n', at + 1)) {
    starts_.push_back(static_cast<uint32_t>(at + 1));
  }
}

Position LineTable::position(uint32_t offset) const {
  if (starts_.empty()) return {};
  const auto next = std::upper_bound(starts_.begin(), starts_.end(), offset);
  const size_t line = static_cast<size_t>(next - starts_.begin()) - 1;
  return advance(origin_, line, starts_[line], offset);
}

}  // namespace ashlar::base
