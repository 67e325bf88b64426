// Functions: calls, callbacks with many values, with an environment, with their caller; what goes wrong.
#include "check.h"

enum { kMany = 20 };

/// Twice the sum, and all of its arguments reversed.
static wasm_trap_t* reverse(void* env, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  ++*(int*)env;
  CHECK(args->size == kMany && results->size == kMany);
  for (size_t i = 0; i < kMany; ++i) {
    CHECK(results->data[i].kind == args->data[i].kind && results->data[i].of.ref == NULL);
    wasm_val_copy(&results->data[i], &args->data[kMany - 1 - i]);
  }
  return NULL;
}

static wasm_functype_t* many_of(wasm_valkind_t kind) {
  wasm_valtype_vec_t params, results;
  wasm_valtype_vec_new_uninitialized(&params, kMany);
  for (size_t i = 0; i < kMany; ++i) params.data[i] = wasm_valtype_new(kind);
  wasm_valtype_vec_copy(&results, &params);
  return wasm_functype_new(&params, &results);
}

void test_many_values(void) {
  int calls = 0;
  Host host = host_new();
  wasm_foreign_t* foreign = wasm_foreign_new(host.store);
  for (int refs = 0; refs < 2; ++refs) {
    wasm_functype_t* type = many_of(refs ? WASM_EXTERNREF : WASM_I64);
    wasm_func_t* func = wasm_func_new_with_env(host.store, type, reverse, &calls, NULL);
    CHECK(wasm_func_param_arity(func) == kMany && wasm_func_result_arity(func) == kMany);
    wasm_functype_t* again = wasm_func_type(func);
    CHECK(wasm_functype_params(again)->size == kMany);
    wasm_functype_delete(again);
    wasm_functype_delete(type);
    wasm_val_vec_t args, results;
    wasm_val_vec_new_uninitialized(&args, kMany);
    wasm_val_vec_new_uninitialized(&results, kMany);
    for (size_t i = 0; i < kMany; ++i) {
      args.data[i].kind = refs ? WASM_EXTERNREF : WASM_I64;
      if (!refs) {
        args.data[i].of.i64 = (int64_t)i;
      } else {
        args.data[i].of.ref = i % 3 == 0 ? wasm_ref_copy(wasm_foreign_as_ref(foreign)) : NULL;
      }
    }
    CHECK(wasm_func_call(func, &args, &results) == NULL && calls == refs + 1);
    for (size_t i = 0; i < kMany; ++i) {
      const size_t from = kMany - 1 - i;
      if (!refs) {
        CHECK(results.data[i].of.i64 == (int64_t)from);
      } else {
        CHECK((results.data[i].of.ref != NULL) == (from % 3 == 0));
      }
    }
    wasm_val_vec_delete(&args);
    wasm_val_vec_delete(&results);
    wasm_func_delete(func);
  }
  wasm_foreign_delete(foreign);
  host_delete(&host);
}

static wasm_trap_t* wrong_kind(const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  (void)args;
  results->data[0].kind = WASM_F32;
  return NULL;
}

/// A result that nobody takes: what a callback leaves before it fails is released.
static wasm_trap_t* result_and_trap(void* env, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  wasm_val_copy(&results->data[0], &args->data[0]);
  wasm_message_t message;
  wasm_name_new_from_string_nt(&message, "after all");
  wasm_trap_t* trap = wasm_trap_new(env, &message);
  wasm_name_delete(&message);
  return trap;
}

