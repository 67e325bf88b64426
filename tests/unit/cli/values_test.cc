// Tests typed arguments and the printing of results.
#include "cli/values.h"

#include <gtest/gtest.h>

#include "interp/interp.h"

namespace ashlar::cli {
namespace {

using isa::ValType;

class Values : public testing::Test {
 protected:
  /// What an argument looks like when it is printed again; "error" for a bad one.
  std::string again(ValType type, std::string_view text) {
    Result<runtime::Value> value = parse_value(store_, type, text, 1);
    return value ? format_value(store_, *value) : "error";
  }

  runtime::Store store_{std::make_shared<runtime::Engine>(runtime::Config(), interp::tier())};
};

TEST_F(Values, Integers) {
  EXPECT_EQ(again(ValType::i32(), "0"), "0");
  EXPECT_EQ(again(ValType::i32(), "4294967295"), "-1");
  EXPECT_EQ(again(ValType::i32(), "-0x80000000"), "-2147483648");
  EXPECT_EQ(again(ValType::i32(), "1_000"), "1000");
  EXPECT_EQ(again(ValType::i64(), "0xffffffffffffffff"), "-1");
  for (const char* bad : {"", "-", "0x", "4294967296", "-2147483649", "1.0", "x", "1 "}) {
    EXPECT_EQ(again(ValType::i32(), bad), "error") << bad;
  }
}

TEST_F(Values, Floats) {
  for (const char* same : {"0", "-0", "0.1", "inf", "-inf", "nan", "-nan", "nan:0x1", "1e+30", "1e-45"}) {
    EXPECT_EQ(again(ValType::f32(), same), same);
  }
  EXPECT_EQ(again(ValType::f64(), "0x1p-1074"), "5e-324");
  EXPECT_EQ(again(ValType::f64(), "1e999"), "inf");
  EXPECT_EQ(again(ValType::f64(), "-1e-999"), "-0");
  for (const char* bad : {"", "--1", "nan:0x0", "nan:0x800000", "0x", "1f", "in"}) {
    EXPECT_EQ(again(ValType::f32(), bad), "error") << bad;
  }
}

TEST_F(Values, Vectors) {
  EXPECT_EQ(again(ValType::v128(), "0x10"), "i32x4:0x00000010,0x00000000,0x00000000,0x00000000");
  EXPECT_EQ(again(ValType::v128(), "i32x4:1,2,3,-1"), "i32x4:0x00000001,0x00000002,0x00000003,0xffffffff");
  EXPECT_EQ(again(ValType::v128(), "f64x2:1,-2"), "i32x4:0x00000000,0x3ff00000,0x00000000,0xc0000000");
  for (const char* bad : {"1", "i32x4:1,2,3", "i32x4:1,2,3,4,5", "i32x4", "i8x4:1,2,3,4", "i8x16:256", "0x"}) {
    EXPECT_EQ(again(ValType::v128(), bad), "error") << bad;
  }
}

TEST_F(Values, References) {
  EXPECT_EQ(again(ValType::funcref(), "null"), "null");
  EXPECT_EQ(again(ValType::externref(), "null"), "null");
  EXPECT_EQ(again(ValType::externref(), "7"), "extern 7");
  EXPECT_EQ(again(ValType::i31ref(), "-5"), "i31 -5");
  EXPECT_EQ(again(ValType::ref(isa::AbsHeap::Func), "null"), "error");
  EXPECT_EQ(again(ValType::funcref(), "1"), "error");
}

}  // namespace
}  // namespace ashlar::cli
