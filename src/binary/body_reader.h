// Reads the instructions of a function body or expression: opcode and immediates, one at a time.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/byte_reader.h"
#include "binary/type_reader.h"
#include "isa/features.h"
#include "isa/op_table.h"
#include "module/limits.h"
#include "module/module.h"

namespace ashlar::binary {

struct BlockType {
  enum class Kind : uint8_t { Empty, Value, Type };
  Kind kind = Kind::Empty;
  isa::ValType value;  ///< Kind::Value: the one result
  uint32_t type = 0;   ///< Kind::Type: a type index (not checked here)
};

struct CatchClause {
  enum class Kind : uint8_t { Catch = 0, CatchRef = 1, CatchAll = 2, CatchAllRef = 3 };
  Kind kind;
  uint32_t tag;  ///< Catch, CatchRef
  uint32_t label;
  bool has_tag() const { return kind == Kind::Catch || kind == Kind::CatchRef; }
  bool has_ref() const { return kind == Kind::CatchRef || kind == Kind::CatchAllRef; }
};

/// Whether `op` begins, or ends, a nested sequence of instructions.
constexpr bool opens_block(isa::Op op) {
  using isa::Op;
  return op == Op::block || op == Op::loop || op == Op::if_ || op == Op::try_ || op == Op::try_table;
}
constexpr bool closes_block(isa::Op op) { return op == isa::Op::end || op == isa::Op::delegate; }

/// The immediates of the instruction last read. Only the fields of its kind are meaningful:
///   Label, Func, Local, Global, Table, Elem, Data, Type, Tag      a
///   LabelTable      labels, a = default           TryTable        block, catches
///   CallIndirect    a = type, b = table           TableTable      a = destination, b = source
///   TableInit       a = segment, b = table        MemInit         a = segment, memory
///   Mem             memory                        MemMem          a = destination, b = source
///   MemArg(Lane)    memory, offset, align_log2, (lane)
///   Lane            lane                          Shuffle         bytes
///   I32 I64 F32 F64 lo (bits, zero-extended)      V128            lo, hi
///   HeapType        heap                          SelectTypes     types
///   TypeField       a, b    TypeData, TypeElem  a = type, b = segment    TypeN  a = type, b = count
///   TypeType        a = destination, b = source
///   BrCast          a = label, heap and null1 = source type, heap2 and null2 = target type
/// The spans point into the reader's scratch and last until its next call.
struct Imm {
  uint32_t a = 0;
  uint32_t b = 0;
  uint32_t memory = 0;
  uint8_t align_log2 = 0;
  uint8_t lane = 0;
  bool null1 = false;
  bool null2 = false;
  uint64_t offset = 0;
  uint64_t lo = 0;
  uint64_t hi = 0;
  BlockType block;
  isa::HeapType heap;
  isa::HeapType heap2;
  std::array<uint8_t, 16> bytes{};
  std::span<const uint32_t> labels;
  std::span<const CatchClause> catches;
  std::span<const isa::ValType> types;
};

/// The one reader of instructions: validation, lowering, printing and the decoder's expressions use it. Never allocates
/// but for br_table, try_table and select lists, into scratch that it reuses. Does not check indices nor typing.
class BodyReader {
 public:
  /// Instructions in all[from, to); offsets are relative to `all` (a module's bytes).
  BodyReader(std::span<const uint8_t> all, size_t from, size_t to, isa::Features features)
      : in_(all, from, to), all_(all), limit_(to), features_(features) {}
  /// The body of a defined function; read_locals comes first.
  BodyReader(const module::Module& m, module::FuncIdx f, isa::Features features)
      : BodyReader(m.bytes, m.funcs[f].body_offset, size_t{m.funcs[f].body_offset} + m.funcs[f].body_size, features) {}

  /// Starts over on all[from, to) and keeps the scratch.
  void restart(size_t from, size_t to) {
    in_ = base::ByteReader(all_, from, to);
    limit_ = to;
    op_pos_ = from;
  }

  /// Reads one instruction. Op::kCount, exactly when something was malformed (then and ever after): take_error().
  [[gnu::always_inline]] isa::Op next(Imm& imm) {
    op_pos_ = in_.pos();
    if (in_.at_end()) [[unlikely]]
      return fail_at_end();
    const Entry entry = kEntries[in_.u8()];
    if (entry.op == isa::Op::kCount || !features_.has(entry.feature)) [[unlikely]]
      return next_slow(imm);
    return read_imm(entry.op, entry.imm, imm);
  }

