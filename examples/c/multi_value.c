// Several results, of a guest's function and of the host's; the functions of wasm.h alone.
#include "example.h"

static const char kGuest[] =
    "(module (import \"\" \"divide\" (func $divide (param i64 i64) (result i64 i64)))"
    " (func (export \"hms\") (param i64) (result i64 i64 i64)"
    "  (call $divide (local.get 0) (i64.const 60)) (local.set 0) (i64.const 60) (call $divide) (local.get 0)))";

/// Quotient and remainder.
static wasm_trap_t* divide(void* env, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  const int64_t by = args->data[1].of.i64;
  if (by == 0) {
    wasm_message_t message;
    wasm_name_new_from_string_nt(&message, "divided by zero");
    wasm_trap_t* trap = wasm_trap_new(env, &message);
    wasm_name_delete(&message);
    return trap;
  }
  results->data[0].of.i64 = args->data[0].of.i64 / by;
  results->data[1].of.i64 = args->data[0].of.i64 % by;
  return NULL;
}

int main(void) {
  wasm_engine_t* engine = wasm_engine_new();
  wasm_store_t* store = wasm_store_new(engine);
  wasm_byte_vec_t binary;
  check(ashlar_wat2wasm(kGuest, strlen(kGuest), &binary));
  wasm_module_t* module = wasm_module_new(store, &binary);
  wasm_byte_vec_delete(&binary);

  wasm_functype_t* type = wasm_functype_new_2_2(wasm_valtype_new_i64(), wasm_valtype_new_i64(), wasm_valtype_new_i64(),
                                                wasm_valtype_new_i64());
  wasm_func_t* func = wasm_func_new_with_env(store, type, divide, store, NULL);
  wasm_functype_delete(type);
  wasm_extern_t* externs[] = {wasm_func_as_extern(func)};
  wasm_extern_vec_t imports = WASM_ARRAY_VEC(externs);
  wasm_trap_t* trap;
  wasm_instance_t* instance = wasm_instance_new(store, module, &imports, &trap);
  check_trap(trap);

  wasm_extern_vec_t exports;
  wasm_instance_exports(instance, &exports);
  wasm_val_t seconds[] = {WASM_I64_VAL(36610)};
  wasm_val_t hms[3];
  wasm_val_vec_t args = WASM_ARRAY_VEC(seconds), results = WASM_ARRAY_VEC(hms);
  check_trap(wasm_func_call(wasm_extern_as_func(exports.data[0]), &args, &results));
  printf("%d:%02d:%02d\n", (int)hms[0].of.i64, (int)hms[1].of.i64, (int)hms[2].of.i64);

  wasm_extern_vec_delete(&exports);
  wasm_instance_delete(instance);
  wasm_func_delete(func);
  wasm_module_delete(module);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  return 0;
}
