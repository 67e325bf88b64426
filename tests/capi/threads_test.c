// One engine and one module, shared by threads with a store each; interruption; stores that move.
#include <pthread.h>

#include "check.h"

enum { kThreads = 6, kRounds = 10 };

static const char kGuest[] =
    "(module (import \"\" \"add\" (func $add (param i32 i32) (result i32))) (memory 1)"
    " (func (export \"sum\") (param i32) (result i32) (local $sum i32)"
    "  (loop $l (local.set $sum (call $add (local.get $sum) (local.get 0)))"
    "   (i32.store (i32.const 0) (local.get $sum))"
    "   (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))"
    "  (i32.load (i32.const 0)))"
    " (func (export \"fail\") (unreachable)) (func (export \"forever\") (loop (br 0))))";

typedef struct Work {
  wasm_engine_t* engine;
  wasm_shared_module_t* module;
  wasm_functype_t* type;  // nobody changes it
  int finalized;
} Work;

static wasm_trap_t* add(void* env, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  CHECK(env != NULL);
  results->data[0].of.i32 = args->data[0].of.i32 + args->data[1].of.i32;
  return NULL;
}

static wasm_instance_t* instantiate(wasm_store_t* store, const Work* work, void* env, void (*finalizer)(void*)) {
  wasm_module_t* module = wasm_module_obtain(store, work->module);
  wasm_func_t* func = wasm_func_new_with_env(store, work->type, add, env, finalizer);
  wasm_extern_t* imports[] = {wasm_func_as_extern(func)};
  wasm_extern_vec_t vec = WASM_ARRAY_VEC(imports);
  wasm_instance_t* instance = wasm_instance_new(store, module, &vec, NULL);
  CHECK(instance != NULL);
  wasm_func_delete(func);
  wasm_module_delete(module);
  return instance;
}

static void* run(void* arg) {
  Work* work = arg;
  for (int round = 0; round < kRounds; ++round) {
    wasm_store_t* store = wasm_store_new(work->engine);
    wasm_instance_t* instance = instantiate(store, work, &work->finalized, count_up);
    CHECK(call_i32(instance, "sum", 100) == 5050);
    // Every thread has its own last error.
    wasm_byte_vec_t nothing = WASM_EMPTY_VEC;
    CHECK(wasm_module_new(store, &nothing) == NULL);
    LAST_ERROR_IS("not_a_module");
    // New modules of the same engine, and traps, at the same time.
    wasm_module_t* other = module_of(store, "(module (type (func (param i64 f32))) (func (export \"f\") (type 0)))");
    wasm_exporttype_vec_t exports;
    wasm_module_exports(other, &exports);
    CHECK(exports.size == 1);
    wasm_exporttype_vec_delete(&exports);
    wasm_module_delete(other);
    wasm_func_t* fail = exported_func(instance, "fail");
    wasm_trap_t* trap = wasm_func_call(fail, NULL, NULL);
    wasm_frame_t* origin = wasm_trap_origin(trap);
    CHECK(wasm_frame_func_index(origin) == 2);
    wasm_frame_delete(origin);
    wasm_trap_delete(trap);
    wasm_func_delete(fail);
    wasm_instance_delete(instance);
    wasm_store_delete(store);
  }
  return NULL;
}

static wasm_shared_module_t* share(wasm_engine_t* engine) {
  wasm_store_t* store = wasm_store_new(engine);
  wasm_module_t* module = module_of(store, kGuest);
  wasm_shared_module_t* shared = wasm_module_share(module);
  wasm_module_delete(module);
  wasm_store_delete(store);
  return shared;
}

/// With explicit checks: a thread sanitizer does not understand handlers of faults that leave by a jump.
static wasm_engine_t* explicit_engine(void) {
  wasm_config_t* config = wasm_config_new();
  ashlar_config_set_guard_pages(config, false);
  return wasm_engine_new_with_config(config);
}

