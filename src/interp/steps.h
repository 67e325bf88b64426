// Steps: what instructions do, as types over operand shapes. A handler is a list of steps; single steps and fused
// sequences are the same template.
#pragma once

#include <type_traits>

#include "interp/keys.h"
#include "interp/shapes.h"
#include "isa/op_table.h"
#include "isa/semantics.h"
#include "runtime/memory.h"
#include "runtime/traps.h"

// Every opcode's semantics by its enumerator; opcodes without a meaning there keep an incomplete type.
namespace ashlar::isa::sem {
#define OP(id, prefix, code, mnemonic, imm, sig, feature, width) struct id;
#include "isa/ops/all.def"
}  // namespace ashlar::isa::sem

namespace ashlar::interp {

using isa::Op;
using runtime::Trap;

template <Op op>
struct SemOf;
#define OP(id, prefix, code, mnemonic, imm, sig, feature, width) \
  template <>                                                    \
  struct SemOf<Op::id> {                                         \
    using type = isa::sem::id;                                   \
  };
#include "isa/ops/all.def"
template <Op op>
using Sem = typename SemOf<op>::type;

template <char c>
struct TypeOfLetter;
template <>
struct TypeOfLetter<'i'> {
  using type = uint32_t;
};
template <>
struct TypeOfLetter<'l'> {
  using type = uint64_t;
};
template <>
struct TypeOfLetter<'f'> {
  using type = float;
};
template <>
struct TypeOfLetter<'d'> {
  using type = double;
};
template <>
struct TypeOfLetter<'v'> {
  using type = V128;
};
template <char c>
using Letter = typename TypeOfLetter<c>::type;

template <char c, auto shape>
[[gnu::always_inline]] inline auto get_any(const Regs& s, const Code*& p) {
  if constexpr (std::is_same_v<decltype(shape), Src>) {
    return get<Letter<c>, shape>(s, p);
  } else {
    return get_f<Letter<c>, shape>(s, p);
  }
}
template <char c, auto shape>
[[gnu::always_inline]] inline void put_any(Regs& s, const Code*& p, Letter<c> value) {
  if constexpr (std::is_same_v<decltype(shape), Dst>) {
    put<shape>(s, p, value);
  } else {
    put_f<shape>(s, p, value);
  }
}
template <char c, auto shape>
constexpr int size_any() {
  if constexpr (std::is_same_v<decltype(shape), FSrc>) {
    return size_of_f<Letter<c>>(shape);
  } else {
    return size_of(shape);
  }
}

constexpr Trap to_trap(isa::sem::NumTrap t) {
  switch (t) {
    case isa::sem::NumTrap::None:
      return Trap::none;
    case isa::sem::NumTrap::DivideByZero:
      return Trap::integer_divide_by_zero;
    case isa::sem::NumTrap::Overflow:
      return Trap::integer_overflow;
    case isa::sem::NumTrap::InvalidConversion:
      return Trap::invalid_conversion_to_integer;
  }
}

/// Bytes of immediate behind the operands of a numeric step: lane (padded) or shuffle.
constexpr int imm_size(Op op) {
  isa::ImmKind imm = isa::info(op).imm;
  return imm == isa::ImmKind::Lane ? 2 : imm == isa::ImmKind::Shuffle ? 16 : 0;
}

struct StepBase {
  static constexpr bool may_fault = false;
};

/// One operand, one result. Stream: A, immediate, D.
template <Op op, auto D, auto A>
struct Un : StepBase {
  static constexpr char kIn = isa::info(op).operand(0), kOut = isa::info(op).result(0);
  static constexpr int size = size_any<kIn, A>() + imm_size(op) + size_of(D);
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p) {
    auto a = get_any<kIn, A>(s, p);
    if constexpr (isa::info(op).imm == isa::ImmKind::Lane) {
      uint8_t lane = *p;
      p += 2;
      put_any<kOut, D>(s, p, Sem<op>::eval(a, lane));
    } else {
      if constexpr (isa::sem::CanTrap<Sem<op>>) {
        if (auto t = Sem<op>::check(a); t != isa::sem::NumTrap::None) [[unlikely]]
          return to_trap(t);
      }
      put_any<kOut, D>(s, p, Sem<op>::eval(a));
    }
    return Trap::none;
  }
};

