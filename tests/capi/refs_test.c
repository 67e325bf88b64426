// References: copies, identity, conversions, host information and its finalizers, what guests do with them.
#include "check.h"

static const char kGuest[] =
    "(module (memory (export \"memory\") 1) (global (export \"kept\") (mut externref) (ref.null extern))"
    " (table (export \"table\") 4 funcref) (tag (export \"tag\"))"
    " (type $pair (struct (field (mut i32))))"
    " (func (export \"same\") (param externref) (result externref) (local.get 0))"
    " (func (export \"null\") (param externref) (result i32) (ref.is_null (local.get 0)))"
    " (func (export \"keep\") (param externref) (global.set 0 (local.get 0)))"
    " (func (export \"pair\") (param i32) (result (ref $pair)) (struct.new $pair (local.get 0)))"
    " (func (export \"first\") (param (ref null $pair)) (result i32) (struct.get $pair 0 (local.get 0)))"
    " (func (export \"small\") (param i32) (result i31ref) (ref.i31 (local.get 0))))";

void test_host_info(void) {
  int finalized = 0;
  Host host = host_new();
  wasm_module_t* module = module_of(host.store, kGuest);
  wasm_instance_t* instance = wasm_instance_new(host.store, module, NULL, NULL);
  wasm_extern_vec_t exports;
  wasm_instance_exports(instance, &exports);
  for (size_t i = 0; i < exports.size; ++i) {
    wasm_extern_t* one = exports.data[i];
    CHECK(wasm_extern_get_host_info(one) == NULL);
    wasm_extern_set_host_info_with_finalizer(one, &finalized, count_up);
    wasm_extern_t* copy = wasm_extern_copy(one);
    CHECK(copy != one && wasm_extern_same(copy, one) && wasm_extern_get_host_info(copy) == &finalized);
    CHECK(!wasm_extern_same(one, exports.data[(i + 1) % exports.size]) && !wasm_extern_same(one, NULL));
    CHECK(wasm_ref_as_extern(wasm_extern_as_ref(copy)) == copy);
    CHECK((wasm_extern_as_func(copy) != NULL) == (wasm_extern_kind(copy) == WASM_EXTERN_FUNC));
    wasm_ref_delete(wasm_extern_as_ref(copy));
  }
  // Another reference to the same object, and another information: the first one's end.
  wasm_extern_t* again = ashlar_instance_export(instance, "memory");
  CHECK(wasm_extern_same(again, exports.data[0]) && wasm_extern_get_host_info(again) == &finalized);
  wasm_extern_set_host_info(again, &host);
  CHECK(finalized == 1 && wasm_memory_get_host_info(wasm_extern_as_memory(exports.data[0])) == &host);
  wasm_extern_delete(again);

  wasm_instance_set_host_info_with_finalizer(instance, &finalized, count_up);
  CHECK(wasm_ref_as_instance(wasm_instance_as_ref(instance)) == instance);
  CHECK(wasm_ref_as_module(wasm_instance_as_ref(instance)) == NULL);
  wasm_module_t* module_copy = wasm_module_copy(module);
  wasm_module_set_host_info_with_finalizer(module, &finalized, count_up);
  wasm_module_delete(module);
  CHECK(finalized == 1 && wasm_module_get_host_info(module_copy) == &finalized);
  wasm_module_delete(module_copy);
  CHECK(finalized == 2);

  wasm_name_t message;
  wasm_name_new_from_string_nt(&message, "why");
  wasm_trap_t* trap = wasm_trap_new(host.store, &message);
  wasm_trap_set_host_info_with_finalizer(trap, &finalized, count_up);
  wasm_trap_delete(trap);
  wasm_name_delete(&message);
  CHECK(finalized == 3);

  const size_t count = exports.size;
  wasm_instance_delete(instance);
  // Objects belong to the store, and the store to all that was made in it.
  wasm_store_delete(host.store);
  CHECK(finalized == 3 && wasm_memory_size(wasm_extern_as_memory(exports.data[0])) == 1);
  wasm_extern_vec_delete(&exports);
  CHECK(finalized == 3 + (int)count);  // the instance, and the exports without the memory
  wasm_engine_delete(host.engine);
}

