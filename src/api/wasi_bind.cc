// Binding of the preview 1 table into a linker.
#include "api/wasi_bind.h"

#include <cstdlib>
#include <functional>
#include <map>
#include <unordered_map>

#include "api/tenant_quota.h"
#include "wasi/p1/host_func.h"

namespace ashlar::api {

namespace p1 = wasi::p1;

struct WasiBinding::Impl {
  runtime::Store& store;
  WasiOptions options;
  TenantQuota quota{store.account().shared_ledger()};
  std::optional<p1::Context> context;
  std::unordered_map<const p1::HostEntry*, runtime::Extern> made;
  std::optional<runtime::Extern> spawn;
  std::shared_ptr<ThreadGroup> group;
  bool is_main = true;
  std::map<std::pair<std::string, std::string>, runtime::Memory*> memories;

  Result<p1::Context*> make_context();
  Result<runtime::Extern> thread_spawn();
};

void WasiOptions::set_env(std::string_view name, std::string_view value) {
  for (auto& [known, old] : env) {
    if (known == name) {
      old = value;
      return;
    }
  }
  env.emplace_back(name, value);
}

namespace {

constexpr std::string_view kThreadsModule = "wasi";
constexpr std::string_view kThreadSpawn = "thread-spawn";

std::function<bool()> interrupt_hook(const runtime::Store& store) {
  return [&store] { return store.interrupt_flag().load(std::memory_order_relaxed) != 0; };
}

/// `options`: a copy: where it failed, another module of the store may try again.
Result<p1::Context> build_context(runtime::Store& store, WasiOptions options, wasi::host::Quota& quota) {
  if (!options.allow_net.empty() || options.name_lookup || !options.config.empty() || !options.key_values.empty() ||
      !options.logging.empty()) {
    return make_error(ErrorCode::not_implemented, kNoOffset,
                      "network, settings, stores and logging of programs that are not components");
  }
  p1::Context::Builder builder;
  if (store.account().ledger() != nullptr) builder.quota(&quota);
  builder.inherit_stdio().args(std::move(options.args));
  for (const auto& [name, value] : options.env) builder.env(name, value);
  for (WasiOptions::Dir& dir : options.dirs) {
    builder.preopen_dir(std::move(dir.host), std::move(dir.guest), dir.read_only);
  }
  for (std::string& address : options.listen) builder.preopen_listener(std::move(address));
  // A hook makes waiting wake up now and then: only where somebody may interrupt.
  if (options.interruptible) builder.interrupted(interrupt_hook(store));
  return builder.build();
}

}  // namespace

Result<p1::Context*> WasiBinding::Impl::make_context() {
  if (!context) {
    TRY_ASSIGN(p1::Context built, build_context(store, options, quota));
    context.emplace(std::move(built));
  }
  return &*context;
}

Result<runtime::Extern> WasiBinding::Impl::thread_spawn() {
  if (spawn) return *spawn;
  if (group == nullptr) {
    return make_error(ErrorCode::threads_forbidden, kNoOffset, std::string(options.allow_threads));
  }
  TRY(make_context());
  runtime::HostFunc func;
  func.name = "wasi.thread-spawn";
  func.call = [this](runtime::Caller& caller, runtime::Slot* slots) -> Status {
    if (caller.instance == nullptr) return make_error(ErrorCode::host_trap, kNoOffset, "only guests start threads");
    const int32_t tid = group->spawn(*caller.instance, static_cast<uint32_t>(slots[0]), options.make_thread);
    slots[0] = static_cast<uint32_t>(tid);
    return {};
  };
  spawn = runtime::Extern::of(store.new_host_func(store.types().intern_func(p1::type_of("i>i")), std::move(func)));
  return *spawn;
}

WasiBinding::WasiBinding(runtime::Store& store, WasiOptions options)
    : impl_(std::make_unique<Impl>(store, std::move(options))) {
  const uint32_t most = impl_->options.max_threads;
  if (most != 0) impl_->group = std::make_shared<ThreadGroup>(store, most);
}
WasiBinding::WasiBinding(runtime::Store& store, const WasiBinding& other)
    : impl_(std::make_unique<Impl>(store, other.impl_->options)) {
  impl_->is_main = false;
  impl_->group = other.impl_->group;
  if (other.impl_->context) impl_->context = other.impl_->context->for_thread(interrupt_hook(store));
}
WasiBinding::~WasiBinding() = default;

ThreadGroup* WasiBinding::threads() const { return impl_->group.get(); }
bool WasiBinding::is_main() const { return impl_->is_main; }

std::optional<module::FuncType> WasiBinding::type_of(std::string_view module, std::string_view name) {
  if (module == kThreadsModule && name == kThreadSpawn) return p1::type_of("i>i");
  const p1::HostEntry* entry = p1::find_host_entry(module, name);
  if (!entry) return std::nullopt;
  return p1::type_of(entry->sig);
}

Result<std::optional<runtime::Extern>> WasiBinding::find(std::string_view module, std::string_view name) {
  if (module == kThreadsModule && name == kThreadSpawn) return impl_->thread_spawn();
  const p1::HostEntry* entry = p1::find_host_entry(module, name);
  if (!entry) return std::nullopt;
  if (const auto made = impl_->made.find(entry); made != impl_->made.end()) return made->second;
  TRY_ASSIGN(p1::Context * context, impl_->make_context());
  runtime::Store& store = impl_->store;
  const uint32_t type = store.types().intern_func(p1::type_of(entry->sig));
  const auto out = runtime::Extern::of(store.new_host_func(type, p1::host_func(*entry, *context)));
  impl_->made.emplace(entry, out);
  return out;
}

Result<runtime::Memory*> WasiBinding::shared_memory(std::string_view module, std::string_view name,
                                                    const module::MemoryType& type) {
  runtime::Memory*& made = impl_->memories[{std::string(module), std::string(name)}];
  if (made == nullptr) {
    if (impl_->group == nullptr) {
      return make_error(ErrorCode::threads_forbidden, kNoOffset, std::string(impl_->options.allow_threads));
    }
    TRY_ASSIGN(made, impl_->group->memory_in(impl_->store, std::string(module), std::string(name), type));
  }
  return made;
}

Status WasiBinding::define(runtime::Linker& linker, const module::Module& m) {
  if (starts_threads(m) && impl_->group != nullptr) TRY(check_thread_module(m));
  for (const module::Import& import : m.imports) {
    if (linker.find(import.module, import.name)) continue;
    if (import.kind == module::ExternKind::Memory && impl_->group != nullptr) {
      const module::MemoryType& type = m.memories[import.index].type;
      if (!type.limits.shared) continue;
      TRY_ASSIGN(runtime::Memory * memory, shared_memory(import.module, import.name, type));
      linker.define(std::string(import.module), std::string(import.name), runtime::Extern::of(memory));
    }
    if (import.kind != module::ExternKind::Func) continue;
    TRY_ASSIGN(const std::optional<runtime::Extern> found, find(import.module, import.name));
    if (found) linker.define(std::string(import.module), std::string(import.name), *found);
  }
  return {};
}

std::optional<int> exit_code(const Error& error) {
  if (error.code() != ErrorCode::program_exit) return std::nullopt;
  // Codes are 32 bits for the program; the system keeps the low eight.
  return static_cast<int>(std::strtoul(error.arg(0).c_str(), nullptr, 10) & 0xff);
}

}  // namespace ashlar::api
