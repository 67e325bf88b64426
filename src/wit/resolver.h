// Owns the resolver: from syntax trees to the model. Packages in order, then interfaces and worlds in order, each
// complete before what needs it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "wit/ast.h"
#include "wit/graph.h"
#include "wit/resolve.h"

namespace ashlar::wit {

// What hostile text could make large by including and using again and again. WASI needs thousands.
inline constexpr size_t kMaxTypes = 1u << 18;
inline constexpr size_t kMaxWorldItems = 1u << 18;

struct FileUnit {
  const SourceFile* source;
  ast::File tree;
};

/// A name of an interface or of a world: a type or a function.
struct ScopeEntry {
  enum class Kind : uint8_t { Type, Function, Excluded };
  Kind kind;
  TypeId type{};        ///< Type, once it is defined
  std::string feature;  ///< Excluded
};

/// The names of one interface or world, and what its types are looked up in.
struct Scope {
  std::unordered_map<std::string_view, ScopeEntry> names;
  std::unordered_set<std::string> taken;  ///< canonical
  Owner owner;
  uint32_t file = 0;
  uint32_t part = 0;
  std::string where;  ///< "interface 'types'", for messages
};

class Resolver {
 public:
  explicit Resolver(const ResolveOptions& options)
      : all_features_(options.all_features), features_(options.features.begin(), options.features.end()) {}
  /// `source` and `tree`: a file that has been parsed already, the package of the first root; or null.
  Result<Resolved> run(std::span<const SourceGroup> groups, const SourceFile* source, ast::File* tree);

 private:
  /// What one file says of a package.
  struct Part {
    uint32_t file;
    uint32_t package;
    const ast::Package* tree;
    std::unordered_map<std::string_view, uint32_t> uses;  // `use` at the top level: name to item
  };
  struct PackageUnit {
    PackageName name;
    std::vector<uint32_t> parts;
    std::unordered_map<std::string_view, uint32_t> items;
    std::unordered_set<std::string> taken;
  };
  /// An interface or a world of a package.
  struct Item {
    const ast::Interface* interface;  // null: a world
    const ast::World* world;
    uint32_t part;
    std::string excluded;  // the feature that it lacks; empty: it is there
    InterfaceId interface_id{};
    WorldId world_id{};
    std::string_view name() const { return interface ? interface->name.name : world->name.name; }
    const ast::Head& head() const { return interface ? interface->head : world->head; }
  };
  enum class Want : uint8_t { Interface, World, Either };
  struct PathUse {
    const ast::UsePath* path;
    Want want;
  };

  // Errors.
  std::unexpected<Error> fail(uint32_t file, uint32_t at, Error error) const;
  std::unexpected<Error> unknown(uint32_t file, const ast::Id& id, std::string_view what,
                                 std::vector<std::string_view> candidates) const;
  std::unexpected<Error> gated(uint32_t file, const ast::Id& id, std::string_view what,
                               const std::string& feature) const;

  // Packages (resolve.cc).
  Status add_group(const SourceGroup& group, std::vector<PackageId>& roots);
  Status add_tree(const SourceFile& source, ast::File tree, std::vector<PackageId>& roots);
  Result<uint32_t> add_package(const PackageName& name, uint32_t file, const ast::PackageId& id);
  Status add_part(uint32_t package, uint32_t file, const ast::Package& tree);
  Status resolve_top_uses();
  Status resolve_top_use(Part& part, const ast::TopUse& use);
  Status order_packages();
  Status order_items();
  Result<uint32_t> find_item(uint32_t part, const ast::UsePath& path, Want want, bool top_level = false);
  Result<uint32_t> find_package(uint32_t part, const ast::PackageId& id);
  void paths_of(const ast::Interface& interface, std::vector<PathUse>& out) const;
  void paths_of(const ast::World& world, std::vector<PathUse>& out) const;
  std::vector<std::string_view> item_names(const PackageUnit& package) const;
  /// Whether the item is left out.
  bool lacks(const ast::Head& head) const;
  /// The feature for whose lack it is; empty when it is there. Errors: a version that cannot be.
  Result<std::string> lacking_feature(uint32_t file, uint32_t package, const ast::Head& head) const;

