// Types and vectors: ownership, deep copies, what modules say of their imports and exports.
#include "check.h"

static const char* text_of(const wasm_valtype_t* type) {
  static char text[64];
  wasm_name_t name;
  ashlar_valtype_text(type, &name);
  snprintf(text, sizeof text, "%s", name.data);
  wasm_name_delete(&name);
  return text;
}

void test_vectors(void) {
  wasm_byte_vec_t bytes, copy;
  wasm_byte_vec_new_empty(&bytes);
  CHECK(bytes.size == 0 && bytes.data == NULL);
  wasm_byte_vec_delete(&bytes);
  wasm_byte_vec_new_uninitialized(&bytes, 3);
  CHECK(bytes.size == 3 && bytes.data[2] == 0);
  bytes.data[0] = 'a';
  wasm_byte_vec_copy(&copy, &bytes);
  CHECK(copy.size == 3 && copy.data != bytes.data && copy.data[0] == 'a');
  wasm_byte_vec_delete(&bytes);
  CHECK(bytes.size == 0 && bytes.data == NULL);
  wasm_byte_vec_delete(&copy);
  wasm_name_new_from_string(&bytes, "name");
  CHECK(bytes.size == 4);
  wasm_name_delete(&bytes);
  wasm_name_new_from_string_nt(&bytes, "name");
  CHECK(bytes.size == 5 && bytes.data[4] == 0);
  wasm_name_delete(&bytes);

  wasm_valtype_vec_t types, types_copy;
  wasm_valtype_vec_new_uninitialized(&types, 2);
  CHECK(types.data[0] == NULL && types.data[1] == NULL);
  types.data[1] = wasm_valtype_new_f32();
  wasm_valtype_vec_copy(&types_copy, &types);
  CHECK(types_copy.data[0] == NULL && types_copy.data[1] != types.data[1]);
  CHECK(wasm_valtype_kind(types_copy.data[1]) == WASM_F32);
  wasm_valtype_vec_delete(&types);
  wasm_valtype_vec_delete(&types_copy);

  wasm_val_vec_t vals, vals_copy;
  wasm_val_t two[] = {WASM_I32_VAL(1), WASM_F64_VAL(2.5)};
  wasm_val_vec_new(&vals, 2, two);
  wasm_val_vec_copy(&vals_copy, &vals);
  CHECK(vals_copy.size == 2 && vals_copy.data[1].kind == WASM_F64 && vals_copy.data[1].of.f64 == 2.5);
  wasm_val_vec_delete(&vals);
  wasm_val_vec_delete(&vals_copy);
}

void test_types(void) {
  static const wasm_valkind_t kinds[] = {WASM_I32,       WASM_I64,     WASM_F32,      WASM_F64,     ASHLAR_V128,
                                         WASM_EXTERNREF, WASM_FUNCREF, ASHLAR_ANYREF, ASHLAR_EXNREF};
  static const char* const names[] = {"i32", "i64", "f32", "f64", "v128", "externref", "funcref", "anyref", "exnref"};
  for (size_t i = 0; i < sizeof kinds; ++i) {
    wasm_valtype_t* type = wasm_valtype_new(kinds[i]);
    CHECK(wasm_valtype_kind(type) == kinds[i]);
    CHECK(wasm_valtype_is_ref(type) == (i > 4) && wasm_valtype_is_num(type) == (i <= 4));
    CHECK_TEXT(text_of(type), names[i]);
    wasm_valtype_t* copy = wasm_valtype_copy(type);
    CHECK(copy != type && wasm_valtype_kind(copy) == kinds[i]);
    wasm_valtype_delete(type);
    wasm_valtype_delete(copy);
  }
  CHECK(wasm_valtype_new(77) == NULL);

  wasm_functype_t* func = wasm_functype_new_3_2(wasm_valtype_new_i32(), wasm_valtype_new_i64(), wasm_valtype_new_f32(),
                                                wasm_valtype_new_externref(), wasm_valtype_new_funcref());
  wasm_functype_t* func_copy = wasm_functype_copy(func);
  wasm_externtype_t* as_extern = wasm_functype_as_externtype(func);
  CHECK(wasm_externtype_kind(as_extern) == WASM_EXTERN_FUNC && wasm_externtype_as_functype(as_extern) == func);
  CHECK(wasm_externtype_as_globaltype(as_extern) == NULL && wasm_externtype_as_functype(NULL) == NULL);
  wasm_externtype_t* extern_copy = wasm_externtype_copy(as_extern);
  wasm_functype_delete(func);
  CHECK(wasm_functype_params(func_copy)->size == 3 && wasm_functype_results(func_copy)->size == 2);
  CHECK(wasm_valtype_kind(wasm_functype_results(func_copy)->data[1]) == WASM_FUNCREF);
  wasm_functype_delete(func_copy);
  CHECK(wasm_functype_params(wasm_externtype_as_functype_const(extern_copy))->size == 3);
  wasm_externtype_delete(extern_copy);

  wasm_globaltype_t* global = wasm_globaltype_new(wasm_valtype_new_i64(), WASM_VAR);
  CHECK(wasm_globaltype_mutability(global) == WASM_VAR &&
        wasm_valtype_kind(wasm_globaltype_content(global)) == WASM_I64);
  wasm_externtype_delete(wasm_globaltype_as_externtype(global));
  const wasm_limits_t limits = {1, wasm_limits_max_default};
  wasm_tabletype_t* table = wasm_tabletype_new(wasm_valtype_new_funcref(), &limits);
  CHECK(wasm_tabletype_limits(table)->max == wasm_limits_max_default && wasm_tabletype_limits(table)->min == 1);
  CHECK(wasm_valtype_kind(wasm_tabletype_element(table)) == WASM_FUNCREF);
  wasm_tabletype_delete(table);
  wasm_memorytype_t* memory = wasm_memorytype_new(&limits);
  CHECK(wasm_memorytype_limits(memory)->min == 1);
  wasm_memorytype_delete(memory);
  wasm_tagtype_t* tag = wasm_tagtype_new(wasm_functype_new_1_0(wasm_valtype_new_i32()));
  wasm_tagtype_t* tag_copy = wasm_tagtype_copy(tag);
  wasm_tagtype_delete(tag);
  CHECK(wasm_functype_params(wasm_tagtype_functype(tag_copy))->size == 1);
  CHECK(wasm_externtype_kind(wasm_tagtype_as_externtype(tag_copy)) == WASM_EXTERN_TAG);

  wasm_name_t module, name;
  wasm_name_new_from_string(&module, "m");
  wasm_name_new_from_string(&name, "n");
  wasm_importtype_t* import = wasm_importtype_new(&module, &name, wasm_tagtype_as_externtype(tag_copy));
  wasm_importtype_t* import_copy = wasm_importtype_copy(import);
  wasm_importtype_delete(import);
  CHECK(wasm_importtype_module(import_copy)->data[0] == 'm' && wasm_importtype_name(import_copy)->data[0] == 'n');
  CHECK(wasm_externtype_kind(wasm_importtype_type(import_copy)) == WASM_EXTERN_TAG);
  wasm_importtype_delete(import_copy);
  wasm_name_new_from_string(&name, "e");
  wasm_exporttype_t* export = wasm_exporttype_new(&name, wasm_functype_as_externtype(wasm_functype_new_0_0()));
  wasm_exporttype_vec_t exports, exports_copy;
  wasm_exporttype_vec_new(&exports, 1, &export);
  wasm_exporttype_vec_copy(&exports_copy, &exports);
  wasm_exporttype_vec_delete(&exports);
  CHECK(wasm_exporttype_name(exports_copy.data[0])->size == 1);
  wasm_exporttype_vec_delete(&exports_copy);

  wasm_functype_delete(NULL);
  wasm_externtype_delete(NULL);
  CHECK(wasm_functype_copy(NULL) == NULL && wasm_functype_as_externtype(NULL) == NULL);
}

