// Definitions of a component in order: components, instances, exports; see validator.h.
#include "component/validate.h"

#include <algorithm>
#include <utility>

#include "component/validator.h"

namespace ashlar::component {

namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

}  // namespace

Status Validator::definition(Scope& s, const Definition& def, uint32_t index) {
  offset_ = def.offset;
  TRY(work());
  return std::visit(Overloaded{
                        [&](const CoreModuleDef& d) -> Status { return core_module(s, d); },
                        [&](const CoreInstanceDef& d) -> Status { return core_instance(s, d); },
                        [&](const CoreTypeDef& d) -> Status { return core_type(s, d); },
                        [&](const std::unique_ptr<Component>& d) -> Status { return nested(s, *d, index); },
                        [&](const InstanceDef& d) -> Status { return instance(s, d, index); },
                        [&](const AliasDef& d) -> Status { return alias(s, d); },
                        [&](const TypeDef& d) -> Status {
                          TRY(room(s.types, "types"));
                          TRY_ASSIGN(const Node* node, type(s, d));
                          s.types.push_back(node);
                          return {};
                        },
                        [&](const CanonDef& d) -> Status { return canon(s, d); },
                        [&](const StartDef&) -> Status { return gate(Gate::Values, "a start definition"); },
                        [&](const ImportDef& d) -> Status { return import(s, d); },
                        [&](const ExportDef& d) -> Status { return export_def(s, d, index); },
                        [&](const ValueDef&) -> Status { return gate(Gate::Values, "a value definition"); },
                        [&](const CustomSection&) -> Status { return {}; },
                    },
                    def.def);
}

Status Validator::nested(Scope& s, const Component& c, uint32_t index) {
  TRY(room(s.components, "components"));
  TRY_ASSIGN(std::shared_ptr<const ComponentInfo> info, component(c, &s));
  s.components.push_back(info->type);
  s.info->components_at.emplace(index, std::move(info));
  return {};
}

Result<std::shared_ptr<const ComponentInfo>> Validator::component(const Component& c, Scope* parent) {
  if (++depth_ > options_.limits.nesting) {
    return make_error(ErrorCode::component_nesting, offset(), std::to_string(options_.limits.nesting));
  }
  auto info = std::make_shared<ComponentInfo>();
  info->component = &c;
  Scope s(Scope::Kind::Component, parent);
  s.info = info.get();
  for (uint32_t i = 0; i < c.defs.size(); ++i) TRY(definition(s, c.defs[i], i));
  TRY(finish(s));
  --depth_;
  return info;
}

Status Validator::finish(Scope& s) {
  ComponentNode node;
  std::unordered_set<ResourceId> free;
  for (const NamedExtern& e : s.exports.list()) graph_.free_resources(e.type.node, free);
  for (const ResourceId id : s.imported) free.erase(id);
  node.defined.assign(free.begin(), free.end());
  std::ranges::sort(node.defined);
  node.imports = std::move(s.imports);
  node.exports = std::move(s.exports);
  node.imported = std::move(s.imported);
  ComponentInfo& info = *s.info;
  info.type = graph_.component(std::move(node));
  TRY(check_node(info.type));
  TRY(work());
  info.types = std::move(s.types);
  info.funcs = std::move(s.funcs);
  info.instances = std::move(s.instances);
  info.components = std::move(s.components);
  info.core_modules = std::move(s.core_modules);
  info.core_funcs = std::move(s.core_funcs);
  info.core_memories = std::move(s.core_memories);
  for (const auto& [id, resource] : s.local_resources) info.resources.push_back(resource);
  std::ranges::sort(info.resources, {}, &LocalResource::id);
  return {};
}

// --- instances

Status Validator::instance(Scope& s, const InstanceDef& def, uint32_t index) {
  TRY(room(s.instances, "instances"));
  if (const auto* from = std::get_if<ComponentInstantiate>(&def.expr)) return instantiate(s, *from, index);
  return inline_instance(s, std::get<std::vector<InlineExport>>(def.expr));
}

