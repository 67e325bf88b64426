// Turns of compiled code: left between any two instructions, everything is as it was when it goes on.
#include <gtest/gtest.h>
#include <signal.h>
#include <ucontext.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <random>
#include <string>
#include <thread>

#include "native/fiber.h"
#include "native/machine.h"
#include "native/turn.h"
#include "os/signal_context.h"
#include "support/without_alarms.h"

#if defined(__x86_64__) && !__has_feature(thread_sanitizer)

namespace ashlar::native {
namespace {

using isa::ValType;
using machine::Func;
using machine::Machine;
using runtime::Caller;
using runtime::Slot;

/// All that the convention does not preserve.
[[gnu::noinline]] void scribble() {
  asm volatile(
      "pcmpeqd %%xmm0, %%xmm0; movaps %%xmm0, %%xmm1; movaps %%xmm0, %%xmm2; movaps %%xmm0, %%xmm3;"
      "movaps %%xmm0, %%xmm4; movaps %%xmm0, %%xmm5; movaps %%xmm0, %%xmm6; movaps %%xmm0, %%xmm7;"
      "movaps %%xmm0, %%xmm8; movaps %%xmm0, %%xmm9; movaps %%xmm0, %%xmm10; movaps %%xmm0, %%xmm11;"
      "movaps %%xmm0, %%xmm12; movaps %%xmm0, %%xmm13; movaps %%xmm0, %%xmm14; movaps %%xmm0, %%xmm15;"
      "movq $-1, %%rax; movq %%rax, %%rcx; movq %%rax, %%rdx; movq %%rax, %%rsi; movq %%rax, %%rdi;"
      "movq %%rax, %%r8; movq %%rax, %%r9; movq %%rax, %%r10; movq %%rax, %%r11; movq %%rax, %%rbx;"
      "movq %%rax, %%r12; movq %%rax, %%r13; movq %%rax, %%r14; movq %%rax, %%r15; addq %%rax, %%rax" ::
          : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0",
            "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",
            "xmm14", "xmm15", "cc");
}

/// A store with a fiber, which is left at each turn.
struct Guest final : runtime::TurnTaker {
  explicit Guest(Machine& m) : machine(m), store(m.engine(), limits()) {
    const uint32_t type = store.types().intern_func({{ValType::i64()}, {ValType::i64()}});
    const uint32_t wide = store.types().intern_func({machine::wide_type(), machine::wide_type()});
    auto* host = store.new_host_func(type, {[this](Caller&, Slot*) -> Status { return in_host(); }, "host"});
    instance = machine.instantiate(store, host, store.new_host_func(wide, {}));
    store.turn_taker = this;
  }
  static runtime::StoreLimits limits() {
    runtime::StoreLimits out;
    out.stack_bytes = 1 << 20;
    return out;
  }
  void on_turn() noexcept override {
    ++turns;
    scribble();
    EXPECT_EQ(fiber.place(), Fiber::Place::Here);
    fiber.suspend();
  }
  Status in_host() {
    if (!nested) return {};
    ++store.host_depth;
    Slot slots[16] = {27};
    const uint64_t before = turns;
    Status done = machine.call(*instance, machine::kTree, slots);
    EXPECT_EQ(turns, before) << "a turn over the host's frames";
    --store.host_depth;
    return done;
  }
  /// In the fiber, until it has ended; `between` is called at each turn.
  template <class F>
  void run(Func f, F between) {
    function = f;
    ASSERT_TRUE(fiber.start(store, [](void* self) { static_cast<Guest*>(self)->run_given(); }, this));
    while (fiber.under_way()) {
      between();
      scribble();
      fiber.go_on();
    }
    EXPECT_EQ(store.host_depth, 0u);
    EXPECT_EQ(t_activation, nullptr);
  }
  void run_given() {
    // As Store::invoke counts.
    ++store.host_depth;
    const Status done = machine.call(*instance, function, slots);
    --store.host_depth;
    error = done ? "" : done.error().message() + done.error().notes();
  }

