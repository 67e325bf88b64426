// Where the interpreter keeps a function's values: the part of its frames that compiled loop entries read.
#pragma once

#include <algorithm>
#include <cstdint>

#include "module/types.h"

namespace ashlar::runtime {

/// Slots of a frame, counted from its start: parameters (results reach there, too) | return address | other locals |
/// one spare slot, in functions with loops | operands, each at the place that its depth gives it. v128 takes two slots.
/// At a loop's head all locals and operands are at home but for hot locals, which a safepoint writes back.
struct FrameLayout {
  uint32_t header = 0;  ///< of the return address
  uint32_t locals = 0;  ///< of the first local that is no parameter
  uint32_t spare = 0;
  uint32_t operands = 0;  ///< in functions with loops
};

/// `local_slots`: of the locals that are no parameters.
inline FrameLayout frame_layout(const module::FuncType& type, uint32_t local_slots) {
  uint32_t params = 0;
  uint32_t results = 0;
  for (isa::ValType t : type.params) params += t.slot_count();
  for (isa::ValType t : type.results) results += t.slot_count();
  FrameLayout out;
  out.header = std::max(params, results);
  out.locals = out.header + 1;
  out.spare = out.locals + local_slots;
  out.operands = out.spare + 1;
  return out;
}

}  // namespace ashlar::runtime