/// Two operands, one result. Stream: A, B, immediate, D.
template <Op op, auto D, auto A, auto B>
struct Bin : StepBase {
  static constexpr char kA = isa::info(op).operand(0), kB = isa::info(op).operand(1), kOut = isa::info(op).result(0);
  static constexpr int size = size_any<kA, A>() + size_any<kB, B>() + imm_size(op) + size_of(D);
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p) {
    auto a = get_any<kA, A>(s, p);
    auto b = get_any<kB, B>(s, p);
    if constexpr (isa::info(op).imm == isa::ImmKind::Lane) {
      uint8_t lane = *p;
      p += 2;
      put_any<kOut, D>(s, p, Sem<op>::eval(a, b, lane));
    } else if constexpr (isa::info(op).imm == isa::ImmKind::Shuffle) {
      V128 result = Sem<op>::eval(a, b, p);
      p += 16;
      put_any<kOut, D>(s, p, result);
    } else {
      if constexpr (isa::sem::CanTrap<Sem<op>>) {
        if (auto t = Sem<op>::check(a, b); t != isa::sem::NumTrap::None) [[unlikely]]
          return to_trap(t);
      }
      put_any<kOut, D>(s, p, Sem<op>::eval(a, b));
    }
    return Trap::none;
  }
};

/// Three v128 operands: the first two in slots.
template <Op op, FDst D, FSrc C>
struct Tern : StepBase {
  static constexpr int size = 4 + size_any<'v', C>() + size_of(D);
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p) {
    auto a = get_f<V128, FSrc::S>(s, p);
    auto b = get_f<V128, FSrc::S>(s, p);
    auto c = get_f<V128, C>(s, p);
    put_f<D>(s, p, V128(Sem<op>::eval(a, b, c)));
    return Trap::none;
  }
};

// ---- moves -------------------------------------------------------------------------------------------------

/// Integer move; `wide` matters for constants only (i32 constants are zero-extended). Stream: A, D.
template <bool wide, Dst D, Src A>
struct Mov : StepBase {
  static constexpr int size = size_of(A) + size_of(D);
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p) {
    uint64_t v;
    if constexpr (A == Src::C && !wide) {
      v = get<uint32_t, A>(s, p);
    } else {
      v = get<uint64_t, A>(s, p);
    }
    put<D>(s, p, v);
    return Trap::none;
  }
};

/// Integer or bit-wise 64-bit move into a slot, leaving the accumulators alone. Stream: A, slot.
template <bool wide, Src A>
struct MovS : StepBase {
  static constexpr int size = size_of(A) + 2;
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p) {
    uint64_t v;
    if constexpr (A == Src::C && !wide) {
      v = get<uint32_t, A>(s, p);
    } else {
      v = get<uint64_t, A>(s, p);
    }
    *slot_at(s, p) = v;
    p += 2;
    return Trap::none;
  }
};

/// 64-bit constant. Stream: 8 bytes, D.
template <Dst D>
struct Const64 : StepBase {
  static constexpr int size = 8 + size_of(D);
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p) {
    uint64_t v = read<uint64_t>(p);
    p += 8;
    put<D>(s, p, v);
    return Trap::none;
  }
};

/// 64-bit constant into a slot, leaving the accumulators alone. Stream: 8 bytes, slot.
struct Const64S : StepBase {
  static constexpr int size = 10;
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p) {
    *slot_at(s, p + 8) = read<uint64_t>(p);
    p += 10;
    return Trap::none;
  }
};

/// Float or vector move through x. Stream: A, D.
template <class T, FDst D, FSrc A>
struct FMov : StepBase {
  static constexpr int size = size_of_f<T>(A) + size_of(D);
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p) {
    T v = get_f<T, A>(s, p);
    if constexpr (A == FSrc::X && sizeof(T) < 16) {
      // The slot takes the low 64 bits, whatever T is.
      if constexpr (D == FDst::XS) {
        *slot_at(s, p) = s.x[0];
        p += 2;
      }
    } else {
      put_f<D>(s, p, v);
    }
    return Trap::none;
  }
};

/// v128 from slot to slot. Stream: source, destination.
struct VMovS : StepBase {
  static constexpr int size = 4;
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p) {
    V128 v;
    std::memcpy(&v, slot_at(s, p), 16);
    std::memcpy(slot_at(s, p + 2), &v, 16);
    p += 4;
    return Trap::none;
  }
};

/// v128 constant into a slot. Stream: 16 bytes, slot.
struct VConstS : StepBase {
  static constexpr int size = 18;
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p) {
    V128 v = read<V128>(p);
    std::memcpy(slot_at(s, p + 16), &v, 16);
    p += 18;
    return Trap::none;
  }
};

// ---- select ------------------------------------------------------------------------------------------------

