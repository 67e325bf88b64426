// Interfaces, worlds, uses and functions.
#include <set>
#include <utility>

#include "wit/parser.h"

namespace ashlar::wit {

Result<ast::UseName> Parser::use_name() {
  ast::UseName out;
  TRY_ASSIGN(out.name, identifier("a name"));
  out.as = out.name;
  if (at_word("as")) {
    TRY(advance());
    TRY_ASSIGN(out.as, identifier("a name"));
  }
  return out;
}

Result<ast::Use> Parser::use(ast::Head head) {
  TRY(no_external_id(head));
  ast::Use out;
  out.head = std::move(head);
  TRY(advance());
  TRY_ASSIGN(out.path, use_path());
  TRY(expect('.'));
  TRY(expect('{'));
  TRY(list('}', [&]() -> Status {
    TRY_ASSIGN(ast::UseName name, use_name());
    out.names.push_back(name);
    return {};
  }));
  TRY(expect(';'));
  return out;
}

Status Parser::params(ast::Func& out) {
  TRY(expect('('));
  return list(')', [&]() -> Status {
    ast::Param param;
    TRY_ASSIGN(param.name, identifier("a parameter's name"));
    TRY(expect(':'));
    TRY_ASSIGN(param.type, type());
    out.params.push_back(param);
    return {};
  });
}

Result<ast::Func> Parser::func() {
  ast::Func out;
  if (at_word("async")) {
    out.is_async = true;
    TRY(advance());
  }
  TRY(expect_word("func"));
  TRY(params(out));
  if (token_.kind == TokenKind::Arrow) {
    TRY(advance());
    TRY_ASSIGN(out.result, type());
  }
  return out;
}

Result<ast::NamedFunc> Parser::named_func(ast::Head head) {
  ast::NamedFunc out;
  out.head = std::move(head);
  TRY_ASSIGN(out.name, identifier("a type definition, 'use', or a function's name"));
  TRY(expect(':'));
  TRY_ASSIGN(const auto known, func_type_ref());
  if (known) {
    out.func = *known;
  } else {
    TRY_ASSIGN(out.func, func());
  }
  TRY(expect(';'));
  return out;
}

const Parser::FuncType* Parser::find_func_type(const Token& token) const {
  if (token.kind != TokenKind::Word) return nullptr;
  for (auto scope = func_types_.rbegin(); scope != func_types_.rend(); ++scope) {
    if (const auto found = scope->find(token.text); found != scope->end()) return &found->second;
  }
  return nullptr;
}

Result<std::optional<ast::Func>> Parser::func_type_ref() {
  const FuncType* found = find_func_type(token_);
  if (found == nullptr) return std::optional<ast::Func>();
  TRY(charge(found->size));
  ast::Func out = found->func;
  const auto top = func_types_.front().find(token_.text);
  if (top != func_types_.front().end() && &top->second == found) out.of_file = true;
  TRY(advance());
  return std::optional<ast::Func>(std::move(out));
}

Status Parser::charge(size_t count) {
  expanded_ += count;
  if (expanded_ <= kMaxExpanded) return {};
  return fail(token_.offset,
              Error(ErrorCode::wit_too_many, kNoOffset,
                    "parameters and types that are written once and named elsewhere", std::to_string(kMaxExpanded)));
}

Result<std::optional<ast::Id>> Parser::func_type_def() {
  if (!in_wac() || !at_word("type")) return std::optional<ast::Id>();
  Lexer ahead = lexer_;
  Token name, equals, what;
  TRY(ahead.next(name));
  TRY(ahead.next(equals));
  TRY(ahead.next(what));
  const bool function = what.is_word("func") || what.is_word("async") || find_func_type(what) != nullptr;
  if (!equals.is('=') || !function) return std::optional<ast::Id>();
  TRY(advance());
  TRY_ASSIGN(const ast::Id id, identifier("a type's name"));
  TRY(expect('='));
  const FuncType* other = find_func_type(token_);
  size_t size = other != nullptr ? other->size : 0;
  TRY_ASSIGN(std::optional<ast::Func> type, func_type_ref());
  if (!type) {
    const size_t before = types_.size();
    TRY_ASSIGN(type, func());
    size = 1 + type->params.size() + types_.size() - before;
    std::set<std::string> taken;  // the type may be used nowhere
    for (const ast::Param& param : type->params) {
      if (taken.insert(canonical_label(param.name.name)).second) continue;
      return fail(param.name.at,
                  Error(ErrorCode::wit_duplicate, kNoOffset, "parameter", std::string(param.name.name), ""));
    }
  }
  TRY(expect(';'));
  if (!func_types_.back().emplace(id.name, FuncType{id, std::move(*type), size}).second) {
    return fail(id.at, Error(ErrorCode::wit_duplicate, kNoOffset, "name", std::string(id.name), ""));
  }
  return std::optional<ast::Id>(id);
}

Status Parser::interface_body(ast::Interface& out) {
  TRY(expect('{'));
  if (in_wac()) func_types_.emplace_back();
  while (!at('}')) {
    TRY_ASSIGN(ast::Head item_head, head());
    TRY_ASSIGN(const auto function, func_type_def());
    if (function) continue;
    if (at_word("use")) {
      TRY_ASSIGN(ast::Use item, use(std::move(item_head)));
      out.items.emplace_back(std::move(item));
    } else if (at_type_def()) {
      TRY_ASSIGN(ast::TypeDef item, type_def(std::move(item_head)));
      out.items.emplace_back(std::move(item));
    } else {
      TRY_ASSIGN(ast::NamedFunc item, named_func(std::move(item_head)));
      out.items.emplace_back(std::move(item));
    }
  }
  if (in_wac()) func_types_.pop_back();
  return advance();
}

Result<ast::Interface> Parser::interface(ast::Head head) {
  ast::Interface out;
  out.head = std::move(head);
  TRY(advance());
  TRY_ASSIGN(out.name, identifier("an interface's name"));
  TRY(interface_body(out));
  return out;
}

/// Whether the word here begins "ns:package/..." and not "label: ...". "a:b" without white space is a package's name.
Result<bool> Parser::is_path_ahead() const {
  Lexer ahead = lexer_;
  Token colon;
  Token name;
  Token slash;
  TRY(ahead.next(colon));
  if (!colon.is(':')) return true;
  TRY(ahead.next(name));
  if (name.kind != TokenKind::Word || (!name.escaped && is_keyword(name.text))) return false;
  TRY(ahead.next(slash));
  return slash.is('/') || (colon.offset == token_.end() && name.offset == colon.end() && !slash.is(':'));
}

Result<ast::Extern> Parser::import_or_export(ast::Head head) {
  ast::Extern out;
  out.head = std::move(head);
  out.is_export = at_word("export");
  TRY(advance());
  TRY_ASSIGN(const bool is_path, is_path_ahead());
  if (is_path) {
    TRY(no_external_id(out.head));
    TRY_ASSIGN(out.what, use_path());
    TRY(expect(';'));
    return out;
  }
  TRY_ASSIGN(out.label, identifier("a name"));
  TRY(expect(':'));
  if (at_word("interface")) {
    ast::Interface inside;
    inside.name = *out.label;
    TRY(advance());
    TRY(interface_body(inside));
    if (in_wac()) TRY(skip(';'));  // the grammar of .wac files has one
    out.what = std::move(inside);
    return out;
  }
  TRY_ASSIGN(const auto function, func_type_ref());
  if (function) {
    out.what = *function;
  } else if (at_word("func") || at_word("async")) {
    TRY_ASSIGN(out.what, func());
  } else if (token_.kind == TokenKind::Word && (token_.escaped || !is_keyword(token_.text))) {
    TRY_ASSIGN(out.what, use_path());
  } else {
    return expected("'func', 'async func', 'interface' or the name of an interface");
  }
  TRY(expect(';'));
  return out;
}

Result<ast::Include> Parser::include(ast::Head head) {
  TRY(no_external_id(head));
  ast::Include out;
  out.head = std::move(head);
  TRY(advance());
  TRY_ASSIGN(out.path, use_path());
  if (!at_word("with")) {
    TRY(expect(';'));
    return out;
  }
  TRY(advance());
  TRY(expect('{'));
  TRY(list('}', [&]() -> Status {
    ast::UseName name;
    TRY_ASSIGN(name.name, identifier("a name"));
    TRY(expect_word("as"));
    TRY_ASSIGN(name.as, identifier("a name"));
    out.names.push_back(name);
    return {};
  }));
  // The grammar has no ';' behind the brace; people write one.
  TRY(skip(';'));
  return out;
}

Result<ast::WorldItem> Parser::world_item(ast::Head head) {
  if (at_word("use")) return use(std::move(head));
  if (at_word("import") || at_word("export")) return import_or_export(std::move(head));
  if (at_word("include")) return include(std::move(head));
  if (at_type_def()) return type_def(std::move(head));
  return expected("'import', 'export', 'include', 'use' or a type definition");
}

Result<ast::World> Parser::world(ast::Head head) {
  ast::World out;
  out.head = std::move(head);
  TRY(advance());
  TRY_ASSIGN(out.name, identifier("a world's name"));
  TRY(expect('{'));
  if (in_wac()) func_types_.emplace_back();
  while (!at('}')) {
    TRY_ASSIGN(ast::Head item_head, this->head());
    TRY_ASSIGN(const auto function, func_type_def());
    if (function) continue;
    TRY_ASSIGN(ast::WorldItem item, world_item(std::move(item_head)));
    out.items.push_back(std::move(item));
  }
  if (in_wac()) func_types_.pop_back();
  TRY(advance());
  return out;
}

}  // namespace ashlar::wit
