// The layout of source lines between the compiler program and the command.
#include "native/source_lines.h"

#include <algorithm>
#include <cstring>

namespace ashlar::native {

namespace {

// Counts | units | frames | rows | sizes of the strings | their bytes; all but the bytes are of 32 bits.
struct Counts {
  uint32_t units;
  uint32_t frames;
  uint32_t rows;
  uint32_t strings;
};

template <class T>
void put(std::vector<uint8_t>& out, const T* items, size_t count) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(items);
  out.insert(out.end(), bytes, bytes + count * sizeof(T));
}

template <class T>
bool take(std::span<const uint8_t>& bytes, std::vector<T>& out, size_t count) {
  if (bytes.size() / sizeof(T) < count) return false;
  out.resize(count);
  if (count != 0) std::memcpy(out.data(), bytes.data(), count * sizeof(T));
  bytes = bytes.subspan(count * sizeof(T));
  return true;
}

bool take_strings(std::span<const uint8_t> bytes, std::span<const uint32_t> sizes, SourceLines& out) {
  for (const uint32_t size : sizes) {
    if (bytes.size() < size) return false;
    out.strings.emplace_back(reinterpret_cast<const char*>(bytes.data()), size);
    bytes = bytes.subspan(size);
  }
  return bytes.empty();
}

bool is_sound(const SourceLines& lines) {
  const size_t strings = lines.strings.size();
  if (strings == 0 || !lines.strings[0].empty()) return false;
  for (const SourceUnit& unit : lines.units) {
    if (std::max({unit.name, unit.directory, unit.producer}) >= strings) return false;
  }
  for (const SourceFrame& frame : lines.frames) {
    if (std::max({frame.function, frame.linkage, frame.file, frame.start_file}) >= strings) return false;
  }
  uint64_t least = 0;
  for (const SourceRow& row : lines.rows) {
    if (row.wasm < least || row.unit >= lines.units.size()) return false;
    least = uint64_t{row.wasm} + 1;
    if (row.frame_count == 0 || row.frame_count > kMostSourceFrames) return false;
    if (row.first_frame > lines.frames.size() || row.frame_count > lines.frames.size() - row.first_frame) return false;
  }
  return true;
}

}  // namespace

const SourceRow* SourceLines::find(uint32_t wasm) const {
  const auto found = std::ranges::lower_bound(rows, wasm, {}, &SourceRow::wasm);
  return found != rows.end() && found->wasm == wasm ? &*found : nullptr;
}

std::span<const SourceFrame> SourceLines::frames_of(const SourceRow& row) const {
  return std::span(frames).subspan(row.first_frame, row.frame_count);
}

std::vector<uint8_t> encode_source_lines(const SourceLines& lines) {
  const auto count = [](const auto& items) { return static_cast<uint32_t>(items.size()); };
  const Counts counts = {count(lines.units), count(lines.frames), count(lines.rows), count(lines.strings)};
  std::vector<uint8_t> out;
  put(out, &counts, 1);
  put(out, lines.units.data(), lines.units.size());
  put(out, lines.frames.data(), lines.frames.size());
  put(out, lines.rows.data(), lines.rows.size());
  for (const std::string& text : lines.strings) {
    const uint32_t size = count(text);
    put(out, &size, 1);
  }
  for (const std::string& text : lines.strings) put(out, text.data(), text.size());
  return out;
}

Result<SourceLines> decode_source_lines(std::span<const uint8_t> bytes) {
  SourceLines out;
  std::vector<Counts> counts;
  std::vector<uint32_t> sizes;
  const bool whole = take(bytes, counts, 1) && take(bytes, out.units, counts[0].units) &&
                     take(bytes, out.frames, counts[0].frames) && take(bytes, out.rows, counts[0].rows) &&
                     take(bytes, sizes, counts[0].strings) && take_strings(bytes, sizes, out);
  if (!whole || !is_sound(out)) {
    return make_error(ErrorCode::compiler_failed, kNoOffset, "its source lines make no sense");
  }
  return out;
}

}  // namespace ashlar::native
