// Text to component: the parser of the component text format (.wat).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "component/syntax.h"
#include "text/parse.h"

namespace ashlar::component {

/// `source_map` is not used; `origin` and `debug_names` as for modules. Core modules inside are parsed with them too.
using ParseOptions = text::ParseOptions;

/// Whether a text is a component's: its first token but for comments is "(component".
bool is_component_text(std::string_view source);

/// Parses one component: "(component ...)", or its definitions alone; "(component quote ...)", "(component definition
/// ...)" and "(component binary ...)" too. Abbreviations are written out: inline types, imports, exports, aliases and
/// instances become definitions of their own in front of what uses them (exports at the end), identifiers of enclosing
/// scopes outer aliases. Core modules are assembled. Nothing is validated: indices may be out of range. Takes linear
/// time; nesting is limited. With debug_names identifiers become Component::names.
/// Errors: Phase::Malformed with line, column and the source line as a note; Limit when nested too deeply.
Result<std::unique_ptr<Component>> parse_component(std::string_view source, const ParseOptions& options = {});

/// parse_component, then encode; the bytes of "(component binary ...)" come out as they stand.
Result<std::vector<uint8_t>> parse_component_to_binary(std::string_view source, const ParseOptions& options = {});

}  // namespace ashlar::component
