// WIT text to its syntax tree.
#pragma once

#include "base/error.h"
#include "wit/ast.h"
#include "wit/lexer.h"

namespace ashlar::wit {

/// How deep types may stand inside each other in the text.
inline constexpr uint32_t kMaxTypeNesting = 100;

/// Parses one file. The tree points into `file`, which must outlive it.
/// Errors: Malformed and Limit, with file, line, column and the line.
Result<ast::File> parse(const SourceFile& file);

}  // namespace ashlar::wit
