// What the files of slot operations share: the function of an opcode by family, and checked addresses. Only for
// slot_ops_*.cc.
#pragma once

#include "runtime/memory.h"
#include "runtime/slot_ops.h"
#include "runtime/store.h"

namespace ashlar::runtime {

using isa::Op;

// Null for opcodes of other families.
SlotFn gc_function(Op op);
SlotFn table_function(Op op);
SlotFn memory_function(Op op);
SlotFn atomic_function(Op op);
SlotFn misc_function(Op op);

inline runtime::Memory& memory_at(InstanceContext* ctx, uint32_t index) { return *ctx->memories[index]; }

/// Whether an access of `width` bytes at base + offset lies in the memory. *out is the sum, wrapped where it overflows:
/// its low bits, which alignment is about, are right in any case.
inline bool in_memory(const runtime::Memory& memory, uint64_t base, uint64_t offset, uint64_t width, uint64_t* out) {
  const uint64_t size = memory.byte_size();
  return !__builtin_add_overflow(base, offset, out) && size >= width && *out <= size - width;
}

/// A page or element count, or -1, as a value of the address type.
inline Slot grow_result(int64_t old_size, bool is64) {
  return is64 ? static_cast<uint64_t>(old_size) : static_cast<uint32_t>(old_size);
}

}  // namespace ashlar::runtime
