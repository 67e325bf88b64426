// Traps and frames of the C API.
#include "capi/trap.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <vector>

#include "capi/vec.h"
#include "runtime/backtrace.h"
#include "runtime/trace_text.h"

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
  if (auto thrown = error.exception()) return Access::with_notes(Access::exception(thrown->ref), error.notes());
  return Access::copy(error);
}

namespace {

/// A module of a store's instances; the instance where it is the only one.
struct Candidate {
  const module::Module* module;
  runtime::Instance* instance;
};

std::vector<Candidate> candidates(const StoreBox& box) {
  std::vector<Candidate> out;
  std::map<const module::Module*, size_t> known;
  for (const auto& instance : box.inner().instances()) {
    const module::Module& m = instance->module();
    const auto [at, fresh] = known.try_emplace(&m, out.size());
    if (fresh) {
      out.push_back({&m, instance.get()});
    } else {
      out[at->second].instance = nullptr;
    }
  }
  return out;
}

/// The defined function whose code holds the byte at `offset`, if there is one. Bodies ascend.
std::optional<module::FuncIdx> func_at(const module::Module& m, uint64_t offset) {
  const auto first = m.funcs.begin() + m.imported_funcs;
  const auto behind = std::upper_bound(first, m.funcs.end(), offset,
                                       [](uint64_t o, const module::Func& f) { return o < f.body_offset; });
  if (behind == first) return std::nullopt;
  return static_cast<module::FuncIdx>(std::prev(behind) - m.funcs.begin());
}

std::unique_ptr<wasm_frame_t> find_frame(StoreBox& box, const std::vector<Candidate>& modules,
                                         const runtime::ToldFrame& told) {
  auto out = std::make_unique<wasm_frame_t>();
  out->module_offset = told.offset;
  out->func_name = told.name.substr(told.name.find('!') + 1);
  for (const Candidate& c : modules) {
    const std::optional<module::FuncIdx> index = func_at(*c.module, told.offset);
    if (!index) continue;
    const std::string name = runtime::told_name(*c.module, *index);
    if (std::string_view(name).substr(0, name.find('\n')) != told.name) continue;
    out->func = *index;
    out->func_offset = told.offset - c.module->funcs[*index].body_offset;
    out->func_name = runtime::func_name(*c.module, *index);
    out->module_name = c.module->debug_names().module;
    if (c.instance != nullptr) out->instance.reset(new wasm_instance_t(box.shared_from_this(), c.instance));
    break;
  }
  return out;
}

/// The innermost frames, as many as wanted.
std::vector<std::unique_ptr<wasm_frame_t>> frames_of(const wasm_trap_t& trap, size_t most) {
  std::vector<std::unique_ptr<wasm_frame_t>> out;
  const std::vector<runtime::ToldFrame> told = runtime::told_frames(trap.get()->error.error.notes());
  if (told.empty()) return out;
  const std::vector<Candidate> modules = candidates(*trap.store);
  for (size_t i = 0; i < std::min(most, told.size()); ++i) out.push_back(find_frame(*trap.store, modules, told[i]));
  return out;
}

}  // namespace

}  // namespace ashlar::capi

extern "C" {

wasm_trap_t* wasm_trap_new(wasm_store_t* store, const wasm_message_t* message) {
  const std::string text(message->data, message->data == nullptr ? 0 : strnlen(message->data, message->size));
  return new wasm_trap_t(store->box, std::make_shared<capi::TrapObject>(ashlar::v0::Error::trap(text)));
}

void wasm_trap_message(const wasm_trap_t* trap, wasm_message_t* out) {
  capi::make_message(out, trap->get()->error.message);
}

wasm_frame_t* wasm_trap_origin(const wasm_trap_t* trap) {
  auto frames = capi::frames_of(*trap, 1);
  return frames.empty() ? nullptr : frames[0].release();
}

void wasm_trap_trace(const wasm_trap_t* trap, wasm_frame_vec_t* out) {
  auto frames = capi::frames_of(*trap, ~size_t{0});
  capi::make_vec(out, frames.size());
  for (size_t i = 0; i < frames.size(); ++i) out->data[i] = frames[i].release();
}

wasm_trap_t* ashlar_trap_new_exception(const wasm_tag_t* tag, const wasm_val_vec_t* values) {
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
}

bool ashlar_trap_exception(const wasm_trap_t* trap, wasm_tag_t** tag, wasm_val_vec_t* values) {
  const auto thrown = trap->get()->error.error.exception();
  if (!thrown) return false;
  capi::StoreBox& box = *trap->store;
  *tag = new wasm_tag_t(trap->store, Access::tag(thrown->tag));
  capi::make_vec(values, thrown->values.size());
  for (size_t i = 0; i < thrown->values.size(); ++i) {
    const ashlar::runtime::Value value = Access::value(thrown->values[i]);
    capi::from_slots(box, value.type, &value.lo, &values->data[i]);
  }
  return true;
}

const ashlar_error_t* ashlar_trap_error(const wasm_trap_t* trap) { return &trap->get()->error; }

void wasm_frame_delete(wasm_frame_t* f) { delete f; }
wasm_frame_t* wasm_frame_copy(const wasm_frame_t* f) { return f == nullptr ? nullptr : new wasm_frame_t(*f); }
wasm_instance_t* wasm_frame_instance(const wasm_frame_t* f) { return f->instance.get(); }
uint32_t wasm_frame_func_index(const wasm_frame_t* f) { return f->func; }
size_t wasm_frame_func_offset(const wasm_frame_t* f) { return f->func_offset; }
size_t wasm_frame_module_offset(const wasm_frame_t* f) { return f->module_offset; }
const char* ashlar_frame_func_name(const wasm_frame_t* f) { return f->func_name.c_str(); }
const char* ashlar_frame_module_name(const wasm_frame_t* f) { return f->module_name.c_str(); }

}  // extern "C"
