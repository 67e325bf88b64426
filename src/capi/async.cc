// Calls in which callbacks may wait.
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "capi/func.h"

using ashlar::v0::Completion;

struct ashlar_call_t {
  ashlar::capi::StoreRef box;
  wasm_val_vec_t args = WASM_EMPTY_VEC;
  std::unique_ptr<wasm_trap_t> trap;
  ashlar::v0::AsyncCall<void> call;

  ~ashlar_call_t() {
    call = {};  // a call that is dropped uses the rest
    wasm_val_vec_delete(&args);
  }
};

struct ashlar_completion_t {
  Completion<> done;
};

extern "C" {

ashlar_call_t* ashlar_func_call_async(const wasm_func_t* f, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  auto* out = new ashlar_call_t{f->store, WASM_EMPTY_VEC, nullptr, {}};
  if (args != nullptr) wasm_val_vec_copy(&out->args, args);
  // Its own copy: who calls may have the vector, which says where the results go, in a scope that ends.
  wasm_val_vec_t room = WASM_EMPTY_VEC;
  if (results != nullptr) room = *results;
  out->call = ashlar::v0::run_async(out->box->store, [out, cell = f->get(), room]() mutable {
    out->trap.reset(ashlar::capi::call(*out->box, *cell, &out->args, &room));
  });
  return out;
}

bool ashlar_call_poll(ashlar_call_t* call) { return call->call.poll(); }

void ashlar_call_on_ready(ashlar_call_t* call, void (*f)(void* env), void* env) {
  call->call.on_ready([f, env] { f(env); });
}

void ashlar_call_wait(ashlar_call_t* call) { call->call.wait_until_done(); }

wasm_trap_t* ashlar_call_trap(ashlar_call_t* call) {
  if (!call->call.done()) return nullptr;
  ashlar::v0::Status done = call->call.take();
  if (!done && done.error().id() != "no_call") return ashlar::capi::new_trap(*call->box, std::move(done).error());
  return call->trap.release();
}

void ashlar_call_delete(ashlar_call_t* call) { delete call; }

wasm_trap_t* ashlar_caller_suspend(const ashlar_caller_t* caller, void (*start)(ashlar_completion_t*, void*),
                                   void* env) {
  ashlar::v0::Status done =
      ashlar::v0::suspend(caller->caller, [&](Completion<> c) { start(new ashlar_completion_t{std::move(c)}, env); });
  return done ? nullptr : ashlar::capi::new_trap(*caller->store.box, std::move(done).error());
}

bool ashlar_completion_complete(ashlar_completion_t* completion) {
  const std::unique_ptr<ashlar_completion_t> owned(completion);
  return owned->done.complete();
}
bool ashlar_completion_fail(ashlar_completion_t* completion, const char* message) {
  const std::unique_ptr<ashlar_completion_t> owned(completion);
  return owned->done.fail(ashlar::v0::Error::trap(message));
}

}  // extern "C"
