// The processor's trap flag, and the handler of its signal.
#include "support/single_step.h"

#if defined(__x86_64__)

#include <signal.h>
#include <ucontext.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "native/activation.h"
#include "native/arch.h"

namespace ashlar::test {

extern "C" const uint8_t ashlar_native_entered[];

namespace {

Steps g_steps;
const uint8_t* g_depth = nullptr;

int64_t inlined(const native::Place& place) { return static_cast<int64_t>(place.inlined_at.size()); }

void on_step(int, siginfo_t*, void* context) {
  const auto& regs = static_cast<const ucontext_t*>(context)->uc_mcontext.gregs;
  os::Fault at{};
  at.pc = reinterpret_cast<const void*>(regs[REG_RIP]);
  at.sp = reinterpret_cast<const void*>(regs[REG_RSP]);
  at.probe_end = reinterpret_cast<const void*>(regs[REG_R11]);
  const native::Image* image = native::find_image(at.pc);
  if (image == nullptr) return;
  ++g_steps.in_images;
  int64_t outer = 0;
  int64_t most = 0;  // inlined around the instruction
  native::Site site{at.pc, nullptr};
  if (const native::FrameRow* row = image->find_frame(at.pc)) {
    for (const native::Place& place : image->places(*row)) most = std::max(most, inlined(place));
    site = native::caller_at_fault(*image, *row, at, native::t_activation->state->stack);
    while ((image = native::find_image(site.pc)) != nullptr) {
      row = image->find_frame(site.pc, true);
      if (row == nullptr) break;
      const std::optional<native::Place> place = image->find_place(*row, site.pc, true);
      outer += 1 + (place ? inlined(*place) : 0);
      site = native::caller_of(*row, site);
    }
  }
  uint32_t depth = 0;
  std::memcpy(&depth, g_depth, sizeof depth);
  const bool astray = site.pc != ashlar_native_entered;
  const bool wrong = depth < outer || depth > outer + 1 + most;
  if (!astray && !wrong) return;
  if (g_steps.wrong + g_steps.astray == 0) {
    g_steps.first_pc = reinterpret_cast<uint64_t>(at.pc);
    g_steps.first_found = outer;
    g_steps.first_depth = depth;
  }
  g_steps.wrong += wrong ? 1 : 0;
  g_steps.astray += astray ? 1 : 0;
}

// Behind the red zone, which the compiler may be using.
#define ASHLAR_FLAGS(change) \
  asm volatile("leaq -128(%%rsp), %%rsp; pushfq; " change "; popfq; leaq 128(%%rsp), %%rsp" ::: "memory", "cc")

}  // namespace

Steps single_step(const std::function<void()>& body, const uint8_t* depth) {
  struct sigaction action{}, before{};
  action.sa_sigaction = &on_step;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigaction(SIGTRAP, &action, &before);
  g_steps = {};
  g_depth = depth;
  ASHLAR_FLAGS("orq $0x100, (%%rsp)");
  body();
  ASHLAR_FLAGS("andq $~0x100, (%%rsp)");
  ::sigaction(SIGTRAP, &before, nullptr);
  return g_steps;
}

}  // namespace ashlar::test

#endif