  // Interfaces and types (resolve_interface.cc, resolve_types.cc).
  Status define_interface(Item& item);
  Result<InterfaceId> add_interface(const ast::Interface& tree, uint32_t part, std::string name);
  Status interface_types_gated(const Item& item);
  Status declare(Scope& scope, const ast::Id& id, ScopeEntry::Kind kind);
  Status declare(Scope& scope, const ast::Id& id, ScopeEntry::Kind kind, const ast::Head& head);
  Status declare_all(Scope& scope, const std::vector<const ast::Use*>& uses,
                     const std::vector<const ast::TypeDef*>& defs);
  Status define_types(Scope& scope, const std::vector<const ast::Use*>& uses,
                      const std::vector<const ast::TypeDef*>& defs, std::vector<TypeId>& out);
  Status define_use(Scope& scope, const ast::Use& use, std::vector<TypeId>& out);
  Status define_type(Scope& scope, const ast::TypeDef& def, std::vector<TypeId>& out);
  Result<TypeKind> definition(Scope& scope, const ast::TypeDef& def);
  Result<Type> value_type(Scope& scope, ast::TypeIndex index);
  Result<std::optional<Type>> optional_type(Scope& scope, ast::TypeIndex index);
  Result<Type> constructed_type(Scope& scope, const ast::Type& tree);
  Result<TypeId> named_type(Scope& scope, const ast::Id& id);
  Result<TypeId> resource_type(Scope& scope, const ast::Id& id);
  Result<TypeId> add_type(TypeDef def);
  bool has_borrow(Type type) const { return !type.is_prim() && model_[type.id()].has_borrow; }
  bool is_resource(TypeId id) const { return resources_[static_cast<size_t>(id)]; }
  Result<std::vector<Function>> define_methods(Scope& scope, const ast::TypeDef& def);
  Result<Function> define_function(Scope& scope, const ast::NamedFunc& tree, std::optional<TypeId> resource);
  Status define_signature(Scope& scope, const ast::Func& tree, const ast::Id& id, Function& out);
  Status constructor_result(Scope& scope, const ast::NamedFunc& tree, const std::string& resource, Function& out);

  // Worlds (resolve_world.cc, elaborate.cc).
  struct WorldNames {
    std::unordered_set<std::string> imports;
    std::unordered_set<std::string> exports;
    std::unordered_set<InterfaceId> import_ids;
    std::unordered_set<InterfaceId> export_ids;
    std::unordered_map<std::string, TypeId> file_types;  ///< of a .wac file, that the world has a copy of
  };
  Status define_world(Item& item);
  Status world_types(Scope& scope, const ast::World& tree, World& world, WorldNames& names);
  Status world_extern(Scope& scope, const ast::Extern& tree, World& world, WorldNames& names, uint32_t position);
  Status world_include(Scope& scope, const ast::Include& tree, World& world, WorldId id, WorldNames& names);
  Status include_items(Scope& scope, const ast::Include& tree, bool is_export, World& world, WorldId id,
                       WorldNames& names, std::unordered_map<TypeId, TypeId>& copies);
  Status include_item(Scope& scope, const ast::Include& tree, bool is_export, WorldItem item, World& world,
                      WorldNames& names);
  Result<TypeId> copy_type(TypeId id, WorldId owner, std::string name, std::unordered_map<TypeId, TypeId>& copies);
  Result<Type> copy_of(Type type, std::unordered_map<TypeId, TypeId>& copies);
  Status copy_parts(TypeKind& kind, std::unordered_map<TypeId, TypeId>& copies);
  Status copy_function(Function& function, std::string_view label, std::unordered_map<TypeId, TypeId>& copies);
  Status elaborate(World& world, uint32_t file, uint32_t at);
  const std::vector<InterfaceId>& dependencies(InterfaceId id);
  Status charge(size_t count = 1);

  bool all_features_;
  std::unordered_set<std::string> features_;
  std::vector<std::unique_ptr<FileUnit>> files_;
  std::vector<Part> parts_;
  std::vector<PackageUnit> packages_;
  std::unordered_map<std::string, uint32_t> package_index_;
  std::vector<Item> items_;
  std::unordered_map<const ast::UsePath*, uint32_t> found_;  // what each path means
  std::vector<uint32_t> order_;                              // of items
  std::vector<std::unique_ptr<Scope>> scopes_;               // owns them
  std::unordered_map<InterfaceId, const Scope*> interface_scopes_;
  std::vector<bool> resources_;  // by type: it is a resource, or an alias of one
  std::unordered_map<InterfaceId, std::vector<InterfaceId>> dependencies_;
  size_t charged_ = 0;
  Resolve model_;
  std::unordered_set<TypeId> of_file_;  ///< copies of types of a .wac file
};

}  // namespace ashlar::wit
