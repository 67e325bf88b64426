// Wasmtime's C library, loaded when the program runs. Whoever includes this has FUNCTIONS(F), a row F(result, name,
// (parameters)) for each function that it calls.
#pragma once

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
  size_t size;
  char* data;
} Bytes;

#define DECLARE(result, name, parameters) static result(*name) parameters;
FUNCTIONS(DECLARE)
DECLARE(void, wasmtime_error_message, (void*, Bytes*))

_Noreturn static void fail(const char* what) {
  fprintf(stderr, "wasmtime: %s\n", what);
  exit(1);
}

static void check(void* error) {
  if (!error) return;
  Bytes message;
  wasmtime_error_message(error, &message);
  fprintf(stderr, "%.*s\n", (int)message.size, message.data);
  exit(1);
}

static void load(const char* file) {
  void* library = dlopen(file, RTLD_NOW);
  if (!library) fail(dlerror());
#define LOAD(result, name, parameters)      \
  *(void**)(&name) = dlsym(library, #name); \
  if (!name) fail(#name " is not in this library");
  FUNCTIONS(LOAD)
  LOAD(void, wasmtime_error_message, (void*, Bytes*))
}
