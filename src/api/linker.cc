// Linkers: definitions by name, and the finding of imports.
#include "api/definitions.h"
#include "api/store_thread.h"

namespace ashlar {
inline namespace v0 {

using detail::Access;
using detail::Definition;
using detail::DefinitionPtr;
using detail::Definitions;
using detail::StoreState;

struct Linker::State {
  std::shared_ptr<detail::EngineState> engine;
  StoreState* store = nullptr;  ///< null: of an engine
  Definitions definitions;
  std::shared_ptr<const detail::WasiGrant> wasi;

  void define(const std::string& module, const std::string& name, Definition definition) {
    definitions.insert_or_assign(std::pair(module, name), std::make_shared<const Definition>(std::move(definition)));
  }
  void define_object(const std::string& module, const std::string& name, StoreState* of,
                     const runtime::Extern& object) {
    define(module, name, {detail::ObjectDefinition{of, object}});
  }
  /// Null when there is none.
  DefinitionPtr find(std::string_view module, std::string_view name) const;
  std::string names_of(std::string_view module) const;
  /// The memory that threads of the program share, where the import is of such a one.
  DefinitionPtr thread_memory(const module::Module& m, const module::Import& import) const;
  Result<std::shared_ptr<const detail::PreparedState>> prepare(const Module& module) const;
  Result<Extern> get(StoreState& in, std::string_view module, std::string_view name) const;
};

namespace {

Error no_such_definition(std::string_view module, std::string_view name) {
  return Access::error(ApiError::no_such_definition, std::string(module), std::string(name));
}

bool is_thread_spawn(const Definition& definition) {
  const auto* wasi = std::get_if<detail::WasiDefinition>(&definition.what);
  return wasi != nullptr && wasi->module == "wasi";
}

std::string quoted(std::string_view module, std::string_view name) {
  return "\"" + std::string(module) + "\" \"" + std::string(name) + "\"";
}

}  // namespace

DefinitionPtr Linker::State::find(std::string_view module, std::string_view name) const {
  const auto found = definitions.find(std::pair(module, name));
  if (found != definitions.end()) return found->second;
  if (!wasi || !api::WasiBinding::type_of(module, name)) return nullptr;
  // In a store they are told by their grant and name.
  return std::make_shared<const Definition>(
      Definition{detail::WasiDefinition{wasi, std::string(module), std::string(name)}});
}

DefinitionPtr Linker::State::thread_memory(const module::Module& m, const module::Import& import) const {
  if (import.kind != module::ExternKind::Memory || !m.memories[import.index].type.limits.shared) return nullptr;
  return std::make_shared<const Definition>(Definition{detail::ThreadMemoryDefinition{
      wasi, std::string(import.module), std::string(import.name), m.memories[import.index].type}});
}

/// For the message: "\"env\" defines: add, log".
std::string Linker::State::names_of(std::string_view module) const {
  std::string out;
  constexpr size_t kShown = 12;
  size_t count = 0;
  for (auto at = definitions.lower_bound(std::pair(module, std::string_view())); at != definitions.end(); ++at) {
    if (at->first.first != module) break;
    if (++count > kShown) return out + ", ...";
    out += (out.empty() ? "\"" + std::string(module) + "\" defines: " : ", ") + at->first.second;
  }
  return out.empty() ? "nothing is defined in \"" + std::string(module) + "\"" : out;
}

Result<std::shared_ptr<const detail::PreparedState>> Linker::State::prepare(const Module& module) const {
  const std::shared_ptr<runtime::CompiledModule>& compiled = Access::compiled(module);
  if (compiled->engine() != engine->engine) {
    return std::unexpected(Access::error(internal::Error(ErrorCode::foreign_module)));
  }
  if (Status read = Access::complete(module); !read) return std::unexpected(std::move(read).error());
  const module::Module& m = compiled->module();
  auto out = std::make_shared<detail::PreparedState>();
  out->module = Access::state(module);
  out->store = store;
  std::optional<internal::Error> first;
  std::string notes;
  size_t failed = 0;
  const bool threads = wasi && (api::starts_threads(m) || Access::threads(wasi->config) != 0);
  for (const module::Import& import : m.imports) {
    DefinitionPtr found = find(import.module, import.name);
    if (!found && threads) found = thread_memory(m, import);
    out->starts_threads |= found && is_thread_spawn(*found);
    const std::string mismatch =
        found ? detail::definition_mismatch(*engine->engine->types(), m, import, *found) : std::string();
    if (found && mismatch.empty()) {
      out->imports.push_back(std::move(found));
      continue;
    }
    ++failed;
    const std::string modname(import.module), name(import.name);
    if (!notes.empty()) notes += "\n";
    notes += "  " + quoted(modname, name) + ": ";
    if (found) {
      notes += mismatch;
    } else {
      notes += "missing " + Access::extern_type(m, import.kind, import.index).to_string() + "; " + names_of(modname);
    }
    if (first) continue;
    first = found ? internal::Error(ErrorCode::incompatible_import_type, import.offset, modname, name, mismatch)
                  : internal::Error(ErrorCode::unknown_import, import.offset, modname, name,
                                    std::string(module::to_string(import.kind)));
  }
  if (failed == 0) return out;
  if (failed == 1) return std::unexpected(Access::with_notes(Access::error(std::move(*first)), std::move(notes)));
  return std::unexpected(Access::with_notes(
      Access::error(ApiError::unresolved_imports, std::to_string(failed), first->message() + ", ..."),
      std::move(notes)));
}

Result<Extern> Linker::State::get(StoreState& in, std::string_view module, std::string_view name) const {
  const DefinitionPtr found = find(module, name);
  if (!found) return std::unexpected(no_such_definition(module, name));
  Result<runtime::Extern> object = detail::realize(in, found);
  if (!object) return std::unexpected(std::move(object).error());
  return Access::to_public(&in, *object);
}

Linker::Linker(Store& store) : state_(new State{Access::state(store)->engine, Access::state(store), {}, nullptr}) {}
Linker::Linker(const Engine& engine) : state_(new State{Access::state(engine), nullptr, {}, nullptr}) {}
Linker::Linker(Linker&&) noexcept = default;
Linker& Linker::operator=(Linker&&) noexcept = default;
Linker::~Linker() = default;

Linker& Linker::define_slots(const std::string& module, const std::string& name, std::vector<ValueType> params,
                             std::vector<ValueType> results, detail::SlotFunction f) {
  if (state_->store != nullptr) {
    return define(module, name,
                  Access::make_func(state_->store, std::move(params), std::move(results), std::move(f), name));
  }
  state_->define(module, name, {detail::HostDefinition{std::move(params), std::move(results), std::move(f), name}});
  return *this;
}

Linker& Linker::func(const std::string& module, const std::string& name, const FuncType& type, HostFunction f) {
  return define_slots(module, name, type.params, type.results, Access::slots_of(type, std::move(f)));
}

Linker& Linker::define(const std::string& module, const std::string& name, const Extern& object) {
  // A default-constructed handle is not there to be imported: the embedder's mistake.
  CHECK(Access::store_of(object) != nullptr);
  state_->define_object(module, name, Access::store_of(object), Access::to_runtime(object));
  return *this;
}
Linker& Linker::define(const std::string& module, const std::string& name, const Func& f) {
  return define(module, name, Extern(f));
}
Linker& Linker::define(const std::string& module, const std::string& name, const Memory& memory) {
  return define(module, name, Extern(memory));
}
Linker& Linker::define(const std::string& module, const std::string& name, const Table& table) {
  return define(module, name, Extern(table));
}
Linker& Linker::define(const std::string& module, const std::string& name, const Global& global) {
  return define(module, name, Extern(global));
}
Linker& Linker::define(const std::string& module, const std::string& name, const Tag& tag) {
  return define(module, name, Extern(tag));
}
Linker& Linker::define(const std::string& module, const std::string& name, const SharedMemory& memory) {
  state_->define(module, name, {detail::SharedDefinition{memory}});
  return *this;
}

Linker& Linker::define_instance(const std::string& module, const Instance& instance) {
  CHECK(Access::state(instance) != nullptr);
  runtime::Instance& i = *Access::instance(instance);
  const std::vector<module::Export>& exports = i.module().exports;
  for (size_t k = 0; k < exports.size(); ++k) {
    state_->define_object(module, std::string(exports[k].name), Access::state(instance), i.export_at(k));
  }
  return *this;
}

Status Linker::define_module(const std::string& name, const Module& module) try {
  auto prepared = state_->prepare(module);
  if (!prepared) return std::unexpected(std::move(prepared).error());
  auto library = std::make_shared<const detail::Library>(std::move(*prepared));
  const std::vector<module::Export>& exports = Access::compiled(module)->module().exports;
  for (size_t i = 0; i < exports.size(); ++i) {
    state_->define(name, std::string(exports[i].name), {detail::LibraryDefinition{library, i}});
  }
  return {};
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Linker& Linker::define_wasi(WasiConfig config) {
  state_->wasi = std::make_shared<const detail::WasiGrant>(std::move(config));
  return *this;
}

Status Linker::alias(const std::string& from_module, const std::string& from_name, const std::string& to_module,
                     const std::string& to_name) try {
  DefinitionPtr found = state_->find(from_module, from_name);
  if (!found) return std::unexpected(no_such_definition(from_module, from_name));
  state_->definitions.insert_or_assign(std::pair(to_module, to_name), std::move(found));
  return {};
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Status Linker::alias_module(const std::string& from, const std::string& to) try {
  std::vector<std::pair<std::string, DefinitionPtr>> found;
  for (const auto& [key, definition] : state_->definitions) {
    if (key.first == from) found.emplace_back(key.second, definition);
  }
  if (found.empty()) return std::unexpected(no_such_definition(from, "*"));
  for (auto& [name, definition] : found) {
    state_->definitions.insert_or_assign(std::pair(to, name), std::move(definition));
  }
  return {};
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Result<Extern> Linker::get(std::string_view module, std::string_view name) const try {
  if (state_->store == nullptr) return std::unexpected(Access::error(ApiError::linker_without_store));
  return state_->get(*state_->store, module, name);
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}
Result<Extern> Linker::get(Store& store, std::string_view module, std::string_view name) const try {
  return state_->get(*Access::state(store), module, name);
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Result<PreparedModule> Linker::prepare(const Module& module) const try {
  auto prepared = state_->prepare(module);
  if (!prepared) return std::unexpected(std::move(prepared).error());
  if (state_->store == nullptr) return PreparedModule(std::move(*prepared));
  auto whole = std::make_shared<detail::PreparedState>(**prepared);
  for (const DefinitionPtr& definition : whole->imports) {
    Result<runtime::Extern> object = detail::realize(*state_->store, definition);
    if (!object) return std::unexpected(std::move(object).error());
    whole->objects.push_back(*object);
  }
  return PreparedModule(std::move(whole));
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Result<Instance> Linker::instantiate(const Module& module) const try {
  if (state_->store == nullptr) return std::unexpected(Access::error(ApiError::linker_without_store));
  auto prepared = state_->prepare(module);
  if (!prepared) return std::unexpected(std::move(prepared).error());
  return detail::instantiate(*state_->store, *prepared);
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}
Result<Instance> Linker::instantiate(Store& store, const Module& module) const try {
  auto prepared = state_->prepare(module);
  if (!prepared) return std::unexpected(std::move(prepared).error());
  return detail::instantiate(*Access::state(store), *prepared);
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Result<Instance> PreparedModule::instantiate() const try {
  if (state_->store == nullptr) return std::unexpected(Access::error(ApiError::linker_without_store));
  return detail::instantiate(*state_->store, state_);
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}
Result<Instance> PreparedModule::instantiate(Store& store) const try {
  return detail::instantiate(*Access::state(store), state_);
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}
Module PreparedModule::module() const { return Access::module(state_->module); }

Status Linker::run(const Instance& instance) try {
  for (const char* name : {"_start", "_initialize"}) {
    Result<Func> entry = instance.func(name);
    if (!entry) continue;
    auto done = entry->call();
    if (std::string_view(name) == "_start") {
      if (auto cause = detail::end_programs(*Access::state(instance))) {
        done = std::unexpected(std::move(*cause));
      }
    }
    if (done || done.error().exit_code() == 0) return {};
    return std::unexpected(std::move(done).error());
  }
  return {};
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

namespace detail {

api::WasiOptions Access::wasi(WasiConfig config) {
  api::WasiOptions out;
  out.args = std::move(config.args_);
  for (auto& [name, value] : config.env_) out.set_env(name, value);
  for (WasiConfig::Dir& dir : config.dirs_) {
    out.dirs.push_back({std::move(dir.host), std::move(dir.guest), dir.read_only});
  }
  out.listen = std::move(config.listen_);
  out.interruptible = true;
  // What preview 1 has not is an error there.
  const auto& more = config.components_;
  out.allow_net = more.allow_net;
  out.name_lookup = more.name_lookup;
  for (const auto& [key, value] : more.config) out.config.push_back(key + "=" + value);
  out.key_values = more.key_values;
  if (more.log) out.logging = "host";
  return out;
}

}  // namespace detail
}  // namespace v0
}  // namespace ashlar
