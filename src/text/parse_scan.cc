// Pass one: finds every definition, binds its identifier and checks that imports come first.
#include "text/parser.h"

namespace ashlar::text {

IdSpace* Parser::space_of(std::string_view keyword) {
  if (keyword == "func") return &funcs_;
  if (keyword == "table") return &tables_;
  if (keyword == "memory") return &memories_;
  if (keyword == "global") return &globals_;
  if (keyword == "tag") return &tags_;
  if (keyword == "elem") return &elems_;
  if (keyword == "data") return &datas_;
  return nullptr;
}

// From fields_begin_ to the module's closing parenthesis or the end of the text.
Status Parser::scan_fields() {
  lexer_.report_annotations(false);
  TRY(seek(fields_begin_));
  while (at(TokenKind::LParen)) TRY(scan_field());
  return {};
}

Status Parser::scan_field() {
  if (!nxt_.is(TokenKind::Keyword)) return unexpected(nxt_, "a module field");
  const std::string_view keyword = nxt_.text;
  if (keyword == "type") return scan_type();
  if (keyword == "rec") return scan_rec();
  if (keyword == "import") return scan_import();
  if (IdSpace* space = space_of(keyword)) return scan_definition(*space, keyword);
  if (keyword != "export" && keyword != "start") return unexpected(nxt_, "a module field");
  TRY(advance());
  return skip_to_close();
}

Status Parser::scan_type() {
  type_fields_.push_back(cur_.offset);
  TRY(advance());
  TRY(advance());
  if (at(TokenKind::Id)) TRY(bind(types_, cur_, types_.count));
  ++types_.count;
  return skip_to_close();
}

Status Parser::scan_rec() {
  const size_t at_rec = type_fields_.size();
  type_fields_.push_back(cur_.offset);
  TRY(advance());
  TRY(advance());
  while (at_open("type")) TRY(scan_type());
  type_fields_.resize(at_rec + 1);  // the group is parsed as one
  return skip_to_close();
}

// Ill-formed imports are left to pass three, which says what is wrong.
Status Parser::scan_import() {
  const uint32_t offset = cur_.offset;
  TRY(advance());
  TRY(advance());
  while (at(TokenKind::String)) TRY(advance());
  IdSpace* space = at(TokenKind::LParen) && nxt_.is(TokenKind::Keyword) ? space_of(nxt_.text) : nullptr;
  if (space == nullptr) return skip_to_close();
  if (!first_definition_.empty()) return fail(offset, ErrorCode::text_import_after, std::string(first_definition_));
  TRY(advance());
  TRY(advance());
  if (at(TokenKind::Id)) TRY(bind(*space, cur_, space->count));
  ++space->count;
  TRY(skip_to_close());
  return skip_to_close();
}

Status Parser::scan_definition(IdSpace& space, std::string_view keyword) {
  const uint32_t offset = cur_.offset;
  TRY(advance());
  TRY(advance());
  if (at(TokenKind::Id)) {
    TRY(bind(space, cur_, space.count));
    TRY(advance());
  }
  ++space.count;
  bool is_import = false;
  bool has_segment = false;
  for (size_t depth = 1; depth > 0;) {
    if (at(TokenKind::Eof)) return unexpected(cur_, ")");
    if (at(TokenKind::LParen) && depth++ == 1) {
      is_import |= nxt_.is_keyword("import");
      has_segment |= nxt_.is_keyword("elem") || nxt_.is_keyword("data");
    }
    if (at(TokenKind::RParen)) --depth;
    TRY(advance());
  }
  const bool is_segment = &space == &elems_ || &space == &datas_;
  if (is_segment) return {};
  if (is_import) {
    if (!first_definition_.empty()) return fail(offset, ErrorCode::text_import_after, std::string(first_definition_));
    return {};
  }
  if (first_definition_.empty()) first_definition_ = space.what;
  if (has_segment && keyword == "table") ++elems_.count;
  if (has_segment && keyword == "memory") ++datas_.count;
  return {};
}

}  // namespace ashlar::text
