// A guest that calls a function of the host.
#include "example.h"

static const char kGuest[] =
    "(module (import \"host\" \"print\" (func $print (param i32)))"
    " (func (export \"run\") (call $print (i32.const 42))))";

static wasm_trap_t* print(void* env, ashlar_caller_t* caller, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  (void)caller, (void)results;
  printf("%s: %d\n", (const char*)env, args->data[0].of.i32);
  return NULL;
}

int main(void) {
  wasm_engine_t* engine = wasm_engine_new();
  wasm_store_t* store = wasm_store_new(engine);
  wasm_module_t* module;
  check(ashlar_module_new(store, kGuest, strlen(kGuest), &module));

  ashlar_linker_t* linker = ashlar_linker_new(store);
  wasm_functype_t* type = wasm_functype_new_1_0(wasm_valtype_new_i32());
  ashlar_linker_define_func(linker, "host", "print", type, print, "the guest says", NULL);
  wasm_functype_delete(type);
  wasm_instance_t* instance;
  check(ashlar_linker_instantiate(linker, module, &instance));

  wasm_func_t* run = func_of(instance, "run");
  check_trap(wasm_func_call(run, NULL, NULL));

  wasm_func_delete(run);
  wasm_instance_delete(instance);
  ashlar_linker_delete(linker);
  wasm_module_delete(module);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  return 0;
}
