// The same cycles and crowds as bench/instances.cc with Wasmtime's C library, whose few functions are declared here.
//   wasmtime_instances LIBRARY cycle MODULE EXPORT    (EXPORT: (i32) -> i32)
//   wasmtime_instances LIBRARY live MODULE EXPORT N
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
  uint64_t store;
  size_t index;
} Handle;
typedef struct {
  uint64_t store;
  void* opaque;
} Func;
typedef struct {
  uint8_t kind;
  union {
    Func func;
    uint64_t room[4];
  } of;
} Extern;
typedef union {
  int32_t i32;
  uint64_t room[2];
} Raw;

#define FUNCTIONS(F)                                                                           \
  F(void*, wasm_config_new, (void))                                                            \
  F(void*, wasm_engine_new_with_config, (void*))                                               \
  F(void*, wasmtime_pooling_allocation_config_new, (void))                                     \
  F(void, wasmtime_pooling_allocation_config_total_core_instances_set, (void*, uint32_t))      \
  F(void, wasmtime_pooling_allocation_config_total_memories_set, (void*, uint32_t))            \
  F(void, wasmtime_pooling_allocation_config_total_tables_set, (void*, uint32_t))              \
  F(void, wasmtime_pooling_allocation_config_linear_memory_keep_resident_set, (void*, size_t)) \
  F(void, wasmtime_pooling_allocation_config_table_keep_resident_set, (void*, size_t))         \
  F(void, wasmtime_pooling_allocation_config_max_unused_warm_slots_set, (void*, uint32_t))     \
  F(void, wasmtime_pooling_allocation_strategy_set, (void*, void*))                            \
  F(void*, wasmtime_module_new, (void*, const uint8_t*, size_t, void**))                       \
  F(void*, wasmtime_linker_new, (void*))                                                       \
  F(void*, wasmtime_linker_instantiate_pre, (void*, void*, void**))                            \
  F(void*, wasmtime_instance_pre_instantiate, (void*, void*, Handle*, void**))                 \
  F(void*, wasmtime_store_new, (void*, void*, void (*)(void*)))                                \
  F(void, wasmtime_store_delete, (void*))                                                      \
  F(void*, wasmtime_store_context, (void*))                                                    \
  F(bool, wasmtime_instance_export_get, (void*, const Handle*, const char*, size_t, Extern*))  \
  F(void*, wasmtime_func_call_unchecked, (void*, const Func*, Raw*, size_t, void**))

#include "wasmtime_library.h"

static void* engine;
static void* pre;
static const char* export_name;

static void begin(bool pool, uint32_t count, const char* file) {
  void* config = wasm_config_new();
  if (pool) {
    void* pooling = wasmtime_pooling_allocation_config_new();
    wasmtime_pooling_allocation_config_total_core_instances_set(pooling, count);
    wasmtime_pooling_allocation_config_total_memories_set(pooling, count);
    wasmtime_pooling_allocation_config_total_tables_set(pooling, count);
    wasmtime_pooling_allocation_config_linear_memory_keep_resident_set(pooling, 256 << 10);
    wasmtime_pooling_allocation_config_table_keep_resident_set(pooling, 256 << 10);
    wasmtime_pooling_allocation_config_max_unused_warm_slots_set(pooling, 100);
    wasmtime_pooling_allocation_strategy_set(config, pooling);
  }
  engine = wasm_engine_new_with_config(config);
  FILE* in = fopen(file, "rb");
  if (!in) fail("the module is not there");
  static uint8_t bytes[8 << 20];
  const size_t size = fread(bytes, 1, sizeof bytes, in);
  fclose(in);
  void* module = NULL;
  check(wasmtime_module_new(engine, bytes, size, &module));
  check(wasmtime_linker_instantiate_pre(wasmtime_linker_new(engine), module, &pre));
}

static void* use(void) {
  void* store = wasmtime_store_new(engine, NULL, NULL);
  void* context = wasmtime_store_context(store);
  Handle instance;
  void* trap = NULL;
  check(wasmtime_instance_pre_instantiate(pre, context, &instance, &trap));
  Extern item;
  if (trap || !wasmtime_instance_export_get(context, &instance, export_name, strlen(export_name), &item)) fail("start");
  Raw value = {.i32 = 1234};
  check(wasmtime_func_call_unchecked(context, &item.of.func, &value, 1, &trap));
  if (trap) fail("a trap");
  return store;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint64_t proc_bytes(const char* file, const char* key) {
  FILE* in = fopen(file, "r");
  char line[256];
  uint64_t found = 0;
  while (in && fgets(line, sizeof line, in)) {
    if (strncmp(line, key, strlen(key)) == 0) found = strtoull(line + strlen(key), NULL, 10);
  }
  if (in) fclose(in);
  return found << 10;
}

static void cycle(const char* label) {
  double best = 1e9;
  for (int i = 0; i < 20; ++i) {
    const double from = now();
    for (int k = 0; k < 1000; ++k) wasmtime_store_delete(use());
    const double each = (now() - from) / 1000;
    if (each < best) best = each;
  }
  printf("%s %.0f ns\n", label, best * 1e9);
}

static void live(const char* label, uint32_t count) {
  void** stores = calloc(count, sizeof *stores);
  const uint64_t pss = proc_bytes("/proc/self/smaps_rollup", "Pss:");
  const double from = now();
  for (uint32_t i = 0; i < count; ++i) stores[i] = use();
  printf("%s.create %.3f s\n", label, now() - from);
  printf("%s.pss %.0f bytes\n", label, (double)(proc_bytes("/proc/self/smaps_rollup", "Pss:") - pss) / count);
  const double end = now();
  for (uint32_t i = 0; i < count; ++i) wasmtime_store_delete(stores[i]);
  printf("%s.drop %.3f s\n", label, now() - end);
  free(stores);
}

int main(int argc, char** argv) {
  if (argc < 5) fail("LIBRARY cycle|live MODULE EXPORT [N]");
  load(argv[1]);
  export_name = argv[4];
  const bool crowd = argc > 5;
  const uint32_t count = crowd ? (uint32_t)strtoul(argv[5], NULL, 10) : 100;
  for (int pool = 1; pool >= 0; --pool) {
    begin(pool != 0, count, argv[3]);
    const char* label = pool ? "pool" : "on_demand";
    if (crowd) {
      live(label, count);
    } else {
      cycle(label);
    }
  }
  return 0;
}
