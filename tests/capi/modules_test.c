// Modules: what is wrong with one, sharing, serialization, files, text.
#include "check.h"
#include "support/dwarf_guest.h"

static const char kText[] = "(module (func (export \"answer\") (result i32) (i32.const 42)))";

static void expect_answer(wasm_store_t* store, wasm_module_t* module) {
  CHECK(module != NULL);
  wasm_instance_t* instance = wasm_instance_new(store, module, NULL, NULL);
  CHECK(call1(instance, "answer", NULL).of.i32 == 42);
  wasm_instance_delete(instance);
  wasm_module_delete(module);
}

void test_binaries(void) {
  Host host = host_new();
  wasm_byte_vec_t binary;
  CHECK(ashlar_wat2wasm(kText, strlen(kText), &binary) == NULL);
  CHECK(wasm_module_validate(host.store, &binary));
  expect_answer(host.store, wasm_module_new(host.store, &binary));

  binary.data[binary.size - 1] = 0x1a;  // drop in place of end
  CHECK(!wasm_module_validate(host.store, &binary));
  const ashlar_error_t* error = ashlar_last_error();
  uint64_t offset = 0;
  CHECK(ashlar_error_kind(error) == ASHLAR_MALFORMED || ashlar_error_kind(error) == ASHLAR_INVALID);
  CHECK(ashlar_error_offset(error, &offset) && offset > 8);
  CHECK(wasm_module_new(host.store, &binary) == NULL);
  CHECK(ashlar_last_error() != NULL && strlen(ashlar_error_text(ashlar_last_error())) > 0);
  wasm_byte_vec_delete(&binary);

  // Only binaries; <ashlar.h> takes both.
  wasm_byte_vec_new(&binary, strlen(kText), kText);
  CHECK(!wasm_module_validate(host.store, &binary) && wasm_module_new(host.store, &binary) == NULL);
  LAST_ERROR_IS("not_a_module");
  CHECK(ashlar_error_kind(ashlar_last_error()) == ASHLAR_MALFORMED);
  wasm_byte_vec_delete(&binary);
  CHECK(wasm_module_new(host.store, &binary) == NULL);

  const char wrong[] = "(module\n  (func (export \"f\") (result i32)))";
  wasm_module_t* module = NULL;
  ashlar_error_t* invalid = ashlar_module_new(host.store, wrong, strlen(wrong), &module);
  uint32_t line = 0, column = 0;
  CHECK(module == NULL && ashlar_error_kind(invalid) == ASHLAR_INVALID);
  CHECK(ashlar_error_position(invalid, &line, &column) && line == 2);
  CHECK(!ashlar_error_exit_code(invalid, NULL));
  ashlar_error_delete(invalid);
  ashlar_error_t* malformed = ashlar_wat2wasm("(module (", 9, &binary);
  CHECK(ashlar_error_kind(malformed) == ASHLAR_MALFORMED && binary.size == 0);
  ashlar_error_delete(malformed);
  ashlar_error_delete(NULL);
  host_delete(&host);
}

void test_sharing(void) {
  Host host = host_new();
  wasm_module_t* module = module_of(host.store, kText);
  wasm_shared_module_t* shared = wasm_module_share(module);
  wasm_module_delete(module);
  wasm_store_delete(host.store);
  host.store = wasm_store_new(host.engine);
  expect_answer(host.store, wasm_module_obtain(host.store, shared));

  Host other = host_new();
  CHECK(wasm_module_obtain(other.store, shared) == NULL);
  LAST_ERROR_IS("foreign_module");
  host_delete(&other);
  wasm_shared_module_delete(shared);
  host_delete(&host);
}

void test_serialization(void) {
  Host host = host_new();
  wasm_module_t* module = module_of(host.store, kText);
  wasm_byte_vec_t bytes;
  wasm_module_serialize(module, &bytes);
  CHECK(bytes.size > 8);
  wasm_module_t* copy = wasm_module_deserialize(host.store, &bytes);
  CHECK(!wasm_module_same(copy, module));
  expect_answer(host.store, copy);
  bytes.data[0] = 'x';
  CHECK(wasm_module_deserialize(host.store, &bytes) == NULL);
  CHECK(ashlar_last_error() != NULL);
  wasm_byte_vec_delete(&bytes);

  char path[] = "/tmp/ashlar_capi_XXXXXX";
  CHECK(mkstemp(path) >= 0);
  CHECK(ashlar_module_serialize_to_file(module, path) == NULL);
  wasm_module_t* loaded = NULL;
  CHECK(ashlar_module_deserialize_file(host.store, path, &loaded) == NULL);
  expect_answer(host.store, loaded);
  CHECK(ashlar_module_new_from_file(host.store, path, &loaded) == NULL);
  expect_answer(host.store, loaded);
  // This engine only interprets.
  ashlar_error_t* refused = ashlar_module_deserialize_known_file(host.store, path, &loaded);
  CHECK(loaded == NULL && ashlar_error_kind(refused) == ASHLAR_USAGE);
  CHECK_TEXT(ashlar_error_id(refused), "no_machine_code");
  ashlar_error_delete(refused);
  remove(path);
  ashlar_error_t* missing = ashlar_module_deserialize_file(host.store, path, &loaded);
  CHECK(loaded == NULL && ashlar_error_kind(missing) == ASHLAR_IO);
  ashlar_error_delete(missing);
  missing = ashlar_module_new_from_file(host.store, path, &loaded);
  CHECK(loaded == NULL && ashlar_error_kind(missing) == ASHLAR_IO);
  ashlar_error_delete(missing);
  missing = ashlar_module_serialize_to_file(module, "/nowhere/at/all");
  CHECK(ashlar_error_kind(missing) == ASHLAR_IO);
  ashlar_error_delete(missing);
  wasm_module_delete(module);
  host_delete(&host);
}

