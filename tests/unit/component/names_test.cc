// The grammar of names and when two are too alike.
#include "component/names.h"

#include <gtest/gtest.h>

namespace ashlar::component {
namespace {

bool is_name(std::string_view text, bool imports = true, Gates gates = {}) {
  ParsedName parsed;
  return parse_name(text, imports, gates, parsed).empty();
}

TEST(Names, Labels) {
  for (const char* good : {"a", "A", "a-b-c", "a1-2-3", "A1-2-3", "a11-w0rds", "A11-4CR0NYMS", "m1x3d-4CR0NYMS"}) {
    EXPECT_TRUE(is_label(good)) << good;
  }
  for (const char* bad : {"", "-", "a-", "-a", "a--b", "1-2-3", "1", "aB", "a_b", "a.b", "\xc3\xa4"}) {
    EXPECT_FALSE(is_label(bad)) << bad;
  }
}

TEST(Names, Semver) {
  for (const char* good : {"0.0.0", "1.2.3", "1.0.0-rc.1", "1.0.0-0a", "1.0.0+001", "1.0.0-a-b+c-d.4"}) {
    EXPECT_TRUE(is_semver(good)) << good;
  }
  for (const char* bad : {"", ".", "1", "1.2", "1.2.", "01.2.3", "1.2.3-", "1.2.3+", "1.2.3-01", "1.2.3-a..b", "1.2.3 ",
                          "1.2.x", "99999999999999999999.0.0"}) {
    EXPECT_FALSE(is_semver(bad)) << bad;
  }
  for (const char* good : {"1", "12", "0.2", "0.0.3", "0.0.0"}) EXPECT_TRUE(is_canonical_version(good)) << good;
  for (const char* bad : {"0", "0.0", "1.2", "01", "0.02", "", "0.0.0.0"})
    EXPECT_FALSE(is_canonical_version(bad)) << bad;
}

TEST(Names, Interfaces) {
  EXPECT_TRUE(is_name("wasi:http/types"));
  EXPECT_TRUE(is_name("wasi:http/types@0.2.0-rc-2023-11-10"));
  EXPECT_FALSE(is_name("wasi:http"));
  EXPECT_FALSE(is_name("Wasi:http/types"));
  EXPECT_FALSE(is_name("wasi:http/types/more"));
  EXPECT_TRUE(is_name("wasi:http/types/more", true, Gates().set(Gate::NestedNames)));
  EXPECT_FALSE(is_name("wasi:http/types@1"));
  EXPECT_TRUE(is_name("wasi:http/types@1", true, Gates().set(Gate::CanonicalNames)));
}

TEST(Names, AnnotatedAndDependencies) {
  ParsedName parsed;
  EXPECT_EQ(parse_name("[method]blob.read-all", true, {}, parsed), "");
  EXPECT_EQ(parsed.kind, NameKind::Method);
  EXPECT_EQ(parsed.resource, "blob");
  EXPECT_EQ(parse_name("[getter]blob.x", true, {}, parsed), "`getter` is no known annotation");
  EXPECT_TRUE(is_name("unlocked-dep=<a:b@{>=1.2.3 <2.0.0}>"));
  EXPECT_FALSE(is_name("unlocked-dep=<a:b@{<1.2.3 >=2.0.0}>"));
  EXPECT_TRUE(is_name("locked-dep=<a:b@1.2.3>,integrity=<sha256-a>"));
  EXPECT_FALSE(is_name("locked-dep=<a:b@1.2.3>", false));
  EXPECT_TRUE(is_name("url=<https://a/b>"));
  EXPECT_FALSE(is_name("integrity=<md5-abc>"));
}

TEST(Names, Alike) {
  EXPECT_EQ(name_key("foo-BAR"), name_key("FOO-bar"));
  EXPECT_EQ(name_key("foo-bar"), name_key("foobar"));  // hyphens do not tell names apart
  EXPECT_EQ(name_key("[method]foo.foo"), name_key("foo"));
  EXPECT_EQ(name_key("[static]foo-BAR.FOO-bar"), name_key("foo-bar"));
  EXPECT_EQ(name_key("[method]foo.bar"), name_key("[static]foo.BAR"));
  EXPECT_NE(name_key("[constructor]foo"), name_key("foo"));
  EXPECT_EQ(name_key("foo:bar/baz"), name_key("foo:bar/BAZ"));
  EXPECT_NE(name_key("a:b/c@1.0.0"), name_key("a:b/c@2.0.0"));
  EXPECT_NE(name_key("a:b/c@1.0.0-a-b"), name_key("a:b/c@1.0.0-ab"));
}

TEST(Gates, AreFoundByName) {
  EXPECT_EQ(gate_from_name("error-context"), Gate::ErrorContext);
  EXPECT_EQ(gate_from_name("nothing"), std::nullopt);
  EXPECT_TRUE(Gates().has(Gate::Async));
  EXPECT_FALSE(Gates().has(Gate::Threading));
  EXPECT_TRUE(Gates::all().has(Gate::Gc));
  EXPECT_TRUE(Gates().set(Gate::Stable, false).has(Gate::Stable));
}

}  // namespace
}  // namespace ashlar::component
