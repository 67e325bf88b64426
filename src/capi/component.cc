// Components of the C API: their values are texts.
#include <memory>
#include <string>
#include <utility>

#include "capi/refs.h"
#include "capi/vec.h"
#include "capi/wasi.h"

namespace capi = ashlar::capi;
using ashlar::v0::Component;
using ashlar::v0::ComponentItem;
using ashlar::v0::Val;

struct ashlar_component_t {
  Component component;
};
struct ashlar_component_linker_t {
  ashlar::v0::ComponentLinker linker;
};
struct ashlar_prepared_component_t {
  ashlar::v0::PreparedComponent prepared;
};
struct ashlar_component_instance_t {
  capi::StoreRef store;
  ashlar::v0::ComponentInstance instance;
};

namespace {

/// With a zero at the end.
void give(const std::string& text, wasm_name_t* out) { wasm_name_new(out, text.size() + 1, text.c_str()); }

ashlar_error_t* made(ashlar::v0::Result<Component> component, ashlar_component_t** out) {
  *out = component ? new ashlar_component_t{std::move(*component)} : nullptr;
  return capi::error_of(component);
}

ashlar_error_t* started(wasm_store_t* store, ashlar::v0::Result<ashlar::v0::ComponentInstance> instance,
                        ashlar_component_instance_t** out) {
  *out = instance ? new ashlar_component_instance_t{store->box, *instance} : nullptr;
  return capi::error_of(instance);
}

/// A callback in C, and the end of its environment.
class Callback {
 public:
  Callback(ashlar_component_callback_t f, void* env, void (*finalizer)(void*))
      : f_(f), env_(env), finalizer_(finalizer) {}
  Callback(const Callback&) = delete;
  Callback& operator=(const Callback&) = delete;
  ~Callback() {
    if (finalizer_ != nullptr) finalizer_(env_);
  }

  ashlar::v0::Result<Val> call(ashlar::v0::ComponentCaller& caller, std::span<Val> args) const {
    const ashlar::v0::ComponentFuncType type = caller.type();
    std::string text = "(";
    for (size_t i = 0; i < args.size(); ++i) text += (i > 0 ? ", " : "") + args[i].to_string(type.params[i].type);
    text += ")";
    wasm_name_t result = WASM_EMPTY_VEC;
    const char* const trap = f_(env_, text.c_str(), &result);
    const std::string given(result.data, result.size);
    wasm_name_delete(&result);
    if (trap != nullptr) return std::unexpected(ashlar::v0::Error::trap(trap));
    if (!type.result) return Val();
    // The zero is no part of the text; without one it is all.
    return Val::parse(std::string_view(given).substr(0, given.find('\0')), *type.result);
  }

 private:
  ashlar_component_callback_t f_;
  void* env_;
  void (*finalizer_)(void*);
};

}  // namespace

