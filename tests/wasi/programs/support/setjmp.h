// setjmp for guests whose C library has none; jumps.c holds what compilers call.
#pragma once

#include <stdint.h>

typedef struct {
  void* invocation;
  uint32_t label;
  struct {
    void* target;
    int value;
  } thrown;
} jmp_buf[1];

int setjmp(jmp_buf) __attribute__((returns_twice));
_Noreturn void longjmp(jmp_buf, int);
