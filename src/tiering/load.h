// Programs for tiers with machine code. From their compiled images alone, where there is one: what is in the image is
// neither read nor checked again.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/error.h"
#include "native/bundle.h"
#include "native/image.h"
#include "runtime/engine.h"
#include "tiering/auto.h"
#include "tiering/tiering.h"

namespace ashlar::tiering {

/// When the types, imports, exports and other declarations of a trusted image's module are read. Later: by
/// CompiledModule::complete(), so that loading takes as long for any module.
enum class Declarations : uint8_t { AtOnce, Later };

/// The module inside the image with the image's code attached. Of an image that is trusted (our own cache's) nothing is
/// done that takes longer for more code or data. Of others the module is decoded and everything outside bodies
/// validated; bodies when the interpreter first needs one. Errors: Artifact; Malformed, Invalid of such a module.
Result<std::shared_ptr<runtime::CompiledModule>> load_image(const std::shared_ptr<runtime::Engine>& engine,
                                                            std::shared_ptr<native::Image> image,
                                                            Declarations when = Declarations::AtOnce);

/// The same in two steps: the module of an image that is trusted and says all of it, decoded; null for another image.
Result<std::unique_ptr<module::Module>> trusted_module(const runtime::Engine& engine,
                                                       const std::shared_ptr<native::Image>& image);
Result<std::shared_ptr<runtime::CompiledModule>> load_image(const std::shared_ptr<runtime::Engine>& engine,
                                                            std::unique_ptr<module::Module> module,
                                                            std::shared_ptr<native::Image> image);

/// Reads a module and validates it.
using ModuleLoader = std::function<Result<std::shared_ptr<runtime::CompiledModule>>()>;

/// A module with what makes or made its machine code.
struct Program {
  std::shared_ptr<runtime::CompiledModule> module;
  std::shared_ptr<native::Image> image;  ///< of all of the module
  std::shared_ptr<AutoTier> tier;        ///< where the tier is to be chosen while it runs
};

/// With all of its code compiled: from the cache, where `load` is not called when that knows request.file, or now.
/// request.wasm is ignored. Errors: those of load and of image_for.
Result<Program> load_optimized(const std::shared_ptr<runtime::Engine>& engine, ImageRequest request,
                               const ModuleLoader& load);
/// To be compiled while it runs. Errors: those of load.
Result<Program> load_automatic(const std::shared_ptr<runtime::Engine>& engine, ImageRequest request,
                               const ModuleLoader& load);

/// What an image must be made with for an engine of this configuration.
native::ImageConfig image_config(const runtime::Config& config);

/// An artifact that the user wants to be run. All of it is verified unless the cache's index knows that this very file
/// was, and has not changed since. `cache_folder`: as ImageRequest has it. Errors: those of native::Image::open.
Result<std::shared_ptr<native::Image>> open_artifact(const std::string& file, bool use_cache,
                                                     const std::string& cache_folder = {});
/// The same of a compiled component. Errors: those of native::open_bundle.
Result<native::Bundle> open_bundle(const std::string& file, bool use_cache, const std::string& cache_folder = {});

}  // namespace ashlar::tiering
