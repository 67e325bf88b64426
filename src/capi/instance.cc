// Instances, linkers and WASI of the C API.
#include <vector>

#include "capi/func.h"
#include "capi/types.h"
#include "capi/wasi.h"

namespace capi = ashlar::capi;
namespace runtime = ashlar::runtime;
using ashlar::ErrorCode;
using ashlar::v0::ApiError;
using ashlar::v0::detail::Access;

struct ashlar_linker_t {
  explicit ashlar_linker_t(capi::StoreRef s) : store(std::move(s)), linker(store->store) {}
  capi::StoreRef store;
  ashlar::v0::Linker linker;
};

namespace {

ashlar_error_t* foreign(const char* what) { return new ashlar_error_t(Access::error(ApiError::foreign_store, what)); }

ashlar::v0::Result<runtime::Instance*> instantiate(capi::StoreBox& box, const wasm_module_t& m,
                                                   const wasm_extern_vec_t* imports) {
  const auto& compiled = Access::compiled(m.get()->module);
  if (auto read = Access::complete(m.get()->module); !read) return std::unexpected(std::move(read).error());
  const auto& wanted = compiled->module().imports;
  const size_t given = imports == nullptr ? 0 : imports->size;
  if (given < wanted.size()) {
    const auto& missing = wanted[given];
    return std::unexpected(Access::error(ashlar::internal::Error(
        ErrorCode::unknown_import, ashlar::kNoOffset, std::string(missing.module), std::string(missing.name),
        std::to_string(wanted.size()) + " imports expected, " + std::to_string(given) + " given")));
  }
  std::vector<runtime::Extern> externs;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const wasm_extern_t* import = imports->data[i];
    if (import == nullptr) {
      return std::unexpected(Access::error(ashlar::internal::Error(ErrorCode::unknown_import, ashlar::kNoOffset,
                                                                   std::string(wanted[i].module),
                                                                   std::string(wanted[i].name), "null was given")));
    }
    if (import->store.get() != &box) return std::unexpected(Access::error(ApiError::foreign_store, "an import"));
    externs.push_back(capi::to_runtime(*import));
  }
  auto made = box.inner().instantiate(compiled, externs);
  box.state()->refs->end_unreachable();
  if (!made) return std::unexpected(Access::error(box.state(), std::move(made).error()));
  Access::keep(box.state(), Access::state(m.get()->module));
  Access::watch(box.state(), Access::state(m.get()->module), **made);
  return *made;
}

}  // namespace

extern "C" {

wasm_instance_t* wasm_instance_new(wasm_store_t* store, const wasm_module_t* m, const wasm_extern_vec_t* imports,
                                   wasm_trap_t** trap) try {
  if (trap != nullptr) *trap = nullptr;
  auto made = instantiate(*store->box, *m, imports);
  if (made) return new wasm_instance_t(store->box, *made);
  const std::unique_ptr<wasm_trap_t> why(capi::new_trap(*store->box, std::move(made).error()));
  capi::fail(Access::copy(why->get()->error.error));
  if (trap != nullptr) *trap = wasm_trap_copy(why.get());
  return nullptr;
} catch (const std::bad_alloc&) {
  if (trap != nullptr && *trap == nullptr) *trap = capi::no_memory_trap(store->box);
  return capi::no_memory();
}

void wasm_instance_exports(const wasm_instance_t* i, wasm_extern_vec_t* out) try {
  runtime::Instance& instance = *i->get();
  capi::make_vec(out, instance.module().exports.size());
  for (size_t n = 0; n < out->size; ++n) out->data[n] = capi::new_extern(i->store, instance.export_at(n));
} catch (const std::bad_alloc&) {
  wasm_extern_vec_delete(out);
  capi::no_memory();
}

wasm_extern_t* ashlar_instance_export(const wasm_instance_t* i, const char* name) try {
  runtime::Extern found{};
  return i->get()->find_export(name, &found) ? capi::new_extern(i->store, found) : nullptr;
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

ashlar_wasi_config_t* ashlar_wasi_config_new(void) try {
  return new ashlar_wasi_config_t;
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
void ashlar_wasi_config_delete(ashlar_wasi_config_t* c) { delete c; }
void ashlar_wasi_config_add_arg(ashlar_wasi_config_t* c, const char* arg) try {
  c->args.emplace_back(arg);
} catch (const std::bad_alloc&) {
  capi::no_memory();
}
void ashlar_wasi_config_set_env(ashlar_wasi_config_t* c, const char* name, const char* value) try {
  c->config.env(name, value);
} catch (const std::bad_alloc&) {
  capi::no_memory();
}
void ashlar_wasi_config_add_dir(ashlar_wasi_config_t* c, const char* host, const char* guest, bool read_only) try {
  c->config.dir(host, guest, read_only);
} catch (const std::bad_alloc&) {
  capi::no_memory();
}
void ashlar_wasi_config_add_listener(ashlar_wasi_config_t* c, const char* address) try {
  c->config.listen(address);
} catch (const std::bad_alloc&) {
  capi::no_memory();
}
void ashlar_wasi_config_set_threads(ashlar_wasi_config_t* c, uint32_t at_most) { c->config.threads(at_most); }

ashlar_linker_t* ashlar_linker_new(wasm_store_t* store) try {
  return new ashlar_linker_t(store->box);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
void ashlar_linker_delete(ashlar_linker_t* l) { delete l; }

ashlar_error_t* ashlar_linker_define(ashlar_linker_t* l, const char* module, const char* name,
                                     const wasm_extern_t* e) try {
  if (e->store != l->store) return foreign("an object");
  l->linker.define(module, name, Access::to_public(l->store->state(), capi::to_runtime(*e)));
  return nullptr;
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

void ashlar_linker_define_func(ashlar_linker_t* l, const char* module, const char* name, const wasm_functype_t* type,
                               ashlar_func_callback_t f, void* env, void (*finalizer)(void*)) try {
  runtime::FuncCell* made =
      capi::new_func(*l->store, *type, std::make_unique<capi::WithCaller>(f, env, finalizer), name);
  l->linker.define(module, name, Access::func(l->store->state(), made));
} catch (const std::bad_alloc&) {
  capi::no_memory();
}

ashlar_error_t* ashlar_linker_define_instance(ashlar_linker_t* l, const char* module, const wasm_instance_t* i) try {
  if (i->store != l->store) return foreign("the instance");
  l->linker.define_instance(module, Access::instance(l->store->state(), i->get()));
  return nullptr;
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

void ashlar_linker_define_wasi(ashlar_linker_t* l, ashlar_wasi_config_t* config) try {
  const std::unique_ptr<ashlar_wasi_config_t> taken(config == nullptr ? new ashlar_wasi_config_t : config);
  taken->config.args(std::move(taken->args));
  l->linker.define_wasi(std::move(taken->config));
} catch (const std::bad_alloc&) {
  capi::no_memory();
}

ashlar_error_t* ashlar_linker_instantiate(ashlar_linker_t* l, const wasm_module_t* m, wasm_instance_t** out) try {
  auto made = l->linker.instantiate(m->get()->module);
  *out = made ? new wasm_instance_t(l->store, Access::instance(*made)) : nullptr;
  l->store->pending.reset();
  return capi::error_of(made);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

ashlar_error_t* ashlar_linker_run(ashlar_linker_t* l, const wasm_instance_t* i) try {
  if (i->store != l->store) return foreign("the instance");
  auto done = l->linker.run(Access::instance(l->store->state(), i->get()));
  l->store->pending.reset();
  return capi::result(std::move(done));
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

}  // extern "C"
