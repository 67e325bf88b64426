// The validator's state; its member functions are spread over validate*.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "component/names.h"
#include "component/validate.h"

namespace ashlar::component {

/// Exports of a core instance.
struct CoreInstanceType {
  std::unordered_map<std::string, runtime::ItemType> exports;
};

/// A core type of a scope: of Validated::core_types, or a module type.
struct CoreTypeEntry {
  uint32_t index = 0;
  const ModuleNode* module = nullptr;
};

/// Names of one list of imports or exports, and the resource types in it, which methods name.
struct NameScope {
  std::unordered_map<std::string, std::string> names;  ///< by name_key
  std::unordered_map<std::string, ResourceId> resources;
};

/// Index spaces of a component, or of a component, instance or core module type.
struct Scope {
  enum class Kind : uint8_t { Component, ComponentType, InstanceType, ModuleType };
  Scope(Kind k, Scope* outer) : kind(k), parent(outer) {}

  Kind kind;
  Scope* parent;
  ComponentInfo* info = nullptr;  ///< Component

  std::vector<uint32_t> core_funcs, core_tags;
  std::vector<module::TableType> core_tables;
  std::vector<module::MemoryType> core_memories;
  std::vector<module::GlobalType> core_globals;
  std::vector<CoreTypeEntry> core_types;
  std::vector<const ModuleNode*> core_modules;
  std::vector<std::shared_ptr<const CoreInstanceType>> core_instances;
  std::vector<const FuncNode*> funcs;
  std::vector<const Node*> types;
  std::vector<const ComponentNode*> components;
  std::vector<const InstanceNode*> instances;

  ExternList imports, exports;
  NameScope import_names, export_names;
  /// Types that have a name outside: by an import (so that imports may use them), or by either.
  std::unordered_set<const Node*> importable, exportable;
  std::vector<ResourceId> imported, defined;
  std::unordered_map<ResourceId, LocalResource> local_resources;
  std::optional<isa::ValType> context;  ///< of context.get and context.set
};

/// Validates definitions in order. The recursion is bounded: nesting by the decoder or parser (and checked here).
class Validator {
 public:
  Validator(Validated& out, const ValidateOptions& options) : out_(out), graph_(out.graph), options_(options) {}

  Result<std::shared_ptr<const ComponentInfo>> component(const Component& c, Scope* parent);

 private:
  using Labels = std::unordered_map<std::string, std::string>;

  // validate.cc: definitions
  Status definition(Scope& s, const Definition& def, uint32_t index);
  Status nested(Scope& s, const Component& c, uint32_t index);
  Status instance(Scope& s, const InstanceDef& def, uint32_t index);
  Status instantiate(Scope& s, const ComponentInstantiate& def, uint32_t index);
  Status inline_instance(Scope& s, const std::vector<InlineExport>& exports);
  Status export_def(Scope& s, const ExportDef& def, uint32_t index);
  Result<Extern> ascribe(Scope& s, Extern given, const ExternDesc& desc, uint32_t index);
  Status finish(Scope& s);

  // validate_externs.cc: imports, exports, aliases
  Status import(Scope& s, const ImportDef& def);
  Status export_decl(Scope& s, const ExportDecl& def);
  Result<Extern> extern_of(Scope& s, const ExternDesc& desc, std::vector<ResourceId>& fresh);
  Result<Extern> extern_at(Scope& s, const SortIdx& item);
  Status push(Scope& s, Extern type);
  Status add_name(NameScope& names, const ExternName& name, Extern type, bool imports);
  Status check_attributes(const ExternName& name, const ParsedName& parsed, Extern type, std::string_view what);
  Status check_annotation(const NameScope& names, const ExternName& name, const ParsedName& parsed, Extern type);
  Status check_visible(Scope& s, const std::string& name, Extern type, bool imports);
  bool make_visible(Scope& s, Extern type, bool imports);
  bool parts_named(const Node* node, const std::unordered_set<const Node*>& named);
  bool value_named(const ValueNode* node, const std::unordered_set<const Node*>& named);
  Status alias(Scope& s, const AliasDef& def);
  Status export_alias(Scope& s, const ExportAlias& a);
  Status core_export_alias(Scope& s, const CoreExportAlias& a);
  Status outer_alias(Scope& s, const OuterAlias& a);
  Result<Scope*> outer_scope(Scope& s, uint32_t count, bool& crosses_component);

