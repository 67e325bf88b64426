// Loading programs for tiers with machine code.
#include "cli/tiers.h"

#include "api/load.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "interp/interp.h"
#include "tiering/attach.h"

namespace ashlar::cli {

using tiering::TierMode;

const runtime::Tier& engine_tier(const Settings& settings) {
  const bool machine_code = settings.tier.mode != TierMode::Interpreter || settings.tier.allow_precompiled;
  return machine_code ? tiering::tier() : interp::tier();
}

Status add_compiled_code(runtime::CompiledModule& module, const std::string& file, const Settings& settings) {
  if (settings.tier.mode != TierMode::Optimizing) return {};
  const module::Module& m = module.module();
  if (m.funcs.size() == m.imported_funcs) return {};
  const runtime::Config& config = settings.config;
  tiering::ImageRequest request;
  request.file = file;
  request.wasm = [&m]() -> Result<std::span<const uint8_t>> { return m.bytes; };
  request.config.explicit_bounds = config.bounds_checks == runtime::BoundsChecks::Explicit;
  request.config.fuel = config.fuel;
  request.config.features = config.features.raw();
  request.use_cache = settings.tier.use_cache;
  request.warn = [](const Error& e) { print_error("warning: " + e.render()); };
  ProgressBar progress("compiling " + file);
  if (!file.empty()) request.progress = [&progress](size_t done, size_t all) { progress.update(done, all); };
  TRY_ASSIGN(auto image, tiering::image_for(request));
  return tiering::attach(module, std::move(image));
}

namespace {

Result<std::shared_ptr<runtime::CompiledModule>> load_artifact(const std::shared_ptr<runtime::Engine>& engine,
                                                               const std::string& file) {
  TRY_ASSIGN(auto image, native::Image::open(file, native::Image::Trust::Verify));
  TRY_ASSIGN(auto module, api::compile(engine, {image, image->wasm(), nullptr}));
  TRY(tiering::attach(*module, std::move(image)));
  return module;
}

}  // namespace

Result<std::shared_ptr<runtime::CompiledModule>> load_program(const std::shared_ptr<runtime::Engine>& engine,
                                                              const std::string& file, const Settings& settings) {
  if (settings.tier.allow_precompiled && tiering::is_artifact_file(file)) return load_artifact(engine, file);
  auto compiled = api::compile_file(engine, file);
  if (!compiled) {
    if (compiled.error().code() != ErrorCode::not_a_module || !tiering::is_artifact_file(file)) return compiled;
    return make_error(ErrorCode::precompiled_not_allowed, kNoOffset, file);
  }
  TRY(add_compiled_code(**compiled, file, settings));
  return compiled;
}

}  // namespace ashlar::cli
