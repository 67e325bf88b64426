// What a .wac file declares, resolved: its package, and the imports of the composition.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/error.h"
#include "wit/resolve.h"
#include "wit/wac_declarations.h"

namespace ashlar::componentize {

/// The WIT of a package "ns:name".
using WitLoader = std::function<Result<wit::Resolved>(const std::string& package)>;

struct WacModel {
  wit::Resolve model;
  wit::PackageId package{};
  wit::WorldId composition{};  ///< has the file's own types and its imports
  /// What the imports of that world are called in the result.
  std::map<std::string, std::string> renames;
};

/// Loads the packages that declarations name. An import by path of a package that cannot be loaded is not in the world:
/// its type is what the components need that it is given to. One that is found is called as its package calls it, with
/// the version, unless the file gives it another name. Takes `declarations.tree`. Errors: those of resolving, and of
/// packages that other declarations need, with file, line and column.
Result<WacModel> resolve_declarations(const wit::SourceFile& file, wit::WacDeclarations& declarations,
                                      const WitLoader& load);

}  // namespace ashlar::componentize
