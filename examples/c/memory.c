// The host writes into a guest's memory, lets it work there, and reads the result.
#include "example.h"

static const char kGuest[] =
    "(module (memory (export \"memory\") 1)"
    " (func (export \"upper\") (param $at i32) (param $size i32) (local $end i32) (local $c i32)"
    "  (local.set $end (i32.add (local.get $at) (local.get $size)))"
    "  (block $done (loop $next"
    "   (br_if $done (i32.ge_u (local.get $at) (local.get $end)))"
    "   (local.set $c (i32.load8_u (local.get $at)))"
    "   (if (i32.lt_u (i32.sub (local.get $c) (i32.const 97)) (i32.const 26))"
    "    (then (i32.store8 (local.get $at) (i32.sub (local.get $c) (i32.const 32)))))"
    "   (local.set $at (i32.add (local.get $at) (i32.const 1)))"
    "   (br $next)))))";

int main(void) {
  const char text[] = "written by the host";
  wasm_engine_t* engine = wasm_engine_new();
  wasm_store_t* store = wasm_store_new(engine);
  wasm_module_t* module;
  check(ashlar_module_new(store, kGuest, strlen(kGuest), &module));
  wasm_trap_t* trap;
  wasm_instance_t* instance = wasm_instance_new(store, module, NULL, &trap);
  check_trap(trap);

  wasm_memory_t* memory = wasm_extern_as_memory(ashlar_instance_export(instance, "memory"));
  memcpy(wasm_memory_data(memory) + 1000, text, sizeof text);
  wasm_func_t* upper = func_of(instance, "upper");
  wasm_val_t values[] = {WASM_I32_VAL(1000), WASM_I32_VAL((int32_t)strlen(text))};
  wasm_val_vec_t args = WASM_ARRAY_VEC(values);
  check_trap(wasm_func_call(upper, &args, NULL));
  printf("%s\n", wasm_memory_data(memory) + 1000);

  // Beyond the end: a trap, with the place in the guest.
  values[0].of.i32 = (int32_t)wasm_memory_data_size(memory) - 4;
  trap = wasm_func_call(upper, &args, NULL);
  wasm_frame_t* frame = wasm_trap_origin(trap);
  printf("%s in function %u\n", ashlar_error_message(ashlar_trap_error(trap)), wasm_frame_func_index(frame));
  wasm_frame_delete(frame);
  wasm_trap_delete(trap);

  wasm_func_delete(upper);
  wasm_memory_delete(memory);
  wasm_instance_delete(instance);
  wasm_module_delete(module);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  return 0;
}
