// Unifying of versions; see unify_versions.h.
#include "componentize/unify_versions.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace ashlar::componentize {

namespace {

using wit::InterfaceId;
using wit::TypeId;

class Unifier {
 public:
  Unifier(wit::Resolve& model, wit::WorldId world) : model_(model), world_(model[world]) {}

  void run() {
    find_groups();
    // Each turn drops a version, or is the last.
    while (!older_.empty() && (drop_cycle() || drop_misfit())) {
    }
    if (!older_.empty()) apply();
  }

 private:
  /// All that is known of an interface by its versions so far.
  struct View {
    std::unordered_map<std::string_view, TypeId> types;
    std::unordered_map<std::string_view, const wit::Function*> functions;
  };

  // --- which versions there are

  void find_groups() {
    std::set<InterfaceId> exported;
    for (const wit::WorldItem& item : world_.exports) {
      if (const auto* id = std::get_if<InterfaceId>(&item.what)) exported.insert(*id);
    }
    struct Member {
      InterfaceId id;
      wit::InterfaceName name;
    };
    std::map<std::string, std::vector<Member>> by_name;  // without their versions
    for (const wit::WorldItem& item : world_.imports) {
      const auto* id = std::get_if<InterfaceId>(&item.what);
      if (id == nullptr || !item.label.empty() || exported.contains(*id)) continue;
      const wit::PackageName& package = model_[model_[*id].package].name;
      if (package.version)
        by_name[package.base() + "/" + model_[*id].name].push_back({*id, {package, model_[*id].name}});
    }
    for (auto& [name, members] : by_name) {
      std::ranges::sort(members, [](const Member& a, const Member& b) {
        return wit::precedence(*a.name.package.version, *b.name.package.version) > 0;
      });
      std::vector<const Member*> newest;  // of each track
      for (const Member& member : members) {
        const auto of = std::ranges::find_if(
            newest, [&](const Member* other) { return wit::compatible(member.name, other->name); });
        if (of == newest.end()) {
          newest.push_back(&member);
        } else {
          older_.emplace(member.id, (*of)->id);
        }
      }
    }
  }

  InterfaceId unified(InterfaceId id) const {
    const auto found = older_.find(id);
    return found == older_.end() ? id : found->second;
  }

  // --- what must stay apart

  /// Looks for interfaces that would need each other, and leaves those apart. False when there are none.
  bool drop_cycle() {
    std::map<InterfaceId, std::vector<InterfaceId>> needs;
    for (size_t i = 0; i < model_.interfaces.size(); ++i) {
      const auto id = static_cast<InterfaceId>(i);
      for (const InterfaceId needed : model_.dependencies(id)) needs[unified(id)].push_back(unified(needed));
    }
    std::set<InterfaceId> done;
    std::vector<InterfaceId> path;
    std::vector<InterfaceId> cycle;
    const auto visit = [&](const auto& self, InterfaceId id) -> void {
      if (const auto at = std::ranges::find(path, id); at != path.end()) cycle.assign(at, path.end());
      if (!cycle.empty() || done.contains(id)) return;
      path.push_back(id);
      for (const InterfaceId needed : needs[id]) self(self, needed);
      path.pop_back();
      done.insert(id);
    };
    for (const auto& [older, newest] : older_) visit(visit, newest);
    // What cannot be undone here was so before.
    return !cycle.empty() && std::erase_if(older_, [&](const auto& one) {
                               return std::ranges::find(cycle, one.second) != cycle.end();
                             }) != 0;
  }

  /// Compares all versions, and leaves the first that does not fit apart. False when there is none.
  bool drop_misfit() {
    views_.clear();
    same_.clear();
    for (const auto& [older, newest] : older_) {
      const auto [at, added] = views_.try_emplace(newest);
      if (added) add_to(at->second, newest);
      if (!fits(at->second, older)) {
        older_.erase(InterfaceId(older));
        return true;
      }
      add_to(at->second, older);
    }
    return false;
  }

  void add_to(View& view, InterfaceId id) const {
    for (const TypeId type : model_[id].types) view.types.try_emplace(model_[type].name, type);
    for (const wit::Function& function : model_[id].functions) view.functions.try_emplace(function.name, &function);
  }

