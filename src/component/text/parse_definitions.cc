// Definitions of a component but for instances, aliases and functions; names, imports and exports.
#include "base/leb128.h"
#include "base/utf8.h"
#include "binary/type_writer.h"
#include "component/text/parser.h"
#include "text/numbers.h"
#include "text/parse.h"

namespace ashlar::component {

Status ComponentParser::parse_definitions(TextScope& scope) {
  const NestingGuard guard(nesting_);
  TRY(open_nesting());
  const ScopeGuard inside(scope_, scope);
  for (;;) {
    if (at(TokenKind::Annotation)) {
      TRY(parse_custom());
    } else if (at(TokenKind::LParen)) {
      TRY(parse_definition());
    } else {
      break;
    }
  }
  for (ExportDef& item : scope.inline_exports) {
    ++scope.space(item.item.sort).count;
    emit(std::move(item));
  }
  return {};
}

Status ComponentParser::parse_definition() {
  const std::string_view keyword = nxt_.is(TokenKind::Keyword) ? nxt_.text : std::string_view();
  if (keyword == "core") return parse_core_definition();
  if (keyword == "component") return parse_component_def();
  if (keyword == "instance") return parse_instance();
  if (keyword == "alias") return parse_alias();
  if (keyword == "type") return parse_type_definition();
  if (keyword == "func") return parse_func();
  if (keyword == "canon") return parse_canon();
  if (keyword == "import") return parse_import();
  if (keyword == "export") return parse_export();
  if (keyword == "start") return parse_start();
  if (keyword == "value") return parse_value();
  return unexpected(nxt_, "a definition of a component");
}

Status ComponentParser::parse_core_definition() {
  TRY(enter("core"));
  if (cur_.is_keyword("module")) return parse_core_module();
  if (cur_.is_keyword("instance")) return parse_core_instance();
  if (cur_.is_keyword("type")) return parse_core_type();
  if (cur_.is_keyword("rec")) return parse_core_group(true);
  if (cur_.is_keyword("func")) return parse_core_func();
  return unexpected(cur_, "module, instance, type, rec or func");
}

// Binds a definition's identifier. Its inline exports stand behind everything else in the component, as other tools
// have it: exports take indices too, and what a text counts must come out the same.
Status ComponentParser::finish_definition(const AnySort& sort, const Ident& ident,
                                          const std::vector<ExternName>& exports) {
  TRY_ASSIGN(const uint32_t index, bind_new(sort, ident));
  for (const ExternName& name : exports) scope_->inline_exports.push_back({name, {sort, index}, {}});
  return {};
}

// --- Names. ---

Result<std::string> ComponentParser::parse_text_name() {
  TRY_ASSIGN(const std::string_view name, parse_name());
  return std::string(name);
}

// "name" attribute*
Result<ExternName> ComponentParser::parse_extern_name() {
  ExternName out;
  const bool is_wrapped = at_open("interface");  // (interface "name"), an older form
  if (is_wrapped) TRY(enter("interface"));
  TRY_ASSIGN(out.name, parse_text_name());
  if (is_wrapped) TRY(expect(TokenKind::RParen));
  for (;;) {
    std::optional<std::string>* const attribute = at_open("implements")      ? &out.implements
                                                  : at_open("versionsuffix") ? &out.version_suffix
                                                  : at_open("external-id")   ? &out.external_id
                                                                             : nullptr;
    if (attribute == nullptr) return out;
    if (*attribute) return fail(nxt_.offset, ErrorCode::text_duplicate_option, std::string(nxt_.text));
    TRY(advance());
    TRY(advance());
    TRY_ASSIGN(*attribute, parse_text_name());
    TRY(expect(TokenKind::RParen));
  }
}

// (export "name" attribute*)*
Result<std::vector<ExternName>> ComponentParser::parse_inline_exports() {
  std::vector<ExternName> out;
  while (looks_at_inline("export")) {
    TRY(enter("export"));
    TRY_ASSIGN(ExternName name, parse_extern_name());
    TRY(expect(TokenKind::RParen));
    out.push_back(std::move(name));
  }
  return out;
}

Result<std::optional<ExternName>> ComponentParser::parse_inline_import() {
  if (!looks_at_inline("import")) return std::optional<ExternName>();
  TRY(enter("import"));
  TRY_ASSIGN(ExternName name, parse_extern_name());
  TRY(expect(TokenKind::RParen));
  return std::optional<ExternName>(std::move(name));
}

// --- Imports and exports. ---

// Of components and component types.
Status ComponentParser::parse_import() {
  TRY(enter("import"));
  ImportDef out;
  TRY_ASSIGN(out.name, parse_extern_name());
  Ident ident;
  TRY(parse_extern_desc(out.desc, ident));
  TRY(expect(TokenKind::RParen));
  const AnySort sort = out.desc.sort;
  emit(std::move(out));
  TRY(bind_new(sort, ident));
  return {};
}

// (export $id? "name" attribute* (sort index) externtype?)
Status ComponentParser::parse_export() {
  TRY(enter("export"));
  TRY_ASSIGN(const Ident ident, parse_ident());
  ExportDef out;
  TRY_ASSIGN(out.name, parse_extern_name());
  TRY_ASSIGN(out.item, parse_any_ref());
  if (at(TokenKind::LParen)) {
    Ident ignored;
    TRY(parse_extern_desc(out.ascribed.emplace(), ignored));
  }
  TRY(expect(TokenKind::RParen));
  const AnySort sort = out.item.sort;
  emit(std::move(out));
  TRY(bind_new(sort, ident));
  return {};
}

// --- Components and core modules. ---

Status ComponentParser::parse_component_def() {
  TRY(enter("component"));
  TRY_ASSIGN(Ident ident, parse_ident());
  TRY(parse_own_name(ident));
  constexpr AnySort kSort{Sort::Component, {}};
  TRY_ASSIGN(const std::vector<ExternName> exports, parse_inline_exports());
  TRY_ASSIGN(std::optional<ExternName> import, parse_inline_import());
  if (import) {
    TRY_ASSIGN(const uint32_t type, parse_type_use(kSort));
    emit(ImportDef{std::move(*import), {.sort = kSort, .type = type, .value_type = {}}});
  } else if (looks_at_inline_alias()) {
    TRY_ASSIGN(AliasDef alias, parse_inline_alias(kSort));
    emit(std::move(alias));
  } else {
    auto inner = std::make_unique<Component>();
    TextScope scope(TextScope::Kind::Component, scope_, ident_id(ident));
    scope.component = inner.get();
    inner->name = own_name(ident).value_or("");
    TRY(parse_definitions(scope));
    emit(std::move(inner));
  }
  TRY(expect(TokenKind::RParen));
  return finish_definition(kSort, ident, exports);
}

// From the current token to the ")" of the current depth, which becomes current.
Result<std::string_view> ComponentParser::skip_text() {
  const uint32_t start = cur_.offset;
  lexer_.report_annotations(false);
  TRY(seek(start));
  for (size_t depth = 0; depth > 0 || !at(TokenKind::RParen);) {
    if (at(TokenKind::LParen)) ++depth;
    if (at(TokenKind::RParen)) --depth;
    if (at(TokenKind::Eof)) return unexpected(cur_, ")");
    TRY(advance());
  }
  const uint32_t end = cur_.offset;
  lexer_.report_annotations(options_.annotations);
  TRY(seek(end));
  return source_.text.substr(start, end - start);
}

// At the word "module": (core module $id? (export "x")* (import "x")? ...)
Status ComponentParser::parse_core_module() {
  TRY(advance());
  TRY_ASSIGN(Ident ident, parse_ident());
  TRY(parse_own_name(ident));
  constexpr AnySort kSort = core_sort(CoreSort::Module);
  TRY_ASSIGN(const std::vector<ExternName> exports, parse_inline_exports());
  TRY_ASSIGN(std::optional<ExternName> import, parse_inline_import());
  if (import) {
    TRY_ASSIGN(const uint32_t type, parse_module_type_use());
    emit(ImportDef{std::move(*import), {.sort = kSort, .type = type, .value_type = {}}});
  } else if (at_open("alias")) {
    TRY_ASSIGN(AliasDef alias, parse_inline_alias(kSort));
    emit(std::move(alias));
  } else {
    TRY_ASSIGN(std::vector<uint8_t> bytes, parse_module_bytes(ident));
    auto kept = std::make_shared<const std::vector<uint8_t>>(std::move(bytes));
    const std::span<const uint8_t> view(*kept);
    emit(CoreModuleDef{view, std::move(kept)});
  }
  TRY(expect(TokenKind::RParen));
  return finish_definition(kSort, ident, exports);
}

Result<std::vector<uint8_t>> ComponentParser::parse_module_bytes(const Ident& ident) {
  const bool is_binary = cur_.is_keyword("binary");
  ParseOptions options = options_;
  options.source_map = nullptr;
  options.origin = lines_.position(cur_.offset);
  if (is_binary || cur_.is_keyword("quote")) {
    TRY(advance());
    TRY_ASSIGN(const std::string contents, parse_strings());
    if (is_binary) return std::vector<uint8_t>(contents.begin(), contents.end());
    const text::Position where = options.origin;
    options.origin = {1, 1};
    Result<std::vector<uint8_t>> out = text::parse_to_binary(contents, options);
    if (!out) return std::unexpected(std::move(out.error()).at_line(where.line, where.column));
    return out;
  }
  options.module_name = own_name(ident);
  TRY_ASSIGN(const std::string_view fields, skip_text());
  return text::parse_to_binary(fields, options);
}

// --- Types, start and values. ---

// (type $id? (export "x")* deftype)
Status ComponentParser::parse_type_definition() {
  TRY(enter("type"));
  TRY_ASSIGN(const Ident ident, parse_ident());
  constexpr AnySort kSort{Sort::Type, {}};
  TRY_ASSIGN(const std::vector<ExternName> exports, parse_inline_exports());
  if (at_open("alias")) {
    TRY_ASSIGN(AliasDef alias, parse_inline_alias(kSort));
    emit(std::move(alias));
  } else {
    TRY_ASSIGN(TypeDef type, parse_def_type(ident_id(ident)));
    emit(std::move(type));
  }
  TRY(expect(TokenKind::RParen));
  return finish_definition(kSort, ident, exports);
}

// (start f (value v)* (result (value $id?))*)
Status ComponentParser::parse_start() {
  TRY(enter("start"));
  StartDef out;
  TRY_ASSIGN(out.func, parse_ref({Sort::Func, {}}));
  while (at_open("value")) {
    TRY_ASSIGN(const uint32_t arg, parse_ref({Sort::Value, {}}));
    out.args.push_back(arg);
  }
  std::vector<Ident> results;
  while (at_open("result")) {
    TRY(enter("result"));
    TRY(enter("value"));
    TRY_ASSIGN(const Ident ident, parse_ident());
    results.push_back(ident);
    TRY(expect(TokenKind::RParen));
    TRY(expect(TokenKind::RParen));
  }
  TRY(expect(TokenKind::RParen));
  out.results = static_cast<uint32_t>(results.size());
  emit(std::move(out));
  for (const Ident& ident : results) TRY(bind_new({Sort::Value, {}}, ident));
  return {};
}

// (value $id? type literal)
Status ComponentParser::parse_value() {
  TRY(enter("value"));
  TRY_ASSIGN(const Ident ident, parse_ident());
  ValueDef out;
  TRY_ASSIGN(out.type, parse_val_ref());
  if (at_open("binary")) {
    TRY(enter("binary"));
    TRY_ASSIGN(const std::string bytes, parse_strings());
    out.bytes.assign(bytes.begin(), bytes.end());
    TRY(expect(TokenKind::RParen));
  } else if (!out.type.is_prim) {
    return unexpected(at(TokenKind::LParen) ? nxt_ : cur_, "(binary \"...\") for a value of this type");
  } else {
    TRY(parse_value_literal(out.type.prim, out.bytes));
  }
  TRY(expect(TokenKind::RParen));
  emit(std::move(out));
  TRY(bind_new({Sort::Value, {}}, ident));
  return {};
}

// The binary form of a literal of a primitive type (Binary.md, Value Definitions).
Status ComponentParser::parse_value_literal(PrimType type, std::vector<uint8_t>& out) {
  const Token token = cur_;
  const auto fixed = [&](uint64_t bits, int bytes) {
    for (int i = 0; i < bytes; ++i) out.push_back(static_cast<uint8_t>(bits >> (8 * i)));
  };
  const auto out_of_range = [&] {
    return fail(token.offset, ErrorCode::text_constant_out_of_range, std::string(token.text.substr(0, 80)));
  };
  const auto integer = [&](int bits, bool is_signed) -> Status {
    if (!at(TokenKind::Nat) && !at(TokenKind::Int)) return unexpected(cur_, "an integer");
    const std::optional<uint64_t> value = text::parse_int(token.text, bits);
    if (!value || (!is_signed && token.text[0] == '-')) return out_of_range();
    if (bits == 8) {
      out.push_back(static_cast<uint8_t>(*value));
    } else if (is_signed) {
      const int unused = 64 - bits;
      base::append_leb_s64(out, static_cast<int64_t>(*value << unused) >> unused);
    } else {
      base::append_leb_u64(out, *value);
    }
    return advance();
  };
  switch (type) {
    case PrimType::Bool:
      if (!cur_.is_keyword("true") && !cur_.is_keyword("false")) return unexpected(cur_, "true or false");
      out.push_back(cur_.is_keyword("true") ? 1 : 0);
      return advance();
    case PrimType::S8:
      return integer(8, true);
    case PrimType::U8:
      return integer(8, false);
    case PrimType::S16:
      return integer(16, true);
    case PrimType::U16:
      return integer(16, false);
    case PrimType::S32:
      return integer(32, true);
    case PrimType::U32:
      return integer(32, false);
    case PrimType::S64:
      return integer(64, true);
    case PrimType::U64:
      return integer(64, false);
    case PrimType::F32: {
      if (!cur_.is_number()) return unexpected(cur_, "a number");
      const std::optional<uint32_t> bits = text::parse_f32(token.text);
      if (!bits) return out_of_range();
      fixed(*bits, 4);
      return advance();
    }
    case PrimType::F64: {
      if (!cur_.is_number()) return unexpected(cur_, "a number");
      const std::optional<uint64_t> bits = text::parse_f64(token.text);
      if (!bits) return out_of_range();
      fixed(*bits, 8);
      return advance();
    }
    case PrimType::Char: {
      TRY_ASSIGN(const std::string_view text, parse_name());
      out.insert(out.end(), text.begin(), text.end());
      return {};
    }
    case PrimType::String: {
      TRY_ASSIGN(const std::string_view text, parse_name());
      binary::append_name(out, text);
      return {};
    }
    case PrimType::ErrorContext:
      return unexpected(cur_, "(binary \"...\") for a value of this type");
  }
  return {};
}

// (@custom "name" "contents"*)
Status ComponentParser::parse_custom() {
  const Token annotation = cur_;
  if (annotation.text != "custom") return unexpected(cur_);
  TRY_ASSIGN(const std::vector<Token> body, annotation_tokens());
  const auto problem = [&](const char* what) {
    return fail(annotation.offset, ErrorCode::text_annotation, "custom", what);
  };
  if (body.empty() || !body[0].is(TokenKind::String)) return problem("missing section name");
  CustomSection out;
  out.name = text::decode_string(body[0].text);
  if (!base::is_utf8(out.name)) return problem("malformed UTF-8 encoding");
  for (size_t i = 1; i < body.size(); ++i) {
    if (!body[i].is(TokenKind::String))
      return problem("unexpected token (in components, sections stand where they are)");
    const std::string bytes = text::decode_string(body[i].text);
    out.contents.insert(out.contents.end(), bytes.begin(), bytes.end());
  }
  emit(std::move(out));
  return {};
}

}  // namespace ashlar::component
