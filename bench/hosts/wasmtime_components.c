// Components with Wasmtime's C library, whose few functions are declared here.
//   wasmtime_components LIBRARY call COMPONENT FUNCTION N    (FUNCTION: func(u32) -> u64, whose result is printed)
//   wasmtime_components LIBRARY host COMPONENT N             (calls of bench/components/host.wat, as the host makes
//   them) wasmtime_components LIBRARY compile COMPONENT OUTPUT     (what `run-compiled` takes) wasmtime_components
//   LIBRARY run COMPONENT                (a command of WASI 0.2) wasmtime_components LIBRARY run-compiled OUTPUT
// With WASMTIME_CACHE, the path of its configuration file, Wasmtime keeps and takes compiled code in a cache.
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
  uint64_t store;
  uint32_t index;
} Instance;
typedef struct {
  Instance of;
  uint32_t index;
  void* opaque;
} Func;
// wasmtime_component_val_t: 32 bytes; of the union only what is used.
typedef struct {
  uint8_t kind;
  union {
    uint32_t u32;
    uint64_t u64;
    struct {
      bool is_ok;
      void* value;
    } result;
    struct {
      size_t size;
      char* data;
    } string;
    uint64_t room[3];
  } of;
} Value;
enum { kU32 = 6, kString = 12, kResult = 19 };

#define FUNCTIONS(F)                                                                                           \
  F(void*, wasm_config_new, (void))                                                                            \
  F(void*, wasmtime_config_cache_config_load, (void*, const char*))                                            \
  F(void*, wasm_engine_new_with_config, (void*))                                                               \
  F(void*, wasmtime_component_new, (void*, const char*, size_t, void**))                                       \
  F(void*, wasmtime_component_serialize, (void*, Bytes*))                                                      \
  F(void*, wasmtime_component_deserialize_file, (void*, const char*, void**))                                  \
  F(void*, wasmtime_component_linker_new, (void*))                                                             \
  F(void*, wasmtime_component_linker_add_wasip2, (void*))                                                      \
  F(void*, wasmtime_component_linker_instantiate, (void*, void*, void*, Instance*))                            \
  F(void*, wasmtime_component_instance_get_export_index, (const Instance*, void*, void*, const char*, size_t)) \
  F(bool, wasmtime_component_instance_get_func, (const Instance*, void*, void*, Func*))                        \
  F(void*, wasmtime_component_func_call, (const Func*, void*, const Value*, size_t, Value*, size_t))           \
  F(void, wasmtime_component_val_delete, (Value*))                                                             \
  F(void*, wasmtime_store_new, (void*, void*, void (*)(void*)))                                                \
  F(void*, wasmtime_store_context, (void*))                                                                    \
  F(void*, wasi_config_new, (void))                                                                            \
  F(void, wasi_config_inherit_stdout, (void*))                                                                 \
  F(void, wasi_config_inherit_stderr, (void*))                                                                 \
  F(void, wasi_config_inherit_stdin, (void*))                                                                  \
  F(void*, wasmtime_context_set_wasi, (void*, void*))

#include "wasmtime_library.h"

static void* compile(void* engine, const char* path) {
  FILE* file = fopen(path, "rb");
  if (!file) fail("cannot open the component");
  fseek(file, 0, SEEK_END);
  const size_t size = (size_t)ftell(file);
  rewind(file);
  char* bytes = malloc(size);
  if (!bytes || fread(bytes, 1, size, file) != size) fail("cannot read the component");
  fclose(file);
  void* component;
  check(wasmtime_component_new(engine, bytes, size, &component));
  free(bytes);
  return component;
}

static void write_compiled(void* component, const char* path) {
  Bytes bytes;
  check(wasmtime_component_serialize(component, &bytes));
  FILE* file = fopen(path, "wb");
  if (!file || fwrite(bytes.data, 1, bytes.size, file) != bytes.size || fclose(file) != 0)
    fail("cannot write the output");
}

