// Module to bytes: the binary encoder.
#pragma once

#include <vector>

#include "module/module.h"

namespace ashlar::binary {

/// Encodes a module. Bodies, constant expressions and data contents are copied from Module::bytes. Custom sections keep
/// their place (CustomSection::after_section). LEB128 fields that we write ourselves are of minimal length.
std::vector<uint8_t> encode(const module::Module& m);

}  // namespace ashlar::binary
