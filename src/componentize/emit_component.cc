// The definitions of the component up to its exports; see componentizer.h.
#include <algorithm>

#include "base/leb128.h"
#include "componentize/componentizer.h"
#include "componentize/core_builder.h"
#include "isa/op_table.h"

namespace ashlar::componentize {

namespace {

using component::CoreSort;

constexpr char kTableName[] = "$imports";

module::TableType table_of(size_t slots) {
  module::TableType out;
  out.elem = isa::ValType::funcref();
  out.limits.min = slots;
  out.limits.max = slots;
  return out;
}

uint8_t code_of(isa::Op op) { return static_cast<uint8_t>(isa::info(op).code); }

/// A function that passes its arguments on to entry `index` of table 0.
std::vector<uint8_t> forward_body(const module::FuncType& type, uint32_t type_index, uint32_t index) {
  std::vector<uint8_t> out = {0};  // no locals
  for (uint32_t i = 0; i < type.params.size(); ++i) {
    out.push_back(code_of(isa::Op::local_get));
    base::append_leb_u32(out, i);
  }
  out.push_back(code_of(isa::Op::i32_const));
  base::append_leb_s32(out, static_cast<int32_t>(index));
  out.push_back(code_of(isa::Op::call_indirect));
  base::append_leb_u32(out, type_index);
  out.push_back(0);
  out.push_back(code_of(isa::Op::end));
  return out;
}

}  // namespace

Status Componentizer::emit() {
  encoder_.emplace(model_, builder_, &*needed_);
  encoder_->imports(world());
  TRY(encoder_->status());
  emit_modules();
  emit_resources();
  for (uint32_t unit = 0; unit < units_.size(); ++unit) TRY(emit_instance(unit));
  TRY(emit_fixup());
  emit_initialize();
  return emit_exports();
}

void Componentizer::emit_modules() {
  for (Unit& unit : units_) unit.index = builder_.core_module(unit.bytes);
  if (slots_.empty()) return;
  CoreBuilder shim, fixup;
  shim.table(table_of(slots_.size()));
  std::vector<uint32_t> filled;
  for (uint32_t i = 0; i < slots_.size(); ++i) {
    const std::string name = std::to_string(i);
    const uint32_t type = shim.type(slots_[i].type);
    const uint32_t func = shim.func(type, forward_body(slots_[i].type, type, i));
    shim.export_item(name, module::ExternKind::Func, func);
    filled.push_back(fixup.import_func("", name, fixup.type(slots_[i].type)));
  }
  shim.export_item(kTableName, module::ExternKind::Table, 0);
  fixup.import_table("", kTableName, table_of(slots_.size()));
  fixup.fill_table(filled);
  shim_module_ = builder_.core_module(shim.finish());
  fixup_module_ = builder_.core_module(fixup.finish());
  shim_ = builder_.core_instance(shim_module_, {});
}

void Componentizer::emit_resources() {
  for (const wit::WorldItem& item : world().exports) {
    const auto* id = std::get_if<wit::InterfaceId>(&item.what);
    if (id == nullptr) continue;
    for (const wit::TypeId type : model_[*id].types) {
      if (!std::holds_alternative<wit::Resource>(model_[type].kind)) continue;
      component::ResourceTypeDef def;
      def.rep = isa::ValType::i32();
      if (const auto slot = destructors_.find(type); slot != destructors_.end()) {
        def.destructor = builder_.core_alias(shim_, CoreSort::Func, std::to_string(slot->second));
      }
      local_resources_[type] = builder_.type(component::TypeDef{def});
    }
  }
}

uint32_t Componentizer::resource_type(wit::TypeId resource, Side side) {
  if (side == Side::Export) {
    const auto local = local_resources_.find(model_.dealias(resource));
    if (local != local_resources_.end()) return local->second;
  }
  return encoder_->type(resource, Side::Import);
}

Status Componentizer::emit_instance(uint32_t unit) {
  const module::Module& core = *units_[unit].core;
  // One instance for each module that it imports from.
  std::vector<std::pair<std::string_view, std::vector<component::CoreInlineExport>>> from;
  for (size_t i = 0; i < core.imports.size(); ++i) {
    const module::Import& import = core.imports[i];
    auto at = std::ranges::find(from, import.module, [](const auto& one) { return one.first; });
    if (at == from.end()) at = from.insert(from.end(), {import.module, {}});
    const bool memory = imports_[unit][i].target.kind == Target::Kind::Memory;
    const uint32_t item = memory ? *memory_ : core_item(unit, imports_[unit][i]);
    at->second.push_back({std::string(import.name), {memory ? CoreSort::Memory : CoreSort::Func, item}});
  }
  std::vector<component::CoreInstantiateArg> args;
  for (auto& [name, items] : from) {
    const uint32_t instance = builder_.core_instance(std::move(items));
    args.push_back({std::string(name), {CoreSort::Instance, instance}});
  }
  units_[unit].instance = builder_.core_instance(units_[unit].index, std::move(args));
  if (unit != kProgram) return {};
  const module::Export* memory = core.find_export("memory");
  if (memory != nullptr && memory->kind == module::ExternKind::Memory) {
    memory_ = builder_.core_alias(units_[unit].instance, CoreSort::Memory, "memory");
  } else if (units_.size() > 1 ||
             std::ranges::any_of(slots_, [](const Slot& slot) { return slot.target.kind == Target::Kind::Function; })) {
    return make_error(ErrorCode::componentize_export, kNoOffset, "memory",
                      "imported functions read and write what they are given there");
  }
  return {};
}

uint32_t Componentizer::core_item(uint32_t unit, const UnitImport& import) {
  if (import.slot) return builder_.core_alias(shim_, CoreSort::Func, std::to_string(*import.slot));
  const Target& target = import.target;
  switch (target.kind) {
    case Target::Kind::Function:
      return lowered(unit, target, false);
    case Target::Kind::Drop:
      return builder_.resource_op(component::CanonOp::resource_drop, resource_type(target.resource, target.side));
    case Target::Kind::New:
      return builder_.resource_op(component::CanonOp::resource_new, resource_type(target.resource, target.side));
    case Target::Kind::Rep:
      return builder_.resource_op(component::CanonOp::resource_rep, resource_type(target.resource, target.side));
    case Target::Kind::Export:
    case Target::Kind::Memory:
      break;
  }
  return builder_.core_alias(units_[target.unit].instance, CoreSort::Func, target.name);
}

component::CanonOpts Componentizer::options_for(const Unit& unit, const AbiFunction& abi,
                                                const std::optional<std::string>& realloc) {
  component::CanonOpts out;
  if (!abi.memory) return out;
  out.encoding = unit.encoding;
  out.memory = memory_;
  if (!abi.realloc) return out;
  const auto [at, added] = core_exports_.try_emplace({unit.instance, *realloc}, 0);
  if (added) at->second = builder_.core_alias(unit.instance, CoreSort::Func, *realloc);
  out.realloc = at->second;
  return out;
}

uint32_t Componentizer::lowered(uint32_t user, const Target& target, bool indirect) {
  const uint32_t func = target.instance.empty() ? *encoder_->imported(target.function->name)
                                                : builder_.alias(*encoder_->imported(target.instance),
                                                                 {component::Sort::Func, {}}, target.function->name);
  const AbiFunction abi = abi_->lowered(*target.function);
  component::CanonOpts options;
  if (indirect || abi.memory) options = options_for(units_[user], abi, units_[user].import_realloc);
  return builder_.lower(func, options);
}

uint32_t Componentizer::slot_item(const Slot& slot) {
  if (slot.target.kind == Target::Kind::Function) return lowered(slot.user, slot.target, true);
  return builder_.core_alias(units_[slot.target.unit].instance, CoreSort::Func, slot.target.name);
}

Status Componentizer::emit_fixup() {
  if (slots_.empty()) return {};
  std::vector<component::CoreInlineExport> items;
  for (uint32_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    const bool allocates = slot.target.kind == Target::Kind::Function && abi_->lowered(*slot.target.function).realloc;
    if (allocates && !units_[slot.user].import_realloc) {
      return make_error(ErrorCode::componentize_export, kNoOffset, "cabi_realloc",
                        "what the imported function \"" + slot.target.function->name + "\" returns is allocated by it");
    }
    items.push_back({std::to_string(i), {CoreSort::Func, slot_item(slot)}});
  }
  items.push_back({kTableName, {CoreSort::Table, builder_.core_alias(shim_, CoreSort::Table, kTableName)}});
  const uint32_t given = builder_.core_instance(std::move(items));
  builder_.core_instance(fixup_module_, {{"", {CoreSort::Instance, given}}});
  return {};
}

/// A module whose start function is the program's `_initialize`.
void Componentizer::emit_initialize() {
  constexpr char kName[] = "_initialize";
  const module::Export* found = core_.find_export(kName);
  if (found == nullptr || found->kind != module::ExternKind::Func) return;
  CoreBuilder starter;
  starter.module().start = starter.import_func("", kName, starter.type({}));
  const uint32_t module = builder_.core_module(starter.finish());
  builder_.core_instance(module, {{"", {CoreSort::Instance, units_[kProgram].instance}}});
}

}  // namespace ashlar::componentize
