// Slot operations: instructions that work on operands in consecutive frame slots through an ordinary function.
#pragma once

#include <cstdint>

#include "interp/state.h"
#include "isa/op.h"
#include "runtime/traps.h"

namespace ashlar::interp {

/// Operands are at base[0..] in stack order (v128: two slots); results go to base[0..]. `imm` holds the opcode's
/// immediates as the lowering wrote them; see SlotImm. i32 operands are zero-extended and i32 results must be.
using SlotFn = runtime::Trap (*)(InstanceContext* ctx, Slot* base, const Code* imm);

/// Immediates, packed by lowering in this order (unaligned): a u32, b u32, c u16.
struct SlotImm {
  uint32_t a = 0;
  uint32_t b = 0;
  uint16_t c = 0;
};
inline SlotImm slot_imm(const Code* imm) {
  return {read<uint32_t>(imm), read<uint32_t>(imm + 4), read<uint16_t>(imm + 8)};
}
/// handler 8, function 8, base 2, immediates 10, padding to 8; memory accesses put their 64-bit offset behind: 8 more.
inline constexpr int kSlotOpSize = 40;
inline uint64_t slot_offset(const Code* imm) { return read<uint64_t>(imm + 10); }

/// The function of an opcode that is executed through slots; null for all others. What a, b and c mean is said with
/// each function in slot_ops_*.cc:
///   memory: a = memory index (destination), b = source memory or segment; atomics and lanes: a = memory, b = lane,
///   offset tables: a = table (destination), b = source table or segment data.drop, elem.drop: b = segment; ref.func: a
///   = function index GC:     a = canonical type id, b = field index, segment or element count casts:  a = raw ValType
///   (canonical) to test for
SlotFn slot_function(isa::Op op);

/// br_on_cast: base[1] = whether base[0] matches the type in a; base[0] stays.
runtime::Trap slot_test_keep(InstanceContext* ctx, Slot* base, const Code* imm);

}  // namespace ashlar::interp
