// Programs from their compiled images alone: what is in the image is neither read nor checked again.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "native/image.h"
#include "runtime/engine.h"

namespace ashlar::tiering {

/// The module inside the image with the image's code attached. Of an image that is trusted (our own cache's) nothing is
/// done that takes longer for more code or data. Of others the module is decoded and everything outside bodies
/// validated; bodies when the interpreter first needs one. Errors: Artifact; Malformed, Invalid of such a module.
Result<std::shared_ptr<runtime::CompiledModule>> load_image(const std::shared_ptr<runtime::Engine>& engine,
                                                            std::shared_ptr<native::Image> image);

/// An artifact that the user wants to be run. All of it is verified unless the cache's index knows that this very file
/// was, and has not changed since. Errors: those of native::Image::open.
Result<std::shared_ptr<native::Image>> open_artifact(const std::string& file, bool use_cache);

}  // namespace ashlar::tiering
