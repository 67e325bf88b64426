// Making, substituting and walking nodes.
#include "component/type_graph.h"

#include <algorithm>
#include <utility>

namespace ashlar::component {

namespace {

constexpr uint32_t kHugeSize = 1u << 30;
/// What is kept counts for more steps than a look, so that the bound on work bounds memory too (about 1 GiB).
constexpr uint64_t kNodeWork = 32, kEntryWork = 16, kPartWork = 4;

void contains(Node& outer, const Node* inner) {
  if (inner == nullptr) return;
  outer.mentions_resource |= inner->mentions_resource;
  outer.size = std::min(kHugeSize, outer.size + inner->size);
  outer.depth = std::max(outer.depth, inner->depth + 1);
}

void contains(Node& outer, const ExternList& list) {
  for (const NamedExtern& e : list.list()) contains(outer, e.type.node);
}

}  // namespace

std::string_view to_string(Extern::Kind kind) {
  constexpr std::string_view kNames[] = {"core module", "function", "value", "type", "instance", "component"};
  return kNames[static_cast<size_t>(kind)];
}

bool ExternList::add(std::string name, Extern type) {
  if (!index_.try_emplace(name, static_cast<uint32_t>(list_.size())).second) return false;
  list_.push_back({std::move(name), type});
  return true;
}

const Extern* ExternList::find(const std::string& name) const {
  const auto at = index_.find(name);
  return at == index_.end() ? nullptr : &list_[at->second].type;
}

// --- making nodes

TypeGraph::TypeGraph(const ComponentLimits& limits) : limits_(limits) {}

template <class T>
const T* TypeGraph::own(std::deque<T>& where, T node) {
  step(kNodeWork);
  where.push_back(std::move(node));
  return &where.back();
}

const ValueNode* TypeGraph::prim(PrimType type) {
  const ValueNode*& at = prims_[static_cast<uint8_t>(type)];
  if (at == nullptr) {
    ValueNode node;
    node.type = arena_.prim(type);
    at = own(values_, std::move(node));
  }
  return at;
}

const ValueNode* TypeGraph::value(TypeKind kind, const std::vector<std::string>& labels,
                                  std::vector<const ValueNode*> parts, uint32_t length, const ResourceNode* resource,
                                  const Node* origin) {
  ValueNode node;
  node.origin = origin;
  std::vector<Member> members(parts.size());
  step(kPartWork * parts.size());
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i < labels.size()) members[i].label = labels[i];
    if (parts[i] != nullptr) members[i].type = parts[i]->type;
    contains(node, parts[i]);
  }
  contains(node, resource);
  node.type = arena_.make(kind, std::move(members), length, resource == nullptr ? 0 : resource->id);
  node.parts = std::move(parts);
  node.resource = resource;
  return own(values_, std::move(node));
}

const ResourceNode* TypeGraph::resource(ResourceId id, const Node* origin) {
  ResourceNode node;
  node.kind = NodeKind::Resource;
  node.mentions_resource = true;
  node.id = id;
  node.origin = origin;
  return own(resources_, node);
}

const FuncNode* TypeGraph::func(bool async, std::vector<std::string> names, std::vector<const ValueNode*> params,
                                const ValueNode* result) {
  FuncNode node;
  node.kind = NodeKind::Func;
  node.type.async = async;
  node.type.result = result == nullptr ? nullptr : result->type;
  for (size_t i = 0; i < params.size(); ++i) {
    node.type.params.push_back({std::move(names[i]), params[i]->type});
    contains(node, params[i]);
  }
  contains(node, result);
  node.params = std::move(params);
  node.result = result;
  return own(funcs_, std::move(node));
}

const InstanceNode* TypeGraph::instance(ExternList exports, std::vector<ResourceId> defined) {
  InstanceNode node;
  node.kind = NodeKind::Instance;
  contains(node, exports);
  step(kEntryWork * exports.list().size());
  node.exports = std::move(exports);
  node.defined = std::move(defined);
  return own(instances_, std::move(node));
}

const ComponentNode* TypeGraph::component(ComponentNode node) {
  node.kind = NodeKind::Component;
  contains(node, node.imports);
  contains(node, node.exports);
  step(kEntryWork * (node.imports.list().size() + node.exports.list().size()));
  return own(components_, std::move(node));
}

const ModuleNode* TypeGraph::module(ModuleNode node) {
  node.kind = NodeKind::Module;
  node.size = static_cast<uint32_t>(std::min<size_t>(kHugeSize, 1 + node.imports.size() + node.exports.size()));
  return own(modules_, std::move(node));
}

const Node* TypeGraph::copy(const Node* node) {
  const auto named = [&](auto& where, auto out) -> const Node* {
    out.origin = node;
    return own(where, std::move(out));
  };
  if (node->kind == NodeKind::Value) return named(values_, static_cast<const ValueNode&>(*node));
  if (node->kind == NodeKind::Resource) return named(resources_, static_cast<const ResourceNode&>(*node));
  return node;
}

// --- substitution

