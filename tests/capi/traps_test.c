// Traps: messages, frames, errors behind them; traps of callbacks.
#include "check.h"

static wasm_trap_t* g_returned;

static wasm_trap_t* failing(void* env, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  (void)args;
  (void)results;
  wasm_message_t message;
  wasm_name_new_from_string_nt(&message, "no more");
  g_returned = wasm_trap_new(env, &message);
  wasm_name_delete(&message);
  return wasm_trap_copy(g_returned);
}

/// Calls the function that `env` points to, and returns its trap.
static wasm_trap_t* through(void* env, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  (void)args;
  (void)results;
  wasm_val_vec_t none = WASM_EMPTY_VEC;
  return wasm_func_call(*(wasm_func_t**)env, &none, &none);
}

static const char kGuest[] =
    "(module $guest (import \"\" \"f\" (func $f))"
    " (func $inner (export \"inner\") (call $f)) (func $outer (export \"outer\") (call $inner))"
    " (func (export \"divide\") (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))"
    " (tag $t) (func (export \"throw\") (throw $t)))";

static wasm_instance_t* guest(wasm_store_t* store, wasm_func_t* imported) {
  wasm_module_t* module = module_of(store, kGuest);
  wasm_extern_t* imports[] = {wasm_func_as_extern(imported)};
  wasm_extern_vec_t vec = WASM_ARRAY_VEC(imports);
  wasm_instance_t* instance = wasm_instance_new(store, module, &vec, NULL);
  CHECK(instance != NULL);
  wasm_module_delete(module);
  return instance;
}

static wasm_trap_t* call(wasm_func_t* func) {
  wasm_val_vec_t none = WASM_EMPTY_VEC;
  return wasm_func_call(func, &none, &none);
}

void test_trap_frames(void) {
  Host host = host_new();
  wasm_instance_t* instance = instance_of(
      host.store, "(module $m (func $a (export \"go\") (call $b)) (func $b nop (call $c)) (func $c unreachable))");
  wasm_func_t* go = exported_func(instance, "go");
  wasm_trap_t* trap = call(go);
  CHECK(trap != NULL);
  wasm_message_t message;
  wasm_trap_message(trap, &message);
  CHECK_TEXT(message.data, "unreachable");
  CHECK(message.size == strlen("unreachable") + 1);
  wasm_name_delete(&message);

  wasm_frame_vec_t trace, copy;
  wasm_trap_trace(trap, &trace);
  CHECK(trace.size == 3);
  static const char* const names[] = {"c", "b", "a"};
  static const size_t offsets[] = {1, 2, 1};
  for (uint32_t i = 0; i < 3; ++i) {
    CHECK(wasm_frame_func_index(trace.data[i]) == 2 - i);
    CHECK(wasm_frame_func_offset(trace.data[i]) == offsets[i]);
    CHECK(wasm_frame_module_offset(trace.data[i]) > wasm_frame_func_offset(trace.data[i]));
    CHECK_TEXT(ashlar_frame_func_name(trace.data[i]), names[i]);
    CHECK_TEXT(ashlar_frame_module_name(trace.data[i]), "m");
    CHECK(wasm_instance_same(wasm_frame_instance(trace.data[i]), instance));
  }
  wasm_frame_vec_copy(&copy, &trace);
  wasm_frame_vec_delete(&trace);
  CHECK(wasm_frame_func_index(copy.data[0]) == 2);
  wasm_frame_vec_delete(&copy);
  wasm_frame_t* origin = wasm_trap_origin(trap);
  CHECK(wasm_frame_func_index(origin) == 2);
  wasm_trap_delete(trap);
  wasm_func_delete(go);
  wasm_instance_delete(instance);
  host_delete(&host);
  CHECK(wasm_frame_instance(origin) != NULL);  // with its store
  wasm_frame_delete(origin);
}

