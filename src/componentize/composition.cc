// Composing of components; see composition.h.
#include "componentize/composition.h"

#include <algorithm>

#include "component/decode.h"
#include "component/encode.h"
#include "componentize/compatible.h"
#include "componentize/definition_space.h"
#include "componentize/world_encoder.h"

namespace ashlar::componentize {

using component::Extern;

namespace {

std::unexpected<Error> rule(std::string text) {
  return make_error(ErrorCode::compose_rule, kNoOffset, std::move(text));
}

component::AnySort sort_of(Extern::Kind kind) {
  using component::Sort;
  switch (kind) {
    case Extern::Kind::Func:
      return {Sort::Func, {}};
    case Extern::Kind::Value:
      return {Sort::Value, {}};
    case Extern::Kind::Type:
      return {Sort::Type, {}};
    case Extern::Kind::Component:
      return {Sort::Component, {}};
    case Extern::Kind::Module:
      return {Sort::Core, component::CoreSort::Module};
    case Extern::Kind::Instance:
      break;
  }
  return {Sort::Instance, {}};
}

}  // namespace

const component::NamedExtern* find_compatible(const component::ExternList& externs, const std::string& name) {
  return find_compatible(externs.list(), name, [](const component::NamedExtern& item) { return item.name; });
}

Result<uint32_t> Composition::add_component(std::string name, std::vector<uint8_t> bytes) {
  Part part;
  const auto named = [&](Error error) { return std::unexpected(std::move(error).in_file(name)); };
  auto component = component::decode(std::move(bytes), decode_options(options_));
  if (!component) return named(std::move(component).error());
  part.component = std::move(*component);
  auto valid = component::validate(*part.component, validate_options(options_, Bodies::Checked));
  if (!valid) return named(std::move(valid).error());
  part.valid = std::move(*valid);
  part.name = std::move(name);
  parts_.push_back(std::move(part));
  return static_cast<uint32_t>(parts_.size() - 1);
}

const component::ComponentNode& Composition::type(uint32_t component) const {
  return *parts_[component].valid->root->type;
}

Status Composition::declare(const wit::Resolve& model, wit::WorldId world, std::map<std::string, std::string> renames) {
  Needed needed(model);
  for (const wit::WorldItem& item : model[world].imports) {
    if (item.origin != wit::WorldItem::Origin::Written) continue;
    if (const auto* function = std::get_if<wit::Function>(&item.what)) needed.function(*function);
    if (const auto* interface = std::get_if<wit::InterfaceId>(&item.what)) needed.interface(*interface);
  }
  declaring_ = std::make_unique<component::Component>();
  ComponentBuilder builder(*declaring_);
  component::ComponentTypeDef type;
  DefinitionSpace space(type.decls);
  WorldEncoder encoder(model, space, &needed);
  encoder.rename(std::move(renames));
  encoder.imports(model[world]);
  TRY(encoder.status());
  const uint32_t index = builder.type(component::TypeDef{std::move(type)});
  TRY_ASSIGN(declared_valid_, component::validate(*declaring_, validate_options(options_, Bodies::Known)));
  const component::Node* node = declared_valid_->root->types[index];
  declared_ = static_cast<const component::ComponentNode*>(node)->imports.list();
  return {};
}

const Extern* Composition::declared(const std::string& name) const {
  const auto found = std::ranges::find(declared_, name, &component::NamedExtern::name);
  return found == declared_.end() ? nullptr : &found->type;
}

const component::ExternList* Composition::parts_of(const Item& item) const {
  if (item.kind == Item::Kind::Instance || !item.part.empty()) return nullptr;
  const Extern* type =
      item.kind == Item::Kind::Import ? declared(item.name) : exports_of(item.instance).find(item.name);
  if (type == nullptr || type->kind != Extern::Kind::Instance) return nullptr;
  return &static_cast<const component::InstanceNode*>(type->node)->exports;
}

uint32_t Composition::instantiate(uint32_t component) {
  instances_.push_back({component, {}, 0});
  return static_cast<uint32_t>(instances_.size() - 1);
}

bool Composition::imports(const std::string& name) const {
  return std::ranges::any_of(instances_, [&](const Instance& instance) {
    return std::ranges::any_of(instance.args, [&](const auto& arg) {
      return arg.second.kind == Item::Kind::Import && arg.second.name == name;
    });
  });
}

bool Composition::is_connected(uint32_t instance, const std::string& import) const {
  return instances_[instance].args.contains(import);
}

void Composition::connect(uint32_t instance, std::string import, Item item) {
  instances_[instance].args.insert_or_assign(std::move(import), std::move(item));
}

namespace {

/// Whether `a` is the type `b`, or that under another name.
bool names_type(const component::Node* a, const component::Node* b) {
  if (a->kind == component::NodeKind::Resource && b->kind == component::NodeKind::Resource) {
    return static_cast<const component::ResourceNode*>(a)->id == static_cast<const component::ResourceNode*>(b)->id;
  }
  for (; a != nullptr; a = a->origin) {
    if (a == b) return true;
  }
  return false;
}

}  // namespace

// `use log.{sink};` in a world: the type is that of the interface, whoever gives it.
void Composition::connect_types(uint32_t instance) {
  const component::ExternList& imports = type(component_of(instance)).imports;
  for (const component::NamedExtern& import : imports.list()) {
    if (import.type.kind != Extern::Kind::Type || is_connected(instance, import.name)) continue;
    for (const auto& [name, whole] : instances_[instance].args) {
      const Extern* interface = imports.find(name);
      if (whole.kind == Item::Kind::Import || interface == nullptr || interface->kind != Extern::Kind::Instance)
        continue;
      const auto& parts = static_cast<const component::InstanceNode*>(interface->node)->exports.list();
      const auto part = std::ranges::find_if(parts, [&](const component::NamedExtern& e) {
        return e.type.kind == Extern::Kind::Type && names_type(import.type.node, e.type.node);
      });
      if (part == parts.end()) continue;
      const bool itself = whole.kind == Item::Kind::Instance;
      const component::ExternList* given = itself ? &exports_of(whole.instance) : parts_of(whole);
      if (given == nullptr || given->find(part->name) == nullptr) continue;
      connect(instance, import.name,
              itself ? Item{Item::Kind::Export, whole.instance, part->name}
                     : Item{Item::Kind::Export, whole.instance, whole.name, part->name});
      break;
    }
  }
}

void Composition::import_rest(uint32_t instance) {
  connect_types(instance);
  for (const component::NamedExtern& import : type(component_of(instance)).imports.list()) {
    if (!is_connected(instance, import.name)) connect(instance, import.name, {Item::Kind::Import, 0, import.name});
  }
}

bool Composition::exports_as(std::string_view name) const {
  return std::ranges::any_of(exports_, [&](const auto& one) { return one.first == name; });
}

Status Composition::check_connected() const {
  for (const Instance& instance : instances_) {
    for (const component::NamedExtern& import : type(instance.component).imports.list()) {
      if (instance.args.contains(import.name)) continue;
      return rule("component \"" + name_of(instance.component) + "\" imports \"" + import.name +
                  "\", which nothing is given for");
    }
  }
  return {};
}

/// Each name that is imported, and under which name: versions that stand in for each other go together.
std::map<std::string, std::string> Composition::unified_imports() const {
  std::map<std::string, std::string> out;
  std::vector<wit::InterfaceName> names;
  const auto add = [&](const std::string& name) {
    if (!out.emplace(name, name).second) return;
    if (const auto parsed = wit::parse_interface_name(name)) names.push_back(*parsed);
  };
  for (const component::NamedExtern& import : declared_) add(import.name);
  for (const Instance& instance : instances_) {
    for (const auto& [import, item] : instance.args) {
      if (item.kind == Item::Kind::Import) add(item.name);
    }
  }
  for (auto& [name, unified] : out) {
    const auto wanted = wit::parse_interface_name(name);
    if (!wanted) continue;
    wit::InterfaceName newest = *wanted;
    for (const wit::InterfaceName& have : names) {
      if (!wit::compatible(*wanted, have) || !have.package.version || !newest.package.version) continue;
      if (wit::precedence(*newest.package.version, *have.package.version) < 0) newest = have;
    }
    unified = newest.str();
  }
  return out;
}

Composition::TypeSources Composition::type_sources(uint32_t component, const std::string& name,
                                                   const std::string& part) {
  Part& of = parts_[component];
  if (!of.model) {
    WitDecoder decoder;
    of.world = decoder.world({{"root", "component", {}}, "root"});
    const bool expressible = decoder.add(type(component), of.world).has_value();
    of.model = std::move(decoder.model());
    if (!expressible) (*of.model)[of.world] = {};
  }
  const wit::Resolve& model = *of.model;
  const wit::World& world = model[of.world];
  Needed needed(model);
  std::optional<wit::InterfaceId> self;
  for (const wit::WorldItem& item : world.exports) {
    if (model.extern_name(item) != name) continue;
    if (const auto* function = std::get_if<wit::Function>(&item.what)) {
      needed.function(*function);
    } else if (!part.empty()) {
      const wit::Function* one = model.find_function(std::get<wit::InterfaceId>(item.what), part);
      if (one != nullptr) needed.types_of(*one);
    } else {
      self = std::get<wit::InterfaceId>(item.what);
      needed.interface(*self);
    }
  }
  TypeSources out;
  std::set<wit::InterfaceId> exported;
  for (const wit::WorldItem& item : world.exports) {
    const auto* id = std::get_if<wit::InterfaceId>(&item.what);
    if (id == nullptr || !needed.has_any(*id)) continue;
    exported.insert(*id);
    if (*id != self) out.exports.push_back(model.extern_name(item));
  }
  for (const wit::WorldItem& item : world.imports) {
    const auto* id = std::get_if<wit::InterfaceId>(&item.what);
    if (id != nullptr && needed.has_any(*id) && !exported.contains(*id)) out.imports.push_back(model.extern_name(item));
  }
  return out;
}

void Composition::add_type_sources(const Item& item, std::set<std::tuple<uint32_t, std::string, std::string>>& seen) {
  if (item.kind != Item::Kind::Export || !seen.emplace(item.instance, item.name, item.part).second) return;
  const TypeSources sources = type_sources(component_of(item.instance), item.name, item.part);
  const auto add = [&](const Item& source) {
    if (source.kind != Item::Kind::Export) return;
    add_type_sources(source, seen);
    if (!exports_as(source.name)) export_item(source.name, source);
  };
  for (const std::string& import : sources.imports) add(instances_[item.instance].args.at(import));
  for (const std::string& name : sources.exports) add({Item::Kind::Export, item.instance, name});
}

void Composition::complete_exports() {
  std::set<std::tuple<uint32_t, std::string, std::string>> seen;
  for (auto& [name, item] : std::exchange(exports_, {})) {
    add_type_sources(item, seen);
    if (!exports_as(name)) export_item(name, std::move(item));
  }
}

/// Writes the composed component.
class Composition::Emitter {
 public:
  explicit Emitter(Composition& from) : from_(from), unified_(from.unified_imports()) {}

