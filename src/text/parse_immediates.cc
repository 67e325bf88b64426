// Instructions' immediates, one case a kind of isa/imm_kinds.def, written in binary form.
#include <bit>
#include <limits>

#include "base/leb128.h"
#include "text/numbers.h"
#include "text/parser.h"

namespace ashlar::text {
namespace {

using isa::ImmKind;

constexpr uint32_t kMemoryFlag = 0x40;  // of a memory argument: a memory index follows

void append_opcode(std::vector<uint8_t>& out, Op op) {
  const isa::OpInfo& info = isa::info(op);
  if (info.prefix == 0) {
    out.push_back(static_cast<uint8_t>(info.code));
  } else {
    out.push_back(info.prefix);
    base::append_leb_u32(out, info.code);
  }
}

void append_little_endian(std::vector<uint8_t>& out, uint64_t value, int bits) {
  for (int shift = 0; shift < bits; shift += 8) out.push_back(static_cast<uint8_t>(value >> shift));
}

struct VectorShape {
  std::string_view name;
  int lane_bits;
  bool is_float;
};
constexpr VectorShape kShapes[] = {{"i8x16", 8, false},  {"i16x8", 16, false}, {"i32x4", 32, false},
                                   {"i64x2", 64, false}, {"f32x4", 32, true},  {"f64x2", 64, true}};

}  // namespace

// The keyword is current. Chooses among the encodings that share it by what follows.
Status Parser::parse_operation(Op op, Sink& sink) {
  TRY(advance());
  switch (op) {
    case Op::select:
      if (at_open("result")) return parse_select(sink);
      break;
    case Op::ref_test:
    case Op::ref_cast:
      return parse_cast(op, sink);
    default:
      break;
  }
  append_opcode(sink, op);
  return parse_immediates(op, sink);
}

Status Parser::parse_select(Sink& sink) {
  append_opcode(sink, Op::select_t);
  std::vector<ValType> types;
  while (at_open("result")) {
    TRY(enter("result"));
    while (!at(TokenKind::RParen)) {
      TRY_ASSIGN(const ValType type, parse_val_type());
      types.push_back(type);
    }
    TRY(expect(TokenKind::RParen));
  }
  base::append_leb_u64(sink, types.size());
  for (ValType type : types) append_val_type(sink, type);
  return {};
}

Status Parser::parse_cast(Op op, Sink& sink) {
  TRY_ASSIGN(const ValType type, parse_ref_type());
  const bool is_test = op == Op::ref_test;
  if (type.nullable()) op = is_test ? Op::ref_test_null : Op::ref_cast_null;
  append_opcode(sink, op);
  append_heap_type(sink, type.heap());
  return {};
}

Status Parser::append_index(const IdSpace& space, Sink& sink) {
  TRY_ASSIGN(const uint32_t index, parse_index(space));
  base::append_leb_u32(sink, index);
  return {};
}

Status Parser::parse_immediates(Op op, Sink& sink) {
  switch (isa::info(op).imm) {
    case ImmKind::None:
    case ImmKind::kCount:
      return {};
    case ImmKind::BlockType:
    case ImmKind::TryTable:
      return unexpected(cur_);  // blocks are read by parse_instr.cc
    case ImmKind::Label: {
      TRY_ASSIGN(const uint32_t label, parse_label());
      base::append_leb_u32(sink, label);
      return {};
    }
    case ImmKind::LabelTable:
      return parse_label_table(sink);
    case ImmKind::Func:
      return append_index(funcs_, sink);
    case ImmKind::CallIndirect:
      return parse_call_indirect(sink);
    case ImmKind::Local:
      return append_index(locals_, sink);
    case ImmKind::Global:
      return append_index(globals_, sink);
    case ImmKind::Table:
      return parse_default_index(tables_, sink);
    case ImmKind::TableTable:
      return parse_two_indices(tables_, sink);
    case ImmKind::TableInit:
      return parse_init(tables_, elems_, sink);
    case ImmKind::Elem:
      return append_index(elems_, sink);
    case ImmKind::Mem:
      return parse_default_index(memories_, sink);
    case ImmKind::MemMem:
      return parse_two_indices(memories_, sink);
    case ImmKind::MemInit:
      uses_data_count_ = true;
      return parse_init(memories_, datas_, sink);
    case ImmKind::Data:
      uses_data_count_ = true;
      return append_index(datas_, sink);
    case ImmKind::MemArg:
      return parse_mem_arg(op, sink);
    case ImmKind::MemArgLane:
      return parse_mem_arg_lane(op, sink);
    case ImmKind::Lane:
      return parse_lane(sink);
    case ImmKind::Shuffle:
      return parse_shuffle(sink);
    case ImmKind::I32:
      return parse_int_const(32, sink);
    case ImmKind::I64:
      return parse_int_const(64, sink);
    case ImmKind::F32:
      return parse_float_const(32, sink);
    case ImmKind::F64:
      return parse_float_const(64, sink);
    case ImmKind::V128:
      return parse_v128_const(sink);
    case ImmKind::HeapType: {
      TRY_ASSIGN(const HeapType heap, parse_heap_type());
      append_heap_type(sink, heap);
      return {};
    }
    case ImmKind::SelectTypes:
      return parse_select(sink);
    case ImmKind::Type:
      return append_index(types_, sink);
    case ImmKind::TypeField:
      return parse_type_field(sink);
    case ImmKind::TypeData:
      uses_data_count_ = true;
      TRY(append_index(types_, sink));
      return append_index(datas_, sink);
    case ImmKind::TypeElem:
      TRY(append_index(types_, sink));
      return append_index(elems_, sink);
    case ImmKind::TypeN: {
      TRY(append_index(types_, sink));
      TRY_ASSIGN(const uint32_t count, parse_nat32());
      base::append_leb_u32(sink, count);
      return {};
    }
    case ImmKind::TypeType:
      TRY(append_index(types_, sink));
      return append_index(types_, sink);
    case ImmKind::BrCast:
      return parse_br_cast(sink);
    case ImmKind::Tag:
      return append_index(tags_, sink);
    case ImmKind::Fence:
      sink.push_back(0);
      return {};
  }
  return {};
}

// --- Control. ---

// Nothing or one result is written in place; everything else is a type index.
Status Parser::parse_block_type(Sink& sink) {
  if (at_open("type")) {
    TypeUse use;
    TRY(parse_type_use(use, ParamIds::Forbidden));
    base::append_leb_s64(sink, use.index);
    return {};
  }
  module::FuncType signature;
  TRY(parse_signature(signature, ParamIds::Forbidden, nullptr));
  if (signature.params.empty() && signature.results.empty()) {
    sink.push_back(isa::kEmptyBlockTypeCode);
  } else if (signature.params.empty() && signature.results.size() == 1) {
    append_val_type(sink, signature.results[0]);
  } else {
    base::append_leb_s64(sink, intern_func_type(std::move(signature)));
  }
  return {};
}

Status Parser::parse_catches(Sink& sink) {
  struct Clause {
    std::string_view keyword;
    bool has_tag;
  };
  constexpr Clause kClauses[] = {{"catch", true}, {"catch_ref", true}, {"catch_all", false}, {"catch_all_ref", false}};
  uint32_t count = 0;
  Sink clauses;
  while (at(TokenKind::LParen) && nxt_.is(TokenKind::Keyword)) {
    uint8_t kind = 0;
    while (kind < std::size(kClauses) && kClauses[kind].keyword != nxt_.text) ++kind;
    if (kind == std::size(kClauses)) break;
    TRY(advance());
    TRY(advance());
    clauses.push_back(kind);
    if (kClauses[kind].has_tag) TRY(append_index(tags_, clauses));
    TRY_ASSIGN(const uint32_t label, parse_label());
    base::append_leb_u32(clauses, label);
    TRY(expect(TokenKind::RParen));
    ++count;
  }
  base::append_leb_u32(sink, count);
  sink.insert(sink.end(), clauses.begin(), clauses.end());
  return {};
}

Result<uint32_t> Parser::parse_label() {
  if (at(TokenKind::Nat)) return parse_nat32();
  if (!at(TokenKind::Id)) return unexpected(cur_, "a label");
  const std::string_view id = id_text(cur_);
  const auto found = labels_.find(id);
  if (found == labels_.end()) return fail(cur_.offset, ErrorCode::text_unknown_id, "label", std::string(id));
  const uint32_t depth = label_depth_ - 1 - found->second.back();
  TRY(advance());
  return depth;
}

Status Parser::parse_label_table(Sink& sink) {
  std::vector<uint32_t> labels;
  do {
    TRY_ASSIGN(const uint32_t label, parse_label());
    labels.push_back(label);
  } while (at_index());
  base::append_leb_u64(sink, labels.size() - 1);
  for (uint32_t label : labels) base::append_leb_u32(sink, label);
  return {};
}

Status Parser::parse_call_indirect(Sink& sink) {
  uint32_t table = 0;
  if (at_index()) {
    TRY_ASSIGN(table, parse_index(tables_));
  }
  TypeUse use;
  TRY(parse_type_use(use, ParamIds::Forbidden));
  base::append_leb_u32(sink, use.index);
  base::append_leb_u32(sink, table);
  return {};
}

Status Parser::parse_br_cast(Sink& sink) {
  TRY_ASSIGN(const uint32_t label, parse_label());
  TRY_ASSIGN(const ValType from, parse_ref_type());
  TRY_ASSIGN(const ValType to, parse_ref_type());
  sink.push_back(static_cast<uint8_t>((from.nullable() ? 1 : 0) | (to.nullable() ? 2 : 0)));
  base::append_leb_u32(sink, label);
  append_heap_type(sink, from.heap());
  append_heap_type(sink, to.heap());
  return {};
}

// --- Indices. ---

Status Parser::parse_default_index(const IdSpace& space, Sink& sink) {
  if (at_index()) return append_index(space, sink);
  sink.push_back(0);
  return {};
}

// Both or none.
Status Parser::parse_two_indices(const IdSpace& space, Sink& sink) {
  if (!at_index()) {
    sink.push_back(0);
    sink.push_back(0);
    return {};
  }
  TRY(append_index(space, sink));
  return append_index(space, sink);
}

// target? segment; written the other way round
Status Parser::parse_init(const IdSpace& target, const IdSpace& segment, Sink& sink) {
  const Token first = cur_;
  if (!at_index()) return unexpected(cur_, std::string(segment.what) + " index");
  TRY(advance());
  uint32_t target_index = 0;
  uint32_t segment_index = 0;
  if (at_index()) {
    TRY_ASSIGN(target_index, resolve(target, first));
    TRY_ASSIGN(segment_index, parse_index(segment));
  } else {
    TRY_ASSIGN(segment_index, resolve(segment, first));
  }
  base::append_leb_u32(sink, segment_index);
  base::append_leb_u32(sink, target_index);
  return {};
}

Status Parser::parse_type_field(Sink& sink) {
  TRY_ASSIGN(const uint32_t type, parse_index(types_));
  base::append_leb_u32(sink, type);
  const auto found = fields_.find(type);
  if (found != fields_.end()) return append_index(found->second, sink);
  static const IdSpace kNoFields{"field", {}};
  return append_index(kNoFields, sink);
}

// --- Memory arguments. ---

Status Parser::parse_offset_align(Op op, uint32_t memory, Sink& sink) {
  uint64_t offset = 0;
  uint64_t align = isa::info(op).width;
  const auto read = [&](std::string_view key, uint64_t& value) -> Status {
    if (!at(TokenKind::Keyword) || !cur_.text.starts_with(key)) return {};
    const std::string_view number = cur_.text.substr(key.size());
    if (classify_number(number) != TokenKind::Nat) return unexpected(cur_);
    const std::optional<uint64_t> parsed = parse_nat(number, std::numeric_limits<uint64_t>::max());
    if (!parsed) return fail(cur_.offset, ErrorCode::text_i64_out_of_range, std::string(number.substr(0, 80)));
    value = *parsed;
    return advance();
  };
  TRY(read("offset=", offset));
  const uint32_t align_at = cur_.offset;
  TRY(read("align=", align));
  if (!std::has_single_bit(align)) return fail(align_at, ErrorCode::text_alignment, std::to_string(align));
  const uint32_t exponent = static_cast<uint32_t>(std::countr_zero(align));
  base::append_leb_u32(sink, exponent | (memory != 0 ? kMemoryFlag : 0));
  if (memory != 0) base::append_leb_u32(sink, memory);
  base::append_leb_u64(sink, offset);
  return {};
}

Status Parser::parse_mem_arg(Op op, Sink& sink) {
  uint32_t memory = 0;
  if (at_index()) {
    TRY_ASSIGN(memory, parse_index(memories_));
  }
  return parse_offset_align(op, memory, sink);
}

// memory? offset? align? lane: a number is the lane when nothing of these follows it
Status Parser::parse_mem_arg_lane(Op op, Sink& sink) {
  uint32_t memory = 0;
  const bool more = nxt_.is(TokenKind::Nat) || (nxt_.is(TokenKind::Keyword) &&
                                                (nxt_.text.starts_with("offset=") || nxt_.text.starts_with("align=")));
  if (at(TokenKind::Id) || (at(TokenKind::Nat) && more)) {
    TRY_ASSIGN(memory, parse_index(memories_));
  }
  TRY(parse_offset_align(op, memory, sink));
  return parse_lane(sink);
}

// --- Numbers. ---

Status Parser::parse_lane(Sink& sink) {
  if (!at(TokenKind::Nat)) return unexpected(cur_, "a lane index");
  const std::optional<uint64_t> lane = parse_nat(cur_.text, 255);
  if (!lane) return fail(cur_.offset, ErrorCode::text_i8_out_of_range, std::string(cur_.text.substr(0, 80)));
  sink.push_back(static_cast<uint8_t>(*lane));
  return advance();
}

Status Parser::parse_shuffle(Sink& sink) {
  constexpr size_t kLanes = 16;
  const uint32_t start = cur_.offset;
  std::vector<Token> lanes;
  while (cur_.is_number() && lanes.size() <= kLanes) {
    lanes.push_back(cur_);
    TRY(advance());
  }
  if (lanes.size() != kLanes) {
    if (at(TokenKind::Reserved)) return unexpected(cur_);
    return fail(start, ErrorCode::text_lane_length, std::to_string(lanes.size()));
  }
  for (const Token& token : lanes) {
    const std::optional<uint64_t> lane = token.is(TokenKind::Nat) ? parse_nat(token.text, 255) : std::nullopt;
    if (!lane) return fail(token.offset, ErrorCode::text_i8_out_of_range, std::string(token.text.substr(0, 80)));
    sink.push_back(static_cast<uint8_t>(*lane));
  }
  return {};
}

Status Parser::parse_int_const(int bits, Sink& sink) {
  if (!at(TokenKind::Nat) && !at(TokenKind::Int)) return unexpected(cur_, "an integer");
  const std::optional<uint64_t> value = parse_int(cur_.text, bits);
  if (!value) return fail(cur_.offset, ErrorCode::text_constant_out_of_range, std::string(cur_.text.substr(0, 80)));
  if (bits == 32) {
    base::append_leb_s32(sink, static_cast<int32_t>(static_cast<uint32_t>(*value)));
  } else {
    base::append_leb_s64(sink, static_cast<int64_t>(*value));
  }
  return advance();
}

Status Parser::parse_float_const(int bits, Sink& sink) {
  if (!cur_.is_number()) return unexpected(cur_, "a number");
  TRY(append_lane(cur_, bits, true, sink));
  return advance();
}

Status Parser::parse_v128_const(Sink& sink) {
  const VectorShape* shape = kShapes;
  while (shape != std::end(kShapes) && !cur_.is_keyword(shape->name)) ++shape;
  if (shape == std::end(kShapes)) return unexpected(cur_, "a vector shape");
  const uint32_t start = cur_.offset;
  TRY(advance());
  const size_t lanes = static_cast<size_t>(128 / shape->lane_bits);
  std::vector<Token> tokens;
  while (cur_.is_number() && tokens.size() <= lanes) {
    tokens.push_back(cur_);
    TRY(advance());
  }
  if (tokens.size() != lanes) {
    const bool is_unknown = at(TokenKind::Reserved) || (at(TokenKind::Keyword) && !is_known_keyword(cur_.text));
    if (is_unknown) return unexpected(cur_);
    return fail(start, ErrorCode::text_lane_literals, std::to_string(tokens.size()), std::to_string(lanes));
  }
  for (const Token& token : tokens) TRY(append_lane(token, shape->lane_bits, shape->is_float, sink));
  return {};
}

Status Parser::append_lane(const Token& token, int bits, bool is_float, Sink& sink) {
  std::optional<uint64_t> value;
  if (!is_float) {
    if (token.is(TokenKind::Float)) return unexpected(token, "an integer");
    value = parse_int(token.text, bits);
  } else if (bits == 32) {
    value = parse_f32(token.text);
  } else {
    value = parse_f64(token.text);
  }
  if (!value) return fail(token.offset, ErrorCode::text_constant_out_of_range, std::string(token.text.substr(0, 80)));
  append_little_endian(sink, *value, bits);
  return {};
}

}  // namespace ashlar::text
