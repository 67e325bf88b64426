// The scenario of the C API: null, false or a trap where memory runs out, and never an exception.
#include <cstring>
#include <string_view>

#include "ashlar.h"
#include "guests.h"
#include "wasm.h"

namespace oom {

namespace {

wasm_trap_t* add(void*, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  results->data[0].kind = WASM_I32;
  results->data[0].of.i32 = args->data[0].of.i32 + 1;
  return nullptr;
}

wasm_trap_t* refuse(void* env, const wasm_val_vec_t*, wasm_val_vec_t*) {
  wasm_message_t message;
  wasm_name_new_from_string_nt(&message, "a message that is longer than a short text");
  if (message.data == nullptr) return wasm_trap_new(static_cast<wasm_store_t*>(env), &message);
  wasm_trap_t* trap = wasm_trap_new(static_cast<wasm_store_t*>(env), &message);
  wasm_byte_vec_delete(&message);
  return trap;
}

wasm_functype_t* unary() {
  wasm_valtype_t* param = wasm_valtype_new(WASM_I32);
  wasm_valtype_t* result = wasm_valtype_new(WASM_I32);
  wasm_functype_t* made = nullptr;
  if (param != nullptr && result != nullptr) {
    wasm_valtype_vec_t params;
    wasm_valtype_vec_t results;
    wasm_valtype_vec_new(&params, 1, &param);
    if (params.size == 1) param = nullptr;
    wasm_valtype_vec_new(&results, 1, &result);
    if (results.size == 1) result = nullptr;
    if (param == nullptr && result == nullptr) {
      made = wasm_functype_new(&params, &results);
    } else {
      wasm_valtype_vec_delete(&params);
      wasm_valtype_vec_delete(&results);
    }
  }
  wasm_valtype_delete(param);
  wasm_valtype_delete(result);
  return made;
}

constexpr std::string_view kText = R"((module
  (import "env" "add" (func $add (param i32) (result i32)))
  (import "env" "refuse" (func $refuse (param i32) (result i32)))
  (memory (export "memory") 1 4) (global (export "g") (mut i32) (i32.const 1)) (table (export "t") 2 funcref)
  (func (export "run") (param i32) (result i32) (call $add (local.get 0)))
  (func (export "refuse") (param i32) (result i32) (call $refuse (local.get 0)))
  (func (export "trap") (param i32) (result i32) (unreachable))))";

void call(Run& run, const wasm_func_t* f, bool fails) {
  wasm_val_t arg{};
  arg.kind = WASM_I32;
  arg.of.i32 = 41;
  wasm_val_t result{};
  const wasm_val_vec_t args{1, &arg};
  wasm_val_vec_t results{1, &result};
  wasm_trap_t* trap = wasm_func_call(f, &args, &results);
  if (trap == nullptr) {
    run.expect(!fails && result.of.i32 == 42, "a result");
    return;
  }
  wasm_message_t message;
  wasm_trap_message(trap, &message);
  wasm_byte_vec_delete(&message);
  wasm_frame_vec_t frames;
  wasm_trap_trace(trap, &frames);
  wasm_frame_vec_delete(&frames);
  wasm_frame_delete(wasm_trap_origin(trap));
  wasm_trap_t* copy = wasm_trap_copy(trap);
  wasm_trap_delete(copy);
  run.expect(std::strlen(ashlar_error_id(ashlar_trap_error(trap))) != 0, "an id");
  wasm_trap_delete(trap);
}

void use(Run& run, wasm_store_t* store, const wasm_instance_t* instance) {
  wasm_extern_vec_t exports;
  wasm_instance_exports(instance, &exports);
  if (exports.size != 6) {
    run.expect(exports.size == 0, "exports");
    return;
  }
  for (size_t i = 0; i < exports.size; ++i) {
    wasm_externtype_delete(wasm_extern_type(exports.data[i]));
    wasm_extern_delete(wasm_extern_copy(exports.data[i]));
  }
  for (size_t i = 3; i < 6; ++i) call(run, wasm_extern_as_func(exports.data[i]), i != 3);
  wasm_memory_grow(wasm_extern_as_memory(exports.data[0]), 1);
  wasm_val_t value{};
  wasm_global_get(wasm_extern_as_global(exports.data[1]), &value);
  wasm_table_t* table = wasm_extern_as_table(exports.data[2]);
  wasm_table_set(table, 0, wasm_func_as_ref(wasm_extern_as_func(exports.data[3])));
  wasm_ref_delete(wasm_table_get(table, 0));
  wasm_table_grow(table, 1000, nullptr);
  if (wasm_foreign_t* foreign = wasm_foreign_new(store)) {
    wasm_foreign_set_host_info(foreign, foreign);
    wasm_foreign_delete(foreign);
  }
  wasm_extern_vec_delete(&exports);
}

void with_module(Run& run, wasm_store_t* store, const wasm_module_t* module) {
  wasm_importtype_vec_t imports;
  wasm_module_imports(module, &imports);
  run.expect(imports.size == 2 || imports.size == 0, "imports");
  wasm_importtype_vec_t copies;
  wasm_importtype_vec_copy(&copies, &imports);
  wasm_importtype_vec_delete(&copies);
  wasm_importtype_vec_delete(&imports);
  wasm_exporttype_vec_t exports;
  wasm_module_exports(module, &exports);
  wasm_exporttype_vec_delete(&exports);
  wasm_functype_t* type = unary();
  if (type == nullptr) return;
  wasm_func_t* first = wasm_func_new_with_env(store, type, &add, nullptr, nullptr);
  wasm_func_t* second = wasm_func_new_with_env(store, type, &refuse, store, nullptr);
  wasm_functype_delete(type);
  if (first != nullptr && second != nullptr) {
    wasm_extern_t* given[] = {wasm_func_as_extern(first), wasm_func_as_extern(second)};
    const wasm_extern_vec_t externs{2, given};
    wasm_trap_t* trap = nullptr;
    wasm_instance_t* instance = wasm_instance_new(store, module, &externs, &trap);
    run.expect((instance == nullptr) == (trap != nullptr), "an instance or a trap");
    if (instance != nullptr) use(run, store, instance);
    wasm_instance_delete(instance);
    wasm_trap_delete(trap);
  }
  wasm_func_delete(first);
  wasm_func_delete(second);
}

}  // namespace

void capi(Run& run) {
  run.on();
  wasm_engine_t* engine = wasm_engine_new();
  wasm_store_t* store = engine == nullptr ? nullptr : wasm_store_new(engine);
  if (store != nullptr) {
    wasm_module_t* module = nullptr;
    ashlar_error_t* error = ashlar_module_new(store, kText.data(), kText.size(), &module);
    run.expect((module == nullptr) == (error != nullptr), "a module or an error");
    if (error != nullptr) run.expect(std::strcmp(ashlar_error_id(error), "out_of_memory") == 0, "the error");
    ashlar_error_delete(error);
    if (module != nullptr) with_module(run, store, module);
    wasm_module_delete(module);
    wasm_store_delete(store);
  }
  wasm_engine_delete(engine);
  run.off();
}

}  // namespace oom
