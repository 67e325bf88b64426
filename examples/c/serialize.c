// A module is compiled once, written to a file, and loaded from there by another engine.
//
//   serialize FILE [auto]
#include "example.h"

static const char kGuest[] =
    "(module (func $fib (export \"fib\") (param i32) (result i32)"
    " (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))"
    "  (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))"
    "   (call $fib (i32.sub (local.get 0) (i32.const 2))))))))";

static wasm_engine_t* new_engine(bool automatic) {
  wasm_config_t* config = wasm_config_new();
  if (automatic) ashlar_config_set_tier(config, ASHLAR_TIER_AUTO);
  return wasm_engine_new_with_config(config);
}

static void write_module(const char* path, bool automatic) {
  wasm_engine_t* engine = new_engine(automatic);
  wasm_store_t* store = wasm_store_new(engine);
  wasm_module_t* module;
  check(ashlar_module_new(store, kGuest, strlen(kGuest), &module));
  check(ashlar_module_serialize_to_file(module, path));
  wasm_module_delete(module);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
}

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const bool automatic = argc > 2 && strcmp(argv[2], "auto") == 0;
  write_module(argv[1], automatic);

  wasm_engine_t* engine = new_engine(automatic);
  wasm_store_t* store = wasm_store_new(engine);
  wasm_module_t* module;
  check(ashlar_module_deserialize_file(store, argv[1], &module));
  wasm_trap_t* trap;
  wasm_instance_t* instance = wasm_instance_new(store, module, NULL, &trap);
  check_trap(trap);
  wasm_func_t* fib = func_of(instance, "fib");
  wasm_val_t n[] = {WASM_I32_VAL(20)}, result[1];
  wasm_val_vec_t args = WASM_ARRAY_VEC(n), results = WASM_ARRAY_VEC(result);
  check_trap(wasm_func_call(fib, &args, &results));
  printf("fib(20) = %d\n", result[0].of.i32);

  wasm_func_delete(fib);
  wasm_instance_delete(instance);
  wasm_module_delete(module);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  return 0;
}
