// What the tests of the C API share: checks, and modules from text.
#ifndef TESTS_CAPI_CHECK_H
#define TESTS_CAPI_CHECK_H

#include <ashlar.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                                \
    }                                                                         \
  } while (0)

#define CHECK_TEXT(text, wanted)                                                                              \
  do {                                                                                                        \
    const char* text_ = (text);                                                                               \
    if (text_ == NULL || strcmp(text_, (wanted)) != 0) {                                                      \
      fprintf(stderr, "%s:%d: '%s', not '%s'\n", __FILE__, __LINE__, text_ == NULL ? "null" : text_, wanted); \
      exit(1);                                                                                                \
    }                                                                                                         \
  } while (0)

#define LAST_ERROR_IS(wanted) CHECK_TEXT(ashlar_error_id(ashlar_last_error()), wanted)

/// An engine and a store of it.
typedef struct Host {
  wasm_engine_t* engine;
  wasm_store_t* store;
} Host;
Host host_new(void);
void host_delete(Host* host);

/// Of the text format.
wasm_module_t* module_of(wasm_store_t* store, const char* text);
/// An instance without imports.
wasm_instance_t* instance_of(wasm_store_t* store, const char* text);
wasm_func_t* exported_func(const wasm_instance_t* instance, const char* name);

/// Calls an export with at most one argument (or null) and one result; checks that it does not trap.
wasm_val_t call1(const wasm_instance_t* instance, const char* name, const wasm_val_t* arg);
int32_t call_i32(const wasm_instance_t* instance, const char* name, int32_t arg);

/// A finalizer that counts up the int that it gets.
void count_up(void* counter);

#endif