/// select on integers: a, b from slot, hot local or constant; condition in the accumulator or a slot. Stream: A, B,
/// cond, D.
template <Dst D, Src A, Src B, Src C>
struct Select : StepBase {
  static constexpr int size = size_of(A) + size_of(B) + size_of(C) + size_of(D);
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p) {
    uint64_t a = get<uint64_t, A>(s, p);
    uint64_t b = get<uint64_t, B>(s, p);
    uint32_t c = get<uint32_t, C>(s, p);
    put<D>(s, p, c != 0 ? a : b);
    return Trap::none;
  }
};
/// select on floats and vectors in slots; condition in the accumulator or a slot.
template <class T, FDst D, FSrc A, FSrc B, Src C>
struct FSelect : StepBase {
  static constexpr int size = size_of_f<T>(A) + size_of_f<T>(B) + size_of(C) + size_of(D);
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p) {
    T a = get_f<T, A>(s, p);
    T b = get_f<T, B>(s, p);
    uint32_t c = get<uint32_t, C>(s, p);
    put_f<D>(s, p, c != 0 ? a : b);
    return Trap::none;
  }
};

// ---- globals -----------------------------------------------------------------------------------------------

/// Stream: index, D.
template <Dst D>
struct GlobalGet : StepBase {
  static constexpr int size = 4 + size_of(D);
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p) {
    uint64_t v = *s.ctx->globals[read<uint32_t>(p)];
    p += 4;
    put<D>(s, p, v);
    return Trap::none;
  }
};
/// Stream: A, index.
template <Src A>
struct GlobalSet : StepBase {
  static constexpr int size = size_of(A) + 4;
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p) {
    uint64_t v = get<uint64_t, A>(s, p);
    *s.ctx->globals[read<uint32_t>(p)] = v;
    p += 4;
    return Trap::none;
  }
};

// ---- memory ------------------------------------------------------------------------------------------------

/// Makes the faulting access happen before the instruction pointer moves on, so that a fault finds the pointer at the
/// instruction. Costs no instruction.
template <class T>
[[gnu::always_inline]] inline void pin(T& value) {
  if constexpr (sizeof(T) == 16 || std::is_floating_point_v<T>) {
#if defined(__x86_64__)
    asm volatile("" : "+x"(value));
#else
    asm volatile("" : "+w"(value));
#endif
  } else {
    asm volatile("" : "+r"(value));
  }
}

template <int width>
struct RawOf;
template <>
struct RawOf<1> {
  using type = uint8_t;
};
template <>
struct RawOf<2> {
  using type = uint16_t;
};
template <>
struct RawOf<4> {
  using type = uint32_t;
};
template <>
struct RawOf<8> {
  using type = uint64_t;
};
template <>
struct RawOf<16> {
  using type = V128;
};
template <Op op>
using Raw = typename RawOf<isa::info(op).width>::type;

constexpr bool ends_with_signed(std::string_view mnemonic) { return mnemonic.ends_with("_s"); }

/// The loaded bits as the instruction's result.
template <Op op>
[[gnu::always_inline]] inline auto widen(Raw<op> raw) {
  constexpr char out = isa::info(op).result(0);
  using T = Letter<out>;
  if constexpr (out == 'v' && isa::info(op).mnemonic != "v128.load") {
    return Sem<op>::eval(raw);
  } else if constexpr (out == 'f' || out == 'd') {
    return __builtin_bit_cast(T, raw);
  } else if constexpr (out == 'v') {
    return raw;
  } else if constexpr (ends_with_signed(isa::info(op).mnemonic)) {
    using SignedRaw = std::make_signed_t<Raw<op>>;
    return static_cast<T>(static_cast<std::make_signed_t<T>>(static_cast<SignedRaw>(raw)));
  } else {
    return static_cast<T>(raw);
  }
}

/// Load from memory 0 (32-bit, guarded). Stream: A, offset, D.
template <Op op, auto D, Src A>
struct Load {
  static constexpr bool may_fault = true;
  static constexpr int size = (A == Src::C ? 0 : size_of(A)) + 4 + size_of(D);
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p) {
    uint64_t a = get_address<A>(s, p);
    Raw<op> raw;
    std::memcpy(&raw, s.mem + a + read<uint32_t>(p), sizeof raw);
    p += 4;
    auto v = widen<op>(raw);
    pin(v);
    put_any<isa::info(op).result(0), D>(s, p, v);
    return Trap::none;
  }
};