void test_threads_share_modules(void) {
  wasm_engine_t* engine = explicit_engine();
  wasm_shared_module_t* module = share(engine);
  wasm_functype_t* type = wasm_functype_new_2_1(wasm_valtype_new_i32(), wasm_valtype_new_i32(), wasm_valtype_new_i32());
  pthread_t threads[kThreads];
  Work works[kThreads];
  for (int i = 0; i < kThreads; ++i) {
    works[i] = (Work){engine, module, type, 0};
    CHECK(pthread_create(&threads[i], NULL, run, &works[i]) == 0);
  }
  for (int i = 0; i < kThreads; ++i) {
    CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(works[i].finalized == kRounds);
  }
  wasm_functype_delete(type);
  wasm_shared_module_delete(module);
  wasm_engine_delete(engine);
}

static void* run_forever(void* arg) {
  return wasm_func_call(arg, NULL, NULL);  // the store is this thread's now
}

void test_interrupt_from_another_thread(void) {
  wasm_engine_t* engine = explicit_engine();
  Work work = {engine, share(engine), NULL, 0};
  work.type = wasm_functype_new_2_1(wasm_valtype_new_i32(), wasm_valtype_new_i32(), wasm_valtype_new_i32());
  wasm_store_t* store = wasm_store_new(engine);
  wasm_instance_t* instance = instantiate(store, &work, &work, NULL);
  wasm_func_t* forever = exported_func(instance, "forever");
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, run_forever, forever) == 0);
  ashlar_store_interrupt(store, "time is up");
  void* trap = NULL;
  CHECK(pthread_join(thread, &trap) == 0 && trap != NULL);
  CHECK_TEXT(ashlar_error_message(ashlar_trap_error(trap)), "interrupted: time is up");
  wasm_trap_delete(trap);
  ashlar_store_clear_interrupt(store);
  CHECK(call_i32(instance, "sum", 10) == 55);
  wasm_func_delete(forever);
  wasm_instance_delete(instance);
  wasm_store_delete(store);
  wasm_functype_delete(work.type);
  wasm_shared_module_delete(work.module);
  wasm_engine_delete(engine);
}

static void* add_many(void* arg) {
  wasm_instance_t* instance = arg;  // with its store, this thread's now
  wasm_func_t* add_up = exported_func(instance, "add");
  CHECK(wasm_func_call(add_up, NULL, NULL) == NULL);
  wasm_func_delete(add_up);
  return NULL;
}