/// Names that look like lines of a backtrace, and functions of one name in two modules, are what they are.
void test_trap_frames_by_any_name(void) {
  Host host = host_new();
  const char text[] =
      "(module $m (import \"\" \"f\" (func $f))"
      " (func $\"f\\n     1:     0x21 - m!g\" (export \"go\") nop (call $f)))";
  wasm_functype_t* type = wasm_functype_new_0_0();
  wasm_instance_t* innermost = instance_of(host.store, "(module $m (func (export \"f\") nop nop unreachable))");
  wasm_func_t* func = exported_func(innermost, "f");
  wasm_module_t* module = module_of(host.store, text);
  wasm_extern_t* imports[] = {wasm_func_as_extern(func)};
  wasm_extern_vec_t vec = WASM_ARRAY_VEC(imports);
  wasm_instance_t* instance = wasm_instance_new(host.store, module, &vec, NULL);
  wasm_func_t* go = exported_func(instance, "go");
  wasm_trap_t* trap = call(go);
  wasm_frame_vec_t trace;
  wasm_trap_trace(trap, &trace);
  CHECK(trace.size == 2);
  CHECK(wasm_instance_same(wasm_frame_instance(trace.data[0]), innermost));
  CHECK(wasm_instance_same(wasm_frame_instance(trace.data[1]), instance));
  CHECK(wasm_frame_func_index(trace.data[1]) == 1 && wasm_frame_func_offset(trace.data[1]) == 2);
  CHECK_TEXT(ashlar_frame_func_name(trace.data[1]), "f\n     1:     0x21 - m!g");
  wasm_frame_vec_delete(&trace);
  CHECK(ashlar_error_trap_code(ashlar_trap_error(trap)) == ASHLAR_TRAP_UNREACHABLE);
  wasm_trap_delete(trap);
  // Of two instances of a module none can be told.
  wasm_instance_t* other = wasm_instance_new(host.store, module, &vec, NULL);
  trap = call(go);
  wasm_frame_t* origin = wasm_trap_origin(trap);
  CHECK(wasm_instance_same(wasm_frame_instance(origin), innermost));
  wasm_frame_delete(origin);
  wasm_trap_trace(trap, &trace);
  CHECK(trace.size == 2 && wasm_frame_instance(trace.data[1]) == NULL && wasm_frame_func_index(trace.data[1]) == 1);
  wasm_frame_vec_delete(&trace);
  wasm_trap_delete(trap);
  wasm_instance_delete(other);
  wasm_func_delete(go);
  wasm_instance_delete(instance);
  wasm_module_delete(module);
  wasm_func_delete(func);
  wasm_instance_delete(innermost);
  wasm_functype_delete(type);
  host_delete(&host);
}

void test_trap_codes(void) {
  Host host = host_new();
  wasm_instance_t* instance =
      instance_of(host.store,
                  "(module (memory 1) (table 1 funcref) (type $t (func)) (tag $e)"
                  " (func (export \"divide\") (drop (i32.div_u (i32.const 1) (i32.const 0))))"
                  " (func (export \"load\") (drop (i32.load (i32.const -1))))"
                  " (func (export \"call\") (call_indirect (type $t) (i32.const 0)))"
                  " (func $r (export \"recurse\") (call $r)) (func (export \"throw\") (throw $e)))");
  static const struct {
    const char* name;
    ashlar_trap_code_t code;
  } rows[] = {{"divide", ASHLAR_TRAP_INTEGER_DIVIDE_BY_ZERO},
              {"load", ASHLAR_TRAP_OUT_OF_BOUNDS_MEMORY_ACCESS},
              {"call", ASHLAR_TRAP_UNINITIALIZED_ELEMENT},
              {"recurse", ASHLAR_TRAP_CALL_STACK_EXHAUSTED},
              {"throw", ASHLAR_TRAP_UNCAUGHT_EXCEPTION}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    wasm_func_t* func = exported_func(instance, rows[i].name);
    wasm_trap_t* trap = call(func);
    CHECK(ashlar_error_trap_code(ashlar_trap_error(trap)) == rows[i].code);
    wasm_trap_delete(trap);
    wasm_func_delete(func);
  }
  wasm_instance_delete(instance);
  wasm_module_t* module = NULL;
  ashlar_error_t* error = ashlar_module_new(host.store, "nonsense", 8, &module);
  CHECK(error != NULL && ashlar_error_trap_code(error) == ASHLAR_TRAP_NONE);
  ashlar_error_delete(error);
  host_delete(&host);
}

void test_callback_traps(void) {
  Host host = host_new();
  wasm_functype_t* type = wasm_functype_new_0_0();
  wasm_func_t* fail = wasm_func_new_with_env(host.store, type, failing, host.store, NULL);
  wasm_instance_t* inner = guest(host.store, fail);
  wasm_func_t* inner_func = exported_func(inner, "outer");
  wasm_func_t* pass = wasm_func_new_with_env(host.store, type, through, &inner_func, NULL);
  wasm_instance_t* outer = guest(host.store, pass);
  wasm_func_t* outer_func = exported_func(outer, "outer");

  // The very trap comes back, with the frames it has passed.
  wasm_trap_t* trap = call(outer_func);
  CHECK(wasm_trap_same(trap, g_returned));
  CHECK_TEXT(ashlar_error_message(ashlar_trap_error(trap)), "no more");
  CHECK_TEXT(ashlar_error_id(ashlar_trap_error(trap)), "host_trap");
  CHECK(ashlar_error_kind(ashlar_trap_error(trap)) == ASHLAR_TRAP);
  wasm_frame_vec_t trace;
  wasm_trap_trace(trap, &trace);
  CHECK(trace.size == 4);
  CHECK_TEXT(ashlar_frame_func_name(trace.data[0]), "inner");
  CHECK_TEXT(ashlar_frame_func_name(trace.data[3]), "outer");
  wasm_frame_vec_delete(&trace);
  wasm_trap_delete(trap);
  wasm_trap_delete(g_returned);

  // The host's own call of a host function.
  trap = call(fail);
  CHECK(wasm_trap_same(trap, g_returned) && wasm_trap_origin(trap) == NULL);
  wasm_trap_delete(trap);
  wasm_trap_delete(g_returned);
  wasm_functype_delete(type);
  wasm_func_delete(fail);
  wasm_func_delete(pass);
  wasm_func_delete(inner_func);
  wasm_func_delete(outer_func);
  wasm_instance_delete(inner);
  wasm_instance_delete(outer);
  host_delete(&host);
}

