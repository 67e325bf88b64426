// Constant expressions, element and data segments of pass three.
#include "base/leb128.h"
#include "text/parser.h"

namespace ashlar::text {
namespace {

using module::ConstExpr;
using module::Data;
using module::Elem;
using module::SegmentMode;

constexpr uint8_t kEnd = 0x0b;

}  // namespace

void Parser::make_zero_offset(ConstExpr& out, bool is64) {
  out.offset = static_cast<uint32_t>(out_.size());
  out_.push_back(static_cast<uint8_t>(isa::info(is64 ? Op::i64_const : Op::i32_const).code));
  out_.push_back(0);
  out_.push_back(kEnd);
  out.size = 3;
}

Status Parser::parse_const_expr(ConstExpr& out, ExprEnd end) {
  out.offset = static_cast<uint32_t>(out_.size());
  TRY(parse_instrs(end));
  out_.push_back(kEnd);
  out.size = static_cast<uint32_t>(out_.size() - out.offset);
  return {};
}

// (offset expr), or one folded instruction
Status Parser::parse_offset(ConstExpr& out) {
  if (!at_open("offset")) return parse_const_expr(out, ExprEnd::AfterOneFolded);
  TRY(enter("offset"));
  TRY(parse_const_expr(out, ExprEnd::AtRParen));
  return expect(TokenKind::RParen);
}

Status Parser::parse_elem() {
  TRY(enter("elem"));
  TRY(parse_definition_id(module_->names.elems, static_cast<uint32_t>(module_->elems.size())));
  Elem elem{.mode = SegmentMode::Passive, .table = 0, .offset = {}, .type = {}, .funcs = {}, .exprs = {}};
  if (cur_.is_keyword("declare")) {
    elem.mode = SegmentMode::Declared;
    TRY(advance());
  } else if (at(TokenKind::Nat) || (at(TokenKind::LParen) && !at_open("ref"))) {
    elem.mode = SegmentMode::Active;
    if (at_index()) {
      TRY_ASSIGN(elem.table, parse_index(tables_));  // as WebAssembly 1.0 wrote it
    } else if (at_open("table")) {
      TRY(enter("table"));
      TRY_ASSIGN(elem.table, parse_index(tables_));
      TRY(expect(TokenKind::RParen));
    }
    TRY(parse_offset(elem.offset));
  }
  const bool plain_indices = elem.mode == SegmentMode::Active && (at_index() || at(TokenKind::RParen));
  TRY(parse_elem_list(elem, plain_indices));
  module_->elems.push_back(std::move(elem));
  return expect(TokenKind::RParen);
}

Status Parser::parse_elem_list(Elem& elem, bool plain_indices) {
  const bool has_func = cur_.is_keyword("func");
  if (has_func) TRY(advance());
  if (has_func || plain_indices) {
    elem.type = ValType::ref(isa::AbsHeap::Func);
    return parse_func_indices(elem);
  }
  TRY_ASSIGN(elem.type, parse_ref_type());
  return parse_elem_exprs(elem);
}

Status Parser::parse_func_indices(Elem& elem) {
  while (at_index()) {
    TRY_ASSIGN(const uint32_t index, parse_index(funcs_));
    elem.funcs.push_back(index);
  }
  return {};
}

// (item expr) or folded instructions; in a table's own segment also function indices.
Status Parser::parse_elem_exprs(Elem& elem) {
  for (;;) {
    ConstExpr expr;
    if (at_open("item")) {
      TRY(enter("item"));
      TRY(parse_const_expr(expr, ExprEnd::AtRParen));
      TRY(expect(TokenKind::RParen));
    } else if (at(TokenKind::LParen)) {
      TRY(parse_const_expr(expr, ExprEnd::AfterOneFolded));
    } else if (at_index()) {
      TRY_ASSIGN(const uint32_t index, parse_index(funcs_));
      expr.offset = static_cast<uint32_t>(out_.size());
      out_.push_back(static_cast<uint8_t>(isa::info(Op::ref_func).code));
      base::append_leb_u32(out_, index);
      out_.push_back(kEnd);
      expr.size = static_cast<uint32_t>(out_.size() - expr.offset);
    } else {
      return {};
    }
    elem.exprs.push_back(std::move(expr));
  }
}

Status Parser::parse_data() {
  TRY(enter("data"));
  TRY(parse_definition_id(module_->names.datas, static_cast<uint32_t>(module_->datas.size())));
  Data data{.mode = SegmentMode::Passive, .memory = 0, .offset = {}};
  if (at(TokenKind::LParen) || at(TokenKind::Nat)) {
    data.mode = SegmentMode::Active;
    if (at_index()) {
      TRY_ASSIGN(data.memory, parse_index(memories_));  // as WebAssembly 1.0 wrote it
    } else if (at_open("memory")) {
      TRY(enter("memory"));
      TRY_ASSIGN(data.memory, parse_index(memories_));
      TRY(expect(TokenKind::RParen));
    }
    TRY(parse_offset(data.offset));
  }
  TRY(parse_data_strings(data));
  module_->datas.push_back(std::move(data));
  return expect(TokenKind::RParen);
}

Status Parser::parse_data_strings(Data& data) {
  data.bytes_offset = static_cast<uint32_t>(out_.size());
  while (at(TokenKind::String)) {
    if (cur_.escaped) {
      const std::string decoded = decode_string(cur_.text);
      out_.insert(out_.end(), decoded.begin(), decoded.end());
    } else {
      out_.insert(out_.end(), cur_.text.begin(), cur_.text.end());
    }
    TRY(advance());
  }
  data.bytes_size = static_cast<uint32_t>(out_.size() - data.bytes_offset);
  return {};
}

}  // namespace ashlar::text
