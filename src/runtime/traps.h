// Trap: the small number by which running code says why it stopped.
#pragma once

#include <cstdint>

#include "base/error.h"

namespace ashlar::runtime {

class Store;

/// Rows of traps.def; none: all is well.
enum class Trap : uint8_t {
  none = 0,
#define TRAP(number, id) id = number,
#include "runtime/traps.def"
#undef TRAP
};

/// `trap` is not none.
ErrorCode to_error(Trap trap);
/// The error of a trap, with the store's reason for an interruption. `trap` is not none.
Error make_trap(const Store& store, Trap trap);
/// The status of a helper that ran on behalf of the host or of instantiation.
Status to_status(const Store& store, Trap trap);

}  // namespace ashlar::runtime
