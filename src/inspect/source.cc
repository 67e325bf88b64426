// Asking the compiler program for lines.
#include "inspect/source.h"

#include <algorithm>

#include "tiering/source_lines.h"

namespace ashlar::inspect {

namespace {

std::vector<uint32_t> offsets_of(const native::Image& image, const module::Module& m) {
  std::vector<uint32_t> out;
  for (const native::FrameRow& row : image.frames()) {
    if (row.func < m.funcs.size()) out.push_back(m.funcs[row.func].body_offset);
    for (const native::Place& place : image.places(row)) {
      out.push_back(place.wasm);
      out.insert(out.end(), place.inlined_at.begin(), place.inlined_at.end());
    }
  }
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

}  // namespace

Result<native::SourceLines> source_lines_of(const native::Image& image, const module::Module& m) {
  return tiering::read_source_lines(m.bytes, offsets_of(image, m), image.config().features);
}

std::vector<PlaceStart> place_starts(const native::Image& image, const native::FrameRow& row, const module::Module& m) {
  std::vector<PlaceStart> out;
  if (row.func < m.funcs.size()) {
    PlaceStart& first = out.emplace_back();
    first.at = first.place.at = row.begin;
    first.place.wasm = m.funcs[row.func].body_offset;
  }
  for (native::Place& place : image.places(row)) {
    const uint32_t at = place.at;
    if (at < row.begin || at >= row.end) continue;
    // Of a call and what stands behind it, the latter: it is what begins there.
    if (!out.empty() && out.back().at == at) out.pop_back();
    out.push_back({at, std::move(place)});
  }
  return out;
}

}  // namespace ashlar::inspect