void test_foreign(void) {
  int finalized = 0;
  Host host = host_new();
  wasm_instance_t* instance = instance_of(host.store, kGuest);
  wasm_foreign_t* foreign = wasm_foreign_new(host.store);
  wasm_foreign_set_host_info_with_finalizer(foreign, &finalized, count_up);
  const wasm_val_t arg = WASM_REF_VAL(wasm_foreign_as_ref(foreign));
  wasm_val_t back = call1(instance, "same", &arg);
  CHECK(back.kind == WASM_EXTERNREF && wasm_ref_same(back.of.ref, wasm_foreign_as_ref(foreign)));
  CHECK(wasm_ref_get_host_info(back.of.ref) == &finalized && wasm_ref_as_foreign(back.of.ref) != NULL);
  wasm_val_t copy;
  wasm_val_copy(&copy, &back);
  wasm_val_delete(&back);
  CHECK(back.of.ref == NULL);
  wasm_val_delete(&back);
  CHECK(wasm_ref_get_host_info(copy.of.ref) == &finalized);
  wasm_val_delete(&copy);
  wasm_foreign_t* other = wasm_foreign_new(host.store);
  CHECK(!wasm_foreign_same(foreign, other));
  wasm_foreign_delete(other);

  // A guest keeps it alive.
  call1(instance, "keep", &arg);
  wasm_foreign_delete(foreign);
  ashlar_store_collect_garbage(host.store);
  CHECK(finalized == 0);
  const wasm_val_t null = WASM_INIT_VAL;
  CHECK(call1(instance, "null", &null).of.i32 == 1);
  call1(instance, "keep", &null);
  wasm_instance_delete(instance);
  host_delete(&host);
  CHECK(finalized == 1);
}

void test_any_reference_is_an_externref(void) {
  int finalized = 0;
  Host host = host_new();
  wasm_instance_t* instance = instance_of(host.store, kGuest);
  wasm_module_t* module = module_of(host.store, "(module)");
  wasm_module_set_host_info_with_finalizer(module, &finalized, count_up);
  wasm_func_t* func = exported_func(instance, "same");
  wasm_extern_t* memory = ashlar_instance_export(instance, "memory");
  wasm_ref_t* refs[] = {wasm_func_as_ref(func), wasm_extern_as_ref(memory), wasm_instance_as_ref(instance),
                        wasm_module_as_ref(module)};
  for (size_t i = 0; i < 4; ++i) {
    const wasm_val_t arg = WASM_REF_VAL(refs[i]);
    wasm_val_t back = call1(instance, "same", &arg);
    CHECK(back.of.ref != refs[i] && wasm_ref_same(back.of.ref, refs[i]));
    wasm_val_delete(&back);
    call1(instance, "keep", &arg);
  }
  wasm_module_delete(module);
  wasm_extern_t* kept = ashlar_instance_export(instance, "kept");
  wasm_val_t value;
  wasm_global_get(wasm_extern_as_global(kept), &value);
  CHECK(wasm_ref_as_module(value.of.ref) != NULL && wasm_ref_get_host_info(value.of.ref) == &finalized);
  wasm_val_delete(&value);
  wasm_extern_delete(kept);
  wasm_extern_delete(memory);
  wasm_func_delete(func);
  wasm_instance_delete(instance);
  CHECK(finalized == 0);
  host_delete(&host);
  CHECK(finalized == 1);
}

void test_heap_references(void) {
  Host host = host_new();
  wasm_instance_t* instance = instance_of(host.store, kGuest);
  const wasm_val_t seven = WASM_I32_VAL(7);
  wasm_val_t pair = call1(instance, "pair", &seven);
  CHECK(pair.kind == ASHLAR_ANYREF && wasm_ref_as_foreign(pair.of.ref) == NULL);
  ashlar_store_collect_garbage(host.store);
  CHECK(call1(instance, "first", &pair).of.i32 == 7);
  wasm_ref_t* copy = wasm_ref_copy(pair.of.ref);
  CHECK(wasm_ref_same(copy, pair.of.ref) && wasm_ref_get_host_info(copy) == NULL);
  wasm_ref_delete(copy);
  wasm_val_t small = call1(instance, "small", &seven);
  CHECK(small.kind == ASHLAR_ANYREF && !wasm_ref_same(small.of.ref, pair.of.ref));

  // An i31 is no struct, and a struct is no externref: both are traps.
  wasm_func_t* first = exported_func(instance, "first");
  wasm_func_t* same = exported_func(instance, "same");
  wasm_val_t result[1] = {WASM_INIT_VAL};
  wasm_val_vec_t results = WASM_ARRAY_VEC(result);
  wasm_val_vec_t small_arg = {1, &small};
  wasm_val_vec_t pair_arg = {1, &pair};
  wasm_trap_t* trap = wasm_func_call(first, &small_arg, &results);
  CHECK_TEXT(ashlar_error_id(ashlar_trap_error(trap)), "argument_mismatch");
  wasm_trap_delete(trap);
  trap = wasm_func_call(same, &pair_arg, &results);
  CHECK_TEXT(ashlar_error_id(ashlar_trap_error(trap)), "argument_mismatch");
  wasm_trap_delete(trap);
  wasm_func_delete(first);
  wasm_func_delete(same);
  wasm_val_delete(&small);
  wasm_val_delete(&pair);
  wasm_instance_delete(instance);
  host_delete(&host);
}

void test_pointers_as_values(void) {
  int here = 0;
  wasm_val_t value;
  wasm_val_init_ptr(&value, &here);
  CHECK(wasm_val_ptr(&value) == &here);
}
