// Functions of the C API: calls into guests, and callbacks.
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "api/slot_function.h"
#include "capi/func.h"
#include "capi/types.h"

namespace capi = ashlar::capi;
namespace runtime = ashlar::runtime;
using ashlar::ErrorCode;
using ashlar::v0::detail::Access;

namespace ashlar::capi {

namespace {

/// Room for n of T: most calls need no allocation.
template <class T>
class Room {
 public:
  explicit Room(size_t n) {
    if (n > inline_.size()) more_.resize(n);
  }
  T* data() { return more_.empty() ? inline_.data() : more_.data(); }
  const std::vector<T>& more() const { return more_; }

 private:
  std::array<T, 16> inline_{};
  std::vector<T> more_;
};

const module::FuncType& functype_of(const StoreBox& box, const runtime::FuncCell& cell) {
  return box.types().get(cell.type_id).def.func;
}

internal::Error wrong_arguments(std::string what) {
  return internal::Error(ErrorCode::argument_mismatch, kNoOffset, std::move(what));
}

}  // namespace

wasm_trap_t* call(StoreBox& box, const runtime::FuncCell& cell, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  const module::FuncType& type = functype_of(box, cell);
  const size_t given = args == nullptr ? 0 : args->size;
  if (given != type.params.size()) {
    return new_trap(
        box, wrong_arguments(std::to_string(type.params.size()) + " expected, " + std::to_string(given) + " given"));
  }
  if ((results == nullptr ? 0 : results->size) < type.results.size()) {
    return new_trap(box, wrong_arguments("no room for " + std::to_string(type.results.size()) + " results"));
  }
  if (std::ranges::any_of(type.results, &isa::ValType::is_vec)) {
    return new_trap(box, wrong_arguments("a v128 fits no wasm_val_t"));
  }
  Room<runtime::Slot> room(std::max(cell.param_slots, cell.result_slots));
  std::optional<runtime::GcHeap::ScannedRange> scanned;  // what lies on the stack the collector sees anyway
  if (!room.more().empty()) scanned.emplace(box.inner().heap(), room.more());
  runtime::Slot* at = room.data();
  for (size_t i = 0; i < given; ++i) {
    if (!to_slots(box, type.params[i], args->data[i], at)) {
      return new_trap(box, wrong_arguments("argument " + std::to_string(i + 1) + " is not of type " +
                                           isa::to_string(type.params[i])));
    }
    at += type.params[i].slot_count();
  }
  internal::Status done = box.inner().invoke(cell, room.data());
  if (done) {
    const runtime::Slot* from = room.data();
    for (size_t i = 0; i < type.results.size(); ++i) {
      from_slots(box, type.results[i], from, &results->data[i]);
      from += type.results[i].slot_count();
    }
  }
  box.state()->refs->end_unreachable();
  if (done) {
    box.pending.reset();
    return nullptr;
  }
  return new_trap(box, std::move(done).error());
}

namespace {

/// Results that nobody took over end here.
struct Results {
  Room<wasm_val_t> values;
  wasm_val_vec_t vec;
  explicit Results(size_t n) : values(n), vec{n, values.data()} {}
  Results(const Results&) = delete;
  Results& operator=(const Results&) = delete;
  ~Results() {
    for (size_t i = 0; i < vec.size; ++i) wasm_val_delete(&values.data()[i]);
  }
};

v0::Status run_callback(StoreBox& box, const Callback& callback, const module::FuncType& type, v0::Caller& caller,
                        runtime::Slot* slots) {
  Results args(type.params.size());
  Results results(type.results.size());
  const runtime::Slot* from = slots;
  for (size_t i = 0; i < type.params.size(); ++i) {
    from_slots(box, type.params[i], from, &args.vec.data[i]);
    from += type.params[i].slot_count();
  }
  for (size_t i = 0; i < type.results.size(); ++i) results.vec.data[i] = default_of(box.types(), type.results[i]);
  ashlar_caller_t from_c{{box.shared_from_this()}, caller};
  if (const std::unique_ptr<wasm_trap_t> trap(callback.call(from_c, args.vec, results.vec)); trap) {
    return std::unexpected(to_error(box, *trap));
  }
  for (size_t i = 0; i < type.results.size(); ++i) {
    if (!to_slots(box, type.results[i], results.vec.data[i], slots)) {
      return std::unexpected(
          Access::error(v0::ApiError::bad_host_result, std::to_string(i + 1), isa::to_string(type.results[i])));
    }
    slots += type.results[i].slot_count();
  }
  return {};
}

}  // namespace

runtime::FuncCell* new_func(StoreBox& box, const wasm_functype_t& functype, std::unique_ptr<Callback> callback,
                            std::string name) {
  module::FuncType type = functype.exact();
  const v0::FuncType shown = Access::type(type);
  // Calls happen only while somebody owns the store.
  auto f = [&box, type = std::move(type), callback = std::shared_ptr<Callback>(std::move(callback))](
               v0::Caller& caller, runtime::Slot* slots) { return run_callback(box, *callback, type, caller, slots); };
  return Access::cell(Access::make_func(box.state(), shown.params, shown.results,
                                        v0::detail::slot_function(std::move(f)), std::move(name)));
}

}  // namespace ashlar::capi

