// The module "spectest" that scripts import from.
#pragma once

#include "runtime/linker.h"

namespace ashlar::cli {

/// Defines print functions, globals, tables and memories as the specification's test suite expects them. `quiet` keeps
/// the print functions from printing.
Status define_spectest(runtime::Store& store, runtime::Linker& linker, bool quiet);

}  // namespace ashlar::cli
