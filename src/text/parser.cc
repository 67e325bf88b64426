// The parser's entry points and its helpers for tokens, identifiers, names and numbers.
#include "text/parser.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/utf8.h"
#include "binary/encode.h"
#include "text/numbers.h"

namespace ashlar::text {
namespace {

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
         isa::find_mnemonic(word) != Op::kCount || isa::val_type_from_name(word) || isa::abs_heap_from_name(word) ||
         isa::packed_from_name(word) || is_memory_argument(word);
}

Parser::Parser(const Source& source, const ParseOptions& options)
    : source_(source),
      options_(options),
      lexer_(source),
      module_(std::make_unique<Module>()),
      storage_(std::make_shared<TextStorage>()),
      out_(storage_->bytes) {}

Result<std::unique_ptr<Module>> Parser::parse() {
  if (source_.text.size() > kMaxSourceBytes) {
    return make_error(ErrorCode::text_too_large, kNoOffset, std::to_string(source_.text.size()),
                      std::to_string(kMaxSourceBytes));
  }
  if (options_.source_map != nullptr) options_.source_map->reset(LineTable(source_));
  TRY(parse_top());
  return finish();
}

Status Parser::advance() {
  cur_ = nxt_;
  return lexer_.next(nxt_);
}

Status Parser::seek(uint32_t offset) {
  lexer_.seek(offset);
  TRY(lexer_.next(nxt_));
  return advance();
}

Status Parser::expect(TokenKind kind) {
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
Status Parser::enter(std::string_view keyword) {
  if (!at(TokenKind::LParen)) return unexpected(cur_, keyword);
  if (!nxt_.is_keyword(keyword)) return unexpected(nxt_, keyword);
  TRY(advance());
  return advance();
}

// Skips to behind the ")" that closes the current depth.
Status Parser::skip_to_close() {
  for (size_t depth = 1; depth > 0;) {
    if (at(TokenKind::LParen)) ++depth;
    if (at(TokenKind::RParen)) --depth;
    if (at(TokenKind::Eof)) return unexpected(cur_, ")");
    TRY(advance());
  }
  return {};
}

std::unexpected<Error> Parser::fail(uint32_t offset, ErrorCode code, std::string arg0, std::string arg1) const {
  return std::unexpected<Error>(source_.locate(Error(code, kNoOffset, std::move(arg0), std::move(arg1)), offset));
}

std::unexpected<Error> Parser::unexpected(const Token& token, std::string_view expected) const {
  if (token.is(TokenKind::Annotation)) {
    return fail(token.offset, ErrorCode::text_annotation_misplaced, std::string(token.text));
  }
  const bool unknown = token.is(TokenKind::Reserved) || (token.is(TokenKind::Keyword) && !is_known_keyword(token.text));
  if (unknown) return fail(token.offset, ErrorCode::text_unknown_operator, std::string(token.text.substr(0, 80)));
  std::string wanted = expected.empty() ? "" : ", expected " + std::string(expected);
  return fail(token.offset, ErrorCode::text_unexpected_token, shown(token), std::move(wanted));
}

std::string_view Parser::intern(std::string text) { return storage_->names.emplace_back(std::move(text)); }

std::string_view Parser::id_text(const Token& token) {
  return token.escaped ? intern(decode_string(token.text)) : token.text;
}

Result<std::string_view> Parser::parse_name() {
  if (!at(TokenKind::String)) return unexpected(cur_, "a string");
  std::string name = decode_string(cur_.text);
  if (cur_.escaped && !base::is_utf8(name)) return fail(cur_.offset, ErrorCode::text_malformed_utf8);
  TRY(advance());
  return intern(std::move(name));
}

Result<std::string> Parser::parse_strings() {
  std::string out;
  while (at(TokenKind::String)) {
    out += decode_string(cur_.text);
    TRY(advance());
  }
  return out;
}

Result<uint64_t> Parser::parse_nat64() {
  if (!at(TokenKind::Nat)) return unexpected(cur_, "a number");
  const std::optional<uint64_t> value = text::parse_nat(cur_.text, std::numeric_limits<uint64_t>::max());
  if (!value) return fail(cur_.offset, ErrorCode::text_i64_out_of_range, std::string(cur_.text.substr(0, 80)));
  TRY(advance());
  return *value;
}

Result<uint32_t> Parser::parse_nat32() {
  if (!at(TokenKind::Nat)) return unexpected(cur_, "a number");
  const std::optional<uint64_t> value = text::parse_nat(cur_.text, std::numeric_limits<uint32_t>::max());
  if (!value) return fail(cur_.offset, ErrorCode::text_i32_out_of_range, std::string(cur_.text.substr(0, 80)));
  TRY(advance());
  return static_cast<uint32_t>(*value);
}

Result<uint32_t> Parser::resolve(const IdSpace& space, const Token& token) {
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

Result<uint32_t> Parser::parse_index(const IdSpace& space) {
  TRY_ASSIGN(const uint32_t index, resolve(space, cur_));
  TRY(advance());
  return index;
}

Status Parser::bind(IdSpace& space, const Token& token, uint32_t index) {
  const std::string_view id = id_text(token);
  if (!space.ids.emplace(id, index).second) {
    return fail(token.offset, ErrorCode::text_duplicate_id, std::string(space.what), std::string(id));
  }
  return {};
}

Result<std::optional<std::string_view>> Parser::parse_name_annotation() {
  if (!at(TokenKind::Annotation) || cur_.text != "name") return std::optional<std::string_view>();
  const uint32_t offset = cur_.offset;
  TRY_ASSIGN(const std::vector<Token> body, annotation_tokens());
  const auto problem = [&](const char* what) { return fail(offset, ErrorCode::text_annotation, "name", what); };
  if (body.size() != 1 || !body[0].is(TokenKind::String)) return problem("unexpected token");
  std::string name = decode_string(body[0].text);
  if (!base::is_utf8(name)) return problem("malformed UTF-8 encoding");
  return std::optional<std::string_view>(intern(std::move(name)));
}

void Parser::add_name(module::NameMap::Names& names, uint32_t index, const Token& id,
                      std::optional<std::string_view> annotation) {
  if (annotation) {
    names[index] = *annotation;
  } else if (options_.debug_names && id.is(TokenKind::Id)) {
    names[index] = intern(std::string(id_text(id)));
  }
}

Status Parser::parse_definition_id(module::NameMap::Names& names, uint32_t index) {
  const Token id = cur_;
  if (at(TokenKind::Id)) TRY(advance());
  TRY_ASSIGN(const std::optional<std::string_view> annotation, parse_name_annotation());
  add_name(names, index, id, annotation);
  return {};
}

// --- Entry points. ---

Result<std::unique_ptr<Module>> parse_module(std::string_view source, const ParseOptions& options) {
  return Parser(Source{source, options.origin}, options).parse();
}

Result<std::vector<uint8_t>> parse_to_binary(std::string_view source, const ParseOptions& options) {
  TRY_ASSIGN(const std::unique_ptr<Module> parsed, parse_module(source, options));
  return binary::encode(*parsed);
}

// --- Source map. ---

void SourceMap::reset(LineTable lines) {
  entries_.clear();
  lines_ = std::move(lines);
}

void SourceMap::add(module::FuncIdx func, uint32_t body_offset, uint32_t source_offset) {
  entries_.push_back({func, body_offset, source_offset});
}

Position SourceMap::find(module::FuncIdx func, uint32_t body_offset) const {
  const auto after = std::partition_point(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.func < func || (entry.func == func && entry.body_offset <= body_offset);
  });
  if (after == entries_.begin() || (after - 1)->func != func) return {};
  return lines_.position((after - 1)->source_offset);
}

}  // namespace ashlar::text
