// Matching of what is given for an import with the import's type (spec: Valid > Matching > External Types).
#pragma once

#include <string>

#include "module/module.h"
#include "runtime/store.h"

namespace ashlar::runtime {

/// Empty when `given` may stand for `import` of m; else what was expected and what was found, in words.
std::string import_mismatch(const Store& store, const module::Module& m, const module::Import& import,
                            const Extern& given);

}  // namespace ashlar::runtime
