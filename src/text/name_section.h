// Owns the bytes of sections that text writes by other means: the name section and branch hints.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "module/module.h"

namespace ashlar::text {

inline constexpr std::string_view kNameSection = "name";
inline constexpr std::string_view kBranchHintSection = "metadata.code.branch_hint";

bool is_empty(const module::NameMap& names);
/// Contents of the name section (spec 7.4.1 and the extended-name-section proposal), entries in ascending order.
std::vector<uint8_t> encode_names(const module::NameMap& names);
/// Contents of the branch hint section; hints ordered by function and offset.
std::vector<uint8_t> encode_branch_hints(std::span<const module::BranchHint> hints);

}  // namespace ashlar::text
