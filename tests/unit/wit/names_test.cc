// Labels, versions and which interfaces stand in for each other.
#include "wit/names.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ashlar::wit {
namespace {

Version version(std::string_view text) {
  const std::optional<Version> out = parse_version(text);
  if (!out) ADD_FAILURE() << text << " is no version";
  return out.value_or(Version{});
}

InterfaceName interface(std::string_view text) {
  const std::optional<InterfaceName> out = parse_interface_name(text);
  if (!out) ADD_FAILURE() << text << " is no interface's name";
  return out.value_or(InterfaceName{});
}

TEST(NamesTest, VersionsReadAndPrint) {
  for (const char* text : {"0.0.0", "1.2.3", "1.0.0-rc.1", "1.0.0+b.7", "1.0.1--", "1.0.1-1a+1a", "1.0.0-a1.1-a",
                           "18446744073709551615.0.0"}) {
    EXPECT_EQ(version(text).str(), text);
  }
  for (const char* text : {"", "1", "1.2", "01.2.3", "1.2.3.4", "1.2.3-", "1.2.3-01", "1.2.3-a..b", "1.2.3+", "v1.2.3",
                           "18446744073709551616.0.0", "1.2.3 "}) {
    EXPECT_FALSE(parse_version(text)) << text;
  }
}

TEST(NamesTest, VersionEndsWhereTextGoesOn) {
  EXPECT_EQ(version_length("0.2.0.{stream}"), 5u);
  EXPECT_EQ(version_length("0.2.0-rc.1.{stream}"), 10u);
  EXPECT_EQ(version_length("1.0.0)"), 5u);
  EXPECT_EQ(version_length("1.0;"), 0u);
}

TEST(NamesTest, PrecedenceIsThatOfSemver) {
  // The order that semver.org gives as an example, and numbers.
  const std::vector<std::string> rising = {"0.9.9",      "1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.beta",
                                           "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
                                           "1.0.0",      "1.0.1",        "1.2.0",         "10.0.0"};
  for (size_t i = 0; i < rising.size(); ++i) {
    for (size_t j = 0; j < rising.size(); ++j) {
      EXPECT_EQ(precedence(version(rising[i]), version(rising[j])), i <=> j) << rising[i] << " " << rising[j];
    }
  }
  EXPECT_EQ(precedence(version("1.0.0+a"), version("1.0.0+b")), std::weak_ordering::equivalent);
}

TEST(NamesTest, TracksAndCanonicalVersions) {
  EXPECT_EQ(canonical_version(version("1.2.3")), "1");
  EXPECT_EQ(canonical_version(version("0.2.6-rc.1")), "0.2");
  EXPECT_EQ(canonical_version(version("0.0.1-alpha")), "0.0.1");
  EXPECT_EQ(semver_track(version("2.3.4")), "2");
  EXPECT_EQ(semver_track(version("0.2.12")), "0.2");
  EXPECT_FALSE(semver_track(version("0.0.3")));
  EXPECT_FALSE(semver_track(version("0.2.0-draft")));
}

TEST(NamesTest, InterfaceNames) {
  EXPECT_EQ(interface("wasi:http/types@0.2.12").str(), "wasi:http/types@0.2.12");
  EXPECT_EQ(interface("a:b/c").str(), "a:b/c");
  for (const char* text : {"a:b", "b/c", "a:b/c@1", "a:b/c@", "a:/c", "[method]a.b", "a/b:c", "a:b/C-d-"}) {
    EXPECT_FALSE(parse_interface_name(text)) << text;
  }
}

TEST(NamesTest, CompatibleWithinATrack) {
  const auto check = [](const char* wanted, const char* have) {
    EXPECT_EQ(compatible(interface(wanted), interface(have)), compatible(interface(have), interface(wanted)));
    return compatible(interface(wanted), interface(have));
  };
  EXPECT_TRUE(check("wasi:io/poll@0.2.0", "wasi:io/poll@0.2.12"));
  EXPECT_TRUE(check("a:b/c@1.0.0", "a:b/c@1.9.0"));
  EXPECT_TRUE(check("a:b/c@0.0.1", "a:b/c@0.0.1"));
  EXPECT_TRUE(check("a:b/c", "a:b/c"));
  EXPECT_FALSE(check("wasi:io/poll@0.2.0", "wasi:io/poll@0.3.0"));
  EXPECT_FALSE(check("a:b/c@1.0.0", "a:b/c@2.0.0"));
  EXPECT_FALSE(check("a:b/c@0.0.1", "a:b/c@0.0.2"));
  EXPECT_FALSE(check("a:b/c@0.2.0-draft", "a:b/c@0.2.0"));
  EXPECT_FALSE(check("a:b/c", "a:b/c@1.0.0"));
  EXPECT_FALSE(check("a:b/c@1.0.0", "a:b/d@1.0.0"));
}

TEST(NamesTest, BestMatchIsTheSameVersionOrTheNewest) {
  const std::vector<InterfaceName> have = {interface("a:b/c@0.2.1"), interface("a:b/c@0.2.10"),
                                           interface("a:b/c@0.2.9"), interface("a:b/c@0.3.0")};
  EXPECT_EQ(best_match(interface("a:b/c@0.2.9"), have), 2u);
  EXPECT_EQ(best_match(interface("a:b/c@0.2.20"), have), 1u);
  EXPECT_EQ(best_match(interface("a:b/c@0.3.7"), have), 3u);
  EXPECT_FALSE(best_match(interface("a:b/c@0.4.0"), have));
}

TEST(NamesTest, Labels) {
  for (const char* text : {"a", "a-b-c", "a1-2-3", "A", "A1-2-3", "a11-w0rds", "m1x3d-4CR0NYMS", "is-XML"}) {
    EXPECT_EQ(label_problem(text), nullptr) << text;
  }
  for (const char* text : {"", "1-2", "a--b", "-a", "a-", "aB", "a_b", "a.b"}) {
    EXPECT_NE(label_problem(text), nullptr) << text;
  }
  EXPECT_TRUE(is_keyword("interface"));
  EXPECT_TRUE(is_keyword("error-context"));
  EXPECT_FALSE(is_keyword("error"));
}

}  // namespace
}  // namespace ashlar::wit
