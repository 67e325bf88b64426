// Lines by the compiler program; see source_lines.h.
#include "tiering/source_lines.h"

#include <algorithm>
#include <utility>

#include "os/file_bytes.h"
#include "tiering/compiler_process.h"

namespace ashlar::tiering {

bool has_dwarf(const module::Module& m) {
  return std::ranges::any_of(m.customs, [](const module::CustomSection& s) { return s.name == ".debug_info"; });
}

Result<native::SourceLines> read_source_lines(std::span<const uint8_t> wasm, std::vector<uint32_t> offsets,
                                              uint64_t features, const std::string& compiler) {
  TRY_ASSIGN(const os::Fd answer, make_memory_file("ashlar-lines"));
  CompileJob job;
  job.request.emit = native::CompileRequest::Emit::SourceLines;
  job.request.config.features = features;
  job.wasm = wasm;
  job.lines_of = std::move(offsets);
  job.compiler = compiler;
  job.output_fd = answer.raw();
  TRY_ASSIGN(auto process, CompilerProcess::start(job));
  TRY(process.wait());
  TRY_ASSIGN(const os::FileBytes bytes, os::read_file("/proc/self/fd/" + std::to_string(answer.raw())));
  return native::decode_source_lines(bytes.bytes());
}

}  // namespace ashlar::tiering