  bool fits(const View& view, InterfaceId id) {
    for (const TypeId type : model_[id].types) {
      const auto other = view.types.find(model_[type].name);
      if (view.functions.contains(model_[type].name)) return false;
      if (other != view.types.end() && !same_definition(type, other->second)) return false;
    }
    for (const wit::Function& function : model_[id].functions) {
      const auto other = view.functions.find(function.name);
      if (view.types.contains(function.name)) return false;
      if (other != view.functions.end() && !same_function(function, *other->second)) return false;
    }
    return true;
  }

  bool same_function(const wit::Function& a, const wit::Function& b) {
    const auto same_param = [&](const wit::Param& x, const wit::Param& y) {
      return x.name == y.name && same(x.type, y.type);
    };
    return a.is_async == b.is_async && a.kind == b.kind && same(a.result, b.result) &&
           std::ranges::equal(a.params, b.params, same_param);
  }

  bool same_definition(TypeId a, TypeId b) {
    if (model_.aliased(a) || model_.aliased(b)) return same(wit::Type(a), wit::Type(b));
    return same_kind(model_[a].kind, model_[b].kind);
  }

  static bool is_nominal(const wit::TypeKind& kind) {
    return std::holds_alternative<wit::Record>(kind) || std::holds_alternative<wit::Variant>(kind) ||
           std::holds_alternative<wit::Flags>(kind) || std::holds_alternative<wit::Enum>(kind) ||
           std::holds_alternative<wit::Resource>(kind);
  }

  bool same(wit::Type a, wit::Type b) {
    a = model_.dealias(a);
    b = model_.dealias(b);
    if (a == b) return true;
    if (a.is_prim() || b.is_prim()) return false;
    const wit::TypeDef& x = model_[a.id()];
    const wit::TypeDef& y = model_[b.id()];
    if (is_nominal(x.kind) || is_nominal(y.kind)) {
      // Whether they are alike is seen where the interfaces that define them are compared.
      const auto* of_x = std::get_if<InterfaceId>(&x.owner);
      const auto* of_y = std::get_if<InterfaceId>(&y.owner);
      return of_x != nullptr && of_y != nullptr && unified(*of_x) == unified(*of_y) && x.name == y.name;
    }
    // Types are no circles: what is being compared is not met inside again.
    if (same_.contains({a.id(), b.id()})) return true;
    if (!same_kind(x.kind, y.kind)) return false;
    same_.emplace(a.id(), b.id());
    return true;
  }
  bool same(const std::optional<wit::Type>& a, const std::optional<wit::Type>& b) {
    return a && b ? same(*a, *b) : a.has_value() == b.has_value();
  }

  bool same_kind(const wit::TypeKind& a, const wit::TypeKind& b) {
    if (a.index() != b.index()) return false;
    const auto same_members = [&](const auto& x, const auto& y) {
      return std::ranges::equal(x, y, [&](const auto& one, const auto& other) {
        return one.name == other.name && same(one.type, other.type);
      });
    };
    const auto same_labels = [](const auto& x, const auto& y) {
      return std::ranges::equal(x, y, {}, &wit::Label::name, &wit::Label::name);
    };
    return std::visit(
        [&](const auto& x) {
          using Kind = std::decay_t<decltype(x)>;
          const Kind& y = std::get<Kind>(b);
          if constexpr (std::is_same_v<Kind, wit::Record>) {
            return same_members(x.fields, y.fields);
          } else if constexpr (std::is_same_v<Kind, wit::Variant>) {
            return same_members(x.cases, y.cases);
          } else if constexpr (std::is_same_v<Kind, wit::Flags>) {
            return same_labels(x.flags, y.flags);
          } else if constexpr (std::is_same_v<Kind, wit::Enum>) {
            return same_labels(x.cases, y.cases);
          } else if constexpr (std::is_same_v<Kind, wit::Resource>) {
            return true;
          } else if constexpr (std::is_same_v<Kind, wit::Tuple>) {
            return std::ranges::equal(x.types, y.types, [&](wit::Type s, wit::Type t) { return same(s, t); });
          } else if constexpr (std::is_same_v<Kind, wit::List>) {
            return same(x.element, y.element);
          } else if constexpr (std::is_same_v<Kind, wit::FixedList>) {
            return x.length == y.length && same(x.element, y.element);
          } else if constexpr (std::is_same_v<Kind, wit::Map>) {
            return same(x.key, y.key) && same(x.value, y.value);
          } else if constexpr (std::is_same_v<Kind, wit::ResultType>) {
            return same(x.ok, y.ok) && same(x.error, y.error);
          } else if constexpr (std::is_same_v<Kind, wit::Handle>) {
            return x.borrowed == y.borrowed && same(wit::Type(x.resource), wit::Type(y.resource));
          } else if constexpr (std::is_same_v<Kind, wit::Used>) {
            return same(wit::Type(x.type), wit::Type(y.type));
          } else {
            return same(x.type, y.type);
          }
        },
        a);
  }

