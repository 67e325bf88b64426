// C++ for hosts out of WIT: types, an abstract class an interface, and what registers an implementation of it.
#pragma once

#include <string>
#include <vector>

#include "wit/cpp_types.h"

namespace ashlar::wit {

struct CppOptions {
  std::string name_space = "bindings";        ///< around the packages' own
  std::string include = "component/typed.h";  ///< where the types of values come from
  std::string source;                         ///< what the first line says it was made from
};

/// A header with the types and host interfaces of one package, whose interfaces are namespaces
/// (`wasi:io/streams` is `io::streams`). Headers of other packages that it needs are included as
/// "<folder>/<package>.h".
std::string generate_cpp_host(const Resolve& model, PackageId package, const std::string& folder,
                              const CppOptions& options);

}  // namespace ashlar::wit
