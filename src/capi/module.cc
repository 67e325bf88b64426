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

wasm_module_t* wasm_module_new(wasm_store_t* store, const wasm_byte_vec_t* binary) try {
  auto made = compile_binary(*store->box, bytes_of(binary->data, binary->size));
  if (!made) return capi::fail(std::move(made).error());
  return new_module(store->box, std::move(*made));
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

bool wasm_module_validate(wasm_store_t* store, const wasm_byte_vec_t* binary) try {
  const std::span<const uint8_t> bytes = bytes_of(binary->data, binary->size);
  if (!ashlar::api::is_binary(bytes)) {
    capi::fail(ashlar::internal::Error(ErrorCode::not_a_module));
    return false;
  }
  const auto& engine = Access::engine(store->box->engine);
  auto checked = ashlar::api::check({nullptr, bytes, nullptr}, engine->config(), engine->types());
  if (!checked) capi::fail(std::move(checked).error());
  return checked.has_value();
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

void wasm_module_imports(const wasm_module_t* m, wasm_importtype_vec_t* out) try {
  const module::Module& from = decoded(*m);
  capi::make_vec(out, from.imports.size());
  for (size_t i = 0; i < from.imports.size(); ++i) {
    const module::Import& import = from.imports[i];
    capi::OwnedName module;
    capi::OwnedName name;
    capi::make_name(module.get(), import.module);
    capi::make_name(name.get(), import.name);
    auto type = capi::make_externtype(m->store->types(), from, import.kind, import.index);
    out->data[i] = new wasm_importtype_t(std::move(module), std::move(name), std::move(type));
  }
} catch (const std::bad_alloc&) {
  wasm_importtype_vec_delete(out);
  capi::no_memory();
}

void wasm_module_exports(const wasm_module_t* m, wasm_exporttype_vec_t* out) try {
  const module::Module& from = decoded(*m);
  capi::make_vec(out, from.exports.size());
  for (size_t i = 0; i < from.exports.size(); ++i) {
    const module::Export& e = from.exports[i];
    capi::OwnedName name;
    capi::make_name(name.get(), e.name);
    auto type = capi::make_externtype(m->store->types(), from, e.kind, e.index);
    out->data[i] = new wasm_exporttype_t(std::move(name), std::move(type));
  }
} catch (const std::bad_alloc&) {
  wasm_exporttype_vec_delete(out);
  capi::no_memory();
}

void wasm_shared_module_delete(wasm_shared_module_t* s) { delete s; }
wasm_shared_module_t* wasm_module_share(const wasm_module_t* m) try {
  return new wasm_shared_module_t{m->get()->module};
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}
wasm_module_t* wasm_module_obtain(wasm_store_t* store, const wasm_shared_module_t* s) try {
  const auto& compiled = Access::compiled(s->module);
  if (compiled->engine() != Access::engine(store->box->engine)) {
    return capi::fail(ashlar::internal::Error(ErrorCode::foreign_module));
  }
  return new_module(store->box, s->module);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

ashlar_error_t* ashlar_module_new(wasm_store_t* store, const char* bytes, size_t size, wasm_module_t** out) try {
  return give(store->box, Module::compile(store->box->engine, bytes_of(bytes, size)), out);
} catch (const std::bad_alloc&) {
  *out = nullptr;
  return capi::no_memory();
}

ashlar_error_t* ashlar_module_new_from_file(wasm_store_t* store, const char* path, wasm_module_t** out) try {
  return give(store->box, Module::from_file(store->box->engine, path), out);
} catch (const std::bad_alloc&) {
  *out = nullptr;
  return capi::no_memory();
}

ashlar_error_t* ashlar_module_serialize(const wasm_module_t* m, wasm_byte_vec_t* out) try {
  auto bytes = serialize(*m);
  capi::make_vec(out, bytes ? bytes->size() : 0, bytes ? reinterpret_cast<const char*>(bytes->data()) : nullptr);
  return capi::error_of(bytes);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

void wasm_module_serialize(const wasm_module_t* m, wasm_byte_vec_t* out) try {
  capi::keep(ashlar_module_serialize(m, out));
} catch (const std::bad_alloc&) {
  capi::no_memory();
}

ashlar_error_t* ashlar_module_deserialize(wasm_store_t* store, const char* bytes, size_t size,
                                          wasm_module_t** out) try {
  return give(store->box, deserialize(*store->box, bytes_of(bytes, size)), out);
} catch (const std::bad_alloc&) {
  *out = nullptr;
  return capi::no_memory();
}

wasm_module_t* wasm_module_deserialize(wasm_store_t* store, const wasm_byte_vec_t* bytes) try {
  wasm_module_t* out = nullptr;
  capi::keep(ashlar_module_deserialize(store, bytes->data, bytes->size, &out));
  return out;
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

ashlar_error_t* ashlar_module_serialize_to_file(const wasm_module_t* m, const char* path) try {
  auto bytes = serialize(*m);
  if (!bytes) return capi::error_of(bytes);
  return capi::result(Access::status(ashlar::os::replace_file(path, *bytes)));
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

ashlar_error_t* ashlar_module_deserialize_file(wasm_store_t* store, const char* path, wasm_module_t** out) try {
  *out = nullptr;
  auto file = ashlar::os::read_file(path);
  if (!file) return new ashlar_error_t(Access::error(std::move(file).error()));
  const bool binary = ashlar::api::is_binary(file->bytes());
  return give(store->box,
              binary ? Module::from_file(store->box->engine, path) : Module::deserialize_file(store->box->engine, path),
              out);
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

ashlar_error_t* ashlar_module_deserialize_known_file(wasm_store_t* store, const char* path, wasm_module_t** out) try {
  return give(store->box, Module::deserialize_file(store->box->engine, path, ashlar::Trust::Known), out);
} catch (const std::bad_alloc&) {
  *out = nullptr;
  return capi::no_memory();
}

ashlar_error_t* ashlar_module_source_lines(const wasm_module_t* m, const size_t* offsets, size_t count,
                                           ashlar_source_line_callback_t found, void* env) try {
  const std::vector<uint64_t> wanted(offsets, offsets + count);
  const auto lines = m->get()->module.source_lines(wanted);
  if (!lines) return new ashlar_error_t(Access::copy(lines.error()));
  for (size_t i = 0; i < count; ++i) {
    for (const ashlar::SourceLine& line : (*lines)[i]) {
      found(env, i, line.function.c_str(), line.file.c_str(), line.line);
    }
  }
  return nullptr;
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

ashlar_error_t* ashlar_wat2wasm(const char* text, size_t size, wasm_byte_vec_t* out) try {
  auto made = ashlar::api::assemble(bytes_of(text, size), nullptr);
  if (!made) {
    capi::make_vec(out, 0);
    return new ashlar_error_t(Access::error(std::move(made).error()));
  }
  capi::make_vec(out, made->bytes.size(), reinterpret_cast<const char*>(made->bytes.data()));
  return nullptr;
} catch (const std::bad_alloc&) {
  return capi::no_memory();
}

}  // extern "C"
