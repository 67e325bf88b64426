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
  request.config.explicit_bounds = config.bounds_checks == runtime::BoundsChecks::Explicit;
  request.config.fuel = config.fuel;
  request.config.features = config.features.raw();
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
  return tiering::attach(module, std::move(image));
}

namespace {

Result<std::shared_ptr<runtime::CompiledModule>> load_artifact(const std::shared_ptr<runtime::Engine>& engine,
                                                               const std::string& file, const Settings& settings) {
  TRY_ASSIGN(auto image, tiering::open_artifact(file, settings.tier.use_cache));
  return tiering::load_image(engine, std::move(image));
}

Result<std::shared_ptr<runtime::CompiledModule>> load_module(const std::shared_ptr<runtime::Engine>& engine,
                                                             const std::string& file) {
  auto compiled = api::compile_file(engine, file);
  if (!compiled && compiled.error().code() == ErrorCode::not_a_module && tiering::is_artifact_file(file)) {
    return make_error(ErrorCode::precompiled_not_allowed, kNoOffset, file);
  }
  return compiled;
}

/// The module itself is read only where there is no image of it.
Result<std::shared_ptr<runtime::CompiledModule>> load_optimized(const std::shared_ptr<runtime::Engine>& engine,
                                                                const std::string& file, const Settings& settings) {
  std::shared_ptr<runtime::CompiledModule> module;
  std::optional<ProgressBar> progress;
  tiering::ImageRequest request = image_request(file, settings);
  request.wasm = [&]() -> Result<std::span<const uint8_t>> {
    TRY_ASSIGN(module, load_module(engine, file));
    progress.emplace("compiling " + file);
    return module->module().bytes;
  };
  request.progress = [&](size_t done, size_t all) { progress->update(done, all); };
  TRY_ASSIGN(auto image, tiering::image_for(request));
  if (!module) return tiering::load_image(engine, std::move(image));
  TRY(tiering::attach(*module, std::move(image)));
  return module;
}

Result<Program> load_automatic(const std::shared_ptr<runtime::Engine>& engine, const std::string& file,
                               const Settings& settings) {
  Program program;
  program.tier = std::make_unique<tiering::AutoTier>(image_request(file, settings));
  if (auto image = program.tier->find()) {
    TRY_ASSIGN(program.module, tiering::load_image(engine, std::move(image)));
  } else {
    TRY_ASSIGN(program.module, load_module(engine, file));
  }
  TRY(program.tier->adopt(program.module));
  return program;
}

}  // namespace

Result<Program> load_program(const std::shared_ptr<runtime::Engine>& engine, const std::string& file,
                             const Settings& settings) {
  if (settings.tier.mode == TierMode::Auto && !(settings.tier.allow_precompiled && tiering::is_artifact_file(file))) {
    return load_automatic(engine, file, settings);
  }
  Program program;
  if (settings.tier.allow_precompiled && tiering::is_artifact_file(file)) {
    TRY_ASSIGN(program.module, load_artifact(engine, file, settings));
  } else if (settings.tier.mode == TierMode::Optimizing) {
    TRY_ASSIGN(program.module, load_optimized(engine, file, settings));
  } else {
    TRY_ASSIGN(program.module, load_module(engine, file));
  }
  return program;
}

}  // namespace ashlar::cli
