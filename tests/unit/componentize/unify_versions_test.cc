// Imports of several versions of one interface.
#include "componentize/unify_versions.h"

#include "wit/wit_text.h"

namespace ashlar::componentize {
namespace {

using wit::testing::must_resolve;

/// World w of the text, behind packages of their own, with its imports unified; and what it needs.
std::string unified(const std::string& packages, const std::string& world) {
  wit::Resolved resolved = must_resolve("package test:p;\n" + packages + "world w {" + world + "}");
  const auto id = wit::select_world(resolved.model, resolved.roots[0], "w");
  if (!id) return id.error().render();
  unify_import_versions(resolved.model, *id);
  return wit::print_with_dependencies(resolved.model, resolved.roots[0], {.docs = false, .flat_worlds = true});
}

size_t count(const std::string& text, const std::string& part) {
  size_t out = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++out;
  return out;
}

constexpr const char* kOld =
    "package a:io@0.2.0 {"
    "  interface error { resource error { text: func() -> string; } }"
    "  interface streams {"
    "    use error.{error}; variant failure { last(error), closed }"
    "    resource input { read: func(n: u64) -> result<list<u8>, failure>; } old: func(); }"
    "}";
constexpr const char* kNew =
    "package a:io@0.2.3 {"
    "  interface error { resource error { text: func() -> string; } }"
    "  interface streams {"
    "    use error.{error}; variant failure { last(error), closed }"
    "    resource input { read: func(n: u64) -> result<list<u8>, failure>; skip: func(n: u64) -> u64; } }"
    "}";
constexpr const char* kUser =
    "package a:user@1.0.0 { interface get { use a:io/streams@0.2.0.{input}; get: func() -> input; } }";

TEST(UnifyVersionsTest, TheNewestIsLeftWithWhatAnyHas) {
  const std::string text = unified(std::string(kOld) + kNew + kUser,
                                   "import a:io/streams@0.2.0; import a:io/streams@0.2.3; import a:user/get@1.0.0;");
  EXPECT_EQ(count(text, "import a:io/streams@0.2.0"), 0u) << text;
  EXPECT_EQ(count(text, "import a:io/error@0.2.0"), 0u) << text;
  EXPECT_EQ(count(text, "import a:io/streams@0.2.3"), 1u) << text;
  EXPECT_EQ(count(text, "import a:io/error@0.2.3"), 1u) << text;
  // What only the older one has; what another interface uses.
  EXPECT_NE(text.find("old: func();"), text.npos) << text;
  EXPECT_NE(text.find("use a:io/streams@0.2.3.{input};"), text.npos) << text;
  EXPECT_EQ(count(text, "@0.2.0.{"), 0u) << text;
}

TEST(UnifyVersionsTest, TypesOfExportsFollow) {
  const std::string text =
      unified(std::string(kOld) + kNew + kUser, "import a:io/streams@0.2.3; export a:user/get@1.0.0;");
  EXPECT_EQ(count(text, "import a:io/streams@"), 1u) << text;
  EXPECT_NE(text.find("use a:io/streams@0.2.3.{input};"), text.npos) << text;
}

TEST(UnifyVersionsTest, OtherTracksAndExportsStayApart) {
  const std::string other = "package a:io@0.3.0 { interface error { resource error; } }";
  const std::string text = unified(kOld + other, "import a:io/error@0.2.0; import a:io/error@0.3.0;");
  EXPECT_EQ(count(text, "import a:io/error@"), 2u) << text;
  const std::string both = unified(std::string(kOld) + kNew, "import a:io/error@0.2.3; export a:io/error@0.2.0;");
  EXPECT_EQ(count(both, "a:io/error@0.2.0;"), 1u) << both;
  EXPECT_EQ(count(both, "a:io/error@0.2.3;"), 1u) << both;
}

TEST(UnifyVersionsTest, WhatSaysDifferentThingsStaysApart) {
  const std::pair<const char*, const char*> pairs[] = {
      {"record r { a: u8 }", "record r { a: u16 }"},
      {"record r { a: u8 }", "record r { b: u8 }"},
      {"variant r { a, b }", "variant r { a, b, c }"},
      {"enum r { a, b }", "enum r { b, a }"},
      {"flags r { a }", "enum r { a }"},
      {"type r = list<u8>;", "type r = list<u8, 4>;"},
      {"type r = tuple<u8, u8>;", "type r = tuple<u8>;"},
      {"r: func(a: u8);", "r: func(b: u8);"},
      {"r: func(a: u8);", "r: func(a: u8) -> u8;"},
      {"r: func();", "resource r;"},
      {"resource x; r: func(a: borrow<x>);", "resource x; r: func(a: x);"},
  };
  for (const auto& [old, newer] : pairs) {
    const std::string text = unified("package a:b@1.0.0 { interface i { " + std::string(old) +
                                         " } } package a:b@1.2.0 { interface i { " + newer + " } }",
                                     "import a:b/i@1.0.0; import a:b/i@1.2.0;");
    EXPECT_EQ(count(text, "import a:b/i@"), 2u) << text;
    const std::string same = unified("package a:b@1.0.0 { interface i { " + std::string(old) +
                                         " } } package a:b@1.2.0 { interface i { " + old + " } }",
                                     "import a:b/i@1.0.0; import a:b/i@1.2.0;");
    EXPECT_EQ(count(same, "import a:b/i@"), 1u) << same;
  }
}

TEST(UnifyVersionsTest, WhatUsesADifferentTypeStaysApartToo) {
  const std::string text = unified(
      "package a:b@1.0.0 { interface t { record r { a: u8 } } interface i { use t.{r}; f: func(x: list<r>); } }"
      "package a:b@1.1.0 { interface t { record r { a: u16 } } interface i { use t.{r}; f: func(x: list<r>); } }",
      "import a:b/i@1.0.0; import a:b/i@1.1.0;");
  EXPECT_EQ(count(text, "import a:b/"), 4u) << text;
}

TEST(UnifyVersionsTest, WhatWouldNeedItselfStaysApart) {
  const std::string self = unified(
      "package a:b@1.0.0 { interface i { record r { a: u8 } } }"
      "package a:b@1.1.0 { interface i { use a:b/i@1.0.0.{r}; f: func(x: r); } }",
      "import a:b/i@1.1.0;");
  EXPECT_EQ(count(self, "import a:b/i@"), 2u) << self;
  const std::string circle = unified(
      "package a:b@1.0.0 { interface i { resource r; } interface k { resource s; } }"
      "package a:b@1.1.0 {"
      "  interface i { use a:b/k@1.0.0.{s}; resource r; f: func(x: s); }"
      "  interface k { use a:b/i@1.0.0.{r}; resource s; f: func(x: r); } }",
      "import a:b/i@1.1.0; import a:b/k@1.1.0;");
  EXPECT_EQ(count(circle, "import a:b/"), 4u) << circle;
}

TEST(UnifyVersionsTest, SeveralOlderOnesThatDifferInWhatTheNewestLacks) {
  const std::string text = unified(
      "package a:b@1.0.0 { interface i { f: func(); g: func(); } }"
      "package a:b@1.1.0 { interface i { f: func(); g: func(x: u8); } }"
      "package a:b@1.2.0 { interface i { f: func(); } }",
      "import a:b/i@1.0.0; import a:b/i@1.1.0; import a:b/i@1.2.0;");
  EXPECT_EQ(count(text, "import a:b/i@"), 2u) << text;
  EXPECT_NE(text.find("import a:b/i@1.2.0"), text.npos) << text;
}

}  // namespace
}  // namespace ashlar::componentize
