// Whom a change breaks.
#include "wit/diff.h"

#include "wit/wit_text.h"

namespace ashlar::wit {
namespace {

using testing::must_resolve;

/// A line a change: "guests", "hosts", "both" or "nobody", and what.
std::string lines(const std::vector<Change>& changes) {
  std::string out;
  for (const Change& change : changes) {
    out += change.breaks_guests ? (change.breaks_hosts ? "both: " : "guests: ")
                                : (change.breaks_hosts ? "hosts: " : "nobody: ");
    out += change.where + ": " + change.what + "\n";
  }
  return out;
}

std::string package_diff(std::string_view before, std::string_view after) {
  const Resolved a = must_resolve(before);
  const Resolved b = must_resolve(after);
  return lines(diff_packages(a.model, a.roots[0], b.model, b.roots[0]));
}

/// Of a world 'w' that is alone in its package.
std::string world_diff(std::string_view before, std::string_view after) {
  const Resolved a = must_resolve(before);
  const Resolved b = must_resolve(after);
  return lines(
      diff_worlds(a.model, *select_world(a.model, a.roots[0], "w"), b.model, *select_world(b.model, b.roots[0], "w")));
}

TEST(WitDiffTest, TheSameIsTheSame) {
  const char* text =
      "interface i { resource r; record p { a: r } f: func(x: list<p>) -> result<r>; } world w { export i; }";
  EXPECT_EQ(package_diff(text, text), "");
  EXPECT_EQ(world_diff(text, text), "");
  EXPECT_EQ(package_diff("interface i { @unstable(feature = x) f: func(); }", "interface i { /// Docs.\n }"), "");
}

TEST(WitDiffTest, ImportsAndExportsBreakDifferentSides) {
  EXPECT_EQ(world_diff("world w { import a: func(); }", "world w { import a: func(); import b: func(); }"),
            "hosts: world 'test:p/w': import 'b' is new\n");
  EXPECT_EQ(world_diff("world w { import a: func(); }", "world w {}"),
            "guests: world 'test:p/w': import 'a' is gone\n");
  EXPECT_EQ(world_diff("world w {}", "world w { export a: func(); }"), "guests: world 'test:p/w': export 'a' is new\n");
  EXPECT_EQ(world_diff("world w { export a: func(); }", "world w {}"), "hosts: world 'test:p/w': export 'a' is gone\n");
}

TEST(WitDiffTest, FunctionsOfInterfacesFollowTheirRole) {
  const auto text = [](const char* kind, const char* functions) {
    return std::string("interface i { ") + functions + " } world w { " + kind + " i; }";
  };
  EXPECT_EQ(world_diff(text("import", "f: func();"), text("import", "f: func(); g: func();")),
            "hosts: imported interface 'test:p/i': function 'g' is new\n");
  EXPECT_EQ(world_diff(text("export", "f: func();"), text("export", "f: func(); g: func();")),
            "guests: exported interface 'test:p/i': function 'g' is new\n");
  EXPECT_EQ(world_diff(text("import", "f: func();"), text("import", "f: func(a: u8);")),
            "both: imported interface 'test:p/i': function 'f' was 'func()', is 'func(a: u8)'\n");
  EXPECT_EQ(package_diff(text("import", "f: func();"), text("import", "f: func(); g: func();")),
            "nobody: interface 'test:p/i': function 'g' is new\n");
  EXPECT_EQ(package_diff(text("import", "f: func();"), text("import", "")),
            "both: interface 'test:p/i': function 'f' is gone\n");
}

TEST(WitDiffTest, TypesAreNotSubtypes) {
  const auto text = [](const char* type) { return std::string("interface i { ") + type + " }"; };
  EXPECT_EQ(package_diff(text("enum e { a, b }"), text("enum e { a, b, c }")),
            "both: interface 'test:p/i', type 'e': case 'c' is new\n");
  EXPECT_EQ(package_diff(text("enum e { a, b }"), text("enum e { b, a }")),
            "both: interface 'test:p/i', type 'e': cases stand in another order\n");
  EXPECT_EQ(package_diff(text("record r { a: u8 }"), text("record r { a: u16 }")),
            "both: interface 'test:p/i', type 'r': field 'a' has another type\n");
  EXPECT_EQ(package_diff(text("flags f { a }"), text("flags f { }")),
            "both: interface 'test:p/i', type 'f': flag 'a' is gone\n");
  EXPECT_EQ(package_diff(text("type t = u8;"), text("record t { a: u8 }")),
            "both: interface 'test:p/i', type 't': it is another kind of type\n");
  EXPECT_EQ(package_diff(text("type t = u8; f: func(a: t);"), text("type t = u8; f: func(a: u8);")), "");
  EXPECT_EQ(package_diff(text("f: func();"), text("f: async func();")),
            "both: interface 'test:p/i': function 'f' was 'func()', is 'async func()'\n");
  EXPECT_EQ(package_diff(text(""), text("type t = u8;")), "nobody: interface 'test:p/i': type 't' is new\n");
}

TEST(WitDiffTest, VersionsCountWhenTheirTracksDiffer) {
  EXPECT_EQ(package_diff("package a:b@0.2.0; interface i {}", "package a:b@0.2.5; interface i {}"), "");
  EXPECT_EQ(package_diff("package a:b@0.2.0; interface i {}", "package a:b@0.3.0; interface i {}"),
            "both: package 'a:b': 'a:b@0.3.0' does not stand in for 'a:b@0.2.0'\n");
  EXPECT_EQ(world_diff("package a:b@1.0.0; interface i {} interface j {} world w { import i; import j; }",
                       "package a:b@2.0.0; interface i {} interface j {} world w { import i; import j; }"),
            "both: package 'a:b': 'a:b@2.0.0' does not stand in for 'a:b@1.0.0'\n");
}

}  // namespace
}  // namespace ashlar::wit
