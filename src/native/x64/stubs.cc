// x86-64: the entry into compiled code, the bridge out of it, the entries of helpers and of throws, in assembly.
#if defined(__x86_64__)

#include "native/activation.h"
#include "native/arch.h"

namespace ashlar::native {

const bool kSupported = true;

// Numbers in the assembly below.
static_assert(offsetof(runtime::InstanceContext, results) == 120);
static_assert(offsetof(runtime::InstanceContext, interrupt) == 64);
static_assert(offsetof(Activation, host_sp) == 0 && offsetof(Activation, code) == 8);
static_assert(offsetof(Activation, context) == 16 && offsetof(Activation, sp) == 24);
static_assert(offsetof(Transfer, floats) == 48);
static_assert(offsetof(StubWords, outside) == 0 && offsetof(StubWords, host_failed) == 8);
static_assert(offsetof(StubWords, helper_limit) == 16 && sizeof(StubWords) == 24);
static_assert(offsetof(runtime::HostEntry, code) == 0 && offsetof(runtime::HostEntry, object) == 8);
static_assert(offsetof(BridgeFrame, floats) == 48 && offsetof(BridgeFrame, return_address) == 184);
static_assert(sizeof(BridgeFrame) == 192);
static_assert(offsetof(Registers, pc) == 48 && offsetof(Registers, sp) == 56 && sizeof(Registers) == 64);
static_assert(static_cast<int>(runtime::Trap::call_stack_exhausted) == 18);

// The directives .cfi_... are for debuggers and profilers: nothing here unwinds by them.
asm(R"(
.macro ashlar_function name
  .pushsection .text.ashlar_native, "ax", @progbits
  .p2align 4
  .globl \name
  .hidden \name
  .type \name, @function
\name:
  .cfi_startproc
.endm
.macro ashlar_end
  .cfi_endproc
  .popsection
.endm

# Below the results of a context lies the lowest stack pointer that what follows may begin with. Where there is less, the
# trap is the caller's, to which the address at [rsp] returns.
.macro ashlar_check_stack context
  movq 120(\context), %r11
  cmpq -8(%r11), %rsp
  jb ashlar_native_exhausted
.endm

.macro ashlar_helper id
  ashlar_function ashlar_native_entry_\id
  ashlar_check_stack %rdi
  jmp ashlar_native_\id
  ashlar_end
.endm

# Keeps all integer registers but rax and r11. The C++ side answers with minus a trap where one is due, which is
# raised as if the caller had called raise_trap.
.macro ashlar_keeping_helper id
  ashlar_function ashlar_native_entry_\id
  ashlar_check_stack %rdi
  pushq %rcx
  pushq %rdx
  pushq %rsi
  pushq %rdi
  pushq %r8
  pushq %r9
  pushq %r10
  .cfi_adjust_cfa_offset 56
  callq ashlar_native_\id
  popq %r10
  popq %r9
  popq %r8
  popq %rdi
  popq %rsi
  popq %rdx
  popq %rcx
  .cfi_adjust_cfa_offset -56
  testq %rax, %rax
  js 1f
  retq
1:
  negl %eax
  movl %eax, %esi
  jmp ashlar_native_entry_raise_trap
  ashlar_end
.endm
)");

// enter(Activation* rdi, ...): saves what the convention and C++ preserve, notes where, switches stacks and calls.
// leave(rdi) continues behind the call with the stack of that moment.
asm(R"(
ashlar_function ashlar_native_enter
  pushq %rbp
  .cfi_def_cfa_offset 16
  .cfi_offset %rbp, -16
  movq %rsp, %rbp
  .cfi_def_cfa_register %rbp
  pushq %rbx
  .cfi_offset %rbx, -24
  pushq %r12
  .cfi_offset %r12, -32
  pushq %r13
  .cfi_offset %r13, -40
  pushq %r14
  .cfi_offset %r14, -48
  pushq %r15
  .cfi_offset %r15, -56
  pushq %rdi
  movq %rsp, 0(%rdi)
  movq 24(%rdi), %rax
  testq %rax, %rax
  cmovneq %rax, %rsp
  movq 8(%rdi), %rax
  movq 16(%rdi), %r10
  movq %r10, %rdi
  callq *%rax
.globl ashlar_native_entered
.hidden ashlar_native_entered
ashlar_native_entered:
  leaq -48(%rbp), %rsp
ashlar_native_left:
  .cfi_def_cfa %rsp, 64
  addq $8, %rsp
  .cfi_def_cfa_offset 56
  popq %r15
  .cfi_def_cfa_offset 48
  .cfi_restore %r15
  popq %r14
  .cfi_def_cfa_offset 40
  .cfi_restore %r14
  popq %r13
  .cfi_def_cfa_offset 32
  .cfi_restore %r13
  popq %r12
  .cfi_def_cfa_offset 24
  .cfi_restore %r12
  popq %rbx
  .cfi_def_cfa_offset 16
  .cfi_restore %rbx
  popq %rbp
  .cfi_def_cfa_offset 8
  .cfi_restore %rbp
  retq
  ashlar_end
ashlar_function ashlar_native_leave
  movq %rdi, %rsp
  jmp ashlar_native_left
  ashlar_end

# suspend(Activation* rdi): saves the same on the stack that is left, notes where, and makes the entry stub return.
ashlar_function ashlar_native_suspend
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, 24(%rdi)
  movq 0(%rdi), %rsp
  jmp ashlar_native_left
  ashlar_end
# What the entry stub calls there later: makes suspend() return. Above the return address lies what that saved.
ashlar_function ashlar_native_continue
  addq $8, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  retq
  ashlar_end

# enter_loaded(Activation* rdi, Transfer* rsi)
ashlar_function ashlar_native_enter_loaded
  pushq %rbx
  .cfi_def_cfa_offset 16
  .cfi_offset %rbx, -16
  movq %rsi, %rbx
  movaps 48(%rbx), %xmm0
  movaps 64(%rbx), %xmm1
  movaps 80(%rbx), %xmm2
  movaps 96(%rbx), %xmm3
  movaps 112(%rbx), %xmm4
  movaps 128(%rbx), %xmm5
  movaps 144(%rbx), %xmm6
  movaps 160(%rbx), %xmm7
  movq 8(%rbx), %rsi
  movq 16(%rbx), %rdx
  movq 24(%rbx), %rcx
  movq 32(%rbx), %r8
  movq 40(%rbx), %r9
  callq ashlar_native_enter
  movq %rax, 0(%rbx)
  movaps %xmm0, 48(%rbx)
  popq %rbx
  .cfi_def_cfa_offset 8
  .cfi_restore %rbx
  retq
  ashlar_end
)");

// Entries of helpers: the context is in rdi.
#define LIBCALL(number, id, signature) asm("ashlar_helper " #id "\n");
#define LIBCALL_KEEPING(number, id, signature) asm("ashlar_keeping_helper " #id "\n");
#include "runtime/libcalls.def"
#undef LIBCALL_KEEPING
#undef LIBCALL

asm(R"(
ashlar_function ashlar_native_exhausted
  ud1l 18(%eax), %eax
  ashlar_end
)");

// The bridge. rdi: the cell; r10: the caller's context. A BridgeFrame lies at rsp. The C++ side answers whether to
// return, or to throw what is in ints[0]: as if the caller had called throw_exn in place of the bridge.
asm(R"(
ashlar_function ashlar_native_bridge
  ashlar_check_stack %r10
  subq $184, %rsp
  .cfi_adjust_cfa_offset 184
  movq %rdi, 0(%rsp)
  movq %rsi, 8(%rsp)
  movq %rdx, 16(%rsp)
  movq %rcx, 24(%rsp)
  movq %r8, 32(%rsp)
  movq %r9, 40(%rsp)
  movaps %xmm0, 48(%rsp)
  movaps %xmm1, 64(%rsp)
  movaps %xmm2, 80(%rsp)
  movaps %xmm3, 96(%rsp)
  movaps %xmm4, 112(%rsp)
  movaps %xmm5, 128(%rsp)
  movaps %xmm6, 144(%rsp)
  movaps %xmm7, 160(%rsp)
  movq %rsp, %rdi
  movq %r10, %rsi
  callq ashlar_native_bridge_call
  movq %rax, %rcx
  movq 0(%rsp), %rax
  movaps 48(%rsp), %xmm0
  addq $184, %rsp
  .cfi_adjust_cfa_offset -184
  testq %rcx, %rcx
  je ashlar_native_bridge_throws
  retq
ashlar_native_bridge_throws:
  movl %eax, %esi
  jmp ashlar_native_throw_exn
  ashlar_end
)");

// The host stub. rdi: a HostEntry; r10: the caller's context, which StubWords::outside points to meanwhile. Afterwards
// one look says whether the function failed or the store was interrupted.
asm(R"(
ashlar_function ashlar_native_host
  movq 120(%r10), %rax
  cmpq -8(%rax), %rsp
  jb ashlar_native_exhausted
  pushq %r10
  .cfi_adjust_cfa_offset 8
  movq %rsp, -24(%rax)
  movq 0(%rdi), %rax
  movq 8(%rdi), %rdi
  callq *%rax
  popq %r10
  .cfi_adjust_cfa_offset -8
  movq 120(%r10), %rcx
  movq 64(%r10), %rdx
  movq $0, -24(%rcx)
  movl 0(%rdx), %edx
  orl -16(%rcx), %edx
  jne 1f
  retq
1:
  movq %r10, %rdi
  movq 0(%rsp), %rsi
  leaq 8(%rsp), %rdx
  pushq %r10
  .cfi_adjust_cfa_offset 8
  callq ashlar_native_host_left
  popq %r10
  .cfi_adjust_cfa_offset -8
  movl %eax, %esi
  jmp ashlar_native_throw_exn
  ashlar_end
)");

// throw_exn(ctx, u32 exn): builds Registers of the caller at rsp. The C++ side changes them to those of a landing pad,
// and returns the exception; without a pad it does not return.
asm(R"(
ashlar_function ashlar_native_throw_exn
  subq $72, %rsp
  .cfi_adjust_cfa_offset 72
  movq %rbx, 0(%rsp)
  movq %r12, 8(%rsp)
  movq %r13, 16(%rsp)
  movq %r14, 24(%rsp)
  movq %r15, 32(%rsp)
  movq %rbp, 40(%rsp)
  movq 72(%rsp), %rax
  movq %rax, 48(%rsp)
  leaq 80(%rsp), %rax
  movq %rax, 56(%rsp)
  movl %esi, %edi
  movq %rsp, %rsi
  callq ashlar_native_unwind
  movq 0(%rsp), %rbx
  movq 8(%rsp), %r12
  movq 16(%rsp), %r13
  movq 24(%rsp), %r14
  movq 32(%rsp), %r15
  movq 40(%rsp), %rbp
  movq 48(%rsp), %rcx
  movq 56(%rsp), %rsp
  jmpq *%rcx
  ashlar_end
)");

}  // namespace ashlar::native

#endif
