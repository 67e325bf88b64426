// Instances, linkers and WASI; limits, fuel; the order in which things may be deleted.
#include "check.h"

static const char* const kImporting = "(module (import \"env\" \"f\" (func (param i32))))";

static void expect_failure(wasm_store_t* store, const char* text, const wasm_extern_vec_t* imports, const char* id) {
  wasm_module_t* module = module_of(store, text);
  wasm_trap_t* trap = NULL;
  CHECK(wasm_instance_new(store, module, imports, &trap) == NULL && trap != NULL);
  CHECK_TEXT(ashlar_error_id(ashlar_trap_error(trap)), id);
  LAST_ERROR_IS(id);
  wasm_trap_delete(trap);
  CHECK(wasm_instance_new(store, module, imports, NULL) == NULL);
  wasm_module_delete(module);
}

void test_instances_that_fail(void) {
  Host host = host_new(), other = host_new();
  wasm_instance_t* exporting = instance_of(host.store, "(module (memory (export \"m\") 1) (func (export \"f\")))");
  wasm_instance_t* strange = instance_of(other.store, "(module (func (export \"f\") (param i32)))");
  wasm_extern_t* memory = ashlar_instance_export(exporting, "m");
  wasm_extern_t* wrong = ashlar_instance_export(exporting, "f");
  wasm_extern_t* others = ashlar_instance_export(strange, "f");
  CHECK(ashlar_instance_export(exporting, "none") == NULL);
  wasm_extern_t* null = NULL;
  const wasm_extern_vec_t none = WASM_EMPTY_VEC, nulls = {1, &null}, memories = {1, &memory}, funcs = {1, &wrong},
                          strangers = {1, &others};
  expect_failure(host.store, kImporting, NULL, "unknown_import");
  expect_failure(host.store, kImporting, &none, "unknown_import");
  expect_failure(host.store, kImporting, &nulls, "unknown_import");
  expect_failure(host.store, kImporting, &memories, "incompatible_import_type");
  expect_failure(host.store, kImporting, &funcs, "incompatible_import_type");
  expect_failure(host.store, kImporting, &strangers, "foreign_store");
  expect_failure(host.store, "(module (func $s unreachable) (start $s))", NULL, "unreachable");
  expect_failure(host.store, "(module (memory 1) (data (i32.const 65536) \"x\"))", NULL, "out_of_bounds_memory_access");
  wasm_module_t* module = module_of(other.store, "(module)");
  wasm_trap_t* trap = NULL;
  CHECK(wasm_instance_new(host.store, module, NULL, &trap) == NULL);
  CHECK(ashlar_error_kind(ashlar_trap_error(trap)) == ASHLAR_USAGE);
  wasm_trap_delete(trap);
  wasm_module_delete(module);
  wasm_extern_delete(memory);
  wasm_extern_delete(wrong);
  wasm_extern_delete(others);
  wasm_instance_delete(exporting);
  wasm_instance_delete(strange);
  host_delete(&host);
  host_delete(&other);
}

static wasm_trap_t* twice(void* env, ashlar_caller_t* caller, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  (void)caller;
  ++*(int*)env;
  results->data[0].of.i32 = 2 * args->data[0].of.i32;
  return NULL;
}

