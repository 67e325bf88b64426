// Composition by a file in the language of wac.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "componentize/composition.h"
#include "componentize/wac_model.h"
#include "wit/lexer.h"

namespace ashlar::componentize {

/// The component of a package "ns:name".
using PackageLoader = std::function<Result<NamedBytes>(const std::string& package)>;

/// What is understood:
///   package ns:name[@version] [targets ns:pkg/world[@version]];   the component must fit that world
///   interface, world, type, record, variant, flags, enum: as in WIT, and `type a = func(..)`
///   import id [as name]: TYPE;                     ns:pkg/interface[@version], func(..), interface { .. }, or the name
///   of
///                                                  an interface or a function's type; name: or "name"
///   let id = expression;
///   export expression [as name];                   export expression...;
///   expression: id, new ns:name { arguments }, expression.export, expression["export"], (expression); an export that
///               is an instance has exports again, and so has an import whose type is known
///   arguments: name: expression, "import name": expression, id, ...expression (each of its exports that fits an
///              import), ... at the end (what is left is imported)
/// An interface is named whole ("ns:pkg/shapes@1.0.0") or by what stands behind the slash. Names that are given whole
/// match compatible versions. Errors: Malformed and Invalid, with file, line and column; those of composing.
Result<std::vector<uint8_t>> compose_wac(const wit::SourceFile& file, const BinaryOptions& options,
                                         const PackageLoader& load, const WitLoader& load_wit);

}  // namespace ashlar::componentize
