// Globals, tables, memories, tags: values that fit and others, limits, other stores' objects.
#include "check.h"

void test_globals(void) {
  Host host = host_new();
  wasm_globaltype_t* type = wasm_globaltype_new(wasm_valtype_new_i64(), WASM_VAR);
  wasm_globaltype_t* constant = wasm_globaltype_new(wasm_valtype_new_i64(), WASM_CONST);
  wasm_val_t five = WASM_I64_VAL(5), narrow = WASM_I32_VAL(5), got;
  wasm_global_t* global = wasm_global_new(host.store, type, &five);
  wasm_global_t* fixed = wasm_global_new(host.store, constant, &five);
  CHECK(wasm_global_new(host.store, type, &narrow) == NULL);
  LAST_ERROR_IS("value_mismatch");
  five.of.i64 = -6;
  wasm_global_set(global, &five);
  wasm_global_get(global, &got);
  CHECK(got.kind == WASM_I64 && got.of.i64 == -6);
  wasm_global_set(global, &narrow);
  LAST_ERROR_IS("value_mismatch");
  wasm_global_set(fixed, &five);
  LAST_ERROR_IS("not_mutable");
  wasm_global_get(fixed, &got);
  CHECK(got.of.i64 == 5);
  wasm_globaltype_t* again = wasm_global_type(global);
  CHECK(wasm_globaltype_mutability(again) == WASM_VAR && wasm_valtype_kind(wasm_globaltype_content(again)) == WASM_I64);
  wasm_globaltype_delete(again);
  wasm_globaltype_delete(type);
  wasm_globaltype_delete(constant);
  wasm_global_delete(global);
  wasm_global_delete(fixed);

  // References: of this store, and the global takes none over.
  Host other = host_new();
  wasm_globaltype_t* refs = wasm_globaltype_new(wasm_valtype_new_externref(), WASM_VAR);
  wasm_foreign_t* own = wasm_foreign_new(host.store);
  wasm_foreign_t* strange = wasm_foreign_new(other.store);
  wasm_val_t value = WASM_REF_VAL(wasm_foreign_as_ref(own));
  global = wasm_global_new(host.store, refs, &value);
  value.of.ref = wasm_foreign_as_ref(strange);
  CHECK(wasm_global_new(host.store, refs, &value) == NULL);
  wasm_global_set(global, &value);
  LAST_ERROR_IS("value_mismatch");
  wasm_global_get(global, &got);
  CHECK(wasm_ref_same(got.of.ref, wasm_foreign_as_ref(own)));
  wasm_val_delete(&got);
  wasm_foreign_delete(own);
  wasm_foreign_delete(strange);
  wasm_globaltype_delete(refs);
  wasm_global_delete(global);
  host_delete(&other);
  host_delete(&host);
}

void test_tables(void) {
  Host host = host_new();
  wasm_instance_t* instance = instance_of(host.store, "(module (func (export \"f\")))");
  wasm_func_t* func = exported_func(instance, "f");
  const wasm_limits_t limits = {2, 3};
  wasm_tabletype_t* type = wasm_tabletype_new(wasm_valtype_new_funcref(), &limits);
  wasm_table_t* table = wasm_table_new(host.store, type, wasm_func_as_ref(func));
  wasm_ref_t* got = wasm_table_get(table, 1);
  CHECK(wasm_ref_same(got, wasm_func_as_ref(func)) && wasm_ref_as_func(got) != NULL);
  wasm_ref_delete(got);
  CHECK(wasm_table_set(table, 0, NULL) && wasm_table_get(table, 0) == NULL);
  CHECK(wasm_table_get(table, 2) == NULL && !wasm_table_set(table, 2, NULL));
  LAST_ERROR_IS("beyond_table");
  CHECK(wasm_table_grow(table, 1, NULL) && wasm_table_size(table) == 3 && !wasm_table_grow(table, 1, NULL));
  LAST_ERROR_IS("store_limit");
  wasm_foreign_t* foreign = wasm_foreign_new(host.store);
  CHECK(!wasm_table_set(table, 0, wasm_foreign_as_ref(foreign)));
  LAST_ERROR_IS("value_mismatch");
  wasm_foreign_delete(foreign);
  wasm_tabletype_t* now = wasm_table_type(table);
  CHECK(wasm_tabletype_limits(now)->min == 3 && wasm_tabletype_limits(now)->max == 3);
  wasm_tabletype_delete(now);
  wasm_tabletype_delete(type);
  wasm_table_delete(table);
  wasm_func_delete(func);
  wasm_instance_delete(instance);

  const wasm_limits_t reversed = {3, 2};
  type = wasm_tabletype_new(wasm_valtype_new_funcref(), &reversed);
  CHECK(wasm_table_new(host.store, type, NULL) == NULL);
  wasm_tabletype_delete(type);
  type = wasm_tabletype_new(wasm_valtype_new_i32(), &limits);
  CHECK(wasm_table_new(host.store, type, NULL) == NULL);
  wasm_tabletype_delete(type);
  host_delete(&host);
}

