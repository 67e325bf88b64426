// Files, packages, paths and gates.
#include "wit/parser.h"

#include <utility>

namespace ashlar::wit {
namespace {

std::string describe(const Token& token) {
  switch (token.kind) {
    case TokenKind::Eof:
      return "the end of the file";
    case TokenKind::Word:
      return !token.escaped && is_keyword(token.text) ? "keyword '" + std::string(token.text) + "'"
                                                      : "'" + std::string(token.text) + "'";
    case TokenKind::String:
      return "a string";
    case TokenKind::Integer:
    case TokenKind::Punctuation:
    case TokenKind::Arrow:
      return "'" + std::string(token.text) + "'";
  }
  std::unreachable();
}

}  // namespace

std::unexpected<Error> Parser::fail(uint32_t offset, Error error) const {
  return std::unexpected(file_.locate(std::move(error), offset));
}

std::unexpected<Error> Parser::expected(std::string what) const {
  return fail(token_.offset, Error(ErrorCode::wit_expected, kNoOffset, std::move(what), describe(token_)));
}

Result<Token> Parser::peek() const {
  Lexer ahead = lexer_;
  Token token;
  TRY(ahead.next(token));
  return token;
}

Status Parser::expect(char mark) {
  if (!at(mark)) return expected(std::string("'") + mark + "'");
  return advance();
}

Status Parser::expect_word(std::string_view word) {
  if (!at_word(word)) return expected("'" + std::string(word) + "'");
  return advance();
}

Result<bool> Parser::skip(char mark) {
  if (!at(mark)) return false;
  TRY(advance());
  return true;
}

Result<ast::Id> Parser::identifier(std::string_view what) {
  if (token_.kind != TokenKind::Word) return expected(std::string(what));
  if (!token_.escaped && is_keyword(token_.text)) {
    return expected(std::string(what) + " ('%" + std::string(token_.text) + "' to mean the name)");
  }
  if (const char* problem = label_problem(token_.text)) {
    return fail(token_.offset, Error(ErrorCode::wit_identifier, kNoOffset, std::string(token_.text), problem));
  }
  const ast::Id id{token_.text, token_.offset};
  TRY(advance());
  return id;
}

Status Parser::check_package_label(const ast::Id& id) {
  const char* problem = package_label_problem(id.name);
  if (problem == nullptr) return {};
  return fail(id.at, Error(ErrorCode::wit_identifier, kNoOffset, std::string(id.name), problem));
}

Result<Version> Parser::version() {
  Token token;
  TRY(lexer_.next_version(token));
  std::optional<Version> version = parse_version(token.text);
  if (!version) {
    // What stands there, to the next white space or bracket.
    const std::string_view rest = std::string_view(file_.text).substr(token.offset);
    const std::string_view word = rest.substr(0, std::min<size_t>(rest.find_first_of(" \t\r\n;,(){}"), 40));
    return fail(token.offset, Error(ErrorCode::wit_version, kNoOffset, std::string(word)));
  }
  TRY(advance());
  return *std::move(version);
}

Result<ast::PackageId> Parser::package_id() {
  ast::PackageId id;
  TRY_ASSIGN(id.ns, identifier("a namespace"));
  TRY(expect(':'));
  TRY(check_package_label(id.ns));
  TRY_ASSIGN(id.name, identifier("a package's name"));
  TRY(check_package_label(id.name));
  if (at(':') || at('/')) return expected("one namespace and one name (nested ones are gated, and not there yet)");
  if (at('@')) {
    TRY_ASSIGN(id.version, version());
  }
  return id;
}

Result<ast::UsePath> Parser::use_path() {
  ast::UsePath path;
  TRY_ASSIGN(path.name, identifier("the name of an interface or world"));
  if (!at(':')) return path;
  path.package.emplace();
  path.package->ns = path.name;
  TRY(check_package_label(path.package->ns));
  TRY(advance());
  TRY_ASSIGN(path.package->name, identifier("a package's name"));
  TRY(check_package_label(path.package->name));
  TRY(expect('/'));
  TRY_ASSIGN(path.name, identifier("the name of an interface or world"));
  if (at('@')) {
    TRY_ASSIGN(path.package->version, version());
  }
  return path;
}

Status Parser::gate_item(ast::Head& head, uint32_t at, bool& gated, uint32_t& deprecated_at) {
  const std::string kind(token_.text);
  const auto twice = [&] { return fail(at, Error(ErrorCode::wit_duplicate, kNoOffset, "attribute", "@" + kind)); };
  if (at_word("external-id")) {
    if (head.external_id) return twice();
    TRY(advance());
    TRY(expect('('));
    if (token_.kind != TokenKind::String) return expected("a string");
    std::string problem;
    head.external_id = decode_string(token_.text, problem);
    if (!problem.empty()) return fail(token_.offset, Error(ErrorCode::wit_string, kNoOffset, problem));
    TRY(advance());
    return expect(')');
  }
  const bool since = at_word("since");
  const bool unstable = at_word("unstable");
  if (!since && !unstable && !at_word("deprecated"))
    return expected("'since', 'unstable', 'deprecated' or 'external-id'");
  if ((since || unstable) ? gated : head.stability.deprecated.has_value()) {
    if (!since && !unstable) return twice();
    return fail(at, Error(ErrorCode::wit_gate, kNoOffset, "one of @since and @unstable, and only once"));
  }
  TRY(advance());
  TRY(expect('('));
  TRY(expect_word(unstable ? "feature" : "version"));
  if (!this->at('=')) return expected("'='");
  if (unstable) {
    TRY(advance());
    TRY_ASSIGN(const ast::Id feature, identifier("a feature's name"));
    head.stability.feature = feature.name;
    head.stability.kind = Stability::Kind::Unstable;
  } else {
    TRY_ASSIGN(Version given, version());
    if (since) head.stability.kind = Stability::Kind::Since;
    (since ? head.stability.since : head.stability.deprecated) = std::move(given);
  }
  if (since || unstable) {
    gated = true;
    head.gate_at = at;
  } else {
    deprecated_at = at;
  }
  return expect(')');
}

Result<ast::Head> Parser::head() {
  ast::Head head;
  const std::string_view trivia =
      std::string_view(file_.text).substr(token_.trivia_offset, token_.offset - token_.trivia_offset);
  head.docs = documentation(trivia);
  bool gated = false;
  uint32_t deprecated_at = 0;
  while (at('@')) {
    const uint32_t offset = token_.offset;
    TRY(advance());
    TRY(gate_item(head, offset, gated, deprecated_at));
  }
  if (head.stability.deprecated && !gated) {
    return fail(deprecated_at,
                Error(ErrorCode::wit_gate, kNoOffset, "@deprecated needs @since or @unstable beside it"));
  }
  return head;
}

Status Parser::no_external_id(const ast::Head& head) const {
  if (!head.external_id) return {};
  return fail(token_.offset,
              Error(ErrorCode::wit_gate, kNoOffset,
                    "@external-id stands before types, functions, and imports and exports with a label"));
}

Status Parser::top_use(ast::Package& out, const ast::Head& head) {
  TRY(no_external_id(head));
  if (head.stability.kind != Stability::Kind::Unknown) {
    return fail(token_.offset, Error(ErrorCode::wit_gate, kNoOffset, "a 'use' at the top level has no gate"));
  }
  TRY(advance());
  ast::TopUse item;
  TRY_ASSIGN(item.path, use_path());
  item.as = item.path.name;
  if (at_word("as")) {
    TRY(advance());
    TRY_ASSIGN(item.as, identifier("a name"));
  }
  TRY(expect(';'));
  out.uses.push_back(std::move(item));
  return {};
}

Status Parser::package_item(ast::Package& out, ast::Head head) {
  if (at_word("use")) return top_use(out, head);
  TRY(no_external_id(head));
  if (at_word("interface")) {
    TRY_ASSIGN(ast::Interface item, interface(std::move(head)));
    out.interfaces.push_back(std::move(item));
    return {};
  }
  if (at_word("world")) {
    TRY_ASSIGN(ast::World item, world(std::move(head)));
    out.worlds.push_back(std::move(item));
    return {};
  }
  if (at_word("package")) return fail(token_.offset, Error(ErrorCode::wit_nested_package));
  return expected("'interface', 'world' or 'use'");
}

/// A package in braces, or the file's own header when it comes first.
Status Parser::package_header(ast::File& out, std::string docs, uint32_t docs_at) {
  const bool first = !out.main.id && out.nested.empty() && out.main.uses.empty() && out.main.interfaces.empty() &&
                     out.main.worlds.empty();
  TRY(advance());
  TRY_ASSIGN(ast::PackageId id, package_id());
  if (first && at(';')) {
    out.main.id = std::move(id);
    out.main.docs = std::move(docs);
    out.main.docs_at = docs_at;
    return advance();
  }
  if (!at('{')) return expected(first ? "';' or '{'" : "'{'");
  TRY(advance());
  ast::Package& package = out.nested.emplace_back();
  package.id = std::move(id);
  package.docs = std::move(docs);
  package.docs_at = docs_at;
  while (!at('}')) {
    TRY_ASSIGN(ast::Head item_head, head());
    TRY(package_item(package, std::move(item_head)));
  }
  return advance();
}

Result<ast::File> Parser::parse() {
  TRY(Lexer::check(file_));
  TRY(advance());
  ast::File out;
  while (token_.kind != TokenKind::Eof) {
    const uint32_t start = token_.offset;
    TRY_ASSIGN(ast::Head item_head, head());
    if (!at_word("package")) {
      TRY(package_item(out.main, std::move(item_head)));
      continue;
    }
    if (item_head.stability.kind != Stability::Kind::Unknown || item_head.external_id) {
      return fail(start, Error(ErrorCode::wit_gate, kNoOffset, "a package has no gate: its items have"));
    }
    TRY(package_header(out, std::move(item_head.docs), start));
  }
  out.types = std::move(types_);
  return out;
}

Result<ast::File> parse(const SourceFile& file) { return Parser(file).parse(); }

}  // namespace ashlar::wit
