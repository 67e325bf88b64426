// WIT worlds and packages as component types (WIT.md, package format), and worlds as sections of core modules.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "component/syntax.h"
#include "componentize/type_encoder.h"
#include "wit/model.h"

namespace ashlar::componentize {

/// Imports of a world as definitions of a component or a component type, and exports as those of the latter.
class WorldEncoder {
 public:
  enum class Side : uint8_t { Import, Export };

  /// `needed`: of the imports only these functions and types.
  WorldEncoder(const wit::Resolve& model, DefinitionSpace& space, const Needed* needed = nullptr);

  /// Other names for imports and exports, by the world's.
  void rename(std::map<std::string, std::string> names) { renames_ = std::move(names); }
  void imports(const wit::World& world);
  /// Into a component type.
  void exports(const wit::World& world);
  /// Errors: a world that uses types of an interface which it does not have, as worlds of binaries may. What was
  /// written is worthless then.
  Status status() const;

  /// The index of a type that an interface, or the world, owns. `side`: where an interface is both imported and
  /// exported, whose type is meant.
  uint32_t type(wit::TypeId id, Side side);
  /// What the world imports under that name: an instance, a function or a type.
  std::optional<uint32_t> imported(const std::string& name) const;
  /// Types of the interface are from now on those of that instance, on the side of exports.
  void exported(wit::InterfaceId id, uint32_t instance) { exported_[id] = instance; }
  /// Types for what the world itself imports and exports.
  TypeEncoder& types() { return types_; }

 private:
  component::ExternName extern_name(const wit::WorldItem& item) const;
  uint32_t instance_type(wit::InterfaceId id, const Needed* needed, Side side);
  void import_type(wit::TypeId id);

  const wit::Resolve& model_;
  DefinitionSpace& space_;
  const Needed* needed_;
  TypeEncoder types_;
  std::unordered_map<wit::InterfaceId, uint32_t> imported_, exported_;
  std::unordered_map<wit::TypeId, uint32_t> world_types_;
  std::map<std::pair<uint32_t, std::string>, uint32_t> aliases_;  // by instance and name
  std::map<std::string, uint32_t> by_name_;
  std::map<std::string, std::string> renames_;
  std::optional<wit::TypeId> missing_;  // a type of what the world does not have
};

/// Puts each interface behind those whose types it uses: for imports that come from several worlds.
void order_by_need(const wit::Resolve& model, std::vector<wit::WorldItem>& items);

/// A package as a component that exports each interface and world as a type; documentation in a section of its own.
/// Errors: those of WorldEncoder::status; what WIT allows, and components do not.
Result<component::Component> encode_package(const wit::Resolve& model, wit::PackageId id);

/// The contents of a section "component-type:..." that says what a core module's world is, and how its strings are
/// encoded. Errors: those of encode_package.
Result<std::vector<uint8_t>> encode_world_section(const wit::Resolve& model, wit::WorldId id,
                                                  component::StringEncoding encoding);

inline constexpr std::string_view kWorldSectionPrefix = "component-type";
inline constexpr std::string_view kEncodingSection = "wit-component-encoding";
inline constexpr uint8_t kEncodingVersion = 4;

}  // namespace ashlar::componentize