void test_linker(void) {
  int calls = 0, finalized = 0;
  Host host = host_new(), other = host_new();
  ashlar_linker_t* linker = ashlar_linker_new(host.store);
  wasm_functype_t* type = wasm_functype_new_1_1(wasm_valtype_new_i32(), wasm_valtype_new_i32());
  ashlar_linker_define_func(linker, "env", "twice", type, twice, &calls, NULL);
  ashlar_linker_define_func(linker, "env", "unused", type, twice, &finalized, count_up);
  wasm_functype_delete(type);
  wasm_instance_t* base = instance_of(
      host.store,
      "(module (memory (export \"memory\") 1) (global (export \"g\") i32 (i32.const 5))"
      " (table (export \"t\") 1 funcref) (func (export \"f\") (param i32) (result i32) (i32.add (local.get 0)"
      " (i32.const 1))))");
  CHECK(ashlar_linker_define_instance(linker, "base", base) == NULL);
  wasm_extern_vec_t exports;
  wasm_instance_exports(base, &exports);
  for (size_t i = 0; i < exports.size; ++i) CHECK(ashlar_linker_define(linker, "again", "x", exports.data[i]) == NULL);
  wasm_module_t* module =
      module_of(host.store,
                "(module (import \"env\" \"twice\" (func $twice (param i32) (result i32)))"
                " (import \"base\" \"f\" (func $f (param i32) (result i32))) (import \"base\" \"memory\" (memory 1))"
                " (import \"base\" \"g\" (global $g i32)) (import \"base\" \"t\" (table 1 funcref))"
                " (import \"again\" \"x\" (func $x (param i32) (result i32)))"
                " (func (export \"go\") (param i32) (result i32)"
                "  (i32.add (global.get $g) (call $x (call $f (call $twice (local.get 0)))))))");
  wasm_instance_t* instance = NULL;
  CHECK(ashlar_linker_instantiate(linker, module, &instance) == NULL);
  CHECK(call_i32(instance, "go", 10) == 27 && calls == 1);
  wasm_instance_delete(instance);
  wasm_module_delete(module);
  module = module_of(host.store, "(module (import \"env\" \"nothing\" (func)))");
  ashlar_error_t* error = ashlar_linker_instantiate(linker, module, &instance);
  CHECK(instance == NULL && ashlar_error_kind(error) == ASHLAR_LINK);
  CHECK(strstr(ashlar_error_message(error), "nothing") != NULL);
  ashlar_error_delete(error);
  wasm_module_delete(module);

  ashlar_linker_t* elsewhere = ashlar_linker_new(other.store);
  error = ashlar_linker_define(elsewhere, "a", "b", exports.data[0]);
  CHECK(ashlar_error_kind(error) == ASHLAR_USAGE);
  ashlar_error_delete(error);
  error = ashlar_linker_define_instance(elsewhere, "a", base);
  CHECK_TEXT(ashlar_error_id(error), "foreign_store");
  ashlar_error_delete(error);
  ashlar_linker_delete(elsewhere);
  wasm_extern_vec_delete(&exports);
  wasm_instance_delete(base);
  host_delete(&host);
  CHECK(finalized == 0);
  ashlar_linker_delete(linker);  // it kept the store
  CHECK(finalized == 1);
  host_delete(&other);
}

static const char kCommand[] =
    "(module (import \"wasi_snapshot_preview1\" \"args_sizes_get\" (func $sizes (param i32 i32) (result i32)))"
    " (import \"wasi_snapshot_preview1\" \"environ_sizes_get\" (func $environ (param i32 i32) (result i32)))"
    " (import \"wasi_snapshot_preview1\" \"fd_prestat_get\" (func $prestat (param i32 i32) (result i32)))"
    " (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32))) (memory (export \"memory\") 1)"
    " (func (export \"_start\") (drop (call $sizes (i32.const 0) (i32.const 4)))"
    "  (drop (call $environ (i32.const 8) (i32.const 12)))"
    "  (call $exit (i32.add (i32.mul (i32.const 100) (i32.eqz (call $prestat (i32.const 3) (i32.const 16))))"
    "   (i32.add (i32.mul (i32.const 10) (i32.load (i32.const 0))) (i32.load (i32.const 8)))))))";

