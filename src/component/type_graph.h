// The types of a component as validation sees them: nodes with an identity, because a type that an import or export
// names is another one than its equal without a name. Substitution of resource types, and matching.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/error.h"
#include "component/limits.h"
#include "component/types.h"
#include "module/type_registry.h"
#include "runtime/import_match.h"

namespace ashlar::component {

enum class NodeKind : uint8_t { Value, Func, Resource, Instance, Component, Module };

/// A type. Immutable; owned by a TypeGraph; its address is its identity.
struct Node {
  NodeKind kind = NodeKind::Value;
  bool mentions_resource = false;  ///< somewhere inside, bound or free
  uint32_t size = 1;               ///< nodes inside, shared ones counted each time; saturates
  uint32_t depth = 1;
  /// What this is another name of: the node behind an import or export `(type (eq ...))`. Null: a definition, or
  /// unnamed.
  const Node* origin = nullptr;
};

/// A resource type under one of its names.
struct ResourceNode : Node {
  ResourceId id = 0;
};

/// A value type. `type` says what it is: equal types have the same `type`, whatever they are called.
struct ValueNode : Node {
  const ValType* type = nullptr;
  std::vector<const ValueNode*> parts;     ///< as type->members; null where a member has no type
  const ResourceNode* resource = nullptr;  ///< own, borrow
};

struct FuncNode : Node {
  FuncType type;
  std::vector<const ValueNode*> params;  ///< as type.params
  const ValueNode* result = nullptr;
};

/// A core module's imports and exports.
struct ModuleNode : Node {
  struct Item {
    std::string module, name;  ///< exports: `name` alone
    runtime::ItemType type;
  };
  std::vector<Item> imports, exports;
};

/// What an import or export is. The node's kind decides, but for types: a type of any kind may be exported as such.
struct Extern {
  enum class Kind : uint8_t { Module, Func, Value, Type, Instance, Component };
  Kind kind = Kind::Func;
  const Node* node = nullptr;
};
std::string_view to_string(Extern::Kind kind);

struct NamedExtern {
  std::string name;
  Extern type;
};
/// Imports or exports in order, found by name.
class ExternList {
 public:
  /// False when the name is there already.
  bool add(std::string name, Extern type);
  const Extern* find(const std::string& name) const;
  const std::vector<NamedExtern>& list() const { return list_; }

 private:
  std::vector<NamedExtern> list_;
  std::unordered_map<std::string, uint32_t> index_;
};

/// An instance, or an instance type: then `defined` are resource types that each instance has its own of.
struct InstanceNode : Node {
  ExternList exports;
  std::vector<ResourceId> defined;
};

/// A component's type. `imported` are the resource types that imports bring, `defined` those that each instance makes
/// and exports.
struct ComponentNode : Node {
  ExternList imports, exports;
  std::vector<ResourceId> imported, defined;
};

/// Which resource types stand for which, and, as it is applied, which nodes for which.
struct Substitution {
  std::unordered_map<ResourceId, ResourceId> resources;
  std::unordered_map<const Node*, const Node*> nodes;
  bool renames = false;  ///< nodes without resource types are replaced too

  /// Gives uses of `from` the identity of `to`, an equal type.
  void rename(const Node* from, const Node* to) {
    nodes.emplace(from, to);
    renames |= from != to;
  }
};

/// Owns nodes. Counts the work that is done on types: when it is too much (exhausted), results are worthless and the
/// caller gives up.
class TypeGraph {
 public:
  explicit TypeGraph(const ComponentLimits& limits);

  TypeArena& arena() { return arena_; }
  ResourceId fresh_resource() { return next_resource_++; }

  const ValueNode* prim(PrimType type);
  /// `labels` as the members have them (empty: none); `parts` null for members without type.
  const ValueNode* value(TypeKind kind, const std::vector<std::string>& labels, std::vector<const ValueNode*> parts,
                         uint32_t length = 0, const ResourceNode* resource = nullptr, const Node* origin = nullptr);
  const ResourceNode* resource(ResourceId id, const Node* origin = nullptr);
  const FuncNode* func(bool async, std::vector<std::string> names, std::vector<const ValueNode*> params,
                       const ValueNode* result);
  const InstanceNode* instance(ExternList exports, std::vector<ResourceId> defined);
  const ComponentNode* component(ComponentNode parts);
  const ModuleNode* module(ModuleNode parts);
  /// The same type with an identity of its own (values and resources; others are not told apart).
  const Node* copy(const Node* node);

  const Node* substitute(const Node* node, Substitution& s);
  Extern substitute(Extern type, Substitution& s) { return {type.kind, substitute(type.node, s)}; }
  /// The instance type with its own resource types replaced by fresh ones, which are appended to `fresh`.
  const InstanceNode* open(const InstanceNode& type, std::vector<ResourceId>& fresh);

  /// The resource types inside that nothing inside binds.
  void free_resources(const Node* node, std::unordered_set<ResourceId>& out);
  bool has_free_resource(const Node* node);

  /// One step of work; false when there were too many.
  bool step(uint64_t n = 1) { return (work_ += n) <= limits_.work; }
  bool exhausted() const { return work_ > limits_.work; }
  /// The error of that.
  Status check_work(uint64_t offset = kNoOffset) const {
    if (!exhausted()) return {};
    return make_error(ErrorCode::component_work, offset, std::to_string(limits_.work));
  }

 private:
  struct Walk;
  const Node* substitute_origin(const Node& node, Substitution& s);
  const ValueNode* substitute_value(const ValueNode& node, Substitution& s);
  const FuncNode* substitute_func(const FuncNode& node, Substitution& s);
  ExternList substitute_list(const ExternList& list, Substitution& s, bool& changed);
  void walk(const Node* node, Walk& w);
  template <class T>
  const T* own(std::deque<T>& where, T node);

  const ComponentLimits limits_;
  TypeArena arena_;
  ResourceId next_resource_ = 1;
  uint64_t work_ = 0;
  std::unordered_map<uint8_t, const ValueNode*> prims_;
  std::deque<ValueNode> values_;
  std::deque<ResourceNode> resources_;
  std::deque<FuncNode> funcs_;
  std::deque<InstanceNode> instances_;
  std::deque<ComponentNode> components_;
  std::deque<ModuleNode> modules_;
};

/// Whether what is given may stand where something is wanted, and why not. Resource types in `variables` are bound to
/// what is given for them where they first occur: `s` has them afterwards, and is applied to what is wanted.
class Matcher {
 public:
  Matcher(TypeGraph& graph, const module::TypeRegistry& registry) : graph_(graph), registry_(registry) {}

  /// Empty when it may; else why not ("export `a`: a function is wanted, an instance given").
  std::string mismatch(Extern given, Extern wanted, const std::unordered_set<ResourceId>& variables, Substitution& s);

 private:
  using Variables = std::unordered_set<ResourceId>;
  std::string types(const Node* given, const Node* wanted, const Variables& variables, Substitution& s);
  std::string funcs(const FuncNode& given, const FuncNode& wanted, Substitution& s);
  std::string values(const ValueNode* given, const ValueNode* wanted, Substitution& s);
  std::string lists(const ExternList& given, const ExternList& wanted, const Variables& variables, Substitution& s,
                    std::string_view what);
  std::string instances(const InstanceNode& given, const InstanceNode& wanted, const Variables& variables,
                        Substitution& s);
  std::string components(const ComponentNode& given, const ComponentNode& wanted, Substitution& s);
  std::string modules(const ModuleNode& given, const ModuleNode& wanted);

  TypeGraph& graph_;
  const module::TypeRegistry& registry_;
};

}  // namespace ashlar::component
