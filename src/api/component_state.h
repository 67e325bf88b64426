// What stands behind the public classes of components.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "api/load_component.h"
#include "api/tenant_quota.h"
#include "component/exported_funcs.h"
#include "component/instance.h"
#include "wasi/p2/program.h"

// Internal headers come first: see access.h.
#include "api/access.h"

namespace ashlar {
inline namespace v0 {
namespace detail {

/// A compiled component.
struct [[gnu::visibility("hidden")]] ComponentState {
  /// A core module or an adapter.
  struct Part {
    std::shared_ptr<runtime::CompiledModule> module;
    std::shared_ptr<native::Image> image;  ///< of all of it; null: not compiled as a whole
  };
  std::shared_ptr<EngineState> engine;
  api::LoadedComponent loaded;
  std::vector<Part> parts;  ///< in the order of a bundle's images
  std::shared_ptr<const component::Executable> executable;
  std::vector<std::shared_ptr<ModuleState>> modules;  ///< those with more than a CompiledModule

  WitType type(const component::ValType& t) const { return Access::wit_type(executable, &t); }
  ComponentFuncType type(const component::FuncType& f) const;
};

/// Resources of the host have no number that a program could know: calls put it in.
inline constexpr component::ResourceId kHostResource = ~component::ResourceId{0};

/// An instance in a store, with the host's objects that its handles stand for.
struct [[gnu::visibility("hidden")]] ComponentInstanceState : std::enable_shared_from_this<ComponentInstanceState> {
  StoreState* store = nullptr;  ///< null: the store has ended
  std::shared_ptr<const ComponentState> component;
  component::HostImports imports;
  std::optional<api::TenantQuota> quota;  ///< of a tenant's store; outlives `wasi`
  std::unique_ptr<wasi::p2::Program> wasi;
  std::optional<component::Instance::Bindings> bindings;  ///< of an earlier instance in the same place
  std::unique_ptr<component::Instance> instance;          ///< null while start functions run
  uint32_t serial = 0;  ///< in the upper half of the tokens of handles that this instance gave

  std::vector<std::unique_ptr<External>> objects;
  std::vector<uint32_t> free_objects;
  /// Resources that the host has, but for those whose objects are its own: resource, representation.
  std::set<std::pair<component::ResourceId, uint32_t>> owned;

  const component::Plan& plan() const { return component->executable->plan(); }

  bool is_counted(component::ResourceId resource) const;  ///< in `owned`
  uint32_t add_object(std::unique_ptr<External> object);
  External* object(uint32_t rep) const;
  std::unique_ptr<External> take_object(uint32_t rep);

  /// Handles that came out of the component become the host's; those that go in must be the host's, and owned ones are
  /// its no more. Errors: bad_handle.
  /// What was given away is added to `given`.
  void adopt(component::Val& value, const component::ValType& type);
  using Keys = std::vector<std::pair<component::ResourceId, uint32_t>>;
  Status hand_over(component::Val& value, const component::ValType& type, Keys* given = nullptr);

  Result<std::optional<Val>> call(uint32_t func, std::span<const Val> args);
  /// Makes it a place for the next instance of the same component: the store has ended.
  void recycle();
  /// bad_handle or success; the handle is the host's no more.
  Result<std::pair<component::ResourceId, uint32_t>> disown(const component::Val& handle);
};

/// A host function's direct form, called by a component: core values in slots, as component::HostFunction::typed.
[[gnu::visibility("hidden")]] internal::Status call_host_directly(ComponentInstanceState& instance,
                                                                  const DirectHostFunction& f,
                                                                  component::CallContext& context,
                                                                  const component::FuncType& type,
                                                                  runtime::Slot* slots);

inline component::Val& inner(Val& v) { return *static_cast<component::Val*>(Access::val(v)); }
inline const component::Val& inner(const Val& v) { return *static_cast<const component::Val*>(Access::val(v)); }
/// Moved.
[[gnu::visibility("hidden")]] Val outer(component::Val v);
/// The same values: a Val is nothing but the internal one (component_value.cc).
inline std::span<const component::Val> inner(std::span<const Val> values) {
  return {values.empty() ? nullptr : &inner(values[0]), values.size()};
}

/// Calls f(handle, its type) for each handle in the value; f gives false to stop.
template <class F>
bool for_each_handle(component::Val& v, const component::ValType& type, F& f) {
  using component::TypeKind;
  if (!type.has_handle) return true;
  switch (type.kind) {
    case TypeKind::Own:
    case TypeKind::Borrow:
      return f(v, type);
    case TypeKind::Record:
    case TypeKind::Tuple:
      for (size_t i = 0; i < std::min(v.elements().size(), type.members.size()); ++i) {
        if (!for_each_handle(v.elements()[i], *type.members[i].type, f)) return false;
      }
      return true;
    case TypeKind::List:
    case TypeKind::FixedList:
      for (component::Val& element : v.elements()) {
        if (!for_each_handle(element, *type.members[0].type, f)) return false;
      }
      return true;
    case TypeKind::Map:
      for (component::Val& entry : v.elements()) {
        for (size_t i = 0; i < std::min<size_t>(entry.elements().size(), 2); ++i) {
          if (!for_each_handle(entry.elements()[i], *type.members[i].type, f)) return false;
        }
      }
      return true;
    case TypeKind::Variant:
    case TypeKind::Option:
    case TypeKind::Result: {
      if (v.payload() == nullptr || v.index() >= case_count(type)) return true;
      const component::ValType* payload = case_payload(type, v.index());
      // The value is not const, and neither is what it owns.
      return payload == nullptr || for_each_handle(*const_cast<component::Val*>(v.payload()), *payload, f);
    }
    default:
      return true;
  }
}

}  // namespace detail
}  // namespace v0
}  // namespace ashlar
