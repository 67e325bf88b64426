// What a .wac file declares, as syntax of WIT: interfaces, worlds and types, and the imports of the composition as
// those of a world of their own.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "wit/ast.h"
#include "wit/lexer.h"

namespace ashlar::wit {

/// The world of `tree.main` that has the file's own types and its imports. No world of the text can be called so.
inline constexpr std::string_view kCompositionWorld = "$composition";
/// The world of `tree.main` that imports a function of each type in `function_types`, under its name.
inline constexpr std::string_view kFunctionTypesWorld = "$function-types";

/// An import of the composition.
struct WacImport {
  ast::Id id;            ///< how the file calls it
  std::string name;      ///< how the result calls it
  uint32_t name_at = 0;  ///< where that is said
  bool renamed = false;  ///< by `as`
  bool by_path = false;  ///< it is an interface of a package, `path`
  ast::UsePath path;
};

struct WacDeclarations {
  ast::File tree;
  std::vector<WacImport> imports;       ///< in their order
  std::vector<ast::Id> function_types;  ///< names of `type a = func()`, which stand for what they name
};

/// Reads the whole file; passes over what composes (`let`, `export`). Imports by path are in `imports` alone, the
/// others are in the composition's world too, under `id`. In declarations stands what stands in WIT, and: `type a =
/// func(..)` and the name of such a type in place of a function. Interfaces and worlds that name the file's own types
/// have copies of them. Points into `file`. Errors: Malformed and Limit, as
/// those of parse(); names of declarations that are taken.
Result<WacDeclarations> parse_wac_declarations(const SourceFile& file);

}  // namespace ashlar::wit
