// Linkers and instances.
#include "api/refs.h"

namespace ashlar {
inline namespace v0 {

using detail::Access;
using detail::StoreState;

struct Linker::State {
  StoreState* store;
  runtime::Linker linker;
  api::WasiBinding* wasi = nullptr;  ///< owned by the store
};

Linker::Linker(Store& store) : state_(new State{Access::state(store), runtime::Linker(Access::state(store)->store)}) {}
Linker::Linker(Linker&&) noexcept = default;
Linker& Linker::operator=(Linker&&) noexcept = default;
Linker::~Linker() = default;

Linker& Linker::define_slots(const std::string& module, const std::string& name, std::vector<ValueType> params,
                             std::vector<ValueType> results, detail::SlotFunction f) {
  return define(module, name,
                Access::make_func(state_->store, std::move(params), std::move(results), std::move(f), name));
}

Linker& Linker::func(const std::string& module, const std::string& name, const FuncType& type, HostFunction f) {
  return define_slots(module, name, type.params, type.results, Access::slots_of(type, std::move(f)));
}

namespace {

/// Default-constructed handles are not there to be imported: the embedder's mistake.
template <class T>
T* checked(T* object) {
  CHECK(object != nullptr);
  return object;
}

}  // namespace

Linker& Linker::define(const std::string& module, const std::string& name, const Func& f) {
  state_->linker.define(module, name, runtime::Extern::of(checked(Access::cell(f))));
  return *this;
}
Linker& Linker::define(const std::string& module, const std::string& name, const Memory& memory) {
  state_->linker.define(module, name, runtime::Extern::of(checked(Access::memory(memory))));
  return *this;
}
Linker& Linker::define(const std::string& module, const std::string& name, const Table& table) {
  state_->linker.define(module, name, runtime::Extern::of(checked(Access::table(table))));
  return *this;
}
Linker& Linker::define(const std::string& module, const std::string& name, const Global& global) {
  state_->linker.define(module, name, runtime::Extern::of(checked(Access::global(global))));
  return *this;
}
Linker& Linker::define_instance(const std::string& module, const Instance& instance) {
  state_->linker.define_instance(module, *Access::instance(instance));
  return *this;
}

Linker& Linker::define_wasi(WasiConfig config) {
  StoreState* s = state_->store;
  s->wasi.push_back(std::make_unique<api::WasiBinding>(s->store, Access::wasi(std::move(config))));
  state_->wasi = s->wasi.back().get();
  return *this;
}

Result<Instance> Linker::instantiate(const Module& module) {
  const std::shared_ptr<runtime::CompiledModule>& compiled = Access::compiled(module);
  if (state_->wasi != nullptr) {
    internal::Status defined = state_->wasi->define(state_->linker, compiled->module());
    if (!defined) return std::unexpected(Access::error(std::move(defined).error()));
  }
  auto made = state_->linker.instantiate(compiled);
  state_->store->refs->end_unreachable();
  if (!made) return std::unexpected(Access::error(std::move(made).error()));
  Access::adopt(state_->store, Access::state(module), **made);
  return Access::instance(state_->store, *made);
}

Status Linker::run(const Instance& instance) {
  for (const char* name : {"_start", "_initialize"}) {
    Result<Func> entry = instance.func(name);
    if (!entry) continue;
    auto done = entry->call();
    if (done || done.error().exit_code() == 0) return {};
    return std::unexpected(std::move(done).error());
  }
  return {};
}

namespace {

template <class T>
std::optional<T> find(const Instance& instance, std::string_view name, module::ExternKind kind,
                      T (*make)(StoreState*, const runtime::Extern&)) {
  runtime::Extern found{};
  if (!Access::instance(instance)->find_export(name, &found) || found.kind != kind) return std::nullopt;
  return make(Access::state(instance), found);
}

}  // namespace

Result<Func> Instance::func(std::string_view name) const {
  auto found = find<Func>(*this, name, module::ExternKind::Func,
                          [](StoreState* s, const runtime::Extern& e) { return Access::func(s, e.func); });
  if (found) return *found;
  return std::unexpected(Access::error(internal::Error(ErrorCode::no_such_export, kNoOffset, std::string(name))));
}

std::optional<Memory> Instance::memory(std::string_view name) const {
  return find<Memory>(*this, name, module::ExternKind::Memory,
                      [](StoreState* s, const runtime::Extern& e) { return Access::memory(s, e.memory); });
}
std::optional<Table> Instance::table(std::string_view name) const {
  return find<Table>(*this, name, module::ExternKind::Table,
                     [](StoreState* s, const runtime::Extern& e) { return Access::table(s, e.table); });
}
std::optional<Global> Instance::global(std::string_view name) const {
  return find<Global>(*this, name, module::ExternKind::Global,
                      [](StoreState* s, const runtime::Extern& e) { return Access::global(s, e.global); });
}

Module Instance::module() const { return Access::module_of(store_, *Access::instance(*this)); }

namespace detail {

void Access::adopt(StoreState* s, const std::shared_ptr<ModuleState>& module, runtime::Instance& instance) {
  if (!module->image && !module->tier) return;
  s->modules.try_emplace(module->compiled.get(), module);
  if (!module->tier) return;
  if (!s->watch) s->watch = std::make_unique<tiering::StoreWatch>(s->store);
  s->watch->add(module->tier, instance);
}

Module Access::module_of(StoreState* s, const runtime::Instance& instance) {
  const auto found = s->modules.find(instance.compiled().get());
  if (found != s->modules.end()) return module(found->second);
  return module(std::make_shared<ModuleState>(instance.compiled(), nullptr, nullptr, s->engine));
}

Instance Access::instance(StoreState* s, runtime::Instance* i) {
  Instance out;
  out.store_ = s;
  out.instance_ = i;
  return out;
}

api::WasiOptions Access::wasi(WasiConfig config) {
  api::WasiOptions out;
  out.args = std::move(config.args_);
  for (auto& [name, value] : config.env_) out.set_env(name, value);
  for (WasiConfig::Dir& dir : config.dirs_) {
    out.dirs.push_back({std::move(dir.host), std::move(dir.guest), dir.read_only});
  }
  out.listen = std::move(config.listen_);
  out.interruptible = true;
  return out;
}

}  // namespace detail
}  // namespace v0
}  // namespace ashlar
