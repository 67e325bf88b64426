// Packages: who defines which name, and the order of everything.
#include "wit/resolve.h"

#include <algorithm>
#include <utility>

#include "base/suggest.h"
#include "wit/parse.h"
#include "wit/resolver.h"

namespace ashlar::wit {
namespace {

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

}  // namespace

// The paths of an item, in the order of the text.
void Resolver::paths_of(const ast::Interface& interface, std::vector<PathUse>& out) const {
  for (const ast::InterfaceItem& item : interface.items) {
    if (const auto* use = std::get_if<ast::Use>(&item)) out.push_back({&use->path, Want::Interface});
  }
}

void Resolver::paths_of(const ast::World& world, std::vector<PathUse>& out) const {
  for (const ast::WorldItem& item : world.items) {
    if (const auto* use = std::get_if<ast::Use>(&item)) out.push_back({&use->path, Want::Interface});
    if (const auto* include = std::get_if<ast::Include>(&item)) out.push_back({&include->path, Want::World});
    const auto* external = std::get_if<ast::Extern>(&item);
    if (external == nullptr) continue;
    if (const auto* path = std::get_if<ast::UsePath>(&external->what)) {
      // What is left out anyway need not make sense.
      out.push_back({path, lacks(external->head) ? Want::Either : Want::Interface});
    }
    if (const auto* inside = std::get_if<ast::Interface>(&external->what)) paths_of(*inside, out);
  }
}

std::unexpected<Error> Resolver::fail(uint32_t file, uint32_t at, Error error) const {
  return std::unexpected(files_[file]->source->locate(std::move(error), at));
}

std::unexpected<Error> Resolver::unknown(uint32_t file, const ast::Id& id, std::string_view what,
                                         std::vector<std::string_view> candidates) const {
  std::ranges::sort(candidates);
  return fail(file, id.at,
              Error(ErrorCode::wit_unknown, kNoOffset, std::string(what), std::string(id.name),
                    base::suggest(id.name, candidates)));
}

std::unexpected<Error> Resolver::gated(uint32_t file, const ast::Id& id, std::string_view what,
                                       const std::string& feature) const {
  return fail(file, id.at, Error(ErrorCode::wit_gated, kNoOffset, std::string(what), std::string(id.name), feature));
}

Result<std::string> Resolver::lacking_feature(uint32_t file, uint32_t package, const ast::Head& head) const {
  const Stability& stability = head.stability;
  if (stability.kind == Stability::Kind::Since) {
    const PackageName& name = packages_[package].name;
    if (!name.version) {
      return fail(file, head.gate_at, Error(ErrorCode::wit_gate_version, kNoOffset, "since", name.base()));
    }
    if (precedence(*stability.since, *name.version) > 0) {
      return fail(file, head.gate_at,
                  Error(ErrorCode::wit_since, kNoOffset, stability.since->str(), name.version->str()));
    }
  }
  return lacks(head) ? stability.feature : std::string();
}

bool Resolver::lacks(const ast::Head& head) const {
  const Stability& stability = head.stability;
  return stability.kind == Stability::Kind::Unstable && !all_features_ && !features_.contains(stability.feature);
}

Result<uint32_t> Resolver::add_package(const PackageName& name, uint32_t file, const ast::PackageId& id) {
  const auto [at, added] = package_index_.emplace(name.str(), static_cast<uint32_t>(packages_.size()));
  if (!added) {
    return fail(file, id.ns.at, Error(ErrorCode::wit_package_twice, kNoOffset, name.str()));
  }
  packages_.push_back({name, {}, {}, {}});
  return at->second;
}

Status Resolver::add_part(uint32_t package, uint32_t file, const ast::Package& tree) {
  const auto part = static_cast<uint32_t>(parts_.size());
  parts_.push_back({file, package, &tree, {}});
  PackageUnit& unit = packages_[package];
  unit.parts.push_back(part);
  const auto add = [&](Item item, const ast::Id& id) -> Status {
    if (!unit.taken.insert(canonical_label(id.name)).second) {
      return fail(file, id.at,
                  Error(ErrorCode::wit_duplicate, kNoOffset, "interface or world", std::string(id.name),
                        " in package " + quoted(unit.name.str())));
    }
    TRY_ASSIGN(item.excluded, lacking_feature(file, package, item.head()));
    unit.items.emplace(id.name, static_cast<uint32_t>(items_.size()));
    items_.push_back(std::move(item));
    return {};
  };
  for (const ast::Interface& interface : tree.interfaces) {
    TRY(add({&interface, nullptr, part, {}}, interface.name));
  }
  for (const ast::World& world : tree.worlds) TRY(add({nullptr, &world, part, {}}, world.name));
  return {};
}

Status Resolver::add_group(const SourceGroup& group, std::vector<PackageId>& roots) {
  const auto first = static_cast<uint32_t>(files_.size());
  uint32_t named = ~0u;  // the file that says the package's name
  uint32_t documented = ~0u;
  for (const SourceFile& source : group.files) {
    TRY_ASSIGN(ast::File tree, parse(source));
    const auto file = static_cast<uint32_t>(files_.size());
    files_.push_back(std::make_unique<FileUnit>(&source, std::move(tree)));
    const ast::Package& main = files_[file]->tree.main;
    if (!main.id) continue;
    if (named != ~0u && main.id->full() != files_[named]->tree.main.id->full()) {
      return fail(file, main.id->ns.at,
                  Error(ErrorCode::wit_package_mismatch, kNoOffset, main.id->full().str(),
                        files_[named]->tree.main.id->full().str()));
    }
    if (!main.docs.empty() && documented != ~0u) {
      return fail(file, main.docs_at, Error(ErrorCode::wit_package_docs));
    }
    if (!main.docs.empty()) documented = file;
    if (named == ~0u) named = file;
  }
  if (named == ~0u) {
    Error error(ErrorCode::wit_no_package);
    if (group.files.empty()) return std::unexpected(std::move(error));
    return std::unexpected(std::move(error).in_file(group.files[0].path));
  }
  const ast::PackageId& id = *files_[named]->tree.main.id;
  if (const auto other = package_index_.find(id.full().str()); group.spare && other != package_index_.end()) {
    roots.push_back(static_cast<PackageId>(other->second));
    return {};
  }
  TRY_ASSIGN(const uint32_t package, add_package(id.full(), named, id));
  roots.push_back(static_cast<PackageId>(package));
  for (uint32_t file = first; file < files_.size(); ++file) TRY(add_part(package, file, files_[file]->tree.main));
  for (uint32_t file = first; file < files_.size(); ++file) {
    for (const ast::Package& nested : files_[file]->tree.nested) {
      TRY_ASSIGN(const uint32_t inner, add_package(nested.id->full(), file, *nested.id));
      TRY(add_part(inner, file, nested));
    }
  }
  return {};
}

std::vector<std::string_view> Resolver::item_names(const PackageUnit& package) const {
  std::vector<std::string_view> out;
  for (const auto& [name, item] : package.items) out.push_back(name);
  return out;
}

Result<uint32_t> Resolver::find_package(uint32_t part, const ast::PackageId& id) {
  const std::string name = id.full().str();
  const auto found = package_index_.find(name);
  if (found != package_index_.end()) return found->second;
  std::vector<std::string_view> candidates;
  for (const auto& [other, index] : package_index_) {
    candidates.push_back(other);
    // The right package in another version is what one mostly meant.
    if (packages_[index].name.base() == id.full().base()) {
      return unknown(parts_[part].file, {name, id.ns.at}, "package", {other});
    }
  }
  return unknown(parts_[part].file, {name, id.ns.at}, "package", std::move(candidates));
}

Result<uint32_t> Resolver::find_item(uint32_t part, const ast::UsePath& path, Want want, bool top_level) {
  const uint32_t file = parts_[part].file;
  const std::string_view what = want == Want::World       ? "world"
                                : want == Want::Interface ? "interface"
                                                          : "interface or world";
  uint32_t package = parts_[part].package;
  std::optional<uint32_t> item;
  if (path.package) {
    TRY_ASSIGN(package, find_package(part, *path.package));
  } else if (const auto found = parts_[part].uses.find(path.name.name);
             !top_level && found != parts_[part].uses.end()) {
    item = found->second;
  }
  if (!item) {
    const PackageUnit& unit = packages_[package];
    const auto found = unit.items.find(path.name.name);
    if (found == unit.items.end()) {
      std::vector<std::string_view> candidates = item_names(unit);
      if (!path.package) {
        for (const auto& [name, use] : parts_[part].uses) candidates.push_back(name);
      }
      return unknown(file, path.name, what, std::move(candidates));
    }
    item = found->second;
  }
  const bool is_world = items_[*item].world != nullptr;
  if ((want == Want::Interface && is_world) || (want == Want::World && !is_world)) {
    return fail(file, path.name.at,
                Error(ErrorCode::wit_wrong_kind, kNoOffset, std::string(path.name.name),
                      is_world ? "a world" : "an interface", is_world ? "an interface" : "a world"));
  }
  return *item;
}

Status Resolver::resolve_top_use(Part& part, const ast::TopUse& use) {
  const auto index = static_cast<uint32_t>(&part - parts_.data());
  // Worlds of one's own package only: WIT.md speaks of interfaces.
  TRY_ASSIGN(const uint32_t item, find_item(index, use.path, use.path.package ? Want::Interface : Want::Either, true));
  const bool in_file =
      std::ranges::any_of(part.tree->interfaces, [&](auto& i) { return i.name.name == use.as.name; }) ||
      std::ranges::any_of(part.tree->worlds, [&](auto& w) { return w.name.name == use.as.name; });
  if (in_file || !part.uses.emplace(use.as.name, item).second) {
    return fail(part.file, use.as.at,
                Error(ErrorCode::wit_duplicate, kNoOffset, "name", std::string(use.as.name), " in this file"));
  }
  return {};
}

Status Resolver::resolve_top_uses() {
  for (Part& part : parts_) {
    for (const ast::TopUse& use : part.tree->uses) TRY(resolve_top_use(part, use));
  }
  return {};
}

Status Resolver::order_packages() {
  Graph graph(packages_.size());
  for (uint32_t part = 0; part < parts_.size(); ++part) {
    std::vector<PathUse> paths;
    for (const ast::TopUse& use : parts_[part].tree->uses) paths.push_back({&use.path, Want::Either});
    for (const ast::Interface& interface : parts_[part].tree->interfaces) paths_of(interface, paths);
    for (const ast::World& world : parts_[part].tree->worlds) paths_of(world, paths);
    for (const PathUse& use : paths) {
      if (!use.path->package) continue;
      TRY_ASSIGN(const uint32_t package, find_package(part, *use.path->package));
      graph[parts_[part].package].push_back({package, parts_[part].file, use.path->package->ns.at});
    }
  }
  std::vector<uint32_t> order;
  if (const std::optional<Cycle> cycle = topological_order(graph, order)) {
    std::string chain;
    for (const uint32_t node : cycle->nodes) chain += packages_[node].name.str() + " -> ";
    const std::string name = packages_[cycle->closing.to].name.str();
    return fail(cycle->closing.file, cycle->closing.at,
                Error(ErrorCode::wit_cycle, kNoOffset, "package", name,
                      cycle->nodes.size() > 1 ? ": " + chain + name : std::string()));
  }
  std::vector<uint32_t> place(packages_.size());
  for (uint32_t i = 0; i < order.size(); ++i) place[order[i]] = i;
  model_.packages.resize(packages_.size());
  std::vector<PackageUnit> sorted(packages_.size());
  for (uint32_t i = 0; i < packages_.size(); ++i) {
    package_index_[packages_[i].name.str()] = place[i];
    sorted[place[i]] = std::move(packages_[i]);
  }
  packages_ = std::move(sorted);
  for (Part& part : parts_) part.package = place[part.package];
  return {};
}

Status Resolver::order_items() {
  Graph graph(items_.size());
  for (uint32_t i = 0; i < items_.size(); ++i) {
    const uint32_t part = items_[i].part;
    std::vector<PathUse> paths;
    if (items_[i].interface != nullptr) paths_of(*items_[i].interface, paths);
    if (items_[i].world != nullptr) paths_of(*items_[i].world, paths);
    for (const PathUse& use : paths) {
      TRY_ASSIGN(const uint32_t to, find_item(part, *use.path, use.want));
      found_.emplace(use.path, to);
      graph[i].push_back({to, parts_[part].file, use.path->name.at});
    }
  }
  std::optional<Cycle> cycle = topological_order(graph, order_);
  if (!cycle) return {};
  const auto name = [&](uint32_t item) { return std::string(items_[item].name()); };
  std::string chain;
  for (const uint32_t node : cycle->nodes) chain += name(node) + " -> ";
  return fail(
      cycle->closing.file, cycle->closing.at,
      Error(ErrorCode::wit_cycle, kNoOffset, items_[cycle->closing.to].world ? "world" : "interface",
            name(cycle->closing.to), cycle->nodes.size() > 1 ? ": " + chain + name(cycle->closing.to) : std::string()));
}

Status Resolver::add_tree(const SourceFile& source, ast::File tree, std::vector<PackageId>& roots) {
  const auto file = static_cast<uint32_t>(files_.size());
  files_.push_back(std::make_unique<FileUnit>(&source, std::move(tree)));
  const ast::Package& main = files_[file]->tree.main;
  TRY_ASSIGN(const uint32_t package, add_package(main.id->full(), file, *main.id));
  roots.push_back(static_cast<PackageId>(package));
  return add_part(package, file, main);
}

Result<Resolved> Resolver::run(std::span<const SourceGroup> groups, const SourceFile* source, ast::File* tree) {
  std::vector<PackageId> roots;
  if (source != nullptr) TRY(add_tree(*source, std::move(*tree), roots));
  for (const SourceGroup& group : groups) TRY(add_group(group, roots));
  std::vector<std::string> names;
  for (const PackageId root : roots) names.push_back(packages_[static_cast<size_t>(root)].name.str());
  TRY(resolve_top_uses());
  TRY(order_packages());
  for (size_t i = 0; i < roots.size(); ++i) roots[i] = static_cast<PackageId>(package_index_[names[i]]);
  for (size_t i = 0; i < packages_.size(); ++i) {
    model_.packages[i].name = packages_[i].name;
    for (const uint32_t part : packages_[i].parts) {
      if (!parts_[part].tree->docs.empty()) model_.packages[i].docs = parts_[part].tree->docs;
    }
  }
  TRY(order_items());
  for (const uint32_t index : order_) {
    Item& item = items_[index];
    if (!item.excluded.empty()) {
      TRY(interface_types_gated(item));
    } else if (item.interface != nullptr) {
      TRY(define_interface(item));
    } else {
      TRY(define_world(item));
    }
  }
  // Listed as they were written.
  for (const Item& item : items_) {
    if (!item.excluded.empty()) continue;
    Package& package = model_.packages[parts_[item.part].package];
    if (item.interface != nullptr) package.interfaces.push_back(item.interface_id);
    if (item.world != nullptr) package.worlds.push_back(item.world_id);
  }
  return Resolved{std::move(model_), std::move(roots)};
}

Result<Resolved> resolve(std::span<const SourceGroup> groups, const ResolveOptions& options) {
  return Resolver(options).run(groups, nullptr, nullptr);
}

Result<Resolved> resolve_tree(const SourceFile& source, ast::File tree, std::span<const SourceGroup> groups,
                              const ResolveOptions& options) {
  return Resolver(options).run(groups, &source, &tree);
}

Result<WorldId> select_world(const Resolve& model, PackageId package, std::string_view name) {
  const std::string package_name = model[package].name.str();
  std::vector<std::string> names;
  for (const WorldId id : model[package].worlds) names.push_back(model[id].name);
  if (name.empty()) {
    if (names.size() == 1) return model[package].worlds[0];
    std::string list;
    for (const std::string& one : names) list += (list.empty() ? ": " : ", ") + one;
    return make_error(ErrorCode::wit_no_world, kNoOffset, package_name,
                      names.empty() ? "no world" : std::to_string(names.size()) + " worlds", list);
  }
  if (const std::optional<InterfaceName> path = parse_interface_name(name)) {
    const std::optional<PackageId> other = model.find_package(path->package);
    const std::optional<WorldId> found = other ? model.find_world(*other, path->name) : std::nullopt;
    if (found) return *found;
    for (size_t i = 0; i < model.worlds.size(); ++i) names.push_back(model.full_name(static_cast<WorldId>(i)));
  } else if (const std::optional<WorldId> found = model.find_world(package, name)) {
    return *found;
  }
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  return make_error(ErrorCode::wit_unknown, kNoOffset, "world", std::string(name), base::suggest(name, candidates));
}

}  // namespace ashlar::wit
