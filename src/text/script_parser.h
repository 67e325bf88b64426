// The script parser's state; inside src/text only.
#pragma once

#include <optional>

#include "text/lexer.h"
#include "text/script.h"

namespace ashlar::text {

class ScriptParser {
 public:
  explicit ScriptParser(std::string_view source) : source_{source}, lexer_(source_), lines_(source_) {}
  Result<Script> parse();

 private:
  Status advance();
  bool at(TokenKind kind) const { return cur_.kind == kind; }
  bool at_open(std::string_view keyword) const { return at(TokenKind::LParen) && nxt_.is_keyword(keyword); }
  Status expect(TokenKind kind);
  std::unexpected<Error> unexpected(const Token& token) const;
  Result<std::string> parse_string();
  Result<std::string> parse_text();
  Result<std::string> parse_optional_id();

  Result<Command> parse_command();
  Status parse_module_command(Command& out);
  Status parse_module_source(ModuleSource& out, uint32_t start);
  Status parse_inner_module(Command& out);
  Status parse_assertion(Command& out, std::string_view keyword);
  Status parse_action_or_module(Command& out);
  Status parse_action(Action& out);
  Status parse_thread(Command& out);
  Status skip_to_close(uint32_t& end);

  // Values (script_values.cc).
  Status parse_values(std::vector<Value>& out);
  Result<Value> parse_value();
  Result<Value> parse_value_body();
  Status parse_scalar(Value& out, bool is_float, int bits);
  Status parse_vector(Value& out);
  Status parse_reference(Value& out);
  Status parse_either(Value& out);
  Status parse_items(Value& out, int max_depth);
  Status parse_component_value(Value& out, const Token& form);
  Status parse_char(Value& out);
  Status parse_record(Value& out, int max_depth);
  Status parse_float_bits(int bits, uint64_t& value, NanPattern& nan);
  Status parse_int_bits(int bits, uint64_t& value);

  const Source source_;
  Lexer lexer_;
  LineTable lines_;
  Token cur_, nxt_;
  int depth_ = 0;  // of threads and alternatives
};

}  // namespace ashlar::text
