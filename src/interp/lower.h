// Lowering: one validated function body to internal code.
#pragma once

#include <vector>

#include "interp/module_code.h"

namespace ashlar::interp {

/// Lowers function f. Validates it first when the module was validated lazily. With `offsets`, also records where each
/// instruction came from. Deterministic: the same input gives the same code.
Result<std::unique_ptr<FuncCode>> lower(ModuleCode& code, module::FuncIdx f, std::vector<OffsetPair>* offsets);

}  // namespace ashlar::interp
