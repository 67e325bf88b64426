// The exports of the component; see componentizer.h.
#include "componentize/componentizer.h"

namespace ashlar::componentize {

namespace {

using component::Sort;

constexpr component::AnySort kFuncSort{Sort::Func, {}}, kTypeSort{Sort::Type, {}}, kInstanceSort{Sort::Instance, {}};

/// The component that an exported interface passes through: it imports the functions, with the types that they need,
/// and exports them with the interface's types under their names.
class InterfaceShim {
 public:
  /// `root` gives the index, outside, of what is imported for a type.
  InterfaceShim(const wit::Resolve& model, wit::InterfaceId id, const TypeEncoder::Lookup& root)
      : model_(model),
        id_(id),
        root_(root),
        component_(std::make_unique<component::Component>()),
        builder_(*component_) {}

  /// `funcs`: the functions outside, in the interface's order. Leaves the arguments for its instance in `args`.
  std::unique_ptr<component::Component> run(const std::vector<uint32_t>& funcs,
                                            std::vector<component::InstantiateArg>& args) {
    TypeEncoder inner(model_, builder_, [&](wit::TypeId type) { return imported_type(type, inner_); });
    inner_ = &inner;
    std::vector<uint32_t> imported;
    for (size_t i = 0; i < funcs.size(); ++i) {
      const std::string name = "f" + std::to_string(i);
      const uint32_t type = inner.func(model_[id_].functions[i]);
      imported.push_back(builder_.import(plain_name(name), func_desc(type)));
      args.push_back({name, {kFuncSort, funcs[i]}});
    }
    export_all(imported);
    for (component::InstantiateArg& arg : args_) args.push_back(std::move(arg));
    return std::move(component_);
  }

 private:
  uint32_t imported_type(wit::TypeId type, TypeEncoder* types) {
    // Handles to one resource are of one type by whatever name.
    const wit::TypeDef* def = model_.definition(wit::Type(type));
    const bool resource = def != nullptr && std::holds_alternative<wit::Resource>(def->kind);
    const wit::TypeId key = resource ? model_.dealias(type) : type;
    if (const auto known = imported_.find(key); known != imported_.end()) return known->second;
    const wit::TypeKind& kind = model_[type].kind;
    component::ExternDesc desc = resource_desc();
    if (!resource) {
      const auto* used = std::get_if<wit::Used>(&kind);
      desc = type_desc(used != nullptr ? imported_type(used->type, types) : types->unnamed(type));
    }
    const std::string name = "t" + std::to_string(args_.size());
    args_.push_back({name, {kTypeSort, root_(type)}});
    const uint32_t index = builder_.import(plain_name(name), desc);
    imported_.emplace(key, index);
    return index;
  }

  void export_all(const std::vector<uint32_t>& funcs) {
    std::unordered_map<wit::TypeId, uint32_t> named;
    TypeEncoder outer(model_, builder_, [&](wit::TypeId type) {
      const auto known = named.find(type);
      return known != named.end() ? known->second : imported_type(type, inner_);
    });
    for (const wit::TypeId type : model_[id_].types) {
      const bool resource = std::holds_alternative<wit::Resource>(model_[type].kind);
      const uint32_t what = resource ? imported_type(type, inner_) : outer.unnamed(type);
      named[type] = builder_.export_type(model_[type].name, what);
    }
    for (size_t i = 0; i < funcs.size(); ++i) {
      const wit::Function& function = model_[id_].functions[i];
      const uint32_t type = outer.func(function);
      builder_.export_item(plain_name(function.name), {kFuncSort, funcs[i]}, func_desc(type));
    }
  }

