// See exported_funcs.h.
#include "component/exported_funcs.h"

#include "component/host.h"

namespace ashlar::component {

namespace {

void collect(const PlanExports& exports, const std::string& interface, std::vector<ExportedFunc>& out) {
  for (const auto& [name, item] : exports.items) {
    if (item.kind == PlanExport::Kind::Func) out.push_back({interface, name, item.index});
    if (item.kind != PlanExport::Kind::Instance) continue;
    collect(*item.instance, interface.empty() ? name : interface + "#" + name, out);
  }
}

}  // namespace

std::vector<ExportedFunc> exported_funcs(const Plan& plan) {
  std::vector<ExportedFunc> out;
  collect(plan.exports, "", out);
  return out;
}

const PlanExports* find_interface(const Plan& plan, std::string_view name) {
  const PlanExports* close = nullptr;
  const std::string track = semver_track(name);
  for (const auto& [other, item] : plan.exports.items) {
    if (item.kind != PlanExport::Kind::Instance) continue;
    if (other == name) return item.instance.get();
    if (close == nullptr && semver_track(other) == track) close = item.instance.get();
  }
  return close;
}

}  // namespace ashlar::component
