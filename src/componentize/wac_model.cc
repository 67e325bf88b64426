// Resolving of declarations; see wac_model.h.
#include "componentize/wac_model.h"

#include <set>
#include <utility>
#include <variant>

#include "wit/print.h"

namespace ashlar::componentize {

namespace {

namespace ast = wit::ast;

class Declarations {
 public:
  Declarations(const wit::SourceFile& file, wit::WacDeclarations& said, const WitLoader& load)
      : file_(file), said_(said), load_(load) {}

  Result<WacModel> run() {
    TRY(add_path_imports());
    for (ast::Interface& interface : said_.tree.main.interfaces) TRY(need(interface));
    for (ast::World& world : said_.tree.main.worlds) TRY(need(world));
    std::vector<wit::SourceGroup> groups;
    for (auto& [name, text] : texts_) {
      groups.push_back({{{name, std::move(text)}}, true});
    }
    TRY_ASSIGN(wit::Resolved resolved,
               wit::resolve_tree(file_, std::move(said_.tree), groups, {.features = {}, .all_features = true}));
    WacModel out;
    out.package = resolved.roots[0];
    out.model = std::move(resolved.model);
    out.composition = *out.model.find_world(out.package, wit::kCompositionWorld);
    rename(out);
    return out;
  }

 private:
  /// Imports by path whose package is there belong to the composition's world like the others.
  Status add_path_imports() {
    for (wit::WacImport& import : said_.imports) {
      if (!import.by_path) continue;
      ast::PackageId& package = *import.path.package;
      const auto loaded = load(package);
      if (!loaded && loaded.error().phase() == Phase::Io) continue;  // it is not there
      if (!loaded) return cannot_load(package, loaded.error());
      const auto id = loaded->second->find_package(package.full());
      if (!id || !loaded->second->find_interface(*id, import.path.name.name)) continue;
      if (!import.renamed) import.name = name_in_world(import.path);
      ast::Extern made;
      made.what = import.path;
      said_.tree.main.worlds.back().items.emplace_back(std::move(made));
    }
    return {};
  }

  static std::string name_in_world(const ast::UsePath& path) {
    const std::string version = path.package->version ? "@" + path.package->version->str() : "";
    return path.package->full().base() + "/" + std::string(path.name.name) + version;
  }

  /// The package's model, by the name without a version; where the path has none, it gets that of what was found.
  Result<std::pair<std::string, const wit::Resolve*>> load(ast::PackageId& package) {
    const std::string base = package.full().base();
    const auto [at, added] = loaded_.try_emplace(base);
    if (added) {
      auto found = load_(base);
      if (!found) {
        loaded_.erase(at);
        return std::unexpected(std::move(found).error());
      }
      at->second = std::move(found->model);
      for (size_t i = 0; i < at->second.packages.size(); ++i) {
        const auto id = static_cast<wit::PackageId>(i);
        const std::string name = at->second[id].name.str();
        if (name == "root:component") continue;  // what a component itself is
        if (!texts_.contains(name))
          texts_.emplace(name, wit::print_package(at->second, id, {.docs = false, .flat_worlds = false}));
      }
    }
    if (!package.version) {
      for (const wit::Package& one : at->second.packages) {
        if (one.name.base() == base) package.version = one.name.version;
      }
    }
    return std::pair(base, static_cast<const wit::Resolve*>(&at->second));
  }

  Status need(ast::UsePath& path) {
    if (!path.package) return {};
    // The file's own package by its whole name.
    const wit::PackageName own = said_.tree.main.id->full();
    if (path.package->full().base() == own.base() && (!path.package->version || path.package->version == own.version)) {
      path.package->version = own.version;
      return {};
    }
    const auto loaded = load(*path.package);
    return loaded ? Status() : cannot_load(*path.package, loaded.error());
  }

  std::unexpected<Error> cannot_load(const ast::PackageId& package, const Error& why) const {
    return std::unexpected(
        file_.locate(Error(ErrorCode::wac_rule, kNoOffset, "package '" + package.full().str() + "': " + why.render()),
                     package.ns.at));
  }

  Status need(ast::Interface& interface) {
    for (ast::InterfaceItem& item : interface.items) {
      if (auto* use = std::get_if<ast::Use>(&item)) TRY(need(use->path));
    }
    return {};
  }

  Status need(ast::World& world) {
    for (ast::WorldItem& item : world.items) {
      if (auto* use = std::get_if<ast::Use>(&item)) TRY(need(use->path));
      if (auto* include = std::get_if<ast::Include>(&item)) TRY(need(include->path));
      auto* external = std::get_if<ast::Extern>(&item);
      if (external == nullptr) continue;
      if (auto* path = std::get_if<ast::UsePath>(&external->what)) TRY(need(*path));
      if (auto* inside = std::get_if<ast::Interface>(&external->what)) TRY(need(*inside));
    }
    return {};
  }

  /// Items of the composition's world are called by ids of the file, or as the interfaces that they are.
  void rename(WacModel& out) const {
    for (const wit::WacImport& import : said_.imports) {
      std::string in_world(import.id.name);
      if (import.by_path) {
        in_world = name_in_world(import.path);
      } else if (!import.path.name.name.empty()) {
        const auto id = out.model.find_interface(out.package, import.path.name.name);
        if (id) in_world = out.model.full_name(*id);
      }
      if (in_world != import.name) out.renames.emplace(in_world, import.name);
    }
  }

  const wit::SourceFile& file_;
  wit::WacDeclarations& said_;
  const WitLoader& load_;
  std::map<std::string, wit::Resolve> loaded_;
  std::map<std::string, std::string> texts_;  // of packages, by name
};

}  // namespace

Result<WacModel> resolve_declarations(const wit::SourceFile& file, wit::WacDeclarations& declarations,
                                      const WitLoader& load) {
  return Declarations(file, declarations, load).run();
}

}  // namespace ashlar::componentize
