// Comparison of two models; see diff.h.
#include "wit/diff.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "wit/print.h"

namespace ashlar::wit {
namespace {

/// For whom an interface is there: what is missing breaks whoever was given it.
enum class Role : uint8_t { Import, Export, Either };

class Differ {
 public:
  Differ(const Resolve& a, const Resolve& b) : a_(a), b_(b) {}
  std::vector<Change> take() { return std::move(changes_); }

  void worlds(WorldId a, WorldId b, bool with_interfaces);
  void packages(PackageId a, PackageId b);
  void package_versions(PackageId a, PackageId b);

 private:
  void add(const std::string& where, std::string what, bool breaks_guests, bool breaks_hosts) {
    changes_.push_back({where, std::move(what), breaks_guests, breaks_hosts});
  }
  void gone(Role role, const std::string& where, const std::string& what) {
    add(where, what + " is gone", role != Role::Export, role != Role::Import);
  }
  void added(Role role, const std::string& where, const std::string& what) {
    add(where, what + " is new", role == Role::Export, role == Role::Import);
  }
  void changed(const std::string& where, std::string what) { add(where, std::move(what), true, true); }

  void items(const std::vector<WorldItem>& a, const std::vector<WorldItem>& b, Role role, const std::string& where,
             bool with_interfaces);
  void item(const WorldItem& a, const WorldItem& b, Role role, const std::string& where, bool with_interfaces);
  void interfaces(InterfaceId a, InterfaceId b, Role role, const std::string& where);
  void functions(const Function& a, const Function& b, const std::string& where);
  void types(const TypeDef& a, const TypeDef& b, const std::string& where);
  void labels(const std::vector<Label>& a, const std::vector<Label>& b, const std::string& where, const char* what);
  template <class Member, class Same>
  void members(const std::vector<Member>& a, const std::vector<Member>& b, const std::string& where, const char* what,
               Same same);
  bool same(Type a, Type b) const;
  bool same(std::optional<Type> a, std::optional<Type> b) const { return a && b ? same(*a, *b) : !a && !b; }
  bool same_anonymous(const TypeDef& a, const TypeDef& b) const;
  bool same_resource(TypeId a, TypeId b) const;
  bool same_signature(const Function& a, const Function& b) const;