void test_wasi(void) {
  Host host = host_new();
  ashlar_linker_t* linker = ashlar_linker_new(host.store);
  ashlar_wasi_config_delete(ashlar_wasi_config_new());
  ashlar_wasi_config_t* config = ashlar_wasi_config_new();
  ashlar_wasi_config_add_arg(config, "prog");
  ashlar_wasi_config_add_arg(config, "arg");
  ashlar_wasi_config_set_env(config, "NAME", "value");
  ashlar_wasi_config_set_env(config, "NAME", "other");
  ashlar_wasi_config_add_dir(config, "/tmp", "/", true);
  ashlar_linker_define_wasi(linker, config);
  wasm_module_t* module = module_of(host.store, kCommand);
  wasm_instance_t* instance = NULL;
  CHECK(ashlar_linker_instantiate(linker, module, &instance) == NULL);
  ashlar_error_t* error = ashlar_linker_run(linker, instance);
  int code = 0;
  CHECK(ashlar_error_kind(error) == ASHLAR_EXIT && ashlar_error_exit_code(error, &code));
  CHECK(code == 121);
  ashlar_error_delete(error);
  // The same as a trap.
  wasm_func_t* start = exported_func(instance, "_start");
  wasm_trap_t* trap = wasm_func_call(start, NULL, NULL);
  CHECK(ashlar_error_exit_code(ashlar_trap_error(trap), &code) && code == 121);
  wasm_trap_delete(trap);
  wasm_func_delete(start);
  wasm_instance_delete(instance);
  ashlar_linker_delete(linker);

  // Nothing granted: exit code 0 of a program without arguments is success.
  linker = ashlar_linker_new(host.store);
  ashlar_linker_define_wasi(linker, NULL);
  CHECK(ashlar_linker_instantiate(linker, module, &instance) == NULL);
  CHECK(ashlar_linker_run(linker, instance) == NULL);
  wasm_instance_delete(instance);
  ashlar_linker_delete(linker);
  linker = ashlar_linker_new(host.store);
  config = ashlar_wasi_config_new();
  ashlar_wasi_config_add_dir(config, "/nowhere/at/all", "/", false);
  ashlar_linker_define_wasi(linker, config);
  error = ashlar_linker_instantiate(linker, module, &instance);
  CHECK(instance == NULL && ashlar_error_kind(error) == ASHLAR_IO);
  ashlar_error_delete(error);
  ashlar_linker_delete(linker);
  wasm_module_delete(module);
  host_delete(&host);
}

void test_limits_and_fuel(void) {
  wasm_config_t* config = wasm_config_new();
  ashlar_config_set_fuel(config, true);
  CHECK(ashlar_config_set_fuel_cost(config, "memory.grow", 500));
  CHECK(!ashlar_config_set_fuel_cost(config, "memory.grew", 500));
  wasm_engine_t* engine = wasm_engine_new_with_config(config);
  ashlar_store_limits_t limits;
  ashlar_store_limits_init(&limits);
  limits.memory_bytes = MEMORY_PAGE_SIZE;
  limits.instances = 1;
  wasm_store_t* store = ashlar_store_new(engine, &limits);
  wasm_instance_t* instance =
      instance_of(store,
                  "(module (memory (export \"m\") 1) (func (export \"forever\") (loop (br 0)))"
                  " (func (export \"grow\") (param i32) (result i32) (memory.grow (local.get 0))))");
  ashlar_store_set_fuel(store, 1000);
  CHECK(call_i32(instance, "grow", 1) == -1);
  CHECK(ashlar_store_fuel(store) < 500 && ashlar_store_fuel(store) > 400);
  wasm_func_t* forever = exported_func(instance, "forever");
  wasm_trap_t* trap = wasm_func_call(forever, NULL, NULL);
  CHECK_TEXT(ashlar_error_id(ashlar_trap_error(trap)), "out_of_fuel");
  wasm_trap_delete(trap);
  wasm_func_delete(forever);
  expect_failure(store, "(module)", NULL, "store_limit");
  CHECK(ashlar_error_kind(ashlar_last_error()) == ASHLAR_LIMIT);
  wasm_instance_delete(instance);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
}