  Result<std::vector<uint8_t>> run() {
    TRY(imports());
    for (Instance& instance : from_.instances_) TRY(instantiate(instance));
    for (const auto& [name, item] : from_.exports_) {
      TRY_ASSIGN(const component::SortIdx what, index_of(item));
      builder_.export_item(plain_name(name), what);
    }
    return component::encode(out_);
  }

 private:
  /// What is imported, as a world: the decoder gathers what each instance's component wants of it.
  Status imports() {
    WitDecoder decoder;
    const wit::WorldId world = decoder.world({{"root", "component", {}}, "root"});
    std::vector<component::NamedExtern> declared = from_.declared_;
    for (component::NamedExtern& import : declared) {
      import.name = unified_.at(import.name);
      kinds_.emplace(import.name, import.type.kind);
    }
    TRY(decoder.add_imports(declared, world));
    for (const Instance& instance : from_.instances_) {
      std::vector<component::NamedExtern> wanted;
      for (const component::NamedExtern& import : from_.type(instance.component).imports.list()) {
        const Item& item = instance.args.at(import.name);
        // A part is of what was declared.
        if (item.kind != Item::Kind::Import || !item.part.empty()) continue;
        wanted.push_back({unified_.at(item.name), import.type});
        kinds_.emplace(unified_.at(item.name), import.type.kind);
      }
      if (const Status added = decoder.add_imports(wanted, world); !added) {
        return rule("the parts do not fit together: imports of \"" + from_.name_of(instance.component) +
                    "\": " + added.error().message());
      }
    }
    model_ = std::move(decoder.model());
    order_by_need(model_, model_[world].imports);
    encoder_.emplace(model_, builder_);
    encoder_->imports(model_[world]);
    return encoder_->status();
  }

