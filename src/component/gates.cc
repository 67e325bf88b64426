// Gates by name.
#include "component/gates.h"

namespace ashlar::component {

std::optional<Gate> gate_from_name(std::string_view name) {
  for (size_t i = 0; i < kGateCount; ++i) {
    if (kGateTable[i].name == name) return static_cast<Gate>(i);
  }
  return std::nullopt;
}

}  // namespace ashlar::component