  // validate_types.cc
  Result<const Node*> type(Scope& s, const TypeDef& def);
  Result<const Node*> value_type(Scope& s, const TypeDef& def);
  Result<const ValueNode*> type_ref(Scope& s, TypeRef ref);
  Result<const ValueNode*> optional_ref(Scope& s, const std::optional<TypeRef>& ref);
  Result<const ValueNode*> value_node(TypeKind kind, const std::vector<std::string>& labels,
                                      std::vector<const ValueNode*> parts, uint32_t length = 0,
                                      const ResourceNode* resource = nullptr);
  Result<const Node*> list_type(Scope& s, const ListType& list);
  Result<const Node*> map_type(Scope& s, const MapType& map);
  Result<const Node*> handle_type(Scope& s, TypeKind kind, uint32_t index);
  Result<const Node*> stream_type(Scope& s, TypeKind kind, const std::optional<TypeRef>& element);
  Result<const Node*> func_type(Scope& s, const FuncTypeDef& def);
  Result<const Node*> resource_type(Scope& s, const ResourceTypeDef& def);
  Result<const Node*> scope_type(Scope& parent, Scope::Kind kind, const std::vector<TypeDecl>& decls);
  Status type_decl(Scope& s, const TypeDecl& decl);
  Status check_label(Labels& labels, const std::string& label, std::string_view what);
  Status check_node(const Node* node);
  Result<const ResourceNode*> resource_at(Scope& s, uint32_t index);

  // validate_core.cc
  Status core_module(Scope& s, const CoreModuleDef& def);
  Result<std::unique_ptr<module::Module>> decode_core(const CoreModuleDef& def) const;
  const ModuleNode* module_node(const module::Module& m);
  Status core_type(Scope& s, const CoreTypeDef& def);
  Status rec_group(Scope& s, const std::vector<module::SubType>& types);
  Result<isa::ValType> core_val_type(Scope& s, isa::ValType type, uint32_t group_first, uint32_t group_count);
  Result<uint32_t> core_type_index(Scope& s, uint32_t index, uint32_t group_first, uint32_t group_count);
  Result<const ModuleNode*> module_type(Scope& s, const CoreModuleType& def);
  /// No import and no export occurs twice: instantiation in a component goes by names.
  Status check_unique(const ModuleNode& node, const std::string& what) const;
  Status module_decl(Scope& s, const CoreModuleDecl& decl, ModuleNode& out);
  Result<runtime::ItemType> item_type(Scope& s, const CoreExternType& type);
  Status core_instance(Scope& s, const CoreInstanceDef& def);
  Status core_instantiate(Scope& s, const CoreInstantiate& def);
  Result<runtime::ItemType> core_item(Scope& s, const CoreSortIdx& item);
  void push_core(Scope& s, const runtime::ItemType& item);
  /// The canonical type of a core function type without references.
  Result<uint32_t> core_func_type(const module::FuncType& type);
  const module::FuncType& core_func(uint32_t canonical) const { return out_.registry->get(canonical).def.func; }

  // validate_canon.cc
  struct Use {
    bool memory = false, realloc = false;  ///< needed
  };
  Status canon(Scope& s, const CanonDef& def);
  Status lift(Scope& s, const CanonDef& def);
  Status lower(Scope& s, const CanonDef& def);
  Result<module::FuncType> builtin(Scope& s, const CanonDef& def);
  Result<module::FuncType> resource_builtin(Scope& s, const CanonDef& def);
  Result<module::FuncType> stream_builtin(Scope& s, const CanonDef& def);
  Result<module::FuncType> task_return(Scope& s, const CanonDef& def);
  Result<module::FuncType> context(Scope& s, const CanonDef& def);
  Result<module::FuncType> thread_builtin(Scope& s, const CanonDef& def);
  Result<module::FuncType> error_context_builtin(Scope& s, const CanonDef& def);
  Status check_options(Scope& s, const CanonDef& def, Use use);
  Status check_core_func(Scope& s, uint32_t index, const module::FuncType& wanted, std::string_view what);
  Result<bool> memory64(Scope& s, const CanonOpts& opts);
  Result<bool> memory64_at(Scope& s, uint32_t index);
  static void flatten_params(const FuncType& type, size_t most, bool m64, module::FuncType& out, bool& spilled);

  // errors
  uint64_t offset() const { return offset_ == 0 ? kNoOffset : offset_; }
  std::unexpected<Error> rule(std::string text) const {
    return make_error(ErrorCode::component_rule, offset(), std::move(text));
  }
  std::unexpected<Error> unknown(std::string_view what, uint32_t index) const {
    return make_error(ErrorCode::unknown_index, offset(), std::string(what), std::to_string(index));
  }
  Status gate(Gate gate, std::string_view what) const {
    if (options_.gates.has(gate)) return {};
    return make_error(ErrorCode::component_gated, offset(), std::string(what), std::string(info(gate).name));
  }
  Status work() const { return graph_.check_work(offset()); }
  template <class T>
  Status room(const std::vector<T>& space, std::string_view what) const {
    if (space.size() < options_.limits.index_space) return {};
    return make_error(ErrorCode::module_limit, offset(), std::string(what),
                      std::to_string(options_.limits.index_space));
  }

  Validated& out_;
  TypeGraph& graph_;
  const ValidateOptions& options_;
  uint32_t offset_ = 0;
  uint32_t depth_ = 0;
  std::unordered_map<std::string, uint32_t> core_func_types_;
  std::unordered_map<const ModuleNode*, std::shared_ptr<const CoreInstanceType>> instance_types_;
};

}  // namespace ashlar::component
