// Constant expressions, element and data segments; see decoder.h.
#include "binary/body_reader.h"
#include "binary/decoder.h"
#include "binary/type_reader.h"
#include "module/const_op.h"

namespace ashlar::binary {

using isa::Feature;
using isa::Op;
using isa::ValType;
using module::SegmentMode;

namespace {

module::ConstInst to_const_inst(Op op, const Imm& imm) {
  module::ConstInst out{};
  out.op = op;
  switch (isa::info(op).imm) {
    case isa::ImmKind::Global:
    case isa::ImmKind::Func:
    case isa::ImmKind::Type:
      out.index = imm.a;
      break;
    case isa::ImmKind::TypeN:
      out.index = imm.a;
      out.count = imm.b;
      break;
    case isa::ImmKind::HeapType:
      out.heap = imm.heap;
      break;
    case isa::ImmKind::V128:
      out.bits[1] = imm.hi;
      [[fallthrough]];
    case isa::ImmKind::I32:
    case isa::ImmKind::I64:
    case isa::ImmKind::F32:
    case isa::ImmKind::F64:
      out.bits[0] = imm.lo;
      break;
    default:
      break;  // no immediates, or no constant instruction
  }
  return out;
}

}  // namespace

module::ConstExpr Decoder::const_expr() {
  module::ConstExpr out;
  if (!in_.ok()) return out;
  const size_t from = in_.pos();
  BodyReader reader(m_.bytes, from, m_.bytes.size(), features_);
  Imm imm;
  bool constant = true;
  for (uint32_t depth = 0;;) {
    const Op op = reader.next(imm);
    if (op == Op::kCount) {
      in_.fail(reader.take_error());
      return out;
    }
    if (op == Op::end && depth == 0) break;
    if (opens_block(op)) ++depth;
    if (closes_block(op) && depth != 0) --depth;
    // Validation refuses at the first instruction that is not constant: what follows need not be kept.
    if (constant) out.insts.push_back(to_const_inst(op, imm));
    constant = constant && module::is_const_op(op);
  }
  in_.seek(reader.pos());
  out.offset = static_cast<uint32_t>(from);
  out.size = static_cast<uint32_t>(reader.pos() - from);
  return out;
}

void Decoder::element_section() {
  const uint32_t n = count(0, limits_.elem_segments, "element segments");
  for (uint32_t i = 0; i < n && in_.ok(); ++i) m_.elems.push_back(element());
}

/// Takes the next n functions from what is known; false where it isn't.
bool Decoder::known_elems(uint32_t n, module::Elem& out) {
  if (known_ == nullptr || known_->elems.size() - elem_funcs_ < n) return false;
  in_.skip_lebs(n);
  out.funcs.borrow(known_->elems.subspan(elem_funcs_, n));
  elem_funcs_ += n;
  return true;
}

module::Elem Decoder::element() {
  // Spec 5.5.12. Bit 0: not active; bit 1: declared, or an explicit table; bit 2: expressions.
  constexpr uint32_t kNotActive = 1, kExplicit = 2, kExprs = 4;
  module::Elem out{};
  const size_t at = in_.pos();
  const uint32_t flags = in_.leb_u32();
  const bool extended = features_.has(Feature::bulk_memory) || features_.has(Feature::reference_types);
  if (flags > (extended ? 7u : 0u)) {
    in_.fail_at(ErrorCode::malformed_element_flags, at, std::to_string(flags));
    return out;
  }
  out.mode = (flags & kNotActive) == 0  ? SegmentMode::Active
             : (flags & kExplicit) == 0 ? SegmentMode::Passive
                                        : SegmentMode::Declared;
  if (out.mode == SegmentMode::Active) {
    if ((flags & kExplicit) != 0) out.table = in_.leb_u32();
    out.offset = const_expr();
  }
  const bool exprs = (flags & kExprs) != 0;
  out.type = exprs ? ValType::funcref() : ValType::ref(isa::AbsHeap::Func);
  if ((flags & (kNotActive | kExplicit)) != 0) {
    if (exprs) {
      out.type = read_ref_type(in_, features_);
    } else if (const uint8_t kind = in_.u8(); kind != 0) {
      in_.fail_at(ErrorCode::malformed_element_kind, in_.pos() - 1, hex_byte(kind));
    }
  }
  const uint32_t n = count(elements_, limits_.table_entries, "elements in segments");
  if (!in_.ok()) return out;
  elements_ += n;
  if (!exprs && known_elems(n, out)) return out;
  if (!exprs) out.funcs.reserve(n);
  for (uint32_t i = 0; i < n && in_.ok(); ++i) {
    if (exprs) {
      out.exprs.push_back(const_expr());
    } else {
      out.funcs.push_back(in_.leb_u32());
    }
  }
  return out;
}

void Decoder::data_section() {
  const uint32_t n = count(0, limits_.data_segments, "data segments");
  for (uint32_t i = 0; i < n && in_.ok(); ++i) {
    module::Data data{};
    const size_t at = in_.pos();
    const uint32_t flags = in_.leb_u32();
    if (flags > (features_.has(Feature::bulk_memory) ? 2u : 0u)) {
      return in_.fail_at(ErrorCode::malformed_data_flags, at, std::to_string(flags));
    }
    data.mode = flags == 1 ? SegmentMode::Passive : SegmentMode::Active;
    if (flags == 2) data.memory = in_.leb_u32();
    if (data.mode == SegmentMode::Active) data.offset = const_expr();
    data.bytes_size = length();
    data.bytes_offset = static_cast<uint32_t>(in_.pos());
    in_.take(data.bytes_size);
    m_.datas.push_back(std::move(data));
  }
}

}  // namespace ashlar::binary
