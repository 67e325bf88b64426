// Alarms and the handler that had their signal before.
#include "os/thread_alarm.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <thread>

namespace ashlar::os {
namespace {

std::atomic<int> g_alarms, g_others;
std::atomic<ThreadAlarm*> g_again;

const void* on_alarm(const Fault& at) {
  EXPECT_NE(at.pc, nullptr);
  ++g_alarms;
  if (ThreadAlarm* alarm = g_again.exchange(nullptr)) alarm->ring_again();
  return nullptr;
}

void wait_for(const std::atomic<int>& count, int least) {
  for (int i = 0; i < 10'000 && count < least; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

TEST(ThreadAlarm, rings_on_its_thread_and_leaves_other_signals_alone) {
  struct sigaction action{};
  action.sa_handler = [](int) { ++g_others; };
  ASSERT_EQ(::sigaction(SIGURG, &action, nullptr), 0);
  set_alarm_handler(&on_alarm);

  std::atomic<int> target{0};
  std::atomic<bool> done{false};
  std::thread thread([&] {
    target = alarm_target();
    while (!done) std::this_thread::yield();
  });
  wait_for(target, 1);
  ThreadAlarm alarm;
  EXPECT_TRUE(alarm.ring(target));
  wait_for(g_alarms, 1);
  EXPECT_EQ(g_alarms, 1);
  g_again = &alarm;
  EXPECT_TRUE(alarm.ring(target));
  wait_for(g_alarms, 3);
  EXPECT_EQ(g_alarms, 3);
  EXPECT_EQ(g_others, 0);

  // A signal of somebody else goes to its handler; it may have hidden one of ours.
  ::raise(SIGURG);
  EXPECT_EQ(g_others, 1);
  EXPECT_EQ(g_alarms, 4);

  done = true;
  thread.join();
  EXPECT_TRUE(alarm.ring(target)) << "nobody is there any more";
  EXPECT_EQ(g_alarms, 4);
}

}  // namespace
}  // namespace ashlar::os
