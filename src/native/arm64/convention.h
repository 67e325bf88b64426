// AArch64: registers of the native convention.
#pragma once

#include <csignal>
#include <cstdint>

namespace ashlar::native {

inline constexpr uint32_t kIntRegisters = 8;        ///< x0 (the context), x1-7
inline constexpr uint32_t kFloatRegisters = 8;      ///< v0-7
inline constexpr uint32_t kSavedRegisters = 20;     ///< x19-x28, x30, x29, d8-d15
inline constexpr uint64_t kReturnAddressBytes = 0;  ///< calls leave it in x30
inline constexpr int kTrapSignal = SIGTRAP;         ///< of brk

}  // namespace ashlar::native
