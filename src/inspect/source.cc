// Asking the compiler program for lines.
#include "inspect/source.h"

#include <algorithm>

#include "os/file_bytes.h"
#include "tiering/compiler_process.h"

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

bool has_dwarf(const module::Module& m) {
  return std::ranges::any_of(m.customs, [](const module::CustomSection& s) { return s.name == ".debug_info"; });
}

Result<native::SourceLines> source_lines_of(const native::Image& image, const module::Module& m) {
  TRY_ASSIGN(const os::Fd answer, tiering::make_memory_file("ashlar-lines"));
  tiering::CompileJob job;
  job.request.emit = native::CompileRequest::Emit::SourceLines;
  job.request.config.features = image.config().features;
  job.wasm = m.bytes;
  job.lines_of = offsets_of(image, m);
  job.output_fd = answer.raw();
  TRY_ASSIGN(auto process, tiering::CompilerProcess::start(job));
  TRY(process.wait());
  TRY_ASSIGN(const os::FileBytes bytes, os::read_file("/proc/self/fd/" + std::to_string(answer.raw())));
  return native::decode_source_lines(bytes.bytes());
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