void test_module_types(void) {
  Host host = host_new();
  wasm_module_t* module =
      module_of(host.store,
                "(module (type $p (struct (field i32))) (import \"env\" \"f\" (func (param v128 (ref null $p)) (result "
                "i31ref exnref)))"
                " (import \"env\" \"t\" (tag (param i64))) (import \"env\" \"g\" (global (mut f32)))"
                " (memory (export \"big\") i64 1 0x100000000) (table (export \"table\") 2 7 externref)"
                " (func (export \"typed\") (result (ref func)) unreachable))");
  wasm_importtype_vec_t imports;
  wasm_module_imports(module, &imports);
  CHECK(imports.size == 3);
  const wasm_functype_t* f = wasm_externtype_as_functype_const(wasm_importtype_type(imports.data[0]));
  CHECK(wasm_valtype_kind(wasm_functype_params(f)->data[0]) == ASHLAR_V128);
  CHECK(wasm_valtype_kind(wasm_functype_params(f)->data[1]) == ASHLAR_ANYREF);
  CHECK_TEXT(text_of(wasm_functype_results(f)->data[0]), "i31ref");
  CHECK(wasm_valtype_kind(wasm_functype_results(f)->data[1]) == ASHLAR_EXNREF);
  const wasm_tagtype_t* tag = wasm_externtype_as_tagtype_const(wasm_importtype_type(imports.data[1]));
  CHECK(wasm_valtype_kind(wasm_functype_params(wasm_tagtype_functype(tag))->data[0]) == WASM_I64);
  const wasm_globaltype_t* global = wasm_externtype_as_globaltype_const(wasm_importtype_type(imports.data[2]));
  CHECK(wasm_globaltype_mutability(global) == WASM_VAR);
  CHECK(wasm_importtype_name(imports.data[2])->size == 1);
  wasm_importtype_vec_delete(&imports);

  wasm_exporttype_vec_t exports;
  wasm_module_exports(module, &exports);
  CHECK(exports.size == 3);
  const wasm_memorytype_t* big = wasm_externtype_as_memorytype_const(wasm_exporttype_type(exports.data[0]));
  CHECK(wasm_memorytype_limits(big)->min == 1 && wasm_memorytype_limits(big)->max == wasm_limits_max_default);
  const wasm_tabletype_t* table = wasm_externtype_as_tabletype_const(wasm_exporttype_type(exports.data[1]));
  CHECK(wasm_tabletype_limits(table)->min == 2 && wasm_tabletype_limits(table)->max == 7);
  // The exact type survives in copies: a function of it can be imported.
  const wasm_functype_t* typed = wasm_externtype_as_functype_const(wasm_exporttype_type(exports.data[2]));
  CHECK(wasm_valtype_kind(wasm_functype_results(typed)->data[0]) == WASM_FUNCREF);
  CHECK_TEXT(text_of(wasm_functype_results(typed)->data[0]), "(ref func)");
  wasm_exporttype_vec_delete(&exports);
  wasm_module_delete(module);
  host_delete(&host);
}
