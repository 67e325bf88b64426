// Arguments and expected results of scripts.
#include "text/numbers.h"
#include "text/script_parser.h"

namespace ashlar::text {
namespace {

constexpr int kMaxAlternativeDepth = 16;

struct Shape {
  std::string_view name;
  LaneShape shape;
  int lane_bits;
  bool is_float;
};
constexpr Shape kShapes[] = {
    {"i8x16", LaneShape::I8x16, 8, false},  {"i16x8", LaneShape::I16x8, 16, false},
    {"i32x4", LaneShape::I32x4, 32, false}, {"i64x2", LaneShape::I64x2, 64, false},
    {"f32x4", LaneShape::F32x4, 32, true},  {"f64x2", LaneShape::F64x2, 64, true},
};

struct Reference {
  std::string_view keyword;
  Value::Kind kind;
};
constexpr Reference kReferences[] = {
    {"ref.null", Value::Kind::RefNull},     {"ref.extern", Value::Kind::RefExtern},
    {"ref.host", Value::Kind::RefHost},     {"ref.func", Value::Kind::RefFunc},
    {"ref.exn", Value::Kind::RefExn},       {"ref.any", Value::Kind::RefAny},
    {"ref.eq", Value::Kind::RefEq},         {"ref.i31", Value::Kind::RefI31},
    {"ref.struct", Value::Kind::RefStruct}, {"ref.array", Value::Kind::RefArray},
};

}  // namespace

bool Value::has_nan_pattern() const {
  for (NanPattern pattern : nan) {
    if (pattern != NanPattern::None) return true;
  }
  return false;
}

Status ScriptParser::parse_values(std::vector<Value>& out) {
  while (at(TokenKind::LParen)) {
    TRY_ASSIGN(Value value, parse_value());
    out.push_back(std::move(value));
  }
  return {};
}

Result<Value> ScriptParser::parse_value() {
  Value out;
  if (!at(TokenKind::LParen)) return unexpected(cur_);
  TRY(advance());
  if (!at(TokenKind::Keyword)) return unexpected(cur_);
  const std::string_view keyword = cur_.text;
  const Token token = cur_;
  TRY(advance());
  if (keyword == "i32.const") {
    out.kind = Value::Kind::I32;
    TRY(parse_scalar(out, false, 32));
  } else if (keyword == "i64.const") {
    out.kind = Value::Kind::I64;
    TRY(parse_scalar(out, false, 64));
  } else if (keyword == "f32.const") {
    out.kind = Value::Kind::F32;
    TRY(parse_scalar(out, true, 32));
  } else if (keyword == "f64.const") {
    out.kind = Value::Kind::F64;
    TRY(parse_scalar(out, true, 64));
  } else if (keyword == "v128.const") {
    out.kind = Value::Kind::V128;
    TRY(parse_vector(out));
  } else if (keyword == "either") {
    TRY(parse_either(out));
  } else {
    const Reference* row = kReferences;
    while (row != std::end(kReferences) && row->keyword != keyword) ++row;
    if (row == std::end(kReferences)) return unexpected(token);
    out.kind = row->kind;
    TRY(parse_reference(out));
  }
  TRY(expect(TokenKind::RParen));
  return out;
}

Status ScriptParser::parse_int_bits(int bits, uint64_t& value) {
  if (!at(TokenKind::Nat) && !at(TokenKind::Int)) return unexpected(cur_);
  const std::optional<uint64_t> parsed = parse_int(cur_.text, bits);
  if (!parsed) {
    return std::unexpected<Error>(source_.locate(
        Error(ErrorCode::text_constant_out_of_range, kNoOffset, std::string(cur_.text.substr(0, 80))), cur_.offset));
  }
  value = *parsed;
  return advance();
}

Status ScriptParser::parse_float_bits(int bits, uint64_t& value, NanPattern& nan) {
  const bool is_canonical = cur_.is_keyword("nan:canonical");
  if (is_canonical || cur_.is_keyword("nan:arithmetic")) {
    nan = is_canonical ? NanPattern::Canonical : NanPattern::Arithmetic;
    return advance();
  }
  if (!cur_.is_number()) return unexpected(cur_);
  std::optional<uint64_t> parsed;
  if (bits == 32) {
    parsed = parse_f32(cur_.text);
  } else {
    parsed = parse_f64(cur_.text);
  }
  if (!parsed) {
    return std::unexpected<Error>(source_.locate(
        Error(ErrorCode::text_constant_out_of_range, kNoOffset, std::string(cur_.text.substr(0, 80))), cur_.offset));
  }
  value = *parsed;
  return advance();
}

Status ScriptParser::parse_scalar(Value& out, bool is_float, int bits) {
  out.has_payload = true;
  if (is_float) return parse_float_bits(bits, out.bits[0], out.nan[0]);
  return parse_int_bits(bits, out.bits[0]);
}

Status ScriptParser::parse_vector(Value& out) {
  const Shape* shape = kShapes;
  while (shape != std::end(kShapes) && !cur_.is_keyword(shape->name)) ++shape;
  if (shape == std::end(kShapes)) return unexpected(cur_);
  TRY(advance());
  out.has_payload = true;
  out.shape = shape->shape;
  const int lanes = 128 / shape->lane_bits;
  for (int lane = 0; lane < lanes; ++lane) {
    uint64_t value = 0;
    if (shape->is_float) {
      TRY(parse_float_bits(shape->lane_bits, value, out.nan[lane]));
    } else {
      TRY(parse_int_bits(shape->lane_bits, value));
    }
    const int bit = lane * shape->lane_bits;
    out.bits[bit / 64] |= value << (bit % 64);
  }
  return {};
}

Status ScriptParser::parse_reference(Value& out) {
  if (out.kind == Value::Kind::RefNull) {
    if (at(TokenKind::RParen)) return {};
    out.has_payload = true;
    if (at(TokenKind::Nat)) {
      const std::optional<uint64_t> index = parse_nat(cur_.text, isa::HeapType::kMaxIndex);
      if (!index) return unexpected(cur_);
      out.heap = isa::HeapType::concrete(static_cast<uint32_t>(*index));
      return advance();
    }
    const std::optional<isa::AbsHeap> heap =
        at(TokenKind::Keyword) ? isa::abs_heap_from_name(cur_.text) : std::optional<isa::AbsHeap>();
    if (!heap) return unexpected(cur_);
    out.heap = *heap;
    return advance();
  }
  const bool may_have_number =
      out.kind == Value::Kind::RefExtern || out.kind == Value::Kind::RefHost || out.kind == Value::Kind::RefFunc;
  if (!may_have_number || !at(TokenKind::Nat)) return {};
  out.has_payload = true;
  return parse_int_bits(32, out.bits[0]);
}

Status ScriptParser::parse_either(Value& out) {
  out.kind = Value::Kind::Either;
  if (++depth_ > kMaxAlternativeDepth) {
    return std::unexpected<Error>(
        source_.locate(Error(ErrorCode::text_nesting, kNoOffset, std::to_string(kMaxAlternativeDepth)), cur_.offset));
  }
  TRY(parse_values(out.alternatives));
  --depth_;
  return {};
}

}  // namespace ashlar::text
