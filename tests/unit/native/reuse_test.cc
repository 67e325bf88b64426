// What compiled code leaves behind in a store: the next store finds its stack, its trace and its memory as new.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "native/machine.h"
#include "native/stack.h"

#if defined(__x86_64__)

namespace ashlar::native {
namespace {

using machine::Machine;
using runtime::Slot;

struct Reuse : testing::Test {
  static runtime::Config config() {
    runtime::Config out;
    out.pool.memories = 2;
    return out;
  }
  runtime::Instance& begin(runtime::Store& store) {
    const auto nothing = [](runtime::Caller&, Slot*) { return Status{}; };
    const uint32_t type = store.types().intern_func({{isa::ValType::i64()}, {isa::ValType::i64()}});
    const uint32_t wide = store.types().intern_func({machine::wide_type(), machine::wide_type()});
    return *machine.instantiate(store, store.new_host_func(type, {nothing, "a"}),
                                store.new_host_func(wide, {nothing, "b"}));
  }
  runtime::StoreLimits limits() const {
    runtime::StoreLimits out;
    out.stack_bytes = 1 << 20;
    return out;
  }
  Machine machine{config()};
};

TEST_F(Reuse, StacksAreZero) {
  StoreState* last = nullptr;
  for (const uint64_t depth : {3u, 3u, 20'000u, 3u, 5'000u, 3u, 1u}) {
    runtime::Store store(machine.engine(), limits());
    runtime::Instance& instance = begin(store);
    StoreState* state = state_of(store);
    ASSERT_NE(state, nullptr);
    if (last != nullptr) EXPECT_EQ(state, last);
    last = state;
    EXPECT_EQ(state->trace.count, 0u);
    EXPECT_EQ(state->activation, nullptr);
    const auto* words = reinterpret_cast<const uint64_t*>(state->stack.low());
    const auto* end = reinterpret_cast<const uint64_t*>(state->stack.high());
    EXPECT_TRUE(std::all_of(words, end, [](uint64_t word) { return word == 0; }));
    Slot slots[2] = {depth, 0};
    EXPECT_FALSE(machine.call(instance, machine::kRecurse, slots));  // ends in a trap
    EXPECT_NE(state->trace.count, 0u);
  }
}

TEST_F(Reuse, StacksOfAnotherSizeAreOthers) {
  runtime::StoreLimits small = limits();
  small.stack_bytes = 256 << 10;
  for (const runtime::StoreLimits& l : {limits(), small, limits(), small}) {
    runtime::Store store(machine.engine(), l);
    const StoreState* state = state_of(store);
    EXPECT_EQ(static_cast<uint64_t>(state->stack.high() - reinterpret_cast<uint8_t*>(kHelperStack) -
                                    reinterpret_cast<uintptr_t>(state->stack.low())),
              l.stack_bytes);
  }
}

TEST_F(Reuse, WhatRanOnAnotherThreadIsCleaned) {
  // It is there before, so that neither making nor handing it the store causes page faults here.
  std::atomic<runtime::Instance*> job = nullptr;
  std::atomic<bool> ends = false;
  std::thread other([&] {
    while (!ends) {
      if (runtime::Instance* instance = job.load()) {
        Slot slots[2] = {5, 0};
        EXPECT_TRUE(machine.call(*instance, machine::kTree, slots));
        instance->ctx.mem0_base[9] = 1;  // as the code could
        job = nullptr;
      }
      std::this_thread::yield();
    }
  });
  for (int round = 0; round < 12; ++round) {
    runtime::Store store(machine.engine(), limits());
    runtime::Instance& instance = begin(store);
    const uint8_t* memory = instance.ctx.mem0_base;
    if (round % 4 == 0) {
      EXPECT_TRUE(std::all_of(memory, memory + instance.ctx.mem0->byte_size(), [](uint8_t b) { return b == 0; }));
      const auto* words = reinterpret_cast<const uint64_t*>(state_of(store)->stack.low());
      const auto* end = reinterpret_cast<const uint64_t*>(state_of(store)->stack.high());
      EXPECT_TRUE(std::all_of(words, end, [](uint64_t word) { return word == 0; }));
    }
    if (round % 4 != 3) continue;  // nothing happens: no page fault is expected here
    job = &instance;
    while (job != nullptr) std::this_thread::yield();
  }
  ends = true;
  other.join();
}

}  // namespace
}  // namespace ashlar::native

#endif