void test_threads_share_a_memory(void) {
  wasm_engine_t* engine = explicit_engine();
  ashlar_shared_memory_t* shared = NULL;
  CHECK(ashlar_shared_memory_new(engine, 1, 2, &shared) == NULL);
  wasm_store_t* stores[2];
  wasm_instance_t* instances[2];
  pthread_t threads[2];
  for (int i = 0; i < 2; ++i) {
    stores[i] = wasm_store_new(engine);
    wasm_memory_t* memory = ashlar_memory_obtain(stores[i], shared);
    wasm_module_t* module =
        module_of(stores[i],
                  "(module (import \"\" \"m\" (memory 1 2 shared)) (memory (export \"own\") 1) (func (export \"add\")"
                  " (local $n i32) (loop $l (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))"
                  "  (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 1000))))))");
    wasm_extern_t* imports[] = {wasm_memory_as_extern(memory)};
    wasm_extern_vec_t vec = WASM_ARRAY_VEC(imports);
    instances[i] = wasm_instance_new(stores[i], module, &vec, NULL);
    CHECK(instances[i] != NULL);
    wasm_extern_t* unshared = ashlar_instance_export(instances[i], "own");
    CHECK(ashlar_memory_share(wasm_extern_as_memory(unshared)) == NULL);
    wasm_extern_delete(unshared);
    ashlar_shared_memory_t* again = ashlar_memory_share(memory);
    CHECK(again != NULL);
    ashlar_shared_memory_delete(again);
    wasm_memory_delete(memory);
    wasm_module_delete(module);
    CHECK(pthread_create(&threads[i], NULL, add_many, instances[i]) == 0);
  }
  for (int i = 0; i < 2; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
  wasm_memory_t* memory = ashlar_memory_obtain(stores[0], shared);
  int32_t sum;
  memcpy(&sum, wasm_memory_data(memory), sizeof sum);
  CHECK(sum == 2000);
  ashlar_store_usage_t usage;
  ashlar_store_usage(stores[0], &usage);
  CHECK(usage.instances == 1 && usage.memory_bytes == 2 * MEMORY_PAGE_SIZE);
  wasm_memory_delete(memory);
  ashlar_shared_memory_delete(shared);
  for (int i = 0; i < 2; ++i) {
    wasm_instance_delete(instances[i]);
    wasm_store_delete(stores[i]);
  }
  ashlar_error_t* error = ashlar_shared_memory_new(engine, 2, 1, &shared);
  CHECK(shared == NULL && ashlar_error_kind(error) == ASHLAR_USAGE);
  ashlar_error_delete(error);
  wasm_engine_delete(engine);
}

static const char kThreadProgram[] =
    "(module (import \"env\" \"memory\" (memory 1 4 shared))"
    " (import \"wasi\" \"thread-spawn\" (func $spawn (param i32) (result i32)))"
    " (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))"
    " (func $wait (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))"
    " (func (export \"wasi_thread_start\") (param i32 i32)"
    "  (if (local.get 1) (then (call $exit (local.get 1)))) (call $wait))"
    " (func (export \"spawn\") (param i32) (result i32) (call $spawn (local.get 0)))"
    " (func (export \"_start\") (call $wait)))";

void test_threads_of_programs(void) {
  wasm_engine_t* engine = explicit_engine();
  ashlar_store_limits_t limits;
  ashlar_store_limits_init(&limits);
  ashlar_tenant_amounts_t most, now, peak;
  ashlar_tenant_amounts_init(&most);
  most.threads = 3;
  ashlar_tenant_t* tenant = ashlar_tenant_new(&most);
  wasm_store_t* store = ashlar_tenant_store_new(engine, tenant, &limits);
  wasm_module_t* module = module_of(store, kThreadProgram);
  ashlar_linker_t* linker = ashlar_linker_new(store);
  wasm_instance_t* instance = NULL;

  // Only what may start threads does.
  ashlar_linker_define_wasi(linker, NULL);
  ashlar_error_t* error = ashlar_linker_instantiate(linker, module, &instance);
  CHECK(instance == NULL && ashlar_error_kind(error) == ASHLAR_LINK);
  CHECK_TEXT(ashlar_error_id(error), "threads_forbidden");
  ashlar_error_delete(error);

  ashlar_wasi_config_t* config = ashlar_wasi_config_new();
  ashlar_wasi_config_set_threads(config, 10);
  ashlar_linker_define_wasi(linker, config);
  CHECK(ashlar_linker_instantiate(linker, module, &instance) == NULL);
  CHECK(call_i32(instance, "spawn", 0) > 0);
  CHECK(call_i32(instance, "spawn", 0) > 0);
  ashlar_tenant_usage(tenant, &now, NULL);
  CHECK(now.threads == 2 && now.stores == 3 && now.memory_bytes == MEMORY_PAGE_SIZE);
  // The third ends all, the main one too.
  CHECK(call_i32(instance, "spawn", 42) > 0);
  error = ashlar_linker_run(linker, instance);
  int code = 0;
  CHECK(ashlar_error_exit_code(error, &code) && code == 42);
  ashlar_error_delete(error);
  ashlar_tenant_usage(tenant, &now, &peak);
  CHECK(now.threads == 0 && now.stores == 1 && peak.threads == 3);

  wasm_instance_delete(instance);
  ashlar_linker_delete(linker);
  wasm_module_delete(module);
  wasm_store_delete(store);
  ashlar_tenant_delete(tenant);
  wasm_engine_delete(engine);
}
