// x86-64: the call that an alarm inserts between two instructions of compiled code.
#if defined(__x86_64__)

#include "native/turn.h"

#include <cpuid.h>
#include <immintrin.h>

#include <algorithm>
#include <atomic>
#include <cstddef>

#include "os/thread_alarm.h"

namespace ashlar::native {

/// From low to high addresses, as the stub pushes it.
struct TurnFrame {
  uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
  uint64_t flags;
  const void* pc;
};

extern "C" {
/// How the stub saves vectors and x87: states of XSAVE, or 0 for FXSAVE, and in the upper half the bytes for them. 0:
/// not known yet.
[[gnu::visibility("hidden")]] constinit std::atomic<uint64_t> ashlar_native_vectors{0};
void ashlar_native_turn();
}

// Numbers in the assembly below.
static_assert(sizeof(TurnFrame) == 136 && offsetof(TurnFrame, pc) == 128);
static_assert(os::kAlarmGap == 128);

// XSAVE reads the header behind the first 512 bytes, which XRSTOR wants to be zero but for what XSAVE writes.
// Code of the host is slow while upper halves of vectors are in use: vzeroupper.
asm(R"(
  .pushsection .text.ashlar_native, "ax", @progbits
  .p2align 4
  .globl ashlar_native_turn
  .hidden ashlar_native_turn
  .type ashlar_native_turn, @function
ashlar_native_turn:
  .cfi_startproc
  .cfi_signal_frame
  .cfi_def_cfa_offset 136
  .cfi_offset %rip, -136
  pushfq
  pushq %rax
  pushq %rbx
  pushq %rcx
  pushq %rdx
  pushq %rsi
  pushq %rdi
  pushq %rbp
  pushq %r8
  pushq %r9
  pushq %r10
  pushq %r11
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  cld
  movq %rsp, %rbp
  .cfi_def_cfa %rbp, 264
  .cfi_offset %rbp, -200
  movl 4+ashlar_native_vectors(%rip), %ecx
  subq %rcx, %rsp
  andq $-64, %rsp
  xorl %edx, %edx
  movl ashlar_native_vectors(%rip), %eax
  testl %eax, %eax
  je 1f
  movq %rdx, 512(%rsp)
  movq %rdx, 520(%rsp)
  movq %rdx, 528(%rsp)
  movq %rdx, 536(%rsp)
  movq %rdx, 544(%rsp)
  movq %rdx, 552(%rsp)
  movq %rdx, 560(%rsp)
  movq %rdx, 568(%rsp)
  xsave64 (%rsp)
  testl $4, %eax
  je 2f
  vzeroupper
  jmp 2f
1:
  fxsave64 (%rsp)
2:
  movq %rbp, %rdi
  callq ashlar_native_turn_taken
  xorl %edx, %edx
  movl ashlar_native_vectors(%rip), %eax
  testl %eax, %eax
  je 3f
  xrstor64 (%rsp)
  jmp 4f
3:
  fxrstor64 (%rsp)
4:
  movq %rbp, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %r11
  popq %r10
  popq %r9
  popq %r8
  popq %rbp
  popq %rdi
  popq %rsi
  popq %rdx
  popq %rcx
  popq %rbx
  popq %rax
  popfq
  retq $128
  .cfi_endproc
  .popsection
)");

namespace {

[[gnu::target("xsave")]] uint32_t enabled_states() { return static_cast<uint32_t>(_xgetbv(0)); }

/// Intel SDM, volume 1, chapter 13: what the system has enabled of x87, SSE, AVX and AVX-512, in the standard format.
uint64_t find_vectors() {
  constexpr uint64_t kLegacy = 512, kHeader = 64;
  constexpr uint32_t kLeaf = 0xd, kStates = 0xe7, kFirstExtended = 2, kLast = 7;
  uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0 || (ecx & bit_OSXSAVE) == 0) return kLegacy << 32;
  const uint32_t states = enabled_states() & kStates;
  uint64_t bytes = kLegacy + kHeader;
  for (uint32_t i = kFirstExtended; i <= kLast; ++i) {
    if ((states >> i & 1) == 0 || __get_cpuid_count(kLeaf, i, &eax, &ebx, &ecx, &edx) == 0) continue;
    bytes = std::max<uint64_t>(bytes, ebx + eax);
  }
  return bytes << 32 | states;
}

}  // namespace

// Asked for when it is needed: on virtual machines CPUID takes tens of microseconds.
const void* turn_stub() {
  if (ashlar_native_vectors.load(std::memory_order_relaxed) == 0) {
    ashlar_native_vectors.store(find_vectors(), std::memory_order_relaxed);
  }
  return reinterpret_cast<const void*>(&ashlar_native_turn);
}

os::Fault registers_of(const TurnFrame& frame) {
  os::Fault out{};
  out.pc = frame.pc;
  out.sp = reinterpret_cast<const uint8_t*>(&frame + 1) + os::kAlarmGap;
  out.fp = reinterpret_cast<const void*>(frame.rbp);
  out.probe_end = reinterpret_cast<const void*>(frame.r11);
  return out;
}

}  // namespace ashlar::native

#endif
