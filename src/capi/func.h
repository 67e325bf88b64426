// Host functions that call back into C.
#pragma once

#include <memory>
#include <string>

#include "ashlar.h"
#include "capi/refs.h"

struct ashlar_caller_t {
  wasm_store_t store;
  ashlar::v0::Caller& caller;
};

namespace ashlar::capi {

class Callback {
 public:
  virtual ~Callback() = default;
  virtual wasm_trap_t* call(ashlar_caller_t& caller, const wasm_val_vec_t& args, wasm_val_vec_t& results) const = 0;
};

class WithCaller final : public Callback {
 public:
  WithCaller(ashlar_func_callback_t f, void* env, void (*finalizer)(void*)) : f_(f) { env_.set(env, finalizer); }
  wasm_trap_t* call(ashlar_caller_t& caller, const wasm_val_vec_t& args, wasm_val_vec_t& results) const override {
    return f_(env_.data, &caller, &args, &results);
  }

 private:
  ashlar_func_callback_t f_;
  HostInfo env_;
};

/// Calls it. Null, with the results written, or a trap.
wasm_trap_t* call(StoreBox& box, const runtime::FuncCell& cell, const wasm_val_vec_t* args, wasm_val_vec_t* results);

/// A function of the store; `name` is for backtraces.
runtime::FuncCell* new_func(StoreBox& box, const wasm_functype_t& type, std::unique_ptr<Callback> callback,
                            std::string name);

}  // namespace ashlar::capi
