// Types, interfaces and worlds from the nodes of validation; see wit_decoder.h.
#include "componentize/wit_decoder.h"

#include <utility>
#include <variant>

#include "component/names.h"

namespace ashlar::componentize {

using component::Extern;
using component::Node;
using component::NodeKind;
using component::TypeKind;
using component::ValueNode;

namespace {

std::unexpected<Error> inexpressible(std::string what) {
  return make_error(ErrorCode::wit_inexpressible, kNoOffset, std::move(what));
}

// What uses what is followed from interface to interface, each a call inside another. WASI has a hundred.
constexpr size_t kMaxInterfaces = 4096;
// The same of names of a name, in each type that is inside another.
constexpr size_t kMaxNames = 32;

bool is_prim(TypeKind kind) { return kind <= TypeKind::ErrorContext; }
wit::Prim prim(TypeKind kind) {
  static_assert(static_cast<int>(TypeKind::ErrorContext) == static_cast<int>(wit::Prim::ErrorContext) &&
                static_cast<int>(TypeKind::Char) == static_cast<int>(wit::Prim::Char));
  return static_cast<wit::Prim>(kind);
}

bool is_nominal(TypeKind kind) {
  return kind == TypeKind::Record || kind == TypeKind::Variant || kind == TypeKind::Flags || kind == TypeKind::Enum;
}

}  // namespace

// --- packages and interfaces

wit::PackageId WitDecoder::package(const wit::PackageName& name) {
  if (const auto found = model_.find_package(name)) return *found;
  model_.packages.push_back({name, {}, {}, {}});
  return static_cast<wit::PackageId>(model_.packages.size() - 1);
}

wit::InterfaceId WitDecoder::interface(const wit::InterfaceName& name) {
  const wit::PackageId owner = package(name.package);
  if (const auto found = model_.find_interface(owner, name.name)) return *found;
  const auto id = static_cast<wit::InterfaceId>(model_.interfaces.size());
  model_.interfaces.push_back({name.name, owner, {}, {}, {}, {}});
  model_[owner].interfaces.push_back(id);
  return id;
}

wit::WorldId WitDecoder::world(const wit::InterfaceName& name) {
  const wit::PackageId owner = package(name.package);
  if (const auto found = model_.find_world(owner, name.name)) return *found;
  const auto id = static_cast<wit::WorldId>(model_.worlds.size());
  wit::World made;
  made.name = name.name;
  made.package = owner;
  model_.worlds.push_back(std::move(made));
  model_[owner].worlds.push_back(id);
  return id;
}

void WitDecoder::begin() {
  named_.clear();
  anonymous_.clear();
  resources_.clear();
}

Status WitDecoder::add_interface(wit::InterfaceId id, const component::InstanceNode& instance) {
  if (model_.interfaces.size() > kMaxInterfaces) {
    return make_error(ErrorCode::wit_too_many, kNoOffset, "interfaces", std::to_string(kMaxInterfaces));
  }
  for (const component::NamedExtern& item : instance.exports.list()) {
    TRY(take_name(id, true, item));
    if (item.type.kind == Extern::Kind::Type) {
      TRY_ASSIGN(const wit::TypeId type, define(item.name, id, item.type.node));
      if (types_.try_emplace({id, item.name}, type).second) model_[id].types.push_back(type);
    } else if (item.type.kind == Extern::Kind::Func) {
      if (!functions_.emplace(id, item.name).second) continue;
      TRY_ASSIGN(wit::Function made, function(item.name, static_cast<const component::FuncNode&>(*item.type.node), id));
      model_[id].functions.push_back(std::move(made));
    } else {
      return inexpressible("`" + item.name + "` in an instance is a " + std::string(to_string(item.type.kind)));
    }
  }
  return {};
}

// --- worlds

Status WitDecoder::add(const component::ComponentNode& type, wit::WorldId world) {
  begin();
  for (const component::NamedExtern& item : type.imports.list()) TRY(add_item(world, item, false));
  for (const component::NamedExtern& item : type.exports.list()) TRY(add_item(world, item, true));
  return {};
}

Status WitDecoder::add_imports(const std::vector<component::NamedExtern>& imports, wit::WorldId world) {
  begin();
  for (const component::NamedExtern& item : imports) TRY(add_item(world, item, false));
  return {};
}

Status WitDecoder::take_name(const wit::Owner& owner, bool is_export, const component::NamedExtern& item) {
  std::string as = "`" + item.name + "`";
  // Imports of a world may come from several components, whose instances are told apart later.
  if (std::holds_alternative<wit::InterfaceId>(owner)) as = std::string(to_string(item.type.kind)) + " " + as;
  const auto [found, fresh] = spelled_.try_emplace({owner, is_export, wit::canonical_label(item.name)}, as);
  if (fresh || found->second == as) return {};
  return inexpressible(as + " and " + found->second + " have one name");
}

Status WitDecoder::add_item(wit::WorldId world, const component::NamedExtern& item, bool is_export) {
  // Packages have theirs in lower case, but for versions.
  if (!item.name.contains(':')) TRY(take_name(world, is_export && item.type.kind != Extern::Kind::Type, item));
  if (item.type.kind == Extern::Kind::Instance) return add_instance(world, item, is_export);
  wit::WorldItem made;
  made.position = static_cast<uint32_t>(model_[world].imports.size() + model_[world].exports.size());
  made.label = item.name;
  if (item.type.kind == Extern::Kind::Func) {
    if (!labels_.emplace(world, is_export, item.name).second) return {};
    TRY_ASSIGN(made.what, function(item.name, static_cast<const component::FuncNode&>(*item.type.node), world));
    (is_export ? model_[world].exports : model_[world].imports).push_back(std::move(made));
    return {};
  }
  if (item.type.kind == Extern::Kind::Type) {
    if (is_export && item.type.node->kind == NodeKind::Resource) {
      return inexpressible("the resource type `" + item.name + "` is exported outside an interface");
    }
    TRY_ASSIGN(const wit::TypeId type, define(item.name, world, item.type.node));
    if (!labels_.emplace(world, false, item.name).second) return {};
    types_.emplace(std::pair(wit::Owner(world), item.name), type);
    made.what = type;
    model_[world].imports.push_back(std::move(made));
    return {};
  }
  return inexpressible(std::string(is_export ? "export `" : "import `") + item.name + "` is a " +
                       std::string(to_string(item.type.kind)));
}

Status WitDecoder::add_instance(wit::WorldId world, const component::NamedExtern& item, bool is_export) {
  const auto& instance = static_cast<const component::InstanceNode&>(*item.type.node);
  const WorldName key{world, is_export, item.name};
  if (const auto known = instances_.find(key); known != instances_.end()) return add_interface(known->second, instance);
  wit::WorldItem made;
  made.position = static_cast<uint32_t>(model_[world].imports.size() + model_[world].exports.size());
  if (const auto name = wit::parse_interface_name(item.name)) {
    made.what = interface(*name);
  } else {
    made.label = item.name;
    made.what = static_cast<wit::InterfaceId>(model_.interfaces.size());
    model_.interfaces.push_back({{}, model_[world].package, {}, {}, {}, {}});
  }
  const auto id = std::get<wit::InterfaceId>(made.what);
  TRY(add_interface(id, instance));
  instances_.emplace(key, id);
  labels_.emplace(world, is_export, made.label);
  (is_export ? model_[world].exports : model_[world].imports).push_back(std::move(made));
  return {};
}

Result<wit::PackageId> WitDecoder::add_wrapped(const component::ComponentNode& wrapper, const std::string& label) {
  const auto& exports = wrapper.exports.list();
  const auto name = exports.size() == 1 ? wit::parse_interface_name(exports[0].name) : std::nullopt;
  if (!name || name->name != label) {
    return inexpressible("type `" + label + "` of the package does not wrap an interface or world of that name");
  }
  const Extern inner = exports[0].type;
  if (inner.kind == Extern::Kind::Component) {
    TRY(add(static_cast<const component::ComponentNode&>(*inner.node), world(*name)));
    return package(name->package);
  }
  if (inner.kind != Extern::Kind::Instance) return inexpressible("type `" + label + "` of the package");
  begin();
  for (const component::NamedExtern& item : wrapper.imports.list()) {
    const auto from = wit::parse_interface_name(item.name);
    if (!from || item.type.kind != Extern::Kind::Instance) {
      return inexpressible("import `" + item.name + "` of an interface");
    }
    TRY(add_interface(interface(*from), static_cast<const component::InstanceNode&>(*item.type.node)));
  }
  TRY(add_interface(interface(*name), static_cast<const component::InstanceNode&>(*inner.node)));
  return package(name->package);
}

// --- functions

Result<wit::Function> WitDecoder::function(const std::string& name, const component::FuncNode& node,
                                           const wit::Owner& owner) {
  wit::Function out;
  out.name = name;
  out.is_async = node.type.async;
  component::ParsedName parsed;
  if (std::string why = component::parse_name(name, false, component::Gates::all(), parsed); !why.empty()) {
    return inexpressible("function `" + name + "`: " + why);
  }
  const size_t dot = name.find('.');
  switch (parsed.kind) {
    case component::NameKind::Constructor:
      out.kind = wit::FuncKind::Constructor;
      break;
    case component::NameKind::Method:
      out.kind = wit::FuncKind::Method;
      out.label = name.substr(dot + 1);
      break;
    case component::NameKind::Static:
      out.kind = wit::FuncKind::Static;
      out.label = name.substr(dot + 1);
      break;
    case component::NameKind::Label:
      out.label = name;
      break;
    default:
      return inexpressible("function `" + name + "` is named like an interface");
  }
  if (out.kind != wit::FuncKind::Free) {
    const auto of = types_.find({owner, std::string(parsed.resource)});
    if (of == types_.end()) return inexpressible("function `" + name + "` without its resource type");
    out.resource = of->second;
  }
  for (size_t i = 0; i < node.params.size(); ++i) {
    TRY_ASSIGN(const wit::Type param, type(*node.params[i]));
    out.params.push_back({node.type.params[i].label, param});
  }
  TRY_ASSIGN(out.result, optional(node.result));
  return out;
}

// --- types

wit::TypeId WitDecoder::add_type(wit::TypeDef def) {
  model_.types.push_back(std::move(def));
  return static_cast<wit::TypeId>(model_.types.size() - 1);
}

std::optional<wit::TypeId> WitDecoder::named_behind(const Node* node) const {
  for (const Node* at = node; at != nullptr; at = at->origin) {
    if (const auto found = named_.find(at); found != named_.end()) return found->second;
  }
  return std::nullopt;
}

/// Whether WIT lets `owner` give that type a name: its own, and those of interfaces that have a name.
bool WitDecoder::usable(wit::TypeId type, const wit::Owner& owner) const {
  if (model_[type].owner == owner) return true;
  const auto* interface = std::get_if<wit::InterfaceId>(&model_[type].owner);
  return interface != nullptr && !model_[*interface].name.empty();
}

Result<wit::TypeId> WitDecoder::define(const std::string& name, const wit::Owner& owner, const Node* node) {
  if (node->kind != NodeKind::Value && node->kind != NodeKind::Resource) {
    return inexpressible("type `" + name + "` is no value type and no resource");
  }
  const auto* resource_node =
      node->kind == NodeKind::Resource ? static_cast<const component::ResourceNode*>(node) : nullptr;
  // What was read before has the name. Were it another type, or grew deeper with each time that it is told, nothing
  // would hold that validation says of each one.
  const auto keep = [&](wit::TypeId id) -> Result<wit::TypeId> {
    Told now{node->kind, {}, node->size, node->depth};
    if (resource_node == nullptr) now.type = static_cast<const ValueNode*>(node)->type->kind;
    if (told_.try_emplace(id, now).first->second != now)
      return inexpressible("type `" + name + "` is told in two ways");
    named_[node] = id;
    if (resource_node != nullptr) resources_.try_emplace(resource_node->id, id);
    return id;
  };
  if (const auto known = types_.find({owner, name}); known != types_.end()) return keep(known->second);
  std::optional<wit::TypeId> target = named_behind(node->origin);
  if (resource_node != nullptr && !target) {
    if (const auto known = resources_.find(resource_node->id); known != resources_.end()) target = known->second;
  }
  if (target && !usable(*target, owner)) {
    if (resource_node != nullptr) {
      return inexpressible("resource type `" + name + "` comes from where no interface can use it");
    }
    target.reset();
  }
  wit::TypeDef def;
  def.name = name;
  def.owner = owner;
  if (target) {
    const bool used = model_[*target].owner != owner && std::holds_alternative<wit::InterfaceId>(model_[*target].owner);
    def.kind = used ? wit::TypeKind(wit::Used{*target}) : wit::TypeKind(wit::Alias{wit::Type(*target)});
    def.has_borrow = model_[*target].has_borrow;
    size_t names = 0;
    for (std::optional<wit::Type> at = *target; at && !at->is_prim(); at = model_.aliased(at->id())) ++names;
    if (names > kMaxNames)
      return make_error(ErrorCode::wit_too_many, kNoOffset, "names of one type", std::to_string(kMaxNames));
  } else if (resource_node != nullptr) {
    def.kind = wit::Resource{};
  } else {
    const auto& value = static_cast<const ValueNode&>(*node);
    def.has_borrow = value.type->has_borrow;
    if (is_nominal(value.type->kind)) {
      TRY_ASSIGN(def.kind, structure(value));
    } else {
      TRY_ASSIGN(const wit::Type alias, type(value));
      def.kind = wit::Alias{alias};
    }
  }
  return keep(add_type(std::move(def)));
}

Result<wit::TypeId> WitDecoder::resource(const component::ResourceNode& node) const {
  if (const auto named = named_behind(&node)) return *named;
  if (const auto known = resources_.find(node.id); known != resources_.end()) return known->second;
  return inexpressible("a resource type without a name");
}

Result<std::optional<wit::Type>> WitDecoder::optional(const ValueNode* node) {
  if (node == nullptr) return std::optional<wit::Type>();
  TRY_ASSIGN(const wit::Type out, type(*node));
  return std::optional<wit::Type>(out);
}

Result<wit::Type> WitDecoder::type(const ValueNode& node) {
  if (const auto named = named_.find(&node); named != named_.end()) return wit::Type(named->second);
  if (is_prim(node.type->kind)) return wit::Type(prim(node.type->kind));
  if (const auto known = anonymous_.find(&node); known != anonymous_.end()) return wit::Type(known->second);
  if (is_nominal(node.type->kind)) {
    if (const auto named = named_behind(node.origin)) return wit::Type(*named);
    return inexpressible("a type without a name: " + component::TypeArena::to_string(*node.type));
  }
  wit::TypeDef def;
  TRY_ASSIGN(def.kind, structure(node));
  def.has_borrow = node.type->has_borrow;
  const wit::TypeId id = add_type(std::move(def));
  anonymous_.emplace(&node, id);
  return wit::Type(id);
}

Result<wit::TypeKind> WitDecoder::structure(const ValueNode& node) {
  std::vector<std::optional<wit::Type>> parts;
  for (const ValueNode* part : node.parts) {
    TRY_ASSIGN(const std::optional<wit::Type> made, optional(part));
    parts.push_back(made);
  }
  const auto& members = node.type->members;
  const auto labels = [&] {
    std::vector<wit::Label> out;
    for (const component::Member& member : members) out.push_back({member.label, {}});
    return out;
  };
  switch (node.type->kind) {
    case TypeKind::Record: {
      wit::Record out;
      for (size_t i = 0; i < parts.size(); ++i) out.fields.push_back({members[i].label, {}, *parts[i]});
      return out;
    }
    case TypeKind::Variant: {
      wit::Variant out;
      for (size_t i = 0; i < parts.size(); ++i) out.cases.push_back({members[i].label, {}, parts[i]});
      return out;
    }
    case TypeKind::Tuple: {
      wit::Tuple out;
      for (const auto& part : parts) out.types.push_back(*part);
      return out;
    }
    case TypeKind::Flags:
      return wit::Flags{labels()};
    case TypeKind::Enum:
      return wit::Enum{labels()};
    case TypeKind::List:
      return wit::List{*parts[0]};
    case TypeKind::FixedList:
      return wit::FixedList{*parts[0], node.type->length};
    case TypeKind::Map:
      return wit::Map{*parts[0], *parts[1]};
    case TypeKind::Option:
      return wit::Option{*parts[0]};
    case TypeKind::Result:
      return wit::ResultType{parts[0], parts[1]};
    case TypeKind::Stream:
      return wit::Stream{parts[0]};
    case TypeKind::Future:
      return wit::Future{parts[0]};
    case TypeKind::Own:
    case TypeKind::Borrow: {
      TRY_ASSIGN(const wit::TypeId of, resource(*node.resource));
      return wit::Handle{of, node.type->kind == TypeKind::Borrow};
    }
    default:
      std::unreachable();  // primitive types have no structure
  }
}

}  // namespace ashlar::componentize