  // --- making them one

  void apply() {
    std::unordered_map<TypeId, TypeId> moved;
    for (const auto& [older, newest] : older_) {
      const View& view = views_.at(newest);
      for (const TypeId type : model_[older].types) {
        const TypeId target = view.types.at(model_[type].name);
        moved.emplace(type, target);
        if (target != type) continue;
        model_[type].owner = newest;
        model_[newest].types.push_back(type);
      }
    }
    // Functions move last: the views point to them.
    std::vector<std::pair<InterfaceId, wit::Function>> more;
    for (const auto& [older, newest] : older_) {
      for (const wit::Function& function : model_[older].functions) {
        if (views_.at(newest).functions.at(function.name) == &function) more.emplace_back(newest, function);
      }
    }
    for (auto& [id, function] : more) model_[id].functions.push_back(std::move(function));
    for (const auto& [older, newest] : older_) {
      model_[older].types.clear();
      model_[older].functions.clear();
    }
    rename(moved);
    std::erase_if(world_.imports, [&](const wit::WorldItem& item) {
      const auto* id = std::get_if<InterfaceId>(&item.what);
      return id != nullptr && older_.contains(*id);
    });
  }

  /// Puts the newest version's types where the others' were.
  void rename(const std::unordered_map<TypeId, TypeId>& moved) {
    const auto id = [&](TypeId& one) {
      if (const auto found = moved.find(one); found != moved.end()) one = found->second;
    };
    const auto type = [&](wit::Type& one) {
      if (one.is_prim()) return;
      TypeId inner = one.id();
      id(inner);
      one = wit::Type(inner);
    };
    const auto optional = [&](std::optional<wit::Type>& one) {
      if (one) type(*one);
    };
    const auto function = [&](wit::Function& one) {
      if (one.resource) id(*one.resource);
      for (wit::Param& param : one.params) type(param.type);
      optional(one.result);
    };
    for (wit::TypeDef& def : model_.types) {
      std::visit(
          [&](auto& x) {
            using Kind = std::decay_t<decltype(x)>;
            if constexpr (std::is_same_v<Kind, wit::Record>) {
              for (wit::Field& field : x.fields) type(field.type);
            } else if constexpr (std::is_same_v<Kind, wit::Variant>) {
              for (wit::Case& one : x.cases) optional(one.type);
            } else if constexpr (std::is_same_v<Kind, wit::Tuple>) {
              for (wit::Type& one : x.types) type(one);
            } else if constexpr (std::is_same_v<Kind, wit::List> || std::is_same_v<Kind, wit::FixedList>) {
              type(x.element);
            } else if constexpr (std::is_same_v<Kind, wit::Map>) {
              type(x.key);
              type(x.value);
            } else if constexpr (std::is_same_v<Kind, wit::ResultType>) {
              optional(x.ok);
              optional(x.error);
            } else if constexpr (std::is_same_v<Kind, wit::Handle>) {
              id(x.resource);
            } else if constexpr (std::is_same_v<Kind, wit::Used>) {
              id(x.type);
            } else if constexpr (std::is_same_v<Kind, wit::Alias> || std::is_same_v<Kind, wit::Option>) {
              type(x.type);
            } else if constexpr (std::is_same_v<Kind, wit::Future> || std::is_same_v<Kind, wit::Stream>) {
              optional(x.type);
            }
          },
          def.kind);
    }
    for (wit::Interface& interface : model_.interfaces) std::ranges::for_each(interface.functions, function);
    for (auto* items : {&world_.imports, &world_.exports}) {
      for (wit::WorldItem& item : *items) {
        if (auto* one = std::get_if<wit::Function>(&item.what)) function(*one);
      }
    }
  }

  wit::Resolve& model_;
  wit::World& world_;
  std::map<InterfaceId, InterfaceId> older_;  // and the newest version, which takes its place
  std::map<InterfaceId, View> views_;         // by the newest
  std::set<std::pair<TypeId, TypeId>> same_;
};

}  // namespace

void unify_import_versions(wit::Resolve& model, wit::WorldId world) { Unifier(model, world).run(); }

}  // namespace ashlar::componentize
