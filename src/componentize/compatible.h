// Which of several named things stands for a name: versions of an interface stand in for each other.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wit/names.h"

namespace ashlar::componentize {

/// That of the same name, else the newest interface whose version stands in for it; null when none does. `name_of`
/// gives an item's name, an empty one for what is left out.
template <class Item, class NameOf>
const Item* find_compatible(const std::vector<Item>& items, std::string_view name, const NameOf& name_of) {
  std::vector<const Item*> candidates;
  std::vector<wit::InterfaceName> names;
  for (const Item& item : items) {
    const std::string have = name_of(item);
    if (have == name) return &item;
    if (const auto parsed = wit::parse_interface_name(have)) {
      candidates.push_back(&item);
      names.push_back(*parsed);
    }
  }
  const auto wanted = wit::parse_interface_name(name);
  const auto best = wanted ? wit::best_match(*wanted, names) : std::nullopt;
  return best ? candidates[*best] : nullptr;
}

}  // namespace ashlar::componentize
