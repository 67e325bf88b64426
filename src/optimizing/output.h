// Where the compiler program writes its result: into a descriptor, or into a file that appears only when it is whole.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/error.h"

namespace ashlar::optimizing {

/// Whether a result could be put there; asked before the long work. Errors: Io.
Status check_output(const std::string& where);

/// Writes the result. A file is made under another name in the same folder and renamed; devices and pipes are written
/// as they are. Errors: Io.
Status write_output(const std::string& where, std::span<const uint8_t> bytes);

/// From now on signals that end the process remove the unfinished file first.
void remove_unfinished_on_signals();
/// The same for those that end it otherwise.
void remove_unfinished();

}  // namespace ashlar::optimizing