const Node* TypeGraph::substitute(const Node* node, Substitution& s) {
  if (!step()) return node;
  const auto seeded = s.nodes.find(node);
  if (seeded != s.nodes.end()) return seeded->second;
  if (!s.renames && (!node->mentions_resource || s.resources.empty())) return node;
  const Node* out = node;
  switch (node->kind) {
    case NodeKind::Value:
      out = substitute_value(static_cast<const ValueNode&>(*node), s);
      break;
    case NodeKind::Func:
      out = substitute_func(static_cast<const FuncNode&>(*node), s);
      break;
    case NodeKind::Resource: {
      const auto id = s.resources.find(static_cast<const ResourceNode*>(node)->id);
      if (id != s.resources.end()) out = resource(id->second, substitute_origin(*node, s));
      break;
    }
    case NodeKind::Instance: {
      const auto& from = static_cast<const InstanceNode&>(*node);
      bool changed = false;
      ExternList exports = substitute_list(from.exports, s, changed);
      if (changed) out = instance(std::move(exports), from.defined);
      break;
    }
    case NodeKind::Component: {
      const auto& from = static_cast<const ComponentNode&>(*node);
      ComponentNode to;
      bool changed = false;
      to.imports = substitute_list(from.imports, s, changed);
      to.exports = substitute_list(from.exports, s, changed);
      to.imported = from.imported;
      to.defined = from.defined;
      if (changed) out = component(std::move(to));
      break;
    }
    case NodeKind::Module:
      break;
  }
  s.nodes.emplace(node, out);
  return out;
}

const Node* TypeGraph::substitute_origin(const Node& node, Substitution& s) {
  // A type may have any number of names, each of the one before. From the last: no call goes deeper than one of them.
  std::vector<const Node*> names;
  for (const Node* at = node.origin; at != nullptr && !s.nodes.contains(at); at = at->origin) names.push_back(at);
  while (names.size() > 1) {
    substitute(names.back(), s);
    names.pop_back();
  }
  return node.origin == nullptr ? nullptr : substitute(node.origin, s);
}

const ValueNode* TypeGraph::substitute_value(const ValueNode& node, Substitution& s) {
  bool changed = false;
  std::vector<const ValueNode*> parts = node.parts;
  std::vector<std::string> labels(parts.size());
  for (size_t i = 0; i < parts.size(); ++i) {
    labels[i] = node.type->members[i].label;
    if (parts[i] == nullptr) continue;
    parts[i] = static_cast<const ValueNode*>(substitute(parts[i], s));
    changed |= parts[i] != node.parts[i];
  }
  const ResourceNode* of = node.resource;
  if (of != nullptr) of = static_cast<const ResourceNode*>(substitute(of, s));
  const Node* origin = substitute_origin(node, s);
  if (!changed && of == node.resource && origin == node.origin) return &node;
  return value(node.type->kind, labels, std::move(parts), node.type->length, of, origin);
}

const FuncNode* TypeGraph::substitute_func(const FuncNode& node, Substitution& s) {
  std::vector<std::string> names;
  std::vector<const ValueNode*> params;
  for (size_t i = 0; i < node.params.size(); ++i) {
    names.push_back(node.type.params[i].label);
    params.push_back(static_cast<const ValueNode*>(substitute(node.params[i], s)));
  }
  const auto* result = node.result == nullptr ? nullptr : static_cast<const ValueNode*>(substitute(node.result, s));
  if (params == node.params && result == node.result) return &node;
  return func(node.type.async, std::move(names), std::move(params), result);
}

ExternList TypeGraph::substitute_list(const ExternList& list, Substitution& s, bool& changed) {
  ExternList out;
  for (const NamedExtern& e : list.list()) {
    if (!step()) break;
    const Extern to = substitute(e.type, s);
    changed |= to.node != e.type.node;
    out.add(e.name, to);
  }
  return out;
}

const InstanceNode* TypeGraph::open(const InstanceNode& type, std::vector<ResourceId>& fresh) {
  if (type.defined.empty()) return &type;
  Substitution s;
  for (const ResourceId id : type.defined) {
    fresh.push_back(fresh_resource());
    s.resources.emplace(id, fresh.back());
  }
  bool changed = false;
  return instance(substitute_list(type.exports, s, changed), {});
}

// --- walks

struct TypeGraph::Walk {
  std::unordered_set<const Node*> seen;
  std::unordered_set<ResourceId> mentioned, bound;
};

void TypeGraph::walk(const Node* node, Walk& w) {
  if (node == nullptr || !node->mentions_resource || !step() || !w.seen.insert(node).second) return;
  const auto list = [&](const ExternList& externs) {
    for (const NamedExtern& e : externs.list()) walk(e.type.node, w);
  };
  switch (node->kind) {
    case NodeKind::Value: {
      const auto& value_node = static_cast<const ValueNode&>(*node);
      for (const ValueNode* part : value_node.parts) walk(part, w);
      return walk(value_node.resource, w);
    }
    case NodeKind::Func: {
      const auto& func_node = static_cast<const FuncNode&>(*node);
      for (const ValueNode* param : func_node.params) walk(param, w);
      return walk(func_node.result, w);
    }
    case NodeKind::Resource:
      w.mentioned.insert(static_cast<const ResourceNode*>(node)->id);
      return;
    case NodeKind::Instance: {
      const auto& instance_node = static_cast<const InstanceNode&>(*node);
      w.bound.insert(instance_node.defined.begin(), instance_node.defined.end());
      step(instance_node.defined.size());
      return list(instance_node.exports);
    }
    case NodeKind::Component: {
      const auto& component_node = static_cast<const ComponentNode&>(*node);
      w.bound.insert(component_node.imported.begin(), component_node.imported.end());
      w.bound.insert(component_node.defined.begin(), component_node.defined.end());
      step(component_node.imported.size() + component_node.defined.size());
      list(component_node.imports);
      return list(component_node.exports);
    }
    case NodeKind::Module:
      return;
  }
}

void TypeGraph::free_resources(const Node* node, std::unordered_set<ResourceId>& out) {
  Walk w;
  walk(node, w);
  // A binder's numbers occur nowhere but below it, so bound ones need not be told apart by place.
  for (const ResourceId id : w.mentioned) {
    if (!w.bound.contains(id)) out.insert(id);
  }
}

bool TypeGraph::has_free_resource(const Node* node) {
  std::unordered_set<ResourceId> out;
  free_resources(node, out);
  return !out.empty();
}

}  // namespace ashlar::component
