// Core modules out of a component: it imports them instead.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "componentize/wit_decoder.h"

namespace ashlar::componentize {

struct Unbundled {
  struct Module {
    std::string import;  ///< the component's import that stands for it
    std::vector<uint8_t> bytes;
  };
  std::vector<uint8_t> component;
  std::vector<Module> modules;
};

/// Takes the core modules out of a component and the components nested in it. Errors: of validation; a component whose
/// core types would have to be numbered anew, modules that module types cannot describe.
Result<Unbundled> unbundle(const std::vector<uint8_t>& component, const BinaryOptions& options);

}  // namespace ashlar::componentize
