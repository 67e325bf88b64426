// AArch64: registers of the native convention. There is no code yet: kSupported is false.
#pragma once

#include <cstdint>

namespace ashlar::native {

inline constexpr uint32_t kIntRegisters = 8;    ///< x0 (the context), x1-7
inline constexpr uint32_t kFloatRegisters = 8;  ///< v0-7
inline constexpr uint32_t kSavedRegisters = 6;
inline constexpr uint64_t kReturnAddressBytes = 0;
inline constexpr uint64_t kEntryBytes = 16;

}  // namespace ashlar::native
