// Component types back to WIT: worlds of components, packages in binary form, worlds in sections of core modules.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "component/decode.h"
#include "component/syntax.h"
#include "component/type_graph.h"
#include "component/validate.h"
#include "isa/features.h"
#include "module/limits.h"
#include "module/module.h"
#include "wit/resolve.h"

namespace ashlar::componentize {

/// What core modules may use, and how large they may be.
struct BinaryOptions {
  isa::Features features;
  module::ModuleLimits limits;
};

/// Bodies of core modules: validated now, or known to be valid.
enum class Bodies : uint8_t { Checked, Known };
component::ValidateOptions validate_options(const BinaryOptions& options, Bodies bodies);
component::DecodeOptions decode_options(const BinaryOptions& options);

/// Gathers component types in one model. Interfaces that several of them mention are one interface with all that any of
/// them has; names of types that are used from another interface stay uses.
class WitDecoder {
 public:
  WitDecoder() = default;
  WitDecoder(const WitDecoder&) = delete;
  WitDecoder& operator=(const WitDecoder&) = delete;

  /// A world of that name ("root:component/root"), without items, unless it is there.
  wit::WorldId world(const wit::InterfaceName& name);
  /// Adds what a component of that type imports and exports; what the world has already is left as it is. Errors:
  /// Invalid (what WIT cannot say).
  Status add(const component::ComponentNode& type, wit::WorldId world);
  /// The same of imports alone. All of them are of one component.
  Status add_imports(const std::vector<component::NamedExtern>& imports, wit::WorldId world);
  /// Adds an interface or world that a package in binary form exports under `label`. Gives its package.
  Result<wit::PackageId> add_wrapped(const component::ComponentNode& wrapper, const std::string& label);

  wit::Resolve& model() { return model_; }
  /// The model, packages in order of need, with this package as its root. The decoder is empty afterwards.
  wit::Resolved finish(wit::PackageId root);

 private:
  void begin();
  wit::PackageId package(const wit::PackageName& name);
  wit::InterfaceId interface(const wit::InterfaceName& name);
  Status add_item(wit::WorldId world, const component::NamedExtern& item, bool is_export);
  Status add_instance(wit::WorldId world, const component::NamedExtern& item, bool is_export);
  Status add_interface(wit::InterfaceId id, const component::InstanceNode& instance);
  Result<wit::Function> function(const std::string& name, const component::FuncNode& node, const wit::Owner& owner);
  Result<wit::TypeId> define(const std::string& name, const wit::Owner& owner, const component::Node* node);
  bool usable(wit::TypeId type, const wit::Owner& owner) const;
  Result<wit::TypeKind> structure(const component::ValueNode& node);
  Result<wit::TypeId> resource(const component::ResourceNode& node) const;
  Result<wit::Type> type(const component::ValueNode& node);
  Result<std::optional<wit::Type>> optional(const component::ValueNode* node);
  std::optional<wit::TypeId> named_behind(const component::Node* node) const;
  wit::TypeId add_type(wit::TypeDef def);

  /// Of what kind and size a named type is.
  struct Told {
    component::NodeKind node;
    component::TypeKind type;
    uint32_t size, depth;
    bool operator==(const Told&) const = default;
  };

  /// Once in its scope, whatever the case: what is told twice is spelled alike and, in an interface, of one kind.
  Status take_name(const wit::Owner& owner, bool is_export, const component::NamedExtern& item);

  /// What a world has, by name.
  using WorldName = std::tuple<wit::WorldId, bool, std::string>;  // the bool: an export

  wit::Resolve model_;
  std::unordered_map<wit::TypeId, Told> told_;
  // Names that the model has, which it finds by looking at one after the other.
  std::map<std::tuple<wit::Owner, bool, std::string>, std::string> spelled_;  ///< by canonical label
  std::map<std::pair<wit::Owner, std::string>, wit::TypeId> types_;
  std::set<std::pair<wit::InterfaceId, std::string>> functions_;
  std::set<WorldName> labels_;
  std::map<WorldName, wit::InterfaceId> instances_;
  // Of the component type that is being read.
  std::unordered_map<const component::Node*, wit::TypeId> named_;
  std::unordered_map<const component::Node*, wit::TypeId> anonymous_;
  std::unordered_map<component::ResourceId, wit::TypeId> resources_;
};

/// The WIT of a component: its world ("root:component/root"), or the package when it is one in binary form.
/// Errors: those of validation; Invalid (what WIT cannot say).
Result<wit::Resolved> decode_wit(const component::Component& component, const BinaryOptions& options);

/// The world that sections "component-type..." of a core module tell, all together. `encoding`: of its strings.
struct ModuleWorld {
  wit::WorldId id{};
  component::StringEncoding encoding = component::StringEncoding::Utf8;
};
/// Adds the sections of `core` to the world of the decoder, or makes one of the first section's name. Nothing when the
/// module has none. Errors: Malformed, Invalid.
Result<std::optional<ModuleWorld>> decode_module_world(const module::Module& core, const BinaryOptions& options,
                                                       WitDecoder& decoder,
                                                       std::optional<wit::WorldId> world = std::nullopt);

}  // namespace ashlar::componentize
