// Owns the recursive-descent parser of WIT text (Component Model WIT.md, from "Top-level items" on).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wit/parse.h"

namespace ashlar::wit {

class Parser {
 public:
  explicit Parser(const SourceFile& file) : file_(file), lexer_(file) {}
  Result<ast::File> parse();

 protected:
  // Tokens.
  Status advance() { return lexer_.next(token_); }
  /// What comes behind the current token.
  Result<Token> peek() const;
  bool at(char mark) const { return token_.is(mark); }
  bool at_word(std::string_view word) const { return token_.is_word(word); }
  Status expect(char mark);
  Status expect_word(std::string_view word);
  /// Steps over the mark when it is there.
  Result<bool> skip(char mark);
  std::unexpected<Error> expected(std::string what) const;
  std::unexpected<Error> fail(uint32_t offset, Error error) const;
  Result<ast::Id> identifier(std::string_view what);
  /// A namespace or package, which is in lower case alone.
  Status check_package_label(const ast::Id& id);
  /// What must be a version behind the current token, which it steps over.
  Result<Version> version();
  /// Elements up to `close`, which it steps over; commas between them, one more at the end is fine.
  template <class Parse>
  Status list(char close, Parse parse);

  // Files and packages (parser.cc).
  Result<ast::PackageId> package_id();
  Status package_header(ast::File& out, std::string docs, uint32_t docs_at);
  Status package_item(ast::Package& out, ast::Head head);
  Result<ast::UsePath> use_path();
  Result<ast::Head> head();
  Status gate_item(ast::Head& head, uint32_t at, bool& gated, uint32_t& deprecated_at);
  Status top_use(ast::Package& out, const ast::Head& head);
  /// Items that have no name of their own to the outside have no @external-id.
  Status no_external_id(const ast::Head& head) const;

  // Interfaces and worlds (parse_items.cc).
  Status interface_body(ast::Interface& out);
  Result<ast::Interface> interface(ast::Head head);
  Result<ast::World> world(ast::Head head);
  Result<ast::WorldItem> world_item(ast::Head head);
  Result<ast::Extern> import_or_export(ast::Head head);
  Result<bool> is_path_ahead() const;
  Result<ast::Include> include(ast::Head head);
  Result<ast::Use> use(ast::Head head);
  Result<ast::UseName> use_name();
  Result<ast::NamedFunc> named_func(ast::Head head);
  Result<ast::Func> func();
  Status params(ast::Func& out);

  // Names for types of functions, which .wac files have (parse_items.cc).
  struct FuncType {
    ast::Id name;
    ast::Func func;
    size_t size;  ///< how many parameters and types it writes
  };
  /// `type a = func(..);`, or of such a name, when it stands here: it is passed over, and its name given.
  Result<std::optional<ast::Id>> func_type_def();
  /// The function that a name stands for, when it is one.
  Result<std::optional<ast::Func>> func_type_ref();
  /// Counts what is copied from elsewhere in the text, which can be much longer than the text.
  Status charge(size_t count);
  static constexpr size_t kMaxExpanded = 1u << 18;
  const FuncType* find_func_type(const Token& token) const;
  /// Whether this is a .wac file.
  bool in_wac() const { return !func_types_.empty(); }

  // Types (parse_types.cc).
  bool at_type_def() const;
  Result<ast::TypeDef> type_def(ast::Head head);
  Status members(ast::TypeDef& def);
  Status methods(ast::TypeDef& def);
  Result<ast::NamedFunc> method(ast::Head head);
  Result<ast::TypeIndex> type();
  Status type_arguments(ast::Type& out);
  Result<ast::TypeIndex> argument_or_hole();
  Status list_length(ast::Type& out);

  const SourceFile& file_;
  Lexer lexer_;
  Token token_;
  uint32_t nesting_ = 0;
  std::vector<ast::Type> types_ = std::vector<ast::Type>(1);
  /// By scope, the innermost last; none at all in WIT.
  std::vector<std::map<std::string_view, FuncType>> func_types_;
  size_t expanded_ = 0;
};

template <class Parse>
Status Parser::list(char close, Parse parse) {
  while (!at(close)) {
    TRY(parse());
    if (at(close)) break;
    if (!at(',')) return expected(std::string("',' or '") + close + "'");
    TRY(advance());
  }
  return advance();
}

}  // namespace ashlar::wit
