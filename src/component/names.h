// Names of imports, exports and labels: their grammar and when two of them are too alike (Explainer.md, import and
// export definitions; name uniqueness).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "component/gates.h"

namespace ashlar::component {

enum class NameKind : uint8_t {
  Label,        ///< "get-JSON"
  Constructor,  ///< "[constructor]blob"
  Method,       ///< "[method]blob.read"
  Static,       ///< "[static]blob.merge"
  Interface,    ///< "wasi:http/types@1.0.0"
  Dependency,   ///< "locked-dep=<a:b>", "unlocked-dep=<a:b@{>=1.0.0}>"
  Url,          ///< "url=<https://...>"
  Hash,         ///< "integrity=<sha256-...>"
};

/// A name of an import or export, taken apart. Views point into the name.
struct ParsedName {
  NameKind kind = NameKind::Label;
  std::string_view resource;  ///< Constructor, Method, Static: the resource's label
  std::string_view version;   ///< Interface: behind the @, maybe empty
};

/// "get-JSON": words of one case, the first begins with a letter.
bool is_label(std::string_view text);
/// "1.2.3-rc.1+build" as Semantic Versioning 2.0 has it.
bool is_semver(std::string_view text);
/// "1", "0.2", "0.0.3": a version without what compatible ones may change.
bool is_canonical_version(std::string_view text);

/// Takes a name apart. Empty when it is well-formed, else what is wrong with it ("`X_y` is no label").
/// `imports`: urls, dependencies and hashes are allowed.
std::string parse_name(std::string_view name, bool imports, Gates gates, ParsedName& out);

/// What must differ between two labels of one scope: hyphens and case do not count.
std::string label_key(std::string_view label);
/// The same for names of imports or exports: annotations other than [constructor] do not count either, and
/// `[method]l.l` is `l`.
std::string name_key(std::string_view name);

}  // namespace ashlar::component
