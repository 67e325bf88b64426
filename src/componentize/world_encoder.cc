// Encoding of worlds and packages; see world_encoder.h.
#include "componentize/world_encoder.h"

#include <unordered_set>
#include <variant>

#include "component/encode.h"
#include "component/validate.h"
#include "componentize/package_docs.h"

namespace ashlar::componentize {

using component::ComponentTypeDef;
using component::TypeDef;

WorldEncoder::WorldEncoder(const wit::Resolve& model, DefinitionSpace& space, const Needed* needed)
    : model_(model),
      space_(space),
      needed_(needed),
      types_(model, space, [this](wit::TypeId id) { return type(id, Side::Import); }) {}

component::ExternName WorldEncoder::extern_name(const wit::WorldItem& item) const {
  component::ExternName out = plain_name(model_.extern_name(item));
  if (const auto other = renames_.find(out.name); other != renames_.end()) out.name = other->second;
  const auto* interface = std::get_if<wit::InterfaceId>(&item.what);
  if (interface != nullptr && !item.label.empty() && !model_[*interface].name.empty()) {
    out.implements = model_.full_name(*interface);
  }
  out.external_id = item.external_id;
  return out;
}

uint32_t WorldEncoder::type(wit::TypeId id, Side side) {
  const wit::TypeDef& def = model_[id];
  const auto* interface = std::get_if<wit::InterfaceId>(&def.owner);
  const auto missing = [&] {
    if (!missing_) missing_ = id;
    return 0;
  };
  if (interface == nullptr) {
    const auto known = world_types_.find(id);
    return known != world_types_.end() ? known->second : missing();
  }
  const auto exported = exported_.find(*interface), imported = imported_.find(*interface);
  const bool from_export = side == Side::Export && exported != exported_.end();
  if (!from_export && imported == imported_.end()) return missing();
  const uint32_t instance = from_export ? exported->second : imported->second;
  const auto [at, added] = aliases_.try_emplace({instance, def.name}, 0);
  if (added) at->second = space_.alias_type(instance, def.name);
  return at->second;
}

Status WorldEncoder::status() const {
  if (!missing_) return {};
  const wit::TypeDef& def = model_[*missing_];
  const auto* interface = std::get_if<wit::InterfaceId>(&def.owner);
  const std::string owner = interface != nullptr ? model_.full_name(*interface) : std::string();
  return make_error(ErrorCode::componentize_rule, kNoOffset,
                    "the world uses type \"" + def.name + "\"" + (owner.empty() ? "" : " of \"" + owner + "\"") +
                        ", but does not import where it is defined");
}

std::optional<uint32_t> WorldEncoder::imported(const std::string& name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return std::nullopt;
  return found->second;
}

uint32_t WorldEncoder::instance_type(wit::InterfaceId id, const Needed* needed, Side side) {
  TypeDef def = interface_type(model_, id, needed, [&](wit::TypeId type) { return this->type(type, side); });
  return space_.type(std::move(def));
}

void WorldEncoder::import_type(wit::TypeId id) {
  const wit::TypeDef& def = model_[id];
  const bool resource = std::holds_alternative<wit::Resource>(def.kind);
  const component::ExternDesc desc = resource ? resource_desc() : type_desc(types_.unnamed(id));
  world_types_[id] = space_.import(plain_name(def.name), desc);
  by_name_[def.name] = world_types_[id];
}

void WorldEncoder::imports(const wit::World& world) {
  for (const wit::WorldItem& item : world.imports) {
    if (const auto* type = std::get_if<wit::TypeId>(&item.what)) {
      if (needed_ == nullptr || needed_->has(*type)) import_type(*type);
    } else if (const auto* interface = std::get_if<wit::InterfaceId>(&item.what)) {
      if (needed_ != nullptr && !needed_->has_any(*interface)) continue;
      const uint32_t type = instance_type(*interface, needed_, Side::Import);
      const uint32_t instance = space_.import(extern_name(item), instance_desc(type));
      by_name_[model_.extern_name(item)] = instance;
      if (item.label.empty()) imported_[*interface] = instance;
    } else {
      const auto& function = std::get<wit::Function>(item.what);
      if (needed_ != nullptr && !needed_->has(function)) continue;
      const uint32_t type = types_.func(function);
      component::ExternName name = plain_name(function.name);
      if (const auto other = renames_.find(name.name); other != renames_.end()) name.name = other->second;
      name.external_id = item.external_id;
      by_name_[function.name] = space_.import(std::move(name), func_desc(type));
    }
  }
}

void WorldEncoder::exports(const wit::World& world) {
  for (const wit::WorldItem& item : world.exports) {
    if (const auto* interface = std::get_if<wit::InterfaceId>(&item.what)) {
      const uint32_t type = instance_type(*interface, nullptr, Side::Export);
      const uint32_t instance = space_.export_decl(extern_name(item), instance_desc(type));
      if (item.label.empty()) exported_[*interface] = instance;
    } else if (const auto* function = std::get_if<wit::Function>(&item.what)) {
      const uint32_t type = types_.func(*function);
      component::ExternName name = plain_name(function->name);
      name.external_id = item.external_id;
      space_.export_decl(std::move(name), func_desc(type));
    }
  }
}

namespace {

Result<TypeDef> world_type(const wit::Resolve& model, wit::WorldId id) {
  ComponentTypeDef out;
  DefinitionSpace space(out.decls);
  WorldEncoder encoder(model, space);
  encoder.imports(model[id]);
  encoder.exports(model[id]);
  TRY(encoder.status());
  return TypeDef{std::move(out)};
}

/// The type around a world: a component that exports it by its full name.
Result<TypeDef> wrapped_world(const wit::Resolve& model, wit::WorldId id) {
  ComponentTypeDef out;
  DefinitionSpace space(out.decls);
  TRY_ASSIGN(TypeDef world, world_type(model, id));
  const uint32_t type = space.type(std::move(world));
  space.export_decl(plain_name(model.full_name(id)), component_desc(type));
  return TypeDef{std::move(out)};
}

/// The interfaces whose types `id` uses, and those that they use, each behind what it needs.
void add_dependencies(const wit::Resolve& model, wit::InterfaceId id, std::unordered_set<wit::InterfaceId>& seen,
                      std::vector<wit::InterfaceId>& out) {
  for (const wit::InterfaceId needed : model.dependencies(id)) {
    if (!seen.insert(needed).second) continue;
    add_dependencies(model, needed, seen, out);
    out.push_back(needed);
  }
}

/// The type around an interface: imports of the interfaces whose types it uses, as far as it uses them.
Result<TypeDef> wrapped_interface(const wit::Resolve& model, wit::InterfaceId id) {
  ComponentTypeDef out;
  DefinitionSpace space(out.decls);
  Needed needed(model);
  for (const wit::TypeId type : model[id].types) needed.type(type);
  WorldEncoder encoder(model, space, &needed);
  std::vector<wit::InterfaceId> dependencies;
  std::unordered_set<wit::InterfaceId> seen = {id};
  add_dependencies(model, id, seen, dependencies);
  wit::World world;
  const auto item = [](wit::InterfaceId what) {
    wit::WorldItem made;
    made.what = what;
    return made;
  };
  for (const wit::InterfaceId one : dependencies) world.imports.push_back(item(one));
  world.exports.push_back(item(id));
  encoder.imports(world);
  encoder.exports(world);
  TRY(encoder.status());
  return TypeDef{std::move(out)};
}

/// WIT allows what components do not: a record without fields, a method that is named like its resource.
Status add_type(ComponentBuilder& builder, TypeDef type, const std::string& full_name, const std::string& label) {
  component::Component alone;
  ComponentBuilder checked(alone);
  checked.export_type(label, checked.type(std::move(type)));
  component::ValidateOptions options;
  options.gates = component::Gates::all();
  if (const auto valid = component::validate(alone, options); !valid) {
    const std::string why(valid.error().message());
    return make_error(ErrorCode::componentize_rule, kNoOffset, "\"" + full_name + "\" is for no component: " + why);
  }
  builder.export_type(label, builder.type(std::get<TypeDef>(std::move(alone.defs.front().def))));
  return {};
}

}  // namespace

void order_by_need(const wit::Resolve& model, std::vector<wit::WorldItem>& items) {
  std::vector<wit::WorldItem> out;
  std::vector<bool> done(items.size());
  const auto place = [&](const auto& self, size_t i) -> void {
    if (done[i]) return;
    done[i] = true;
    if (const auto* interface = std::get_if<wit::InterfaceId>(&items[i].what)) {
      for (const wit::InterfaceId needed : model.dependencies(*interface)) {
        for (size_t k = 0; k < items.size(); ++k) {
          const auto* other = std::get_if<wit::InterfaceId>(&items[k].what);
          if (other != nullptr && *other == needed && items[k].label.empty()) self(self, k);
        }
      }
    }
    out.push_back(items[i]);
  };
  for (size_t i = 0; i < items.size(); ++i) place(place, i);
  items = std::move(out);
}

Result<component::Component> encode_package(const wit::Resolve& model, wit::PackageId id) {
  component::Component out;
  ComponentBuilder builder(out);
  const auto add = [&](Result<TypeDef> type, auto of) -> Status {
    if (!type) return std::unexpected(std::move(type).error());
    return add_type(builder, *std::move(type), model.full_name(of), model[of].name);
  };
  for (const wit::InterfaceId one : model[id].interfaces) TRY(add(wrapped_interface(model, one), one));
  for (const wit::WorldId one : model[id].worlds) TRY(add(wrapped_world(model, one), one));
  if (std::vector<uint8_t> docs = encode_package_docs(model, id); !docs.empty()) {
    builder.custom(std::string(kDocsSection), std::move(docs));
  }
  return out;
}

Result<std::vector<uint8_t>> encode_world_section(const wit::Resolve& model, wit::WorldId id,
                                                  component::StringEncoding encoding) {
  component::Component out;
  ComponentBuilder builder(out);
  builder.custom(std::string(kEncodingSection), {kEncodingVersion, static_cast<uint8_t>(encoding)});
  TRY_ASSIGN(TypeDef wrapped, wrapped_world(model, id));
  TRY(add_type(builder, std::move(wrapped), model.full_name(id), model[id].name));
  return component::encode(out);
}

}  // namespace ashlar::componentize