/// Store to memory 0 (32-bit, guarded). Stream: A, V, offset.
template <Op op, Src A, auto V>
struct Store {
  static constexpr bool may_fault = true;
  static constexpr int size = (A == Src::C ? 0 : size_of(A)) + size_any<isa::info(op).operand(1), V>() + 4;
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p) {
    uint64_t a = get_address<A>(s, p);
    auto v = get_any<isa::info(op).operand(1), V>(s, p);
    if constexpr (std::is_integral_v<decltype(v)>) {
      Raw<op> raw = static_cast<Raw<op>>(v);
      std::memcpy(s.mem + a + read<uint32_t>(p), &raw, sizeof raw);
    } else {
      std::memcpy(s.mem + a + read<uint32_t>(p), &v, sizeof v);
    }
    asm volatile("" ::: "memory");
    p += 4;
    return Trap::none;
  }
};

/// The checked address of an access of `width` bytes to any memory, 32- or 64-bit; null when out of bounds. Stream: u16
/// memory index, u64 offset.
[[gnu::always_inline]] inline uint8_t* checked(const Regs& s, const Code*& p, uint64_t a, uint64_t width) {
  const runtime::Memory* m = s.ctx->memories[read<uint16_t>(p)];
  uint64_t offset = read<uint64_t>(p + 2);
  p += 10;
  uint64_t size = m->byte_size();
  uint64_t at;
  if (__builtin_add_overflow(a, offset, &at) || size < width || at > size - width) [[unlikely]]
    return nullptr;
  return m->base() + at;
}

/// Load with an explicit check. Stream: A, memory, offset, D.
template <Op op, auto D, Src A>
struct LoadChecked : StepBase {
  static constexpr int size = size_of(A) + 10 + size_of(D);
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p) {
    uint64_t a = get<uint64_t, A>(s, p);
    const uint8_t* at = checked(s, p, a, isa::info(op).width);
    if (at == nullptr) [[unlikely]]
      return Trap::out_of_bounds_memory_access;
    Raw<op> raw;
    std::memcpy(&raw, at, sizeof raw);
    put_any<isa::info(op).result(0), D>(s, p, widen<op>(raw));
    return Trap::none;
  }
};

/// Store with an explicit check. Stream: A, V, memory, offset.
template <Op op, Src A, auto V>
struct StoreChecked : StepBase {
  static constexpr int size = size_of(A) + size_any<isa::info(op).operand(1), V>() + 10;
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p) {
    uint64_t a = get<uint64_t, A>(s, p);
    auto v = get_any<isa::info(op).operand(1), V>(s, p);
    uint8_t* at = checked(s, p, a, isa::info(op).width);
    if (at == nullptr) [[unlikely]]
      return Trap::out_of_bounds_memory_access;
    if constexpr (std::is_integral_v<decltype(v)>) {
      Raw<op> raw = static_cast<Raw<op>>(v);
      std::memcpy(at, &raw, sizeof raw);
    } else {
      std::memcpy(at, &v, sizeof v);
    }
    return Trap::none;
  }
};

// ---- conditions of branches --------------------------------------------------------------------------------

template <Op op, auto A, auto B, bool negate>
struct CmpCond : StepBase {
  static constexpr char kA = isa::info(op).operand(0);
  static constexpr int size = size_any<kA, A>() + size_any<kA, B>();
  [[gnu::always_inline]] static bool test(Regs& s, const Code*& p) {
    auto a = get_any<kA, A>(s, p);
    auto b = get_any<kA, B>(s, p);
    return (Sem<op>::eval(a, b) != 0) != negate;
  }
};

/// i32 != 0 (negate: == 0).
template <Src A, bool negate>
struct NezCond : StepBase {
  static constexpr int size = size_of(A);
  [[gnu::always_inline]] static bool test(Regs& s, const Code*& p) { return (get<uint32_t, A>(s, p) != 0) != negate; }
};

// ---- handlers ----------------------------------------------------------------------------------------------

constexpr int align8(int n) { return (n + 7) & ~7; }

/// Leaves the interpreter with the trap in r; ip is where it happened.
ASHLAR_HANDLER trap_exit(ASHLAR_PARAMS);
/// Taken at a safepoint when the stack limit was lowered to stop the guest; ip is the instruction to continue with.
ASHLAR_HANDLER safepoint_slow(ASHLAR_PARAMS);

