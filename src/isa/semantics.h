// The meaning of every computing instruction, once: sem::<op id>::eval, used by folding, interpreter and compilers.
#pragma once

// One struct per opcode, named like its id, with a static `eval` from operand values to the result. Instructions that
// trap on a value also satisfy CanTrap and have `check`. i32, i64, f32, f64 and v128 are uint32_t, uint64_t, float,
// double and V128. Lane immediates and the raw integer of a widening load are ordinary arguments.

#include "isa/semantics_convert.h"
#include "isa/semantics_float.h"
#include "isa/semantics_int.h"
#include "isa/semantics_relaxed.h"
#include "isa/semantics_simd_float.h"
#include "isa/semantics_simd_int.h"
