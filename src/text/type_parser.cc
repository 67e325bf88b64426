// Tokens, names, numbers and core types; see type_parser.h.
#include "text/type_parser.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "base/utf8.h"
#include "isa/op_table.h"
#include "text/numbers.h"

namespace ashlar::text {
namespace {

using module::CompositeKind;
using module::FieldType;
using module::FuncType;
using module::StorageType;
using module::SubType;

// Words that stand somewhere in the grammar and are no instruction or type name.
constexpr std::array kKeywords = std::to_array<std::string_view>({
    "action",
    "after",
    "array",
    "assert_exception",
    "assert_exhaustion",
    "assert_invalid",
    "assert_invalid_custom",
    "assert_malformed",
    "assert_malformed_custom",
    "assert_return",
    "assert_suspension",
    "assert_trap",
    "assert_unlinkable",
    "before",
    "binary",
    "catch",
    "catch_all",
    "catch_all_ref",
    "catch_ref",
    "data",
    "declare",
    "definition",
    "do",
    "either",
    "elem",
    "export",
    "field",
    "final",
    "first",
    "func",
    "get",
    "global",
    "import",
    "instance",
    "invoke",
    "item",
    "last",
    "local",
    "memory",
    "module",
    "mut",
    "nan:arithmetic",
    "nan:canonical",
    "null",
    "offset",
    "pagesize",
    "param",
    "quote",
    "rec",
    "ref",
    "register",
    "result",
    "shared",
    "start",
    "struct",
    "sub",
    "table",
    "tag",
    "then",
    "thread",
    "type",
    "wait",
    "i8x16",
    "i16x8",
    "i32x4",
    "i64x2",
    "f32x4",
    "f64x2",
    "ref.any",
    "ref.array",
    "ref.exn",
    "ref.extern",
    "ref.host",
    "ref.struct",
});

bool is_memory_argument(std::string_view word) {
  const size_t mark = word.find('=');
  if (mark == std::string_view::npos) return false;
  const std::string_view key = word.substr(0, mark);
  return (key == "offset" || key == "align") && classify_number(word.substr(mark + 1)) == TokenKind::Nat;
}

std::string shown(const Token& token) {
  constexpr size_t kMost = 40;
  switch (token.kind) {
    case TokenKind::Eof:
      return " end of text";
    case TokenKind::LParen:
    case TokenKind::RParen:
      return std::string(" ") + std::string(token.text);
    case TokenKind::String:
      return " string";
    case TokenKind::Id:
      return " $" + std::string(token.text.substr(0, kMost));
    default:
      return " " + std::string(token.text.substr(0, kMost));
  }
}

}  // namespace

bool is_known_keyword(std::string_view word) {
  return std::find(kKeywords.begin(), kKeywords.end(), word) != kKeywords.end() ||
         isa::find_mnemonic(word) != isa::Op::kCount || isa::val_type_from_name(word) ||
         isa::abs_heap_from_name(word) || isa::packed_from_name(word) || is_memory_argument(word);
}

// --- Tokens. ---

bool TokenParser::is_keyword(std::string_view word) const { return is_known_keyword(word); }

Status TokenParser::advance() {
  cur_ = nxt_;
  return lexer_.next(nxt_);
}

Status TokenParser::seek(uint32_t offset) {
  lexer_.seek(offset);
  TRY(lexer_.next(nxt_));
  return advance();
}

Status TokenParser::expect(TokenKind kind) {
  if (!at(kind)) {
    const bool is_paren = kind == TokenKind::LParen || kind == TokenKind::RParen;
    return unexpected(cur_, is_paren                    ? kind == TokenKind::LParen ? "(" : ")"
                            : kind == TokenKind::String ? "a string"
                            : kind == TokenKind::Nat    ? "a number"
                                                        : std::string_view());
  }
  return advance();
}

// Reads "(" and the keyword.
Status TokenParser::enter(std::string_view keyword) {
  if (!at(TokenKind::LParen)) return unexpected(cur_, keyword);
  if (!nxt_.is_keyword(keyword)) return unexpected(nxt_, keyword);
  TRY(advance());
  return advance();
}

// Skips to behind the ")" that closes the current depth.
Status TokenParser::skip_to_close() {
  for (size_t depth = 1; depth > 0;) {
    if (at(TokenKind::LParen)) ++depth;
    if (at(TokenKind::RParen)) --depth;
    if (at(TokenKind::Eof)) return unexpected(cur_, ")");
    TRY(advance());
  }
  return {};
}

std::unexpected<Error> TokenParser::fail(uint32_t offset, ErrorCode code, std::string arg0, std::string arg1) const {
  return std::unexpected<Error>(source_.locate(Error(code, kNoOffset, std::move(arg0), std::move(arg1)), offset));
}

std::unexpected<Error> TokenParser::unexpected(const Token& token, std::string_view expected) const {
  if (token.is(TokenKind::Annotation)) {
    return fail(token.offset, ErrorCode::text_annotation_misplaced, std::string(token.text));
  }
  const bool unknown = token.is(TokenKind::Reserved) || (token.is(TokenKind::Keyword) && !is_keyword(token.text));
  if (unknown) return fail(token.offset, ErrorCode::text_unknown_operator, std::string(token.text.substr(0, 80)));
  std::string wanted = expected.empty() ? "" : ", expected " + std::string(expected);
  return fail(token.offset, ErrorCode::text_unexpected_token, shown(token), std::move(wanted));
}

std::string_view TokenParser::intern(std::string text) { return storage_->names.emplace_back(std::move(text)); }

std::string_view TokenParser::id_text(const Token& token) {
  return token.escaped ? intern(decode_string(token.text)) : token.text;
}

Result<std::string_view> TokenParser::parse_name() {
  if (!at(TokenKind::String)) return unexpected(cur_, "a string");
  std::string name = decode_string(cur_.text);
  if (cur_.escaped && !base::is_utf8(name)) return fail(cur_.offset, ErrorCode::text_malformed_utf8);
  TRY(advance());
  return intern(std::move(name));
}

Result<std::string> TokenParser::parse_strings() {
  std::string out;
  while (at(TokenKind::String)) {
    out += decode_string(cur_.text);
    TRY(advance());
  }
  return out;
}

Result<uint64_t> TokenParser::parse_nat64() {
  if (!at(TokenKind::Nat)) return unexpected(cur_, "a number");
  const std::optional<uint64_t> value = text::parse_nat(cur_.text, std::numeric_limits<uint64_t>::max());
  if (!value) return fail(cur_.offset, ErrorCode::text_i64_out_of_range, std::string(cur_.text.substr(0, 80)));
  TRY(advance());
  return *value;
}

Result<uint32_t> TokenParser::parse_nat32() {
  if (!at(TokenKind::Nat)) return unexpected(cur_, "a number");
  const std::optional<uint64_t> value = text::parse_nat(cur_.text, std::numeric_limits<uint32_t>::max());
  if (!value) return fail(cur_.offset, ErrorCode::text_i32_out_of_range, std::string(cur_.text.substr(0, 80)));
  TRY(advance());
  return static_cast<uint32_t>(*value);
}

Result<uint32_t> TokenParser::resolve(const IdSpace& space, const Token& token) {
  if (token.is(TokenKind::Nat)) {
    const std::optional<uint64_t> value = text::parse_nat(token.text, std::numeric_limits<uint32_t>::max());
    if (!value) return fail(token.offset, ErrorCode::text_i32_out_of_range, std::string(token.text.substr(0, 80)));
    return static_cast<uint32_t>(*value);
  }
  if (!token.is(TokenKind::Id)) return unexpected(token, std::string(space.what) + " index");
  const auto found = space.ids.find(id_text(token));
  if (found == space.ids.end()) {
    return fail(token.offset, ErrorCode::text_unknown_id, std::string(space.what), std::string(id_text(token)));
  }
  return found->second;
}

Result<uint32_t> TokenParser::parse_index(const IdSpace& space) {
  TRY_ASSIGN(const uint32_t index, resolve(space, cur_));
  TRY(advance());
  return index;
}

Status TokenParser::bind(IdSpace& space, const Token& token, uint32_t index) {
  const std::string_view id = id_text(token);
  if (!space.ids.emplace(id, index).second) {
    return fail(token.offset, ErrorCode::text_duplicate_id, std::string(space.what), std::string(id));
  }
  return {};
}

Result<std::optional<std::string_view>> TokenParser::parse_name_annotation() {
  if (!at(TokenKind::Annotation) || cur_.text != "name") return std::optional<std::string_view>();
  const uint32_t offset = cur_.offset;
  TRY_ASSIGN(const std::vector<Token> body, annotation_tokens());
  const auto problem = [&](const char* what) { return fail(offset, ErrorCode::text_annotation, "name", what); };
  if (body.size() != 1 || !body[0].is(TokenKind::String)) return problem("unexpected token");
  std::string name = decode_string(body[0].text);
  if (!base::is_utf8(name)) return problem("malformed UTF-8 encoding");
  return std::optional<std::string_view>(intern(std::move(name)));
}

// At the annotation: its body's tokens; leaves the parser behind it.
Result<std::vector<Token>> TokenParser::annotation_tokens() {
  const uint32_t id_length = static_cast<uint32_t>(cur_.text.size());
  const uint32_t id_at = static_cast<uint32_t>(cur_.text.data() - source_.text.data());
  const uint32_t body = id_at + id_length + (source_.text[id_at - 1] == '"' ? 1 : 0);
  lexer_.seek(body);
  TRY(lexer_.skip_annotation_body());
  const uint32_t end = lexer_.offset();
  std::vector<Token> out;
  lexer_.report_annotations(false);
  lexer_.seek(body);
  for (;;) {
    Token token;
    TRY(lexer_.next(token));
    if (token.offset + 1 >= end) break;
    out.push_back(token);
  }
  lexer_.report_annotations(true);  // or we would not be at one
  TRY(seek(end));
  return out;
}

// --- Types. ---

Status TypeParser::parse_sub_type(SubType& out, TypeIdx index) {
  if (!at_open("sub")) return parse_composite(out, index);
  TRY(enter("sub"));
  out.is_final = cur_.is_keyword("final");
  if (out.is_final) TRY(advance());
  while (at_index()) {
    if (out.super != module::kNoIndex) return fail(cur_.offset, ErrorCode::text_supertypes);
    TRY_ASSIGN(out.super, parse_type_index());
  }
  TRY(parse_composite(out, index));
  return expect(TokenKind::RParen);
}

Status TypeParser::parse_composite(SubType& out, TypeIdx index) {
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
Status TypeParser::parse_struct_field(SubType& out, TypeIdx index) {
  TRY(enter("field"));
  FieldType field;
  const bool has_name = at(TokenKind::Id) || at(TokenKind::Annotation);
  if (has_name) {
    TRY(parse_field_id(index, static_cast<uint32_t>(out.fields.size())));
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

Status TypeParser::parse_field_type(FieldType& out) {
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

Result<ValType> TypeParser::parse_val_type() {
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

Result<ValType> TypeParser::parse_ref_type() {
  const Token token = cur_;
  TRY_ASSIGN(const ValType type, parse_val_type());
  if (!type.is_ref()) return unexpected(token, "a reference type");
  return type;
}

Result<HeapType> TypeParser::parse_heap_type() {
  if (at(TokenKind::Keyword)) {
    const std::optional<isa::AbsHeap> heap = isa::abs_heap_from_name(cur_.text);
    if (!heap) return unexpected(cur_, "a heap type");
    TRY(advance());
    return HeapType(*heap);
  }
  if (!at_index()) return unexpected(cur_, "a heap type");
  TRY_ASSIGN(const uint32_t index, parse_type_index());
  // Indices beyond what HeapType holds are beyond every limit: any unknown one does.
  return HeapType::concrete(std::min(index, HeapType::kMaxIndex));
}

Status TypeParser::parse_params(FuncType& out, ParamIds ids, TypeUse* use) {
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
Status TypeParser::parse_signature(FuncType& out, ParamIds ids, TypeUse* use) {
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

Status TypeParser::parse_address_type(module::Limits& out) {
  out.is64 = cur_.is_keyword("i64");
  if (out.is64 || cur_.is_keyword("i32")) return advance();
  return {};
}

Status TypeParser::parse_limits(module::Limits& out) {
  TRY_ASSIGN(out.min, parse_nat64());
  if (at(TokenKind::Nat)) {
    TRY_ASSIGN(out.max, parse_nat64());
  }
  out.shared = cur_.is_keyword("shared");
  return out.shared ? advance() : Status();
}

Status TypeParser::parse_page_size(module::MemoryType& out) {
  if (!at_open("pagesize")) return {};
  TRY(enter("pagesize"));
  const Token token = cur_;
  TRY_ASSIGN(const uint64_t size, parse_nat64());
  if (!std::has_single_bit(size)) return fail(token.offset, ErrorCode::text_page_size, std::string(token.text));
  out.page_size_log2 = static_cast<uint8_t>(std::countr_zero(size));
  return expect(TokenKind::RParen);
}

Status TypeParser::parse_global_type(module::GlobalType& out) {
  out.mut = at_open("mut");
  if (out.mut) TRY(enter("mut"));
  TRY_ASSIGN(out.type, parse_val_type());
  return out.mut ? expect(TokenKind::RParen) : Status();
}

}  // namespace ashlar::text
