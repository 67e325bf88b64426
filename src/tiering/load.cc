// Loading of images; see load.h.
#include "tiering/load.h"

#include <optional>
#include <utility>

#include "base/sha256.h"
#include "binary/decode.h"
#include "tiering/attach.h"
#include "tiering/cache.h"
#include "validate/validate.h"

namespace ashlar::tiering {

namespace {

using native::Image;

Result<std::unique_ptr<module::Module>> trusted_module(const runtime::Engine& engine,
                                                       const std::shared_ptr<Image>& image) {
  const std::optional<module::LaidOutData> laid_out = image->laid_out();
  const binary::KnownParts known{image->funcs(), image->elems(), laid_out.has_value()};
  binary::DecodeOptions options{engine.config().features, engine.config().limits};
  options.names = false;
  options.known = &known;
  TRY_ASSIGN(auto module, binary::decode(image->wasm(), image, options));
  module->laid_out = laid_out;
  TRY(module::TypeRegistry::canonicalize(engine.types(), *module));
  return module;
}

Result<std::unique_ptr<module::Module>> checked_module(const runtime::Engine& engine,
                                                       const std::shared_ptr<Image>& image) {
  binary::DecodeOptions options{engine.config().features, engine.config().limits};
  options.names = false;
  TRY_ASSIGN(auto module, binary::decode(image->wasm(), image, options));
  validate::ValidateOptions validate_options;
  validate_options.features = engine.config().features;
  validate_options.limits = engine.config().limits;
  validate_options.lazy = true;
  TRY(validate::validate(*module, engine.types(), validate_options));
  return module;
}

/// What the index holds of an artifact that was verified: the header has the hash of the rest in it.
Cache::Digest mark_of(const Image& image) {
  return base::Sha256().add("verified artifact\n").add(image.header()).finish();
}

}  // namespace

Result<std::shared_ptr<runtime::CompiledModule>> load_image(const std::shared_ptr<runtime::Engine>& engine,
                                                            std::shared_ptr<Image> image) {
  const bool trusted = image->trust() == Image::Trust::Cache && !image->funcs().empty();
  TRY_ASSIGN(auto module, trusted ? trusted_module(*engine, image) : checked_module(*engine, image));
  auto compiled = std::make_shared<runtime::CompiledModule>(engine, std::move(module));
  TRY(attach(*compiled, std::move(image)));
  return compiled;
}

native::ImageConfig image_config(const runtime::Config& config) {
  native::ImageConfig out;
  out.explicit_bounds = config.bounds_checks == runtime::BoundsChecks::Explicit;
  out.fuel = config.fuel;
  out.features = config.features.raw();
  return out;
}

Result<Program> load_optimized(const std::shared_ptr<runtime::Engine>& engine, ImageRequest request,
                               const ModuleLoader& load) {
  Program out;
  request.wasm = [&]() -> Result<std::span<const uint8_t>> {
    TRY_ASSIGN(out.module, load());
    return out.module->module().bytes;
  };
  TRY_ASSIGN(out.image, image_for(request));
  if (!out.module) {
    TRY_ASSIGN(out.module, load_image(engine, out.image));
  } else {
    TRY(attach(*out.module, out.image));
  }
  return out;
}

Result<Program> load_automatic(const std::shared_ptr<runtime::Engine>& engine, ImageRequest request,
                               const ModuleLoader& load) {
  Program out;
  out.tier = std::make_shared<AutoTier>(std::move(request));
  if (auto image = out.tier->find()) {
    TRY_ASSIGN(out.module, load_image(engine, std::move(image)));
  } else {
    TRY_ASSIGN(out.module, load());
  }
  TRY(out.tier->adopt(out.module));
  return out;
}

Result<std::shared_ptr<Image>> open_artifact(const std::string& file, bool use_cache, const std::string& cache_folder) {
  const std::optional<os::FileInfo> before = use_cache ? regular_file_info(file) : std::nullopt;
  // A cache that can't be used costs time here, nothing else: no warning.
  auto cache = before ? open_cache(cache_folder) : Result<std::optional<Cache>>(std::nullopt);
  if (!before || !cache || !*cache) return Image::open(file, Image::Trust::Verify);
  if (const std::optional<Cache::Digest> mark = (*cache)->known_digest(*before)) {
    auto image = Image::open(file, Image::Trust::Cache);
    if (image && mark_of(**image) == *mark) return image;
  }
  TRY_ASSIGN(auto image, Image::open(file, Image::Trust::Verify));
  (*cache)->remember(file, *before, mark_of(*image));
  return image;
}

}  // namespace ashlar::tiering
