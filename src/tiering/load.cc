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

/// Nothing of it has to be checked, and it says where each function is.
bool is_outlined(const Image& image) { return image.trust() == Image::Trust::Cache && !image.funcs().empty(); }

/// What a module is before anything of it has been read.
Result<std::unique_ptr<module::Module>> outline_of(const std::shared_ptr<Image>& image) {
  auto out = std::make_unique<module::Module>();
  out->bytes = image->wasm();
  out->storage = image;
  out->laid_out = image->laid_out();
  const std::span<const module::Func> funcs = image->funcs();
  if (image->entry_count() > funcs.size()) return make_error(ErrorCode::artifact_of_other_module);
  out->funcs.borrow(funcs);
  out->imported_funcs = static_cast<uint32_t>(funcs.size() - image->entry_count());
  return out;
}

/// The rest of outline_of(), for runtime::CompiledModule.
Result<std::unique_ptr<module::Module>> read_declarations(const runtime::Engine& engine,
                                                          const module::Module& outline) {
  const auto& image = *static_cast<const Image*>(outline.storage.get());
  const binary::KnownParts known{outline.funcs, image.elems(), outline.laid_out.has_value()};
  binary::DecodeOptions options{engine.config().features, engine.config().limits};
  options.names = false;
  options.known = &known;
  TRY_ASSIGN(auto module, binary::decode(outline.bytes, outline.storage, options));
  if (module->imported_funcs != outline.imported_funcs) return make_error(ErrorCode::artifact_of_other_module);
  module->index_exports();
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

std::span<const uint8_t> header_of(const std::shared_ptr<Image>& image) { return image->header(); }
std::span<const uint8_t> header_of(const native::Bundle& bundle) { return bundle.header; }

/// What the index holds of an artifact that was verified: the header has the hash of the rest in it.
template <class Artifact>
Cache::Digest mark_of(const Artifact& artifact) {
  return base::Sha256().add("verified artifact\n").add(header_of(artifact)).finish();
}

/// Verified, unless the index knows that this very file was.
template <class Artifact>
Result<Artifact> open_verified(const std::string& file, bool use_cache, const std::string& cache_folder,
                               Result<Artifact> (*open)(const std::string&, Image::Trust)) {
  const std::optional<os::FileInfo> before = use_cache ? regular_file_info(file) : std::nullopt;
  // A cache that can't be used costs time here, nothing else: no warning.
  auto cache = before ? open_cache(cache_folder) : Result<std::optional<Cache>>(std::nullopt);
  if (!before || !cache || !*cache) return open(file, Image::Trust::Verify);
  if (const std::optional<Cache::Digest> mark = (*cache)->known_digest(*before)) {
    auto known = open(file, Image::Trust::Cache);
    if (known && mark_of(*known) == *mark) return known;
  }
  TRY_ASSIGN(auto opened, open(file, Image::Trust::Verify));
  (*cache)->remember(file, *before, mark_of(opened));
  return opened;
}

}  // namespace

Result<std::unique_ptr<module::Module>> trusted_module(const runtime::Engine& engine,
                                                       const std::shared_ptr<Image>& image) {
  if (!is_outlined(*image)) return nullptr;
  TRY_ASSIGN(auto out, outline_of(image));
  TRY_ASSIGN(const auto read, read_declarations(engine, *out));
  out->take_declarations(*read);
  return out;
}

Result<std::shared_ptr<runtime::CompiledModule>> load_image(const std::shared_ptr<runtime::Engine>& engine,
                                                            std::unique_ptr<module::Module> module,
                                                            std::shared_ptr<Image> image) {
  auto compiled = std::make_shared<runtime::CompiledModule>(engine, std::move(module));
  TRY(attach(*compiled, std::move(image)));
  return compiled;
}

Result<std::shared_ptr<runtime::CompiledModule>> load_image(const std::shared_ptr<runtime::Engine>& engine,
                                                            std::shared_ptr<Image> image, Declarations when) {
  if (!is_outlined(*image)) {
    TRY_ASSIGN(auto module, checked_module(*engine, image));
    return load_image(engine, std::move(module), std::move(image));
  }
  TRY_ASSIGN(auto outline, outline_of(image));
  auto compiled = std::make_shared<runtime::CompiledModule>(engine, std::move(outline), read_declarations);
  if (when == Declarations::AtOnce) TRY(compiled->complete());
  TRY(attach(*compiled, std::move(image)));
  return compiled;
}

native::ImageConfig image_config(const runtime::Config& config) {
  native::ImageConfig out;
  out.explicit_bounds = config.bounds_checks == runtime::BoundsChecks::Explicit;
  out.fuel = config.fuel;
  if (config.fuel) out.fuel_costs = config.fuel_costs.text();
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
  return open_verified(file, use_cache, cache_folder, &Image::open);
}

Result<native::Bundle> open_bundle(const std::string& file, bool use_cache, const std::string& cache_folder) {
  return open_verified(file, use_cache, cache_folder, &native::open_bundle);
}

}  // namespace ashlar::tiering
