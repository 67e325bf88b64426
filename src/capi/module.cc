// Modules of the C API.
#include "api/load.h"
#include "capi/refs.h"
#include "capi/types.h"
#include "os/file_bytes.h"

namespace capi = ashlar::capi;
namespace module = ashlar::module;
using ashlar::ErrorCode;
using ashlar::v0::Module;
using ashlar::v0::detail::Access;

struct wasm_shared_module_t {
  Module module;
};

namespace {

const module::Module& decoded(const wasm_module_t& m) { return Access::compiled(m.get()->module)->module(); }

wasm_module_t* new_module(const capi::StoreRef& store, Module m) {
  return new wasm_module_t(store, std::make_shared<capi::ModuleObject>(std::move(m)));
}

/// Sets *out, or gives the error.
ashlar_error_t* give(const capi::StoreRef& store, ashlar::v0::Result<Module> made, wasm_module_t** out) {
  *out = made ? new_module(store, std::move(*made)) : nullptr;
  return capi::error_of(made);
}

std::span<const uint8_t> bytes_of(const char* bytes, size_t size) {
  return {reinterpret_cast<const uint8_t*>(bytes), size};
}

/// A binary module, and no text: what <wasm.h> takes.
ashlar::v0::Result<Module> compile_binary(const capi::StoreBox& box, std::span<const uint8_t> bytes) {
  if (!ashlar::api::is_binary(bytes)) {
    return std::unexpected(Access::error(ashlar::internal::Error(ErrorCode::not_a_module)));
  }
  return Module::compile(box.engine, bytes);
}

/// The artifact; where the engine makes no machine code, the binary, which is all there is.
ashlar::v0::Result<std::vector<uint8_t>> serialize(const wasm_module_t& m) {
  const ashlar::v0::Tier tier = m.store->engine.tier();
  if (tier != ashlar::v0::Tier::Interpreter) {
    auto artifact = m.get()->module.serialize();
    if (artifact || tier == ashlar::v0::Tier::Optimizing || artifact.error().id() != "compiler_missing")
      return artifact;
  }
  const std::span<const uint8_t> bytes = decoded(m).bytes;
  return std::vector<uint8_t>(bytes.begin(), bytes.end());
}

ashlar::v0::Result<Module> deserialize(const capi::StoreBox& box, std::span<const uint8_t> bytes) {
  return ashlar::api::is_binary(bytes) ? Module::compile(box.engine, bytes) : Module::deserialize(box.engine, bytes);
}

}  // namespace

