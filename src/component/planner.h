// The state of planning: scopes with what each index means. Inside src/component only.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "component/plan.h"

namespace ashlar::component {

struct PlanScope;
struct InstanceItem;

/// A component type or an instance type is evaluated where it is used, in the scope where it stands.
struct TypeClosure {
  const TypeDef* def = nullptr;
  PlanScope* scope = nullptr;
};
struct ResourceItem {
  ResourceId id = 0;
};
using TypeItem =
    std::variant<std::monostate, const ValType*, std::shared_ptr<const FuncType>, ResourceItem, TypeClosure>;

/// A component that can be instantiated: its definitions and the scope that its outer aliases count from.
struct ComponentItem {
  const Component* def = nullptr;
  PlanScope* scope = nullptr;
};
struct FuncItem {
  uint32_t func = 0;  ///< in Plan::funcs
};
struct ModuleItem {
  uint32_t module = 0;  ///< in Plan::modules
};
struct ValueItem {};
using Item =
    std::variant<FuncItem, TypeItem, ComponentItem, std::shared_ptr<const InstanceItem>, ModuleItem, ValueItem>;

struct InstanceItem {
  std::vector<std::pair<std::string, Item>> exports;  ///< in order
  std::map<std::string, size_t, std::less<>> by_name;
  void add(const std::string& name, Item item);
  const Item* find(std::string_view name) const;
};

/// The index spaces of a component (of one of its instances), or of a component or instance type.
struct PlanScope {
  PlanScope* parent = nullptr;
  uint32_t instance = 0;  ///< in Plan::instances
  std::vector<CoreRef> core_funcs, core_tables, core_memories, core_globals, core_tags;
  std::vector<ModuleItem> modules;
  std::vector<CoreInstanceItem> core_instances;
  uint32_t core_types = 0;  ///< how many: planning does not look into them
  std::vector<FuncItem> funcs;
  std::vector<TypeItem> types;
  std::vector<ComponentItem> components;
  std::vector<std::shared_ptr<const InstanceItem>> instances;
  uint32_t values = 0;

  std::vector<CoreRef>& core(CoreSort sort);
};

class Planner {
 public:
  Planner(Plan& plan, const PlanLimits& limits) : plan_(plan), limits_(limits) {}
  Status run(const Component& root);

 private:
  using Args = std::map<std::string, Item, std::less<>>;
  /// What an instance of the component exports. `args`: null for the root, whose imports are the host's.
  Result<std::shared_ptr<const InstanceItem>> instantiate(const Component& c, PlanScope* lexical, uint32_t parent,
                                                          const Args* args);
  PlanScope* new_scope(PlanScope* parent, uint32_t instance);
  Status count();

  // plan.cc: definitions.
  Status define(PlanScope& s, const Definition& d, const Args* args, InstanceItem& exports);
  Status define(PlanScope& s, const CoreModuleDef& d);
  Status define(PlanScope& s, const CoreInstanceDef& d);
  Status define(PlanScope& s, const InstanceDef& d);
  Status define(PlanScope& s, const AliasDef& d);
  Status define(PlanScope& s, const ImportDef& d, const Args* args);
  Status define(PlanScope& s, const ExportDef& d, InstanceItem& exports);
  Result<Item> item_at(PlanScope& s, const SortIdx& at) const;
  void push(PlanScope& s, const Item& item);

  // plan_types.cc
  Result<TypeItem> eval(PlanScope& s, const TypeDef& def);
  const ValType* eval(const PlanScope& s, const TypeRef& ref) const;
  const ValType* eval(const PlanScope& s, const std::optional<TypeRef>& ref) const;
  std::shared_ptr<const FuncType> eval(const PlanScope& s, const FuncTypeDef& def) const;
  Result<Item> bind_import(PlanScope& s, const ExternDesc& desc, std::vector<std::string>& path);
  Result<Item> bind_instance(const TypeClosure& type, uint32_t instance, std::vector<std::string>& path);

  // plan_canon.cc
  Status define(PlanScope& s, const CanonDef& d);
  PlanOptions options(const PlanScope& s, const CanonOpts& opts);
  void lift(PlanScope& s, const CanonDef& d);

  void export_item(PlanExports& to, const std::string& name, const Item& item) const;

  Plan& plan_;
  const PlanLimits& limits_;
  uint32_t definitions_ = 0;
  std::deque<PlanScope> scopes_;
};

}  // namespace ashlar::component
