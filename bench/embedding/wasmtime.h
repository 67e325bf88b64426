// The few functions of Wasmtime's C library that the comparison of calls needs, found in the shared library at run
// time. What is declared here follows its documented interface.
#pragma once

#include <dlfcn.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace wasmtime {

struct Engine;
struct Store;
struct Context;
struct Module;
struct Linker;
struct Caller;
struct Error;
struct Trap;
struct FuncType;
struct ValType;

enum ValKind : uint8_t { kI32, kI64, kF32, kF64 };

struct Func {
  uint64_t store_id;
  void* inside;
};
struct Instance {
  uint64_t store_id;
  size_t inside;
};
struct Extern {
  uint8_t kind;
  union {
    Func func;
    uint64_t room[3];
  };
};
struct Val {
  uint8_t kind;
  union {
    int32_t i32;
    int64_t i64;
    float f32;
    double f64;
    uint64_t room[3];
  };
};
union alignas(16) RawVal {
  int32_t i32;
  int64_t i64;
  float f32;
  double f64;
  uint8_t room[16];
};
struct ValTypes {
  size_t size;
  ValType** data;
};
using Callback = Trap* (*)(void* data, Caller* caller, const Val* args, size_t nargs, Val* results, size_t nresults);
using RawCallback = Trap* (*)(void* data, Caller* caller, RawVal* slots, size_t size);

/// The library's functions.
struct Library {
  explicit Library(const char* path) : handle_(::dlopen(path, RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ == nullptr) {
      std::fprintf(stderr, "%s\n", ::dlerror());
      std::exit(1);
    }
    find(engine_new, "wasm_engine_new");
    find(store_new, "wasmtime_store_new");
    find(store_context, "wasmtime_store_context");
    find(module_new, "wasmtime_module_new");
    find(linker_new, "wasmtime_linker_new");
    find(define_func, "wasmtime_linker_define_func");
    find(define_raw_func, "wasmtime_linker_define_func_unchecked");
    find(instantiate, "wasmtime_linker_instantiate");
    find(export_get, "wasmtime_instance_export_get");
    find(call, "wasmtime_func_call");
    find(call_raw, "wasmtime_func_call_unchecked");
    find(functype_new, "wasm_functype_new");
    find(valtype_new, "wasm_valtype_new");
    find(valtypes_new, "wasm_valtype_vec_new");
  }

  Engine* (*engine_new)();
  Store* (*store_new)(Engine*, void*, void (*)(void*));
  Context* (*store_context)(Store*);
  Error* (*module_new)(Engine*, const uint8_t*, size_t, Module**);
  Linker* (*linker_new)(Engine*);
  Error* (*define_func)(Linker*, const char*, size_t, const char*, size_t, const FuncType*, Callback, void*,
                        void (*)(void*));
  Error* (*define_raw_func)(Linker*, const char*, size_t, const char*, size_t, const FuncType*, RawCallback, void*,
                            void (*)(void*));
  Error* (*instantiate)(const Linker*, Context*, const Module*, Instance*, Trap**);
  bool (*export_get)(Context*, const Instance*, const char*, size_t, Extern*);
  Error* (*call)(Context*, const Func*, const Val*, size_t, Val*, size_t, Trap**);
  Error* (*call_raw)(Context*, const Func*, RawVal*, size_t, Trap**);
  FuncType* (*functype_new)(ValTypes*, ValTypes*);
  ValType* (*valtype_new)(ValKind);
  void (*valtypes_new)(ValTypes*, size_t, ValType* const*);

 private:
  template <class F>
  void find(F*& out, const char* name) {
    out = reinterpret_cast<F*>(::dlsym(handle_, name));
    if (out != nullptr) return;
    std::fprintf(stderr, "the library has no %s\n", name);
    std::exit(1);
  }
  void* handle_;
};

}  // namespace wasmtime
