// Calls in which callbacks wait.
#include "check.h"

static const char kGuest[] =
    "(module (import \"host\" \"ask\" (func $ask (param i32) (result i32)))"
    "  (func (export \"twice\") (param i32) (result i32)"
    "    (i32.add (call $ask (local.get 0)) (call $ask (local.get 0)))))";

/// What the callback has to do with its test.
typedef struct Asked {
  ashlar_completion_t* done;
  int32_t answer;
  int asked, returned;
} Asked;

static void keep(ashlar_completion_t* done, void* env) { ((Asked*)env)->done = done; }

static wasm_trap_t* ask(void* env, ashlar_caller_t* caller, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  Asked* asked = env;
  ++asked->asked;
  wasm_trap_t* trap = ashlar_caller_suspend(caller, keep, asked);
  ++asked->returned;
  if (trap != NULL) return trap;
  results->data[0] = (wasm_val_t)WASM_I32_VAL(args->data[0].of.i32 * asked->answer);
  return NULL;
}

static void trap_is(wasm_trap_t* trap, const char* wanted) {
  CHECK(trap != NULL);
  CHECK_TEXT(ashlar_error_id(ashlar_trap_error(trap)), wanted);
  wasm_trap_delete(trap);
}

void test_asynchronous_calls(void) {
  Host host = host_new();
  Asked asked = {NULL, 0, 0, 0};
  ashlar_linker_t* linker = ashlar_linker_new(host.store);
  wasm_functype_t* type = wasm_functype_new_1_1(wasm_valtype_new_i32(), wasm_valtype_new_i32());
  ashlar_linker_define_func(linker, "host", "ask", type, ask, &asked, NULL);
  wasm_functype_delete(type);
  wasm_module_t* module = module_of(host.store, kGuest);
  wasm_instance_t* instance = NULL;
  CHECK(ashlar_linker_instantiate(linker, module, &instance) == NULL);
  wasm_func_t* twice = exported_func(instance, "twice");

  wasm_val_t arg[1] = {WASM_I32_VAL(3)}, result[1] = {WASM_I32_VAL(0)};
  wasm_val_vec_t args = WASM_ARRAY_VEC(arg), results = WASM_ARRAY_VEC(result);
  int told = 0;
  ashlar_call_t* call = ashlar_func_call_async(twice, &args, &results);
  CHECK(asked.asked == 1 && asked.returned == 0 && !ashlar_call_poll(call) && ashlar_call_trap(call) == NULL);
  ashlar_call_on_ready(call, count_up, &told);
  trap_is(wasm_func_call(twice, &args, &results), "store_suspended");
  asked.answer = 7;
  CHECK(told == 0 && ashlar_completion_complete(asked.done) && told == 1);
  CHECK(!ashlar_call_poll(call) && asked.asked == 2 && asked.returned == 1 && result[0].of.i32 == 0);
  CHECK(ashlar_completion_complete(asked.done));
  ashlar_call_wait(call);
  CHECK(ashlar_call_poll(call) && ashlar_call_trap(call) == NULL && result[0].of.i32 == 42);
  ashlar_call_delete(call);

  call = ashlar_func_call_async(twice, &args, &results);
  CHECK(ashlar_completion_fail(asked.done, "no answer") && ashlar_call_poll(call));
  trap_is(ashlar_call_trap(call), "host_trap");
  CHECK(ashlar_call_trap(call) == NULL);
  ashlar_call_delete(call);

  call = ashlar_func_call_async(twice, &args, &results);
  ashlar_store_interrupt(host.store, "enough");
  CHECK(ashlar_call_poll(call));
  trap_is(ashlar_call_trap(call), "interrupted");
  CHECK(!ashlar_completion_complete(asked.done));
  ashlar_store_clear_interrupt(host.store);
  ashlar_call_delete(call);

  call = ashlar_func_call_async(twice, NULL, &results);
  trap_is(ashlar_call_trap(call), "argument_mismatch");
  ashlar_call_delete(call);

  // Dropped; and a completion that outlives everything.
  asked.returned = 0;
  ashlar_call_delete(ashlar_func_call_async(twice, &args, &results));
  CHECK(asked.returned == 1);
  trap_is(wasm_func_call(twice, &args, &results), "host_trap");
  wasm_func_delete(twice);
  wasm_instance_delete(instance);
  wasm_module_delete(module);
  ashlar_linker_delete(linker);
  host_delete(&host);
  CHECK(!ashlar_completion_complete(asked.done));
}