  const Resolve& a_;
  const Resolve& b_;
  std::vector<Change> changes_;
};

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

/// The name without the version: what the two sides have in common.
std::string base_name(const Resolve& model, InterfaceId id) {
  const Interface& interface = model[id];
  return interface.name.empty() ? std::string() : model[interface.package].name.base() + "/" + interface.name;
}

std::string item_key(const Resolve& model, const WorldItem& item) {
  return item.label.empty() ? base_name(model, std::get<InterfaceId>(item.what)) : item.label;
}

std::string owner_name(const Resolve& model, const TypeDef& def) {
  const auto* interface = std::get_if<InterfaceId>(&def.owner);
  return interface ? base_name(model, *interface) : std::string();
}

/// Walks two lists that have names, in the order of the old one and then of the new one.
template <class T, class Name, class Both, class Gone, class Added>
void match(const std::vector<T>& a, const std::vector<T>& b, Name name, Both both, Gone gone, Added added) {
  std::map<std::string, const T*> news;
  for (const T& one : b) news.emplace(name(one, false), &one);
  std::map<std::string, const T*> olds;
  for (const T& one : a) {
    const std::string key = name(one, true);
    olds.emplace(key, &one);
    const auto found = news.find(key);
    if (found == news.end()) {
      gone(one);
    } else {
      both(one, *found->second);
    }
  }
  for (const T& one : b) {
    if (!olds.contains(name(one, false))) added(one);
  }
}

bool Differ::same_resource(TypeId a, TypeId b) const {
  const TypeDef& old_def = a_[a_.dealias(a)];
  const TypeDef& new_def = b_[b_.dealias(b)];
  return old_def.name == new_def.name && owner_name(a_, old_def) == owner_name(b_, new_def);
}

/// Types with a name are compared by it: their definitions are compared where they stand. Nesting of the others is
/// bounded by the parser.
bool Differ::same(Type a, Type b) const {
  a = a_.dealias(a);
  b = b_.dealias(b);
  if (a.is_prim() || b.is_prim()) return a.is_prim() && b.is_prim() && a.prim() == b.prim();
  const TypeDef& old_def = a_[a.id()];
  const TypeDef& new_def = b_[b.id()];
  if (old_def.name.empty() && new_def.name.empty()) return same_anonymous(old_def, new_def);
  return old_def.name == new_def.name && owner_name(a_, old_def) == owner_name(b_, new_def);
}

bool Differ::same_anonymous(const TypeDef& a, const TypeDef& b) const {
  if (a.kind.index() != b.kind.index()) return false;
  if (const auto* tuple = std::get_if<Tuple>(&a.kind)) {
    return std::ranges::equal(tuple->types, std::get<Tuple>(b.kind).types,
                              [this](Type x, Type y) { return same(x, y); });
  }
  if (const auto* list = std::get_if<List>(&a.kind)) return same(list->element, std::get<List>(b.kind).element);
  if (const auto* fixed = std::get_if<FixedList>(&a.kind)) {
    const auto& other = std::get<FixedList>(b.kind);
    return fixed->length == other.length && same(fixed->element, other.element);
  }
  if (const auto* map = std::get_if<Map>(&a.kind)) {
    const auto& other = std::get<Map>(b.kind);
    return same(map->key, other.key) && same(map->value, other.value);
  }
  if (const auto* option = std::get_if<Option>(&a.kind)) return same(option->type, std::get<Option>(b.kind).type);
  if (const auto* result = std::get_if<ResultType>(&a.kind)) {
    const auto& other = std::get<ResultType>(b.kind);
    return same(result->ok, other.ok) && same(result->error, other.error);
  }
  if (const auto* handle = std::get_if<Handle>(&a.kind)) {
    const auto& other = std::get<Handle>(b.kind);
    return handle->borrowed == other.borrowed && same_resource(handle->resource, other.resource);
  }
  if (const auto* future = std::get_if<Future>(&a.kind)) return same(future->type, std::get<Future>(b.kind).type);
  if (const auto* stream = std::get_if<Stream>(&a.kind)) return same(stream->type, std::get<Stream>(b.kind).type);
  return false;
}

bool Differ::same_signature(const Function& a, const Function& b) const {
  const auto same_param = [this](const Param& x, const Param& y) { return x.name == y.name && same(x.type, y.type); };
  return a.is_async == b.is_async && std::ranges::equal(a.params, b.params, same_param) && same(a.result, b.result);
}

void Differ::functions(const Function& a, const Function& b, const std::string& where) {
  if (same_signature(a, b)) return;
  const std::string old_text = print_signature(a_, a);
  const std::string new_text = print_signature(b_, b);
  // The same text means other types of the same names.
  const std::string how = old_text == new_text ? "names types of another interface"
                                               : "was " + quoted(old_text) + ", is " + quoted(new_text);
  changed(where, "function " + quoted(a.name) + " " + how);
}

template <class Member, class Same>
void Differ::members(const std::vector<Member>& a, const std::vector<Member>& b, const std::string& where,
                     const char* what, Same same_member) {
  const size_t before = changes_.size();
  match(
      a, b, [](const Member& one, bool) { return one.name; },
      [&](const Member& x, const Member& y) {
        if (!same_member(x, y)) changed(where, std::string(what) + " " + quoted(x.name) + " has another type");
      },
      [&](const Member& x) { changed(where, std::string(what) + " " + quoted(x.name) + " is gone"); },
      [&](const Member& x) { changed(where, std::string(what) + " " + quoted(x.name) + " is new"); });
  const bool order = std::ranges::equal(a, b, {}, &Member::name, &Member::name);
  if (changes_.size() == before && !order) changed(where, std::string(what) + "s stand in another order");
}

void Differ::types(const TypeDef& a, const TypeDef& b, const std::string& where) {
  const std::string inner = where + ", type " + quoted(a.name);
  // An alias and what it names are one type.
  const auto transparent = [](const TypeDef& def) {
    return std::holds_alternative<Alias>(def.kind) || std::holds_alternative<Used>(def.kind);
  };
  if (transparent(a) && transparent(b)) {
    const auto target = [](const TypeDef& def) {
      const auto* alias = std::get_if<Alias>(&def.kind);
      return alias ? alias->type : Type(std::get<Used>(def.kind).type);
    };
    if (!same(target(a), target(b))) changed(inner, "it stands for another type");
    return;
  }
  if (a.kind.index() != b.kind.index()) return changed(inner, "it is another kind of type");
  if (const auto* record = std::get_if<Record>(&a.kind)) {
    members(record->fields, std::get<Record>(b.kind).fields, inner, "field",
            [this](const Field& x, const Field& y) { return same(x.type, y.type); });
  } else if (const auto* variant = std::get_if<Variant>(&a.kind)) {
    members(variant->cases, std::get<Variant>(b.kind).cases, inner, "case",
            [this](const Case& x, const Case& y) { return same(x.type, y.type); });
  } else if (const auto* flags = std::get_if<Flags>(&a.kind)) {
    labels(flags->flags, std::get<Flags>(b.kind).flags, inner, "flag");
  } else if (const auto* enumeration = std::get_if<Enum>(&a.kind)) {
    labels(enumeration->cases, std::get<Enum>(b.kind).cases, inner, "case");
  }
}

void Differ::labels(const std::vector<Label>& a, const std::vector<Label>& b, const std::string& where,
                    const char* what) {
  members(a, b, where, what, [](const Label&, const Label&) { return true; });
}

void Differ::interfaces(InterfaceId a, InterfaceId b, Role role, const std::string& where) {
  match(
      a_[a].types, b_[b].types, [this](TypeId id, bool is_old) { return (is_old ? a_ : b_)[id].name; },
      [&](TypeId x, TypeId y) { types(a_[x], b_[y], where); },
      [&](TypeId x) { gone(role, where, "type " + quoted(a_[x].name)); },
      // A type alone asks for nothing: functions that use it do.
      [&](TypeId x) { add(where, "type " + quoted(b_[x].name) + " is new", false, false); });
  match(
      a_[a].functions, b_[b].functions, [](const Function& one, bool) { return one.name; },
      [&](const Function& x, const Function& y) { functions(x, y, where); },
      [&](const Function& x) { gone(role, where, "function " + quoted(x.name)); },
      [&](const Function& x) { added(role, where, "function " + quoted(x.name)); });
}

void Differ::item(const WorldItem& a, const WorldItem& b, Role role, const std::string& where, bool with_interfaces) {
  const std::string name = quoted(item_key(a_, a));
  if (a.what.index() != b.what.index()) return changed(where, name + " is another kind of thing");
  if (const auto* interface = std::get_if<InterfaceId>(&a.what)) {
    const InterfaceId other = std::get<InterfaceId>(b.what);
    if (base_name(a_, *interface) != base_name(b_, other)) return changed(where, name + " is another interface");
    const bool inside = a_[*interface].name.empty();
    if (with_interfaces) package_versions(a_[*interface].package, b_[other].package);
    if (with_interfaces || inside) {
      interfaces(*interface, other, role,
                 (role == Role::Import ? "imported" : "exported") + std::string(" interface ") + name);
    }
  } else if (const auto* function = std::get_if<Function>(&a.what)) {
    functions(*function, std::get<Function>(b.what), where);
  } else {
    types(a_[std::get<TypeId>(a.what)], b_[std::get<TypeId>(b.what)], where);
  }
}

void Differ::items(const std::vector<WorldItem>& a, const std::vector<WorldItem>& b, Role role,
                   const std::string& where, bool with_interfaces) {
  const std::string kind = role == Role::Import ? "import " : "export ";
  match(
      a, b, [this](const WorldItem& one, bool is_old) { return item_key(is_old ? a_ : b_, one); },
      [&](const WorldItem& x, const WorldItem& y) { item(x, y, role, where, with_interfaces); },
      [&](const WorldItem& x) { gone(role, where, kind + quoted(item_key(a_, x))); },
      [&](const WorldItem& x) { added(role, where, kind + quoted(item_key(b_, x))); });
}

/// Says once a pair of packages that names alone keep apart.
void Differ::package_versions(PackageId a, PackageId b) {
  const PackageName& old_name = a_[a].name;
  const PackageName& new_name = b_[b].name;
  if (compatible({new_name, "x"}, {old_name, "x"})) return;
  const std::string where = "package " + quoted(old_name.base());
  if (std::ranges::any_of(changes_, [&](const Change& change) { return change.where == where; })) return;
  changed(where, "'" + new_name.str() + "' does not stand in for '" + old_name.str() + "'");
}

void Differ::worlds(WorldId a, WorldId b, bool with_interfaces) {
  const std::string where = "world " + quoted(a_[a_[a].package].name.base() + "/" + a_[a].name);
  items(a_[a].imports, b_[b].imports, Role::Import, where, with_interfaces);
  items(a_[a].exports, b_[b].exports, Role::Export, where, with_interfaces);
}

void Differ::packages(PackageId a, PackageId b) {
  const std::string where = "package " + quoted(a_[a].name.base());
  package_versions(a, b);
  match(
      a_[a].interfaces, b_[b].interfaces, [this](InterfaceId id, bool is_old) { return (is_old ? a_ : b_)[id].name; },
      [&](InterfaceId x, InterfaceId y) { interfaces(x, y, Role::Either, "interface " + quoted(base_name(a_, x))); },
      [&](InterfaceId x) { gone(Role::Either, where, "interface " + quoted(a_[x].name)); },
      [&](InterfaceId x) { added(Role::Either, where, "interface " + quoted(b_[x].name)); });
  match(
      a_[a].worlds, b_[b].worlds, [this](WorldId id, bool is_old) { return (is_old ? a_ : b_)[id].name; },
      [&](WorldId x, WorldId y) { worlds(x, y, false); },
      [&](WorldId x) { gone(Role::Either, where, "world " + quoted(a_[x].name)); },
      [&](WorldId x) { added(Role::Either, where, "world " + quoted(b_[x].name)); });
}

}  // namespace

std::vector<Change> diff_worlds(const Resolve& old_model, WorldId old_world, const Resolve& new_model,
                                WorldId new_world) {
  Differ differ(old_model, new_model);
  differ.worlds(old_world, new_world, true);
  return differ.take();
}

std::vector<Change> diff_packages(const Resolve& old_model, PackageId old_package, const Resolve& new_model,
                                  PackageId new_package) {
  Differ differ(old_model, new_model);
  differ.packages(old_package, new_package);
  return differ.take();
}

}  // namespace ashlar::wit
