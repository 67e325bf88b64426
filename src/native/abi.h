// The native convention: how compiled code is called, traps, throws, and where it finds things.
#pragma once

#include <cstdint>

#include "runtime/context.h"
#include "runtime/traps.h"

namespace ashlar::native {

// Functions. The C convention of the platform with the instance context as first argument, then the parameters: i32 and
// references of the any, extern and exn hierarchies as 32-bit integers (GcRef), i64 and funcref (a FuncCell*) as 64-bit
// integers, f32 and f64 as themselves, v128 as a 128-bit vector. Only registers carry arguments; a parameter for which
// no register is left is stored by the caller, and read at once by the callee, in the buffer InstanceContext::results
// at its slot (slots of parameters before it counted, v128 two). One result is returned as itself; of several none is:
// the function stores them to InstanceContext::results, in slots, and the caller reads them at once.
//   x86-64: context rdi, integers in rsi, rdx, rcx, r8, r9; floats and vectors in xmm0-7; result in rax or xmm0;
//   rbx, rbp, r12-r15 preserved. No frame pointer is kept: see FrameRow.
//   aarch64: context x0, integers in x1-x7; floats and vectors in v0-7; result in x0 or v0; x19-x29 and d8-d15
//   preserved.
// Calls through a FuncCell pass cell->native_ctx as the context, and the caller's own context in the register of the
// static chain (r10; x15). Where the function is not compiled, cell->native is the bridge, whose context is the cell:
// it reads the arguments by the cell's type and goes to the interpreter or to the host.
// Host functions with numbers alone are C functions of this very convention: cell->native is the host stub, whose
// context is a runtime::HostEntry. It passes the arguments on as they are. Calls in, ashlar_native_enter, do the same.
//
// Traps. `llvm.ubsantrap(n)` with n a row of traps.def: an illegal instruction that carries the number (aarch64: a
// breakpoint, brk 0x5500 + n). A fault of a
// memory access, with its address in a memory's reservation, is out_of_bounds_memory_access; one in the guard below the
// guest's stack is call_stack_exhausted. A trap leaves by a jump to the activation's entry.
//
// Exceptions. Calls inside a try are LLVM `invoke`s; the unwinder (unwind.cc) restores callee-saved registers by the
// image's frame records and enters the landing pad with the exception's GcRef in rax (x0).
//
// Stack. Machine code runs on a stack of its own with a guard below (stack.h); it probes pages (inline-asm probes) and
// compares nothing. Helpers need room: they trap when less than kHelperStack bytes are left.
inline constexpr uint32_t kIntegerArguments_x64 = 5;  ///< behind the context
inline constexpr uint32_t kIntegerArguments_arm64 = 7;
inline constexpr uint32_t kFloatArguments = 8;
inline constexpr uint64_t kHelperStack = 256 << 10;

}  // namespace ashlar::native
