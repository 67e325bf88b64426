// WIT from files and folders.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "wit/resolve.h"

namespace ashlar::wit {

struct LoadOptions : ResolveOptions {
  /// Folders as a `deps` folder is: each file and folder in them is a package, unless a path has that package already.
  std::vector<std::string> deps;
};

/// Reads WIT text: each path is a file, or a folder whose *.wit files are one package, with what its folder `deps`
/// holds (files and folders, not deeper). All of it is resolved together. "-" is standard input.
/// Errors: Io; those of resolve().
/// The result's roots are the packages of the paths, in their order.
Result<Resolved> load(const std::vector<std::string>& paths, const LoadOptions& options = {});

}  // namespace ashlar::wit
