// Matching of imports, exports and ascribed types (Explainer.md, type checking).
#include "component/type_graph.h"

namespace ashlar::component {

namespace {

std::string wanted_given(std::string_view wanted, std::string_view given) {
  return "expected " + std::string(wanted) + ", found " + std::string(given);
}

std::string_view kind_name(NodeKind kind) {
  constexpr std::string_view kNames[] = {"a value type",     "a function type",  "a resource type",
                                         "an instance type", "a component type", "a core module type"};
  return kNames[static_cast<size_t>(kind)];
}

std::string quoted(std::string_view name) { return "`" + std::string(name) + "`"; }

}  // namespace

std::string Matcher::mismatch(Extern given, Extern wanted, const Variables& variables, Substitution& s) {
  if (!graph_.step()) return "implementation limit: too much work on types";
  if (given.kind != wanted.kind) return wanted_given(to_string(wanted.kind), to_string(given.kind));
  switch (wanted.kind) {
    case Extern::Kind::Type:
      return types(given.node, wanted.node, variables, s);
    case Extern::Kind::Value:
      return values(static_cast<const ValueNode*>(given.node), static_cast<const ValueNode*>(wanted.node), s);
    case Extern::Kind::Module:
    case Extern::Kind::Func:
    case Extern::Kind::Instance:
    case Extern::Kind::Component:
      break;
  }
  switch (wanted.node->kind) {
    case NodeKind::Func:
      return funcs(static_cast<const FuncNode&>(*given.node), static_cast<const FuncNode&>(*wanted.node), s);
    case NodeKind::Instance:
      return instances(static_cast<const InstanceNode&>(*given.node), static_cast<const InstanceNode&>(*wanted.node),
                       variables, s);
    case NodeKind::Component:
      return components(static_cast<const ComponentNode&>(*given.node), static_cast<const ComponentNode&>(*wanted.node),
                        s);
    case NodeKind::Module:
      return modules(static_cast<const ModuleNode&>(*given.node), static_cast<const ModuleNode&>(*wanted.node));
    case NodeKind::Value:
    case NodeKind::Resource:
      break;
  }
  return "internal: no such item";
}

std::string Matcher::types(const Node* given, const Node* wanted, const Variables& variables, Substitution& s) {
  if (given->kind != wanted->kind) return wanted_given(kind_name(wanted->kind), kind_name(given->kind));
  std::string why;
  if (wanted->kind == NodeKind::Resource) {
    const ResourceId id = static_cast<const ResourceNode*>(wanted)->id;
    const ResourceId has = static_cast<const ResourceNode*>(given)->id;
    const auto at = s.resources.find(id);
    if (at == s.resources.end() && variables.contains(id)) {
      s.resources.emplace(id, has);
    } else if ((at == s.resources.end() ? id : at->second) != has) {
      why = "resource types are not the same";
    }
  } else if (wanted->kind == NodeKind::Value) {
    why = values(static_cast<const ValueNode*>(given), static_cast<const ValueNode*>(wanted), s);
  } else {
    const Extern::Kind kind = wanted->kind == NodeKind::Func        ? Extern::Kind::Func
                              : wanted->kind == NodeKind::Instance  ? Extern::Kind::Instance
                              : wanted->kind == NodeKind::Component ? Extern::Kind::Component
                                                                    : Extern::Kind::Module;
    return mismatch({kind, given}, {kind, wanted}, variables, s);
  }
  // What is given takes the name's place: its own name is what counts from here on.
  if (why.empty()) s.rename(wanted, given);
  return why;
}

std::string Matcher::values(const ValueNode* given, const ValueNode* wanted, Substitution& s) {
  const ValueNode* actual = wanted;
  if (wanted->mentions_resource) actual = static_cast<const ValueNode*>(graph_.substitute(wanted, s));
  if (actual->type == given->type) return {};
  return wanted_given(TypeArena::to_string(*actual->type), TypeArena::to_string(*given->type));
}

std::string Matcher::funcs(const FuncNode& given, const FuncNode& wanted, Substitution& s) {
  if (given.type.async != wanted.type.async) {
    return wanted_given(wanted.type.async ? "an async function" : "a function that is not async",
                        given.type.async ? "an async one" : "one that is not");
  }
  if (given.params.size() != wanted.params.size()) {
    return wanted_given(std::to_string(wanted.params.size()) + " parameters", std::to_string(given.params.size()));
  }
  for (size_t i = 0; i < wanted.params.size(); ++i) {
    const std::string& label = wanted.type.params[i].label;
    if (given.type.params[i].label != label) {
      return wanted_given("parameter " + quoted(label), quoted(given.type.params[i].label));
    }
    const std::string why = values(given.params[i], wanted.params[i], s);
    if (!why.empty()) return "parameter " + quoted(label) + ": " + why;
  }
  if (given.result == nullptr || wanted.result == nullptr) {
    if (given.result == wanted.result) return {};
    return wanted.result == nullptr ? "expected no result, found one" : "expected a result, found none";
  }
  const std::string why = values(given.result, wanted.result, s);
  return why.empty() ? why : "result: " + why;
}

std::string Matcher::lists(const ExternList& given, const ExternList& wanted, const Variables& variables,
                           Substitution& s, std::string_view what) {
  for (const NamedExtern& e : wanted.list()) {
    const Extern* found = given.find(e.name);
    if (found == nullptr) return "there is no " + std::string(what) + " " + quoted(e.name);
    const std::string why = mismatch(*found, e.type, variables, s);
    if (!why.empty()) return std::string(what) + " " + quoted(e.name) + ": " + why;
  }
  return {};
}

std::string Matcher::instances(const InstanceNode& given, const InstanceNode& wanted, const Variables& variables,
                               Substitution& s) {
  if (wanted.defined.empty()) return lists(given.exports, wanted.exports, variables, s, "export");
  Variables more = variables;
  more.insert(wanted.defined.begin(), wanted.defined.end());
  graph_.step(more.size());
  return lists(given.exports, wanted.exports, more, s, "export");
}

std::string Matcher::components(const ComponentNode& given, const ComponentNode& wanted, Substitution& s) {
  const auto& actual = static_cast<const ComponentNode&>(*graph_.substitute(&wanted, s));
  graph_.step(given.imported.size() + actual.defined.size());
  // Who uses the wanted component gives it what it imports: that must be enough for the given one.
  Substitution inner;
  std::string why =
      lists(actual.imports, given.imports, {given.imported.begin(), given.imported.end()}, inner, "import");
  if (!why.empty()) return why;
  ExternList exports;
  for (const NamedExtern& e : given.exports.list()) exports.add(e.name, graph_.substitute(e.type, inner));
  Substitution outer;
  return lists(exports, actual.exports, {actual.defined.begin(), actual.defined.end()}, outer, "export");
}

std::string Matcher::modules(const ModuleNode& given, const ModuleNode& wanted) {
  graph_.step(given.exports.size() + wanted.imports.size());
  std::unordered_map<std::string_view, const ModuleNode::Item*> exports;
  for (const ModuleNode::Item& e : given.exports) exports.emplace(e.name, &e);
  for (const ModuleNode::Item& e : wanted.exports) {
    if (!graph_.step()) break;
    const auto at = exports.find(e.name);
    if (at == exports.end()) return "there is no export " + quoted(e.name);
    const std::string why = runtime::item_mismatch(registry_, at->second->type, e.type);
    if (!why.empty()) return "export " + quoted(e.name) + ": " + why;
  }
  std::unordered_map<std::string, const ModuleNode::Item*> imports;
  const auto key = [](const ModuleNode::Item& i) { return std::to_string(i.module.size()) + ":" + i.module + i.name; };
  for (const ModuleNode::Item& i : wanted.imports) imports.emplace(key(i), &i);
  for (const ModuleNode::Item& i : given.imports) {
    if (!graph_.step()) break;
    const auto at = imports.find(key(i));
    if (at == imports.end()) return "import " + quoted(i.module) + " " + quoted(i.name) + " is not wanted";
    const std::string why = runtime::item_mismatch(registry_, at->second->type, i.type);
    if (!why.empty()) return "import " + quoted(i.module) + " " + quoted(i.name) + ": " + why;
  }
  return {};
}

}  // namespace ashlar::component
