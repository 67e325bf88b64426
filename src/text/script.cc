// Commands of scripts.
#include "text/script.h"

#include <array>

#include "text/parser.h"
#include "text/script_parser.h"

namespace ashlar::text {
namespace {

constexpr int kMaxDepth = 16;  // threads in threads

constexpr std::array kModuleFields = std::to_array<std::string_view>(
    {"type", "rec", "import", "func", "table", "memory", "global", "tag", "export", "start", "elem", "data"});

bool is_module_field(std::string_view keyword) {
  for (std::string_view field : kModuleFields) {
    if (field == keyword) return true;
  }
  return false;
}

struct Assertion {
  std::string_view keyword;
  Command::Kind kind;
};
constexpr Assertion kAssertions[] = {
    {"assert_return", Command::Kind::AssertReturn},
    {"assert_trap", Command::Kind::AssertTrap},
    {"assert_exhaustion", Command::Kind::AssertExhaustion},
    {"assert_exception", Command::Kind::AssertException},
    {"assert_suspension", Command::Kind::AssertSuspension},
    {"assert_malformed", Command::Kind::AssertMalformed},
    {"assert_malformed_custom", Command::Kind::AssertMalformedCustom},
    {"assert_invalid", Command::Kind::AssertInvalid},
    {"assert_invalid_custom", Command::Kind::AssertInvalidCustom},
    {"assert_unlinkable", Command::Kind::AssertUnlinkable},
};

}  // namespace

std::string_view to_string(const Command& command) {
  for (const Assertion& row : kAssertions) {
    if (row.kind == command.kind) return row.keyword;
  }
  switch (command.kind) {
    case Command::Kind::Module:
      return command.component ? "component" : "module";
    case Command::Kind::ModuleDefinition:
      return command.component ? "component definition" : "module definition";
    case Command::Kind::ModuleInstance:
      return command.component ? "component instance" : "module instance";
    case Command::Kind::Register:
      return "register";
    case Command::Kind::Thread:
      return "thread";
    case Command::Kind::Wait:
      return "wait";
    default:
      return "action";
  }
}

Result<std::vector<uint8_t>> to_binary(const ModuleSource& source, ParseOptions options) {
  if (source.kind == ModuleSource::Kind::Binary) {
    return std::vector<uint8_t>(source.bytes.begin(), source.bytes.end());
  }
  if (source.kind == ModuleSource::Kind::Text) {
    options.origin = source.position;
    return parse_to_binary(source.text, options);
  }
  options.origin = {1, 1};
  Result<std::vector<uint8_t>> out = parse_to_binary(source.bytes, options);
  if (!out) return std::unexpected(std::move(out.error()).at_line(source.position.line, source.position.column));
  return out;
}

Status ScriptParser::advance() {
  cur_ = nxt_;
  return lexer_.next(nxt_);
}

std::unexpected<Error> ScriptParser::unexpected(const Token& token) const {
  const bool unknown = token.is(TokenKind::Reserved) || (token.is(TokenKind::Keyword) && !is_known_keyword(token.text));
  const ErrorCode code = unknown ? ErrorCode::text_unknown_operator : ErrorCode::text_unexpected_token;
  std::string text(token.is(TokenKind::Eof) ? "end of text" : token.text.substr(0, 80));
  return std::unexpected<Error>(source_.locate(Error(code, kNoOffset, unknown ? text : " " + text), token.offset));
}

Status ScriptParser::expect(TokenKind kind) { return at(kind) ? advance() : unexpected(cur_); }

Result<std::string> ScriptParser::parse_string() {
  if (!at(TokenKind::String)) return unexpected(cur_);
  std::string out = decode_string(cur_.text);
  TRY(advance());
  return out;
}

// Strings, joined.
Result<std::string> ScriptParser::parse_text() {
  std::string out;
  while (at(TokenKind::String)) {
    out += decode_string(cur_.text);
    TRY(advance());
  }
  return out;
}

Result<std::string> ScriptParser::parse_optional_id() {
  if (!at(TokenKind::Id)) return std::string();
  std::string id = cur_.escaped ? decode_string(cur_.text) : std::string(cur_.text);
  TRY(advance());
  return id;
}

Result<Script> ScriptParser::parse() {
  if (source_.text.size() > kMaxSourceBytes) {
    return make_error(ErrorCode::text_too_large, kNoOffset, std::to_string(source_.text.size()),
                      std::to_string(kMaxSourceBytes));
  }
  TRY(advance());
  TRY(advance());
  Script out;
  if (at(TokenKind::LParen) && nxt_.is(TokenKind::Keyword) && is_module_field(nxt_.text)) {
    Command command;
    command.position = {1, 1};
    command.has_module = true;
    command.module.position = {1, 1};
    command.module.text = source_.text;
    out.commands.push_back(std::move(command));
    return out;
  }
  while (!at(TokenKind::Eof)) {
    TRY_ASSIGN(Command command, parse_command());
    out.commands.push_back(std::move(command));
  }
  return out;
}

Result<Command> ScriptParser::parse_command() {
  Command out;
  out.position = lines_.position(cur_.offset);
  if (!at(TokenKind::LParen)) return unexpected(cur_);
  if (!nxt_.is(TokenKind::Keyword)) return unexpected(nxt_);
  const std::string_view keyword = nxt_.text;
  if (keyword == "module" || keyword == "component") {
    TRY(parse_module_command(out));
    return out;
  }
  if (keyword == "invoke" || keyword == "get") {
    out.kind = Command::Kind::Action;
    TRY(parse_action(out.action));
    return out;
  }
  const Token token = nxt_;
  TRY(advance());
  TRY(advance());
  if (keyword == "register") {
    out.kind = Command::Kind::Register;
    TRY_ASSIGN(out.name, parse_string());
    TRY_ASSIGN(out.target, parse_optional_id());
  } else if (keyword == "thread") {
    TRY(parse_thread(out));
  } else if (keyword == "wait") {
    out.kind = Command::Kind::Wait;
    TRY_ASSIGN(out.id, parse_optional_id());
  } else if (keyword.starts_with("assert_")) {
    TRY(parse_assertion(out, keyword));
  } else {
    return std::unexpected<Error>(
        source_.locate(Error(ErrorCode::text_script_command, kNoOffset, std::string(keyword)), token.offset));
  }
  TRY(expect(TokenKind::RParen));
  return out;
}

Status ScriptParser::parse_assertion(Command& out, std::string_view keyword) {
  const Assertion* row = kAssertions;
  while (row != std::end(kAssertions) && row->keyword != keyword) ++row;
  if (row == std::end(kAssertions)) return unexpected(cur_);
  out.kind = row->kind;
  switch (row->kind) {
    case Command::Kind::AssertReturn:
      TRY(parse_action(out.action));
      return parse_values(out.results);
    case Command::Kind::AssertException:
      return parse_action_or_module(out);
    case Command::Kind::AssertTrap:
      TRY(parse_action_or_module(out));
      break;
    case Command::Kind::AssertExhaustion:
    case Command::Kind::AssertSuspension:
      TRY(parse_action(out.action));
      break;
    default:
      TRY(parse_inner_module(out));
  }
  TRY_ASSIGN(out.message, parse_string());
  return {};
}

Status ScriptParser::parse_action_or_module(Command& out) {
  if (at_open("module") || at_open("component")) return parse_inner_module(out);
  return parse_action(out.action);
}

// A module inside an assertion.
Status ScriptParser::parse_inner_module(Command& out) {
  Command inner;
  TRY(parse_module_command(inner));
  out.has_module = true;
  out.component = inner.component;
  out.module = std::move(inner.module);
  out.id = std::move(inner.id);
  return {};
}

Status ScriptParser::parse_module_command(Command& out) {
  const uint32_t start = cur_.offset;
  out.position = lines_.position(start);
  out.component = at_open("component");
  if (!out.component && !at_open("module")) return unexpected(at(TokenKind::LParen) ? nxt_ : cur_);
  TRY(advance());
  TRY(advance());
  out.module.component = out.component;
  out.kind = Command::Kind::Module;
  if (cur_.is_keyword("instance")) {
    out.kind = Command::Kind::ModuleInstance;
    TRY(advance());
    TRY_ASSIGN(out.id, parse_optional_id());
    TRY_ASSIGN(out.target, parse_optional_id());
    return expect(TokenKind::RParen);
  }
  const bool is_definition = cur_.is_keyword("definition");
  const uint32_t definition_end = cur_.offset + (is_definition ? static_cast<uint32_t>(cur_.text.size()) : 0);
  if (is_definition) {
    out.kind = Command::Kind::ModuleDefinition;
    TRY(advance());
  }
  TRY_ASSIGN(out.id, parse_optional_id());
  out.has_module = true;
  // The module's parser does not know "definition": it begins behind the word, as bare fields do. That of components
  // does.
  TRY(parse_module_source(out.module, is_definition && !out.component ? definition_end : start));
  return {};
}

// Behind the identifier. `start` is where the text of a plain module begins.
Status ScriptParser::parse_module_source(ModuleSource& out, uint32_t start) {
  out.position = lines_.position(start);
  const bool is_binary = cur_.is_keyword("binary");
  if (is_binary || cur_.is_keyword("quote")) {
    out.kind = is_binary ? ModuleSource::Kind::Binary : ModuleSource::Kind::Quote;
    TRY(advance());
    TRY_ASSIGN(out.bytes, parse_text());
    return expect(TokenKind::RParen);
  }
  out.kind = ModuleSource::Kind::Text;
  // A definition's fields begin behind its identifier.
  const bool has_parens = source_.text[start] == '(';
  if (!has_parens) {
    start = cur_.offset;
    out.position = lines_.position(start);
  }
  uint32_t end = 0;
  TRY(skip_to_close(end));
  out.text = source_.text.substr(start, end - start - (has_parens ? 0 : 1));
  return {};
}

// Skips to behind the ")" that closes the current depth; `end` is the offset behind it.
Status ScriptParser::skip_to_close(uint32_t& end) {
  for (size_t depth = 1; depth > 0;) {
    if (at(TokenKind::LParen)) ++depth;
    if (at(TokenKind::RParen)) --depth;
    if (at(TokenKind::Eof)) return unexpected(cur_);
    end = cur_.offset + 1;
    TRY(advance());
  }
  return {};
}

Status ScriptParser::parse_action(Action& out) {
  const bool is_invoke = at_open("invoke");
  if (!is_invoke && !at_open("get")) return unexpected(at(TokenKind::LParen) ? nxt_ : cur_);
  TRY(advance());
  TRY(advance());
  out.kind = is_invoke ? Action::Kind::Invoke : Action::Kind::Get;
  TRY_ASSIGN(out.module, parse_optional_id());
  TRY_ASSIGN(out.name, parse_string());
  if (is_invoke) TRY(parse_values(out.args));
  return expect(TokenKind::RParen);
}

// (thread $T (shared (module $M))* command*)
Status ScriptParser::parse_thread(Command& out) {
  out.kind = Command::Kind::Thread;
  if (++depth_ > kMaxDepth) {
    return std::unexpected<Error>(
        source_.locate(Error(ErrorCode::text_nesting, kNoOffset, std::to_string(kMaxDepth)), cur_.offset));
  }
  TRY_ASSIGN(out.id, parse_optional_id());
  while (at_open("shared")) {
    TRY(advance());
    TRY(advance());
    if (!at_open("module")) return unexpected(at(TokenKind::LParen) ? nxt_ : cur_);
    TRY(advance());
    TRY(advance());
    TRY_ASSIGN(std::string id, parse_optional_id());
    out.shared.push_back(std::move(id));
    TRY(expect(TokenKind::RParen));
    TRY(expect(TokenKind::RParen));
  }
  while (at(TokenKind::LParen)) {
    TRY_ASSIGN(Command command, parse_command());
    out.body.push_back(std::move(command));
  }
  --depth_;
  return {};
}

Result<Script> parse_script(std::string_view source) { return ScriptParser(source).parse(); }

}  // namespace ashlar::text
