// Arguments and expected results of scripts.
#include <span>

#include "base/utf8.h"
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

struct ComponentInt {
  std::string_view keyword;
  Value::Kind kind;
  int bits;
  bool is_signed;
};
constexpr ComponentInt kComponentInts[] = {
    {"s8.const", Value::Kind::S8, 8, true},    {"u8.const", Value::Kind::U8, 8, false},
    {"s16.const", Value::Kind::S16, 16, true}, {"u16.const", Value::Kind::U16, 16, false},
    {"s32.const", Value::Kind::S32, 32, true}, {"u32.const", Value::Kind::U32, 32, false},
    {"s64.const", Value::Kind::S64, 64, true}, {"u64.const", Value::Kind::U64, 64, false},
};

struct ComponentForm {
  std::string_view keyword;
  Value::Kind kind;
};
constexpr ComponentForm kComponentForms[] = {
    {"bool.const", Value::Kind::Bool},       {"char.const", Value::Kind::Char},
    {"str.const", Value::Kind::String},      {"list.const", Value::Kind::List},
    {"tuple.const", Value::Kind::Tuple},     {"record.const", Value::Kind::Record},
    {"variant.const", Value::Kind::Variant}, {"enum.const", Value::Kind::Enum},
    {"option.none", Value::Kind::Option},    {"option.some", Value::Kind::Option},
    {"result.ok", Value::Kind::ResultOk},    {"result.err", Value::Kind::ResultErr},
    {"flags.const", Value::Kind::Flags},
};

template <class Row, size_t N>
const Row* find_row(const Row (&rows)[N], std::string_view keyword) {
  for (const Row& row : rows) {
    if (row.keyword == keyword) return &row;
  }
  return nullptr;
}

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
  TRY(expect(TokenKind::LParen));
  TRY_ASSIGN(Value out, parse_value_body());
  TRY(expect(TokenKind::RParen));
  return out;
}

// A value without its parentheses; nothing else stands before the next ")".
Result<Value> ScriptParser::parse_value_body() {
  Value out;
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
  } else if (const Reference* row = find_row(kReferences, keyword)) {
    out.kind = row->kind;
    TRY(parse_reference(out));
  } else {
    TRY(parse_component_value(out, token));
  }
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
  return parse_items(out, kMaxAlternativeDepth);
}

Status ScriptParser::parse_items(Value& out, int max_depth) {
  if (++depth_ > max_depth) {
    return std::unexpected<Error>(
        source_.locate(Error(ErrorCode::text_nesting, kNoOffset, std::to_string(max_depth)), cur_.offset));
  }
  TRY(parse_values(out.items));
  --depth_;
  return {};
}

// --- Values of components. ---

// Behind the keyword `form`.
Status ScriptParser::parse_component_value(Value& out, const Token& form) {
  constexpr int kMaxValueDepth = 100;
  if (const ComponentInt* row = find_row(kComponentInts, form.text)) {
    out.kind = row->kind;
    const bool is_negative = at(TokenKind::Int) && cur_.text[0] == '-';
    if (is_negative && !row->is_signed) return unexpected(cur_);
    return parse_int_bits(row->bits, out.bits[0]);
  }
  const ComponentForm* row = find_row(kComponentForms, form.text);
  if (row == nullptr) return unexpected(form);
  out.kind = row->kind;
  switch (row->kind) {
    case Value::Kind::Bool:
      if (!cur_.is_keyword("true") && !cur_.is_keyword("false")) return unexpected(cur_);
      out.bits[0] = cur_.is_keyword("true") ? 1 : 0;
      return advance();
    case Value::Kind::Char:
      return parse_char(out);
    case Value::Kind::Flags:
      while (at(TokenKind::String)) {
        TRY_ASSIGN(std::string label, parse_string());
        out.labels.push_back(std::move(label));
      }
      return {};
    case Value::Kind::Record:
      return parse_record(out, kMaxValueDepth);
    default:
      break;
  }
  const bool has_text =
      row->kind == Value::Kind::String || row->kind == Value::Kind::Variant || row->kind == Value::Kind::Enum;
  if (has_text) {
    TRY_ASSIGN(out.text, parse_string());
  }
  TRY(parse_items(out, kMaxValueDepth));
  const bool takes_many = row->kind == Value::Kind::List || row->kind == Value::Kind::Tuple;
  const bool takes_none =
      row->kind == Value::Kind::String || row->kind == Value::Kind::Enum || form.text == "option.none";
  const size_t least = form.text == "option.some" ? 1 : 0;
  const size_t most = takes_none ? 0 : 1;
  if (!takes_many && (out.items.size() < least || out.items.size() > most)) return unexpected(form);
  return {};
}

Status ScriptParser::parse_char(Value& out) {
  const Token token = cur_;
  TRY_ASSIGN(const std::string text, parse_string());
  const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  size_t end = 0;
  const uint32_t code_point = bytes.empty() ? base::kInvalidCodePoint : base::decode_utf8(bytes, end);
  if (code_point == base::kInvalidCodePoint || end != bytes.size()) return unexpected(token);
  out.bits[0] = code_point;
  return {};
}

// (field "name" value)*, the value with or without parentheses
Status ScriptParser::parse_record(Value& out, int max_depth) {
  if (++depth_ > max_depth) {
    return std::unexpected<Error>(
        source_.locate(Error(ErrorCode::text_nesting, kNoOffset, std::to_string(max_depth)), cur_.offset));
  }
  while (at_open("field")) {
    TRY(advance());
    TRY(advance());
    TRY_ASSIGN(std::string label, parse_string());
    Result<Value> value = at(TokenKind::LParen) ? parse_value() : parse_value_body();
    if (!value) return std::unexpected(std::move(value).error());
    TRY(expect(TokenKind::RParen));
    out.labels.push_back(std::move(label));
    out.items.push_back(*std::move(value));
  }
  --depth_;
  return {};
}

}  // namespace ashlar::text
