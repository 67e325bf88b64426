// The rare paths of the body reader: prefixed opcodes, long immediates, errors.
#include "binary/body_reader.h"

#include <cstdio>

namespace ashlar::binary {

using isa::Feature;
using isa::ImmKind;
using isa::Op;

Op BodyReader::fail_at_end() {
  // The byte behind tells a missing "end" from one that lies outside (the suite tells the three apart).
  const ErrorCode code = limit_ >= all_.size()  ? ErrorCode::unexpected_end
                         : all_[limit_] == 0x0b ? ErrorCode::section_size_mismatch
                                                : ErrorCode::end_expected;
  in_.fail(code);
  return Op::kCount;
}

void BodyReader::fail_illegal(uint8_t byte, bool has_code, uint32_t code, Op op) {
  char buffer[32];
  if (has_code) {
    std::snprintf(buffer, sizeof buffer, "%02x %02x", byte, code);
  } else {
    std::snprintf(buffer, sizeof buffer, "%02x", byte);
  }
  std::string detail;
  if (op != Op::kCount) {
    const isa::OpInfo& row = isa::info(op);
    detail = " (" + std::string(row.mnemonic) + ": feature " + std::string(isa::info(row.feature).name) + " is off)";
  }
  in_.fail_at(ErrorCode::illegal_opcode, op_pos_, buffer, std::move(detail));
}

Op BodyReader::next_slow(Imm& imm) {
  const uint8_t byte = all_[op_pos_];
  const bool prefixed = isa::is_prefix(byte);
  const uint32_t code = prefixed ? in_.leb_u32() : 0;
  if (!in_.ok()) return Op::kCount;
  const Op op = prefixed ? isa::lookup(byte, code) : isa::lookup(byte);
  if (op == Op::kCount || !features_.has(isa::info(op).feature)) {
    fail_illegal(byte, prefixed, code, op);
    return Op::kCount;
  }
  return read_imm(op, isa::info(op).imm, imm);
}

uint32_t BodyReader::read_index(Feature feature) {
  const size_t at = in_.pos();
  const uint32_t index = in_.leb_u32();
  if (!features_.has(feature) && (index != 0 || in_.pos() != at + 1)) in_.fail_at(ErrorCode::zero_byte_expected, at);
  return index;
}

uint32_t BodyReader::read_count() {
  const size_t at = in_.pos();
  const uint32_t count = in_.leb_u32();
  if (count <= in_.remaining()) return count;
  in_.fail_at(ErrorCode::length_out_of_bounds, at);
  return 0;
}

void BodyReader::read_rare(ImmKind kind, Imm& imm) {
  switch (kind) {
    case ImmKind::TryTable:
      return read_try_table(imm);
    case ImmKind::LabelTable:
      return read_label_table(imm);
    case ImmKind::CallIndirect:
      imm.a = in_.leb_u32();
      imm.b = read_index(Feature::reference_types);
      return;
    case ImmKind::Table:
    case ImmKind::Elem:
    case ImmKind::Data:
      imm.a = in_.leb_u32();
      return;
    case ImmKind::TableTable:
      imm.a = read_index(Feature::reference_types);
      imm.b = read_index(Feature::reference_types);
      return;
    case ImmKind::TableInit:
      imm.a = in_.leb_u32();
      imm.b = read_index(Feature::reference_types);
      return;
    case ImmKind::Mem:
      imm.memory = read_index(Feature::multi_memory);
      return;
    case ImmKind::MemMem:
      imm.a = read_index(Feature::multi_memory);
      imm.b = read_index(Feature::multi_memory);
      return;
    case ImmKind::MemInit:
      imm.a = in_.leb_u32();
      imm.memory = read_index(Feature::multi_memory);
      return;
    case ImmKind::MemArgLane:
      read_mem_arg(imm);
      imm.lane = in_.u8();
      return;
    case ImmKind::Lane:
      imm.lane = in_.u8();
      return;
    case ImmKind::Shuffle:
      for (uint8_t& byte : imm.bytes) byte = in_.u8();
      return;
    case ImmKind::F32:
      imm.lo = in_.u32();
      return;
    case ImmKind::F64:
      imm.lo = in_.u64();
      return;
    case ImmKind::V128:
      imm.lo = in_.u64();
      imm.hi = in_.u64();
      return;
    case ImmKind::HeapType:
      imm.heap = read_heap_type(in_, features_);
      return;
    case ImmKind::SelectTypes:
      return read_select_types(imm);
    case ImmKind::TypeField:
    case ImmKind::TypeData:
    case ImmKind::TypeElem:
    case ImmKind::TypeN:
    case ImmKind::TypeType:
      imm.a = in_.leb_u32();
      imm.b = in_.leb_u32();
      return;
    case ImmKind::BrCast:
      return read_br_cast(imm);
    case ImmKind::Fence:
      if (in_.u8() != 0) in_.fail_at(ErrorCode::zero_byte_expected, in_.pos() - 1);
      return;
    case ImmKind::None:
    case ImmKind::BlockType:
    case ImmKind::Label:
    case ImmKind::Func:
    case ImmKind::Local:
    case ImmKind::Global:
    case ImmKind::Type:
    case ImmKind::Tag:
    case ImmKind::I32:
    case ImmKind::I64:
    case ImmKind::MemArg:
    case ImmKind::kCount:
      break;  // read_imm's own
  }
  CHECK(false);
}

void BodyReader::read_block_type_slow(BlockType& out) {
  const size_t at = in_.pos();
  const uint8_t code = in_.peek();
  if (code >= 0x40 && code < 0x80) {
    out.kind = BlockType::Kind::Value;
    out.value = read_val_type(in_, features_);
    return;
  }
  const int64_t index = in_.leb_s33();
  if (index < 0 || !features_.has(Feature::multi_value)) {
    in_.fail_at(ErrorCode::malformed_block_type, at, std::to_string(index));
    return;
  }
  out.kind = BlockType::Kind::Type;
  out.type = static_cast<uint32_t>(index);
}

void BodyReader::read_mem_arg_memory(uint32_t flags, Imm& imm) {
  if (flags >= 0x80 || !features_.has(Feature::multi_memory)) {
    in_.fail_at(ErrorCode::malformed_memop_flags, op_pos_, hex_byte(flags));
    return;
  }
  imm.memory = in_.leb_u32();
}

void BodyReader::check_long_offset() {
  if (!features_.has(Feature::memory64)) in_.fail_at(ErrorCode::integer_too_large, op_pos_);
}

void BodyReader::read_label_table(Imm& imm) {
  const uint32_t count = read_count();
  labels_.resize(count);
  for (uint32_t& label : labels_) label = in_.leb_u32();
  imm.labels = labels_;
  imm.a = in_.leb_u32();
}

void BodyReader::read_try_table(Imm& imm) {
  read_block_type(imm.block);
  const uint32_t count = read_count();
  catches_.clear();
  for (uint32_t i = 0; i < count && in_.ok(); ++i) {
    const uint8_t kind = in_.u8();
    if (kind > 3) return in_.fail_at(ErrorCode::malformed_catch, in_.pos() - 1, hex_byte(kind));
    CatchClause clause{static_cast<CatchClause::Kind>(kind), 0, 0};
    if (clause.has_tag()) clause.tag = in_.leb_u32();
    clause.label = in_.leb_u32();
    catches_.push_back(clause);
  }
  imm.catches = catches_;
}

void BodyReader::read_select_types(Imm& imm) {
  const uint32_t count = read_count();
  types_.clear();
  for (uint32_t i = 0; i < count && in_.ok(); ++i) types_.push_back(read_val_type(in_, features_));
  imm.types = types_;
}

void BodyReader::read_br_cast(Imm& imm) {
  const uint8_t flags = in_.u8();
  if (flags > 3) return in_.fail_at(ErrorCode::malformed_cast_flags, in_.pos() - 1, hex_byte(flags));
  imm.null1 = (flags & 1) != 0;
  imm.null2 = (flags & 2) != 0;
  imm.a = in_.leb_u32();
  imm.heap = read_heap_type(in_, features_);
  imm.heap2 = read_heap_type(in_, features_);
}

Status read_locals(BodyReader& body, uint32_t params, uint32_t limit, std::vector<LocalGroup>& out) {
  base::ByteReader& in = body.bytes();
  const size_t at = in.pos();
  out.clear();
  const uint32_t groups = in.leb_u32();
  if (groups > in.remaining()) in.fail_at(ErrorCode::length_out_of_bounds, at);
  uint64_t total = params;
  for (uint32_t i = 0; i < groups && in.ok(); ++i) {
    const uint32_t count = in.leb_u32();
    const isa::ValType type = read_val_type(in, body.features());
    total += count;
    if (count != 0) out.push_back({count, type});
  }
  TRY(in.status());
  if (total > limit) {
    return make_error(ErrorCode::too_many_locals, at, std::to_string(total), std::to_string(limit));
  }
  return {};
}

}  // namespace ashlar::binary
