// The C++ bindings of a world, for `ashlar bindgen cpp`: of hosts over the public interface, and of guests.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "wit/cpp_types.h"
#include "wit/model.h"

namespace ashlar::wit {

/// What stands together in a world's bindings: an interface that it imports or exports, or what the world itself does.
struct BoundScope {
  bool exported = false;
  std::optional<InterfaceId> interface;  ///< nothing: the world itself
  std::string abi_name;                  ///< "ns:pkg/iface@1.0.0"; empty: the world itself
  std::string name_space;                ///< "exports::tech::image::transforms", inside the world's
  std::string title;                     ///< "Transforms"
  std::vector<TypeId> types;
  std::vector<Function> functions;
};

/// A world taken apart for bindings. Of an interface that is imported and exported, both scopes declare the types.
class BoundWorld {
 public:
  /// Errors: component_unsupported for what bindings cannot pass: streams, futures, maps, asynchronous functions.
  static Result<BoundWorld> make(const Resolve& model, WorldId world);

  const Resolve& model() const { return *model_; }
  const std::vector<BoundScope>& scopes() const { return scopes_; }
  /// The namespace of it all.
  std::string name_space() const;
  WorldId world() const { return world_; }

  /// The scope that declares the type, as `from` sees it.
  const BoundScope& scope_of(TypeId id, const BoundScope& from) const;
  /// The type's name as it is called in `from`.
  std::string name_in(TypeId id, const BoundScope& from) const;
  /// The resource of a function's name; empty for a free one.
  std::string resource_of(const Function& f) const { return f.resource ? (*model_)[*f.resource].name : std::string(); }
  /// Whether a handle is somewhere in the type.
  bool has_handle(Type type) const;
  /// A parameter that is only looked at: strings and lists of numbers as views, what is large as a reference.
  std::string view(Type type, const CppTypes& types) const;
  /// The resource behind a handle of that kind, own or borrowed; nothing for other types.
  std::optional<Handle> handle(Type type) const;

 private:
  BoundWorld(const Resolve& model, WorldId world) : model_(&model), world_(world) {}
  Status add(const WorldItem& item, bool exported);
  /// `name`: as errors call it.
  Status check(const Function& f, const std::string& name) const;
  Status check(Type type, const std::string& where) const;
  BoundScope& own_scope(bool exported);
  /// A number: what lists hold as they lie in memory.
  bool is_number(Type type) const;
  std::string space_of(InterfaceId id, bool exported) const;

  const Resolve* model_;
  WorldId world_;
  std::vector<BoundScope> scopes_;
};

/// Of hosts: one header over <ashlar/ashlar.h>. For each import an abstract class with add_to(linker, host), for each
/// export a class of typed functions. `source`: what it says it was made from.
std::string generate_world_host(const BoundWorld& world, const std::string& source);

/// Of guests: a header with the types, the imports' functions, and the exports' to be defined; and the source that
/// joins them to the canonical ABI.
struct GuestFiles {
  std::string header;
  std::string source;
};
/// `component_type`: contents of the section that says what the world is.
GuestFiles generate_world_guest(const BoundWorld& world, const std::string& name, const std::string& source,
                                std::span<const uint8_t> component_type);
/// The header that guests' bindings include, ashlar_guest.h.
std::string_view guest_support();

}  // namespace ashlar::wit