Status Validator::instantiate(Scope& s, const ComponentInstantiate& def, uint32_t index) {
  if (def.component >= s.components.size()) return unknown("component", def.component);
  const ComponentNode& type = *s.components[def.component];
  std::unordered_map<std::string_view, Extern> args;
  for (const InstantiateArg& arg : def.args) {
    TRY_ASSIGN(const Extern item, extern_at(s, arg.item));
    if (!args.emplace(arg.name, item).second) {
      return rule("instantiation argument `" + arg.name + "` is given twice");
    }
  }
  const std::unordered_set<ResourceId> variables(type.imported.begin(), type.imported.end());
  graph_.step(variables.size());
  Substitution substitution;
  Matcher matcher(graph_, *out_.registry);
  for (const NamedExtern& import : type.imports.list()) {
    const auto arg = args.find(import.name);
    if (arg == args.end()) {
      return rule("missing argument: component " + std::to_string(def.component) + " imports " +
                  std::string(to_string(import.type.kind)) + " `" + import.name + "`");
    }
    const std::string why = matcher.mismatch(arg->second, import.type, variables, substitution);
    TRY(work());
    if (!why.empty()) {
      return make_error(ErrorCode::type_mismatch, offset(), "instantiation argument `" + import.name + "`: " + why);
    }
  }
  for (const ResourceId id : type.defined) substitution.resources.emplace(id, graph_.fresh_resource());
  ExternList exports;
  for (const NamedExtern& e : type.exports.list()) exports.add(e.name, graph_.substitute(e.type, substitution));
  const InstanceNode* node = graph_.instance(std::move(exports), {});
  TRY(work());
  TRY(check_node(node));
  s.instances.push_back(node);
  s.info->resources_at[index] = std::move(substitution.resources);
  return {};
}

Status Validator::inline_instance(Scope& s, const std::vector<InlineExport>& exports) {
  NameScope names;
  ExternList list;
  for (const InlineExport& e : exports) {
    TRY_ASSIGN(const Extern item, extern_at(s, e.item));
    TRY(add_name(names, e.name, item, false));
    names.resources.clear();  // methods are for components and types, which name the resource types themselves
    list.add(e.name.name, item);
  }
  const InstanceNode* node = graph_.instance(std::move(list), {});
  TRY(check_node(node));
  s.instances.push_back(node);
  return {};
}

// --- exports

Status Validator::export_def(Scope& s, const ExportDef& def, uint32_t index) {
  TRY_ASSIGN(Extern item, extern_at(s, def.item));
  if (def.ascribed) {
    TRY_ASSIGN(item, ascribe(s, item, *def.ascribed, index));
  } else if (item.kind == Extern::Kind::Type) {
    item.node = graph_.copy(item.node);
  }
  TRY(add_name(s.export_names, def.name, item, false));
  TRY(check_visible(s, def.name.name, item, false));
  s.exports.add(def.name.name, item);
  return push(s, item);
}

Result<Extern> Validator::ascribe(Scope& s, Extern given, const ExternDesc& desc, uint32_t index) {
  std::vector<ResourceId> fresh;
  TRY_ASSIGN(const Extern wanted, extern_of(s, desc, fresh));
  Substitution substitution;
  const std::string why =
      Matcher(graph_, *out_.registry).mismatch(given, wanted, {fresh.begin(), fresh.end()}, substitution);
  TRY(work());
  if (!why.empty()) {
    return make_error(ErrorCode::type_mismatch, offset(), "the export is no subtype of the type it is given: " + why);
  }
  s.info->resources_at[index] = std::move(substitution.resources);
  return wanted;
}

Result<std::unique_ptr<Validated>> validate(const Component& component, const ValidateOptions& options) {
  auto out = std::make_unique<Validated>(options.limits);
  out->registry = options.registry ? options.registry : std::make_shared<module::TypeRegistry>();
  out->core_types.registry = out->registry;
  TRY_ASSIGN(out->root, Validator(*out, options).component(component, nullptr));
  return out;
}

}  // namespace ashlar::component