// The function `name` of the instance, or of the first of its instances whose name is among `interfaces`.
static Func find(const Instance* instance, void* context, const char* const* interfaces, const char* name) {
  void* outer = NULL;
  for (; interfaces && *interfaces && !outer; ++interfaces) {
    outer = wasmtime_component_instance_get_export_index(instance, context, NULL, *interfaces, strlen(*interfaces));
  }
  void* index = wasmtime_component_instance_get_export_index(instance, context, outer, name, strlen(name));
  Func func;
  if (!index || !wasmtime_component_instance_get_func(instance, context, index, &func))
    fail("there is no such function");
  return func;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

enum { kRounds = 5, kText = 1024 };

// Calls with the same arguments; the least of several rounds, in nanoseconds a call.
static void measure(const char* name, const Func* func, void* context, const Value* args, size_t args_count,
                    unsigned long count) {
  double least = 1e300;
  for (int round = 0; round < kRounds; ++round) {
    const double before = now();
    for (unsigned long i = 0; i < count; ++i) {
      Value result = {0};
      check(wasmtime_component_func_call(func, context, args, args_count, &result, 1));
      wasmtime_component_val_delete(&result);
    }
    const double took = now() - before;
    if (took < least) least = took;
  }
  printf("%s|wasmtime|%.1f\n", name, least / (double)count);
}

static void measure_host_calls(const Instance* instance, void* context, unsigned long count) {
  const Value numbers[2] = {{kU32, {.u32 = 3}}, {kU32, {.u32 = 4}}};
  const Func add = find(instance, context, NULL, "add");
  measure("host-add", &add, context, numbers, 2, count);
  measure("host-add-values", &add, context, numbers, 2, count / 4);
  char text[kText];
  memset(text, 'x', sizeof text);
  const Value string = {kString, {.string = {sizeof text, text}}};
  const Func length = find(instance, context, NULL, "length"), echo = find(instance, context, NULL, "echo");
  measure("host-length", &length, context, &string, 1, count / 4);
  measure("host-echo", &echo, context, &string, 1, count / 4);
}

int main(int argc, char** argv) {
  const char* what = argc > 3 ? argv[2] : "";
  const bool calls = strcmp(what, "call") == 0 && argc == 6, compiles = strcmp(what, "compile") == 0 && argc == 5;
  const bool hosts = strcmp(what, "host") == 0 && argc == 5;
  const bool is_compiled = strcmp(what, "run-compiled") == 0;
  if (!calls && !compiles && !hosts && !is_compiled && strcmp(what, "run") != 0)
    fail("see the first lines of its source for usage");
  load(argv[1]);
  void* config = wasm_config_new();
  const char* cache = getenv("WASMTIME_CACHE");
  if (cache) check(wasmtime_config_cache_config_load(config, cache));
  void* engine = wasm_engine_new_with_config(config);
  void* component;
  if (is_compiled) {
    check(wasmtime_component_deserialize_file(engine, argv[3], &component));
  } else {
    component = compile(engine, argv[3]);
  }
  if (compiles) {
    write_compiled(component, argv[4]);
    return 0;
  }
  void* linker = wasmtime_component_linker_new(engine);
  check(wasmtime_component_linker_add_wasip2(linker));
  void* context = wasmtime_store_context(wasmtime_store_new(engine, NULL, NULL));
  void* wasi = wasi_config_new();
  wasi_config_inherit_stdin(wasi);
  wasi_config_inherit_stdout(wasi);
  wasi_config_inherit_stderr(wasi);
  check(wasmtime_context_set_wasi(context, wasi));
  Instance instance;
  check(wasmtime_component_linker_instantiate(linker, context, component, &instance));
  if (hosts) {
    measure_host_calls(&instance, context, strtoul(argv[4], NULL, 10));
    return 0;
  }
  Value result = {0};
  if (calls) {
    const Func func = find(&instance, context, NULL, argv[4]);
    const Value n = {kU32, {.u32 = (uint32_t)strtoul(argv[5], NULL, 10)}};
    check(wasmtime_component_func_call(&func, context, &n, 1, &result, 1));
    printf("%" PRIu64 "\n", result.of.u64);
    return 0;
  }
  static const char* const kRun[] = {"wasi:cli/run@0.2.0", "wasi:cli/run@0.2.3", "wasi:cli/run@0.2.6",
                                     "wasi:cli/run@0.2.12", NULL};
  const Func func = find(&instance, context, kRun, "run");
  check(wasmtime_component_func_call(&func, context, NULL, 0, &result, 1));
  return result.kind == kResult && !result.of.result.is_ok;
}
