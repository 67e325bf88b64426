// Linkers of components: what the host gives, made anew for each instance.
#include <algorithm>
#include <atomic>
#include <mutex>

#include "api/component_state.h"

namespace ashlar {
inline namespace v0 {

using component::TypeKind;
using detail::Access;
using detail::ComponentInstanceState;
using detail::ComponentState;
using detail::inner;
using detail::outer;

namespace {

struct FuncDefinition {
  std::string interface, name;
  ComponentHostFunction f;
  detail::ComponentSignatureCheck matches;
  detail::DirectHostFunction direct;  ///< may be empty
};
struct ResourceDefinition {
  std::string interface, name;
  std::function<void(uint32_t)> drop;  ///< null: objects of the instance
};
/// Functions of another instance.
struct ForwardDefinition {
  std::string interface;
  std::weak_ptr<ComponentInstanceState> to;  ///< its store keeps it
};

// ---- functions of the host

/// The host's function, as one instance calls it.
component::HostFunction host_function(const std::shared_ptr<const FuncDefinition>& definition,
                                      ComponentInstanceState& instance) {
  component::HostFunction out;
  if (definition->matches != nullptr) {
    out.matches = [definition, &instance](const component::FuncType& type, component::ResourceUses& uses) {
      component::add_uses(type, {}, uses);
      const ComponentFuncType all = instance.component->type(type);
      std::vector<WitType> params;
      for (const ComponentFuncType::Param& p : all.params) params.push_back(p.type);
      return definition->matches(params, all.result);
    };
  }
  if (definition->direct) {
    out.typed = [definition, &instance](component::CallContext& context, const component::FuncType& type,
                                        runtime::Slot* slots) {
      return detail::call_host_directly(instance, definition->direct, context, type, slots);
    };
    return out;
  }
  out.dynamic = [definition, &instance](component::HostCall& call) -> internal::Status {
    std::vector<Val> args;
    args.reserve(call.args.size());
    for (size_t i = 0; i < call.args.size(); ++i) {
      instance.adopt(call.args[i], *call.type.params[i].type);
      args.push_back(outer(std::move(call.args[i])));
    }
    ComponentCaller caller = Access::component_caller(instance.store, &instance, &call.type);
    Result<Val> result = definition->f(caller, args);
    if (!result) return std::unexpected(Access::to_internal(instance.store, std::move(result).error()));
    if (call.result == nullptr) return {};
    if (Status passed = instance.hand_over(inner(*result), *call.type.result); !passed) {
      return std::unexpected(Access::to_internal(instance.store, std::move(passed).error()));
    }
    *call.result = std::move(inner(*result));
    return {};
  };
  return out;
}

component::HostResource host_resource(const ResourceDefinition& definition, ComponentInstanceState& instance) {
  if (definition.drop) return {definition.drop};
  return {[&instance](uint32_t rep) { (void)instance.take_object(rep); }};
}

// ---- functions of other instances

/// What an instance's resource type is to components that import it.
component::ResourceTag tag_of(const ComponentInstanceState& instance, component::ResourceId resource) {
  return {&instance, resource};
}

/// Compares types of an instance with those of another component, which imports them.
struct ForwardedTypes {
  const ComponentInstanceState& from;
  component::ResourceUses& uses;

  bool same(const component::ValType* a, const component::ValType* b) {
    if (a == nullptr || b == nullptr) return a == b;
    if (a->kind != b->kind || a->length != b->length) return false;
    if (a->kind == TypeKind::Own || a->kind == TypeKind::Borrow)
      uses.emplace_back(b->resource, tag_of(from, a->resource));
    return std::ranges::equal(a->members, b->members, [this](const component::Member& x, const component::Member& y) {
      return x.label == y.label && same(x.type, y.type);
    });
  }
  bool same(const component::FuncType& a, const component::FuncType& b) {
    return a.async == b.async && same(a.result, b.result) &&
           std::ranges::equal(a.params, b.params, [this](const component::Member& x, const component::Member& y) {
             return same(x.type, y.type);
           });
  }
};

/// Handles as the other component numbers their resources; the representations are the same.
void renumber(component::Val& value, const component::ValType& type) {
  const auto change = [](component::Val& v, const component::ValType& t) {
    v = component::Val::handle(t.kind, t.resource, v.bits());
    return true;
  };
  detail::for_each_handle(value, type, change);
}

component::HostFunction forwarded(ComponentInstanceState& to, uint32_t func) {
  const component::FuncType& type = to.plan().funcs[func].type;
  component::HostFunction out;
  out.matches = [&to, &type](const component::FuncType& wanted, component::ResourceUses& uses) {
    return ForwardedTypes{to, uses}.same(type, wanted);
  };
  out.dynamic = [&to, &type, func](component::HostCall& call) -> internal::Status {
    if (to.instance == nullptr) return make_error(ErrorCode::cannot_enter_instance);
    for (size_t i = 0; i < call.args.size(); ++i) renumber(call.args[i], *type.params[i].type);
    auto result = to.instance->call(func, call.args);
    if (!result) return std::unexpected(std::move(result).error());
    if (call.result == nullptr) return {};
    renumber(**result, *call.type.result);
    *call.result = std::move(**result);
    return {};
  };
  return out;
}

/// `to`: the definition's instance, of the store in which all of this is.
void add_forwards(const ForwardDefinition& definition, ComponentInstanceState& to, component::HostImports& imports) {
  const component::PlanExports* from = component::find_interface(to.plan(), definition.interface);
  for (const auto& [name, item] : from->items) {
    if (item.kind == component::PlanExport::Kind::Func) {
      imports.function(definition.interface, name, forwarded(to, item.index));
    }
    if (item.kind == component::PlanExport::Kind::Resource) {
      // A destructor's trap has nobody to be told: the other instance cannot be entered after it, which is.
      imports.resource(definition.interface, name,
                       {[&to, index = item.index](uint32_t rep) {
                          if (to.instance != nullptr) (void)to.instance->drop_resource(index, rep);
                        },
                        tag_of(to, item.index)});
    }
  }
}

// ---- instances

using Stores = wasi::p2::KeyValueHost::Stores;

Status grant_more(const WasiConfig& config, const Stores& stores, wasi::p2::Grants& grants) {
  const auto& more = Access::of_components(config);
  for (const std::string& rule : more.allow_net) {
    if (!grants.network.add(rule)) return std::unexpected(Access::error(ApiError::bad_network_rule, rule));
  }
  grants.network.name_lookup = more.name_lookup;
  if (!more.config.empty()) {
    grants.config.emplace();
    for (const auto& [key, value] : more.config) grants.config->insert_or_assign(key, value);
  }
  if (!more.key_values.empty()) grants.key_values = stores;
  if (more.log) {
    grants.log = [sink = more.log](wasi::p2::LogLevel level, std::string_view context, std::string_view message) {
      sink(static_cast<LogLevel>(level), context, message);
    };
  }
  return {};
}

/// Those that a configuration has.
Stores make_stores(const WasiConfig& config) {
  Stores out;
  for (const std::string& name : Access::of_components(config).key_values) {
    out[name] = std::make_shared<wasi::p2::MemoryKeyValueStore>();
  }
  return out;
}

Status add_wasi(ComponentInstanceState& instance, const WasiConfig& config, const Stores& stores) {
  api::WasiOptions options = Access::wasi(config);
  if (!options.listen.empty() || Access::threads(config) != 0) {
    return std::unexpected(Access::error(
        internal::Error(ErrorCode::not_implemented, kNoOffset, "WasiConfig::listen() and threads() for components")));
  }
  wasi::p2::Grants grants;
  if (Status granted = grant_more(config, stores, grants); !granted) return granted;
  grants.args = std::move(options.args);
  grants.env = std::move(options.env);
  for (api::WasiOptions::Dir& dir : options.dirs) {
    grants.dirs.push_back({std::move(dir.host), std::move(dir.guest), dir.read_only});
  }
  grants.inherit_stdio = true;
  runtime::Store& store = instance.store->store;
  if (store.account().ledger() != nullptr) grants.quota = &instance.quota.emplace(store.account().shared_ledger());
  grants.interrupted = [&instance] {
    return instance.store->store.interrupt_flag().load(std::memory_order_relaxed) != 0;
  };
  auto program = wasi::p2::Program::make(std::move(grants));
  if (!program) return std::unexpected(Access::error(std::move(program).error()));
  instance.wasi = std::move(*program);
  instance.wasi->add_to(instance.imports);
  return {};
}

/// Machine code that is made in the background is for the new core instances, too.
void watch(detail::StoreState& store, const ComponentState& component, size_t first) {
  const auto& instances = store.store.instances();
  for (size_t i = first; i < instances.size(); ++i) {
    for (const std::shared_ptr<detail::ModuleState>& module : component.modules) {
      if (instances[i]->compiled() == module->compiled) Access::watch(&store, module, *instances[i]);
    }
  }
}

uint32_t next_serial() {
  static std::atomic<uint32_t> last = 0;
  return ++last;
}

/// What all instances of a linker have in common.
struct Given {
  std::vector<std::shared_ptr<const FuncDefinition>> functions;
  std::vector<ResourceDefinition> resources;
  std::optional<WasiConfig> wasi;
  Stores stores;  ///< of `wasi`
};

/// Fills in what the component may import. `config`: in place of the linker's own.
Status add_imports(ComponentInstanceState& instance, const Given& given, const WasiConfig* config) {
  if (!given.wasi) return {};
  return config != nullptr ? add_wasi(instance, *config, make_stores(*config))
                           : add_wasi(instance, *given.wasi, given.stores);
}

void add_definitions(ComponentInstanceState& instance, const Given& given) {
  for (const ResourceDefinition& r : given.resources) {
    instance.imports.resource(r.interface, r.name, host_resource(r, instance));
  }
  for (const auto& f : given.functions) {
    instance.imports.function(f->interface, f->name, host_function(f, instance));
  }
}

/// Instantiates what has its imports.
Result<ComponentInstance> start(const std::shared_ptr<ComponentInstanceState>& made, detail::StoreState& s) {
  ComponentInstanceState& instance = *made;
  instance.serial = next_serial();
  // The store keeps it even when this fails: what start functions left behind may refer to it.
  s.components.push_back(made);
  for (const auto& module : instance.component->modules) Access::keep(&s, module);
  const size_t first = s.store.instances().size();
  auto done = component::Instance::make(s.store, instance.component->executable, instance.imports,
                                        instance.bindings ? &*instance.bindings : nullptr);
  if (!done) return std::unexpected(Access::error(&s, std::move(done).error()));
  instance.instance = std::move(*done);
  watch(s, *instance.component, first);
  return Access::component_instance(&instance);
}

}  // namespace

struct ComponentLinker::State {
  Given given;
  std::vector<ForwardDefinition> forwards;
};

ComponentLinker::ComponentLinker() : state_(std::make_unique<State>()) {}
ComponentLinker::ComponentLinker(ComponentLinker&&) noexcept = default;
ComponentLinker& ComponentLinker::operator=(ComponentLinker&&) noexcept = default;
ComponentLinker::~ComponentLinker() = default;

ComponentLinker& ComponentLinker::define_func(const std::string& interface, const std::string& name,
                                              ComponentHostFunction f, detail::ComponentSignatureCheck matches,
                                              detail::DirectHostFunction direct) {
  state_->given.functions.push_back(std::make_shared<const FuncDefinition>(
      FuncDefinition{interface, name, std::move(f), matches, std::move(direct)}));
  return *this;
}
ComponentLinker& ComponentLinker::define_resource(const std::string& interface, const std::string& name,
                                                  std::function<void(uint32_t)> drop) {
  state_->given.resources.push_back({interface, name, std::move(drop)});
  return *this;
}
ComponentLinker& ComponentLinker::define_wasi(WasiConfig config) {
  state_->given.stores = make_stores(config);
  state_->given.wasi = std::move(config);
  return *this;
}
Status ComponentLinker::define_instance(const std::string& interface, const ComponentInstance& instance) {
  ComponentInstanceState* to = Access::state(instance);
  if (component::find_interface(to->plan(), interface) == nullptr) {
    return std::unexpected(Access::error(ApiError::no_such_component_func, "interface " + interface));
  }
  state_->forwards.push_back({interface, to->weak_from_this()});
  return {};
}

Result<ComponentInstance> ComponentLinker::instantiate(Store& store, const Component& component) const try {
  detail::StoreState& s = *Access::state(store);
  const auto& what = Access::state(component);
  if (what->engine->engine != s.engine->engine) return std::unexpected(Access::error(ApiError::foreign_component));
  auto made = std::make_shared<ComponentInstanceState>();
  made->store = &s;
  made->component = what;
  if (Status added = add_imports(*made, state_->given, s.wasi_config ? &*s.wasi_config : nullptr); !added) {
    return std::unexpected(std::move(added).error());
  }
  for (const ForwardDefinition& f : state_->forwards) {
    // An instance whose store has ended may be there still, without one.
    const std::shared_ptr<ComponentInstanceState> to = f.to.lock();
    if (to == nullptr || to->store != &s) return std::unexpected(Access::error(ApiError::foreign_store, f.interface));
    add_forwards(f, *to, made->imports);
  }
  add_definitions(*made, state_->given);
  return start(made, s);
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

// ---- prepared

namespace detail {

/// Places of instances, with all that their component imports, for one store after another.
struct PreparedComponentState : std::enable_shared_from_this<PreparedComponentState> {
  using Place = std::unique_ptr<ComponentInstanceState>;
  static constexpr size_t kMostIdle = 1024;
  std::shared_ptr<const ComponentState> component;
  Given given;
  std::mutex mutex;
  std::vector<Place> idle;  ///< guarded by mutex

  Place take() {
    const std::lock_guard lock(mutex);
    if (idle.empty()) return nullptr;
    Place out = std::move(idle.back());
    idle.pop_back();
    return out;
  }
  void give_back(Place place) noexcept {
    try {
      place->recycle();
      const std::lock_guard lock(mutex);
      if (idle.size() < kMostIdle) idle.push_back(std::move(place));
    } catch (const std::bad_alloc&) {
      // One less.
    }
  }
};

void ComponentInstanceState::recycle() {
  if (!bindings && instance != nullptr) bindings = instance->bindings();
  instance.reset();
  if (wasi != nullptr) wasi->reset();
  quota.reset();
  objects.clear();
  free_objects.clear();
  owned.clear();
  store = nullptr;
}

}  // namespace detail

PreparedComponent::PreparedComponent(std::shared_ptr<detail::PreparedComponentState> state)
    : state_(std::move(state)) {}

Result<PreparedComponent> ComponentLinker::prepare(const Component& component) const try {
  if (!state_->forwards.empty()) return std::unexpected(Access::error(ApiError::prepared_with_instance));
  auto out = std::make_shared<detail::PreparedComponentState>();
  out->component = Access::state(component);
  out->given = state_->given;
  return PreparedComponent(std::move(out));
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Result<ComponentInstance> PreparedComponent::instantiate(Store& store) const try {
  using Place = detail::PreparedComponentState::Place;
  detail::StoreState& s = *Access::state(store);
  if (state_->component->engine->engine != s.engine->engine) {
    return std::unexpected(Access::error(ApiError::foreign_component));
  }
  // What a store or a tenant has of its own is asked in the program that was made for it.
  const bool is_usual = !s.wasi_config && s.store.account().ledger() == nullptr;
  Place place = is_usual ? state_->take() : nullptr;
  const bool is_new = place == nullptr;
  if (is_new) place = std::make_unique<ComponentInstanceState>();
  place->store = &s;
  if (is_new) {
    place->component = state_->component;
    if (Status added = add_imports(*place, state_->given, s.wasi_config ? &*s.wasi_config : nullptr); !added) {
      return std::unexpected(std::move(added).error());
    }
    add_definitions(*place, state_->given);
  }
  // The place knows its own pointer, weakly, and so keeps this function: it must not keep the places in its turn.
  auto leave = [from = state_, is_usual](ComponentInstanceState* left) mutable {
    const auto to = std::move(from);
    Place mine(left);
    if (is_usual) to->give_back(std::move(mine));
  };
  return start(std::shared_ptr<ComponentInstanceState>(place.release(), std::move(leave)), s);
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

}  // namespace v0
}  // namespace ashlar