/// What a guest's trap is stays known while it passes a callback.
void test_traps_keep_their_kind(void) {
  Host host = host_new();
  wasm_functype_t* type = wasm_functype_new_0_0();
  wasm_instance_t* inner = instance_of(
      host.store, "(module (func (export \"trap\") (unreachable)) (tag $t) (func (export \"throw\") (throw $t)))");
  static const char* const names[] = {"trap", "throw"};
  static const char* const ids[] = {"unreachable", "uncaught_exception"};
  for (int i = 0; i < 2; ++i) {
    wasm_func_t* func = exported_func(inner, names[i]);
    wasm_func_t* pass = wasm_func_new_with_env(host.store, type, through, &func, NULL);
    wasm_instance_t* outer = guest(host.store, pass);
    wasm_func_t* go = exported_func(outer, "outer");
    wasm_trap_t* trap = call(go);
    CHECK_TEXT(ashlar_error_id(ashlar_trap_error(trap)), ids[i]);
    wasm_frame_vec_t trace;
    wasm_trap_trace(trap, &trace);
    CHECK(trace.size == 3);
    wasm_frame_vec_delete(&trace);
    wasm_trap_delete(trap);
    wasm_func_delete(go);
    wasm_func_delete(pass);
    wasm_func_delete(func);
    wasm_instance_delete(outer);
  }
  wasm_instance_delete(inner);
  wasm_functype_delete(type);
  host_delete(&host);
}

static wasm_trap_t* throwing(void* env, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  (void)results;
  wasm_val_t value[] = {WASM_I32_VAL(args->data[0].of.i32 + 1)};
  wasm_val_vec_t values = WASM_ARRAY_VEC(value);
  return ashlar_trap_new_exception(*(wasm_tag_t**)env, &values);
}

void test_exceptions(void) {
  Host host = host_new();
  wasm_tagtype_t* tagtype = wasm_tagtype_new(wasm_functype_new_1_0(wasm_valtype_new_i32()));
  wasm_tag_t* tag = wasm_tag_new(host.store, tagtype);
  wasm_functype_t* type = wasm_functype_new_1_0(wasm_valtype_new_i32());
  wasm_func_t* func = wasm_func_new_with_env(host.store, type, throwing, &tag, NULL);
  ashlar_linker_t* linker = ashlar_linker_new(host.store);
  CHECK(ashlar_linker_define(linker, "", "tag", wasm_tag_as_extern(tag)) == NULL);
  CHECK(ashlar_linker_define(linker, "", "throw", wasm_func_as_extern(func)) == NULL);
  wasm_module_t* module =
      module_of(host.store,
                "(module (import \"\" \"tag\" (tag $t (param i32))) (import \"\" \"throw\" (func $throw (param i32)))"
                " (func (export \"catch\") (param i32) (result i32) (block $h (result i32)"
                "  (try_table (catch $t $h) (call $throw (local.get 0))) (unreachable)))"
                " (func (export \"pass\") (param i32) (call $throw (local.get 0))))");
  wasm_instance_t* instance = NULL;
  CHECK(ashlar_linker_instantiate(linker, module, &instance) == NULL);
  CHECK(call_i32(instance, "catch", 5) == 6);

  wasm_func_t* pass = exported_func(instance, "pass");
  wasm_val_t seven[] = {WASM_I32_VAL(7)};
  wasm_val_vec_t args = WASM_ARRAY_VEC(seven), none = WASM_EMPTY_VEC, values;
  wasm_trap_t* trap = wasm_func_call(pass, &args, NULL);
  CHECK_TEXT(ashlar_error_id(ashlar_trap_error(trap)), "uncaught_exception");
  wasm_tag_t* thrown = NULL;
  CHECK(ashlar_trap_exception(trap, &thrown, &values));
  CHECK(wasm_tag_same(thrown, tag) && values.size == 1 && values.data[0].of.i32 == 8);
  wasm_tag_delete(thrown);
  wasm_val_vec_delete(&values);
  wasm_trap_delete(trap);
  CHECK(ashlar_trap_new_exception(tag, &none) == NULL && ashlar_trap_new_exception(tag, NULL) == NULL);
  seven[0].kind = WASM_F32;
  CHECK(ashlar_trap_new_exception(tag, &args) == NULL);
  trap = wasm_func_call(pass, &args, NULL);
  CHECK(!ashlar_trap_exception(trap, &thrown, &values));
  wasm_trap_delete(trap);

  wasm_func_delete(pass);
  wasm_instance_delete(instance);
  wasm_module_delete(module);
  ashlar_linker_delete(linker);
  wasm_func_delete(func);
  wasm_functype_delete(type);
  wasm_tagtype_delete(tagtype);
  wasm_tag_delete(tag);
  host_delete(&host);
}
