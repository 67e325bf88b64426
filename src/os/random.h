// Random bytes fit for keys, from the operating system.
#pragma once

#include <cstdint>
#include <span>

#include "os/file.h"

namespace ashlar::os {

SysResult<void> fill_random(std::span<uint8_t> bytes);

}  // namespace ashlar::os
