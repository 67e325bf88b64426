// Whole binaries to WIT; see wit_decoder.h.
#include <algorithm>
#include <set>
#include <utility>

#include "component/decode.h"
#include "component/validate.h"
#include "componentize/package_docs.h"
#include "componentize/wit_decoder.h"
#include "componentize/world_encoder.h"
#include "wit/print.h"

namespace ashlar::componentize {

component::ValidateOptions validate_options(const BinaryOptions& options, Bodies bodies) {
  component::ValidateOptions out;
  out.features = options.features;
  out.core_limits = options.limits;
  out.lazy = bodies == Bodies::Known;
  return out;
}

component::DecodeOptions decode_options(const BinaryOptions& options) {
  component::DecodeOptions out;
  out.features = options.features;
  out.core_limits = options.limits;
  return out;
}

namespace {

/// Only types are of interest: bodies of core modules are left alone.
Result<std::unique_ptr<component::Validated>> check(const component::Component& component,
                                                    const BinaryOptions& options) {
  return component::validate(component, validate_options(options, Bodies::Known));
}

/// Whether the component does nothing but export types of components: a package in binary form.
bool is_package(const component::ComponentNode& type) {
  const auto& exports = type.exports.list();
  return type.imports.list().empty() && !exports.empty() &&
         std::ranges::all_of(exports, [](const component::NamedExtern& item) {
           return item.type.kind == component::Extern::Kind::Type &&
                  item.type.node->kind == component::NodeKind::Component;
         });
}

}  // namespace

wit::Resolved WitDecoder::finish(wit::PackageId root) {
  // Components do not say in which order packages need one another.
  const std::vector<std::set<wit::PackageId>> needs = wit::package_needs(model_);
  std::vector<wit::PackageId> order;
  std::vector<bool> seen(needs.size());
  const auto visit = [&](const auto& self, wit::PackageId id) -> void {
    if (seen[static_cast<size_t>(id)]) return;
    seen[static_cast<size_t>(id)] = true;
    for (const wit::PackageId needed : needs[static_cast<size_t>(id)]) self(self, needed);
    order.push_back(id);
  };
  for (size_t i = 0; i < needs.size(); ++i) visit(visit, static_cast<wit::PackageId>(i));
  std::vector<wit::PackageId> moved(order.size());
  std::vector<wit::Package> packages;
  for (size_t i = 0; i < order.size(); ++i) {
    moved[static_cast<size_t>(order[i])] = static_cast<wit::PackageId>(i);
    packages.push_back(std::move(model_[order[i]]));
  }
  model_.packages = std::move(packages);
  for (wit::Interface& one : model_.interfaces) one.package = moved[static_cast<size_t>(one.package)];
  for (wit::World& one : model_.worlds) one.package = moved[static_cast<size_t>(one.package)];
  begin();
  told_.clear();
  types_.clear();
  functions_.clear();
  labels_.clear();
  instances_.clear();
  return {std::exchange(model_, {}), {moved[static_cast<size_t>(root)]}};
}

Result<wit::Resolved> decode_wit(const component::Component& component, const BinaryOptions& options) {
  TRY_ASSIGN(const auto valid, check(component, options));
  const component::ComponentNode& type = *valid->root->type;
  WitDecoder decoder;
  if (!is_package(type)) {
    const wit::WorldId world = decoder.world({{"root", "component", {}}, "root"});
    TRY(decoder.add(type, world));
    return decoder.finish(decoder.model()[world].package);
  }
  std::optional<wit::PackageId> root;
  for (const component::NamedExtern& item : type.exports.list()) {
    TRY_ASSIGN(const wit::PackageId package,
               decoder.add_wrapped(static_cast<const component::ComponentNode&>(*item.type.node), item.name));
    root = root.value_or(package);
  }
  wit::Resolved out = decoder.finish(*root);
  const component::Definition* docs = nullptr;
  for (const component::Definition& def : component.defs) {
    const auto* custom = std::get_if<component::CustomSection>(&def.def);
    if (custom == nullptr || custom->name != kDocsSection) continue;
    if (docs != nullptr) {
      return make_error(ErrorCode::world_section, def.offset, std::string(kDocsSection), "it is there twice");
    }
    docs = &def;
    TRY(apply_package_docs(custom->contents, def.offset, out.model, out.roots[0]));
  }
  return out;
}

namespace {

/// Adds one section to `world`; makes the world when there is none yet.
Status add_section(const module::Module& core, const module::CustomSection& section, const BinaryOptions& options,
                   WitDecoder& decoder, std::optional<wit::WorldId>& world, component::StringEncoding& encoding) {
  const std::string name(section.name);
  const auto malformed = [&](std::string why) {
    return make_error(ErrorCode::world_section, section.contents_offset, name, std::move(why));
  };
  const auto bytes = core.bytes.subspan(section.contents_offset, section.contents_size);
  auto component = component::decode(bytes, core.storage, decode_options(options));
  if (!component) return malformed(component.error().message());
  for (const component::Definition& def : (*component)->defs) {
    const auto* custom = std::get_if<component::CustomSection>(&def.def);
    if (custom == nullptr || custom->name != kEncodingSection) continue;
    if (custom->contents.size() != 2 || custom->contents[0] != kEncodingVersion || custom->contents[1] > 2) {
      return malformed("version 4 of its encoding was expected");
    }
    encoding = static_cast<component::StringEncoding>(custom->contents[1]);
  }
  auto valid = check(**component, options);
  if (!valid) return malformed(valid.error().message());
  const component::ComponentNode& type = *(*valid)->root->type;
  if (!is_package(type) || type.exports.list().size() != 1) return malformed("one world was expected");
  const auto& wrapper = static_cast<const component::ComponentNode&>(*type.exports.list()[0].type.node).exports.list();
  const auto full = wrapper.size() == 1 ? wit::parse_interface_name(wrapper[0].name) : std::nullopt;
  if (!full || wrapper[0].type.kind != component::Extern::Kind::Component) return malformed("a world was expected");
  if (!world) world = decoder.world(*full);
  return decoder.add(static_cast<const component::ComponentNode&>(*wrapper[0].type.node), *world);
}

}  // namespace

Result<std::optional<ModuleWorld>> decode_module_world(const module::Module& core, const BinaryOptions& options,
                                                       WitDecoder& decoder, std::optional<wit::WorldId> world) {
  bool any = false;
  component::StringEncoding encoding = component::StringEncoding::Utf8;
  for (const module::CustomSection& section : core.customs) {
    if (!section.name.starts_with(kWorldSectionPrefix)) continue;
    any = true;
    TRY(add_section(core, section, options, decoder, world, encoding));
  }
  if (!any) return std::optional<ModuleWorld>();
  return std::optional<ModuleWorld>({*world, encoding});
}

}  // namespace ashlar::componentize
