// Component to text: the printer of the component text format.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "component/syntax.h"
#include "text/print.h"

namespace ashlar::component {

/// Prints a component, its core modules with the core printer. Nothing is abbreviated: one definition of the binary is
/// one definition of the text. Identifiers come from the name sections; where an item has none, the name under which it
/// is imported, exported or aliased stands in a comment behind its index. A valid component's text parses back
/// (parse_component_to_binary with debug_names, when names and customs are on) to what encode writes for it, core
/// modules to what binary::encode writes for them; names of indices that do not exist are left out. `head` of the
/// options is not used; offsets are from a core module's own begin. Core modules that do not decode are printed as
/// their bytes. Errors: what the text cannot say, Limit for a text beyond max_bytes.
Result<std::string> print_component(const Component& component, const text::PrintOptions& options = {});

/// Each definition of a component on its own, for listings: components and core modules in it without what they hold.
Result<std::vector<std::string>> print_definitions(const Component& component, const text::PrintOptions& options = {});

}  // namespace ashlar::component
