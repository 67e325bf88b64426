// Components: values as text, callbacks, one instance for another, WASI, errors.
#include "check.h"

// Exports twice(x), which calls the import `add`.
static const char* const kTwice =
    "(component"
    "  (import \"my:math/ops@1.0.0\" (instance $ops (export \"add\" (func (param \"a\" u32) (param \"b\" u32) (result "
    "u32)))))"
    "  (core func $add (canon lower (func $ops \"add\")))"
    "  (core module $m (import \"\" \"add\" (func $add (param i32 i32) (result i32)))"
    "    (func (export \"twice\") (param i32) (result i32) (call $add (local.get 0) (local.get 0))))"
    "  (core instance $m (instantiate $m (with \"\" (instance (export \"add\" (func $add))))))"
    "  (func (export \"twice\") (param \"x\" u32) (result u32) (canon lift (core func $m \"twice\"))))";
// Exports my:math/ops@1.1.0 itself.
static const char* const kOps =
    "(component"
    "  (core module $m (func (export \"add\") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))"
    "  (core instance $m (instantiate $m))"
    "  (func $add (param \"a\" u32) (param \"b\" u32) (result u32) (canon lift (core func $m \"add\")))"
    "  (instance $ops (export \"add\" (func $add)))"
    "  (export \"my:math/ops@1.1.0\" (instance $ops)))";

static ashlar_component_t* component_of(wasm_engine_t* engine, const char* text) {
  ashlar_component_t* component = NULL;
  CHECK(ashlar_component_new(engine, text, strlen(text), &component) == NULL);
  return component;
}

static const char* add(void* env, const char* args, wasm_name_t* result) {
  unsigned a = 0, b = 0;
  CHECK(sscanf(args, "(%u, %u)", &a, &b) == 2);
  if (a == 13) return "not that one";
  char text[16];
  snprintf(text, sizeof text, "%u", a + b + (env == NULL));
  wasm_name_new_from_string_nt(result, text);
  return NULL;
}

static void expect_call(const ashlar_component_instance_t* instance, const char* call, const char* wanted) {
  wasm_name_t result;
  ashlar_error_t* error = ashlar_component_instance_call(instance, call, &result);
  CHECK_TEXT(error == NULL ? result.data : ashlar_error_id(error), wanted);
  if (error == NULL) {
    wasm_name_delete(&result);
  } else {
    ashlar_error_delete(error);
  }
}

// Instances in one store after another of what was prepared once.
static void check_prepared(Host* host, ashlar_component_t* component, ashlar_component_linker_t* linker) {
  ashlar_prepared_component_t* prepared = NULL;
  CHECK(ashlar_component_linker_prepare(linker, component, &prepared) == NULL);
  for (int round = 0; round < 3; ++round) {
    wasm_store_t* store = wasm_store_new(host->engine);
    ashlar_component_instance_t* instance = NULL;
    CHECK(ashlar_prepared_component_instantiate(prepared, store, &instance) == NULL);
    expect_call(instance, "twice(5)", "10");
    ashlar_component_instance_delete(instance);
    wasm_store_delete(store);
  }
  ashlar_prepared_component_delete(prepared);
}

// Where there is machine code: the component as bytes, and back. Elsewhere the errors say that there is none.
static void check_serialized(Host* host, ashlar_component_t* component, ashlar_component_linker_t* linker) {
  wasm_byte_vec_t bytes;
  ashlar_component_t* again = NULL;
  ashlar_error_t* error = ashlar_component_serialize(component, &bytes);
  if (error != NULL) {
    CHECK_TEXT(ashlar_error_id(error), "compiler_missing");
    CHECK(bytes.size == 0);
    ashlar_error_delete(error);
    return;
  }
  CHECK(bytes.size > 0);
  error = ashlar_component_deserialize(host->engine, bytes.data, bytes.size, &again);
  if (error == NULL) {
    ashlar_component_instance_t* instance = NULL;
    CHECK(ashlar_component_linker_instantiate(linker, host->store, again, &instance) == NULL);
    expect_call(instance, "twice(6)", "12");
    ashlar_component_instance_delete(instance);
    ashlar_component_delete(again);
  } else {
    CHECK_TEXT(ashlar_error_id(error), "no_machine_code");
    CHECK(again == NULL);
    ashlar_error_delete(error);
  }
  error = ashlar_component_deserialize(host->engine, "nothing", 7, &again);
  CHECK(error != NULL && again == NULL);
  ashlar_error_delete(error);
  error = ashlar_component_deserialize_file(host->engine, "no such file", &again);
  CHECK(error != NULL && again == NULL);
  ashlar_error_delete(error);
  error = ashlar_component_serialize_to_file(component, "no such folder/file");
  CHECK(error != NULL);
  ashlar_error_delete(error);
  wasm_byte_vec_delete(&bytes);
}

