// One module, compiled once; threads run it, each in a store of its own.
#include <pthread.h>

#include "example.h"

enum { kThreads = 4 };

static const char kGuest[] =
    "(module (func (export \"sum\") (param $n i32) (result i32) (local $sum i32)"
    " (loop $next (local.set $sum (i32.add (local.get $sum) (local.get $n)))"
    "  (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))"
    " (local.get $sum)))";

typedef struct Job {
  wasm_engine_t* engine;         // any thread may use it
  wasm_shared_module_t* module;  // and this
  int32_t n;
  int32_t sum;
} Job;

static void* run(void* arg) {
  Job* job = arg;
  wasm_store_t* store = wasm_store_new(job->engine);
  wasm_module_t* module = wasm_module_obtain(store, job->module);
  wasm_trap_t* trap;
  wasm_instance_t* instance = wasm_instance_new(store, module, NULL, &trap);
  check_trap(trap);
  wasm_func_t* sum = func_of(instance, "sum");
  wasm_val_t n[] = {WASM_I32_VAL(job->n)}, result[1];
  wasm_val_vec_t args = WASM_ARRAY_VEC(n), results = WASM_ARRAY_VEC(result);
  check_trap(wasm_func_call(sum, &args, &results));
  job->sum = result[0].of.i32;
  wasm_func_delete(sum);
  wasm_instance_delete(instance);
  wasm_module_delete(module);
  wasm_store_delete(store);
  return NULL;
}

int main(void) {
  wasm_engine_t* engine = wasm_engine_new();
  wasm_store_t* store = wasm_store_new(engine);
  wasm_module_t* module;
  check(ashlar_module_new(store, kGuest, strlen(kGuest), &module));
  wasm_shared_module_t* shared = wasm_module_share(module);
  wasm_module_delete(module);
  wasm_store_delete(store);

  pthread_t threads[kThreads];
  Job jobs[kThreads];
  for (int i = 0; i < kThreads; ++i) {
    jobs[i] = (Job){engine, shared, (i + 1) * 10, 0};
    if (pthread_create(&threads[i], NULL, run, &jobs[i]) != 0) return 1;
  }
  for (int i = 0; i < kThreads; ++i) {
    pthread_join(threads[i], NULL);
    printf("1 + ... + %d = %d\n", jobs[i].n, jobs[i].sum);
  }
  wasm_shared_module_delete(shared);
  wasm_engine_delete(engine);
  return 0;
}