typedef struct Lines {
  size_t count;
  char text[2][64];
} Lines;

static void take_line(void* env, size_t i, const char* function, const char* file, uint32_t line) {
  Lines* lines = env;
  CHECK(i == 1 && lines->count < 2);
  snprintf(lines->text[lines->count++], sizeof lines->text[0], "%s at %s:%u", function, file, line);
}

void test_source_lines(void) {
  Host host = host_new();
  wasm_module_t* module = NULL;
  CHECK(ashlar_module_new(host.store, (const char*)kDwarfGuest, sizeof kDwarfGuest, &module) == NULL);
  wasm_instance_t* instance = wasm_instance_new(host.store, module, NULL, NULL);
  wasm_val_t args[] = {WASM_I32_VAL(3)}, result[1];
  wasm_val_vec_t arg_vec = WASM_ARRAY_VEC(args), results = WASM_ARRAY_VEC(result);
  wasm_func_t* outer = exported_func(instance, "outer");
  wasm_trap_t* trap = wasm_func_call(outer, &arg_vec, &results);
  CHECK(trap != NULL);
  wasm_frame_t* origin = wasm_trap_origin(trap);
  const size_t offsets[] = {0, wasm_frame_module_offset(origin)};
  Lines lines = {0, {"", ""}};
  ashlar_error_t* error = ashlar_module_source_lines(module, offsets, 2, take_line, &lines);
  if (error != NULL) {
    CHECK_TEXT(ashlar_error_id(error), "compiler_missing");  // of builds without one
    ashlar_error_delete(error);
  } else {
    CHECK(lines.count == 2);
    CHECK_TEXT(lines.text[0], "inner at /src/guest.c:2");
    CHECK_TEXT(lines.text[1], "outer at /src/guest.c:6");
  }
  wasm_frame_delete(origin);
  wasm_trap_delete(trap);
  wasm_func_delete(outer);
  wasm_module_delete(module);
  // Of a module without debug information nothing is told, and nothing asked.
  module = module_of(host.store, kText);
  CHECK(ashlar_module_source_lines(module, offsets, 2, take_line, NULL) == NULL);
  wasm_module_delete(module);
  wasm_instance_delete(instance);
  host_delete(&host);
}

void test_configuration(void) {
  wasm_config_delete(wasm_config_new());
  wasm_config_t* config = wasm_config_new();
  CHECK(ashlar_config_set_feature(config, "gc", false) && !ashlar_config_set_feature(config, "nonsense", true));
  ashlar_config_set_guard_pages(config, false);
  ashlar_config_set_lazy_validation(config, true);
  ashlar_config_set_max_memory64_reservation(config, 1 << 20);
  wasm_engine_t* engine = wasm_engine_new_with_config(config);
  wasm_store_t* store = wasm_store_new(engine);
  wasm_module_t* module = NULL;
  const char gc[] = "(module (type (struct)))";
  ashlar_error_t* error = ashlar_module_new(store, gc, strlen(gc), &module);
  CHECK(error != NULL);
  ashlar_error_delete(error);
  expect_answer(store, module_of(store, kText));
  wasm_store_delete(store);
  wasm_engine_delete(engine);

  // What cannot be had is an error of making a module.
  config = wasm_config_new();
  ashlar_config_set_tier(config, ASHLAR_TIER_OPTIMIZING);
  ashlar_config_set_opt_level(config, ASHLAR_OPT_QUICK);
  ashlar_config_set_code_cache(config, false);
  ashlar_config_set_cache_folder(config, "/nowhere/cache");
  ashlar_config_set_compiler(config, "/nowhere/compiler");
  engine = wasm_engine_new_with_config(config);
  store = wasm_store_new(engine);
  error = ashlar_module_new(store, kText, strlen(kText), &module);
  CHECK(module == NULL);
  CHECK_TEXT(ashlar_error_id(error), "compiler_missing");
  ashlar_error_delete(error);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
}
