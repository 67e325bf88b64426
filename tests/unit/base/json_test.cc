// JSON strings: escapes, and bytes that are no UTF-8.
#include "base/json.h"

#include <gtest/gtest.h>

namespace ashlar::base {
namespace {

TEST(JsonTest, EscapesWhatHasTo) {
  EXPECT_EQ(json_string("plain"), R"("plain")");
  EXPECT_EQ(json_string("a\"b\\c\nd"), R"("a\"b\\c\nd")");
  EXPECT_EQ(json_string(std::string_view("\0\x1f\x7f", 3)), R"("\u0000\u001f\u007f")");
}

TEST(JsonTest, KeepsUtf8AndReplacesOtherBytes) {
  EXPECT_EQ(json_string("gr\xc3\xbc\xc3\x9f"), "\"gr\xc3\xbc\xc3\x9f\"");
  EXPECT_EQ(json_string("a\xff\x62"), "\"a\\ufffdb\"");
}

}  // namespace
}  // namespace ashlar::base
