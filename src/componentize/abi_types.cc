// WIT types as the Canonical ABI sees them; see abi_types.h.
#include "componentize/abi_types.h"

#include <optional>
#include <utility>
#include <variant>

#include "component/plan.h"
#include "componentize/core_builder.h"
#include "componentize/type_encoder.h"

namespace ashlar::componentize {

using component::Member;
using component::TypeKind;

namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

}  // namespace

const component::ValType* AbiTypes::type(wit::Type given) {
  const wit::Type type = model_.dealias(given);
  if (type.is_prim()) return arena_.prim(prim_type(type.prim()));
  if (const auto found = known_.find(type.id()); found != known_.end()) return found->second;
  const component::ValType* made = make(model_[type.id()]);
  known_.emplace(type.id(), made);
  return made;
}

const component::ValType* AbiTypes::make(const wit::TypeDef& def) {
  std::vector<Member> members;
  const auto optional = [&](const std::optional<wit::Type>& one) { return one ? type(*one) : nullptr; };
  const auto labels = [&](const std::vector<wit::Label>& all) {
    for (const wit::Label& label : all) members.push_back({label.name, nullptr});
  };
  uint32_t length = 0;
  component::ResourceId resource = 0;
  const TypeKind kind =
      std::visit(Overloaded{
                     [&](const wit::Record& t) {
                       for (const wit::Field& field : t.fields) members.push_back({field.name, type(field.type)});
                       return TypeKind::Record;
                     },
                     [&](const wit::Variant& t) {
                       for (const wit::Case& one : t.cases) members.push_back({one.name, optional(one.type)});
                       return TypeKind::Variant;
                     },
                     [&](const wit::Tuple& t) {
                       for (const wit::Type one : t.types) members.push_back({{}, type(one)});
                       return TypeKind::Tuple;
                     },
                     [&](const wit::Flags& t) {
                       labels(t.flags);
                       return TypeKind::Flags;
                     },
                     [&](const wit::Enum& t) {
                       labels(t.cases);
                       return TypeKind::Enum;
                     },
                     [&](const wit::List& t) {
                       members.push_back({{}, type(t.element)});
                       return TypeKind::List;
                     },
                     [&](const wit::FixedList& t) {
                       members.push_back({{}, type(t.element)});
                       length = t.length;
                       return TypeKind::FixedList;
                     },
                     [&](const wit::Map& t) {
                       members = {{{}, type(t.key)}, {{}, type(t.value)}};
                       return TypeKind::Map;
                     },
                     [&](const wit::Option& t) {
                       members.push_back({"some", type(t.type)});
                       return TypeKind::Option;
                     },
                     [&](const wit::ResultType& t) {
                       members = {{"ok", optional(t.ok)}, {"error", optional(t.error)}};
                       return TypeKind::Result;
                     },
                     [&](const wit::Handle& t) {
                       resource = static_cast<component::ResourceId>(model_.dealias(t.resource)) + 1;
                       return t.borrowed ? TypeKind::Borrow : TypeKind::Own;
                     },
                     [&](const wit::Future& t) {
                       members.push_back({{}, optional(t.type)});
                       return TypeKind::Future;
                     },
                     [&](const wit::Stream& t) {
                       members.push_back({{}, optional(t.type)});
                       return TypeKind::Stream;
                     },
                     [](const auto&) -> TypeKind { std::unreachable(); },  // dealiased; a resource is no value
                 },
                 def.kind);
  return arena_.make(kind, std::move(members), length, resource);
}

AbiFunction AbiTypes::shape(const wit::Function& function, bool lift) {
  component::FuncType made;
  size_t flat = 0;
  bool pointers = false;
  for (const wit::Param& param : function.params) {
    const component::ValType* one = type(param.type);
    flat += one->flat_count;
    pointers |= one->has_pointer;
    made.params.push_back({param.name, one});
  }
  if (function.result) made.result = type(*function.result);
  std::vector<component::FlatType> params, results;
  component::flatten_func(made, lift, function.is_async, params, results);
  const bool spilled = flat > component::kMaxFlatParams;
  const bool result_pointers = made.result != nullptr && made.result->has_pointer;
  const bool result_spilled = made.result != nullptr && made.result->flat_count > component::kMaxFlatResults;
  AbiFunction out;
  out.core = core_type(params, results);
  out.memory = pointers || spilled || result_pointers || result_spilled;
  out.realloc = lift ? pointers || spilled : result_pointers;
  return out;
}

}  // namespace ashlar::componentize