void test_components(void) {
  Host host = host_new();
  ashlar_component_t* twice = component_of(host.engine, kTwice);
  wasm_name_t text;
  ashlar_component_describe(twice, false, &text);
  CHECK_TEXT(text.data, "my:math/ops@1.0.0#add: func(a: u32, b: u32) -> u32\n");
  wasm_name_delete(&text);
  ashlar_component_describe(twice, true, &text);
  CHECK_TEXT(text.data, "twice: func(x: u32) -> u32\n");
  wasm_name_delete(&text);

  ashlar_component_linker_t* linker = ashlar_component_linker_new();
  ashlar_component_instance_t* instance = NULL;
  ashlar_error_t* missing = ashlar_component_linker_instantiate(linker, host.store, twice, &instance);
  CHECK(missing != NULL && instance == NULL);
  CHECK_TEXT(ashlar_error_id(missing), "component_import_missing");
  ashlar_error_delete(missing);

  int finalized = 0;
  ashlar_component_linker_define_func(linker, "my:math/ops@1.2.0", "add", add, &finalized, count_up);
  CHECK(ashlar_component_linker_instantiate(linker, host.store, twice, &instance) == NULL);
  expect_call(instance, "twice(4)", "8");
  expect_call(instance, "twice(-4)", "value_type_mismatch");
  expect_call(instance, "thrice(4)", "no_such_component_func");
  CHECK(ashlar_component_instance_call(instance, "twice(4)", NULL) == NULL);
  expect_call(instance, "twice(13)", "host_trap");

  check_prepared(&host, twice, linker);
  check_serialized(&host, twice, linker);

  // What another component exports, in place of the callback.
  ashlar_component_t* ops = component_of(host.engine, kOps);
  ashlar_component_linker_t* empty = ashlar_component_linker_new();
  ashlar_component_instance_t *first = NULL, *second = NULL;
  CHECK(ashlar_component_linker_instantiate(empty, host.store, ops, &first) == NULL);
  CHECK(ashlar_component_linker_define_instance(empty, "my:math/ops@1.1.0", first) == NULL);
  CHECK(ashlar_component_linker_instantiate(empty, host.store, twice, &second) == NULL);
  expect_call(second, "twice(21)", "42");
  ashlar_prepared_component_t* nothing = NULL;
  ashlar_error_t* of_one_store = ashlar_component_linker_prepare(empty, twice, &nothing);
  CHECK(of_one_store != NULL && nothing == NULL);
  CHECK_TEXT(ashlar_error_id(of_one_store), "prepared_with_instance");
  ashlar_error_delete(of_one_store);
  ashlar_error_t* none = ashlar_component_instance_run(second);
  CHECK(none != NULL && ashlar_error_kind(none) == ASHLAR_LINK);
  ashlar_error_delete(none);

  ashlar_component_t* wrong = NULL;
  ashlar_error_t* malformed = ashlar_component_new(host.engine, "(component", 10, &wrong);
  CHECK(malformed != NULL && wrong == NULL && ashlar_error_kind(malformed) == ASHLAR_MALFORMED);
  ashlar_error_delete(malformed);
  ashlar_component_t* hello = NULL;
  CHECK(ashlar_component_new_from_file(host.engine, "examples/components/hello.wat", &hello) == NULL);
  ashlar_component_linker_define_wasi(empty, NULL);
  ashlar_component_instance_t* program = NULL;
  CHECK(ashlar_component_linker_instantiate(empty, host.store, hello, &program) == NULL);
  CHECK(ashlar_component_instance_run(program) == NULL);

  ashlar_component_linker_delete(linker);
  ashlar_component_delete(twice);
  CHECK(finalized == 0);  // the instance calls it still
  host_delete(&host);
  expect_call(second, "twice(3)", "6");
  ashlar_component_instance_delete(instance);
  ashlar_component_instance_delete(program);
  ashlar_component_instance_delete(first);
  ashlar_component_instance_delete(second);
  CHECK(finalized == 1);
  ashlar_component_linker_delete(empty);
  ashlar_component_delete(ops);
  ashlar_component_delete(hello);
}
