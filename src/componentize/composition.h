// A component that instantiates others and connects them: the graph, and its definitions.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/error.h"
#include "component/validate.h"
#include "componentize/wit_decoder.h"

namespace ashlar::componentize {

class Composition {
 public:
  explicit Composition(const BinaryOptions& options) : options_(options) {}

  /// Something that an instance can be given, or that is exported.
  struct Item {
    enum class Kind : uint8_t {
      Import,    ///< what the composed component imports as `name`, or with `part` that export of it
      Export,    ///< the export `name` of `instance`, or with `part` that export of it
      Instance,  ///< `instance` itself
    };
    Kind kind = Kind::Import;
    uint32_t instance = 0;
    std::string name;
    std::string part = {};
  };

  /// Decodes and validates. `name` is for messages. Gives the component's number.
  Result<uint32_t> add_component(std::string name, std::vector<uint8_t> bytes);
  const component::ComponentNode& type(uint32_t component) const;
  const std::string& name_of(uint32_t component) const { return parts_[component].name; }

  /// The types of imports that are there whatever the parts need, and the types that they use: what the world imports
  /// under the name of its function, its interface's label or name, by the names that `renames` gives those. Only once.
  /// Errors: those of WorldEncoder::status; Invalid.
  Status declare(const wit::Resolve& model, wit::WorldId world, std::map<std::string, std::string> renames);
  /// What was declared of an import; null when nothing was.
  const component::Extern* declared(const std::string& name) const;

  uint32_t instantiate(uint32_t component);
  uint32_t component_of(uint32_t instance) const { return instances_[instance].component; }
  /// The type of what the instance's component exports.
  const component::ExternList& exports_of(uint32_t instance) const { return type(component_of(instance)).exports; }
  /// What an export, or an import that was declared, exports itself: null when it is no instance, or a part.
  const component::ExternList* parts_of(const Item& item) const;
  /// Whether an instance is given that import of the composed component.
  bool imports(const std::string& name) const;
  bool is_connected(uint32_t instance, const std::string& import) const;
  /// Gives the instance what its component imports under that name.
  void connect(uint32_t instance, std::string import, Item item);
  /// Types that the component's world uses of interfaces come from what the instance is given for those.
  void connect_types(uint32_t instance);
  /// All that is not connected yet is imported under its own name.
  void import_rest(uint32_t instance);
  void export_item(std::string name, Item item) { exports_.emplace_back(std::move(name), std::move(item)); }
  bool exports_as(std::string_view name) const;

  /// The component's binary, valid. Imports of several instances under one name are one import, and so are those of
  /// versions that stand in for each other (the newest one). An export whose types other interfaces of the parts define
  /// brings those along as exports, in front of it: types of exports must have names. Errors: Link (an import that is
  /// not connected; what does not fit together).
  Result<std::vector<uint8_t>> finish();

 private:
  struct Part {
    std::string name;
    std::unique_ptr<component::Component> component;
    std::unique_ptr<component::Validated> valid;
    std::optional<uint32_t> index;
    std::optional<wit::Resolve> model;  ///< its world, once it was asked for; empty: WIT cannot say it
    wit::WorldId world{};
  };
  struct Instance {
    uint32_t component = 0;
    std::map<std::string, Item> args;  // by import
    uint32_t index = 0;
  };
  class Emitter;

  /// Imports and other exports of an instance's component whose types its export, or part of that, uses.
  struct TypeSources {
    std::vector<std::string> imports, exports;
  };
  TypeSources type_sources(uint32_t component, const std::string& name, const std::string& part);
  void add_type_sources(const Item& item, std::set<std::tuple<uint32_t, std::string, std::string>>& seen);
  void complete_exports();
  Status check_connected() const;
  std::map<std::string, std::string> unified_imports() const;

  BinaryOptions options_;
  std::vector<Part> parts_;
  std::vector<Instance> instances_;
  std::vector<std::pair<std::string, Item>> exports_;
  // What was declared: a component that has a type with these imports.
  std::unique_ptr<component::Component> declaring_;
  std::unique_ptr<component::Validated> declared_valid_;
  std::vector<component::NamedExtern> declared_;
};

/// A component's binary, and what it is called in messages.
struct NamedBytes {
  std::string name;
  std::vector<uint8_t> bytes;
};
/// Puts plugs into a socket: what it imports and a plug exports (by name, or an interface of a version that stands in)
/// comes from an instance of the plug; the socket's exports are the result's. Errors: a plug that gives nothing.
Result<std::vector<uint8_t>> plug(NamedBytes socket, std::vector<NamedBytes> plugs, const BinaryOptions& options);

/// Which of `externs` stands for `name`: that name, else the newest interface whose version stands in for it; null when
/// none does.
const component::NamedExtern* find_compatible(const component::ExternList& externs, const std::string& name);

}  // namespace ashlar::componentize
