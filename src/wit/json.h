// The model as JSON, for programs that read WIT through the command.
#pragma once

#include <string>

#include "wit/model.h"

namespace ashlar::wit {

/// {"packages": [{"name", "interfaces": [{"name", "types", "functions"}], "worlds": [{"name", "imports",
/// "exports"}]}]}. Types inside others are WIT text; names of functions and of worlds' items are those that components
/// use. "since", "unstable", "deprecated", "docs" and "external-id" stand where there is something to say.
std::string to_json(const Resolve& model);

}  // namespace ashlar::wit
