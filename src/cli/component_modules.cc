// Core modules of components; see component_modules.h.
#include "cli/component_modules.h"

#include <functional>

#include "api/compiled_component.h"
#include "cli/tiers.h"
#include "tiering/load.h"

namespace ashlar::cli {

namespace {

/// What the cache's index holds of a component that was found valid.
class ValidMark {
 public:
  /// `before`: the file's information from before it was read.
  ValidMark(const std::string& file, const std::optional<os::FileInfo>& before, const Settings& settings)
      : file_(file), before_(before) {
    // A cache that cannot be used costs time here, nothing else.
    auto cache = settings.tier.use_cache && before ? tiering::open_cache({})
                                                   : Result<std::optional<tiering::Cache>>(std::nullopt);
    if (!cache || !*cache) return;
    cache_ = std::move(*cache);
    mark_ = mark_of(settings.config);
  }
  /// This very file was, with the same features and this build. Asked when it has been read: it is still what it was.
  bool is_there() const {
    if (!cache_ || cache_->known_digest(*before_, kWord) != mark_) return false;
    const std::optional<os::FileInfo> after = tiering::regular_file_info(file_);
    return after && cache_->known_digest(*after, kWord) == mark_;
  }
  void put() {
    if (cache_) cache_->remember(file_, *before_, mark_, kWord);
  }

 private:
  static constexpr char kWord[] = "valid";
  /// All on which it depends besides the file.
  static tiering::Cache::Digest mark_of(const runtime::Config& config) {
    const std::optional<os::FileInfo> build = tiering::regular_file_info("/proc/self/exe");
    std::string what = "valid component\nfeatures " + std::to_string(config.features.raw());
    if (build) {
      what += "\nbuild " + std::to_string(build->size) + " " + std::to_string(build->modified.seconds) + "." +
              std::to_string(build->modified.nanoseconds);
    }
    return base::Sha256().add(what).finish();
  }

  const std::string& file_;
  const std::optional<os::FileInfo>& before_;
  std::optional<tiering::Cache> cache_;
  tiering::Cache::Digest mark_{};
};

bool contains(std::span<const uint8_t> all, std::span<const uint8_t> part) {
  const std::less_equal<const uint8_t*> not_after;
  return not_after(all.data(), part.data()) && not_after(part.data() + part.size(), all.data() + all.size());
}

}  // namespace

ComponentModules::ComponentModules(std::shared_ptr<runtime::Engine> engine, const std::string& file,
                                   const Settings& settings, Tiers& tiers)
    : engine_(std::move(engine)),
      file_(file),
      settings_(settings),
      tiers_(tiers),
      before_(tiering::regular_file_info(file)) {}

component::ValidateOptions ComponentModules::options(bool lazy) const {
  component::ValidateOptions out;
  out.features = settings_.config.features;
  out.core_limits = settings_.config.limits;
  out.registry = engine_->types();
  out.lazy = lazy;
  out.names = false;  // decoded when a backtrace asks for them
  return out;
}

Status ComponentModules::check(const LoadedComponent& loaded) {
  container_ = std::make_shared<const tiering::ContainerFile>(file_, before_, loaded.storage, loaded.bytes);
  ValidMark mark(file_, before_, settings_);
  if (mark.is_there()) return {};
  const bool lazy = settings_.config.lazy_validation;
  TRY_ASSIGN(valid_, component::validate(*loaded.component, options(lazy)));
  if (!lazy) mark.put();
  return {};
}

Result<std::shared_ptr<runtime::CompiledModule>> ComponentModules::compile(const component::CoreModuleDef& def) {
  if (!contains(container_->bytes(), def.bytes)) {
    return compile_in_memory(engine_, {def.storage, def.bytes, nullptr}, settings_, tiers_);
  }
  const std::string part =
      std::to_string(def.bytes.data() - container_->bytes().data()) + " " + std::to_string(def.bytes.size());
  return load_part(
      engine_, container_, part,
      [&]() -> Result<std::shared_ptr<runtime::CompiledModule>> {
        std::unique_ptr<module::Module> module;
        if (valid_ != nullptr) {
          module = std::move(valid_->modules.at(&def));
        } else {
          TRY_ASSIGN(module, component::validate_core_module(def, options(true), engine_->types()));
        }
        return std::make_shared<runtime::CompiledModule>(engine_, std::move(module));
      },
      settings_, tiers_);
}

bool is_component_program(const std::string& file) { return is_component_file(file) || tiering::is_bundle_file(file); }

Result<std::shared_ptr<const component::Executable>> load_executable(const std::shared_ptr<runtime::Engine>& engine,
                                                                     const std::string& file, const Settings& settings,
                                                                     ComponentModules::Tiers& tiers,
                                                                     const ReadComponent& read) {
  if (tiering::is_bundle_file(file)) {
    if (!settings.tier.allow_precompiled) return make_error(ErrorCode::precompiled_not_allowed, kNoOffset, file);
    const std::optional<os::FileInfo> before = tiering::regular_file_info(file);
    TRY_ASSIGN(native::Bundle bundle, tiering::open_bundle(file, settings.tier.use_cache));
    ValidMark mark(file, before, settings);
    const bool known = bundle.trust == native::Image::Trust::Cache && mark.is_there();
    TRY_ASSIGN(api::CompiledComponent made, api::load_bundle(engine, std::move(bundle), {}, known));
    if (!known) mark.put();
    return std::move(made.executable);
  }
  ComponentModules modules(engine, file, settings, tiers);
  TRY_ASSIGN(const LoadedComponent loaded, read ? read(file) : load_component(file, settings.config));
  TRY(modules.check(loaded));
  const auto compile = [&](const component::CoreModuleDef& def, size_t) { return modules.compile(def); };
  return component::Executable::make(engine, loaded.component, compile);
}

}  // namespace ashlar::cli
