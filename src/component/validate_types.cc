// Definitions of value, function, resource, instance and component types; see validator.h.
#include <algorithm>
#include <utility>

#include "component/validator.h"

namespace ashlar::component {

namespace {

/// Bound on a value's bytes in an array (Binary.md: elem_size(t, 'i64') < 2^28).
constexpr uint32_t kMaxElementSize = 1u << 28;
constexpr size_t kMaxFlags = 32;

bool is_key_type(TypeKind kind) { return kind <= TypeKind::U64 || kind == TypeKind::Char || kind == TypeKind::String; }
static_assert(TypeKind::Bool < TypeKind::U64 && TypeKind::U64 < TypeKind::F32);

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

}  // namespace

Status Validator::check_node(const Node* node) {
  TRY(work());
  if (node->size > options_.limits.type_size) {
    return make_error(ErrorCode::module_limit, offset(), "the effective size of a type",
                      std::to_string(options_.limits.type_size));
  }
  if (node->depth <= options_.limits.type_depth) return {};
  return make_error(ErrorCode::module_limit, offset(), std::to_string(node->depth) + " types inside one another",
                    std::to_string(options_.limits.type_depth));
}

Status Validator::check_label(Labels& labels, const std::string& label, std::string_view what) {
  if (!is_label(label)) {
    return make_error(ErrorCode::component_name, offset(), std::string(what), label,
                      "it is no label (words of one case with hyphens between them)");
  }
  const auto [at, added] = labels.try_emplace(label_key(label), label);
  if (added) return {};
  return make_error(ErrorCode::component_name_taken, offset(), std::string(what), label, at->second);
}

Result<const ValueNode*> Validator::type_ref(Scope& s, TypeRef ref) {
  if (ref.is_prim) {
    if (ref.prim == PrimType::ErrorContext) TRY(gate(Gate::ErrorContext, "error-context"));
    return graph_.prim(ref.prim);
  }
  if (ref.index >= s.types.size()) return unknown("type", ref.index);
  if (s.types[ref.index]->kind != NodeKind::Value) {
    return rule("type " + std::to_string(ref.index) + " is no value type");
  }
  return static_cast<const ValueNode*>(s.types[ref.index]);
}

Result<const ValueNode*> Validator::optional_ref(Scope& s, const std::optional<TypeRef>& ref) {
  if (!ref) return static_cast<const ValueNode*>(nullptr);
  return type_ref(s, *ref);
}

Result<const ValueNode*> Validator::value_node(TypeKind kind, const std::vector<std::string>& labels,
                                               std::vector<const ValueNode*> parts, uint32_t length,
                                               const ResourceNode* resource) {
  if (parts.size() > options_.limits.members) {
    return make_error(ErrorCode::module_limit, offset(), std::to_string(parts.size()) + " members of a type",
                      std::to_string(options_.limits.members));
  }
  // Looked at before the arena, which goes down to every part.
  Node sum;
  for (const ValueNode* part : parts) {
    if (part == nullptr) continue;
    sum.size = std::min(options_.limits.type_size + 1, sum.size + part->size);
    sum.depth = std::max(sum.depth, part->depth + 1);
  }
  TRY(check_node(&sum));
  const ValueNode* node = graph_.value(kind, labels, std::move(parts), length, resource);
  if (node->type->layout64.size >= kMaxElementSize) {
    return rule("a value of the type is too large: 2^28 bytes or more");
  }
  return node;
}

Result<const Node*> Validator::type(Scope& s, const TypeDef& def) {
  if (const auto* func = std::get_if<FuncTypeDef>(&def.def)) return func_type(s, *func);
  if (const auto* resource = std::get_if<ResourceTypeDef>(&def.def)) return resource_type(s, *resource);
  if (const auto* component = std::get_if<ComponentTypeDef>(&def.def)) {
    return scope_type(s, Scope::Kind::ComponentType, component->decls);
  }
  if (const auto* instance = std::get_if<InstanceTypeDef>(&def.def)) {
    return scope_type(s, Scope::Kind::InstanceType, instance->decls);
  }
  return value_type(s, def);
}

Result<const Node*> Validator::value_type(Scope& s, const TypeDef& def) {
  using Out = Result<const Node*>;
  const auto labelled = [&](TypeKind kind, const auto& members, std::string_view what, auto type_of) -> Out {
    if (members.empty()) return rule("the type needs at least one " + std::string(what));
    Labels seen;
    std::vector<std::string> labels;
    std::vector<const ValueNode*> parts;
    for (const auto& member : members) {
      TRY_ASSIGN(const ValueNode* part, type_of(member));
      if constexpr (requires { member.label; }) {
        labels.push_back(member.label);
      } else {
        labels.push_back(member);
      }
      TRY(check_label(seen, labels.back(), what));
      parts.push_back(part);
    }
    return value_node(kind, labels, std::move(parts));
  };
  const auto none = [](const auto&) -> Result<const ValueNode*> { return static_cast<const ValueNode*>(nullptr); };
  return std::visit(
      Overloaded{
          [&](PrimType t) -> Out {
            TRY_ASSIGN(const ValueNode* node, type_ref(s, TypeRef::of(t)));
            return graph_.copy(node);
          },
          [&](const RecordType& t) -> Out {
            return labelled(TypeKind::Record, t.fields, "record field",
                            [&](const LabelType& f) { return type_ref(s, f.type); });
          },
          [&](const VariantType& t) -> Out {
            return labelled(TypeKind::Variant, t.cases, "variant case",
                            [&](const CaseType& c) { return optional_ref(s, c.type); });
          },
          [&](const FlagsType& t) -> Out {
            if (t.labels.size() > kMaxFlags) {
              return rule("flags type with " + std::to_string(t.labels.size()) + " flags: at most 32");
            }
            return labelled(TypeKind::Flags, t.labels, "flag", none);
          },
          [&](const EnumType& t) -> Out { return labelled(TypeKind::Enum, t.labels, "enumerator", none); },
          [&](const TupleType& t) -> Out {
            if (t.types.empty()) return rule("the type needs at least one element");
            std::vector<const ValueNode*> parts;
            for (const TypeRef ref : t.types) {
              TRY_ASSIGN(const ValueNode* part, type_ref(s, ref));
              parts.push_back(part);
            }
            return value_node(TypeKind::Tuple, {}, std::move(parts));
          },
          [&](const ListType& t) -> Out { return list_type(s, t); },
          [&](const OptionType& t) -> Out {
            TRY_ASSIGN(const ValueNode* part, type_ref(s, t.type));
            return value_node(TypeKind::Option, {"some"}, {part});
          },
          [&](const ResultType& t) -> Out {
            TRY_ASSIGN(const ValueNode* ok, optional_ref(s, t.ok));
            TRY_ASSIGN(const ValueNode* error, optional_ref(s, t.error));
            return value_node(TypeKind::Result, {"ok", "error"}, {ok, error});
          },
          [&](const OwnType& t) -> Out { return handle_type(s, TypeKind::Own, t.resource); },
          [&](const BorrowType& t) -> Out { return handle_type(s, TypeKind::Borrow, t.resource); },
          [&](const StreamType& t) -> Out { return stream_type(s, TypeKind::Stream, t.type); },
          [&](const FutureType& t) -> Out { return stream_type(s, TypeKind::Future, t.type); },
          [&](const MapType& t) -> Out { return map_type(s, t); },
          [&](const auto&) -> Out { return rule("no value type"); },
      },
      def.def);
}

Result<const Node*> Validator::list_type(Scope& s, const ListType& list) {
  TRY_ASSIGN(const ValueNode* element, type_ref(s, list.element));
  if (!list.length) return value_node(TypeKind::List, {}, {element});
  TRY(gate(Gate::FixedLengthLists, "a list of fixed length"));
  if (*list.length == 0) return rule("a list's fixed length must be more than 0");
  return value_node(TypeKind::FixedList, {}, {element}, *list.length);
}

Result<const Node*> Validator::map_type(Scope& s, const MapType& map) {
  TRY(gate(Gate::Map, "a map"));
  TRY_ASSIGN(const ValueNode* key, type_ref(s, map.key));
  TRY_ASSIGN(const ValueNode* value, type_ref(s, map.value));
  if (!is_key_type(key->type->kind)) {
    return rule("keys of a map are of type bool, char, string or an integer type, not " +
                TypeArena::to_string(*key->type));
  }
  return value_node(TypeKind::Map, {}, {key, value});
}

Result<const ResourceNode*> Validator::resource_at(Scope& s, uint32_t index) {
  if (index >= s.types.size()) return unknown("type", index);
  if (s.types[index]->kind != NodeKind::Resource) {
    return rule("type " + std::to_string(index) + " is no resource type");
  }
  return static_cast<const ResourceNode*>(s.types[index]);
}

Result<const Node*> Validator::handle_type(Scope& s, TypeKind kind, uint32_t index) {
  TRY_ASSIGN(const ResourceNode* resource, resource_at(s, index));
  return value_node(kind, {}, {}, 0, resource);
}

Result<const Node*> Validator::stream_type(Scope& s, TypeKind kind, const std::optional<TypeRef>& element) {
  TRY(gate(Gate::Async, kind == TypeKind::Stream ? "a stream" : "a future"));
  TRY_ASSIGN(const ValueNode* part, optional_ref(s, element));
  if (part != nullptr && part->type->has_borrow) return rule("streams and futures cannot hold borrowed handles");
  if (kind == TypeKind::Stream && part != nullptr && part->type->kind == TypeKind::Char) {
    return rule("a stream of char is not allowed");
  }
  return value_node(kind, {}, {part});
}

Result<const Node*> Validator::func_type(Scope& s, const FuncTypeDef& def) {
  if (def.async) TRY(gate(Gate::Async, "an async function type"));
  if (def.params.size() > options_.limits.params) {
    return make_error(ErrorCode::module_limit, offset(), std::to_string(def.params.size()) + " parameters",
                      std::to_string(options_.limits.params));
  }
  Labels seen;
  std::vector<std::string> labels;
  std::vector<const ValueNode*> params;
  for (const LabelType& param : def.params) {
    TRY(check_label(seen, param.label, "parameter"));
    TRY_ASSIGN(const ValueNode* node, type_ref(s, param.type));
    labels.push_back(param.label);
    params.push_back(node);
  }
  TRY_ASSIGN(const ValueNode* result, optional_ref(s, def.result));
  if (result != nullptr && result->type->has_borrow) return rule("a function's result cannot hold borrowed handles");
  const FuncNode* node = graph_.func(def.async, std::move(labels), std::move(params), result);
  TRY(check_node(node));
  return node;
}

Result<const Node*> Validator::resource_type(Scope& s, const ResourceTypeDef& def) {
  if (s.kind != Scope::Kind::Component) return rule("resource types are defined in components, not in types");
  if (def.rep == isa::ValType::i64()) {
    TRY(gate(Gate::Memory64, "a resource represented as i64"));
  } else if (def.rep != isa::ValType::i32()) {
    return rule("a resource is represented as i32, not " + isa::to_string(def.rep));
  }
  if (def.destructor) TRY(check_core_func(s, *def.destructor, {{def.rep}, {}}, "the destructor"));
  const ResourceId id = graph_.fresh_resource();
  s.local_resources.emplace(id, LocalResource{id, def.rep, def.destructor});
  return graph_.resource(id);
}

Result<const Node*> Validator::scope_type(Scope& parent, Scope::Kind kind, const std::vector<TypeDecl>& decls) {
  if (++depth_ > options_.limits.nesting) {
    return make_error(ErrorCode::component_nesting, offset(), std::to_string(options_.limits.nesting));
  }
  Scope s(kind, &parent);
  for (const TypeDecl& decl : decls) TRY(type_decl(s, decl));
  --depth_;
  const Node* node = nullptr;
  if (kind == Scope::Kind::InstanceType) {
    node = graph_.instance(std::move(s.exports), std::move(s.defined));
  } else {
    ComponentNode parts;
    parts.imports = std::move(s.imports);
    parts.exports = std::move(s.exports);
    parts.imported = std::move(s.imported);
    parts.defined = std::move(s.defined);
    node = graph_.component(std::move(parts));
  }
  TRY(check_node(node));
  return node;
}

Status Validator::type_decl(Scope& s, const TypeDecl& decl) {
  offset_ = decl.offset;
  TRY(work());
  if (const auto* core = std::get_if<std::unique_ptr<CoreTypeDef>>(&decl.decl)) return core_type(s, **core);
  if (const auto* def = std::get_if<std::unique_ptr<TypeDef>>(&decl.decl)) {
    TRY(room(s.types, "types"));
    TRY_ASSIGN(const Node* node, type(s, **def));
    s.types.push_back(node);
    return {};
  }
  if (const auto* a = std::get_if<AliasDef>(&decl.decl)) return alias(s, *a);
  if (const auto* i = std::get_if<ImportDef>(&decl.decl)) {
    if (s.kind != Scope::Kind::ComponentType) return rule("an instance type has no imports");
    return import(s, *i);
  }
  return export_decl(s, std::get<ExportDecl>(decl.decl));
}

}  // namespace ashlar::component
