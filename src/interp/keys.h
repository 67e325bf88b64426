// Keys: the name of a step with its operand shapes as a number; what lowering emits and the handler tables are indexed
// by.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "interp/shapes.h"
#include "isa/op_table.h"

namespace ashlar::interp {

using isa::Op;

enum class StepKind : uint8_t {
  Numeric,       ///< op; (d * na + a) * nb + b
  Tern,          ///< op; d * 2 + c
  Load,          ///< op; d * 6 + a (all of Src)
  Store,         ///< op; a * nv + v
  LoadChecked,   ///< op; d * 2 + a
  StoreChecked,  ///< op; a * 2 + v
  Mov,           ///< wide; d * 6 + a
  MovS,          ///< wide; a
  Const64,       ///< d; kDstCount: into a slot, accumulator untouched
  FMov,          ///< width class (0 f32, 1 f64, 2 v128); d * 3 + a
  VMovS,         ///< 0: slot to slot; 1: constant to slot
  Select,        ///< ((d * 3 + a) * 3 + b) * 2 + c over S C R...
  FSelect,       ///< width class; ((d * 2 + a) * 2 + b) * 2 + c
  GlobalGet,     ///< d
  GlobalSet,     ///< a
  CmpBr,         ///< op; ((back * 2 + negate) * na + a) * nb + b
  NezBr,         ///< (back * 2 + negate) * 5 + a
  Br,            ///< back
  Ret,           ///< RetKind
  StructGet,     ///< Acc; d * 5 + a
  StructSet,     ///< Acc; a * nv + v
  ArrayGet,      ///< Acc; (d * 5 + a) * 6 + i
  ArraySet,      ///< Acc; (a * 6 + i) * nv + v (R S C)
  StructNew,     ///< number of fields, wide ones << 3; d (R RS)
  RefTest,       ///< TestKind; d * 5 + a (R RS)
  TestBr,        ///< TestKind; (back * 2 + negate) * 5 + a
  RefUn,         ///< RefOp; d * 5 + a
  RefCheck,      ///< RefOp; a
  RefFunc,       ///< d
  TableGet,      ///< d * 2 + a (R RS, R S)
  Misc,          ///< op = MiscOp: handlers that stand alone
};

/// Access to a field or element. Ref is for writing: what reads a reference is I32.
enum class Acc : uint8_t { I8S, I8U, I16S, I16U, I32, Ref, I64, F32, F64 };
inline constexpr int kAccCount = 9;
constexpr char acc_letter(Acc a) { return a == Acc::F64 ? 'd' : a == Acc::F32 ? 'f' : a == Acc::I64 ? 'l' : 'i'; }
constexpr bool is_float(Acc a) { return a >= Acc::F32; }
constexpr bool is_load(Acc a) { return a != Acc::Ref; }
constexpr bool is_store(Acc a) { return a != Acc::I8S && a != Acc::I16S; }

/// What a function returns: nothing, r, x, or what is in a slot. Several results have a handler of their own.
enum class RetKind : uint8_t { None, R, X, S };
inline constexpr int kRetKinds = 4;

/// How a type is tested for: a concrete type of structs or arrays within the display, null being none or one of it; by
/// a function.
enum class TestKind : uint8_t { Concrete, ConcreteNull, Other };
inline constexpr int kTestKinds = 3;
/// The casts are one a TestKind.
enum class RefOp : uint8_t { ArrayLen, I31New, I31GetS, I31GetU, NonNull, Cast, CastNull, CastOther };
inline constexpr int kRefOps = 8;
inline constexpr int kArraySetValues = 3;  ///< R S C
/// More fields have a handler that loops.
inline constexpr uint32_t kMostStructNew = 6;

/// kind : 5, op : 11, index : 16
using Key = uint32_t;
constexpr Key make_key(StepKind kind, uint32_t op, uint32_t index) {
  return static_cast<uint32_t>(kind) << 27 | op << 16 | index;
}
constexpr Key make_key(StepKind kind, Op op, uint32_t index) {
  return make_key(kind, static_cast<uint32_t>(op), index);
}
constexpr StepKind kind_of(Key k) { return static_cast<StepKind>(k >> 27); }
constexpr uint32_t op_of(Key k) { return (k >> 16) & 0x7ff; }
constexpr uint32_t index_of(Key k) { return k & 0xffff; }

// ---- which shapes an opcode has ------------------------------------------------------------------------------

constexpr bool is_int_letter(char c) { return c == 'i' || c == 'l'; }

constexpr bool compute_is_compare(Op op) {
  const isa::OpInfo& o = isa::info(op);
  return !o.special && o.operand_count() == 2 && o.result_count() == 1 && o.result(0) == 'i' &&
         o.imm == isa::ImmKind::None && o.prefix == 0 && ((op >= Op::i32_eqz && op <= Op::f64_ge));
}

/// Opcodes that also take their integer operands from, and put their result into, the hot locals.
constexpr bool compute_is_hot(Op op) {
  switch (op) {
    case Op::i32_add:
    case Op::i32_sub:
    case Op::i32_mul:
    case Op::i32_and:
    case Op::i32_or:
    case Op::i32_xor:
    case Op::i32_shl:
    case Op::i32_shr_s:
    case Op::i32_shr_u:
    case Op::i32_rotl:
    case Op::i64_add:
    case Op::i64_sub:
    case Op::i64_mul:
    case Op::i64_and:
    case Op::i64_or:
    case Op::i64_xor:
    case Op::i64_shl:
    case Op::i64_shr_s:
    case Op::i64_shr_u:
    case Op::i64_rotl:
    case Op::i32_wrap_i64:
    case Op::i64_extend_i32_u:
    case Op::i64_extend_i32_s:
    case Op::i32_extend8_s:
    case Op::i32_extend16_s:
    case Op::i32_eqz:
    case Op::i64_eqz:
      return true;
    default:
      return compute_is_compare(op) && is_int_letter(isa::info(op).operand(0));
  }
}

struct OpShapes {
  bool compare;
  bool hot;
};
inline constexpr std::array<OpShapes, isa::kOpCount> kOpShapes = {{
#define OP(id, prefix, code, mnemonic, imm, sig, feature, width) {compute_is_compare(Op::id), compute_is_hot(Op::id)},
#include "isa/ops/all.def"
}};
constexpr bool is_compare(Op op) { return kOpShapes[static_cast<size_t>(op)].compare; }
constexpr bool is_hot(Op op) { return kOpShapes[static_cast<size_t>(op)].hot; }

/// Number of shapes of the first operand (no constants), later operands, and the destination.
constexpr int first_shapes(Op op, char letter) { return is_int_letter(letter) ? (is_hot(op) ? 5 : 2) : 2; }
constexpr int later_shapes(Op op, char letter) {
  if (is_int_letter(letter)) return is_hot(op) ? 6 : 3;
  return 3;
}
constexpr int dest_shapes(Op op) {
  const isa::OpInfo& o = isa::info(op);
  if (!is_int_letter(o.result(0))) return 2;
  return is_hot(op) && !is_compare(op) ? 5 : 2;
}

inline constexpr Src kFirstSrc[] = {Src::R, Src::S, Src::L0, Src::L1, Src::L2};
/// Index of a source among kFirstSrc; it must not be C.
constexpr int first_index(Src s) { return s < Src::C ? static_cast<int>(s) : static_cast<int>(s) - 1; }

constexpr uint32_t bin_index(Op op, int d, int a, int b) {
  const isa::OpInfo& o = isa::info(op);
  return static_cast<uint32_t>((d * first_shapes(op, o.operand(0)) + a) * later_shapes(op, o.operand(1)) + b);
}
constexpr uint32_t un_index(Op op, int d, int a) {
  return static_cast<uint32_t>(d * first_shapes(op, isa::info(op).operand(0)) + a);
}

/// Stand-alone handlers.
enum class MiscOp : uint16_t {
#define MISC(id) id,
#include "interp/misc.def"
#undef MISC
};

/// The handler of a single step (or branch, or misc instruction); null when that shape does not exist.
Handler find_handler(Key key);

/// Longest fused sequence, its branch included.
inline constexpr int kMaxFused = 6;

// The trie of fused sequences: nodes are numbers; an edge is followed by a step's key.
inline constexpr uint32_t kFusedRoot = 0;
inline constexpr uint32_t kFusedDead = ~uint32_t{0};
/// An edge of the trie, in an open-addressing table; `to` 0 marks an empty cell (no edge leads to the root).
struct FusedEdge {
  Key key = 0;
  uint16_t from = 0;
  uint16_t to = 0;
};
constexpr size_t fused_hash(uint32_t from, Key key) {
  uint64_t h = (uint64_t{key} << 16 | from) * 0x9e3779b97f4a7c15u;
  return static_cast<size_t>(h >> 40);
}
extern const FusedEdge* const kFusedEdges;
extern const size_t kFusedEdgeMask;

/// False when no fused sequence goes on so; *to is then unchanged.
inline bool fused_edge(uint32_t from, Key key, uint32_t* to) {
  for (size_t i = fused_hash(from, key) & kFusedEdgeMask;; i = (i + 1) & kFusedEdgeMask) {
    const FusedEdge& e = kFusedEdges[i];
    if (e.to == 0) return false;
    if (e.from == from && e.key == key) {
      *to = e.to;
      return true;
    }
  }
}
/// The handler of the sequence that ends at a node; null when none does.
Handler fused_handler(uint32_t node);

// One table a translation unit.
const Handler* int_table(Op op);
const Handler* float_table(Op op);
const Handler* simd_table(Op op);
Handler memory_handler(Key key);
Handler move_handler(Key key);
Handler branch_handler(Key key);
Handler gc_handler(Key key);
Handler misc_handler(MiscOp op);

}  // namespace ashlar::interp
