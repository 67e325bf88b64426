// The pair of barriers, with and without the kernel's help (tests/os/without_membarrier.c).
#include "os/asymmetric_barrier.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>

namespace ashlar::os {
namespace {

/// On a cache line of its own.
struct alignas(64) Word {
  std::atomic<int> value = 0;
};

/// Two threads that come to the same place at the same time, over and over.
class Meeting {
 public:
  void meet(int round) {
    arrived_.fetch_add(1);
    for (int spins = 0; arrived_.load() < 2 * round; ++spins)
      if (spins > kSpins) std::this_thread::yield();
  }

 private:
  static constexpr int kSpins = 2000;  ///< both are to run at the same time
  std::atomic<int> arrived_ = 0;
};

constexpr int kRounds = 20'000;
/// Where the two have to share a processor with others a round takes as long as it takes to get it: then fewer do.
constexpr std::chrono::seconds kEnough(3);

/// Each writes its own word and then reads the other's: one of them at least must see what was written.
TEST(AsymmetricBarrier, OneSideSeesTheOther) {
  prepare_barriers();
  Word light, heavy;
  std::array<Word, 16> crowd;  // stores that the light side's own must queue behind
  Meeting begin, end;
  int seen_by_light = 0;
  int seen_by_heavy = 0;
  bool enough = false;
  std::thread other([&] {
    for (int round = 1; round <= kRounds && !enough; ++round) {
      for (Word& w : crowd) w.value.store(round, std::memory_order_relaxed);
      begin.meet(round);
      heavy.value.store(round, std::memory_order_relaxed);
      heavy_barrier();
      seen_by_heavy = light.value.load(std::memory_order_relaxed);
      end.meet(round);
    }
  });
  int missed = 0;
  const auto until = std::chrono::steady_clock::now() + kEnough;
  for (int round = 1; round <= kRounds && !enough; ++round) {
    begin.meet(round);
    for (Word& w : crowd) w.value.store(-round, std::memory_order_relaxed);
    light.value.store(round, std::memory_order_relaxed);
    light_barrier();
    seen_by_light = heavy.value.load(std::memory_order_relaxed);
    enough = std::chrono::steady_clock::now() >= until;
    end.meet(round);
    missed += seen_by_light != round && seen_by_heavy != round ? 1 : 0;
  }
  other.join();
  EXPECT_EQ(missed, 0);
}

}  // namespace
}  // namespace ashlar::os
