// Clocks of the operating system, in nanoseconds.
#pragma once

#include <cstdint>

#include "os/file.h"

namespace ashlar::os {

enum class Clock : uint8_t { Realtime, Monotonic, ProcessCpu, ThreadCpu };

/// Nanoseconds on `clock`; a wall clock before 1970 reads 0.
SysResult<uint64_t> clock_now(Clock clock);
SysResult<uint64_t> clock_resolution(Clock clock);
/// Clock::Monotonic, which cannot fail.
uint64_t monotonic_now();
void yield_thread();

}  // namespace ashlar::os