extern "C" {

wasm_module_t* wasm_module_new(wasm_store_t* store, const wasm_byte_vec_t* binary) {
  auto made = compile_binary(*store->box, bytes_of(binary->data, binary->size));
  if (!made) return capi::fail(std::move(made).error());
  return new_module(store->box, std::move(*made));
}

bool wasm_module_validate(wasm_store_t* store, const wasm_byte_vec_t* binary) {
  const std::span<const uint8_t> bytes = bytes_of(binary->data, binary->size);
  if (!ashlar::api::is_binary(bytes)) {
    capi::fail(ashlar::internal::Error(ErrorCode::not_a_module));
    return false;
  }
  const auto& engine = Access::engine(store->box->engine);
  auto checked = ashlar::api::check({nullptr, bytes, nullptr}, engine->config(), engine->types());
  if (!checked) capi::fail(std::move(checked).error());
  return checked.has_value();
}

void wasm_module_imports(const wasm_module_t* m, wasm_importtype_vec_t* out) {
  const module::Module& from = decoded(*m);
  capi::make_vec(out, from.imports.size());
  for (size_t i = 0; i < from.imports.size(); ++i) {
    const module::Import& import = from.imports[i];
    wasm_name_t module;
    wasm_name_t name;
    capi::make_name(&module, import.module);
    capi::make_name(&name, import.name);
    out->data[i] = new wasm_importtype_t(
        &module, &name, capi::make_externtype(m->store->types(), from, import.kind, import.index).release());
  }
}

void wasm_module_exports(const wasm_module_t* m, wasm_exporttype_vec_t* out) {
  const module::Module& from = decoded(*m);
  capi::make_vec(out, from.exports.size());
  for (size_t i = 0; i < from.exports.size(); ++i) {
    const module::Export& e = from.exports[i];
    wasm_name_t name;
    capi::make_name(&name, e.name);
    out->data[i] =
        new wasm_exporttype_t(&name, capi::make_externtype(m->store->types(), from, e.kind, e.index).release());
  }
}

void wasm_shared_module_delete(wasm_shared_module_t* s) { delete s; }
wasm_shared_module_t* wasm_module_share(const wasm_module_t* m) { return new wasm_shared_module_t{m->get()->module}; }
wasm_module_t* wasm_module_obtain(wasm_store_t* store, const wasm_shared_module_t* s) {
  const auto& compiled = Access::compiled(s->module);
  if (compiled->engine() != Access::engine(store->box->engine)) {
    return capi::fail(ashlar::internal::Error(ErrorCode::foreign_module));
  }
  return new_module(store->box, s->module);
}

ashlar_error_t* ashlar_module_new(wasm_store_t* store, const char* bytes, size_t size, wasm_module_t** out) {
  return give(store->box, Module::compile(store->box->engine, bytes_of(bytes, size)), out);
}

ashlar_error_t* ashlar_module_new_from_file(wasm_store_t* store, const char* path, wasm_module_t** out) {
  return give(store->box, Module::from_file(store->box->engine, path), out);
}

ashlar_error_t* ashlar_module_serialize(const wasm_module_t* m, wasm_byte_vec_t* out) {
  auto bytes = serialize(*m);
  capi::make_vec(out, bytes ? bytes->size() : 0, bytes ? reinterpret_cast<const char*>(bytes->data()) : nullptr);
  return capi::error_of(bytes);
}

void wasm_module_serialize(const wasm_module_t* m, wasm_byte_vec_t* out) {
  capi::keep(ashlar_module_serialize(m, out));
}

ashlar_error_t* ashlar_module_deserialize(wasm_store_t* store, const char* bytes, size_t size, wasm_module_t** out) {
  return give(store->box, deserialize(*store->box, bytes_of(bytes, size)), out);
}

wasm_module_t* wasm_module_deserialize(wasm_store_t* store, const wasm_byte_vec_t* bytes) {
  wasm_module_t* out = nullptr;
  capi::keep(ashlar_module_deserialize(store, bytes->data, bytes->size, &out));
  return out;
}

ashlar_error_t* ashlar_module_serialize_to_file(const wasm_module_t* m, const char* path) {
  auto bytes = serialize(*m);
  if (!bytes) return capi::error_of(bytes);
  return capi::result(Access::status(ashlar::os::replace_file(path, *bytes)));
}

ashlar_error_t* ashlar_module_deserialize_file(wasm_store_t* store, const char* path, wasm_module_t** out) {
  *out = nullptr;
  auto file = ashlar::os::read_file(path);
  if (!file) return new ashlar_error_t(Access::error(std::move(file).error()));
  const bool binary = ashlar::api::is_binary(file->bytes());
  return give(store->box,
              binary ? Module::from_file(store->box->engine, path) : Module::deserialize_file(store->box->engine, path),
              out);
}

ashlar_error_t* ashlar_wat2wasm(const char* text, size_t size, wasm_byte_vec_t* out) {
  auto made = ashlar::api::assemble(bytes_of(text, size), nullptr);
  if (!made) {
    capi::make_vec(out, 0);
    return new ashlar_error_t(Access::error(std::move(made).error()));
  }
  capi::make_vec(out, made->bytes.size(), reinterpret_cast<const char*>(made->bytes.data()));
  return nullptr;
}

}  // extern "C"
