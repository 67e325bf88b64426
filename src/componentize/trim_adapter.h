// Adapter modules cut down to what a program needs of them, with a stack of their own.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "componentize/wit_decoder.h"
#include "module/module.h"

namespace ashlar::componentize {

/// The module whose exports adapters call.
inline constexpr std::string_view kMainModule = "__main_module__";

/// The module with only these exports, and the functions and imports that they need. Its imports of `realloc` from the
/// main module stay when `main_realloc` names an export; else it grows the main module's memory itself. A module with
/// a global __stack_pointer gets 64 KiB of stack: with a main realloc and a global allocation_state (0: none yet, 1:
/// being made, 2: there) at the first call of an export, else when it is started. Errors: what an adapter cannot have.
Result<std::vector<uint8_t>> trim_adapter(const module::Module& adapter, const std::set<std::string>& exports,
                                          const std::optional<std::string>& main_realloc, const BinaryOptions& options);

}  // namespace ashlar::componentize
