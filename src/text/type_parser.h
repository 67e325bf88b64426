// What the parsers of modules and components share: tokens with one of lookahead, names, numbers, and core types.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "module/types.h"
#include "text/lexer.h"

namespace ashlar::text {

using module::HeapType;
using module::TypeIdx;
using module::ValType;

/// What a parsed module's spans and views point into.
struct TextStorage {
  std::vector<uint8_t> bytes;
  std::deque<std::string> names;
};

/// Identifiers of one index space.
struct IdSpace {
  std::string_view what;  ///< for "unknown ..." and "duplicate ..."
  std::unordered_map<std::string_view, uint32_t> ids;
  uint32_t count = 0;
};

/// A parameter's or local's identifier; `name` when it is also to be named.
struct LocalId {
  uint32_t index;
  std::string_view id;
  uint32_t offset;
};

struct TypeUse {
  TypeIdx index = 0;
  uint32_t param_count = 0;
  std::vector<LocalId> ids;  ///< of parameters; `index` counts from 0
  std::vector<std::pair<uint32_t, std::string_view>> names;
};

enum class ParamIds : uint8_t { Allowed, Forbidden };

/// Reads tokens: the current one and the one behind it are known. Views that it gives live as long as the source and
/// the storage.
class TokenParser {
 protected:
  explicit TokenParser(const Source& source)
      : source_(source), lexer_(source), storage_(std::make_shared<TextStorage>()) {}
  virtual ~TokenParser() = default;
  TokenParser(const TokenParser&) = delete;
  TokenParser& operator=(const TokenParser&) = delete;

  Status advance();
  Status seek(uint32_t offset);
  bool at(TokenKind kind) const { return cur_.kind == kind; }
  bool at_open(std::string_view keyword) const { return at(TokenKind::LParen) && nxt_.is_keyword(keyword); }
  bool at_index() const { return at(TokenKind::Nat) || at(TokenKind::Id); }
  Status expect(TokenKind kind);
  /// Reads "(" and the keyword.
  Status enter(std::string_view keyword);
  /// Skips to behind the ")" that closes the current depth.
  Status skip_to_close();
  std::unexpected<Error> unexpected(const Token& token, std::string_view expected = {}) const;
  std::unexpected<Error> fail(uint32_t offset, ErrorCode code, std::string arg0 = {}, std::string arg1 = {}) const;
  /// Whether a word belongs to the language; the others are called unknown operators.
  virtual bool is_keyword(std::string_view word) const;

  std::string_view intern(std::string text);
  std::string_view id_text(const Token& token);
  Result<std::string_view> parse_name();
  Result<std::string> parse_strings();
  Result<uint64_t> parse_nat64();
  Result<uint32_t> parse_nat32();
  Result<uint32_t> parse_index(const IdSpace& space);
  Result<uint32_t> resolve(const IdSpace& space, const Token& token);
  Status bind(IdSpace& space, const Token& token, uint32_t index);
  Result<std::optional<std::string_view>> parse_name_annotation();
  /// At an annotation: its body's tokens; leaves the parser behind it.
  Result<std::vector<Token>> annotation_tokens();

  const Source source_;
  Lexer lexer_;
  Token cur_, nxt_;
  std::shared_ptr<TextStorage> storage_;
};

/// Reads types of the core language. What an index means and what becomes of identifiers is the derived parser's.
class TypeParser : protected TokenParser {
 protected:
  using TokenParser::TokenParser;

  virtual Result<uint32_t> parse_type_index() = 0;
  /// At the identifier or annotation of field `position` of struct type `type`: reads both.
  virtual Status parse_field_id(TypeIdx type, uint32_t position) = 0;

  /// `index`: what the type's own index will be.
  Status parse_sub_type(module::SubType& out, TypeIdx index);
  Status parse_composite(module::SubType& out, TypeIdx index);
  Status parse_struct_field(module::SubType& out, TypeIdx index);
  Status parse_field_type(module::FieldType& out);
  Result<ValType> parse_val_type();
  Result<ValType> parse_ref_type();
  Result<HeapType> parse_heap_type();
  /// (param ...)* (result ...)*
  Status parse_signature(module::FuncType& out, ParamIds ids, TypeUse* use);
  Status parse_params(module::FuncType& out, ParamIds ids, TypeUse* use);
  Status parse_global_type(module::GlobalType& out);
  Status parse_limits(module::Limits& out);
  Status parse_address_type(module::Limits& out);
  Status parse_page_size(module::MemoryType& out);
};

/// Keywords of the language that are no instructions; others are unknown operators.
bool is_known_keyword(std::string_view word);

}  // namespace ashlar::text