  const wit::Resolve& model_;
  wit::InterfaceId id_;
  const TypeEncoder::Lookup& root_;
  std::unique_ptr<component::Component> component_;
  ComponentBuilder builder_;
  TypeEncoder* inner_ = nullptr;
  std::unordered_map<wit::TypeId, uint32_t> imported_;
  std::vector<component::InstantiateArg> args_;
};

}  // namespace

Status Componentizer::emit_exports() {
  for (const wit::WorldItem& item : world().exports) {
    if (const auto* id = std::get_if<wit::InterfaceId>(&item.what)) {
      TRY(emit_interface(item, *id));
      continue;
    }
    const auto& function = std::get<wit::Function>(item.what);
    const uint32_t type = encoder_->types().func(function);
    TRY_ASSIGN(const uint32_t lifted, lift(function, function.name, type));
    component::ExternName name = plain_name(function.name);
    name.external_id = item.external_id;
    builder_.export_item(std::move(name), {kFuncSort, lifted});
  }
  return {};
}

/// Lifts the core function `name` of the unit that has it.
Result<uint32_t> Componentizer::lift(const wit::Function& function, const std::string& name, uint32_t type) {
  if (function.is_async) {
    return make_error(ErrorCode::not_implemented, kNoOffset, "components of asynchronous functions (" + name + ")");
  }
  const Unit* unit = nullptr;
  const module::Export* found = nullptr;
  for (const Unit& one : units_) {
    found = one.core->find_export(name);
    if (found != nullptr && found->kind == module::ExternKind::Func) {
      unit = &one;
      break;
    }
  }
  const AbiFunction abi = abi_->lifted(function);
  if (unit == nullptr) {
    return make_error(ErrorCode::componentize_export, kNoOffset, name,
                      "its world exports that function, of core type " + module::to_string(abi.core));
  }
  const module::FuncType& given = unit->core->func_type(found->index);
  if (given != abi.core) {
    return make_error(ErrorCode::componentize_type, kNoOffset, "export \"" + name + "\"", module::to_string(given),
                      module::to_string(abi.core));
  }
  if (abi.memory && !memory_) {
    return make_error(ErrorCode::componentize_export, kNoOffset, "memory",
                      "\"" + name + "\" takes or returns what lies in it");
  }
  if (abi.realloc && !unit->export_realloc) {
    return make_error(ErrorCode::componentize_export, kNoOffset, "cabi_realloc",
                      "what \"" + name + "\" is given is allocated by it");
  }
  component::CanonOpts options = options_for(*unit, abi, unit->export_realloc);
  const std::string post = "cabi_post_" + name;
  if (const module::Export* cleanup = unit->core->find_export(post); cleanup != nullptr) {
    const module::FuncType wanted = {abi.core.results, {}};
    const bool func = cleanup->kind == module::ExternKind::Func;
    if (!func || unit->core->func_type(cleanup->index) != wanted) {
      return make_error(ErrorCode::componentize_type, kNoOffset, "export \"" + post + "\"",
                        func ? module::to_string(unit->core->func_type(cleanup->index)) : "none",
                        module::to_string(wanted));
    }
    options.post_return = builder_.core_alias(unit->instance, component::CoreSort::Func, post);
  }
  const uint32_t core = builder_.core_alias(unit->instance, component::CoreSort::Func, name);
  return builder_.lift(core, type, options);
}

/// A type of an exported interface in the component itself: without a name where the interface defines it, else the
/// instance's that has it.
uint32_t Componentizer::root_type(wit::TypeId id, wit::InterfaceId interface) {
  if (model_[id].owner != wit::Owner(interface)) return encoder_->type(id, Side::Export);
  if (const auto local = local_resources_.find(id); local != local_resources_.end()) return local->second;
  if (const auto known = root_types_.find(id); known != root_types_.end()) return known->second;
  TypeEncoder types(model_, builder_, [&](wit::TypeId other) { return root_type(other, interface); });
  const uint32_t index = types.unnamed(id);
  root_types_.emplace(id, index);
  return index;
}

Status Componentizer::emit_interface(const wit::WorldItem& item, wit::InterfaceId id) {
  const TypeEncoder::Lookup root = [&](wit::TypeId type) { return root_type(type, id); };
  TypeEncoder types(model_, builder_, root);
  std::vector<uint32_t> funcs;
  for (const wit::Function& function : model_[id].functions) {
    const uint32_t type = types.func(function);
    TRY_ASSIGN(const uint32_t lifted, lift(function, model_.extern_name(item) + "#" + function.name, type));
    funcs.push_back(lifted);
  }
  std::vector<component::InstantiateArg> args;
  InterfaceShim shim(model_, id, root);
  std::unique_ptr<component::Component> made = shim.run(funcs, args);
  const uint32_t component = builder_.component(std::move(made));
  const uint32_t instance = builder_.instance(component, std::move(args));
  component::ExternName name = plain_name(model_.extern_name(item));
  if (!item.label.empty() && !model_[id].name.empty()) name.implements = model_.full_name(id);
  const uint32_t exported = builder_.export_item(std::move(name), {kInstanceSort, instance});
  if (item.label.empty()) encoder_->exported(id, exported);
  return {};
}

}  // namespace ashlar::componentize
