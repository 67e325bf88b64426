// What the examples share: the end of a program that has met an error.
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <ashlar.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Does nothing with null.
static inline void check(ashlar_error_t* error) {
  if (error == NULL) return;
  fprintf(stderr, "%s\n", ashlar_error_text(error));
  exit(1);
}

/// Prints a trap with its backtrace; does nothing with null.
static inline void check_trap(wasm_trap_t* trap) {
  if (trap == NULL) return;
  fprintf(stderr, "%s\n", ashlar_error_text(ashlar_trap_error(trap)));
  exit(1);
}

static inline wasm_func_t* func_of(const wasm_instance_t* instance, const char* name) {
  wasm_func_t* func = wasm_extern_as_func(ashlar_instance_export(instance, name));
  if (func != NULL) return func;
  fprintf(stderr, "there is no function '%s'\n", name);
  exit(1);
}

#endif
