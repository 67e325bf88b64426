// Matching of what is given for an import with the import's type (spec: Valid > Matching > External Types).
#pragma once

#include <string>

#include "module/module.h"
#include "runtime/store.h"

namespace ashlar::runtime {

/// Empty when `given` may stand for `import` of m; else what was expected, what was found and where they differ, in
/// words. `types`: those that all types of both are of.
std::string import_mismatch(const module::TypeRegistry& types, const module::Module& m, const module::Import& import,
                            const Extern& given);
inline std::string import_mismatch(const Store& store, const module::Module& m, const module::Import& import,
                                   const Extern& given) {
  return import_mismatch(store.types(), m, import, given);
}

}  // namespace ashlar::runtime
