// Implementation limits of components against hostile input, one struct.
#pragma once

#include <cstdint>

namespace ashlar::component {

/// Upper bounds on what a component may declare; exceeding one is an error that names the limit.
struct ComponentLimits {
  uint64_t bytes = 1ull << 30;       ///< of a binary
  uint32_t nesting = 100;            ///< components and component, instance and module types inside one another
  uint32_t items = 4'000'000;        ///< entries of all lists of a binary, nested components included
  uint32_t name_bytes = 100'000;     ///< in one name
  uint32_t index_space = 1'000'000;  ///< entries of one index space
  uint32_t type_size = 1'000'000;    ///< nodes of one type when what it shares is counted each time
  uint32_t type_depth = 100;         ///< types inside one another, by whatever aliases
  uint32_t members = 10'000;         ///< fields, cases, elements or labels of one value type
  uint32_t params = 1'000;           ///< of one function type
  uint64_t work = 100'000'000;       ///< steps over types that validation takes in all
};

}  // namespace ashlar::component
