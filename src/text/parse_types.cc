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

Status Parser::parse_sub_type(SubType& out, TypeIdx index) {
  if (!at_open("sub")) return parse_composite(out, index);
  TRY(enter("sub"));
  out.is_final = cur_.is_keyword("final");
  if (out.is_final) TRY(advance());
  while (at_index()) {
    if (out.super != module::kNoIndex) return fail(cur_.offset, ErrorCode::text_supertypes);
    TRY_ASSIGN(out.super, parse_index(types_));
  }
  TRY(parse_composite(out, index));
  return expect(TokenKind::RParen);
}

Status Parser::parse_composite(SubType& out, TypeIdx index) {
  if (at_open("func")) {
    TRY(enter("func"));
    out.kind = CompositeKind::Func;
    TypeUse ignored;
    TRY(parse_signature(out.func, ParamIds::Allowed, &ignored));
  } else if (at_open("struct")) {
    TRY(enter("struct"));
    out.kind = CompositeKind::Struct;
    while (at(TokenKind::LParen)) TRY(parse_struct_field(out, index));
  } else if (at_open("array")) {
    TRY(enter("array"));
    out.kind = CompositeKind::Array;
    FieldType field;
    TRY(parse_field_type(field));
    out.fields.push_back(field);
  } else {
    return unexpected(at(TokenKind::LParen) ? nxt_ : cur_, "func, struct or array");
  }
  return expect(TokenKind::RParen);
}

// (field $x t) or (field t*)
Status Parser::parse_struct_field(SubType& out, TypeIdx index) {
  TRY(enter("field"));
  FieldType field;
  const bool has_name = at(TokenKind::Id) || at(TokenKind::Annotation);
  if (has_name) {
    const uint32_t position = static_cast<uint32_t>(out.fields.size());
    const Token id = cur_;
    if (at(TokenKind::Id)) {
      IdSpace& space = fields_.try_emplace(index, IdSpace{"field", {}}).first->second;
      TRY(bind(space, cur_, position));
      TRY(advance());
    }
    TRY_ASSIGN(const std::optional<std::string_view> annotation, parse_name_annotation());
    if (annotation || options_.debug_names) add_name(module_->names.fields[index], position, id, annotation);
    TRY(parse_field_type(field));
    out.fields.push_back(field);
  } else {
    while (!at(TokenKind::RParen)) {
      TRY(parse_field_type(field));
      out.fields.push_back(field);
    }
  }
  return expect(TokenKind::RParen);
}

Status Parser::parse_field_type(FieldType& out) {
  out.mut = at_open("mut");
  if (out.mut) TRY(enter("mut"));
  if (at(TokenKind::Keyword) && isa::packed_from_name(cur_.text)) {
    const bool is_i8 = *isa::packed_from_name(cur_.text) == isa::Packed::I8;
    out.storage = is_i8 ? StorageType::i8() : StorageType::i16();
    TRY(advance());
  } else {
    TRY_ASSIGN(const ValType type, parse_val_type());
    out.storage = StorageType::of(type);
  }
  return out.mut ? expect(TokenKind::RParen) : Status();
}

Result<ValType> Parser::parse_val_type() {
  if (at(TokenKind::Keyword)) {
    const std::optional<ValType> type = isa::val_type_from_name(cur_.text);
    if (!type) return unexpected(cur_, "a type");
    TRY(advance());
    return *type;
  }
  if (!at_open("ref")) return unexpected(at(TokenKind::LParen) ? nxt_ : cur_, "a type");
  TRY(enter("ref"));
  const bool nullable = cur_.is_keyword("null");
  if (nullable) TRY(advance());
  TRY_ASSIGN(const HeapType heap, parse_heap_type());
  TRY(expect(TokenKind::RParen));
  return ValType::ref(nullable, heap);
}

Result<ValType> Parser::parse_ref_type() {
  const Token token = cur_;
  TRY_ASSIGN(const ValType type, parse_val_type());
  if (!type.is_ref()) return unexpected(token, "a reference type");
  return type;
}

Result<HeapType> Parser::parse_heap_type() {
  if (at(TokenKind::Keyword)) {
    const std::optional<isa::AbsHeap> heap = isa::abs_heap_from_name(cur_.text);
    if (!heap) return unexpected(cur_, "a heap type");
    TRY(advance());
    return HeapType(*heap);
  }
  if (!at_index()) return unexpected(cur_, "a heap type");
  TRY_ASSIGN(const uint32_t index, parse_index(types_));
  // Indices beyond what HeapType holds are beyond every limit: any unknown one does.
  return HeapType::concrete(std::min(index, HeapType::kMaxIndex));
}

Status Parser::parse_params(FuncType& out, ParamIds ids, TypeUse* use) {
  TRY(enter("param"));
  const bool has_name = at(TokenKind::Id) || at(TokenKind::Annotation);
  if (has_name) {
    if (ids == ParamIds::Forbidden) return unexpected(cur_, "a type");
    const uint32_t index = static_cast<uint32_t>(out.params.size());
    if (at(TokenKind::Id)) {
      use->ids.push_back({index, id_text(cur_), cur_.offset});
      TRY(advance());
    }
    TRY_ASSIGN(const std::optional<std::string_view> name, parse_name_annotation());
    if (name) use->names.emplace_back(index, *name);
    TRY_ASSIGN(const ValType type, parse_val_type());
    out.params.push_back(type);
  } else {
    while (!at(TokenKind::RParen)) {
      TRY_ASSIGN(const ValType type, parse_val_type());
      out.params.push_back(type);
    }
  }
  return expect(TokenKind::RParen);
}

// (param ...)* (result ...)*
Status Parser::parse_signature(FuncType& out, ParamIds ids, TypeUse* use) {
  while (at_open("param")) TRY(parse_params(out, ids, use));
  while (at_open("result")) {
    TRY(enter("result"));
    while (!at(TokenKind::RParen)) {
      TRY_ASSIGN(const ValType type, parse_val_type());
      out.results.push_back(type);
    }
    TRY(expect(TokenKind::RParen));
  }
  // Out of order: said here, before the signature's parts are found to disagree with a type.
  if (at_open("param") || at_open("type")) return unexpected(nxt_);
  return {};
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

Status Parser::parse_address_type(module::Limits& out) {
  out.is64 = cur_.is_keyword("i64");
  if (out.is64 || cur_.is_keyword("i32")) return advance();
  return {};
}

Status Parser::parse_limits(module::Limits& out) {
  TRY_ASSIGN(out.min, parse_nat64());
  if (at(TokenKind::Nat)) {
    TRY_ASSIGN(out.max, parse_nat64());
  }
  out.shared = cur_.is_keyword("shared");
  return out.shared ? advance() : Status();
}

Status Parser::parse_page_size(module::MemoryType& out) {
  if (!at_open("pagesize")) return {};
  TRY(enter("pagesize"));
  const Token token = cur_;
  TRY_ASSIGN(const uint64_t size, parse_nat64());
  if (!std::has_single_bit(size)) return fail(token.offset, ErrorCode::text_page_size, std::string(token.text));
  out.page_size_log2 = static_cast<uint8_t>(std::countr_zero(size));
  return expect(TokenKind::RParen);
}

}  // namespace ashlar::text