void test_memories(void) {
  Host host = host_new();
  const wasm_limits_t limits = {1, 2}, reversed = {2, 1}, large = {65537, wasm_limits_max_default};
  wasm_memorytype_t* type = wasm_memorytype_new(&limits);
  wasm_memory_t* memory = wasm_memory_new(host.store, type);
  byte_t* data = wasm_memory_data(memory);
  data[MEMORY_PAGE_SIZE - 1] = 7;
  CHECK(wasm_memory_grow(memory, 1) && wasm_memory_data(memory) == data);
  CHECK(wasm_memory_size(memory) == 2 && wasm_memory_data_size(memory) == 2 * MEMORY_PAGE_SIZE);
  CHECK(!wasm_memory_grow(memory, 1));
  LAST_ERROR_IS("store_limit");
  wasm_memorytype_t* now = wasm_memory_type(memory);
  CHECK(wasm_memorytype_limits(now)->min == 2 && wasm_memorytype_limits(now)->max == 2);
  wasm_memorytype_delete(now);
  wasm_memorytype_delete(type);
  wasm_memory_delete(memory);
  type = wasm_memorytype_new(&reversed);
  CHECK(wasm_memory_new(host.store, type) == NULL);
  LAST_ERROR_IS("bad_memory_size");
  wasm_memorytype_delete(type);
  type = wasm_memorytype_new(&large);
  CHECK(wasm_memory_new(host.store, type) == NULL);
  wasm_memorytype_delete(type);
  host_delete(&host);
}

void test_tags(void) {
  Host host = host_new();
  wasm_tagtype_t* type = wasm_tagtype_new(wasm_functype_new_1_0(wasm_valtype_new_i32()));
  wasm_tag_t* tag = wasm_tag_new(host.store, type);
  wasm_tagtype_delete(type);
  wasm_module_t* module = module_of(
      host.store,
      "(module (import \"\" \"t\" (tag $t (param i32))) (export \"t\" (tag $t)) (func (export \"f\") (param i32)"
      " (result i32) (block $h (result i32) (try_table (catch $t $h) (throw $t (local.get 0))) unreachable)))");
  wasm_extern_t* imports[] = {wasm_tag_as_extern(tag)};
  wasm_extern_vec_t vec = WASM_ARRAY_VEC(imports);
  wasm_instance_t* instance = wasm_instance_new(host.store, module, &vec, NULL);
  CHECK(call_i32(instance, "f", 31) == 31);
  wasm_extern_t* exported = ashlar_instance_export(instance, "t");
  CHECK(wasm_extern_kind(exported) == WASM_EXTERN_TAG && wasm_tag_same(wasm_extern_as_tag(exported), tag));
  wasm_externtype_t* again = wasm_extern_type(exported);
  CHECK(wasm_functype_params(wasm_tagtype_functype(wasm_externtype_as_tagtype(again)))->size == 1);
  wasm_externtype_delete(again);
  wasm_extern_delete(exported);
  wasm_instance_delete(instance);
  wasm_module_delete(module);
  wasm_tag_delete(tag);
  type = wasm_tagtype_new(wasm_functype_new_0_1(wasm_valtype_new_i32()));
  CHECK(wasm_tag_new(host.store, type) == NULL);
  wasm_tagtype_delete(type);
  host_delete(&host);
}

/// What one store wrote, the host by its pointer too, no other sees.
void test_pooled_memories(void) {
  wasm_config_t* config = wasm_config_new();
  ashlar_config_set_pool(config, 1, 1 << 20, 256 << 10, false);
  wasm_engine_t* engine = wasm_engine_new_with_config(config);
  const char text[] =
      "(module (memory (export \"m\") 2) (func (export \"get\") (param i32) (result i32) (i32.load8_u (local.get 0)))"
      " (func (export \"set\") (param i32) (result i32) (i32.store8 (local.get 0) (i32.const 7)) (i32.const 0)))";
  for (int round = 0; round < 3; ++round) {
    wasm_store_t* store = wasm_store_new(engine);
    wasm_instance_t* instance = instance_of(store, text);
    CHECK(call_i32(instance, "get", 100) == 0 && call_i32(instance, "get", 100000) == 0);
    wasm_extern_t* memory = ashlar_instance_export(instance, "m");
    byte_t* data = wasm_memory_data(wasm_extern_as_memory(memory));
    CHECK(data[100] == 0 && data[100000] == 0);
    data[100] = 1;
    data[100000] = 1;
    CHECK(call_i32(instance, "get", 100000) == 1 && call_i32(instance, "set", 5) == 0);
    // There is no second one.
    wasm_module_t* module = module_of(store, text);
    wasm_trap_t* trap = NULL;
    CHECK(wasm_instance_new(store, module, NULL, &trap) == NULL);
    CHECK(ashlar_error_kind(ashlar_trap_error(trap)) == ASHLAR_LIMIT);
    wasm_trap_delete(trap);
    wasm_module_delete(module);
    wasm_extern_delete(memory);
    wasm_instance_delete(instance);
    wasm_store_delete(store);
  }
  wasm_engine_delete(engine);
}