  Status instantiate(Instance& instance) {
    Part& part = from_.parts_[instance.component];
    std::vector<component::InstantiateArg> args;
    for (const component::NamedExtern& import : from_.type(instance.component).imports.list()) {
      TRY_ASSIGN(const component::SortIdx what, index_of(instance.args.at(import.name)));
      args.push_back({import.name, what});
    }
    if (!part.index) {
      // A copy: what validation learned of it points into the component.
      TRY_ASSIGN(auto copy, component::decode(component::encode(*part.component), decode_options(from_.options_)));
      part.index = builder_.component(std::move(copy));
    }
    instance.index = builder_.instance(*part.index, std::move(args));
    return {};
  }

  Result<component::SortIdx> index_of(const Item& item) {
    switch (item.kind) {
      case Item::Kind::Import: {
        const auto unified = unified_.find(item.name);
        const std::string& name = unified != unified_.end() ? unified->second : item.name;
        const auto index = encoder_->imported(name);
        if (!index || !kinds_.contains(name)) {
          return rule("import \"" + name + "\" is of a kind that compositions cannot import, or of none that is known");
        }
        if (item.part.empty()) return component::SortIdx{sort_of(kinds_.at(name)), *index};
        return alias(*index, *from_.parts_of({item.kind, 0, item.name}), item.part);
      }
      case Item::Kind::Export: {
        const component::ExternList& exports = from_.exports_of(item.instance);
        const component::SortIdx whole = alias(from_.instances_[item.instance].index, exports, item.name);
        if (item.part.empty()) return whole;
        const component::ExternList* parts = from_.parts_of({item.kind, item.instance, item.name});
        return alias(whole.index, *parts, item.part);
      }
      case Item::Kind::Instance:
        break;
    }
    return component::SortIdx{{component::Sort::Instance, {}}, from_.instances_[item.instance].index};
  }

