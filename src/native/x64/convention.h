// x86-64: registers of the native convention.
#pragma once

#include <csignal>
#include <cstdint>

namespace ashlar::native {

inline constexpr uint32_t kIntRegisters = 6;        ///< rdi (the context), rsi, rdx, rcx, r8, r9
inline constexpr uint32_t kFloatRegisters = 8;      ///< xmm0-7
inline constexpr uint32_t kSavedRegisters = 6;      ///< rbx, r12-r15, rbp
inline constexpr uint64_t kReturnAddressBytes = 8;  ///< pushed by calls, between the frame and the caller's
inline constexpr int kTrapSignal = SIGILL;          ///< of ud1

}  // namespace ashlar::native
