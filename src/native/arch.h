// What each processor's folder provides: registers, entries in assembly, how frames lie and how a trap looks.
#pragma once

#if defined(__x86_64__)
#include "native/x64/convention.h"
#elif defined(__aarch64__)
#include "native/arm64/convention.h"
#else
#error "machine code: this processor is not known"
#endif

#include <cstddef>
#include <cstdint>

#include "isa/value_type.h"
#include "native/enter.h"
#include "native/image.h"
#include "native/stack.h"
#include "os/fault.h"
#include "runtime/context.h"
#include "runtime/traps.h"

namespace ashlar::native {

/// Whether there is a tier with machine code on this processor.
extern const bool kSupported;

/// Where the convention passes a parameter: a register, or its slot in InstanceContext::results.
struct ParamPlace {
  enum Kind : uint8_t { Int, Float, Buffer };
  Kind kind;
  uint32_t index;
};

/// Walks the parameters of a signature in order. The context has taken the first integer register.
class ParamWalk {
 public:
  ParamPlace next(isa::ValType type) {
    const uint32_t slot = slots_;
    slots_ += type.slot_count();
    if (in_float_register(type)) {
      if (floats_ < kFloatRegisters) return {ParamPlace::Float, floats_++};
    } else if (ints_ < kIntRegisters) {
      return {ParamPlace::Int, ints_++};
    }
    return {ParamPlace::Buffer, slot};
  }
  static bool in_float_register(isa::ValType type) {
    return type.kind() == isa::ValKind::F32 || type.kind() == isa::ValKind::F64 || type.is_vec();
  }

 private:
  uint32_t ints_ = 1;
  uint32_t floats_ = 0;
  uint32_t slots_ = 0;
};

/// A 128-bit register; floats use its low bits.
struct alignas(16) FloatRegister {
  uint64_t lo = 0;
  uint64_t hi = 0;
};

/// What the registers hold, but for ints[0]; on return results are in ints[0] and floats[0].
struct Transfer {
  uint64_t ints[kIntRegisters];
  FloatRegister floats[kFloatRegisters];
};

struct Activation;

/// The entry stub: switches stacks and calls `a.code` with `a.context`, and with all other argument registers as they
/// are. Results are where the code leaves them. Declared without those: the caller knows what the code takes.
extern "C" void ashlar_native_enter(Activation* a);
/// The same with the registers of `t`.
extern "C" void ashlar_native_enter_loaded(Activation* a, Transfer* t);
/// Makes the entry stub that stored `host_sp` return. Does not return.
extern "C" void ashlar_native_leave(void* host_sp);
/// Makes the entry stub of `a` return as well, and can be continued: a.sp is then where. Returns when the entry stub is
/// given ashlar_native_continue as code, and that as its stack; on the thread that does.
extern "C" void ashlar_native_suspend(Activation* a);
extern "C" void ashlar_native_continue();

/// What the bridge's entry saved. On return ints[0] and floats[0] are the result.
struct BridgeFrame {
  uint64_t ints[kIntRegisters];
  FloatRegister floats[kFloatRegisters];
  uint64_t frame_pointer;      ///< aarch64: x29
  const void* return_address;  ///< the last word: the caller's stack pointer is behind it
};

/// A frame of compiled code that has called out, or is about to continue.
struct Site {
  const void* pc;     ///< return address
  const uint8_t* sp;  ///< where the stack pointer is after the return
};

/// Callee-saved registers of a frame that is being unwound, in FrameRow's order.
struct Registers {
  uint64_t saved[kSavedRegisters];
  uint64_t pc;
  uint64_t sp;
};

/// Rows of traps.def, and the number 0 of none.
inline constexpr uint32_t kTrapNumbers = 1
#define TRAP(number, id) +1
#include "runtime/traps.def"
#undef TRAP
    ;

inline uint64_t word_at(const void* p) { return *static_cast<const uint64_t*>(p); }
inline const void* pointer_at(const void* p) { return *static_cast<const void* const*>(p); }

/// The canonical frame address of a function with this frame whose stack pointer is `sp`: the caller's stack pointer.
inline const uint8_t* cfa_of(const FrameRow& row, const uint8_t* sp) {
  return sp + row.stack_size + kReturnAddressBytes;
}
Site caller_of(const FrameRow& row, const Site& site);
/// Makes the registers those of the caller.
void step_out(const FrameRow& row, Registers& r);
/// What called the function whose instruction faulted, which need not have its whole frame yet; nothing where that
/// can't be told. Reads only what is of `stack`.
Site caller_at_fault(const Image& image, const FrameRow& row, const os::Fault& fault, const GuestStack& stack);

/// The trap that the instruction at a fault's pc says it is; none when it is no trap of ours.
runtime::Trap decode_trap(const os::Fault& fault, const Image& image);
/// Where entries of helpers trap when the stack is short.
const void* exhausted_pc();
/// What called the helper whose entry trapped there.
Site caller_at_entry(const os::Fault& fault);
/// What called a helper, a C++ function whose frame address is `frame`.
Site caller_of_helper(const void* frame);

}  // namespace ashlar::native
