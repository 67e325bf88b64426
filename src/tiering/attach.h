// Joins interpreter and machine code: the tier that engines get, and images attached to modules.
#pragma once

#include <memory>

#include "base/error.h"
#include "native/image.h"
#include "runtime/engine.h"
#include "runtime/store.h"

namespace ashlar::tiering {

/// The tier of an engine: functions run as machine code where an image has them, else in the interpreter.
const runtime::Tier& tier();

/// Lets the module's functions run the image's code: at once in instances made afterwards, and in existing ones at
/// their next call. The image lives as long as the module. Errors: Artifact (made of another module, or with other
/// settings than the engine's).
Status attach(runtime::CompiledModule& module, const std::shared_ptr<native::Image>& image);

}  // namespace ashlar::tiering
