// The component parser's entry points, scopes and identifiers.
#include "component/text/parse.h"

#include "base/utf8.h"
#include "component/decode.h"
#include "component/encode.h"
#include "component/text/parser.h"

namespace ashlar::component {

namespace {

/// Components and types in each other, and value types; each level is native stack.
constexpr uint32_t kMaxNesting = 100;

/// What may be used from an enclosing scope without saying so.
bool has_outer_alias(const AnySort& sort) {
  if (sort.sort == Sort::Core) return sort.core == CoreSort::Type || sort.core == CoreSort::Module;
  return sort.sort == Sort::Type || sort.sort == Sort::Component;
}

bool is_attribute(const Token& token) {
  return token.is_keyword("implements") || token.is_keyword("versionsuffix") || token.is_keyword("external-id");
}

}  // namespace

Result<ComponentParser::Output> ComponentParser::parse() {
  if (source_.text.size() > text::kMaxSourceBytes) {
    return make_error(ErrorCode::text_too_large, kNoOffset, std::to_string(source_.text.size()),
                      std::to_string(text::kMaxSourceBytes));
  }
  lexer_.report_annotations(options_.annotations);
  TRY(seek(0));
  Output out;
  out.component = std::make_unique<Component>();
  TextScope scope(TextScope::Kind::Component, nullptr, {});
  scope.component = out.component.get();
  const bool has_parens = at_open("component");
  if (has_parens) {
    TRY(enter("component"));
    if (cur_.is_keyword("definition")) TRY(advance());
    TRY_ASSIGN(const Ident ident, parse_ident());
    scope.id = ident_id(ident);
    out.component->name = own_name(ident).value_or("");
    if (cur_.is_keyword("binary") || cur_.is_keyword("quote")) return parse_strings_form(cur_.is_keyword("binary"));
  }
  TRY(parse_definitions(scope));
  if (has_parens) TRY(expect(TokenKind::RParen));
  if (!at(TokenKind::Eof)) return unexpected(cur_, has_parens ? "end of text" : "a definition");
  return out;
}

// binary "..." or quote "...", to the end of the text
Result<ComponentParser::Output> ComponentParser::parse_strings_form(bool binary) {
  const uint32_t offset = cur_.offset;
  TRY(advance());
  TRY_ASSIGN(const std::string contents, parse_strings());
  TRY(expect(TokenKind::RParen));
  if (!at(TokenKind::Eof)) return unexpected(cur_, "end of text");
  if (binary) return Output{nullptr, std::vector<uint8_t>(contents.begin(), contents.end())};
  ParseOptions inner = options_;
  inner.origin = {1, 1};
  Result<Output> parsed = ComponentParser(text::Source{contents, inner.origin}, inner).parse();
  if (!parsed) {
    // Positions inside the string mean little in the file: the component's own is given.
    const text::Position where = source_.position(offset);
    return std::unexpected(std::move(parsed.error()).at_line(where.line, where.column));
  }
  return parsed;
}

// The caller holds a NestingGuard.
Status ComponentParser::open_nesting() {
  if (nesting_ <= kMaxNesting) return {};
  return fail(cur_.offset, ErrorCode::text_nesting, std::to_string(kMaxNesting));
}

Result<Ident> ComponentParser::parse_ident() {
  Ident out{cur_, {}, {}};
  if (at(TokenKind::Id)) TRY(advance());
  TRY_ASSIGN(out.annotation, parse_name_annotation());
  return out;
}

// (@ashlar.name "..."): what a component or module calls itself, where its surroundings call it something else;
// without a string: nothing. See ComponentPrinter::own_name.
Status ComponentParser::parse_own_name(Ident& ident) {
  if (!at(TokenKind::Annotation) || cur_.text != "ashlar.name") return {};
  const uint32_t offset = cur_.offset;
  TRY_ASSIGN(const std::vector<Token> body, annotation_tokens());
  const bool has_name = body.size() == 1 && body[0].is(TokenKind::String);
  std::string name = has_name ? text::decode_string(body[0].text) : std::string();
  if ((!has_name && !body.empty()) || !base::is_utf8(name)) {
    return fail(offset, ErrorCode::text_annotation, "ashlar.name", "expected at most one string in UTF-8");
  }
  ident.own_name = Ident::OwnName{};
  if (has_name) ident.own_name->name = intern(std::move(name));
  return {};
}

std::optional<std::string_view> ComponentParser::own_name(const Ident& ident) {
  if (ident.own_name) return ident.own_name->name;
  if (ident.annotation) return ident.annotation;
  if (options_.debug_names && ident.token.is(TokenKind::Id)) return ident_id(ident);
  return std::nullopt;
}

Status ComponentParser::parse_field_id(module::TypeIdx, uint32_t) {
  TRY(parse_ident());
  return {};
}

Result<uint32_t> ComponentParser::bind_new(const AnySort& sort, const Ident& ident) {
  text::IdSpace& space = scope_->space(sort);
  const uint32_t index = space.count++;
  if (ident.token.is(TokenKind::Id)) TRY(bind(space, ident.token, index));
  if (scope_->component == nullptr) return index;
  if (ident.annotation) {
    scope_->component->names.push_back({sort, index, std::string(*ident.annotation)});
  } else if (options_.debug_names && ident.token.is(TokenKind::Id)) {
    scope_->component->names.push_back({sort, index, std::string(id_text(ident.token))});
  }
  return index;
}

// An index, or an identifier of this scope or one around it: the latter is aliased into this one.
Result<uint32_t> ComponentParser::lookup(const AnySort& sort, const Token& token) {
  text::IdSpace& here = scope_->space(sort);
  if (!token.is(TokenKind::Id) || here.ids.contains(id_text(token))) return resolve(here, token);
  const std::string_view id = id_text(token);
  uint32_t count = 0;
  for (TextScope* outer = scope_->parent; outer != nullptr; outer = outer->parent) {
    ++count;
    const text::IdSpace& space = outer->space(sort);
    const auto found = space.ids.find(id);
    if (found == space.ids.end()) continue;
    if (!has_outer_alias(sort)) {
      return fail(token.offset, ErrorCode::text_outer_item, std::string(sort_text(sort)), std::string(id));
    }
    emit(AliasDef{OuterAlias{sort, count, found->second}});
    return bind_new(sort, Ident{token, {}, {}});
  }
  return resolve(here, token);  // says that it is unknown
}

Result<uint32_t> ComponentParser::parse_idx(const AnySort& sort) {
  if (!at_index()) return unexpected(cur_, std::string(sort_text(sort)) + " index");
  TRY_ASSIGN(const uint32_t index, lookup(sort, cur_));
  TRY(advance());
  return index;
}

// "(type" index, and then the end or names: a use of a type, not a definition.
bool ComponentParser::looks_at_type_use() const {
  if (!at_open("type")) return false;
  Lexer ahead = lexer_;
  Token token;
  if (!ahead.next(token) || !(token.is(TokenKind::Id) || token.is(TokenKind::Nat))) return false;
  return ahead.next(token) && (token.is(TokenKind::RParen) || token.is(TokenKind::String));
}

// "(import" or "(export", a name, maybe attributes, and the end.
bool ComponentParser::looks_at_inline(std::string_view keyword) const {
  if (!at_open(keyword)) return false;
  Lexer ahead = lexer_;
  Token token;
  if (!ahead.next(token) || !token.is(TokenKind::String)) return false;
  for (;;) {
    if (!ahead.next(token)) return false;
    if (token.is(TokenKind::RParen)) return true;
    if (!token.is(TokenKind::LParen) || !ahead.next(token) || !is_attribute(token)) return false;
    if (!ahead.next(token) || !token.is(TokenKind::String)) return false;
    if (!ahead.next(token) || !token.is(TokenKind::RParen)) return false;
  }
}

// "(alias export" an index, a name, and the end; without the end it is a definition of its own.
bool ComponentParser::looks_at_inline_alias() const {
  if (!at_open("alias")) return false;
  Lexer ahead = lexer_;
  Token token;
  if (!ahead.next(token) || !token.is_keyword("export") || !ahead.next(token)) return false;
  return ahead.next(token) && token.is(TokenKind::String) && ahead.next(token) && token.is(TokenKind::RParen);
}

// --- Entry points. ---

bool is_component_text(std::string_view source) {
  const text::Source whole{source, {1, 1}};
  Lexer lexer(whole);
  Token token;
  if (!lexer.next(token) || !token.is(TokenKind::LParen)) return false;
  return lexer.next(token) && token.is_keyword("component");
}

Result<std::unique_ptr<Component>> parse_component(std::string_view source, const ParseOptions& options) {
  TRY_ASSIGN(ComponentParser::Output out, ComponentParser(text::Source{source, options.origin}, options).parse());
  if (out.component != nullptr) return std::move(out.component);
  DecodeOptions all;
  all.features = isa::Features::all();
  return decode(std::move(*out.binary), all);
}

Result<std::vector<uint8_t>> parse_component_to_binary(std::string_view source, const ParseOptions& options) {
  TRY_ASSIGN(ComponentParser::Output out, ComponentParser(text::Source{source, options.origin}, options).parse());
  return out.binary ? std::move(*out.binary) : encode(*out.component);
}

}  // namespace ashlar::component
