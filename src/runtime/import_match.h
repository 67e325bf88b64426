// Matching of what is given for an import with the import's type (spec: Valid > Matching > External Types).
#pragma once

#include <string>

#include "module/module.h"
#include "runtime/store.h"

namespace ashlar::runtime {

/// The type of an item that a module imports or exports, outside of any module: heap types and type indices are
/// canonical ids. `kind` says which of the others counts.
struct ItemType {
  module::ExternKind kind = module::ExternKind::Func;
  uint32_t type_id = 0;  ///< Func, Tag
  module::TableType table;
  module::MemoryType memory;
  module::GlobalType global;
};

/// The type of what `import` wants, or of an item of m by kind and index. The module has been validated.
ItemType item_type(const module::Module& m, module::ExternKind kind, uint32_t index);

/// Empty when an item of type `given` may stand where `wanted` is asked for; else what was expected, what was found and
/// where they differ, in words. `types`: those that all types of both are of.
std::string item_mismatch(const module::TypeRegistry& types, const ItemType& given, const ItemType& wanted);

/// Empty when `given` may stand for `import` of m; else what was expected, what was found and where they differ, in
/// words. `types`: those that all types of both are of.
std::string import_mismatch(const module::TypeRegistry& types, const module::Module& m, const module::Import& import,
                            const Extern& given);
inline std::string import_mismatch(const Store& store, const module::Module& m, const module::Import& import,
                                   const Extern& given) {
  return import_mismatch(store.types(), m, import, given);
}

}  // namespace ashlar::runtime
