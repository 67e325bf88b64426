// From definitions to objects of a store, and to instances.
#include "api/definitions.h"

#include "api/store_thread.h"
#include "runtime/import_match.h"

namespace ashlar {
inline namespace v0 {
namespace detail {

namespace {

/// The context of one grant in the store.
api::WasiBinding& wasi_of(StoreState& store, const std::shared_ptr<const WasiGrant>& grant) {
  // Nothing is there before it is whole: where memory runs out, others look at the store yet.
  const auto known = store.wasi.find(grant.get());
  if (known == store.wasi.end()) {
    store.wasi_grants.push_back(grant);
    const WasiConfig& config = store.wasi_config ? *store.wasi_config : grant->config;
    api::WasiOptions options = Access::wasi(config);
    options.max_threads = Access::threads(config);
    if (options.max_threads != 0) options.make_thread = thread_store_maker(Access::prepare_thread(config));
    auto made = std::make_unique<api::WasiBinding>(store.store, std::move(options));
    return *store.wasi.emplace(grant.get(), std::move(made)).first->second;
  }
  return *known->second;
}

Result<runtime::Instance*> instance_of(StoreState& store, const std::shared_ptr<const Library>& library) {
  const auto known = store.libraries.find(library.get());
  if (known != store.libraries.end()) return known->second.second;
  Result<Instance> made = instantiate(store, library->module);
  if (!made) return std::unexpected(std::move(made).error());
  runtime::Instance* instance = Access::instance(*made);
  store.libraries.emplace(library.get(), std::pair(library, instance));
  return instance;
}

struct Realizer {
  StoreState& store;
  const DefinitionPtr& definition;

  Result<runtime::Extern> operator()(const ObjectDefinition& d) const {
    if (d.store == &store) return d.object;
    return std::unexpected(Access::error(ApiError::foreign_store, "what a linker defines"));
  }
  Result<runtime::Extern> operator()(const HostDefinition& d) const {
    const auto known = store.linked.find(definition.get());
    if (known != store.linked.end()) return known->second.object;
    const Func made = Access::make_func(&store, d.params, d.results, d.function, d.name);
    const auto object = runtime::Extern::of(Access::cell(made));
    store.linked.emplace(definition.get(), Linked{definition, object});
    return object;
  }
  Result<runtime::Extern> operator()(const SharedDefinition& d) const {
    return runtime::Extern::of(Access::in_store(store, d.memory));
  }
  Result<runtime::Extern> operator()(const LibraryDefinition& d) const {
    Result<runtime::Instance*> instance = instance_of(store, d.library);
    if (!instance) return std::unexpected(std::move(instance).error());
    return (*instance)->export_at(d.export_index);
  }
  Result<runtime::Extern> operator()(const WasiDefinition& d) const {
    auto found = wasi_of(store, d.grant).find(d.module, d.name);
    if (!found) return std::unexpected(Access::error(std::move(found).error()));
    return **found;  // the definition was made because there is such a function
  }
  Result<runtime::Extern> operator()(const ThreadMemoryDefinition& d) const {
    auto made = wasi_of(store, d.grant).shared_memory(d.module, d.name, d.type);
    if (!made) return std::unexpected(Access::error(std::move(made).error()));
    return runtime::Extern::of(*made);
  }
};

/// Something that is not there yet, by what its type says; nothing where that takes more than a type.
class Stand {
 public:
  explicit Stand(module::TypeRegistry& types) : types_(types) {}

  const runtime::Extern* of(const ObjectDefinition& d) { return keep(d.object); }
  const runtime::Extern* of(const HostDefinition& d) { return func(Access::type(FuncType{d.params, d.results})); }
  const runtime::Extern* of(const SharedDefinition& d) {
    return keep(runtime::Extern::of(static_cast<runtime::Memory*>(Access::memory(d.memory).get())));
  }
  const runtime::Extern* of(const WasiDefinition& d) { return func(*api::WasiBinding::type_of(d.module, d.name)); }
  const runtime::Extern* of(const ThreadMemoryDefinition&) { return nullptr; }
  const runtime::Extern* of(const LibraryDefinition& d) {
    const module::Module& m = d.library->module->module->compiled->module();
    const module::Export& e = m.exports[d.export_index];
    if (e.kind == module::ExternKind::Func) return func_of(m.canonical[m.funcs[e.index].type]);
    if (e.kind != module::ExternKind::Tag) return nullptr;
    tag_.type_id = m.canonical[m.tags[e.index].type.type];
    return keep(runtime::Extern::of(&tag_));
  }

 private:
  const runtime::Extern* keep(runtime::Extern object) {
    object_ = object;
    return &object_;
  }
  const runtime::Extern* func(const module::FuncType& type) { return func_of(types_.intern_func(type)); }
  const runtime::Extern* func_of(uint32_t type_id) {
    cell_.type_id = type_id;
    return keep(runtime::Extern::of(&cell_));
  }

  module::TypeRegistry& types_;
  runtime::FuncCell cell_{};
  runtime::TagInstance tag_{};
  runtime::Extern object_{};
};

module::ExternKind library_kind(const LibraryDefinition& d) {
  return d.library->module->module->compiled->module().exports[d.export_index].kind;
}

}  // namespace

Result<runtime::Extern> realize(StoreState& store, const DefinitionPtr& definition) {
  return std::visit(Realizer{store, definition}, definition->what);
}

std::string definition_mismatch(module::TypeRegistry& types, const module::Module& m, const module::Import& import,
                                const Definition& definition) {
  Stand stand(types);
  if (std::holds_alternative<ThreadMemoryDefinition>(definition.what)) return {};  // made for the import
  const runtime::Extern* object = std::visit([&](const auto& d) { return stand.of(d); }, definition.what);
  if (object != nullptr) return runtime::import_mismatch(types, m, import, *object);
  const module::ExternKind kind = library_kind(std::get<LibraryDefinition>(definition.what));
  if (kind == import.kind) return {};
  return "expected " + std::string(module::to_string(import.kind)) + ", found " + std::string(module::to_string(kind));
}

namespace {

bool is_shared_memory(const module::Import& import, const runtime::Instance& of) {
  return import.kind == module::ExternKind::Memory && of.ctx.memories[import.index]->shared();
}

/// What the module is to import in the store.
Result<std::vector<runtime::Extern>> imports_of(StoreState& store, const PreparedState& prepared,
                                                const runtime::Instance* of) {
  const module::Module& m = prepared.module->compiled->module();
  std::vector<runtime::Extern> out;
  out.reserve(prepared.imports.size());
  for (size_t i = 0; i < prepared.imports.size(); ++i) {
    if (of != nullptr && is_shared_memory(m.imports[i], *of)) {
      out.push_back(runtime::Extern::of(shared_with_thread(*of, m.imports[i].index, store)));
      continue;
    }
    Result<runtime::Extern> object = realize(store, prepared.imports[i]);
    if (!object) return std::unexpected(std::move(object).error());
    out.push_back(*object);
  }
  return out;
}

/// A module that starts threads: whether it can, and the threads can have what it imports.
Status admit_threads(StoreState& store, const std::shared_ptr<const PreparedState>& prepared) {
  const module::Module& m = prepared->module->compiled->module();
  if (internal::Status fit = api::check_thread_module(m); !fit) {
    return std::unexpected(Access::error(std::move(fit).error()));
  }
  for (size_t i = 0; i < prepared->imports.size(); ++i) {
    const auto* object = std::get_if<ObjectDefinition>(&prepared->imports[i]->what);
    const bool shared =
        object != nullptr && object->object.kind == module::ExternKind::Memory && object->object.memory->shared();
    if (object == nullptr || shared) continue;
    return std::unexpected(Access::error(ApiError::threads_need_engine_linker, std::string(m.imports[i].module),
                                         std::string(m.imports[i].name)));
  }
  store.thread_modules.insert_or_assign(prepared->module->compiled.get(), prepared);
  return {};
}

}  // namespace

Result<Instance> instantiate(StoreState& store, const std::shared_ptr<const PreparedState>& prepared,
                             const runtime::Instance* of) {
  if (prepared->starts_threads) {
    if (Status fit = admit_threads(store, prepared); !fit) return std::unexpected(std::move(fit).error());
  }
  std::vector<runtime::Extern> objects;
  std::span<const runtime::Extern> imports = prepared->objects;
  if (prepared->store != &store || prepared->objects.size() != prepared->imports.size()) {
    auto made = imports_of(store, *prepared, of);
    if (!made) return std::unexpected(std::move(made).error());
    objects = std::move(*made);
    imports = objects;
  }
  auto made = store.store.instantiate(prepared->module->compiled, imports);
  store.refs->end_unreachable();
  if (!made) return std::unexpected(Access::error(&store, std::move(made).error()));
  if (prepared->starts_threads) store.thread_instances.emplace(*made, prepared);
  Access::keep(&store, prepared->module);
  if (of == nullptr) Access::watch(&store, prepared->module, **made);
  return Access::instance(&store, *made);
}

}  // namespace detail
}  // namespace v0
}  // namespace ashlar
