// What the tests of the C API share.
#include "check.h"

Host host_new(void) {
  Host host;
  host.engine = wasm_engine_new();
  host.store = wasm_store_new(host.engine);
  return host;
}

void host_delete(Host* host) {
  wasm_store_delete(host->store);
  wasm_engine_delete(host->engine);
}

wasm_module_t* module_of(wasm_store_t* store, const char* text) {
  wasm_module_t* module = NULL;
  ashlar_error_t* error = ashlar_module_new(store, text, strlen(text), &module);
  if (error != NULL) {
    fprintf(stderr, "%s\n", ashlar_error_text(error));
    exit(1);
  }
  return module;
}

wasm_instance_t* instance_of(wasm_store_t* store, const char* text) {
  wasm_module_t* module = module_of(store, text);
  wasm_instance_t* instance = wasm_instance_new(store, module, NULL, NULL);
  CHECK(instance != NULL);
  wasm_module_delete(module);
  return instance;
}

wasm_func_t* exported_func(const wasm_instance_t* instance, const char* name) {
  wasm_extern_t* found = ashlar_instance_export(instance, name);
  wasm_func_t* func = wasm_extern_as_func(found);
  CHECK(func != NULL);
  return func;
}

wasm_val_t call1(const wasm_instance_t* instance, const char* name, const wasm_val_t* arg) {
  wasm_func_t* func = exported_func(instance, name);
  wasm_val_t given[1] = {WASM_INIT_VAL};
  wasm_val_t result[1] = {WASM_INIT_VAL};
  wasm_val_vec_t args = {arg != NULL ? 1 : 0, given};
  wasm_val_vec_t results = WASM_ARRAY_VEC(result);
  if (arg != NULL) given[0] = *arg;
  wasm_trap_t* trap = wasm_func_call(func, &args, &results);
  if (trap != NULL) {
    fprintf(stderr, "%s: %s\n", name, ashlar_error_text(ashlar_trap_error(trap)));
    exit(1);
  }
  wasm_func_delete(func);
  return result[0];
}

int32_t call_i32(const wasm_instance_t* instance, const char* name, int32_t arg) {
  const wasm_val_t value = WASM_I32_VAL(arg);
  return call1(instance, name, &value).of.i32;
}

void count_up(void* counter) { ++*(int*)counter; }
