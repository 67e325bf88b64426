// Tests the set of features.
#include "isa/features.h"

#include <gtest/gtest.h>

namespace ashlar::isa {
namespace {

TEST(Features, Defaults) {
  const Features features;
  EXPECT_TRUE(features.has(Feature::mvp));
  EXPECT_TRUE(features.has(Feature::gc));
  EXPECT_FALSE(features.has(Feature::custom_descriptors));
  EXPECT_TRUE(Features::all().has(Feature::custom_descriptors));
}

TEST(Features, SetAndClear) {
  Features features = Features::of({Feature::simd});
  EXPECT_TRUE(features.has(Feature::simd));
  EXPECT_FALSE(features.has(Feature::threads));
  EXPECT_TRUE(features.set("threads", true));
  EXPECT_TRUE(features.has(Feature::threads));
  EXPECT_FALSE(features.set("thread", true));
  features.set(Feature::simd, false);
  EXPECT_FALSE(features.has(Feature::simd));
  features.set(Feature::mvp, false);
  EXPECT_TRUE(features.has(Feature::mvp));
}

TEST(Features, EveryNameIsFound) {
  for (size_t i = 0; i < kFeatureCount; ++i) {
    EXPECT_EQ(feature_from_name(kFeatureTable[i].name), static_cast<Feature>(i));
  }
}

}  // namespace
}  // namespace ashlar::isa
