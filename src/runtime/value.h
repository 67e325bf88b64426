// Values at rest: 64-bit slots, references and how they are encoded.
#pragma once

#include <cstdint>
#include <cstring>

#include "isa/value_type.h"

namespace ashlar::runtime {

struct FuncCell;

/// One operand or local takes one slot, v128 two (low half first). i32 and f32 use the low 32 bits; the high bits are
/// unspecified unless a layer says otherwise.
using Slot = uint64_t;

/// A reference of the any, extern or exn hierarchy: 0 is null; odd is an i31 (value << 1 | 1); else the byte offset of
/// an object in the store's GC heap (8-aligned). externref shares the encoding, so conversions are the identity.
using GcRef = uint32_t;
inline constexpr GcRef kNullRef = 0;
inline bool is_i31(GcRef r) { return (r & 1) != 0; }
inline GcRef make_i31(uint32_t v) { return (v << 1) | 1; }
inline int32_t i31_get_s(GcRef r) { return static_cast<int32_t>(r) >> 1; }
inline uint32_t i31_get_u(GcRef r) { return r >> 1; }

/// A funcref in a slot is a FuncCell* (null: 0).
inline FuncCell* as_func(Slot s) { return reinterpret_cast<FuncCell*>(s); }
inline Slot from_func(const FuncCell* f) { return reinterpret_cast<uint64_t>(f); }

/// A value together with its (canonical) type; v128 uses both halves.
struct Value {
  isa::ValType type;
  uint64_t lo = 0;
  uint64_t hi = 0;
};

}  // namespace ashlar::runtime
