// Compiling components; see compile_component.h.
#include "cli/compile_component.h"

#include <vector>

#include "api/load.h"
#include "cli/load_component.h"
#include "cli/output_file.h"
#include "cli/progress.h"
#include "component/executable.h"
#include "interp/interp.h"
#include "native/bundle.h"
#include "os/file_bytes.h"
#include "tiering/compiler_process.h"

namespace ashlar::cli {

namespace {

/// A module of the component, or an adapter, in the order in which loading asks for them.
struct Part {
  std::shared_ptr<const void> storage;
  std::span<const uint8_t> bytes;
};

Result<std::vector<Part>> parts_of(const LoadedComponent& loaded, const std::shared_ptr<runtime::Engine>& engine) {
  std::vector<Part> out;
  const auto note = [&](const component::CoreModuleDef& def, size_t) {
    out.push_back({def.storage, def.bytes});
    return api::compile(engine, {def.storage, def.bytes, nullptr});
  };
  TRY_ASSIGN(const auto executable, component::Executable::make(engine, loaded.component, note));
  (void)executable;
  return out;
}

Result<std::vector<uint8_t>> compile_part(const Part& part, const native::CompileRequest& request,
                                          const std::string& what) {
  TRY_ASSIGN(const os::Fd artifact, tiering::make_memory_file("ashlar-code"));
  tiering::CompileJob job;
  job.request = request;
  job.wasm = part.bytes;
  job.output_fd = artifact.raw();
  job.keep_compiler = true;
  TRY_ASSIGN(auto process, tiering::CompilerProcess::start(job));
  ProgressBar bar("compiling " + what);
  TRY(process.wait([&bar](uint64_t done, uint64_t all) { bar.update(done, all); }));
  TRY_ASSIGN(const os::FileBytes made, os::read_file("/proc/self/fd/" + std::to_string(artifact.raw())));
  return std::vector<uint8_t>(made.bytes().begin(), made.bytes().end());
}

}  // namespace

Status compile_component(const std::string& input, const std::string& output, const native::CompileRequest& request,
                         const runtime::Config& config) {
  if (request.emit != native::CompileRequest::Emit::Artifact) {
    return make_error(ErrorCode::not_implemented, kNoOffset, "--emit-ir of a component, which has several modules");
  }
  const auto engine = std::make_shared<runtime::Engine>(config, interp::tier());
  TRY_ASSIGN(const LoadedComponent loaded, load_component(input, config));
  TRY(check_component(loaded, config, false, engine->types()));
  TRY_ASSIGN(const std::vector<Part> parts, parts_of(loaded, engine));
  std::vector<std::vector<uint8_t>> images;
  for (const Part& part : parts) {
    const std::string place = std::to_string(images.size() + 1) + " of " + std::to_string(parts.size());
    TRY_ASSIGN(images.emplace_back(), compile_part(part, request, input + " (module " + place + ")"));
  }
  return replace_output(output, native::write_bundle(loaded.bytes, images));
}

}  // namespace ashlar::cli
