// Tests what instructions cost: names, beginnings of names, and the text that artifacts keep.
#include "isa/fuel_costs.h"

#include <gtest/gtest.h>

namespace ashlar::isa {
namespace {

TEST(FuelCosts, AreOneUnlessSet) {
  FuelCosts costs;
  EXPECT_EQ(costs[Op::i32_add], 1u);
  EXPECT_TRUE(costs.set("i32.div_s", 4));
  EXPECT_EQ(costs[Op::i32_div_s], 4u);
  EXPECT_EQ(costs[Op::i32_div_u], 1u);
  EXPECT_TRUE(costs.set("f64.*", 0));
  EXPECT_EQ(costs[Op::f64_sqrt], 0u);
  EXPECT_EQ(costs[Op::f32_sqrt], 1u);
  EXPECT_TRUE(costs.set("select", 5));
  EXPECT_EQ(costs[Op::select_t], 5u);  // one mnemonic, two encodings
}

TEST(FuelCosts, AreNotSetForNothing) {
  FuelCosts costs;
  EXPECT_FALSE(costs.set("i32.divide", 4));
  EXPECT_FALSE(costs.set("", 4));
  EXPECT_FALSE(costs.set("i33.*", 4));
  EXPECT_FALSE(costs.set("nop", FuelCosts::kMost + 1));
  EXPECT_EQ(costs, FuelCosts());
}

TEST(FuelCosts, AreTheirText) {
  EXPECT_EQ(FuelCosts().text(), "");
  for (const char* text : {"nop=0", "call=7,i32.div_s=4,i32.div_u=4", "*=3", "*=3,nop=1,memory.copy=1000000"}) {
    const auto costs = FuelCosts::parse(text);
    ASSERT_TRUE(costs) << text;
    EXPECT_EQ(costs->text(), text);
  }
  EXPECT_EQ(FuelCosts::parse("i32.div_s=9,i32.*=1,*=1"), FuelCosts());
  EXPECT_EQ(FuelCosts::parse("select=5")->text(), "select=5,select=5");
}

TEST(FuelCosts, OtherTextIsRefused) {
  for (const char* text : {",", "nop", "nop=", "nop=1,", "nop=-1", "nop=1x", "=1", "nap=1", "nop=1000001", "nop=1 "}) {
    EXPECT_FALSE(FuelCosts::parse(text)) << text;
  }
}

}  // namespace
}  // namespace ashlar::isa
