// The functions that a component exports, by interface and name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "component/plan.h"

namespace ashlar::component {

struct ExportedFunc {
  std::string interface;  ///< "ns:pkg/iface@1.2.3"; empty: of the component itself
  std::string name;
  uint32_t func = 0;  ///< in Plan::funcs
  /// "ns:pkg/iface@1.2.3#f"
  std::string full_name() const { return interface.empty() ? name : interface + "#" + name; }
};
std::vector<ExportedFunc> exported_funcs(const Plan& plan);

/// The instance that is exported under that name, or another of its version track; null when there is none.
const PlanExports* find_interface(const Plan& plan, std::string_view name);

}  // namespace ashlar::component
