// Owns the syntax tree of WIT text: what a file says, names not yet looked up. Points into the SourceFile.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "wit/model.h"
#include "wit/names.h"

namespace ashlar::wit::ast {

/// A name and where it stands in the file.
struct Id {
  std::string_view name;
  uint32_t at = 0;
};

struct PackageId {
  Id ns;
  Id name;
  std::optional<Version> version;

  PackageName full() const { return {std::string(ns.name), std::string(name.name), version}; }
};

/// "name" or "ns:package/name@version".
struct UsePath {
  std::optional<PackageId> package;
  Id name;
};

struct Type;
/// Types of a file live in File::types; 0 is none.
using TypeIndex = uint32_t;
inline constexpr TypeIndex kNoType = 0;

enum class TypeKind : uint8_t {
  Primitive,
  Name,
  Tuple,
  List,
  FixedList,
  Option,
  Result,
  Map,
  Own,
  Borrow,
  Future,
  Stream,
};

struct Type {
  TypeKind kind = TypeKind::Name;
  Prim prim = Prim::Bool;
  uint32_t length = 0;  ///< FixedList
  uint32_t at = 0;
  Id name;                       ///< Name, Own, Borrow
  std::vector<TypeIndex> inner;  ///< element; ok and error; key and value; kNoType for what is not written
};

/// What may stand in front of an item.
struct Head {
  std::string docs;
  Stability stability;
  std::optional<std::string> external_id;
  uint32_t gate_at = 0;  ///< where its gate stands
};

struct Param {
  Id name;
  TypeIndex type;
};

struct Func {
  bool is_async = false;
  bool of_file = false;  ///< .wac: a name of the file's top level stands for it
  std::vector<Param> params;
  TypeIndex result = kNoType;
};

struct NamedFunc {
  Head head;
  FuncKind kind = FuncKind::Free;
  Id name;  ///< of a constructor: where the keyword stands
  Func func;
};

/// A field, case, flag or enumerator.
struct Member {
  std::string docs;
  Id name;
  TypeIndex type = kNoType;
};

enum class DefKind : uint8_t { Alias, Record, Flags, Variant, Enum, Resource };

struct TypeDef {
  Head head;
  DefKind kind;
  Id name;
  TypeIndex alias = kNoType;
  std::vector<Member> members;
  std::vector<NamedFunc> methods;
  bool of_file = false;  ///< .wac: a copy of the file's type of that name
};

struct UseName {
  Id name;
  Id as;  ///< the same as `name` when it is not renamed
};

struct Use {
  Head head;
  UsePath path;
  std::vector<UseName> names;
};

using InterfaceItem = std::variant<Use, TypeDef, NamedFunc>;

struct Interface {
  Head head;
  Id name;  ///< of one inside a world: its label
  std::vector<InterfaceItem> items;
};

/// import or export of a world.
struct Extern {
  Head head;
  bool is_export = false;
  std::optional<Id> label;  ///< nothing: the interface's own name
  std::variant<UsePath, Func, Interface> what;
};

struct Include {
  Head head;
  UsePath path;
  std::vector<UseName> names;
};

using WorldItem = std::variant<Use, TypeDef, Extern, Include>;

struct World {
  Head head;
  Id name;
  std::vector<WorldItem> items;
};

/// `use` at the top level: a name for the file.
struct TopUse {
  UsePath path;
  Id as;
};

/// What one file says of one package: the file's own, or one in braces.
struct Package {
  std::optional<PackageId> id;
  std::string docs;
  uint32_t docs_at = 0;
  std::vector<TopUse> uses;
  std::deque<Interface> interfaces;
  std::deque<World> worlds;
};

struct File {
  Package main;
  std::deque<Package> nested;
  std::vector<Type> types = std::vector<Type>(1);
};

}  // namespace ashlar::wit::ast
