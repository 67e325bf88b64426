// WIT text to the resolved model.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "wit/ast.h"
#include "wit/lexer.h"
#include "wit/model.h"

namespace ashlar::wit {

struct ResolveOptions {
  std::vector<std::string> features;  ///< whose @unstable items are there
  bool all_features = false;
};

/// The files of one folder, or one file alone: one package, and those in braces.
struct SourceGroup {
  std::vector<SourceFile> files;
  bool spare = false;  ///< not taken when an earlier group has its package
};

struct Resolved {
  Resolve model;
  std::vector<PackageId> roots;  ///< the package of each group
};

/// Parses and resolves everything together: each name must be found in one of the groups. Text is not needed
/// afterwards. Items whose feature is not enabled are left out. Errors: Malformed, Invalid, Limit; with file, line,
/// column and the line.
Result<Resolved> resolve(std::span<const SourceGroup> groups, const ResolveOptions& options = {});

/// The same of a file that has been parsed: one package, which says its name and has no other in braces. It is the
/// first root.
Result<Resolved> resolve_tree(const SourceFile& source, ast::File tree, std::span<const SourceGroup> groups,
                              const ResolveOptions& options = {});

/// A world by name ("command"), by path ("wasi:cli/command@0.2.12"), or the only one of the package when `name` is
/// empty. Errors: Invalid.
Result<WorldId> select_world(const Resolve& model, PackageId package, std::string_view name);

}  // namespace ashlar::wit
