// Instantiation of components; see instance.h.
#include "component/instance.h"

#include <algorithm>

#include "component/intrinsics.h"

namespace ashlar::component {

namespace {

/// "ns:pkg/iface@1.0.0" and "f" of a path, for the message of a missing import.
std::string describe(const PlanImport& import) {
  const char* kind = import.kind == PlanImport::Kind::Func       ? "function"
                     : import.kind == PlanImport::Kind::Resource ? "resource"
                                                                 : "core module";
  return std::string(kind) + " \"" + to_string(import.path) + "\"";
}

}  // namespace

struct InstanceMaker {
  Instance& self;

  Status bind_imports() {
    const Plan& plan = self.plan();
    self.host_functions_.resize(plan.imports.size());
    self.host_resources_.resize(plan.imports.size());
    self.host_modules_.resize(plan.imports.size());
    std::string missing, hints;
    size_t count = 0;
    for (size_t i = 0; i < plan.imports.size(); ++i) {
      const PlanImport& import = plan.imports[i];
      bool found = false;
      switch (import.kind) {
        case PlanImport::Kind::Func:
          found = (self.host_functions_[i] = self.imports_.find_function(import.path)) != nullptr;
          break;
        case PlanImport::Kind::Resource:
          found = (self.host_resources_[i] = self.imports_.find_resource(import.path)) != nullptr;
          break;
        case PlanImport::Kind::CoreModule:
          found = (self.host_modules_[i] = self.imports_.find_module(import.path)) != nullptr;
          break;
      }
      if (found) continue;
      constexpr size_t kShown = 8;
      if (++count <= kShown) missing += (missing.empty() ? "" : ", ") + describe(import);
      if (count == kShown + 1) missing += ", ...";
      const std::string_view hint = self.imports_.hint_of(import.path);
      if (!hint.empty() && hints.find(hint) == hints.npos) hints.append("; ").append(hint);
    }
    if (count != 0) return make_error(ErrorCode::component_import_missing, kNoOffset, missing + hints);
    for (size_t i = 0; i < plan.imports.size(); ++i) {
      if (plan.imports[i].kind == PlanImport::Kind::Func) TRY(check_type(plan.imports[i], *self.host_functions_[i]));
    }
    return {};
  }

  /// Of a function whose resources are bound.
  Status check_type(const PlanImport& import, const HostFunction& f) const {
    ResourceUses uses;
    bool fits = true;
    if (f.matches != nullptr) {
      fits = f.matches(import.type, uses);
    } else {
      add_uses(import.type, {}, uses);
    }
    for (const auto& [resource, tag] : uses) {
      const HostResource* given = self.host_resource(resource);
      fits = fits && given != nullptr && given->tag == tag;
    }
    if (fits) return {};
    return make_error(ErrorCode::component_import_type, kNoOffset, to_string(import.path));
  }

  void make_states() {
    const module::GlobalType flag{isa::ValType::i32(), true};
    for (size_t i = 0; i < self.plan().instances.size(); ++i) {
      InstanceState& state = self.states_.emplace_back();
      state.may_leave = self.store_.new_global(flag, {isa::ValType::i32(), 1});
      state.may_enter = self.store_.new_global(flag, {isa::ValType::i32(), 1});
    }
  }

  void make_trampolines() {
    const Plan& plan = self.plan();
    for (uint32_t t = 0; t < plan.trampolines.size(); ++t) {
      const bool later = self.executable_->trampoline(t).adapted;
      self.trampolines_.push_back(later ? nullptr : Intrinsics::make_trampoline(self, t));
    }
  }

  Status make_adapter(size_t index) {
    const AdapterModule& adapter = self.executable_->adapters()[index];
    std::vector<runtime::Extern> externs;
    for (const AdapterImport& import : adapter.imports) {
      TRY_ASSIGN(const runtime::Extern e, Intrinsics::make_import(self, adapter, import));
      externs.push_back(e);
    }
    TRY_ASSIGN(runtime::Instance * made, self.store_.instantiate(self.executable_->adapter_module(index), externs));
    for (size_t i = 0; i < adapter.trampolines.size(); ++i) {
      self.trampolines_[adapter.trampolines[i]] = made->export_at(i).func;
    }
    return {};
  }

