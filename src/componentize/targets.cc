// Comparing a component with a world; see targets.h.
#include "componentize/targets.h"

#include <map>
#include <memory>
#include <utility>

#include "component/decode.h"
#include "component/validate.h"
#include "componentize/composition.h"
#include "componentize/world_encoder.h"

namespace ashlar::componentize {

namespace {

using component::ComponentNode;
using component::NamedExtern;

/// Names of the world's items by what the component calls them, where those are other versions.
using Renames = std::map<std::string, std::string>;

component::ExternList names_of(const wit::Resolve& model, const std::vector<wit::WorldItem>& items) {
  component::ExternList out;
  for (const wit::WorldItem& item : items) {
    if (const auto* type = std::get_if<wit::TypeId>(&item.what)) {
      out.add(model[*type].name, {component::Extern::Kind::Type, nullptr});
    } else if (const auto* function = std::get_if<wit::Function>(&item.what)) {
      out.add(function->name, {component::Extern::Kind::Func, nullptr});
    } else {
      out.add(model.extern_name(item), {component::Extern::Kind::Instance, nullptr});
    }
  }
  return out;
}

/// What one side lacks of the names of the other.
void missing_names(const ComponentNode& type, const wit::Resolve& model, const wit::World& world, Renames& renames,
                   std::vector<std::string>& out) {
  const component::ExternList imports = names_of(model, world.imports), exports = names_of(model, world.exports);
  for (const NamedExtern& import : type.imports.list()) {
    const NamedExtern* found = find_compatible(imports, import.name);
    if (found == nullptr) {
      out.push_back("it imports \"" + import.name + "\", which the world does not");
    } else {
      renames.emplace(found->name, import.name);
    }
  }
  for (const NamedExtern& wanted : exports.list()) {
    const NamedExtern* found = find_compatible(type.exports, wanted.name);
    if (found == nullptr) {
      out.push_back("it does not export \"" + wanted.name + "\", which the world does");
    } else {
      renames.emplace(wanted.name, found->name);
    }
  }
}

}  // namespace

Result<std::vector<std::string>> misfits(const std::vector<uint8_t>& component, const wit::Resolve& model,
                                         wit::WorldId world, const BinaryOptions& options) {
  TRY_ASSIGN(auto given, component::decode(component, nullptr, decode_options(options)));
  std::vector<std::string> out;
  Renames renames;
  {
    TRY_ASSIGN(const auto valid, component::validate(*given, validate_options(options, Bodies::Checked)));
    missing_names(*valid->root->type, model, model[world], renames, out);
  }
  if (!out.empty()) return out;
  // Both in one graph of types, where they can be compared.
  component::Component pair;
  ComponentBuilder builder(pair);
  component::ComponentTypeDef type;
  DefinitionSpace space(type.decls);
  WorldEncoder encoder(model, space);
  encoder.rename(std::move(renames));
  encoder.imports(model[world]);
  encoder.exports(model[world]);
  TRY(encoder.status());
  const uint32_t wanted = builder.type(component::TypeDef{std::move(type)});
  const uint32_t index = builder.component(std::move(given));
  TRY_ASSIGN(const auto valid, component::validate(pair, validate_options(options, Bodies::Known)));
  constexpr auto kComponent = component::Extern::Kind::Component;
  component::Substitution none;
  std::string why =
      component::Matcher(valid->graph, *valid->registry)
          .mismatch({kComponent, valid->root->components[index]}, {kComponent, valid->root->types[wanted]}, {}, none);
  TRY(valid->graph.check_work());
  if (!why.empty()) out.push_back(std::move(why));
  return out;
}

}  // namespace ashlar::componentize
