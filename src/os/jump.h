// Jumps out of a signal handler into a frame that is still there.
#pragma once

#include <csetjmp>

namespace ashlar::os {

// clang's builtins are a few instructions, but not to be had for aarch64. Neither touches the signal mask.
#if defined(__x86_64__)
struct Jump {
  void* buffer[5] = {};
};
/// 0 where it is set, 1 where a jump arrives. A macro: it must stand in the function that is jumped into.
#define ASHLAR_SET_JUMP(jump) __builtin_setjmp((jump).buffer)
[[noreturn]] inline void jump_to(Jump& jump) { __builtin_longjmp(jump.buffer, 1); }
#else
struct Jump {
  std::jmp_buf buffer;
};
#define ASHLAR_SET_JUMP(jump) _setjmp((jump).buffer)
[[noreturn]] inline void jump_to(Jump& jump) { std::longjmp(jump.buffer, 1); }
#endif

}  // namespace ashlar::os
