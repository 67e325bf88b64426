// From the labels of generated enums back to their cases.
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>

namespace ashlar::component {

/// The case of `E`, a type with abi_labels, that has this label.
template <class E>
std::optional<E> enum_of(std::string_view label) {
  static constexpr auto kLabels = abi_labels(E{});
  const auto found = std::ranges::find(kLabels, label, [](const char* l) { return std::string_view(l); });
  if (found == kLabels.end()) return std::nullopt;
  return static_cast<E>(found - kLabels.begin());
}

}  // namespace ashlar::component
