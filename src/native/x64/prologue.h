// x86-64: the instructions of which LLVM makes prologues. Reads bytes only, so that it works on any machine.
#pragma once

#include <cstdint>
#include <cstring>

namespace ashlar::native {

struct PrologueStep {
  uint32_t size;  ///< of the instruction; 0: it is in no prologue
  int64_t depth;  ///< bytes that it puts below the return address
};

/// The instruction at `at`. Bytes are compared from its first on, so that it is read no further than it goes.
inline PrologueStep prologue_step(const uint8_t* at) {
  if ((at[0] & 0xf8) == 0x50) return {1, 8};                                            // push
  if (at[0] == 0x41 && (at[1] & 0xf8) == 0x50) return {2, 8};                           // push r8-r15
  if (at[0] == 0x48 && at[1] == 0x89 && at[2] == 0xe5) return {3, 0};                   // mov %rsp, %rbp
  if (at[0] == 0x48 && at[1] == 0x83 && at[2] == 0xec) return {4, at[3]};               // sub $imm8, %rsp
  if (at[0] == 0x48 && at[1] == 0xc7 && at[2] == 0x04 && at[3] == 0x24) return {8, 0};  // probe: movq $imm32, (%rsp)
  if (at[0] == 0x48 && at[1] == 0x81 && at[2] == 0xec) {                                // sub $imm32, %rsp
    int32_t size;
    std::memcpy(&size, at + 3, sizeof size);
    return {7, size};
  }
  return {0, 0};
}

}  // namespace ashlar::native
