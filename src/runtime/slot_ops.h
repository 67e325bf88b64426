// Slot operations: instructions that work on operands in consecutive frame slots through an ordinary function.
#pragma once

#include <cstdint>
#include <cstring>

#include "isa/op.h"
#include "runtime/context.h"
#include "runtime/traps.h"

namespace ashlar::runtime {

/// An unaligned value in a packed immediate.
template <class T>
[[gnu::always_inline]] inline T read_imm(const uint8_t* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

/// Operands are at base[0..] in stack order (v128: two slots); results go to base[0..]. `imm` holds the opcode's
/// immediates as the tier wrote them; see SlotImm. i32 operands are zero-extended and i32 results must be.
using SlotFn = Trap (*)(InstanceContext* ctx, Slot* base, const uint8_t* imm);

/// Immediates, packed in this order (unaligned): a u32, b u32, c u16.
struct SlotImm {
  uint32_t a = 0;
  uint32_t b = 0;
  uint16_t c = 0;
};
inline SlotImm slot_imm(const uint8_t* imm) {
  return {read_imm<uint32_t>(imm), read_imm<uint32_t>(imm + 4), read_imm<uint16_t>(imm + 8)};
}
/// Bytes of the packed immediates; memory accesses put their 64-bit offset behind a, b and c.
inline constexpr int kSlotImmSize = 18;
inline uint64_t slot_offset(const uint8_t* imm) { return read_imm<uint64_t>(imm + 10); }

/// The function of an opcode that is executed through slots; null for all others. What a, b and c mean is said with
/// each function in slot_ops_*.cc:
///   memory: a = memory index (destination), b = source memory or segment; atomics and lanes: a = memory, b = lane,
///   offset tables: a = table (destination), b = source table or segment data.drop, elem.drop: b = segment; ref.func: a
///   = function index GC:     a = canonical type id, b = field index, segment or element count casts:  a = raw ValType
///   (canonical) to test for
SlotFn slot_function(isa::Op op);

/// Whether a reference matches a type, given as a raw ValType (canonical).
bool slot_matches(InstanceContext* ctx, Slot value, uint32_t type);
/// br_on_cast: base[1] = whether base[0] matches the type in a; base[0] stays.
Trap slot_test_keep(InstanceContext* ctx, Slot* base, const uint8_t* imm);

}  // namespace ashlar::runtime