extern "C" {

ashlar_error_t* ashlar_component_new(wasm_engine_t* engine, const char* bytes, size_t size,
                                     ashlar_component_t** out) try {
  return made(Component::compile(engine->engine, std::string_view(bytes, size)), out);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
ashlar_error_t* ashlar_component_new_from_file(wasm_engine_t* engine, const char* path, ashlar_component_t** out) try {
  return made(Component::from_file(engine->engine, path), out);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
void ashlar_component_delete(ashlar_component_t* c) { delete c; }

ashlar_error_t* ashlar_component_serialize(const ashlar_component_t* c, wasm_byte_vec_t* out) try {
  auto bytes = c->component.serialize();
  capi::make_vec(out, bytes ? bytes->size() : 0, bytes ? reinterpret_cast<const char*>(bytes->data()) : nullptr);
  return capi::error_of(bytes);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
ashlar_error_t* ashlar_component_serialize_to_file(const ashlar_component_t* c, const char* path) try {
  return capi::result(c->component.serialize_to_file(path));
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
ashlar_error_t* ashlar_component_deserialize(wasm_engine_t* engine, const char* bytes, size_t size,
                                             ashlar_component_t** out) try {
  *out = nullptr;
  const std::span data(reinterpret_cast<const uint8_t*>(bytes), size);
  return made(Component::deserialize(engine->engine, data), out);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
ashlar_error_t* ashlar_component_deserialize_file(wasm_engine_t* engine, const char* path,
                                                  ashlar_component_t** out) try {
  *out = nullptr;
  return made(Component::deserialize_file(engine->engine, path), out);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

void ashlar_component_describe(const ashlar_component_t* c, bool exports, wasm_name_t* out) try {
  std::string text;
  for (const ComponentItem& item : exports ? c->component.exports() : c->component.imports()) {
    text += item.interface.empty() ? item.name : item.interface + "#" + item.name;
    switch (item.kind) {
      case ashlar::v0::ComponentItemKind::Func:
        text += ": " + item.func->to_string();
        break;
      case ashlar::v0::ComponentItemKind::Resource:
        text += ": resource";
        break;
      case ashlar::v0::ComponentItemKind::Type:
        text += item.type ? ": type " + item.type->to_string() : ": type";
        break;
      case ashlar::v0::ComponentItemKind::CoreModule:
        text += ": core module";
        break;
    }
    text += "\n";
  }
  give(text, out);
} catch (const std::bad_alloc&) {
  wasm_name_new_empty(out);
  capi::no_memory();
}

ashlar_component_linker_t* ashlar_component_linker_new(void) try {
  return new ashlar_component_linker_t;
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
void ashlar_component_linker_delete(ashlar_component_linker_t* l) { delete l; }

void ashlar_component_linker_define_func(ashlar_component_linker_t* l, const char* interface_name, const char* name,
                                         ashlar_component_callback_t f, void* env, void (*finalizer)(void*)) try {
  auto callback = std::make_shared<const Callback>(f, env, finalizer);
  l->linker.func(interface_name, name,
                 [callback = std::move(callback)](ashlar::v0::ComponentCaller& caller, std::span<Val> args) {
                   return callback->call(caller, args);
                 });
} catch (const std::bad_alloc&) {
  capi::no_memory();
}

void ashlar_component_linker_define_wasi(ashlar_component_linker_t* l, ashlar_wasi_config_t* config) try {
  const std::unique_ptr<ashlar_wasi_config_t> taken(config == nullptr ? new ashlar_wasi_config_t : config);
  taken->config.args(std::move(taken->args));
  l->linker.define_wasi(std::move(taken->config));
} catch (const std::bad_alloc&) {
  capi::no_memory();
}

ashlar_error_t* ashlar_component_linker_define_instance(ashlar_component_linker_t* l, const char* interface_name,
                                                        const ashlar_component_instance_t* i) try {
  return capi::result(l->linker.define_instance(interface_name, i->instance));
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

ashlar_error_t* ashlar_component_linker_instantiate(const ashlar_component_linker_t* l, wasm_store_t* store,
                                                    const ashlar_component_t* c,
                                                    ashlar_component_instance_t** out) try {
  return started(store, l->linker.instantiate(store->box->store, c->component), out);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
void ashlar_component_instance_delete(ashlar_component_instance_t* i) { delete i; }

ashlar_error_t* ashlar_component_linker_prepare(const ashlar_component_linker_t* l, const ashlar_component_t* c,
                                                ashlar_prepared_component_t** out) try {
  *out = nullptr;
  auto prepared = l->linker.prepare(c->component);
  if (prepared) *out = new ashlar_prepared_component_t{std::move(*prepared)};
  return capi::error_of(prepared);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
ashlar_error_t* ashlar_prepared_component_instantiate(const ashlar_prepared_component_t* p, wasm_store_t* store,
                                                      ashlar_component_instance_t** out) try {
  *out = nullptr;
  return started(store, p->prepared.instantiate(store->box->store), out);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
void ashlar_prepared_component_delete(ashlar_prepared_component_t* p) { delete p; }

ashlar_error_t* ashlar_component_instance_call(const ashlar_component_instance_t* i, const char* call,
                                               wasm_name_t* result) try {
  auto done = i->instance.call_text(call);
  if (result != nullptr) {
    if (done) {
      give(*done, result);
    } else {
      wasm_name_new_empty(result);
    }
  }
  return capi::error_of(done);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

ashlar_error_t* ashlar_component_instance_run(const ashlar_component_instance_t* i) try {
  return capi::result(i->instance.run());
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

}  // extern "C"
