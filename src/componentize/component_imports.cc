// What the imports of core modules stand for; see componentizer.h.
#include <algorithm>

#include "componentize/componentizer.h"
#include "componentize/trim_adapter.h"

namespace ashlar::componentize {

namespace {

constexpr std::string_view kDrop = "[resource-drop]", kNew = "[resource-new]", kRep = "[resource-rep]";

std::unexpected<Error> unknown(const module::Import& import, std::string why) {
  return make_error(ErrorCode::componentize_import, kNoOffset, std::string(import.module), std::string(import.name),
                    std::move(why));
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

Status Componentizer::resolve_imports() {
  imports_.resize(units_.size());
  for (uint32_t unit = 0; unit < units_.size(); ++unit) {
    for (const module::Import& import : units_[unit].core->imports) {
      TRY_ASSIGN(Target target, resolve(unit, import));
      TRY(check_import(unit, import, target));
      const std::optional<uint32_t> slot = slot_for(unit, import, target);
      imports_[unit].push_back({std::move(target), slot});
    }
  }
  add_destructors();
  return {};
}

const wit::WorldItem* find_interface(const wit::Resolve& model, const std::vector<wit::WorldItem>& items,
                                     std::string_view name) {
  return find_compatible(items, name, [&](const wit::WorldItem& item) {
    return std::holds_alternative<wit::InterfaceId>(item.what) ? model.extern_name(item) : std::string();
  });
}

Result<Componentizer::Target> Componentizer::resolve(uint32_t unit, const module::Import& import) {
  Target out;
  if (unit != kProgram && import.kind == module::ExternKind::Memory) {
    out.kind = Target::Kind::Memory;
    return out;
  }
  if (import.kind != module::ExternKind::Func) return unknown(import, "only functions can be imported");
  if (unit != kProgram && import.module == kMainModule) {
    const module::Export* found = core_.find_export(import.name);
    if (found == nullptr || found->kind != module::ExternKind::Func) {
      return make_error(ErrorCode::componentize_export, kNoOffset, std::string(import.name),
                        "the adapter \"" + units_[unit].name + "\" calls it");
    }
    out.kind = Target::Kind::Export;
    out.unit = kProgram;
    out.name = import.name;
    return out;
  }
  for (uint32_t other = 1; unit == kProgram && other < units_.size(); ++other) {
    if (units_[other].name != import.module) continue;
    out.kind = Target::Kind::Export;
    out.unit = other;
    out.name = import.name;
    return out;
  }
  std::string_view name = import.module;
  const Side side = take(name, kExportPrefix) ? Side::Export : Side::Import;
  if (name == kRoot) return resolve_root(import, side);
  const wit::WorldItem* item = find_interface(model_, side == Side::Export ? world().exports : world().imports, name);
  if (item != nullptr) return resolve_item(*item, import, side);
  if (side == Side::Export) return unknown(import, "the world exports no such interface");
  return unknown(import, is_preview1(name)
                             ? "it is WASI preview 1, which an adapter gives: --adapt " + std::string(name) + "=FILE"
                             : std::string("neither its world nor an adapter has that"));
}

Result<Componentizer::Target> Componentizer::resource_target(std::string_view field, wit::TypeId resource, Side side,
                                                             const module::Import& import) const {
  Target out;
  out.resource = resource;
  out.side = side;
  out.kind = field.starts_with(kDrop)  ? Target::Kind::Drop
             : field.starts_with(kNew) ? Target::Kind::New
                                       : Target::Kind::Rep;
  const bool local = std::holds_alternative<wit::Resource>(model_[resource].kind);
  if (out.kind != Target::Kind::Drop && (side != Side::Export || !local)) {
    return unknown(import, "only what defines a resource type has that of it");
  }
  return out;
}

Result<Componentizer::Target> Componentizer::resolve_item(const wit::WorldItem& item, const module::Import& import,
                                                          Side side) {
  const auto id = std::get<wit::InterfaceId>(item.what);
  std::string_view name = import.name;
  if (take(name, kDrop) || take(name, kNew) || take(name, kRep)) {
    const auto type = model_.find_type(id, name);
    const wit::TypeDef* def = type ? model_.definition(wit::Type(*type)) : nullptr;
    if (def == nullptr || !std::holds_alternative<wit::Resource>(def->kind)) {
      return unknown(import, "the interface has no such resource type");
    }
    return resource_target(import.name, *type, side, import);
  }
  if (side == Side::Export) return unknown(import, "resource functions alone come with an exported interface");
  Target out;
  out.function = model_.find_function(id, name);
  out.instance = model_.extern_name(item);
  if (out.function == nullptr) {
    return unknown(import, name.starts_with("[async") || name.starts_with("[stream") || name.starts_with("[future")
                               ? "asynchronous functions are not supported yet"
                               : "interface \"" + out.instance + "\" of the world has no such function");
  }
  return out;
}

Result<Componentizer::Target> Componentizer::resolve_root(const module::Import& import, Side side) {
  std::string_view name = import.name;
  const bool resource = take(name, kDrop) || take(name, kNew) || take(name, kRep);
  for (const wit::WorldItem& item : world().imports) {
    if (const auto* type = std::get_if<wit::TypeId>(&item.what)) {
      if (resource && model_[*type].name == name) return resource_target(import.name, *type, side, import);
    } else if (const auto* function = std::get_if<wit::Function>(&item.what)) {
      if (resource || function->name != name) continue;
      Target out;
      out.function = function;
      return out;
    }
  }
  return unknown(import, resource ? "the world has no such resource type" : "the world imports no such function");
}

// --- core types

Status Componentizer::check_import(uint32_t unit, const module::Import& import, const Target& target) {
  using Kind = Target::Kind;
  if (target.kind == Kind::Memory) {
    if (core_.find_export("memory") != nullptr) return {};
    return make_error(ErrorCode::componentize_export, kNoOffset, "memory",
                      "the adapter \"" + units_[unit].name + "\" works on it");
  }
  const isa::ValType i32 = isa::ValType::i32();
  module::FuncType wanted;
  switch (target.kind) {
    case Kind::Function:
      if (target.function->is_async) return unknown(import, "asynchronous functions are not supported yet");
      wanted = abi_->lowered(*target.function).core;
      break;
    case Kind::Drop:
      wanted = {{i32}, {}};
      break;
    case Kind::New:
    case Kind::Rep:
      wanted = {{i32}, {i32}};
      break;
    case Kind::Export: {
      const module::Module& core = *units_[target.unit].core;
      wanted = core.func_type(core.find_export(target.name)->index);
      break;
    }
    case Kind::Memory:
      break;
  }
  const module::FuncType& given = units_[unit].core->func_type(import.index);
  if (given == wanted) return {};
  return make_error(ErrorCode::componentize_type, kNoOffset,
                    "import \"" + std::string(import.module) + "\" \"" + std::string(import.name) + "\"",
                    module::to_string(given), module::to_string(wanted));
}

std::optional<uint32_t> Componentizer::slot_for(uint32_t unit, const module::Import& import, const Target& target) {
  // What needs the memory or functions of an instance that is made later, or right then.
  bool late = target.kind == Target::Kind::Export && unit == kProgram;
  if (target.kind == Target::Kind::Function) {
    const AbiFunction abi = abi_->lowered(*target.function);
    late = unit == kProgram ? abi.memory : abi.realloc;
  }
  if (!late) return std::nullopt;
  slots_.push_back({units_[unit].core->func_type(import.index), target, unit});
  return static_cast<uint32_t>(slots_.size() - 1);
}

void Componentizer::add_destructors() {
  for (const wit::WorldItem& item : world().exports) {
    const auto* id = std::get_if<wit::InterfaceId>(&item.what);
    if (id == nullptr) continue;
    for (const wit::TypeId type : model_[*id].types) {
      if (!std::holds_alternative<wit::Resource>(model_[type].kind)) continue;
      const std::string name = model_.extern_name(item) + "#[dtor]" + model_[type].name;
      for (uint32_t unit = 0; unit < units_.size(); ++unit) {
        const module::Export* found = units_[unit].core->find_export(name);
        if (found == nullptr || found->kind != module::ExternKind::Func) continue;
        Target target;
        target.kind = Target::Kind::Export;
        target.unit = unit;
        target.name = name;
        destructors_.emplace(type, static_cast<uint32_t>(slots_.size()));
        slots_.push_back({units_[unit].core->func_type(found->index), std::move(target), unit});
        break;
      }
    }
  }
}

void Componentizer::mark_needed() {
  needed_.emplace(model_);
  for (const auto& imports : imports_) {
    for (const UnitImport& import : imports) {
      if (import.target.function != nullptr) needed_->function(*import.target.function);
      const bool drop = import.target.kind == Target::Kind::Drop && import.target.side == Side::Import;
      if (drop) needed_->type(import.target.resource);
    }
  }
  for (const wit::WorldItem& item : world().exports) {
    if (const auto* id = std::get_if<wit::InterfaceId>(&item.what)) {
      needed_->interface(*id);
    } else {
      needed_->function(std::get<wit::Function>(item.what));
    }
  }
}

}  // namespace ashlar::componentize
