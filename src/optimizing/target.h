// Targets: for which processor code is generated, and what that demands of the machine that runs it.
#pragma once

#include <llvm/Target/TargetMachine.h>

#include <memory>

#include "base/error.h"
#include "native/image.h"
#include "optimizing/compile.h"

namespace ashlar::optimizing {

/// A code generator for the options' architecture, processor and level. Not thread-safe: one a thread.
/// Errors: unsupported_target.
Result<std::unique_ptr<llvm::TargetMachine>> make_target(const CompileOptions& options);

/// What code of this generator demands, for the image's header.
native::ImageTarget image_target(const llvm::TargetMachine& target);

}  // namespace ashlar::optimizing
