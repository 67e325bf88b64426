// Owns the resolved model of WIT: packages, interfaces, worlds, types and functions in one arena, by index.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "wit/names.h"

namespace ashlar::wit {

enum class PackageId : uint32_t {};
enum class InterfaceId : uint32_t {};
enum class WorldId : uint32_t {};
enum class TypeId : uint32_t {};

enum class Prim : uint8_t { Bool, S8, U8, S16, U16, S32, U32, S64, U64, F32, F64, Char, String, ErrorContext };
inline constexpr size_t kPrimCount = static_cast<size_t>(Prim::ErrorContext) + 1;
/// As WIT writes it: "u32", "error-context".
std::string_view prim_name(Prim prim);
std::optional<Prim> find_prim(std::string_view name);

/// A primitive type, or a type of the arena.
class Type {
 public:
  constexpr Type(Prim prim) : bits_(static_cast<uint32_t>(prim)) {}
  constexpr Type(TypeId id) : bits_(static_cast<uint32_t>(id) + kPrimCount) {}
  constexpr bool is_prim() const { return bits_ < kPrimCount; }
  constexpr Prim prim() const { return static_cast<Prim>(bits_); }                 ///< is_prim()
  constexpr TypeId id() const { return static_cast<TypeId>(bits_ - kPrimCount); }  ///< !is_prim()
  friend constexpr bool operator==(Type, Type) = default;

 private:
  uint32_t bits_;
};

/// What is promised of an item (WIT.md, "Feature gates"). Items whose feature is not enabled are not in the model.
struct Stability {
  enum class Kind : uint8_t { Unknown, Since, Unstable };
  Kind kind = Kind::Unknown;
  std::optional<Version> since;       ///< Since
  std::string feature;                ///< Unstable
  std::optional<Version> deprecated;  ///< with either
  friend bool operator==(const Stability&, const Stability&) = default;
};

// What types are made of. Names of members are labels; documentation is kept where WIT text has it.

struct Field {
  std::string name;
  std::string docs;
  Type type;
};
struct Label {
  std::string name;
  std::string docs;
};
struct Case {
  std::string name;
  std::string docs;
  std::optional<Type> type;
};

struct Record {
  std::vector<Field> fields;
};
struct Flags {
  std::vector<Label> flags;
};
struct Variant {
  std::vector<Case> cases;
};
struct Enum {
  std::vector<Label> cases;
};
/// Its functions are those of the interface or world whose `resource` it is.
struct Resource {};
/// `type a = b`.
struct Alias {
  Type type;
};
/// A type that `use` brought in from another interface.
struct Used {
  TypeId type;
};
struct Tuple {
  std::vector<Type> types;
};
struct List {
  Type element;
};
struct FixedList {
  Type element;
  uint32_t length;
};
struct Map {
  Type key;
  Type value;
};
struct Option {
  Type type;
};
struct ResultType {
  std::optional<Type> ok;
  std::optional<Type> error;
};
/// A handle: owned, or borrowed for the time of a call.
struct Handle {
  TypeId resource;  ///< as it was named; Resolve::dealias finds the Resource
  bool borrowed;
};
struct Future {
  std::optional<Type> type;
};
struct Stream {
  std::optional<Type> type;
};

using TypeKind = std::variant<Record, Flags, Variant, Enum, Resource, Alias, Used, Tuple, List, FixedList, Map, Option,
                              ResultType, Handle, Future, Stream>;

/// Where a named type is defined; anonymous types have no owner.
using Owner = std::variant<std::monostate, InterfaceId, WorldId>;

struct TypeDef {
  std::string name;  ///< empty: anonymous
  Owner owner;
  std::string docs;
  Stability stability;
  std::optional<std::string> external_id;
  TypeKind kind;
  bool has_borrow = false;  ///< a borrowed handle is in it
};

enum class FuncKind : uint8_t { Free, Method, Static, Constructor };

struct Param {
  std::string name;
  Type type;
};

/// A function with what is implied written out: the self of methods, the result of constructors.
struct Function {
  std::string name;   ///< as components export it: "read", "[method]file.read", "[constructor]file"
  std::string label;  ///< its part behind the resource; of a constructor empty
  FuncKind kind = FuncKind::Free;
  std::optional<TypeId> resource;  ///< of the other kinds
  bool is_async = false;
  std::vector<Param> params;
  std::optional<Type> result;
  std::string docs;
  Stability stability;
  std::optional<std::string> external_id;
};

struct Interface {
  std::string name;  ///< empty: written inside a world
  PackageId package;
  std::string docs;
  Stability stability;
  std::vector<TypeId> types;  ///< named ones, each behind those that it needs
  std::vector<Function> functions;
};

/// An import, an export, or a type of a world.
struct WorldItem {
  /// Why it is there.
  enum class Origin : uint8_t {
    Written,   ///< the world itself says so
    Included,  ///< an `include` brought it
    Implied,   ///< an interface whose types another item uses
  };
  std::string label;  ///< plain name; empty: an interface under its own name
  std::variant<InterfaceId, Function, TypeId> what;
  Origin origin = Origin::Written;
  uint32_t position = 0;  ///< among what is written in the world
  std::string docs;
  Stability stability;
  std::optional<std::string> external_id;
};

struct Include {
  WorldId world;
  std::vector<std::pair<std::string, std::string>> renames;
  std::string docs;
  Stability stability;
};

/// A world, complete: what is included and implied is among the items.
struct World {
  std::string name;
  PackageId package;
  std::string docs;
  Stability stability;
  std::vector<WorldItem> imports;  ///< with the types; each interface behind those whose types it uses
  std::vector<WorldItem> exports;  ///< in the same order
  std::vector<Include> includes;   ///< as written; their items are in imports and exports
};

struct Package {
  PackageName name;
  std::string docs;
  std::vector<InterfaceId> interfaces;  ///< as written
  std::vector<WorldId> worlds;
};

/// Everything that was read, resolved. Ids are indices and stay good as long as nothing is removed.
struct Resolve {
  std::vector<Package> packages;  ///< each behind those that it needs
  std::vector<Interface> interfaces;
  std::vector<World> worlds;
  std::vector<TypeDef> types;

