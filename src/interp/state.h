// The machine of the interpreter: which values live in registers, how handlers look and how they dispatch.
//
// Tail-call dispatch (the default): a handler is a preserve_none function whose arguments are the machine's registers;
// it ends in a guaranteed tail call of the next handler. Loop dispatch (ASHLAR_DISPATCH_LOOP) keeps the registers in a
// struct and returns to a loop; it is portable and slower. The bodies are the same.
#pragma once

#include <cstdint>
#include <cstring>

#include "isa/semantics_common.h"
#include "runtime/context.h"
#include "runtime/slot_ops.h"

namespace ashlar::interp {

using isa::sem::V128;
using runtime::InstanceContext;
using runtime::Slot;
using runtime::SlotFn;
using runtime::SlotImm;

/// Internal code: a stream of [handler pointer][operands...], padded to 8 bytes.
using Code = uint8_t;

/// r: the integer accumulator (i32 zero-extended; references). l0..l2: three hot integer locals of the function.
/// x: the float and vector accumulator (f32 and f64 in its low lane). On x86-64 the eighth
/// argument travels in rcx, which variable shifts need: ctx, the least used, stands there.
#define ASHLAR_REGS                                                                                                \
  const Code *ip, Slot *fp, uint8_t *mem, uint64_t l2, uint64_t r, uint64_t l0, uint64_t l1, InstanceContext *ctx, \
      V128 x

struct Regs;

#if ASHLAR_DISPATCH_LOOP
using Handler = const Code* (*)(Regs & regs);
#else
#define ASHLAR_PRESERVE_NONE __attribute__((preserve_none))
using Handler = void ASHLAR_PRESERVE_NONE (*)(ASHLAR_REGS);
#endif

/// The registers as one value inside a handler; clang turns it back into registers.
struct Regs {
  const Code* ip;
  Slot* fp;
  uint8_t* mem;
  InstanceContext* ctx;
  uint64_t r;
  uint64_t l0;
  uint64_t l1;
  uint64_t l2;
  V128 x;
};

template <class T>
[[gnu::always_inline]] inline T read(const Code* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

[[gnu::always_inline]] inline Handler handler_at(const Code* p) { return read<Handler>(p); }

#if ASHLAR_DISPATCH_LOOP
#define ASHLAR_HANDLER const Code*
#define ASHLAR_PARAMS ::ashlar::interp::Regs& regs_
#define ASHLAR_ENTER() ::ashlar::interp::Regs s = regs_
#define ASHLAR_NEXT(target) \
  do {                      \
    s.ip = (target);        \
    regs_ = s;              \
    return s.ip;            \
  } while (0)
/// Continues in another handler that is no instruction (slow paths).
#define ASHLAR_GOTO(handler, target) \
  do {                               \
    s.ip = (target);                 \
    regs_ = s;                       \
    return (handler)(regs_);         \
  } while (0)
/// Leaves the interpreter.
#define ASHLAR_LEAVE() \
  do {                 \
    regs_ = s;         \
    return nullptr;    \
  } while (0)
#else
#define ASHLAR_HANDLER ASHLAR_PRESERVE_NONE void
#define ASHLAR_PARAMS ASHLAR_REGS
#define ASHLAR_ENTER() \
  ::ashlar::interp::Regs s { ip, fp, mem, ctx, r, l0, l1, l2, x }
#define ASHLAR_GOTO(handler, target)                                                               \
  do {                                                                                             \
    const ::ashlar::interp::Code* target_ = (target);                                              \
    [[clang::musttail]] return (handler)(target_, s.fp, s.mem, s.l2, s.r, s.l0, s.l1, s.ctx, s.x); \
  } while (0)
#define ASHLAR_NEXT(target)                                                                                            \
  do {                                                                                                                 \
    const ::ashlar::interp::Code* next_ = (target);                                                                    \
    [[clang::musttail]] return (::ashlar::interp::handler_at(next_))(next_, s.fp, s.mem, s.l2, s.r, s.l0, s.l1, s.ctx, \
                                                                     s.x);                                             \
  } while (0)
#define ASHLAR_LEAVE() return
#endif

}  // namespace ashlar::interp
