#include "os/thread_stack.h"

#include <gtest/gtest.h>

#include <thread>

#include "os/pages.h"

namespace ashlar::os {
namespace {

void expect_own_stack() {
  int local = 0;
  const auto* end = static_cast<const char*>(stack_end(&local));
  ASSERT_NE(end, nullptr);
  const auto above = end - reinterpret_cast<const char*>(&local);
  EXPECT_GT(above, 0);
  EXPECT_LT(above, 16 << 20);
}

TEST(ThreadStack, EndsAboveItsLocals) {
  expect_own_stack();
  std::thread(expect_own_stack).join();
}

TEST(ThreadStack, OthersEndWithTheirMapping) {
  const uint64_t size = 16 * page_size();
  uint8_t* stack = reserve_pages(3 * size);  // nothing that may be joined lies around the middle
  ASSERT_TRUE(open_pages(stack + size, size));
  EXPECT_EQ(stack_end(stack + size + 100), stack + 2 * size);
  release_pages(stack, 3 * size);
  EXPECT_EQ(stack_end(nullptr), nullptr);
}

}  // namespace
}  // namespace ashlar::os
