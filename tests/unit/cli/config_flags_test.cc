// The shared flags: tiers, caches, limits and features become settings.
#include "cli/config_flags.h"

#include <gtest/gtest.h>

namespace ashlar::cli {
namespace {

constexpr Flag kFlags[] = {
    kTierFlagRow, kNoCacheFlagRow, kPretendUnsupportedFlagRow, kBoundsChecksFlagRow,
    kLazyFlagRow, kFeatureFlagRow, kFuelCostFlagRow,
};

Result<Settings> settings(std::vector<std::string> words) {
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  Command command{};
  command.flags = kFlags;
  TRY_ASSIGN(const Args args, parse_args(command, argv));
  return read_settings(args);
}

TEST(ConfigFlags, Tiers) {
  using tiering::TierMode;
  EXPECT_EQ(settings({})->tier.use_cache, true);
  EXPECT_EQ(settings({"--tier=interp"})->tier.mode, TierMode::Interpreter);
  EXPECT_EQ(settings({"--tier", "optimizing"})->tier.mode, TierMode::Optimizing);
  EXPECT_EQ(settings({"--tier=auto"})->tier.mode, TierMode::Auto);
  EXPECT_FALSE(settings({"--tier=fast"}));
  EXPECT_FALSE(settings({"--no-cache"})->tier.use_cache);
  EXPECT_EQ(settings({"--pretend-unsupported=i32.add,br_table"})->tier.pretend_unsupported, "i32.add,br_table");
}

TEST(ConfigFlags, TheRest) {
  EXPECT_EQ(settings({"--bounds-checks=explicit"})->config.bounds_checks, runtime::BoundsChecks::Explicit);
  EXPECT_FALSE(settings({"--bounds-checks=none"}));
  EXPECT_TRUE(settings({"--lazy"})->config.lazy_validation);
  EXPECT_FALSE(settings({"-W", "gc=n"})->config.features.has(isa::Feature::gc));
  EXPECT_TRUE(settings({"-W", "all"})->config.features.has(isa::Feature::wide_arithmetic));
  EXPECT_EQ(settings({"-Wfuel=7"})->fuel, 7);
  EXPECT_FALSE(settings({"-W", "teleportation"}));
}

TEST(ConfigFlags, FuelCosts) {
  const auto error = [](const char* flag) { return settings({flag}).error().message(); };
  EXPECT_EQ(settings({"--fuel-cost=*=2,i64.div_u=20,f64.*=3"})->config.fuel_costs,
            isa::FuelCosts::parse("*=2,i64.div_u=20,f64.*=3"));
  EXPECT_EQ(error("--fuel-cost=i64.dvi_u=20"),
            "--fuel-cost: 'i64.dvi_u' is not an instruction; did you mean 'i64.div_u'?");
  EXPECT_EQ(error("--fuel-cost=i64.div_u"), "--fuel-cost: 'i64.div_u' is not NAME=N, such as i64.div_u=4 or f64.*=2");
  EXPECT_EQ(error("--fuel-cost=nop=1000001"), "--fuel-cost: 'nop=1000001' is not a cost of at most 1000000");
  EXPECT_FALSE(settings({"--fuel-cost=nop=-1"}));
  EXPECT_FALSE(settings({"--fuel-cost=nop=1,"}));
}

// What is for tests is understood, but not offered.
TEST(ConfigFlags, HiddenFlags) {
  Command command{};
  command.name = "x";
  command.flags = kFlags;
  const std::string help = help_text(command, false);
  EXPECT_NE(help.find("--no-cache"), help.npos);
  EXPECT_EQ(help.find("--pretend-unsupported"), help.npos);
}

}  // namespace
}  // namespace ashlar::cli
