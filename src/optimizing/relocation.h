// Relocations: how a reference between two places of linked code is written into its instruction or datum.
#pragma once

#include <cstdint>
#include <span>

#include "native/image.h"

namespace ashlar::optimizing {

enum class Relocated : uint8_t { Yes, UnknownType, OutOfRange, OutOfSection };

/// Applies ELF relocation `type` at offset `place` of the code to refer to offset `target` (addend included).
Relocated relocate(native::Arch arch, uint32_t type, std::span<uint8_t> code, uint64_t place, uint64_t target);

}  // namespace ashlar::optimizing
