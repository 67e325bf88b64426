// Memories: reservation, growth, limits, the range list and wait queues.
#include "runtime/memory.h"
#include "runtime/wait_queue.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

namespace ashlar::runtime {
namespace {

constexpr uint64_t kPage = 64 << 10;
constexpr uint64_t kReservation64 = 1ull << 30;

module::MemoryType type(uint64_t min, std::optional<uint64_t> max, bool is64 = false, uint8_t log2 = 16) {
  module::MemoryType t;
  t.limits.min = min;
  t.limits.max = max;
  t.limits.is64 = is64;
  t.page_size_log2 = log2;
  return t;
}

std::shared_ptr<Memory> make(const module::MemoryType& t) {
  auto memory = Memory::create(t, kReservation64);
  EXPECT_TRUE(memory.has_value());
  return memory ? *memory : nullptr;
}

TEST(Memory, GrowsInPlaceWithinItsMaximum) {
  auto memory = make(type(1, 3));
  uint8_t* base = memory->base();
  base[kPage - 1] = 7;
  EXPECT_TRUE(memory->guarded());
  EXPECT_EQ(memory->grow(2), 1);
  EXPECT_EQ(memory->base(), base);
  EXPECT_EQ(memory->byte_size(), 3 * kPage);
  EXPECT_EQ(base[kPage - 1], 7);
  EXPECT_EQ(base[3 * kPage - 1], 0);
  EXPECT_EQ(memory->grow(1), -1);
  EXPECT_EQ(memory->grow(~uint64_t{0}), -1);
  EXPECT_EQ(memory->grow(0), 3);
}

TEST(Memory, GrowsToFourGibibytes) {
  auto memory = make(type(0, {}));
  EXPECT_EQ(memory->grow(65536), 0);
  EXPECT_EQ(memory->byte_size(), 1ull << 32);
  EXPECT_EQ(memory->grow(1), -1);
  memory->base()[(1ull << 32) - 1] = 1;
}

TEST(Memory, PagesOfOneByte) {
  auto memory = make(type(1, 10, false, 0));
  EXPECT_FALSE(memory->guarded());
  EXPECT_EQ(memory->byte_size(), 1u);
  EXPECT_EQ(memory->grow(9), 1);
  EXPECT_EQ(memory->byte_size(), 10u);
  EXPECT_EQ(memory->grow(1), -1);
  auto open = make(type(0, {}, false, 0));
  EXPECT_EQ(open->grow(10'000), 0);
  open->base()[9'999] = 1;
}

TEST(Memory, SixtyFourBitStopsAtTheReservation) {
  auto memory = make(type(1, {}, true));
  EXPECT_FALSE(memory->guarded());
  EXPECT_EQ(memory->grow(kReservation64 / kPage - 1), 1);
  EXPECT_EQ(memory->grow(1), -1);
  EXPECT_FALSE(Memory::create(type(1ull << 48, {}, true), kReservation64).has_value());
  EXPECT_FALSE(Memory::create(type(kReservation64 / kPage + 1, {}, true), kReservation64).has_value());
}

TEST(Memory, RangesAreKnownWhileMemoriesLive) {
  std::vector<std::shared_ptr<Memory>> memories;
  for (int i = 0; i < 200; ++i) memories.push_back(make(type(0, 1)));
  const uint8_t* base = memories[150]->base();
  EXPECT_TRUE(is_memory_fault_address(base));
  EXPECT_TRUE(is_memory_fault_address(base + (1ull << 32) + Memory::kGuardBytes));
  int local = 0;
  EXPECT_FALSE(is_memory_fault_address(&local));
  EXPECT_FALSE(is_memory_fault_address(nullptr));
  memories.clear();
  EXPECT_FALSE(is_memory_fault_address(base));
}

module::MemoryType shared_type() {
  module::MemoryType t = type(1, 4);
  t.limits.shared = true;
  return t;
}

TEST(Memory, WaitComparesAndTimesOut) {
  auto memory = make(shared_type());
  std::atomic<uint32_t> interrupted{0};
  EXPECT_EQ(memory->wait(8, 1, 4, -1, interrupted), 1u);
  EXPECT_EQ(memory->wait(8, 0, 4, 1'000'000, interrupted), 2u);
  EXPECT_EQ(memory->wait(8, 0, 8, 0, interrupted), 2u);
  interrupted = 1;
  EXPECT_EQ(memory->wait(8, 0, 8, -1, interrupted), 2u);
  EXPECT_EQ(memory->notify(8, 1), 0u);
}

TEST(Memory, NotifyWakesAsManyAsAsked) {
  auto memory = make(shared_type());
  std::atomic<uint32_t> interrupted{0};
  std::atomic<int> woken{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] { woken += memory->wait(16, 0, 4, -1, interrupted) == 0; });
  }
  uint32_t total = 0;
  while (total < 2) total += memory->notify(16, 2 - total);
  while (woken != 2) std::this_thread::yield();
  EXPECT_EQ(memory->notify(20, 5), 0u);
  while (total < 3) total += memory->notify(16, ~0u);
  threads.clear();
  EXPECT_EQ(woken, 3);
}

TEST(Memory, InterruptionEndsAWait) {
  auto memory = make(shared_type());
  std::atomic<uint32_t> interrupted{0};
  std::jthread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    interrupted = 1;
    wake_interrupted(interrupted);
  });
  EXPECT_EQ(memory->wait(0, 0, 8, -1, interrupted), 2u);
}

TEST(Memory, SharedGrowthIsAtomic) {
  module::MemoryType t = type(0, 1000);
  t.limits.shared = true;
  auto memory = make(t);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 250; ++k) EXPECT_GE(memory->grow(1), 0);
    });
  }
  threads.clear();
  EXPECT_EQ(memory->pages(), 1000u);
  EXPECT_EQ(memory->grow(1), -1);
}

}  // namespace
}  // namespace ashlar::runtime
