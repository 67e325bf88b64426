// Addresses of Redis databases.
#include "cli/redis_store.h"

#include <gtest/gtest.h>

namespace ashlar::cli {
namespace {

TEST(RedisAddress, Parts) {
  const auto plain = parse_redis_address("redis://example.org");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->shown(), "redis://example.org:6379/0");
  EXPECT_EQ(plain->password, "");
  const auto all = parse_redis_address("redis://me:p%40ss%2Fword@[::1]:7000/12");
  ASSERT_TRUE(all);
  EXPECT_EQ(all->user, "me");
  EXPECT_EQ(all->password, "p@ss/word");
  EXPECT_EQ(all->host, "::1");
  EXPECT_EQ(all->port, 7000);
  EXPECT_EQ(all->database, 12u);
  EXPECT_EQ(all->shown(), "redis://[::1]:7000/12") << "without the password";
  EXPECT_EQ(parse_redis_address("redis://:x@h/")->password, "x");
}

TEST(RedisAddress, Mistakes) {
  for (const char* text :
       {"", "redis:", "redis://", "redis://:80", "redis://h:", "redis://h:70000", "redis://h/x", "redis://h/-1",
        "redis://p@h", "redis://:@h", "redis://:%2@h", "redis://:%zz@h", "http://h"}) {
    EXPECT_FALSE(parse_redis_address(text)) << text;
  }
}

}  // namespace
}  // namespace ashlar::cli