void test_wrong_values(void) {
  int finalized = 0;
  Host host = host_new();
  wasm_functype_t* type = wasm_functype_new_1_1(wasm_valtype_new_i32(), wasm_valtype_new_i32());
  wasm_func_t* func = wasm_func_new(host.store, type, wrong_kind);
  wasm_functype_delete(type);
  wasm_val_t one[1] = {WASM_I32_VAL(1)}, wide[1] = {WASM_I64_VAL(1)}, result[1];
  wasm_val_vec_t none = WASM_EMPTY_VEC, args = WASM_ARRAY_VEC(one), bad = WASM_ARRAY_VEC(wide);
  wasm_val_vec_t results = WASM_ARRAY_VEC(result);
  const struct {
    wasm_val_vec_t* args;
    wasm_val_vec_t* results;
    const char* id;
  } cases[] = {{&none, &results, "argument_mismatch"},
               {NULL, &results, "argument_mismatch"},
               {&bad, &results, "argument_mismatch"},
               {&args, &none, "argument_mismatch"},
               {&args, &results, "host_trap"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    wasm_trap_t* trap = wasm_func_call(func, cases[i].args, cases[i].results);
    CHECK(trap != NULL);
    CHECK_TEXT(ashlar_error_id(ashlar_trap_error(trap)), cases[i].id);
    wasm_trap_delete(trap);
  }
  wasm_func_delete(func);

  type = wasm_functype_new_1_1(wasm_valtype_new_externref(), wasm_valtype_new_externref());
  func = wasm_func_new_with_env(host.store, type, result_and_trap, host.store, NULL);
  wasm_functype_delete(type);
  wasm_foreign_t* foreign = wasm_foreign_new(host.store);
  wasm_foreign_set_host_info_with_finalizer(foreign, &finalized, count_up);
  wasm_val_t ref[1] = {WASM_REF_VAL(wasm_foreign_as_ref(foreign))};
  wasm_val_vec_t ref_args = WASM_ARRAY_VEC(ref);
  wasm_trap_t* trap = wasm_func_call(func, &ref_args, &results);
  CHECK_TEXT(ashlar_error_message(ashlar_trap_error(trap)), "after all");
  wasm_trap_delete(trap);
  wasm_foreign_delete(foreign);
  wasm_func_delete(func);

  // Vectors fit no wasm_val_t.
  wasm_instance_t* instance =
      instance_of(host.store,
                  "(module (func (export \"v\") (param v128)) (func (export \"w\") (result v128) (v128.const"
                  " i64x2 1 2)))");
  func = exported_func(instance, "v");
  trap = wasm_func_call(func, &args, NULL);
  CHECK_TEXT(ashlar_error_id(ashlar_trap_error(trap)), "argument_mismatch");
  wasm_trap_delete(trap);
  wasm_func_delete(func);
  func = exported_func(instance, "w");
  trap = wasm_func_call(func, NULL, &results);
  CHECK_TEXT(ashlar_error_id(ashlar_trap_error(trap)), "argument_mismatch");
  wasm_trap_delete(trap);
  wasm_func_delete(func);
  wasm_instance_delete(instance);
  host_delete(&host);
  CHECK(finalized == 1);
}

static wasm_trap_t* put(void* env, ashlar_caller_t* caller, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  (void)results;
  wasm_memory_t* memory = ashlar_caller_memory(caller);
  if (memory == NULL) {
    *(int*)env = -1;
    CHECK(ashlar_caller_export(caller, "go") == NULL);
    return NULL;
  }
  wasm_memory_data(memory)[args->data[0].of.i32] = 'x';
  wasm_extern_t* go = ashlar_caller_export(caller, "go");
  CHECK(wasm_extern_kind(go) == WASM_EXTERN_FUNC && ashlar_caller_export(caller, "other") == NULL);
  wasm_extern_delete(go);
  wasm_foreign_t* made = wasm_foreign_new(ashlar_caller_store(caller));
  CHECK(made != NULL);
  wasm_foreign_delete(made);
  wasm_memory_delete(memory);
  return NULL;
}

void test_callers_and_environments(void) {
  int seen = 0, finalized = 0;
  Host host = host_new();
  wasm_functype_t* type = wasm_functype_new_1_0(wasm_valtype_new_i32());
  wasm_func_t* func = ashlar_func_new(host.store, type, put, &seen, NULL);
  wasm_func_delete(wasm_func_new_with_env(host.store, type, NULL, &finalized, count_up));
  wasm_func_delete(ashlar_func_new(host.store, type, NULL, &finalized, count_up));
  wasm_functype_delete(type);
  wasm_module_t* module = module_of(
      host.store,
      "(module (import \"\" \"put\" (func $put (param i32))) (memory (export \"memory\") 1)"
      " (func (export \"go\") (param i32) (result i32) (call $put (local.get 0)) (i32.load8_u (local.get 0))))");
  wasm_extern_t* imports[] = {wasm_func_as_extern(func)};
  wasm_extern_vec_t vec = WASM_ARRAY_VEC(imports);
  wasm_instance_t* instance = wasm_instance_new(host.store, module, &vec, NULL);
  CHECK(call_i32(instance, "go", 100) == 'x' && seen == 0);
  wasm_val_t one[1] = {WASM_I32_VAL(1)};
  wasm_val_vec_t args = WASM_ARRAY_VEC(one);
  CHECK(wasm_func_call(func, &args, NULL) == NULL && seen == -1);
  wasm_instance_delete(instance);
  wasm_module_delete(module);
  wasm_func_delete(func);
  CHECK(finalized == 0);
  host_delete(&host);
  CHECK(finalized == 2);
}
