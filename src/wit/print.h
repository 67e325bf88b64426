// The model as canonical WIT text: it parses to the same model, and prints the same again.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "base/error.h"
#include "wit/model.h"

namespace ashlar::wit {

struct PrintOptions {
  bool docs = true;          ///< documentation comments
  bool flat_worlds = false;  ///< worlds complete: what is included and implied, instead of `include`
};

/// One package: a header and its items.
std::string print_package(const Resolve& model, PackageId id, const PrintOptions& options = {});
/// The package as a file that needs no other: the packages that it depends on stand behind it in braces.
std::string print_with_dependencies(const Resolve& model, PackageId id, const PrintOptions& options = {});
std::string print_interface(const Resolve& model, InterfaceId id, const PrintOptions& options = {});
std::string print_world(const Resolve& model, WorldId id, const PrintOptions& options = {});

/// Whether worlds of the package can be printed: their functions use types by names that the world has. In a component
/// that was composed, one may have a type of an interface which is only exported. Errors: wit_inexpressible.
Status check_scopes(const Resolve& model, PackageId id);

/// A type as it stands in a function of `package`: "option<list<u8>>".
std::string print_type(const Resolve& model, Type type);
/// "func(a: u32) -> string", self left out.
std::string print_signature(const Resolve& model, const Function& function);
/// A label as text writes it: with '%' where it is a keyword.
std::string print_label(std::string_view label);

/// For each package those that its items name, itself not among them. The model's packages may be in any order.
std::vector<std::set<PackageId>> package_needs(const Resolve& model);
/// The packages that `id` depends on, directly and not, each behind those that it needs.
std::vector<PackageId> package_dependencies(const Resolve& model, PackageId id);

}  // namespace ashlar::wit
