// Slot operations: the function of every opcode, and wide arithmetic.
#include "isa/semantics_int.h"
#include "runtime/slot_ops_families.h"

namespace ashlar::runtime {

namespace {

namespace sem = isa::sem;

Trap put(Slot* base, sem::Wide value) {
  base[0] = value.lo;
  base[1] = value.hi;
  return Trap::none;
}

/// Operands: the low and the high half of each number.
template <class S>
Trap wide_of_wide(InstanceContext*, Slot* base, const uint8_t*) {
  return put(base, S::eval(base[0], base[1], base[2], base[3]));
}

template <class S>
Trap wide_of_narrow(InstanceContext*, Slot* base, const uint8_t*) {
  return put(base, S::eval(base[0], base[1]));
}

}  // namespace

SlotFn misc_function(Op op) {
  switch (op) {
    case Op::i64_add128:
      return wide_of_wide<sem::i64_add128>;
    case Op::i64_sub128:
      return wide_of_wide<sem::i64_sub128>;
    case Op::i64_mul_wide_s:
      return wide_of_narrow<sem::i64_mul_wide_s>;
    case Op::i64_mul_wide_u:
      return wide_of_narrow<sem::i64_mul_wide_u>;
    default:
      return nullptr;
  }
}

SlotFn slot_function(Op op) {
  for (SlotFn (*family)(Op) : {atomic_function, gc_function, memory_function, table_function, misc_function}) {
    if (SlotFn f = family(op); f != nullptr) return f;
  }
  return nullptr;
}

}  // namespace ashlar::runtime
