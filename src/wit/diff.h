// What a change of WIT breaks, and for whom.
#pragma once

#include <string>
#include <vector>

#include "wit/model.h"

namespace ashlar::wit {

/// One difference. Guests are components built for the old text, which meet hosts of the new one; hosts are those built
/// for the old text, which meet components of the new one.
struct Change {
  std::string where;  ///< "interface 'wasi:io/poll'", "world 'wasi:cli/command'"
  std::string what;   ///< "function 'block' is gone"
  bool breaks_guests = false;
  bool breaks_hosts = false;
};

/// Compares worlds as contracts: what hosts give (imports) and what guests give (exports).
///   imports: something more breaks hosts, something less breaks guests
///   exports: something more breaks guests, something less breaks hosts
///   changed types and signatures break both: there is no subtyping between them
/// Versions don't count as long as they are of one track (names.h). Documentation and gates are not compared.
std::vector<Change> diff_worlds(const Resolve& old_model, WorldId old_world, const Resolve& new_model,
                                WorldId new_world);

/// Compares packages: every interface by itself, where something more breaks nobody who does not use it, and the lists
/// of imports and exports of each world.
std::vector<Change> diff_packages(const Resolve& old_model, PackageId old_package, const Resolve& new_model,
                                  PackageId new_package);

}  // namespace ashlar::wit
