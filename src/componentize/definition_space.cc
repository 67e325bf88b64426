// Appending of definitions; see definition_space.h.
#include "componentize/definition_space.h"

#include <memory>
#include <utility>

namespace ashlar::componentize {

using namespace component;  // the syntax that all of this file writes

namespace {

constexpr AnySort kFunc{Sort::Func, {}}, kInstance{Sort::Instance, {}}, kComponent{Sort::Component, {}};
constexpr AnySort core(CoreSort sort) { return {Sort::Core, sort}; }

ExternDesc desc_of(Sort sort, uint32_t type) {
  ExternDesc out;
  out.sort = {sort, {}};
  out.type = type;
  return out;
}

}  // namespace

ExternName plain_name(std::string name) {
  ExternName out;
  out.name = std::move(name);
  return out;
}
ExternDesc func_desc(uint32_t type) { return desc_of(Sort::Func, type); }
ExternDesc instance_desc(uint32_t type) { return desc_of(Sort::Instance, type); }
ExternDesc component_desc(uint32_t type) { return desc_of(Sort::Component, type); }
ExternDesc type_desc(uint32_t equal) { return desc_of(Sort::Type, equal); }
ExternDesc resource_desc() {
  ExternDesc out = desc_of(Sort::Type, 0);
  out.sub_resource = true;
  return out;
}

uint32_t DefinitionSpace::type(TypeDef def) {
  if (component_ != nullptr) {
    component_->defs.push_back({std::move(def)});
  } else {
    decls_->push_back({std::make_unique<TypeDef>(std::move(def))});
  }
  return next(kType);
}

uint32_t DefinitionSpace::alias(AliasDef def, AnySort sort) {
  if (component_ != nullptr) {
    component_->defs.push_back({std::move(def)});
  } else {
    decls_->push_back({std::move(def)});
  }
  return next(sort);
}

uint32_t DefinitionSpace::alias_type(uint32_t instance, std::string name) {
  return alias(AliasDef{ExportAlias{kType, instance, std::move(name)}}, kType);
}

uint32_t DefinitionSpace::alias_outer_type(uint32_t count, uint32_t index) {
  return alias(AliasDef{OuterAlias{kType, count, index}}, kType);
}

uint32_t DefinitionSpace::import(ExternName name, const ExternDesc& desc) {
  ImportDef def{std::move(name), desc};
  if (component_ != nullptr) {
    component_->defs.push_back({std::move(def)});
  } else {
    decls_->push_back({std::move(def)});
  }
  return next(desc.sort);
}

uint32_t DefinitionSpace::export_type(std::string name, uint32_t type) {
  if (component_ == nullptr) return export_decl(plain_name(std::move(name)), type_desc(type));
  component_->defs.push_back({ExportDef{plain_name(std::move(name)), {kType, type}, {}}});
  return next(kType);
}

uint32_t DefinitionSpace::export_decl(ExternName name, const ExternDesc& desc) {
  decls_->push_back({ExportDecl{std::move(name), desc}});
  return next(desc.sort);
}

uint32_t ComponentBuilder::core_module(std::vector<uint8_t> bytes) {
  auto kept = std::make_shared<const std::vector<uint8_t>>(std::move(bytes));
  component_->defs.push_back({CoreModuleDef{*kept, kept}});
  return next(core(CoreSort::Module));
}

uint32_t ComponentBuilder::core_instance(uint32_t module, std::vector<CoreInstantiateArg> args) {
  component_->defs.push_back({CoreInstanceDef{CoreInstantiate{module, std::move(args)}}});
  return next(core(CoreSort::Instance));
}

uint32_t ComponentBuilder::core_instance(std::vector<CoreInlineExport> exports) {
  component_->defs.push_back({CoreInstanceDef{std::move(exports)}});
  return next(core(CoreSort::Instance));
}

uint32_t ComponentBuilder::core_alias(uint32_t instance, CoreSort sort, std::string name) {
  component_->defs.push_back({AliasDef{CoreExportAlias{sort, instance, std::move(name)}}});
  return next(core(sort));
}

uint32_t ComponentBuilder::component(std::unique_ptr<Component> component) {
  component_->defs.push_back({std::move(component)});
  return next(kComponent);
}

uint32_t ComponentBuilder::instance(uint32_t component, std::vector<InstantiateArg> args) {
  component_->defs.push_back({InstanceDef{ComponentInstantiate{component, std::move(args)}}});
  return next(kInstance);
}

uint32_t ComponentBuilder::alias(uint32_t instance, AnySort sort, std::string name) {
  component_->defs.push_back({AliasDef{ExportAlias{sort, instance, std::move(name)}}});
  return next(sort);
}

uint32_t ComponentBuilder::lift(uint32_t core_func, uint32_t type, const CanonOpts& opts) {
  CanonDef def;
  def.op = CanonOp::lift;
  def.func = core_func;
  def.type = type;
  def.opts = opts;
  component_->defs.push_back({std::move(def)});
  return next(kFunc);
}

uint32_t ComponentBuilder::core_func(CanonDef def) {
  component_->defs.push_back({std::move(def)});
  return next(core(CoreSort::Func));
}

uint32_t ComponentBuilder::lower(uint32_t func, const CanonOpts& opts) {
  CanonDef def;
  def.op = CanonOp::lower;
  def.func = func;
  def.opts = opts;
  return core_func(std::move(def));
}

uint32_t ComponentBuilder::resource_op(CanonOp op, uint32_t type) {
  CanonDef def;
  def.op = op;
  def.type = type;
  return core_func(std::move(def));
}

uint32_t ComponentBuilder::export_item(ExternName name, SortIdx item, std::optional<ExternDesc> ascribed) {
  component_->defs.push_back({ExportDef{std::move(name), item, std::move(ascribed)}});
  return next(item.sort);
}

void ComponentBuilder::custom(std::string name, std::vector<uint8_t> contents) {
  component_->defs.push_back({CustomSection{std::move(name), std::move(contents)}});
}

}  // namespace ashlar::componentize
