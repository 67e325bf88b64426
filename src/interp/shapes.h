// Operand shapes: where an instruction's operands come from and where its result goes, as types.
#pragma once

#include <cstdint>

#include "interp/state.h"

namespace ashlar::interp {

/// Integer sources: accumulator, frame slot, constant (a sign-extended 32-bit immediate), hot local 0..2.
enum class Src : uint8_t { R, S, C, L0, L1, L2 };
/// Integer destinations: the accumulator; a frame slot and the accumulator; a hot local (the accumulator then is
/// unchanged).
enum class Dst : uint8_t { R, RS, L0, L1, L2 };
/// Float and vector sources and destinations.
enum class FSrc : uint8_t { X, S, K };
enum class FDst : uint8_t { X, XS };

inline constexpr int kHotLocals = 3;
inline constexpr int kSrcCount = 6;
inline constexpr int kDstCount = 5;

/// Encoded size in the operand stream.
constexpr int size_of(Src s) { return s == Src::S ? 2 : s == Src::C ? 4 : 0; }
constexpr int size_of(Dst d) { return d == Dst::RS ? 2 : 0; }
template <class T>
constexpr int size_of_f(FSrc s) {
  return s == FSrc::S ? 2 : s == FSrc::K ? static_cast<int>(sizeof(T)) : 0;
}
constexpr int size_of(FDst d) { return d == FDst::XS ? 2 : 0; }

[[gnu::always_inline]] inline Slot* slot_at(const Regs& s, const Code* p) { return s.fp + read<uint16_t>(p); }

/// Reads an integer operand as T (uint32_t or uint64_t) and advances p.
template <class T, Src src>
[[gnu::always_inline]] inline T get(const Regs& s, const Code*& p) {
  if constexpr (src == Src::R) return static_cast<T>(s.r);
  if constexpr (src == Src::L0) return static_cast<T>(s.l0);
  if constexpr (src == Src::L1) return static_cast<T>(s.l1);
  if constexpr (src == Src::L2) return static_cast<T>(s.l2);
  if constexpr (src == Src::S) {
    T value;
    std::memcpy(&value, slot_at(s, p), sizeof value);
    p += 2;
    return value;
  }
  if constexpr (src == Src::C) {
    T value = static_cast<T>(static_cast<int64_t>(read<int32_t>(p)));
    p += 4;
    return value;
  }
}

/// An i32 address: invariantly zero-extended in slots and registers, so no extension is needed here. A constant one has
/// been added to the instruction's offset.
template <Src src>
[[gnu::always_inline]] inline uint64_t get_address(const Regs& s, const Code*& p) {
  if constexpr (src == Src::C) {
    return 0;
  } else if constexpr (src == Src::S) {
    return get<uint32_t, src>(s, p);
  } else {
    return get<uint64_t, src>(s, p);
  }
}

template <Dst dst>
[[gnu::always_inline]] inline void put(Regs& s, const Code*& p, uint64_t value) {
  if constexpr (dst == Dst::R) s.r = value;
  if constexpr (dst == Dst::L0) s.l0 = value;
  if constexpr (dst == Dst::L1) s.l1 = value;
  if constexpr (dst == Dst::L2) s.l2 = value;
  if constexpr (dst == Dst::RS) {
    s.r = value;
    *slot_at(s, p) = value;
    p += 2;
  }
}

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wuninitialized"
/// A float in the low lane; the other lanes are unspecified.
[[gnu::always_inline]] inline V128 to_x(float value) {
  float __attribute__((vector_size(16))) v;
  v[0] = value;
  return __builtin_bit_cast(V128, v);
}
[[gnu::always_inline]] inline V128 to_x(double value) {
  double __attribute__((vector_size(16))) v;
  v[0] = value;
  return __builtin_bit_cast(V128, v);
}
#pragma clang diagnostic pop
[[gnu::always_inline]] inline V128 to_x(V128 value) { return value; }

template <class T>
[[gnu::always_inline]] inline T from_x(V128 x) {
  if constexpr (sizeof(T) == 16) {
    return x;
  } else {
    using Vec = T __attribute__((vector_size(16)));
    return __builtin_bit_cast(Vec, x)[0];
  }
}

/// Reads a float, double or V128 operand and advances p.
template <class T, FSrc src>
[[gnu::always_inline]] inline T get_f(const Regs& s, const Code*& p) {
  if constexpr (src == FSrc::X) return from_x<T>(s.x);
  if constexpr (src == FSrc::S) {
    T value;
    std::memcpy(&value, slot_at(s, p), sizeof value);
    p += 2;
    return value;
  }
  if constexpr (src == FSrc::K) {
    T value = read<T>(p);
    p += sizeof(T);
    return value;
  }
}

/// Slots are written whole (64 bits), so that a later 64-bit read is forwarded from the store.
template <FDst dst, class T>
[[gnu::always_inline]] inline void put_f(Regs& s, const Code*& p, T value) {
  s.x = to_x(value);
  if constexpr (dst == FDst::XS) {
    if constexpr (sizeof(T) == 16) {
      std::memcpy(slot_at(s, p), &s.x, 16);
    } else {
      *slot_at(s, p) = s.x[0];
    }
    p += 2;
  }
}

}  // namespace ashlar::interp