/// Runs steps in order and leaves p behind them; a trap ends the run with `at` where it happened: the instruction's
/// start for the first step, the byte before their operands for later ones (a step may have none). Between two steps
/// that may fault, ip moves on to the operands that follow, so that a fault finds the right one.
template <class... Steps>
struct Sequence;
template <>
struct Sequence<> {
  static constexpr bool may_fault = false;
  static constexpr int size = 0;
  template <bool first = true>
  [[gnu::always_inline]] static Trap run(Regs&, const Code*&, const Code*&) {
    return Trap::none;
  }
};
template <class First, class... Rest>
struct Sequence<First, Rest...> {
  static constexpr bool may_fault = First::may_fault || Sequence<Rest...>::may_fault;
  static constexpr int size = First::size + Sequence<Rest...>::size;
  template <bool first = true>
  [[gnu::always_inline]] static Trap run(Regs& s, const Code*& p, const Code*& at) {
    if constexpr (!first) at = p - 1;
    Trap t = First::run(s, p);
    if (t != Trap::none) [[unlikely]]
      return t;
    if constexpr (First::may_fault && Sequence<Rest...>::may_fault) {
      s.ip = p;
      pin(s.ip);
      p = s.ip;
    }
    return Sequence<Rest...>::template run<false>(s, p, at);
  }
};

/// Runs a handler's steps: `p` is behind their operands then. A trap leaves at the step `at`.
#define ASHLAR_RUN_STEPS(All)         \
  const Code* p = s.ip + 8;           \
  const Code* at = s.ip;              \
  const Trap t = All::run(s, p, at);  \
  if (t != Trap::none) [[unlikely]] { \
    s.r = static_cast<uint64_t>(t);   \
    ASHLAR_GOTO(trap_exit, at);       \
  }                                   \
  if constexpr (All::may_fault) pin(p)

/// Steps one after the other, then the next instruction.
template <class... Steps>
ASHLAR_HANDLER linear(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  using All = Sequence<Steps...>;
  ASHLAR_RUN_STEPS(All);
  ASHLAR_NEXT(p + (align8(8 + All::size) - (8 + All::size)));
}

[[gnu::always_inline]] inline bool must_stop(const Regs& s) {
  return s.fp >= __atomic_load_n(&s.ctx->stack_limit, __ATOMIC_RELAXED);
}

/// Steps, then a conditional branch. Stream: steps, condition, displacement from itself. A branch backwards is a
/// safepoint.
template <bool back, class Cond, class... Steps>
ASHLAR_HANDLER branch_if(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  using All = Sequence<Steps...>;
  constexpr int kSize = 8 + All::size + Cond::size + 4;
  ASHLAR_RUN_STEPS(All);
  bool taken = Cond::test(s, p);
  if (taken) {
    const Code* target = p + read<int32_t>(p);
    if constexpr (back) {
      if (must_stop(s)) [[unlikely]]
        ASHLAR_GOTO(safepoint_slow, target);
    }
    ASHLAR_NEXT(target);
  }
  ASHLAR_NEXT(p + 4 + (align8(kSize) - kSize));
}

/// Steps, then an unconditional branch.
template <bool back, class... Steps>
ASHLAR_HANDLER branch(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  using All = Sequence<Steps...>;
  ASHLAR_RUN_STEPS(All);
  const Code* target = p + read<int32_t>(p);
  if constexpr (back) {
    if (must_stop(s)) [[unlikely]]
      ASHLAR_GOTO(safepoint_slow, target);
  }
  ASHLAR_NEXT(target);
}

/// Goes on at a return address. The word before it begins with the distance of the two frames.
#define ASHLAR_RETURN(target)               \
  do {                                      \
    const Code* return_ip_ = (target);      \
    s.fp -= read<uint16_t>(return_ip_ - 8); \
    ASHLAR_NEXT(return_ip_);                \
  } while (0)

/// Steps, then a return. Stream: steps, u16 header slot, u16 source of S. The header lies at least as far as the slots
/// of a float or v128 reach.
template <RetKind kind, class... Steps>
ASHLAR_HANDLER ret(ASHLAR_PARAMS) {
  ASHLAR_ENTER();
  using All = Sequence<Steps...>;
  ASHLAR_RUN_STEPS(All);
  const Code* to = reinterpret_cast<const Code*>(s.fp[read<uint16_t>(p)]);
  if constexpr (kind == RetKind::S) s.r = s.fp[read<uint16_t>(p + 2)];
  if constexpr (kind == RetKind::S || kind == RetKind::R) s.fp[0] = s.r;
  if constexpr (kind == RetKind::X) std::memcpy(s.fp, &s.x, 16);
  ASHLAR_RETURN(to);
}

}  // namespace ashlar::interp
