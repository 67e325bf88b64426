// Types and the root's imports, while planning: type definitions become nodes whose resources are the graph's.
#include "component/planner.h"

namespace ashlar::component {

const ValType* Planner::eval(const PlanScope& s, const TypeRef& ref) const {
  return ref.is_prim ? plan_.types.prim(ref.prim) : std::get<const ValType*>(s.types[ref.index]);
}

const ValType* Planner::eval(const PlanScope& s, const std::optional<TypeRef>& ref) const {
  return ref ? eval(s, *ref) : nullptr;
}

std::shared_ptr<const FuncType> Planner::eval(const PlanScope& s, const FuncTypeDef& def) const {
  auto out = std::make_shared<FuncType>();
  out->async = def.async;
  for (const LabelType& param : def.params) out->params.push_back({param.label, eval(s, param.type)});
  out->result = eval(s, def.result);
  return out;
}

namespace {

std::vector<Member> labels_only(const std::vector<std::string>& labels) {
  std::vector<Member> out;
  for (const std::string& label : labels) out.push_back({label, nullptr});
  return out;
}

}  // namespace

Result<TypeItem> Planner::eval(PlanScope& s, const TypeDef& def) {
  TypeArena& types = plan_.types;
  const auto resource = [&](uint32_t index) { return std::get<ResourceItem>(s.types[index]).id; };
  return std::visit(
      [&](const auto& d) -> Result<TypeItem> {
        using D = std::decay_t<decltype(d)>;
        std::vector<Member> members;
        if constexpr (std::is_same_v<D, PrimType>) {
          return TypeItem(types.prim(d));
        } else if constexpr (std::is_same_v<D, RecordType>) {
          for (const LabelType& f : d.fields) members.push_back({f.label, eval(s, f.type)});
          return TypeItem(types.make(TypeKind::Record, std::move(members)));
        } else if constexpr (std::is_same_v<D, VariantType>) {
          for (const CaseType& c : d.cases) members.push_back({c.label, eval(s, c.type)});
          return TypeItem(types.make(TypeKind::Variant, std::move(members)));
        } else if constexpr (std::is_same_v<D, ListType>) {
          members.push_back({{}, eval(s, d.element)});
          return TypeItem(
              types.make(d.length ? TypeKind::FixedList : TypeKind::List, std::move(members), d.length.value_or(0)));
        } else if constexpr (std::is_same_v<D, TupleType>) {
          for (const TypeRef& t : d.types) members.push_back({{}, eval(s, t)});
          return TypeItem(types.make(TypeKind::Tuple, std::move(members)));
        } else if constexpr (std::is_same_v<D, FlagsType>) {
          return TypeItem(types.make(TypeKind::Flags, labels_only(d.labels)));
        } else if constexpr (std::is_same_v<D, EnumType>) {
          return TypeItem(types.make(TypeKind::Enum, labels_only(d.labels)));
        } else if constexpr (std::is_same_v<D, OptionType>) {
          members.push_back({"some", eval(s, d.type)});
          return TypeItem(types.make(TypeKind::Option, std::move(members)));
        } else if constexpr (std::is_same_v<D, ResultType>) {
          members.push_back({"ok", eval(s, d.ok)});
          members.push_back({"error", eval(s, d.error)});
          return TypeItem(types.make(TypeKind::Result, std::move(members)));
        } else if constexpr (std::is_same_v<D, OwnType>) {
          return TypeItem(types.make(TypeKind::Own, {}, 0, resource(d.resource)));
        } else if constexpr (std::is_same_v<D, BorrowType>) {
          return TypeItem(types.make(TypeKind::Borrow, {}, 0, resource(d.resource)));
        } else if constexpr (std::is_same_v<D, StreamType>) {
          members.push_back({{}, eval(s, d.type)});
          return TypeItem(types.make(TypeKind::Stream, std::move(members)));
        } else if constexpr (std::is_same_v<D, FutureType>) {
          members.push_back({{}, eval(s, d.type)});
          return TypeItem(types.make(TypeKind::Future, std::move(members)));
        } else if constexpr (std::is_same_v<D, MapType>) {
          members.push_back({{}, eval(s, d.key)});
          members.push_back({{}, eval(s, d.value)});
          return TypeItem(types.make(TypeKind::Map, std::move(members)));
        } else if constexpr (std::is_same_v<D, FuncTypeDef>) {
          return TypeItem(eval(s, d));
        } else if constexpr (std::is_same_v<D, ResourceTypeDef>) {
          PlanResource made;
          made.instance = s.instance;
          if (d.destructor) made.destructor = s.core_funcs[*d.destructor];
          plan_.resources.push_back(std::move(made));
          return TypeItem(ResourceItem{static_cast<ResourceId>(plan_.resources.size() - 1)});
        } else {
          return TypeItem(TypeClosure{&def, &s});
        }
      },
      def.def);
}

Result<Item> Planner::bind_import(PlanScope& s, const ExternDesc& desc, std::vector<std::string>& path) {
  const auto import = static_cast<uint32_t>(plan_.imports.size());
  switch (desc.sort.sort) {
    case Sort::Func: {
      const FuncType& type = *std::get<std::shared_ptr<const FuncType>>(s.types[desc.type]);
      plan_.imports.push_back({PlanImport::Kind::Func, path, type, 0});
      plan_.funcs.push_back({.type = type, .imported = true, .import = import, .core = {}, .options = {}});
      return Item(FuncItem{static_cast<uint32_t>(plan_.funcs.size() - 1)});
    }
    case Sort::Type: {
      if (!desc.sub_resource) return Item(s.types[desc.type]);
      const auto resource = static_cast<ResourceId>(plan_.resources.size());
      plan_.imports.push_back({PlanImport::Kind::Resource, path, {}, resource});
      plan_.resources.push_back({.imported = true, .import = import, .instance = 0, .destructor = {}});
      return Item(TypeItem(ResourceItem{resource}));
    }
    case Sort::Instance:
      return bind_instance(std::get<TypeClosure>(s.types[desc.type]), s.instance, path);
    case Sort::Core: {
      plan_.imports.push_back({PlanImport::Kind::CoreModule, path, {}, 0});
      plan_.modules.push_back({import, nullptr});
      return Item(ModuleItem{static_cast<uint32_t>(plan_.modules.size() - 1)});
    }
    case Sort::Component:
      // Only what instantiates it needs it.
      return Item(ComponentItem{});
    case Sort::Value:
      break;
  }
  return make_error(ErrorCode::component_unsupported, kNoOffset, "imported values");
}

Result<Item> Planner::bind_instance(const TypeClosure& type, uint32_t instance, std::vector<std::string>& path) {
  PlanScope& s = *new_scope(type.scope, instance);
  auto out = std::make_shared<InstanceItem>();
  for (const TypeDecl& d : std::get<InstanceTypeDef>(type.def->def).decls) {
    TRY(count());
    if (std::holds_alternative<std::unique_ptr<CoreTypeDef>>(d.decl)) {
      ++s.core_types;
    } else if (const auto* def = std::get_if<std::unique_ptr<TypeDef>>(&d.decl)) {
      TRY_ASSIGN(TypeItem item, eval(s, **def));
      s.types.push_back(std::move(item));
    } else if (const auto* alias = std::get_if<AliasDef>(&d.decl)) {
      TRY(define(s, *alias));
    } else if (const auto* exported = std::get_if<ExportDecl>(&d.decl)) {
      path.push_back(exported->name.name);
      TRY_ASSIGN(Item item, bind_import(s, exported->desc, path));
      path.pop_back();
      push(s, item);
      out->add(exported->name.name, std::move(item));
    }
  }
  return Item(std::shared_ptr<const InstanceItem>(std::move(out)));
}

}  // namespace ashlar::component