  size_t pos() const { return in_.pos(); }   ///< behind the instruction last read
  size_t op_pos() const { return op_pos_; }  ///< of its opcode
  bool at_end() const { return in_.at_end(); }
  bool ok() const { return in_.ok(); }
  Error take_error() { return in_.take_error(); }
  base::ByteReader& bytes() { return in_; }
  isa::Features features() const { return features_; }

 private:
  struct Entry {
    isa::Op op = isa::Op::kCount;
    isa::ImmKind imm = isa::ImmKind::None;
    isa::Feature feature = isa::Feature::mvp;
  };
  static consteval std::array<Entry, 256> make_entries() {
    std::array<Entry, 256> out;
    for (size_t i = 0; i < isa::kOpCount; ++i) {
      const isa::OpInfo& row = isa::kOpTable[i];
      if (row.prefix == 0) out[row.code] = {static_cast<isa::Op>(i), row.imm, row.feature};
    }
    return out;
  }
  static const std::array<Entry, 256> kEntries;

  [[gnu::always_inline]] isa::Op read_imm(isa::Op op, isa::ImmKind kind, Imm& imm) {
    using isa::ImmKind;
    switch (kind) {
      case ImmKind::None:
        return op;
      case ImmKind::Label:
      case ImmKind::Func:
      case ImmKind::Local:
      case ImmKind::Global:
      case ImmKind::Type:
      case ImmKind::Tag:
        imm.a = in_.leb_u32();
        break;
      case ImmKind::I32:
        imm.lo = static_cast<uint32_t>(in_.leb_s32());
        break;
      case ImmKind::I64:
        imm.lo = static_cast<uint64_t>(in_.leb_s64());
        break;
      case ImmKind::BlockType:
        read_block_type(imm.block);
        break;
      case ImmKind::MemArg:
        read_mem_arg(imm);
        break;
      default:
        read_rare(kind, imm);
        break;
    }
    return in_.ok() ? op : isa::Op::kCount;
  }

  void read_block_type(BlockType& out) {
    if (in_.peek() == isa::kEmptyBlockTypeCode) [[likely]] {
      in_.u8();
      out.kind = BlockType::Kind::Empty;
      return;
    }
    read_block_type_slow(out);
  }
  void read_mem_arg(Imm& imm) {
    const uint32_t flags = in_.leb_u32();
    imm.align_log2 = static_cast<uint8_t>(flags & 0x3f);
    imm.memory = 0;
    if (flags >= 0x40) [[unlikely]]
      read_mem_arg_memory(flags, imm);
    imm.offset = in_.leb_u64();
    if (imm.offset > ~uint32_t{0}) [[unlikely]]
      check_long_offset();
  }

  isa::Op next_slow(Imm& imm);
  isa::Op fail_at_end();
  void fail_illegal(uint8_t byte, bool has_code, uint32_t code, isa::Op op);
  void read_rare(isa::ImmKind kind, Imm& imm);
  void read_block_type_slow(BlockType& out);
  void read_mem_arg_memory(uint32_t flags, Imm& imm);
  void check_long_offset();
  void read_label_table(Imm& imm);
  void read_try_table(Imm& imm);
  void read_select_types(Imm& imm);
  void read_br_cast(Imm& imm);
  uint32_t read_count();
  /// An index that must be the byte zero unless the feature is on.
  uint32_t read_index(isa::Feature feature);

  base::ByteReader in_;
  std::span<const uint8_t> all_;
  size_t limit_;
  size_t op_pos_ = 0;
  isa::Features features_;
  std::vector<uint32_t> labels_;
  std::vector<CatchClause> catches_;
  std::vector<isa::ValType> types_;
};

inline constexpr std::array<BodyReader::Entry, 256> BodyReader::kEntries = BodyReader::make_entries();

struct LocalGroup {
  uint32_t count;
  isa::ValType type;
};

/// Reads the locals declaration at the head of a body into `out` (cleared first). Checks params + locals against
/// `limit` (ModuleLimits::locals); the types' indices are not checked.
Status read_locals(BodyReader& body, uint32_t params, uint32_t limit, std::vector<LocalGroup>& out);

}  // namespace ashlar::binary