  Machine& machine;
  Fiber fiber;
  runtime::Store store;
  runtime::Instance* instance;
  bool nested = false;
  uint64_t turns = 0;
  Func function = machine::kTree;
  Slot slots[16] = {};
  std::string error;
};

/// Asks for turns all the time while it lives.
class Asking {
 public:
  explicit Asking(runtime::Store& store)
      : thread_([this, &store] {
          std::mt19937 random(7);
          while (!done_) {
            store.request_turn();
            std::this_thread::sleep_for(std::chrono::microseconds(random() % 200));
          }
        }) {}
  ~Asking() {
    done_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> done_{false};
  std::thread thread_;
};

TEST(TurnTest, ComputesAndLetsOthersOn) {
  Machine machine;
  Guest guest(machine);
  while (guest.turns < 50) {
    const Asking asking(guest.store);
    guest.slots[0] = 30;
    guest.run(machine::kTree, [] {});
    ASSERT_EQ(guest.error, "");
    ASSERT_EQ(guest.slots[0], 832040u);
  }
  guest.store.forget_turn();
  EXPECT_FALSE(guest.store.wants_turn());
}

TEST(TurnTest, NoneWithoutAFiberOrATaker) {
  Machine machine;
  Guest guest(machine);
  const Asking asking(guest.store);
  guest.slots[0] = 27;
  guest.run_given();
  EXPECT_EQ(guest.slots[0], 196418u);
  EXPECT_EQ(guest.turns, 0u);
  guest.store.turn_taker = nullptr;
  guest.slots[0] = 27;
  guest.run(machine::kTree, [] {});
  EXPECT_EQ(guest.slots[0], 196418u);
}

TEST(TurnTest, EndsWhereItWasLeft) {
  Machine machine;
  Guest guest(machine);
  for (const Func f : {machine::kSpin, machine::kHelperLoop, machine::kHostLoop, machine::kSpin}) {
    const uint64_t before = guest.turns;
    {
      const Asking asking(guest.store);
      guest.run(f, [&] {
        if (guest.turns == before + 20) guest.store.interrupt("enough");
      });
    }
    EXPECT_EQ(guest.turns, before + 20);
    EXPECT_TRUE(guest.error.starts_with("interrupted: enough")) << guest.error;
    if (f == machine::kSpin) EXPECT_TRUE(guest.error.ends_with(" - m!spin")) << guest.error;
    guest.store.clear_interrupt();
  }
}

// Loops that are with helpers nearly all the time: here an alarm never finds them elsewhere.
TEST(TurnTest, GivenByHelpersToo) {
  Machine machine;
  Guest guest(machine);
  const test::WithoutAlarms without;
  {
    const Asking asking(guest.store);
    guest.run(machine::kHelperLoop, [&] {
      if (guest.turns == 20) guest.store.interrupt("enough");
    });
  }
  EXPECT_EQ(guest.turns, 20u);
  EXPECT_TRUE(guest.error.starts_with("interrupted: enough")) << guest.error;
}

TEST(TurnTest, GoesOnInAnyThread) {
  Machine machine;
  Guest guest(machine);
  const Asking asking(guest.store);
  guest.slots[0] = 30;
  guest.function = machine::kTree;
  ASSERT_TRUE(guest.fiber.start(guest.store, [](void* self) { static_cast<Guest*>(self)->run_given(); }, &guest));
  while (guest.fiber.under_way()) std::thread([&] { guest.fiber.go_on(); }).join();
  EXPECT_EQ(guest.slots[0], 832040u);
}

TEST(TurnTest, NotWhereTheHostHasCalled) {
  Machine machine;
  Guest guest(machine);
  guest.nested = true;
  const Asking asking(guest.store);
  guest.run(machine::kCallOut, [] {});
  EXPECT_EQ(guest.error, "");
}

/// Set while the processor steps: whether the inserted call has just returned.
bool g_back = false;
uint64_t g_inserted = 0, g_refused = 0;

void on_step(int signal, siginfo_t*, void* context) {
  auto& registers = *static_cast<ucontext_t*>(context);
  const os::Fault at = os::read_registers(signal, &registers);
  if (find_image(at.pc) == nullptr || std::exchange(g_back, false)) return;
  const void* const function = turn_at(*t_activation, at);
  if (function == nullptr) {
    ++g_refused;
    return;
  }
  ++g_inserted;
  g_back = true;
  os::insert_call(registers, function, os::kAlarmGap);
}

// Behind the red zone, which the compiler may be using.
#define ASHLAR_FLAGS(change) \
  asm volatile("leaq -128(%%rsp), %%rsp; pushfq; " change "; popfq; leaq 128(%%rsp), %%rsp" ::: "memory", "cc")

/// Runs f with a turn in front of each instruction.
void step(Guest& guest, Func f) {
  struct sigaction action{}, before{};
  action.sa_sigaction = &on_step;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigaction(SIGTRAP, &action, &before);
  g_back = false;
  g_inserted = g_refused = 0;
  const uint64_t turns = guest.turns;
  ASHLAR_FLAGS("orq $0x100, (%%rsp)");
  guest.run(f, [] {});
  ASHLAR_FLAGS("andq $~0x100, (%%rsp)");
  ::sigaction(SIGTRAP, &before, nullptr);
  EXPECT_EQ(guest.error, "");
  EXPECT_EQ(guest.turns - turns, g_inserted);
  EXPECT_EQ(g_refused, 0u);
}

TEST(TurnTest, AtEachInstruction) {
#if __has_feature(address_sanitizer)
  GTEST_SKIP() << "the sanitizer reads the map of all memory at each switch, which would be stepped through";
#endif
  Machine machine;
  Guest guest(machine);
  guest.slots[0] = 6;
  step(guest, machine::kTree);
  EXPECT_EQ(guest.slots[0], 8u);
  EXPECT_GT(g_inserted, 200u);

  const Slot integers[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
  std::memcpy(guest.slots, integers, sizeof integers);
  step(guest, machine::kIntegers);
  const Slot stepped = guest.slots[0];
  EXPECT_GT(g_inserted, 7u);
  std::memcpy(guest.slots, integers, sizeof integers);
  guest.run(machine::kIntegers, [] {});
  EXPECT_EQ(guest.slots[0], stepped);

  Slot floats[16];
  for (size_t i = 0; i < 16; ++i) floats[i] = 0x4000'0000'4000'0000 + i;
  std::memcpy(guest.slots, floats, sizeof floats);
  step(guest, machine::kFloats);
  const std::pair<Slot, Slot> vector{guest.slots[0], guest.slots[1]};
  EXPECT_GT(g_inserted, 1u);
  std::memcpy(guest.slots, floats, sizeof floats);
  guest.run(machine::kFloats, [] {});
  EXPECT_EQ(std::pair(guest.slots[0], guest.slots[1]), vector);
}

}  // namespace
}  // namespace ashlar::native

#endif
