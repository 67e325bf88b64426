// Several watchers of one thread's processor time.
#include "os/cpu_timer.h"

#include <gtest/gtest.h>
#include <time.h>

#include <atomic>
#include <thread>

namespace ashlar::os {
namespace {

using Ticks = std::atomic<int>;

void count(const Interrupted& at, void* ticks) {
  EXPECT_NE(at.pc, nullptr);
  ++*static_cast<Ticks*>(ticks);
}

constexpr uint64_t kMillisecond = 1'000'000;

uint64_t used() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000 * kMillisecond + static_cast<uint64_t>(now.tv_nsec);
}

/// Works until `enough`, at most for some seconds of processor time.
template <class F>
bool work_until(F enough) {
  const uint64_t end = used() + 5000 * kMillisecond;
  while (!enough()) {
    if (used() > end) return false;
  }
  return true;
}

void work(uint64_t time) {
  const uint64_t end = used() + time;
  while (used() < end) {
  }
}

TEST(CpuTimer, AllThatWatchAThreadTick) {
  Ticks a{0}, b{0};
  CpuTimer first, second;
  ASSERT_TRUE(first.start(kMillisecond, kMillisecond, &count, &a));
  EXPECT_FALSE(first.start(kMillisecond, kMillisecond, &count, &a)) << "it runs";
  ASSERT_TRUE(second.start(kMillisecond, kMillisecond, &count, &b));
  EXPECT_TRUE(work_until([&] { return a > 3 && b > 3; }));
  first.stop();
  const int before = a;
  const int seen = b;
  EXPECT_TRUE(work_until([&] { return b > seen + 3; })) << "the other goes on";
  EXPECT_EQ(a, before);
  second.stop();
  const int last = b;
  work(50 * kMillisecond);
  EXPECT_EQ(b, last);
  ASSERT_TRUE(first.start(kMillisecond, kMillisecond, &count, &a)) << "again";
  EXPECT_TRUE(work_until([&] { return a > before; }));
}

TEST(CpuTimer, OthersMayStopIt) {
  Ticks ticks{0};
  CpuTimer timer;
  std::atomic<bool> running{false}, stopped{false};
  std::thread watched([&] {
    EXPECT_TRUE(timer.start(kMillisecond, kMillisecond, &count, &ticks));
    EXPECT_TRUE(work_until([&] { return ticks > 3; }));
    running = true;
    EXPECT_TRUE(work_until([&] { return stopped.load(); }));
    const int last = ticks;
    work(20 * kMillisecond);
    EXPECT_EQ(ticks, last);
  });
  while (!running) std::this_thread::yield();
  timer.stop();
  stopped = true;
  watched.join();
  // One that outlives its thread.
  std::thread([&] { EXPECT_TRUE(timer.start(kMillisecond, kMillisecond, &count, &ticks)); }).join();
  timer.stop();
}

}  // namespace
}  // namespace ashlar::os
