// Pass two and everything about types: definitions, type uses, limits.
#include <bit>

#include "text/numbers.h"
#include "text/parser.h"

namespace ashlar::text {
namespace {

using module::CompositeKind;
using module::FieldType;
using module::FuncType;
using module::StorageType;
using module::SubType;

uint64_t hash_of(const FuncType& type) {
  uint64_t hash = type.params.size() * 0x9e3779b97f4a7c15ull;
  const auto mix = [&](ValType value) { hash = std::rotl(hash ^ value.raw(), 23) * 0xff51afd7ed558ccdull; };
  for (ValType value : type.params) mix(value);
  mix(ValType::bot());
  for (ValType value : type.results) mix(value);
  return hash;
}

}  // namespace

Status Parser::parse_type_fields() {
  lexer_.report_annotations(options_.annotations);
  for (uint32_t offset : type_fields_) {
    TRY(seek(offset));
    const uint32_t first = static_cast<uint32_t>(module_->types.size());
    if (at_open("rec")) {
      TRY(parse_rec());
    } else {
      TRY(parse_type_def());
    }
    const uint32_t count = static_cast<uint32_t>(module_->types.size()) - first;
    module_->rec_groups.push_back({first, count});
    // Inline function types stand for plain ones only: final, without supertype, a group of their own.
    const bool is_plain = count == 1 && module_->types[first].kind == CompositeKind::Func &&
                          module_->types[first].is_final && module_->types[first].super == module::kNoIndex;
    if (is_plain) func_types_[hash_of(module_->types[first].func)].push_back(first);
  }
  return {};
}

Status Parser::parse_rec() {
  TRY(enter("rec"));
  while (at_open("type")) TRY(parse_type_def());
  return expect(TokenKind::RParen);
}

Status Parser::parse_type_def() {
  TRY(enter("type"));
  const TypeIdx index = static_cast<TypeIdx>(module_->types.size());
  TRY(parse_definition_id(module_->names.types, index));
  SubType type;
  TRY(parse_sub_type(type, index));
  module_->types.push_back(std::move(type));
  return expect(TokenKind::RParen);
}

// (type x)? and a signature, which must agree with x; without x it stands for the first such type, appended when new.
Status Parser::parse_type_use(TypeUse& out, ParamIds ids) {
  std::optional<TypeIdx> explicit_type;
  const uint32_t offset = cur_.offset;
  if (at_open("type")) {
    TRY(enter("type"));
    TRY_ASSIGN(explicit_type, parse_index(types_));
    TRY(expect(TokenKind::RParen));
  }
  FuncType signature;
  TRY(parse_signature(signature, ids, &out));
  out.param_count = static_cast<uint32_t>(signature.params.size());
  if (!explicit_type) {
    out.index = intern_func_type(std::move(signature));
    return {};
  }
  out.index = *explicit_type;
  const bool known = out.index < module_->types.size();
  const bool is_func = known && module_->types[out.index].kind == CompositeKind::Func;
  const bool has_inline = !signature.params.empty() || !signature.results.empty();
  if (!has_inline) {
    out.param_count = is_func ? static_cast<uint32_t>(module_->types[out.index].func.params.size()) : 0;
    return {};
  }
  if (!known) return fail(offset, ErrorCode::text_unknown_type_index, std::to_string(out.index));
  if (!is_func || module_->types[out.index].func != signature) {
    return fail(offset, ErrorCode::text_inline_function_type, std::to_string(out.index));
  }
  return {};
}

// "$id"? "(@name ...)"? of a struct's field.
Status Parser::parse_field_id(TypeIdx type, uint32_t position) {
  const Token id = cur_;
  if (at(TokenKind::Id)) {
    IdSpace& space = fields_.try_emplace(type, IdSpace{"field", {}}).first->second;
    TRY(bind(space, cur_, position));
    TRY(advance());
  }
  TRY_ASSIGN(const std::optional<std::string_view> annotation, parse_name_annotation());
  if (annotation || options_.debug_names) add_name(module_->names.fields[type], position, id, annotation);
  return {};
}

TypeIdx Parser::intern_func_type(FuncType type) {
  std::vector<TypeIdx>& same_hash = func_types_[hash_of(type)];
  for (TypeIdx index : same_hash) {
    if (module_->types[index].func == type) return index;
  }
  const TypeIdx index = static_cast<TypeIdx>(module_->types.size());
  same_hash.push_back(index);
  SubType added;
  added.func = std::move(type);
  module_->types.push_back(std::move(added));
  module_->rec_groups.push_back({index, 1});
  return index;
}

}  // namespace ashlar::text