namespace {

struct Plain final : capi::Callback {
  explicit Plain(wasm_func_callback_t f) : f_(f) {}
  wasm_trap_t* call(ashlar_caller_t&, const wasm_val_vec_t& args, wasm_val_vec_t& results) const override {
    return f_(&args, &results);
  }

 private:
  wasm_func_callback_t f_;
};

struct WithEnv final : capi::Callback {
  WithEnv(wasm_func_callback_with_env_t f, void* env, void (*finalizer)(void*)) : f_(f) { env_.set(env, finalizer); }
  wasm_trap_t* call(ashlar_caller_t&, const wasm_val_vec_t& args, wasm_val_vec_t& results) const override {
    return f_(env_.data, &args, &results);
  }

 private:
  wasm_func_callback_with_env_t f_;
  capi::HostInfo env_;
};

wasm_func_t* make(wasm_store_t* store, const wasm_functype_t* type, std::unique_ptr<capi::Callback> callback) {
  return new wasm_func_t(store->box, capi::new_func(*store->box, *type, std::move(callback), "host"));
}

}  // namespace

extern "C" {

wasm_func_t* wasm_func_new(wasm_store_t* store, const wasm_functype_t* type, wasm_func_callback_t f) try {
  return make(store, type, std::make_unique<Plain>(f));
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
wasm_func_t* wasm_func_new_with_env(wasm_store_t* store, const wasm_functype_t* type, wasm_func_callback_with_env_t f,
                                    void* env, void (*finalizer)(void*)) try {
  return make(store, type, std::make_unique<WithEnv>(f, env, finalizer));
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
wasm_func_t* ashlar_func_new(wasm_store_t* store, const wasm_functype_t* type, ashlar_func_callback_t f, void* env,
                             void (*finalizer)(void*)) try {
  return make(store, type, std::make_unique<capi::WithCaller>(f, env, finalizer));
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

wasm_functype_t* wasm_func_type(const wasm_func_t* f) try {
  return capi::make_functype(f->store->types(), capi::functype_of(*f->store, *f->get())).release();
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
size_t wasm_func_param_arity(const wasm_func_t* f) { return capi::functype_of(*f->store, *f->get()).params.size(); }
size_t wasm_func_result_arity(const wasm_func_t* f) { return capi::functype_of(*f->store, *f->get()).results.size(); }

wasm_trap_t* wasm_func_call(const wasm_func_t* f, const wasm_val_vec_t* args, wasm_val_vec_t* results) try {
  return capi::call(*f->store, *f->get(), args, results);
} catch (const std::bad_alloc&) {
  return capi::no_memory_trap(f->store);
}

wasm_memory_t* ashlar_caller_memory(const ashlar_caller_t* caller) try {
  const std::optional<ashlar::Memory> memory = caller->caller.memory();
  return memory ? new wasm_memory_t(caller->store.box, Access::memory(*memory)) : nullptr;
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
wasm_extern_t* ashlar_caller_export(const ashlar_caller_t* caller, const char* name) try {
  runtime::Instance* instance = Access::instance(caller->caller);
  runtime::Extern found{};
  if (instance == nullptr || !instance->find_export(name, &found)) return nullptr;
  return capi::new_extern(caller->store.box, found);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
wasm_store_t* ashlar_caller_store(const ashlar_caller_t* caller) { return const_cast<wasm_store_t*>(&caller->store); }

}  // extern "C"