void test_tenants_and_deadlines(void) {
  wasm_engine_t* engine = wasm_engine_new();
  ashlar_store_limits_t limits;
  ashlar_store_limits_init(&limits);
  ashlar_tenant_amounts_t most;
  ashlar_tenant_amounts_init(&most);
  most.memory_bytes = 3 * MEMORY_PAGE_SIZE;
  ashlar_tenant_t* tenant = ashlar_tenant_new(&most);
  wasm_store_t* first = ashlar_tenant_store_new(engine, tenant, &limits);
  wasm_store_t* second = ashlar_tenant_store_new(engine, tenant, &limits);
  const char* text =
      "(module (memory 1) (func (export \"forever\") (loop (br 0)))"
      " (func (export \"grow\") (param i32) (result i32) (memory.grow (local.get 0))))";
  wasm_instance_t* one = instance_of(first, text);
  wasm_instance_t* two = instance_of(second, text);
  CHECK(call_i32(one, "grow", 1) == 1);
  CHECK(call_i32(two, "grow", 1) == -1);
  ashlar_tenant_amounts_t now, peak;
  ashlar_tenant_usage(tenant, &now, &peak);
  CHECK(now.memory_bytes == 3 * MEMORY_PAGE_SIZE && now.stores == 2 && now.instances == 2);
  wasm_instance_delete(one);
  wasm_store_delete(first);
  CHECK(call_i32(two, "grow", 1) == 1);
  ashlar_tenant_usage(tenant, &now, NULL);
  CHECK(now.memory_bytes == 2 * MEMORY_PAGE_SIZE && now.stores == 1);
  CHECK(peak.memory_bytes == 3 * MEMORY_PAGE_SIZE);
  wasm_foreign_t* foreign = wasm_foreign_new(second);
  ashlar_tenant_usage(tenant, &now, &peak);
  CHECK(now.references == 1 && now.descriptors == 0 && now.host_objects == 1);
  wasm_foreign_delete(foreign);
  ashlar_tenant_usage(tenant, &now, &peak);
  CHECK(now.references == 0 && peak.references >= 1 && most.references == UINT64_MAX);
  ashlar_tenant_delete(tenant);

  wasm_func_t* forever = exported_func(two, "forever");
  ashlar_store_set_deadline(second, UINT64_MAX);
  ashlar_store_set_deadline(second, 10 * 1000 * 1000);
  wasm_trap_t* trap = wasm_func_call(forever, NULL, NULL);
  CHECK_TEXT(ashlar_error_id(ashlar_trap_error(trap)), "interrupted");
  wasm_trap_delete(trap);
  ashlar_store_clear_deadline(second);
  CHECK(call_i32(two, "grow", 0) == 2);
  wasm_func_delete(forever);
  wasm_instance_delete(two);
  wasm_store_delete(second);
  wasm_engine_delete(engine);
}

void test_any_order_of_deletion(void) {
  Host host = host_new();
  wasm_instance_t* instance =
      instance_of(host.store, "(module (func (export \"f\") (param i32) (result i32) (local.get 0)))");
  wasm_func_t* func = exported_func(instance, "f");
  host_delete(&host);
  CHECK(call_i32(instance, "f", 9) == 9);
  wasm_instance_delete(instance);
  CHECK(wasm_func_param_arity(func) == 1);
  wasm_func_delete(func);

  wasm_store_delete(NULL);
  wasm_engine_delete(NULL);
  wasm_config_delete(NULL);
  wasm_module_delete(NULL);
  wasm_instance_delete(NULL);
  wasm_trap_delete(NULL);
  wasm_frame_delete(NULL);
  wasm_val_delete(NULL);
  wasm_extern_vec_delete(NULL);
  ashlar_linker_delete(NULL);
  ashlar_wasi_config_delete(NULL);
  CHECK(wasm_ref_copy(NULL) == NULL && wasm_ref_as_func(NULL) == NULL && wasm_func_as_ref(NULL) == NULL);
  CHECK(wasm_ref_same(NULL, NULL));
  CHECK(strlen(ashlar_version()) > 0);
}
