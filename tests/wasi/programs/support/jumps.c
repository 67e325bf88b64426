// What compilers make of setjmp and longjmp with -wasm-enable-sjlj: calls of these, and an exception with this tag.
#include "setjmp.h"

__asm__(
    ".globl __c_longjmp\n"
    ".tagtype __c_longjmp i32\n"
    "__c_longjmp:\n");

void __wasm_setjmp(jmp_buf at, uint32_t label, void* invocation) {
  at->invocation = invocation;
  at->label = label;
}

uint32_t __wasm_setjmp_test(jmp_buf at, void* invocation) { return at->invocation == invocation ? at->label : 0; }

void __wasm_longjmp(jmp_buf at, int value) {
  at->thrown.target = at;
  at->thrown.value = value == 0 ? 1 : value;
  __builtin_wasm_throw(1, &at->thrown);
}