  const Package& operator[](PackageId id) const { return packages[static_cast<size_t>(id)]; }
  const Interface& operator[](InterfaceId id) const { return interfaces[static_cast<size_t>(id)]; }
  const World& operator[](WorldId id) const { return worlds[static_cast<size_t>(id)]; }
  const TypeDef& operator[](TypeId id) const { return types[static_cast<size_t>(id)]; }
  Package& operator[](PackageId id) { return packages[static_cast<size_t>(id)]; }
  Interface& operator[](InterfaceId id) { return interfaces[static_cast<size_t>(id)]; }
  World& operator[](WorldId id) { return worlds[static_cast<size_t>(id)]; }
  TypeDef& operator[](TypeId id) { return types[static_cast<size_t>(id)]; }

  std::optional<PackageId> find_package(const PackageName& name) const;
  std::optional<InterfaceId> find_interface(PackageId package, std::string_view name) const;
  std::optional<WorldId> find_world(PackageId package, std::string_view name) const;
  /// The type or function of that name in the interface.
  std::optional<TypeId> find_type(InterfaceId interface, std::string_view name) const;
  const Function* find_function(InterfaceId interface, std::string_view name) const;

  /// "wasi:io/streams@0.2.12"; empty for an interface inside a world.
  std::string full_name(InterfaceId id) const;
  std::string full_name(WorldId id) const;
  /// The name that a component gives the item: its label, or the interface's full name.
  std::string extern_name(const WorldItem& item) const;

  /// What `type a = b` or `use` gives another name; nothing for other types.
  std::optional<Type> aliased(TypeId id) const;
  /// The type behind `type a = b` and `use`.
  Type dealias(Type type) const;
  TypeId dealias(TypeId id) const;
  /// The definition behind aliases; null for a primitive.
  const TypeDef* definition(Type type) const;

  /// The interfaces whose types the interface uses, directly, in the order of its `use`s, each once.
  std::vector<InterfaceId> dependencies(InterfaceId id) const;
  /// The functions of a resource, by the name of its definition: constructor, methods and statics of an interface.
  std::vector<const Function*> functions_of(InterfaceId interface, TypeId resource) const;
};

}  // namespace ashlar::wit
