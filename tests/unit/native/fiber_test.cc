// Fibers: compiled code and host functions that are left in the middle and continued, here and in other threads.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "native/fiber.h"
#include "native/machine.h"

#if defined(__x86_64__)

namespace ashlar::native {
namespace {

using isa::ValType;
using machine::Func;
using machine::Machine;
using runtime::Caller;
using runtime::Slot;

/// A store with a fiber; its host function says what it was asked, and leaves the fiber if it is to.
struct Guest {
  explicit Guest(Machine& m) : machine(m), store(m.engine(), limits()) {
    const uint32_t type = store.types().intern_func({{ValType::i64()}, {ValType::i64()}});
    runtime::FuncCell* host = store.new_host_func(type, {[this](Caller&, Slot* slots) -> Status {
                                                           asked = slots[0];
                                                           place = fiber.place();
                                                           if (waits) fiber.suspend();
                                                           slots[0] = asked + answer;
                                                           return {};
                                                         },
                                                         "host"});
    const uint32_t wide = store.types().intern_func({machine::wide_type(), machine::wide_type()});
    instance = machine.instantiate(store, host, store.new_host_func(wide, {}));
  }
  static runtime::StoreLimits limits() {
    runtime::StoreLimits out;
    out.stack_bytes = 1 << 20;
    return out;
  }

  std::string run(Func f, Slot argument) {
    Slot slots[16] = {argument};
    const Status done = machine.call(*instance, f, slots);
    return done ? std::to_string(slots[0]) : done.error().message();
  }
  /// In the fiber; the result is in `result` when it has ended.
  void start(Func f, Slot argument) {
    function = f;
    given = argument;
    result.clear();
    ASSERT_TRUE(fiber.start(store, [](void* self) { static_cast<Guest*>(self)->run_given(); }, this));
  }
  void run_given() { result = run(function, given); }

  Machine& machine;
  Fiber fiber;
  runtime::Store store;
  runtime::Instance* instance;
  bool waits = true;
  Slot asked = 0;
  Slot answer = 0;
  Fiber::Place place = Fiber::Place::Elsewhere;
  Func function = machine::kCallOut;
  Slot given = 0;
  std::string result;
};

constexpr Slot kAdded = 0x1234;

TEST(FiberTest, GoesOnWhereItWasLeft) {
  Machine machine;
  Guest guest(machine);
  for (Slot i = 1; i < 4; ++i) {
    guest.start(machine::kCallOut, i);
    EXPECT_TRUE(guest.fiber.under_way());
    EXPECT_NE(guest.fiber.suspended_at(), nullptr);
    EXPECT_EQ(guest.asked, i);
    EXPECT_EQ(guest.place, Fiber::Place::Here);
    EXPECT_EQ(guest.fiber.place(), Fiber::Place::Elsewhere);
    EXPECT_EQ(t_activation, nullptr);
    guest.store.heap().collect();
    guest.answer = 10 * i;
    guest.fiber.go_on();
    EXPECT_FALSE(guest.fiber.under_way());
    EXPECT_EQ(guest.result, std::to_string(11 * i + kAdded));
    EXPECT_EQ(guest.store.host_depth, 0u);
  }
  guest.waits = false;
  guest.start(machine::kCallOut, 1);
  EXPECT_FALSE(guest.fiber.under_way());
  EXPECT_EQ(guest.place, Fiber::Place::Here);
  EXPECT_EQ(guest.run(machine::kCallOut, 1), guest.result);
  EXPECT_EQ(guest.place, Fiber::Place::Elsewhere);
}

TEST(FiberTest, ManyByTurnsAndInAnyThread) {
  Machine machine;
  std::vector<std::unique_ptr<Guest>> guests;
  for (Slot i = 0; i < 8; ++i) {
    guests.push_back(std::make_unique<Guest>(machine));
    guests.back()->start(i % 2 == 0 ? machine::kCallOut : machine::kCatch, i);
    guests.back()->answer = 100;
  }
  std::thread([&] {
    for (size_t i = 0; i < 8; i += 3) guests[i]->fiber.go_on();
  }).join();
  for (size_t i = 8; i-- > 0;) {
    if (i % 3 != 0) guests[i]->fiber.go_on();
    EXPECT_EQ(guests[i]->result, std::to_string(100 + i + kAdded + (i % 2 == 0 ? 0 : 300)));
  }
}

/// One fiber's host function continues another's; neither can be left below the other's runs.
TEST(FiberTest, OneInAnother) {
  Machine machine;
  Guest inner(machine);
  inner.start(machine::kCallOut, 1);
  Guest outer(machine);
  outer.waits = false;
  struct Both {
    Guest& inner;
    Guest& outer;
    Fiber::Place place = Fiber::Place::Here;
  } both{inner, outer};
  ASSERT_TRUE(outer.fiber.start(
      outer.store,
      [](void* p) {
        Both& b = *static_cast<Both*>(p);
        b.inner.fiber.go_on();
        b.outer.result = b.outer.run(machine::kCallOut, 5);
        b.place = b.inner.fiber.place();
      },
      &both));
  EXPECT_EQ(inner.result, std::to_string(1 + kAdded));
  EXPECT_EQ(outer.result, std::to_string(5 + kAdded));
  EXPECT_EQ(outer.place, Fiber::Place::Here);
  EXPECT_EQ(both.place, Fiber::Place::Elsewhere);
}

TEST(FiberTest, TrapsAndErrors) {
  Machine machine;
  Guest guest(machine);
  for (int i = 0; i < 2; ++i) {
    guest.start(machine::kRecurse, 1 << 30);
    EXPECT_EQ(guest.result, "call stack exhausted");
    guest.start(machine::kTrap, 1);
    EXPECT_EQ(guest.result, "integer divide by zero");
    guest.start(machine::kCatch, 1);
    // Nothing else while it is suspended.
    Slot slots[1] = {1};
    const Status refused = guest.store.invoke(*guest.instance->func_cell(machine::kCallOut), slots);
    EXPECT_EQ(refused.error().code(), ErrorCode::store_suspended);
    guest.store.interrupt("enough");
    std::thread([&] { guest.fiber.go_on(); }).join();
    EXPECT_EQ(guest.result, "interrupted: enough");
    guest.store.clear_interrupt();
  }
}

}  // namespace
}  // namespace ashlar::native

#endif
