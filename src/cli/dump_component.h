// What objdump shows of a component: sections, also those of nested components and core modules, with their offsets.
#pragma once

#include <string_view>

#include "base/error.h"
#include "cli/load_component.h"

namespace ashlar::cli {

struct ComponentDump {
  bool headers = false;
  bool details = false;
  bool disassemble = false;
  bool full = false;      ///< the sections' bytes
  std::string_view only;  ///< one section's name; empty: all
};

/// Writes it to standard output. Errors: a core module that does not decode.
Status dump_component(const LoadedComponent& component, const runtime::Config& config, const ComponentDump& what);

}  // namespace ashlar::cli
