// Runs a WASI program, with limits: wasi FILE [args]. Without a file it runs one of its own.
#include "example.h"

static const char kGuest[] =
    "(module (import \"wasi_snapshot_preview1\" \"fd_write\" (func $write (param i32 i32 i32 i32) (result i32)))"
    " (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))"
    " (memory (export \"memory\") 1) (data (i32.const 16) \"hello from a WASI program\\n\")"
    " (func (export \"_start\") (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 26))"
    "  (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))) (call $exit (i32.const 7))))";

int main(int argc, char** argv) {
  wasm_config_t* config = wasm_config_new();
  ashlar_config_set_fuel(config, true);
  wasm_engine_t* engine = wasm_engine_new_with_config(config);
  ashlar_store_limits_t limits;
  ashlar_store_limits_init(&limits);
  limits.memory_bytes = 64 << 20;
  wasm_store_t* store = ashlar_store_new(engine, &limits);
  ashlar_store_set_fuel(store, 1000000000);
  wasm_module_t* module;
  if (argc > 1) {
    check(ashlar_module_new_from_file(store, argv[1], &module));
  } else {
    check(ashlar_module_new(store, kGuest, strlen(kGuest), &module));
  }

  ashlar_wasi_config_t* wasi = ashlar_wasi_config_new();
  for (int i = 1; i < argc; ++i) ashlar_wasi_config_add_arg(wasi, argv[i]);
  ashlar_linker_t* linker = ashlar_linker_new(store);
  ashlar_linker_define_wasi(linker, wasi);
  wasm_instance_t* instance;
  check(ashlar_linker_instantiate(linker, module, &instance));

  int code = 0;
  fflush(stdout);
  ashlar_error_t* error = ashlar_linker_run(linker, instance);
  if (error != NULL && !ashlar_error_exit_code(error, &code)) check(error);
  ashlar_error_delete(error);
  printf("exit code %d\n", code);

  wasm_instance_delete(instance);
  ashlar_linker_delete(linker);
  wasm_module_delete(module);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  return 0;
}
