// Names of snapshots that were asked for.
#include "inspect/heap_watch.h"

#include <gtest/gtest.h>

namespace ashlar::inspect {
namespace {

TEST(HeapWatchTest, TheNumberStandsBeforeTheEnding) {
  EXPECT_EQ(numbered_path("app.heapsnapshot", 1), "app.1.heapsnapshot");
  EXPECT_EQ(numbered_path("a.b/app.x.heapsnapshot", 12), "a.b/app.x.12.heapsnapshot");
  EXPECT_EQ(numbered_path("a.b/app", 2), "a.b/app.2");
  EXPECT_EQ(numbered_path(".hidden", 3), ".hidden.3");
}

}  // namespace
}  // namespace ashlar::inspect
