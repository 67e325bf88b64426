// AArch64: the entry into compiled code, the bridge out of it, the entries of helpers and of throws, in assembly.
#if defined(__aarch64__)

#include "native/activation.h"
#include "native/arch.h"

namespace ashlar::native {

const bool kSupported = true;

// Numbers in the assembly below.
static_assert(offsetof(runtime::InstanceContext, results) == 120);
static_assert(offsetof(runtime::InstanceContext, interrupt) == 64);
static_assert(offsetof(Activation, host_sp) == 0 && offsetof(Activation, code) == 8);
static_assert(offsetof(Activation, context) == 16 && offsetof(Activation, sp) == 24);
static_assert(offsetof(Transfer, floats) == 64);
static_assert(offsetof(StubWords, outside) == 0 && offsetof(StubWords, host_failed) == 8);
static_assert(offsetof(StubWords, helper_limit) == 16 && sizeof(StubWords) == 24);
static_assert(offsetof(runtime::HostEntry, code) == 0 && offsetof(runtime::HostEntry, object) == 8);
static_assert(offsetof(BridgeFrame, floats) == 64 && offsetof(BridgeFrame, frame_pointer) == 192);
static_assert(offsetof(BridgeFrame, return_address) == 200 && sizeof(BridgeFrame) == 208);
static_assert(offsetof(Registers, pc) == 160 && offsetof(Registers, sp) == 168 && sizeof(Registers) == 176);
static_assert(static_cast<int>(runtime::Trap::call_stack_exhausted) == 0x12);

asm(R"(
.macro ashlar_function name
  .pushsection .text.ashlar_native, "ax", %progbits
  .p2align 4
  .globl \name
  .hidden \name
  .type \name, %function
\name:
.endm

# Below the results of a context lies the lowest stack pointer that what follows may begin with. Where there is less, the
# trap is the caller's, to which x30 returns.
.macro ashlar_check_stack context
  ldr x16, [\context, #120]
  ldur x16, [x16, #-8]
  cmp sp, x16
  b.lo ashlar_native_exhausted
.endm

# The helper's caller is found behind this frame record: C++ functions put their own anywhere in their frames.
.macro ashlar_helper id
  ashlar_function ashlar_native_entry_\id
  ashlar_check_stack x0
  .ifc \id, throw_exn
  b ashlar_native_throw_exn
  .else
  stp x29, x30, [sp, #-16]!
  mov x29, sp
  bl ashlar_native_\id
  ldp x29, x30, [sp], #16
  ret
  .endif
  .popsection
.endm

# Keeps x9 to x15 as well. The C++ side answers with minus a trap where one is due, which is raised as if the caller had
# called raise_trap.
.macro ashlar_keeping_helper id
  ashlar_function ashlar_native_entry_\id
  ashlar_check_stack x0
  stp x29, x30, [sp, #-80]!
  mov x29, sp
  stp x9, x10, [sp, #16]
  stp x11, x12, [sp, #32]
  stp x13, x14, [sp, #48]
  stp x15, x0, [sp, #64]
  bl ashlar_native_\id
  ldp x9, x10, [sp, #16]
  ldp x11, x12, [sp, #32]
  ldp x13, x14, [sp, #48]
  ldp x15, x16, [sp, #64]
  ldp x29, x30, [sp], #80
  tbnz x0, #63, 1f
  ret
1:
  neg w1, w0
  mov x0, x16
  b ashlar_native_entry_raise_trap
  .popsection
.endm
)");

// enter(Activation* x0, ...): saves what the convention and C++ preserve, notes where, switches stacks and calls.
// leave(x0) continues behind the call with the stack of that moment.
asm(R"(
ashlar_function ashlar_native_enter
  stp x29, x30, [sp, #-160]!
  mov x29, sp
  stp x19, x20, [sp, #16]
  stp x21, x22, [sp, #32]
  stp x23, x24, [sp, #48]
  stp x25, x26, [sp, #64]
  stp x27, x28, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  str x29, [x0]
  ldp x16, x15, [x0, #8]
  ldr x9, [x0, #24]
  cmp x9, #0
  csel x9, x29, x9, eq
  mov sp, x9
  mov x0, x15
  blr x16
  mov sp, x29
ashlar_native_left:
  ldp x19, x20, [sp, #16]
  ldp x21, x22, [sp, #32]
  ldp x23, x24, [sp, #48]
  ldp x25, x26, [sp, #64]
  ldp x27, x28, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  ldp x29, x30, [sp], #160
  ret
  .popsection
ashlar_function ashlar_native_leave
  mov sp, x0
  b ashlar_native_left
  .popsection

# suspend(Activation* x0): saves the same on the stack that is left, notes where, and makes the entry stub return.
ashlar_function ashlar_native_suspend
  stp x29, x30, [sp, #-160]!
  stp x19, x20, [sp, #16]
  stp x21, x22, [sp, #32]
  stp x23, x24, [sp, #48]
  stp x25, x26, [sp, #64]
  stp x27, x28, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x9, sp
  str x9, [x0, #24]
  ldr x9, [x0]
  mov sp, x9
  b ashlar_native_left
  .popsection
# What the entry stub calls there later: makes suspend() return. It saved what the stub does, at sp.
ashlar_function ashlar_native_continue
  b ashlar_native_left
  .popsection

# enter_loaded(Activation* x0, Transfer* x1)
ashlar_function ashlar_native_enter_loaded
  stp x29, x30, [sp, #-32]!
  mov x29, sp
  str x19, [sp, #16]
  mov x19, x1
  ldp q0, q1, [x19, #64]
  ldp q2, q3, [x19, #96]
  ldp q4, q5, [x19, #128]
  ldp q6, q7, [x19, #160]
  ldr x1, [x19, #8]
  ldp x2, x3, [x19, #16]
  ldp x4, x5, [x19, #32]
  ldp x6, x7, [x19, #48]
  bl ashlar_native_enter
  str x0, [x19]
  str q0, [x19, #64]
  ldr x19, [sp, #16]
  ldp x29, x30, [sp], #32
  ret
  .popsection
)");

// Entries of helpers: the context is in x0.
#define LIBCALL(number, id, signature) asm("ashlar_helper " #id "\n");
#define LIBCALL_KEEPING(number, id, signature) asm("ashlar_keeping_helper " #id "\n");
#include "runtime/libcalls.def"
#undef LIBCALL_KEEPING
#undef LIBCALL

asm(R"(
ashlar_function ashlar_native_exhausted
  brk #0x5512
  .popsection
)");

// The bridge. x0: the cell; x15: the caller's context. A BridgeFrame lies at sp, its end a frame record. The C++ side
// answers whether to return, or to throw what is in ints[0]: as if the caller had called throw_exn in place of the
// bridge.
asm(R"(
ashlar_function ashlar_native_bridge
  ashlar_check_stack x15
  sub sp, sp, #208
  stp x29, x30, [sp, #192]
  add x29, sp, #192
  stp x0, x1, [sp]
  stp x2, x3, [sp, #16]
  stp x4, x5, [sp, #32]
  stp x6, x7, [sp, #48]
  stp q0, q1, [sp, #64]
  stp q2, q3, [sp, #96]
  stp q4, q5, [sp, #128]
  stp q6, q7, [sp, #160]
  mov x0, sp
  mov x1, x15
  bl ashlar_native_bridge_call
  mov x9, x0
  ldr x0, [sp]
  ldr q0, [sp, #64]
  ldp x29, x30, [sp, #192]
  add sp, sp, #208
  cbz x9, ashlar_native_bridge_throws
  ret
ashlar_native_bridge_throws:
  mov w1, w0
  b ashlar_native_throw_exn
  .popsection
)");

// The host stub. x0: a HostEntry; x15: the caller's context, which StubWords::outside points to meanwhile. Afterwards
// one look says whether the function failed or the store was interrupted.
asm(R"(
ashlar_function ashlar_native_host
  ldr x17, [x15, #120]
  ldur x16, [x17, #-8]
  cmp sp, x16
  b.lo ashlar_native_exhausted
  stp x29, x30, [sp, #-32]!
  mov x29, sp
  str x15, [sp, #16]
  add x16, sp, #16
  stur x16, [x17, #-24]
  ldp x16, x0, [x0]
  blr x16
  ldr x15, [sp, #16]
  ldp x29, x30, [sp], #32
  ldr x17, [x15, #120]
  stur xzr, [x17, #-24]
  ldr x16, [x15, #64]
  ldr w16, [x16]
  ldur w17, [x17, #-16]
  orr w16, w16, w17
  cbnz w16, 1f
  ret
1:
  mov x0, x15
  mov x1, x30
  mov x2, sp
  stp x29, x30, [sp, #-16]!
  mov x29, sp
  bl ashlar_native_host_left
  ldp x29, x30, [sp], #16
  mov w1, w0
  b ashlar_native_throw_exn
  .popsection
)");

// throw_exn(ctx, u32 exn): builds Registers of the caller at sp. The C++ side changes them to those of a landing pad,
// and returns the exception; without a pad it does not return.
asm(R"(
ashlar_function ashlar_native_throw_exn
  mov x9, sp
  sub sp, sp, #176
  stp x19, x20, [sp]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x30, x29, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  stp x30, x9, [sp, #160]
  mov w0, w1
  mov x1, sp
  bl ashlar_native_unwind
  ldp x19, x20, [sp]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x30, x29, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  ldp x9, x10, [sp, #160]
  mov sp, x10
  br x9
  .popsection
)");

}  // namespace ashlar::native

#endif
