// Completes worlds: the interfaces whose types are used, and an order in which each comes behind what it needs.
#include <algorithm>
#include <utility>

#include "wit/resolver.h"

namespace ashlar::wit {
namespace {

constexpr const InterfaceId* interface_of(const WorldItem& item) { return std::get_if<InterfaceId>(&item.what); }

/// The imports or exports of a world while they are put in order.
class Ordered {
 public:
  explicit Ordered(std::vector<WorldItem> items) : items_(std::move(items)) {
    for (size_t i = 0; i < items_.size(); ++i) {
      if (items_[i].label.empty()) by_id_.emplace(*interface_of(items_[i]), i);
    }
  }
  size_t size() const { return items_.size(); }
  const WorldItem& operator[](size_t i) const { return items_[i]; }
  const std::unordered_map<InterfaceId, size_t>& interfaces() const { return by_id_; }
  bool placed(InterfaceId id) const { return placed_.contains(id); }

  void place(size_t i) { out_.push_back(std::move(items_[i])); }
  /// The interface under its own name: as it is among the items, or implied.
  void place(InterfaceId id, const Stability& stability) {
    placed_.insert(id);
    if (const auto found = by_id_.find(id); found != by_id_.end()) return place(found->second);
    WorldItem item;
    item.what = id;
    item.origin = WorldItem::Origin::Implied;
    item.stability = stability;
    out_.push_back(std::move(item));
  }
  std::vector<WorldItem> take() { return std::move(out_); }

 private:
  std::vector<WorldItem> items_;
  std::unordered_map<InterfaceId, size_t> by_id_;
  std::unordered_set<InterfaceId> placed_;
  std::vector<WorldItem> out_;
};

/// Visits `root` and what it needs, needs first, without recursion: chains of uses are as long as the text likes.
template <class Dependencies, class Known, class Leave>
Status visit(InterfaceId root, Dependencies dependencies, Known known, Leave leave) {
  struct Frame {
    InterfaceId id;
    size_t next;
  };
  if (known(root)) return {};
  std::vector<Frame> stack = {{root, 0}};
  while (!stack.empty()) {
    Frame& top = stack.back();
    const std::vector<InterfaceId>& needs = dependencies(top.id);
    if (top.next == needs.size()) {
      const InterfaceId done = top.id;
      stack.pop_back();
      // Two interfaces of the stack may have needed it.
      if (!known(done)) TRY(leave(done));
      continue;
    }
    const InterfaceId need = needs[top.next++];
    if (!known(need)) stack.push_back({need, 0});
  }
  return {};
}

}  // namespace

const std::vector<InterfaceId>& Resolver::dependencies(InterfaceId id) {
  const auto found = dependencies_.find(id);
  return found != dependencies_.end() ? found->second
                                      : dependencies_.emplace(id, model_.dependencies(id)).first->second;
}

Status Resolver::elaborate(World& world, uint32_t file, uint32_t at) {
  Ordered imports(std::move(world.imports));
  Ordered exports(std::move(world.exports));
  const auto needs = [&](InterfaceId id) -> const std::vector<InterfaceId>& { return dependencies(id); };
  const auto need_import = [&](InterfaceId root) -> Status {
    return visit(
        root, needs, [&](InterfaceId id) { return imports.placed(id); },
        [&](InterfaceId id) -> Status {
          imports.place(id, model_[id].stability);
          return charge(1 + dependencies(id).size());
        });
  };
  for (size_t i = 0; i < imports.size(); ++i) {
    const InterfaceId* interface = interface_of(imports[i]);
    if (imports[i].what.index() == 0 && imports[i].label.empty()) {
      TRY(need_import(*interface));
      continue;
    }
    if (interface != nullptr) {
      for (const InterfaceId need : dependencies(*interface)) TRY(need_import(need));
    } else if (const auto* type = std::get_if<TypeId>(&imports[i].what)) {
      const auto* used = std::get_if<Used>(&model_[*type].kind);
      if (used != nullptr) TRY(need_import(std::get<InterfaceId>(model_[used->type].owner)));
    }
    imports.place(i);
  }

  // What exported interfaces use is exported when it is listed, else imported, with all that it needs in turn.
  std::unordered_set<InterfaceId> required;
  const auto require = [&](InterfaceId user, const std::string& label) -> Status {
    for (const InterfaceId need : dependencies(user)) {
      if (exports.interfaces().contains(need)) continue;
      TRY(visit(
          need, needs, [&](InterfaceId id) { return required.contains(id); },
          [&](InterfaceId id) -> Status {
            required.insert(id);
            if (!exports.interfaces().contains(id)) return charge(1 + dependencies(id).size());
            const std::string& name = label.empty() ? model_[user].name : label;
            return fail(file, at, Error(ErrorCode::wit_export_depends, kNoOffset, name, model_.full_name(id)));
          }));
      TRY(need_import(need));
    }
    return {};
  };
  for (size_t i = 0; i < exports.size(); ++i) {
    const InterfaceId* interface = interface_of(exports[i]);
    if (interface != nullptr) TRY(require(*interface, exports[i].label));
  }
  const auto exported_needs = [&](InterfaceId id) {
    std::vector<InterfaceId> out;
    for (const InterfaceId need : dependencies(id)) {
      if (exports.interfaces().contains(need)) out.push_back(need);
    }
    return out;
  };
  std::unordered_map<InterfaceId, std::vector<InterfaceId>> exported;
  for (const auto& [id, index] : exports.interfaces()) exported.emplace(id, exported_needs(id));
  const auto place_export = [&](InterfaceId root) -> Status {
    return visit(
        root, [&](InterfaceId id) -> const std::vector<InterfaceId>& { return exported.at(id); },
        [&](InterfaceId id) { return exports.placed(id); },
        [&](InterfaceId id) -> Status {
          exports.place(id, {});
          return {};
        });
  };
  for (size_t i = 0; i < exports.size(); ++i) {
    const InterfaceId* interface = interface_of(exports[i]);
    if (interface == nullptr) {
      exports.place(i);
    } else if (exports[i].label.empty()) {
      TRY(place_export(*interface));
    } else {
      for (const InterfaceId need : exported_needs(*interface)) TRY(place_export(need));
      exports.place(i);
    }
  }
  world.imports = imports.take();
  world.exports = exports.take();
  return {};
}

}  // namespace ashlar::wit