  Status make_core(uint32_t index) {
    const PlanCoreInstance& plan = self.plan().core_instances[index];
    std::shared_ptr<runtime::CompiledModule> module = self.module(plan.module);
    const std::vector<CoreSource>* sources = &self.executable_->sources(index);
    std::vector<CoreSource> resolved;
    if (!self.executable_->module(plan.module)) {
      TRY_ASSIGN(resolved, self.executable_->resolve(module->module(), plan));
      sources = &resolved;
    }
    std::vector<runtime::Extern> externs;
    externs.reserve(sources->size());
    for (const CoreSource& source : *sources) {
      TRY_ASSIGN(const runtime::Extern e, self.find(source));
      externs.push_back(e);
    }
    // What runs in a start function is inside of its component instance.
    TRY(self.enter(plan.owner, module::kNoIndex));
    TRY_ASSIGN(runtime::Instance * made, self.store_.instantiate(std::move(module), externs));
    self.leave(plan.owner, module::kNoIndex);
    self.core_.push_back(made);
    return {};
  }

  Status run(const Instance::Bindings* known) {
    const Plan& plan = self.plan();
    if (known == nullptr) {
      TRY(bind_imports());
    } else {
      self.host_functions_ = known->functions;
      self.host_resources_ = known->resources;
      self.host_modules_ = known->modules;
    }
    make_states();
    self.func_options_.resize(plan.funcs.size());
    self.func_cells_.resize(plan.funcs.size());
    self.trampoline_options_.resize(plan.trampolines.size());
    make_trampolines();
    const auto& adapters = self.executable_->adapters();
    size_t next = 0;
    for (uint32_t i = 0; i <= plan.core_instances.size(); ++i) {
      for (; next < adapters.size() && adapters[next].before <= i; ++next) TRY(make_adapter(next));
      if (i < plan.core_instances.size()) TRY(make_core(i));
    }
    return {};
  }
};

Result<std::unique_ptr<Instance>> Instance::make(runtime::Store& store, std::shared_ptr<const Executable> executable,
                                                 const HostImports& imports, const Bindings* known) {
  std::unique_ptr<Instance> out(new Instance(store, std::move(executable), imports));
  TRY(InstanceMaker{*out}.run(known));
  return out;
}

std::shared_ptr<runtime::CompiledModule> Instance::module(uint32_t index) const {
  const PlanModule& m = plan().modules[index];
  return m.import ? host_modules_[*m.import] : executable_->module(index);
}

// ---- core items

Result<runtime::Extern> Instance::find(const CoreSource& source) {
  if (source.instance == module::kNoIndex) {
    runtime::FuncCell* cell = trampolines_[source.index];
    if (cell == nullptr) return make_error(ErrorCode::component_unsupported, kNoOffset, "this order of definitions");
    return runtime::Extern::of(cell);
  }
  if (source.instance >= core_.size()) {
    return make_error(ErrorCode::component_trap, kNoOffset, "a core instance is used before it is made");
  }
  runtime::Instance& from = *core_[source.instance];
  if (source.index != module::kNoIndex) return from.export_at(source.index);
  for (size_t i = 0; i < from.module().exports.size(); ++i) {
    if (from.module().exports[i].name == source.name) return from.export_at(i);
  }
  return make_error(ErrorCode::no_such_export, kNoOffset, source.name, "");
}

Result<runtime::Memory*> Instance::find_memory(const CoreRef& ref) {
  TRY_ASSIGN(const runtime::Extern found, find(executable_->source_of(ref)));
  return found.memory;
}

Result<runtime::FuncCell*> Instance::find_func(const CoreRef& ref) {
  TRY_ASSIGN(const runtime::Extern found, find(executable_->source_of(ref)));
  return found.func;
}

Result<BoundOptions> Instance::bind(const PlanOptions& options) {
  BoundOptions out;
  out.encoding = options.encoding;
  if (options.memory) {
    TRY_ASSIGN(out.memory, find_memory(*options.memory));
  }
  if (options.realloc) {
    TRY_ASSIGN(out.realloc, find_func(*options.realloc));
  }
  if (options.post_return) {
    TRY_ASSIGN(out.post_return, find_func(*options.post_return));
  }
  return out;
}

Result<const runtime::FuncCell*> Instance::func_cell(uint32_t func) {
  const runtime::FuncCell*& known = func_cells_[func];
  if (known == nullptr) {
    TRY_ASSIGN(known, find_func(plan().funcs[func].core));
  }
  return known;
}

Result<const BoundOptions*> Instance::func_options(uint32_t func) {
  std::optional<BoundOptions>& known = func_options_[func];
  if (!known) {
    TRY_ASSIGN(known, bind(plan().funcs[func].options));
  }
  return &*known;
}

Result<const BoundOptions*> Instance::trampoline_options(uint32_t trampoline) {
  std::optional<BoundOptions>& known = trampoline_options_[trampoline];
  if (!known) {
    TRY_ASSIGN(known, bind(plan().trampolines[trampoline].options));
  }
  return &*known;
}

// ---- entering and leaving

std::vector<uint32_t> Instance::entering_set(uint32_t callee, uint32_t caller) const {
  const auto contains = [&](uint32_t outer, uint32_t inner) {
    for (; inner != module::kNoIndex; inner = plan().instances[inner].parent) {
      if (inner == outer) return true;
    }
    return false;
  };
  std::vector<uint32_t> out;
  for (uint32_t i = callee; i != module::kNoIndex; i = plan().instances[i].parent) {
    if (!contains(i, caller)) out.push_back(i);
  }
  return out;
}

Status Instance::enter(uint32_t callee, uint32_t caller) {
  const auto is_entered = [this](uint32_t i) { return static_cast<uint32_t>(states_[i].may_enter->value[0]) == 0; };
  const auto refused = [] {
    return make_error(ErrorCode::component_trap, kNoOffset, std::string(text_of(AdapterTrap::cannot_enter)));
  };
  // The host, which most calls come from, is outside of all.
  if (caller == module::kNoIndex) {
    for (uint32_t i = callee; i != module::kNoIndex; i = plan().instances[i].parent) {
      if (is_entered(i)) return refused();
    }
    for (uint32_t i = callee; i != module::kNoIndex; i = plan().instances[i].parent) states_[i].may_enter->value[0] = 0;
    return {};
  }
  const std::vector<uint32_t> entered = entering_set(callee, caller);
  if (std::ranges::any_of(entered, is_entered)) return refused();
  for (uint32_t i : entered) states_[i].may_enter->value[0] = 0;
  return {};
}

void Instance::leave(uint32_t callee, uint32_t caller) {
  if (caller == module::kNoIndex) {
    for (uint32_t i = callee; i != module::kNoIndex; i = plan().instances[i].parent) states_[i].may_enter->value[0] = 1;
    return;
  }
  for (uint32_t i : entering_set(callee, caller)) states_[i].may_enter->value[0] = 1;
}

Status Instance::invoke(const runtime::FuncCell& f, runtime::Slot* slots) {
  Status done = store_.invoke(f, slots);
  if (!done && done.error().code() == ErrorCode::uncaught_exception) {
    return make_error(ErrorCode::component_trap, kNoOffset, std::string(text_of(AdapterTrap::exception)));
  }
  return done;
}

Status Instance::destroy(ResourceId resource, uint32_t rep, uint32_t caller) {
  const PlanResource& type = plan().resources[resource];
  if (type.imported) {
    const HostResource& host = *host_resources_[type.import];
    if (host.drop) host.drop(rep);
    return {};
  }
  if (!type.destructor) return {};
  TRY_ASSIGN(const runtime::FuncCell* destructor, find_func(*type.destructor));
  TRY(enter(type.instance, caller));
  runtime::Slot slot = rep;
  TRY(invoke(*destructor, &slot));
  leave(type.instance, caller);
  return {};
}

const HostResource* Instance::host_resource(ResourceId resource) const {
  const PlanResource& type = plan().resources[resource];
  return type.imported ? host_resources_[type.import] : nullptr;
}

Status Instance::drop_resource(ResourceId resource, uint32_t rep) { return destroy(resource, rep, module::kNoIndex); }

}  // namespace ashlar::component
