// The section "package-docs" of a WIT package in binary form: documentation and stability, which types do not have.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "wit/model.h"

namespace ashlar::componentize {

inline constexpr std::string_view kDocsSection = "package-docs";

/// What the section says of the package: a byte for the version, and JSON. Empty when there is nothing to say.
std::vector<uint8_t> encode_package_docs(const wit::Resolve& model, wit::PackageId id);

/// Puts documentation and stability from the section where they belong in the model. What it says of things that the
/// package does not have is passed over, and so are members of its JSON that are not known: writers add some without
/// another version. Errors: Malformed (another version, no JSON, text that WIT cannot hold), with `offset`.
Status apply_package_docs(std::span<const uint8_t> section, uint64_t offset, wit::Resolve& model, wit::PackageId id);

}  // namespace ashlar::componentize
