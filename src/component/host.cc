// What the host gives; see host.h.
#include "component/host.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "component/plan.h"
#include "wit/names.h"

namespace ashlar::component {

std::string semver_track(std::string_view name) {
  const std::optional<wit::InterfaceName> parsed = wit::parse_interface_name(name);
  if (!parsed || !parsed->package.version) return std::string(name);
  const std::optional<std::string> track = wit::semver_track(*parsed->package.version);
  return track ? parsed->package.base() + "/" + parsed->name + "@" + *track : std::string(name);
}

namespace {

void add_uses(const ValType* type, ResourceTag tag, ResourceUses& uses) {
  if (type == nullptr || !type->has_handle) return;
  if (type->kind == TypeKind::Own || type->kind == TypeKind::Borrow) uses.emplace_back(type->resource, tag);
  for (const Member& m : type->members) add_uses(m.type, tag, uses);
}

}  // namespace

void add_uses(const FuncType& type, ResourceTag tag, ResourceUses& uses) {
  for (const Member& param : type.params) add_uses(param.type, tag, uses);
  add_uses(type.result, tag, uses);
}

std::string HostImports::key(std::span<const std::string> path) {
  std::string out;
  for (const std::string& part : path) out += semver_track(part) + '#';
  return out;
}

namespace {

template <class Map>
auto* find_in(const Map& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

}  // namespace

ImportNames HostImports::names_of(const Plan& plan) {
  ImportNames out;
  for (const PlanImport& import : plan.imports) out.insert(key(import.path));
  return out;
}

template <class Item>
void HostImports::put(Map<Item>& map, std::string key, Item item) {
  if (!wanted_ || wanted_->contains(key)) map.insert_or_assign(std::move(key), std::move(item));
}

template <class Item>
void HostImports::put(Map<Item>& map, std::string_view interface, std::string_view name, Item item) {
  if (interface.empty()) return put(map, semver_track(name) + '#', std::move(item));
  if (interface != interface_) {
    track_ = semver_track(interface);
    interface_ = interface;
  }
  const std::string end = '#' + std::string(name) + '#';
  for (const Alias& alias : aliases_) {
    if (alias.from == track_) put(map, alias.to + end, item);
  }
  put(map, track_ + end, std::move(item));
}

void HostImports::function(std::string_view interface, std::string_view name, HostFunction f) {
  put(functions_, interface, name, std::move(f));
}

void HostImports::resource(std::string_view interface, std::string_view name, HostResource r) {
  put(resources_, interface, name, std::move(r));
}

void HostImports::module(std::string_view name, std::shared_ptr<runtime::CompiledModule> m) {
  put(modules_, {}, name, std::move(m));
}

void HostImports::unsupported(std::string prefix) {
  HostFunction f;
  f.dynamic = [prefix](HostCall&) -> Status {
    return make_error(ErrorCode::component_unsupported_call, kNoOffset, "functions of " + prefix);
  };
  // Never gets a handle, nor gives one.
  f.matches = [](const FuncType&, ResourceUses&) { return true; };
  unsupported_.emplace(std::move(prefix), std::move(f));
}

void HostImports::also_as(std::string_view interface, std::string_view other) {
  aliases_.push_back({semver_track(interface), semver_track(other)});
}

void HostImports::hint(std::string prefix, std::string text) { hints_.emplace(std::move(prefix), std::move(text)); }

std::string_view HostImports::hint_of(std::span<const std::string> path) const {
  for (const auto& [prefix, text] : hints_) {
    if (path[0].starts_with(prefix)) return text;
  }
  return {};
}

const HostFunction* HostImports::find_function(std::span<const std::string> path) const {
  if (const HostFunction* found = find_in(functions_, key(path))) return found;
  for (const auto& [prefix, f] : unsupported_) {
    if (path[0].starts_with(prefix)) return &f;
  }
  return nullptr;
}

const HostResource* HostImports::find_resource(std::span<const std::string> path) const {
  if (const HostResource* found = find_in(resources_, key(path))) return found;
  for (const auto& [prefix, f] : unsupported_) {
    if (path[0].starts_with(prefix)) return &no_resource_;
  }
  return nullptr;
}

std::shared_ptr<runtime::CompiledModule> HostImports::find_module(std::span<const std::string> path) const {
  const auto* found = find_in(modules_, key(path));
  return found != nullptr ? *found : nullptr;
}

}  // namespace ashlar::component
