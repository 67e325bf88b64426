// Loading programs for tiers with machine code.
#include "cli/tiers.h"

#include <optional>

#include "api/load.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "interp/interp.h"
#include "tiering/attach.h"
#include "tiering/load.h"

namespace ashlar::cli {

using tiering::TierMode;

const runtime::Tier& engine_tier(const Settings& settings) {
  const bool machine_code = settings.tier.mode != TierMode::Interpreter || settings.tier.allow_precompiled;
  return machine_code ? tiering::tier() : interp::tier();
}

namespace {

tiering::ImageRequest image_request(const std::string& file, const Settings& settings) {
  const runtime::Config& config = settings.config;
  tiering::ImageRequest request;
  request.file = file;
  request.config = tiering::image_config(config);
  request.outlive = true;
  request.use_cache = settings.tier.use_cache;
  request.level = settings.tier.level;
  request.all_places = settings.tier.all_places;
  request.pretend_unsupported = settings.tier.pretend_unsupported;
  request.keep_compiler = file.empty();  // scripts have many modules
  if (settings.tier.chosen) request.warn = [](const Error& e) { print_error("warning: " + e.render()); };
  return request;
}

}  // namespace

Status add_compiled_code(runtime::CompiledModule& module, const std::string& file, const Settings& settings) {
  if (settings.tier.mode != TierMode::Optimizing) return {};
  const module::Module& m = module.module();
  if (m.funcs.size() == m.imported_funcs) return {};
  tiering::ImageRequest request = image_request(file, settings);
  request.wasm = [&m]() -> Result<std::span<const uint8_t>> { return m.bytes; };
  request.config.features = module.engine()->config().features.raw();  // of some scripts' folders they differ
  ProgressBar progress("compiling " + file);
  if (!file.empty()) request.progress = [&progress](size_t done, size_t all) { progress.update(done, all); };
  TRY_ASSIGN(auto image, tiering::image_for(request));
  return tiering::attach(module, image);
}

namespace {

Result<std::shared_ptr<runtime::CompiledModule>> load_artifact(const std::shared_ptr<runtime::Engine>& engine,
                                                               const std::string& file, const Settings& settings) {
  TRY_ASSIGN(auto image, tiering::open_artifact(file, settings.tier.use_cache));
  return tiering::load_image(engine, std::move(image));
}

Result<std::shared_ptr<runtime::CompiledModule>> load_module(const std::shared_ptr<runtime::Engine>& engine,
                                                             const std::string& file, const ReadModule& read) {
  const auto compile = [&]() -> Result<std::shared_ptr<runtime::CompiledModule>> {
    TRY_ASSIGN(const api::ModuleBytes bytes, read ? read(file) : api::read_module(file));
    return api::compile(engine, bytes);
  };
  auto compiled = compile();
  if (!compiled && compiled.error().code() == ErrorCode::compiled_program) {
    return make_error(ErrorCode::precompiled_not_allowed, kNoOffset, file);
  }
  return compiled;
}

Result<tiering::Program> load_optimized(const std::shared_ptr<runtime::Engine>& engine, const std::string& file,
                                        const Settings& settings, const ReadModule& read) {
  std::optional<ProgressBar> progress;
  tiering::ImageRequest request = image_request(file, settings);
  request.progress = [&](size_t done, size_t all) { progress->update(done, all); };
  return tiering::load_optimized(engine, std::move(request), [&] {
    auto module = load_module(engine, file, read);
    if (module) progress.emplace("compiling " + file);
    return module;
  });
}

}  // namespace

Result<tiering::Program> load_program(const std::shared_ptr<runtime::Engine>& engine, const std::string& file,
                                      const Settings& settings, const ReadModule& read) {
  if (settings.tier.allow_precompiled && tiering::is_artifact_file(file)) {
    TRY_ASSIGN(auto module, load_artifact(engine, file, settings));
    return tiering::Program{.module = std::move(module), .image = nullptr, .tier = nullptr};
  }
  switch (settings.tier.mode) {
    case TierMode::Auto:
      return tiering::load_automatic(engine, image_request(file, settings),
                                     [&] { return load_module(engine, file, read); });
    case TierMode::Optimizing:
      return load_optimized(engine, file, settings, read);
    case TierMode::Interpreter:
      break;
  }
  TRY_ASSIGN(auto module, load_module(engine, file, read));
  return tiering::Program{.module = std::move(module), .image = nullptr, .tier = nullptr};
}

Result<std::shared_ptr<runtime::CompiledModule>> compile_in_memory(
    const std::shared_ptr<runtime::Engine>& engine, const api::ModuleBytes& source, const Settings& settings,
    std::vector<std::pair<const runtime::CompiledModule*, std::shared_ptr<tiering::AutoTier>>>& tiers) {
  if (settings.tier.mode == TierMode::Auto) {
    TRY_ASSIGN(auto program, tiering::load_automatic(engine, image_request({}, settings),
                                                     [&] { return api::compile(engine, source); }));
    if (program.tier) tiers.emplace_back(program.module.get(), std::move(program.tier));
    return std::move(program.module);
  }
  TRY_ASSIGN(auto compiled, api::compile(engine, source));
  TRY(add_compiled_code(*compiled, {}, settings));
  return compiled;
}

Result<std::shared_ptr<runtime::CompiledModule>> load_part(
    const std::shared_ptr<runtime::Engine>& engine, std::shared_ptr<const tiering::ContainerFile> container,
    std::string part, const tiering::ModuleLoader& load, const Settings& settings,
    std::vector<std::pair<const runtime::CompiledModule*, std::shared_ptr<tiering::AutoTier>>>& tiers) {
  if (settings.tier.mode == TierMode::Interpreter) return load();
  tiering::ImageRequest request = image_request({}, settings);
  const std::string path = container->path();
  request.container = std::move(container);
  request.part = std::move(part);
  if (settings.tier.mode == TierMode::Auto) {
    TRY_ASSIGN(auto program, tiering::load_automatic(engine, std::move(request), load));
    tiers.emplace_back(program.module.get(), std::move(program.tier));
    return std::move(program.module);
  }
  std::optional<ProgressBar> progress;
  request.progress = [&](size_t done, size_t all) { progress->update(done, all); };
  TRY_ASSIGN(auto program, tiering::load_optimized(engine, std::move(request), [&] {
               auto module = load();
               if (module) progress.emplace("compiling " + path);
               return module;
             }));
  return std::move(program.module);
}

}  // namespace ashlar::cli