  /// An export of an instance of the result, by its index.
  component::SortIdx alias(uint32_t instance, const component::ExternList& exports, const std::string& name) {
    const component::AnySort sort = sort_of(exports.find(name)->kind);
    const auto [at, added] = aliases_.try_emplace({instance, name}, 0);
    if (added) at->second = builder_.alias(instance, sort, name);
    return {sort, at->second};
  }

  Composition& from_;
  std::map<std::string, std::string> unified_;
  std::map<std::string, Extern::Kind> kinds_;
  wit::Resolve model_;
  component::Component out_;
  ComponentBuilder builder_{out_};
  std::optional<WorldEncoder> encoder_;
  std::map<std::pair<uint32_t, std::string>, uint32_t> aliases_;
};

Result<std::vector<uint8_t>> Composition::finish() {
  TRY(check_connected());
  complete_exports();
  TRY_ASSIGN(std::vector<uint8_t> out, Emitter(*this).run());
  TRY_ASSIGN(const auto made, component::decode(out, nullptr, decode_options(options_)));
  const auto valid = component::validate(*made, validate_options(options_, Bodies::Known));
  if (!valid) return rule("the parts do not fit together: " + valid.error().message());
  return out;
}

Result<std::vector<uint8_t>> plug(NamedBytes socket, std::vector<NamedBytes> plugs, const BinaryOptions& options) {
  Composition composition(options);
  TRY_ASSIGN(const uint32_t base, composition.add_component(std::move(socket.name), std::move(socket.bytes)));
  std::vector<std::pair<std::string, Composition::Item>> connections;
  for (NamedBytes& given : plugs) {
    TRY_ASSIGN(const uint32_t component, composition.add_component(std::move(given.name), std::move(given.bytes)));
    std::optional<uint32_t> instance;
    for (const component::NamedExtern& import : composition.type(base).imports.list()) {
      const component::NamedExtern* found = find_compatible(composition.type(component).exports, import.name);
      const bool taken =
          std::ranges::any_of(connections, [&](const auto& connection) { return connection.first == import.name; });
      if (found == nullptr || taken) continue;
      if (!instance) {
        instance = composition.instantiate(component);
        composition.import_rest(*instance);
      }
      connections.emplace_back(import.name, Composition::Item{Composition::Item::Kind::Export, *instance, found->name});
    }
    if (!instance) {
      return rule("\"" + composition.name_of(component) + "\" exports nothing that \"" + composition.name_of(base) +
                  "\" imports and no plug before it gives");
    }
  }
  const uint32_t instance = composition.instantiate(base);
  for (auto& [import, item] : connections) composition.connect(instance, import, std::move(item));
  composition.import_rest(instance);
  for (const component::NamedExtern& item : composition.type(base).exports.list()) {
    composition.export_item(item.name, {Composition::Item::Kind::Export, instance, item.name});
  }
  return composition.finish();
}

}  // namespace ashlar::componentize
