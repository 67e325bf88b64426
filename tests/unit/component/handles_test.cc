// Handle tables: how many handles there may be.
#include "component/handles.h"

#include <gtest/gtest.h>

using namespace ashlar;
using component::HandleTable;

namespace {

TEST(HandleTable, IsFullAtSomeTime) {
  constexpr component::ResourceId kResource{0};
  HandleTable table;
  for (uint32_t i = 0; i < HandleTable::kMaxLength; ++i) {
    ASSERT_TRUE(table.add_own(kResource, i));
  }
  const auto more = table.add_own(kResource, 1);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code(), ErrorCode::handle_table_full);
  // A place that was given back can be used again.
  component::LoanStack loans;
  ASSERT_TRUE(table.drop(kResource, 7, loans));
  EXPECT_EQ(table.add_own(kResource, 1).value(), 7u);
  EXPECT_FALSE(table.add_own(kResource, 1));
}

}  // namespace
