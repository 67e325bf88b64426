// Flattening; see plan.h. Indices, sorts and types were checked by validation.
#include "component/plan.h"

#include "component/planner.h"

namespace ashlar::component {

std::string to_string(const std::vector<std::string>& path) {
  std::string out;
  for (const std::string& name : path) out += (out.empty() ? "" : "#") + name;
  return out;
}

const PlanExport* PlanExports::find(std::string_view name) const {
  for (const auto& [key, value] : items) {
    if (key == name) return &value;
  }
  return nullptr;
}

void InstanceItem::add(const std::string& name, Item item) {
  by_name.emplace(name, exports.size());
  exports.emplace_back(name, std::move(item));
}

const Item* InstanceItem::find(std::string_view name) const {
  const auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : &exports[found->second].second;
}

std::vector<CoreRef>& PlanScope::core(CoreSort sort) {
  switch (sort) {
    case CoreSort::Table:
      return core_tables;
    case CoreSort::Memory:
      return core_memories;
    case CoreSort::Global:
      return core_globals;
    case CoreSort::Tag:
      return core_tags;
    case CoreSort::Func:
    case CoreSort::Type:
    case CoreSort::Module:
    case CoreSort::Instance:
      break;
  }
  return core_funcs;
}

PlanScope* Planner::new_scope(PlanScope* parent, uint32_t instance) {
  PlanScope& s = scopes_.emplace_back();
  s.parent = parent;
  s.instance = instance;
  return &s;
}

Status Planner::count() {
  if (++definitions_ > limits_.definitions) {
    return make_error(ErrorCode::component_too_large, kNoOffset, std::to_string(limits_.definitions), "definitions");
  }
  return {};
}

Result<std::shared_ptr<const InstanceItem>> Planner::instantiate(const Component& c, PlanScope* lexical,
                                                                 uint32_t parent, const Args* args) {
  if (plan_.instances.size() >= limits_.instances) {
    return make_error(ErrorCode::component_too_large, kNoOffset, std::to_string(limits_.instances), "instances");
  }
  const auto instance = static_cast<uint32_t>(plan_.instances.size());
  plan_.instances.push_back({.parent = parent});
  PlanScope& s = *new_scope(lexical, instance);
  auto exports = std::make_shared<InstanceItem>();
  for (const Definition& d : c.defs) {
    TRY(count());
    Status done = define(s, d, args, *exports);
    if (!done) {
      Error error = std::move(done).error();
      if (error.offset() == kNoOffset && d.offset != 0) error = std::move(error).at(d.offset);
      return std::unexpected(std::move(error));
    }
  }
  return exports;
}

Status Planner::define(PlanScope& s, const Definition& d, const Args* args, InstanceItem& exports) {
  return std::visit(
      [&](const auto& def) -> Status {
        using D = std::decay_t<decltype(def)>;
        if constexpr (std::is_same_v<D, CoreTypeDef>) {
          ++s.core_types;
          return {};
        } else if constexpr (std::is_same_v<D, std::unique_ptr<Component>>) {
          s.components.push_back({def.get(), &s});
          return {};
        } else if constexpr (std::is_same_v<D, TypeDef>) {
          TRY_ASSIGN(TypeItem item, eval(s, def));
          s.types.push_back(std::move(item));
          return {};
        } else if constexpr (std::is_same_v<D, ImportDef>) {
          return define(s, def, args);
        } else if constexpr (std::is_same_v<D, ExportDef>) {
          return define(s, def, exports);
        } else if constexpr (std::is_same_v<D, StartDef> || std::is_same_v<D, ValueDef>) {
          return make_error(ErrorCode::component_unsupported, kNoOffset, "values and start functions of components");
        } else if constexpr (std::is_same_v<D, CustomSection>) {
          return {};
        } else {
          return define(s, def);
        }
      },
      d.def);
}

Status Planner::define(PlanScope& s, const CoreModuleDef& d) {
  s.modules.push_back({static_cast<uint32_t>(plan_.modules.size())});
  plan_.modules.push_back({std::nullopt, &d});
  return {};
}

Status Planner::define(PlanScope& s, const CoreInstanceDef& d) {
  CoreInstanceItem out;
  if (const auto* exports = std::get_if<std::vector<CoreInlineExport>>(&d.expr)) {
    auto items = std::make_shared<CoreInstanceItem::Exports>();
    items->reserve(exports->size());
    for (const CoreInlineExport& e : *exports) {
      // Types are the only other sort that may stand here, and mean nothing to instances.
      if (e.item.sort <= CoreSort::Tag) items->emplace(e.name, s.core(e.item.sort)[e.item.index]);
    }
    out.exports = std::move(items);
    s.core_instances.push_back(std::move(out));
    return {};
  }
  const auto& make = std::get<CoreInstanceDef::Instantiate>(d.expr);
  if (plan_.core_instances.size() >= limits_.instances) {
    return make_error(ErrorCode::component_too_large, kNoOffset, std::to_string(limits_.instances), "core instances");
  }
  PlanCoreInstance made;
  made.module = s.modules[make.module].module;
  made.owner = s.instance;
  for (const CoreInstantiateArg& arg : make.args) {
    made.args.emplace(arg.name, s.core_instances[arg.item.index]);
  }
  out.instance = static_cast<uint32_t>(plan_.core_instances.size());
  plan_.core_instances.push_back(std::move(made));
  s.core_instances.push_back(std::move(out));
  return {};
}

Result<Item> Planner::item_at(PlanScope& s, const SortIdx& at) const {
  switch (at.sort.sort) {
    case Sort::Core:
      return Item(s.modules[at.index]);
    case Sort::Func:
      return Item(s.funcs[at.index]);
    case Sort::Value:
      return Item(ValueItem{});
    case Sort::Type:
      return Item(s.types[at.index]);
    case Sort::Component:
      return Item(s.components[at.index]);
    case Sort::Instance:
      return Item(s.instances[at.index]);
  }
  return make_error(ErrorCode::component_unsupported, kNoOffset, "this sort of item");
}

void Planner::push(PlanScope& s, const Item& item) {
  std::visit(
      [&](const auto& x) {
        using X = std::decay_t<decltype(x)>;
        if constexpr (std::is_same_v<X, FuncItem>) s.funcs.push_back(x);
        if constexpr (std::is_same_v<X, TypeItem>) s.types.push_back(x);
        if constexpr (std::is_same_v<X, ComponentItem>) s.components.push_back(x);
        if constexpr (std::is_same_v<X, std::shared_ptr<const InstanceItem>>) s.instances.push_back(x);
        if constexpr (std::is_same_v<X, ModuleItem>) s.modules.push_back(x);
        if constexpr (std::is_same_v<X, ValueItem>) ++s.values;
      },
      item);
}

Status Planner::define(PlanScope& s, const InstanceDef& d) {
  if (const auto* exports = std::get_if<std::vector<InlineExport>>(&d.expr)) {
    auto out = std::make_shared<InstanceItem>();
    for (const InlineExport& e : *exports) {
      TRY_ASSIGN(Item item, item_at(s, e.item));
      out->add(e.name.name, std::move(item));
    }
    s.instances.push_back(std::move(out));
    return {};
  }
  const auto& make = std::get<InstanceDef::Instantiate>(d.expr);
  const ComponentItem component = s.components[make.component];
  if (component.def == nullptr) {
    return make_error(ErrorCode::component_unsupported, kNoOffset, "imported components");
  }
  Args args;
  for (const InstantiateArg& arg : make.args) {
    TRY_ASSIGN(Item item, item_at(s, arg.item));
    args.emplace(arg.name, std::move(item));
  }
  TRY_ASSIGN(auto made, instantiate(*component.def, component.scope, s.instance, &args));
  s.instances.push_back(std::move(made));
  return {};
}

Status Planner::define(PlanScope& s, const AliasDef& d) {
  if (const auto* outer = std::get_if<OuterAlias>(&d.target)) {
    PlanScope* from = &s;
    for (uint32_t i = 0; i < outer->count; ++i) from = from->parent;
    if (outer->sort.sort == Sort::Core && outer->sort.core == CoreSort::Type) {
      ++s.core_types;
      return {};
    }
    TRY_ASSIGN(const Item item, item_at(*from, {outer->sort, outer->index}));
    push(s, item);
    return {};
  }
  if (const auto* core = std::get_if<CoreExportAlias>(&d.target)) {
    const CoreInstanceItem& from = s.core_instances[core->instance];
    if (core->sort == CoreSort::Type) {
      ++s.core_types;
      return {};
    }
    if (from.instance) {
      s.core(core->sort).push_back({*from.instance, 0, core->name});
    } else {
      s.core(core->sort).push_back(from.exports->find(core->name)->second);
    }
    return {};
  }
  const auto& alias = std::get<ExportAlias>(d.target);
  push(s, *s.instances[alias.instance]->find(alias.name));
  return {};
}

Status Planner::define(PlanScope& s, const ImportDef& d, const Args* args) {
  if (args == nullptr) {
    std::vector<std::string> path{d.name.name};
    TRY_ASSIGN(const Item item, bind_import(s, d.desc, path));
    push(s, item);
    return {};
  }
  push(s, args->find(d.name.name)->second);
  return {};
}

Status Planner::define(PlanScope& s, const ExportDef& d, InstanceItem& exports) {
  TRY_ASSIGN(Item item, item_at(s, d.item));
  push(s, item);
  exports.add(d.name.name, std::move(item));
  return {};
}

void Planner::export_item(PlanExports& to, const std::string& name, const Item& item) const {
  PlanExport out;
  if (const auto* func = std::get_if<FuncItem>(&item)) {
    out.kind = PlanExport::Kind::Func;
    out.index = func->func;
  } else if (const auto* instance = std::get_if<std::shared_ptr<const InstanceItem>>(&item)) {
    out.kind = PlanExport::Kind::Instance;
    out.instance = std::make_shared<PlanExports>();
    for (const auto& [inner, value] : (*instance)->exports) export_item(*out.instance, inner, value);
  } else if (const auto* module = std::get_if<ModuleItem>(&item)) {
    out.kind = PlanExport::Kind::CoreModule;
    out.index = module->module;
  } else if (const auto* type = std::get_if<TypeItem>(&item)) {
    if (const auto* value = std::get_if<const ValType*>(type)) {
      out.kind = PlanExport::Kind::ValueType;
      out.type = *value;
    } else if (const auto* resource = std::get_if<ResourceItem>(type)) {
      out.kind = PlanExport::Kind::Resource;
      out.index = resource->id;
    } else if (std::holds_alternative<std::shared_ptr<const FuncType>>(*type)) {
      out.kind = PlanExport::Kind::FuncType;
    }
  }
  to.items.emplace_back(name, std::move(out));
}

Status Planner::run(const Component& root) {
  TRY_ASSIGN(const auto exports, instantiate(root, nullptr, module::kNoIndex, nullptr));
  for (const auto& [name, item] : exports->exports) export_item(plan_.exports, name, item);
  return {};
}

Result<std::unique_ptr<Plan>> make_plan(const Component& root, const PlanLimits& limits) {
  auto plan = std::make_unique<Plan>();
  TRY(Planner(*plan, limits).run(root));
  return plan;
}

}  // namespace ashlar::component
