// Traps and frames of the C API.
#include "capi/trap.h"

#include <cstring>
#include <vector>

#include "capi/vec.h"

namespace capi = ashlar::capi;
using ashlar::v0::detail::Access;

namespace ashlar::capi {

namespace {

/// Whether an error that has left a run can be the one that a callback gave.
bool is_same(const v0::Error& error, const v0::Error& given) {
  const auto thrown = error.exception();
  const auto given_thrown = given.exception();
  if (thrown || given_thrown) return thrown && given_thrown && thrown->ref.same_ref(given_thrown->ref);
  return error.message() == given.message();
}

}  // namespace

wasm_trap_t* new_trap(StoreBox& box, v0::Error error) {
  std::shared_ptr<TrapObject> object = std::exchange(box.pending, nullptr);
  if (object && is_same(error, object->error.error)) {
    object->error = ashlar_error_t(std::move(error));  // with the frames that it has passed
  } else {
    object = std::make_shared<TrapObject>(std::move(error));
  }
  return new wasm_trap_t(box.shared_from_this(), std::move(object));
}

wasm_trap_t* new_trap(StoreBox& box, internal::Error error) {
  return new_trap(box, Access::error(box.state(), std::move(error)));
}

v0::Error to_error(StoreBox& box, const wasm_trap_t& trap) {
  box.pending = trap.get();
  const v0::Error& error = trap.get()->error.error;
  if (auto thrown = error.exception()) return Access::with_trace(Access::exception(thrown->ref), error);
  return Access::copy(error);
}

namespace {

/// The module's instance in the store, where there is one alone.
runtime::Instance* only_instance(StoreBox& box, const void* module) {
  runtime::Instance* found = nullptr;
  for (const auto& instance : box.inner().instances()) {
    if (&instance->module() != module) continue;
    if (found != nullptr) return nullptr;
    found = instance.get();
  }
  return found;
}

std::unique_ptr<wasm_frame_t> new_frame(StoreBox& box, const ErrorFrame& told) {
  auto out = std::make_unique<wasm_frame_t>();
  out->func = told.func;
  out->func_offset = told.func_offset;
  out->module_offset = told.offset;
  out->func_name = told.func_name;
  out->module_name = told.module_name;
  runtime::Instance* instance = only_instance(box, told.module);
  if (instance != nullptr) out->instance.reset(new wasm_instance_t(box.shared_from_this(), instance));
  return out;
}

/// The innermost frames, as many as wanted.
std::vector<std::unique_ptr<wasm_frame_t>> frames_of(const wasm_trap_t& trap, size_t most) {
  std::vector<std::unique_ptr<wasm_frame_t>> out;
  for (const ErrorFrame& told : Access::frames(trap.get()->error.error).known) {
    if (out.size() == most) break;
    out.push_back(new_frame(*trap.store, told));
  }
  return out;
}

}  // namespace

}  // namespace ashlar::capi

extern "C" {

wasm_trap_t* wasm_trap_new(wasm_store_t* store, const wasm_message_t* message) try {
  const std::string text(message->data, message->data == nullptr ? 0 : strnlen(message->data, message->size));
  return new wasm_trap_t(store->box, std::make_shared<capi::TrapObject>(ashlar::v0::Error::trap(text)));
} catch (const std::bad_alloc&) {
  return capi::no_memory_trap(store->box);  // null would let the guest go on
}

void wasm_trap_message(const wasm_trap_t* trap, wasm_message_t* out) try {
  capi::make_message(out, trap->get()->error.message);
} catch (const std::bad_alloc&) {
  capi::no_memory();
}

wasm_frame_t* wasm_trap_origin(const wasm_trap_t* trap) try {
  auto frames = capi::frames_of(*trap, 1);
  return frames.empty() ? nullptr : frames[0].release();
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

void wasm_trap_trace(const wasm_trap_t* trap, wasm_frame_vec_t* out) try {
  auto frames = capi::frames_of(*trap, ~size_t{0});
  capi::make_vec(out, frames.size());
  for (size_t i = 0; i < frames.size(); ++i) out->data[i] = frames[i].release();
} catch (const std::bad_alloc&) {
  capi::no_memory();
}

wasm_trap_t* ashlar_trap_new_exception(const wasm_tag_t* tag, const wasm_val_vec_t* values) try {
  capi::StoreBox& box = *tag->store;
  const std::vector<ashlar::isa::ValType>& types = box.types().get(tag->get()->type_id).def.func.params;
  std::vector<ashlar::Value> thrown;
  for (size_t i = 0; i < types.size() && values != nullptr && i < values->size; ++i) {
    ashlar::runtime::Slot slot = 0;
    if (!capi::to_slots(box, types[i], values->data[i], &slot)) break;
    thrown.push_back(Access::value(box.state(), types[i], slot, 0));
  }
  ashlar::v0::Error error = Access::tag(box.state(), tag->get()).exception(thrown);
  if (!error.exception()) return capi::fail(std::move(error));
  return new wasm_trap_t(tag->store, std::make_shared<capi::TrapObject>(std::move(error)));
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

bool ashlar_trap_exception(const wasm_trap_t* trap, wasm_tag_t** tag, wasm_val_vec_t* values) try {
  *values = {};
  const auto thrown = trap->get()->error.error.exception();
  if (!thrown) return false;
  capi::StoreBox& box = *trap->store;
  auto made = std::make_unique<wasm_tag_t>(trap->store, Access::tag(thrown->tag));
  capi::make_vec(values, thrown->values.size());
  for (size_t i = 0; i < thrown->values.size(); ++i) {
    const ashlar::runtime::Value value = Access::value(thrown->values[i]);
    capi::from_slots(box, value.type, &value.lo, &values->data[i]);
  }
  *tag = made.release();
  return true;
} catch (const std::bad_alloc&) {
  wasm_val_vec_delete(values);
  return capi::no_memory();
}

const ashlar_error_t* ashlar_trap_error(const wasm_trap_t* trap) { return &trap->get()->error; }

void wasm_frame_delete(wasm_frame_t* f) { delete f; }
wasm_frame_t* wasm_frame_copy(const wasm_frame_t* f) try {
  return f == nullptr ? nullptr : new wasm_frame_t(*f);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
wasm_instance_t* wasm_frame_instance(const wasm_frame_t* f) { return f->instance.get(); }
uint32_t wasm_frame_func_index(const wasm_frame_t* f) { return f->func; }
size_t wasm_frame_func_offset(const wasm_frame_t* f) { return f->func_offset; }
size_t wasm_frame_module_offset(const wasm_frame_t* f) { return f->module_offset; }
const char* ashlar_frame_func_name(const wasm_frame_t* f) { return f->func_name.c_str(); }
const char* ashlar_frame_module_name(const wasm_frame_t* f) { return f->module_name.c_str(); }

}  // extern "C"
