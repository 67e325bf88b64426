// How errors are shown.
#include "base/error.h"

#include <gtest/gtest.h>

namespace ashlar {
namespace {

TEST(Error, NamesAFileOnce) {
  const auto failed = [] { return Error(ErrorCode::io_failed, kNoOffset, "a.wasm", "No such file or directory"); };
  EXPECT_EQ(failed().render(), "a.wasm: No such file or directory");
  EXPECT_EQ(failed().in_file("a.wasm").render(), "a.wasm: No such file or directory");
  EXPECT_EQ(failed().in_file("b.toml").render(), "b.toml: a.wasm: No such file or directory");
  EXPECT_EQ(failed().in_file("a.wasm").at_line(2, 3).render(), "a.wasm:2:3: a.wasm: No such file or directory");
}

}  // namespace
}  // namespace ashlar
