// What the host gives to components: functions, resource types and core modules, by interface and name.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "component/types.h"
#include "component/value.h"
#include "runtime/engine.h"
#include "runtime/value.h"

namespace ashlar::component {

class Instance;
class CallContext;

/// A call of a host function. Values are as the component's import declares them.
struct HostCall {
  Instance& instance;     ///< the root instance that calls
  const FuncType& type;   ///< the import's
  std::span<Val> args;    ///< may be moved from
  Val* result = nullptr;  ///< to be set when the type has a result; null when not
};
/// Which resource type of the host one is: whose it is, and which of theirs. Those that only the embedder's own
/// functions take have no owner.
struct ResourceTag {
  const void* owner = nullptr;
  uint32_t number = 0;
  bool operator==(const ResourceTag&) const = default;
};
/// Resource types of a component, and what they have to be for a function that it imports.
using ResourceUses = std::vector<std::pair<ResourceId, ResourceTag>>;
/// All that the function's type names have to be this one.
void add_uses(const FuncType& type, ResourceTag tag, ResourceUses& uses);

/// An error traps (or ends the program: program_exit). One of the two functions is there.
struct HostFunction {
  std::function<Status(HostCall&)> dynamic;
  /// Lifts and lowers by itself: core parameters in slots, the core result left in slots[0].
  std::function<Status(CallContext&, const FuncType& type, runtime::Slot* slots)> typed;
  /// Whether the import has the type that it can do, with which resources; null: any type, with untagged ones. A
  /// component names the resources of its imports' types at will: what is not checked here is a forged representation.
  std::function<bool(const FuncType& type, ResourceUses& uses)> matches;
};

/// A resource type of the host. Handles' tokens are whatever the host chose when it made them.
struct HostResource {
  /// Called when the last handle is dropped, with the token.
  std::function<void(uint32_t rep)> drop;
  ResourceTag tag = {};
};

struct Plan;

/// What a component imports, as the keys of a HostImports.
using ImportNames = std::set<std::string, std::less<>>;

/// Names are "ns:package/interface@1.2.3" with "function", or "" with a plain import's name. Versions of one semver
/// track stand in for each other. Not synchronized; may be shared once it is filled.
class HostImports {
 public:
  HostImports() = default;
  /// For one component: of what is defined only what it imports is kept, and a few functions are a tenth of WASI.
  explicit HostImports(std::shared_ptr<const ImportNames> wanted) : wanted_(std::move(wanted)) {}
  static ImportNames names_of(const Plan& plan);

  void function(std::string_view interface, std::string_view name, HostFunction f);
  void resource(std::string_view interface, std::string_view name, HostResource r);
  void module(std::string_view name, std::shared_ptr<runtime::CompiledModule> m);
  /// Interfaces that begin like this ("wasi:sockets/") can be imported; whoever calls one of their functions traps,
  /// with an error that names them.
  void unsupported(std::string prefix);

  /// What will be defined of an interface is there under another name of it, too.
  void also_as(std::string_view interface, std::string_view other);
  /// What to say when an interface that begins like this is imported and not there ("--keyvalue enables it").
  void hint(std::string prefix, std::string text);
  /// Of a PlanImport's path; empty without one.
  std::string_view hint_of(std::span<const std::string> path) const;

  /// By the path of a PlanImport; null when there is none.
  const HostFunction* find_function(std::span<const std::string> path) const;
  const HostResource* find_resource(std::span<const std::string> path) const;
  std::shared_ptr<runtime::CompiledModule> find_module(std::span<const std::string> path) const;

 private:
  struct Alias {
    std::string from, to;  ///< tracks of interfaces
  };
  static std::string key(std::span<const std::string> path);
  template <class Item>
  using Map = std::map<std::string, Item, std::less<>>;
  template <class Item>
  void put(Map<Item>& map, std::string_view interface, std::string_view name, Item item);
  template <class Item>
  void put(Map<Item>& map, std::string key, Item item);

  std::shared_ptr<const ImportNames> wanted_;  ///< null: all
  std::vector<Alias> aliases_;
  std::string interface_, track_;  ///< of the last definition
  Map<HostFunction> functions_;
  Map<HostResource> resources_;
  Map<std::shared_ptr<runtime::CompiledModule>> modules_;
  Map<HostFunction> unsupported_;  ///< by prefix
  HostResource no_resource_;
  Map<std::string> hints_;  ///< by prefix
};

/// "ns:package/interface@0.2" for every 0.2.x, "@1" for every 1.x.y; others as they are.
std::string semver_track(std::string_view name);

}  // namespace ashlar::component
