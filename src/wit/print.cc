// What the printer is asked for; see print.h.
#include "wit/print.h"

#include <algorithm>
#include <set>

#include "wit/printer.h"

namespace ashlar::wit {

std::string print_package(const Resolve& model, PackageId id, const PrintOptions& options) {
  Printer printer(model, id, options);
  printer.begin_package(";");
  printer.package_items();
  return printer.take();
}

std::string print_with_dependencies(const Resolve& model, PackageId id, const PrintOptions& options) {
  std::string out = print_package(model, id, options);
  for (const PackageId needed : package_dependencies(model, id)) {
    Printer printer(model, needed, options);
    printer.begin_package(" {");
    printer.indent();
    printer.package_items();
    printer.dedent();
    printer.line("}");
    out += "\n" + printer.take();
  }
  return out;
}

std::string print_interface(const Resolve& model, InterfaceId id, const PrintOptions& options) {
  Printer printer(model, model[id].package, options);
  printer.interface(id);
  return printer.take();
}

std::string print_world(const Resolve& model, WorldId id, const PrintOptions& options) {
  Printer printer(model, model[id].package, options);
  printer.world(id);
  return printer.take();
}

std::vector<std::set<PackageId>> package_needs(const Resolve& model) {
  std::vector<std::set<PackageId>> needs(model.packages.size());
  const auto add = [&](PackageId from, PackageId to) {
    if (from != to) needs[static_cast<size_t>(from)].insert(to);
  };
  for (size_t i = 0; i < model.interfaces.size(); ++i) {
    for (const InterfaceId other : model.dependencies(static_cast<InterfaceId>(i))) {
      add(model.interfaces[i].package, model[other].package);
    }
  }
  for (const World& world : model.worlds) {
    for (const auto* items : {&world.imports, &world.exports}) {
      for (const WorldItem& item : *items) {
        const auto* interface = std::get_if<InterfaceId>(&item.what);
        if (interface != nullptr) add(world.package, model[*interface].package);
      }
    }
    for (const Include& include : world.includes) add(world.package, model[include.world].package);
  }
  return needs;
}

std::vector<PackageId> package_dependencies(const Resolve& model, PackageId id) {
  const std::vector<std::set<PackageId>> needs = package_needs(model);
  // Packages are in order: going down collects what is needed by what is needed.
  std::set<PackageId> wanted = {id};
  std::vector<PackageId> out;
  for (size_t i = model.packages.size(); i-- > 0;) {
    const auto package = static_cast<PackageId>(i);
    if (!wanted.contains(package)) continue;
    wanted.insert(needs[i].begin(), needs[i].end());
    if (package != id) out.push_back(package);
  }
  std::ranges::reverse(out);
  return out;
}

}  // namespace ashlar::wit
