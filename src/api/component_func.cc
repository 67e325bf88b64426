// Instances of components: calls, and who owns the handles that pass in them.
#include "component/wave.h"

#include "api/component_state.h"

namespace ashlar {
inline namespace v0 {

using component::ResourceId;
using component::TypeKind;
using detail::Access;
using detail::ComponentInstanceState;
using detail::inner;
using detail::outer;

namespace detail {

// ---- objects of the host

uint32_t ComponentInstanceState::add_object(std::unique_ptr<External> object) {
  if (free_objects.empty()) {
    objects.push_back(std::move(object));
    return static_cast<uint32_t>(objects.size() - 1);
  }
  const uint32_t rep = free_objects.back();
  free_objects.pop_back();
  objects[rep] = std::move(object);
  return rep;
}

External* ComponentInstanceState::object(uint32_t rep) const {
  return rep < objects.size() ? objects[rep].get() : nullptr;
}

std::unique_ptr<External> ComponentInstanceState::take_object(uint32_t rep) {
  if (object(rep) == nullptr) return nullptr;
  free_objects.push_back(rep);
  return std::move(objects[rep]);
}

Val keep_object(Passing& passing, std::unique_ptr<External> object) {
  return Val::resource(passing.instance->add_object(std::move(object)));
}
Val lend_object(Passing& passing, std::unique_ptr<External> object) {
  passing.lent.push_back(passing.instance->add_object(std::move(object)));
  return outer(component::Val::handle(TypeKind::Borrow, kHostResource, passing.lent.back()));
}
Passing::~Passing() {
  for (const uint32_t rep : lent) (void)instance->take_object(rep);
}
External* find_object(Passing& passing, const Val& handle) { return passing.instance->object(handle.rep()); }
std::unique_ptr<External> take_object(Passing& passing, const Val& handle) {
  return passing.instance->take_object(handle.rep());
}
void wrong_object(Passing& passing) {
  if (passing.status) passing.status = std::unexpected(Access::error(ApiError::wrong_resource));
}
ComponentInstanceState* instance_of(const ComponentCaller& caller) { return Access::state(caller); }

// ---- resources of guests

namespace {

constexpr unsigned kSerialShift = 32;

Error bad_handle(ResourceId resource) {
  return Access::error(ApiError::bad_handle, "resource " + std::to_string(resource));
}

}  // namespace

bool ComponentInstanceState::is_counted(ResourceId resource) const {
  if (!plan().resources[resource].imported) return true;
  // Start functions get and give none: see HostFunction::matches.
  return instance != nullptr && instance->host_resource(resource)->tag != component::ResourceTag();
}

void ComponentInstanceState::adopt(component::Val& value, const component::ValType& type) {
  const auto take = [&](component::Val& v, const component::ValType& t) {
    if (!is_counted(t.resource)) return true;
    const auto rep = static_cast<uint32_t>(v.bits());
    if (t.kind == TypeKind::Own) owned.emplace(t.resource, rep);
    v = component::Val::handle(t.kind, t.resource, uint64_t{serial} << kSerialShift | rep);
    return true;
  };
  for_each_handle(value, type, take);
}

Status ComponentInstanceState::hand_over(component::Val& value, const component::ValType& type, Keys* given) {
  Status out;
  const auto give = [&](component::Val& v, const component::ValType& t) {
    if (v.kind() != TypeKind::Own && v.kind() != TypeKind::Borrow) return true;  // lowering says what is wrong
    const auto rep = static_cast<uint32_t>(v.bits());
    if (is_counted(t.resource)) {
      const bool is_here = v.bits() >> kSerialShift == serial && v.resource() == t.resource;
      // What a call lends to the host may be lent on, but not given.
      const bool is_lent = t.kind == TypeKind::Borrow && v.kind() == TypeKind::Borrow;
      const auto found = is_here ? owned.find({t.resource, rep}) : owned.end();
      if (!is_here || (found == owned.end() && !is_lent)) {
        out = std::unexpected(bad_handle(t.resource));
        return false;
      }
      if (t.kind == TypeKind::Own) {
        if (given != nullptr) given->push_back(*found);
        owned.erase(found);
      }
    } else if (v.resource() != t.resource && v.resource() != kHostResource) {
      out = std::unexpected(bad_handle(t.resource));
      return false;
    }
    v = component::Val::handle(t.kind, t.resource, rep);
    return true;
  };
  for_each_handle(value, type, give);
  return out;
}

Result<std::pair<ResourceId, uint32_t>> ComponentInstanceState::disown(const component::Val& handle) {
  const std::pair key(handle.resource(), static_cast<uint32_t>(handle.bits()));
  const bool is_own = handle.kind() == TypeKind::Own && handle.bits() >> kSerialShift == serial;
  if (!is_own || owned.erase(key) == 0) return std::unexpected(bad_handle(handle.resource()));
  return key;
}

Val give_resource(Passing& passing, OwnedResource&& resource) {
  std::optional<Val> value = std::exchange(Access::value(resource), std::nullopt);
  if (value && Access::instance(resource).lock().get() == passing.instance) return std::move(*value);
  if (value) Access::value(resource) = std::move(value);
  if (passing.status) passing.status = std::unexpected(Access::error(ApiError::bad_handle, "an OwnedResource"));
  return {};
}
Val lend_resource(Passing& passing, const OwnedResource& resource) {
  const std::optional<Val>& value = Access::value(resource);
  if (value && Access::instance(resource).lock().get() == passing.instance) return *value;
  if (passing.status) passing.status = std::unexpected(Access::error(ApiError::bad_handle, "an OwnedResource"));
  return {};
}
void take_resource(Passing& passing, Val handle, OwnedResource& to) {
  Access::instance(to) = passing.instance->weak_from_this();
  Access::value(to) = std::move(handle);
}

namespace {

void drop_own(ComponentInstanceState& instance, component::Val& v) {
  switch (v.kind()) {
    case TypeKind::Own:
      if (v.resource() == kHostResource) {
        (void)instance.take_object(static_cast<uint32_t>(v.bits()));
      } else {
        (void)Access::component_instance(&instance).drop(outer(std::move(v)));
      }
      return;
    case TypeKind::Variant:
    case TypeKind::Option:
    case TypeKind::Result:
      // The value is not const, and neither is what it owns.
      if (v.payload() != nullptr) drop_own(instance, *const_cast<component::Val*>(v.payload()));
      return;
    case TypeKind::Record:
    case TypeKind::Tuple:
    case TypeKind::List:
    case TypeKind::FixedList:
    case TypeKind::Map:
      if (v.is_packed()) return;
      for (component::Val& element : v.elements()) drop_own(instance, element);
      return;
    default:
      return;
  }
}

}  // namespace

void drop_refused(Passing& passing, std::span<Val> values) {
  for (Val& v : values) drop_own(*passing.instance, inner(v));
}

// ---- calls

Result<std::optional<Val>> ComponentInstanceState::call(uint32_t func, std::span<const Val> args) {
  const component::FuncType& type = plan().funcs[func].type;
  std::span<const component::Val> values = inner(args);
  std::vector<component::Val> changed;
  // A call that is refused before it begins gives nothing away.
  Keys given;
  const auto refused = [&](Error error) {
    owned.insert(given.begin(), given.end());
    return std::unexpected(std::move(error));
  };
  const bool has_handles =
      std::ranges::any_of(type.params, [](const component::Member& m) { return m.type->has_handle; });
  if (has_handles && values.size() == type.params.size()) {
    changed.assign(values.begin(), values.end());
    for (size_t i = 0; i < changed.size(); ++i) {
      if (Status passed = hand_over(changed[i], *type.params[i].type, &given); !passed) {
        return refused(std::move(passed).error());
      }
    }
    values = changed;
  }
  if (instance == nullptr) return refused(Access::error(internal::Error(ErrorCode::cannot_enter_instance)));
  bool begun = false;
  auto result = instance->call(func, values, &begun);
  if (!result && !begun && result.error().phase() == Phase::Usage) {
    return refused(Access::error(std::move(result).error()));
  }
  if (!result && !begun) return refused(Access::error(store, std::move(result).error()));
  if (!result) return std::unexpected(Access::error(store, std::move(result).error()));
  if (!*result) return std::nullopt;
  if (type.result->has_handle) adopt(**result, *type.result);
  return outer(std::move(**result));
}

Status call_flat(ComponentInstanceState* instance, uint32_t func, std::span<uint64_t> slots) try {
  if (instance->instance == nullptr) {
    return std::unexpected(Access::error(internal::Error(ErrorCode::cannot_enter_instance)));
  }
  auto done = instance->instance->call_flat(func, slots);
  if (!done) return std::unexpected(Access::error(instance->store, std::move(done).error()));
  return {};
} catch (const std::bad_alloc&) {
  return no_memory();
}

void close_components(StoreState& store) {
  for (const auto& component : store.components) component->store = nullptr;
}

}  // namespace detail

OwnedResource::OwnedResource(OwnedResource&& other) noexcept
    : instance_(std::move(other.instance_)), value_(std::exchange(other.value_, std::nullopt)) {}
OwnedResource& OwnedResource::operator=(OwnedResource&& other) noexcept {
  if (this == &other) return *this;
  (void)drop();
  instance_ = std::move(other.instance_);
  value_ = std::exchange(other.value_, std::nullopt);
  return *this;
}
OwnedResource::~OwnedResource() { (void)drop(); }

Status OwnedResource::drop() {
  const std::optional<Val> value = std::exchange(value_, std::nullopt);
  const std::shared_ptr<ComponentInstanceState> instance = instance_.lock();
  if (!value || instance == nullptr || instance->store == nullptr) return {};
  return Access::component_instance(instance.get()).drop(*value);
}

// ---- functions

ComponentFuncType ComponentFunc::type() const {
  return instance_->component->type(instance_->plan().funcs[func_].type);
}

Error ComponentFunc::mismatch() const { return Access::error(ApiError::component_signature, type().to_string()); }

Result<std::optional<Val>> ComponentFunc::call(std::span<const Val> args) const try {
  return instance_->call(func_, args);
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Result<std::string> ComponentFunc::call_text(std::string_view arguments) const try {
  const component::FuncType& type = instance_->plan().funcs[func_].type;
  const component::WaveCall call = component::split_wave_call(arguments);
  auto args = component::parse_wave_arguments(call, type.params);
  if (!args) return std::unexpected(Access::error(std::move(args).error()));
  std::vector<Val> values;
  values.reserve(args->size());
  for (component::Val& v : *args) values.push_back(outer(std::move(v)));
  auto result = instance_->call(func_, values);
  if (!result) return std::unexpected(std::move(result).error());
  return *result ? component::format_wave(inner(**result), *type.result) : std::string();
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

// ---- instances

namespace {

Error no_such_func(const component::Plan& plan, const std::string& name) {
  std::string known;
  for (const component::ExportedFunc& f : component::exported_funcs(plan)) {
    known += (known.empty() ? "; it exports " : ", ") + f.full_name();
  }
  return Access::error(ApiError::no_such_component_func, name, known.empty() ? "; it exports no functions" : known);
}

}  // namespace

Result<ComponentFunc> ComponentInstance::func(std::string_view interface, std::string_view name) const try {
  const component::Plan& plan = state_->plan();
  const component::PlanExports* where = interface.empty() ? &plan.exports : component::find_interface(plan, interface);
  const component::PlanExport* found = where == nullptr ? nullptr : where->find(name);
  if (found != nullptr && found->kind == component::PlanExport::Kind::Func) {
    return Access::component_func(state_, found->index);
  }
  return std::unexpected(
      no_such_func(plan, component::ExportedFunc{std::string(interface), std::string(name)}.full_name()));
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Result<ComponentFunc> ComponentInstance::func(std::string_view name) const try {
  const size_t hash = name.rfind('#');
  if (hash != std::string_view::npos) return func(name.substr(0, hash), name.substr(hash + 1));
  const component::Plan& plan = state_->plan();
  const component::ExportedFunc* found = nullptr;
  const std::vector<component::ExportedFunc> all = component::exported_funcs(plan);
  for (const component::ExportedFunc& f : all) {
    if (f.name != name) continue;
    if (f.interface.empty()) return Access::component_func(state_, f.func);
    if (found != nullptr) {
      return std::unexpected(no_such_func(plan, std::string(name) + " of its own, but several interfaces have one"));
    }
    found = &f;
  }
  if (found == nullptr) return std::unexpected(no_such_func(plan, std::string(name)));
  return Access::component_func(state_, found->func);
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Result<std::string> ComponentInstance::call_text(std::string_view call) const try {
  const component::WaveCall split = component::split_wave_call(call);
  Result<ComponentFunc> found = func(split.name);
  if (!found) return std::unexpected(std::move(found).error());
  return found->call_text(call);
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Status ComponentInstance::drop(const Val& resource) const try {
  auto handle = state_->disown(inner(resource));
  if (!handle) return std::unexpected(std::move(handle).error());
  return Access::status(state_->store, state_->instance->drop_resource(handle->first, handle->second));
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Status ComponentInstance::run() const {
  Result<ComponentFunc> entry = func("wasi:cli/run@0.2.0", "run");
  if (!entry) return std::unexpected(Access::error(internal::Error(ErrorCode::component_no_run)));
  Result<std::optional<Val>> done = entry->call();
  if (done && *done && (*done)->index() != 0) {
    return std::unexpected(Access::error(internal::Error(ErrorCode::program_exit, kNoOffset, "1")));
  }
  if (done || done.error().exit_code() == 0) return {};
  return std::unexpected(std::move(done).error());
}

Component ComponentInstance::component() const { return Access::component(state_->component); }
ComponentInstance ComponentCaller::instance() const { return Access::component_instance(instance_); }
ComponentFuncType ComponentCaller::type() const {
  return instance_->component->type(*static_cast<const component::FuncType*>(type_));
}

}  // namespace v0
}  // namespace ashlar
