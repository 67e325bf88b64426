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

namespace {

/// The first type of an interface that is named there without being taken into the world; null: none.
const TypeDef* foreign_type(const Resolve& model, Type type);

const TypeDef* foreign_type(const Resolve& model, std::optional<Type> type) {
  return type ? foreign_type(model, *type) : nullptr;
}

const TypeDef* foreign_type(const Resolve& model, const std::vector<Type>& types) {
  for (const Type type : types) {
    if (const TypeDef* found = foreign_type(model, type)) return found;
  }
  return nullptr;
}

const TypeDef* foreign_type(const Resolve& model, Type type) {
  if (type.is_prim()) return nullptr;
  const TypeDef& def = model[type.id()];
  if (!def.name.empty()) return std::holds_alternative<InterfaceId>(def.owner) ? &def : nullptr;
  return std::visit(
      [&]<class T>(const T& t) -> const TypeDef* {
        if constexpr (std::is_same_v<T, Tuple>) return foreign_type(model, t.types);
        if constexpr (std::is_same_v<T, List> || std::is_same_v<T, FixedList>) return foreign_type(model, t.element);
        if constexpr (std::is_same_v<T, Map>) return foreign_type(model, std::vector{t.key, t.value});
        if constexpr (std::is_same_v<T, Option> || std::is_same_v<T, Future> || std::is_same_v<T, Stream>) {
          return foreign_type(model, t.type);
        }
        if constexpr (std::is_same_v<T, ResultType>) {
          const TypeDef* const found = foreign_type(model, t.ok);
          return found != nullptr ? found : foreign_type(model, t.error);
        }
        if constexpr (std::is_same_v<T, Handle>) return foreign_type(model, Type(t.resource));
        return nullptr;
      },
      def.kind);
}

}  // namespace

Status check_scopes(const Resolve& model, PackageId id) {
  for (const World& world : model.worlds) {
    if (world.package != id) continue;
    for (const auto* items : {&world.imports, &world.exports}) {
      for (const WorldItem& item : *items) {
        const auto* function = std::get_if<Function>(&item.what);
        if (function == nullptr) continue;
        std::vector<Type> types;
        for (const Param& param : function->params) types.push_back(param.type);
        if (function->result) types.push_back(*function->result);
        const TypeDef* const foreign = foreign_type(model, types);
        if (foreign == nullptr) continue;
        return make_error(ErrorCode::wit_inexpressible, kNoOffset,
                          "function `" + function->name + "` uses the type `" + foreign->name +
                              "` of an interface that the world only exports");
      }
    }
  }
  return {};
}

}  // namespace ashlar::wit
