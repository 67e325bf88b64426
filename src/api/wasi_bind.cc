// Binding of the preview 1 table into a linker.
#include "api/wasi_bind.h"

#include <cstdlib>
#include <unordered_map>

#include "wasi/p1/entries.h"

namespace ashlar::api {

namespace p1 = wasi::p1;

struct WasiBinding::Impl {
  runtime::Store& store;
  WasiOptions options;
  std::optional<p1::Context> context;
  std::unordered_map<const p1::HostEntry*, runtime::Extern> made;
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

Result<p1::Context> make_context(runtime::Store& store, WasiOptions options) {
  p1::Context::Builder builder;
  builder.inherit_stdio().args(std::move(options.args));
  for (const auto& [name, value] : options.env) builder.env(name, value);
  for (WasiOptions::Dir& dir : options.dirs) {
    builder.preopen_dir(std::move(dir.host), std::move(dir.guest), dir.read_only);
  }
  for (std::string& address : options.listen) builder.preopen_listener(std::move(address));
  // A hook makes waiting wake up now and then: only where somebody may interrupt.
  if (options.interruptible) {
    builder.interrupted([&store] { return store.interrupt_flag().load(std::memory_order_relaxed) != 0; });
  }
  return builder.build();
}

module::FuncType signature(std::string_view sig) {
  module::FuncType out;
  std::vector<isa::ValType>* list = &out.params;
  for (char letter : sig) {
    if (letter == '>') {
      list = &out.results;
    } else {
      list->push_back(letter == 'l' ? isa::ValType::i64() : isa::ValType::i32());
    }
  }
  return out;
}

Status call_entry(const p1::HostEntry& entry, p1::Context& context, runtime::Caller& caller, runtime::Slot* slots) {
  p1::GuestMemory memory;
  if (const runtime::Memory* own = caller.memory()) memory = p1::GuestMemory(own->base(), own->byte_size());
  const p1::CallOutcome outcome = entry.call(context, memory, slots, slots);
  switch (outcome.kind) {
    case p1::CallOutcome::Kind::Return:
      return {};
    case p1::CallOutcome::Kind::Exit:
      return make_error(ErrorCode::program_exit, kNoOffset, std::to_string(outcome.code));
    case p1::CallOutcome::Kind::Interrupted:
      return make_error(ErrorCode::interrupted, kNoOffset, caller.store.interrupt_reason());
  }
  return {};
}

}  // namespace

WasiBinding::WasiBinding(runtime::Store& store, WasiOptions options)
    : impl_(std::make_unique<Impl>(store, std::move(options))) {}
WasiBinding::~WasiBinding() = default;

std::optional<module::FuncType> WasiBinding::type_of(std::string_view module, std::string_view name) {
  const p1::HostEntry* entry = p1::find_host_entry(module, name);
  if (!entry) return std::nullopt;
  return signature(entry->sig);
}

Result<std::optional<runtime::Extern>> WasiBinding::find(std::string_view module, std::string_view name) {
  const p1::HostEntry* entry = p1::find_host_entry(module, name);
  if (!entry) return std::nullopt;
  if (const auto made = impl_->made.find(entry); made != impl_->made.end()) return made->second;
  if (!impl_->context) {
    TRY_ASSIGN(p1::Context context, make_context(impl_->store, std::move(impl_->options)));
    impl_->context.emplace(std::move(context));
  }
  p1::Context* context = &*impl_->context;
  runtime::HostFunc func;
  func.name = std::string(module) + "." + std::string(name);
  func.call = [entry, context](runtime::Caller& caller, runtime::Slot* slots) {
    return call_entry(*entry, *context, caller, slots);
  };
  runtime::Store& store = impl_->store;
  const auto out =
      runtime::Extern::of(store.new_host_func(store.types().intern_func(signature(entry->sig)), std::move(func)));
  impl_->made.emplace(entry, out);
  return out;
}

Status WasiBinding::define(runtime::Linker& linker, const module::Module& m) {
  for (const module::Import& import : m.imports) {
    if (import.kind != module::ExternKind::Func || linker.find(import.module, import.name)) continue;
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
