// Names, types, gates and packages.
#include "wit/resolve.h"

#include "wit/wit_text.h"

namespace ashlar::wit {
namespace {

using testing::error_of;
using testing::group_of;
using testing::must_resolve;
using testing::printed;

TEST(WitResolveTest, TypesComeBehindWhatTheyNeed) {
  const Resolved resolved = must_resolve("interface i { type c = list<b>; record b { x: a } type a = u8; }");
  std::string order;
  for (const TypeId id : resolved.model[InterfaceId{0}].types) order += resolved.model[id].name;
  EXPECT_EQ(order, "abc");
}

TEST(WitResolveTest, UnknownNamesSuggestNearOnes) {
  EXPECT_EQ(error_of("package a:b;\ninterface i { record point { x: u8 } f: func(p: pont); }"),
            "2:49: unknown type 'pont'; did you mean 'point'?");
  EXPECT_EQ(error_of("package a:b;\ninterface streams { type t = u8; }\ninterface i { use stream-s.{t}; }"),
            "3:19: unknown interface 'stream-s'; did you mean 'streams'?");
  EXPECT_EQ(error_of("package a:b;\ninterface i { use wasi:io/poll@0.2.0.{t}; }\npackage wasi:io@0.2.1 {}"),
            "2:19: unknown package 'wasi:io@0.2.0'; did you mean 'wasi:io@0.2.1'?");
}

TEST(WitResolveTest, CyclesNameTheirWay) {
  EXPECT_EQ(error_of("package a:b;\ninterface i { record a { b: b } record b { a: option<a> } }"),
            "2:54: type 'a' depends on itself: a -> b -> a");
  EXPECT_EQ(error_of("package a:b;\ninterface i { use j.{t}; }\ninterface j { use i.{t}; }"),
            "3:19: interface 'i' depends on itself: i -> j -> i");
  EXPECT_EQ(error_of("package a:b;\nworld w { include w; }"), "2:19: world 'w' depends on itself");
  EXPECT_EQ(error_of("package a:b;\npackage c:d { interface i { use e:f/i.{t}; } }\n"
                     "package e:f { interface i { use c:d/i.{t}; } }"),
            "3:33: package 'c:d' depends on itself: c:d -> e:f -> c:d");
}

TEST(WitResolveTest, LongChainsNeedNoStack) {
  std::string text = "package a:b; interface i { type t0 = u8;";
  for (int i = 1; i < 50000; ++i) text += " type t" + std::to_string(i) + " = t" + std::to_string(i - 1) + ";";
  const Resolved resolved = must_resolve(text + "}");
  const TypeId last = resolved.model[InterfaceId{0}].types.back();
  EXPECT_EQ(resolved.model.dealias(Type(last)), Type(Prim::U8));
  std::string chain = "package a:b; interface i0 { type t = u8; }";
  for (int i = 1; i < 20000; ++i) {
    chain += "interface i" + std::to_string(i) + " { use i" + std::to_string(i - 1) + ".{t}; }";
  }
  EXPECT_EQ(must_resolve(chain + "world w { import i19999; }").model[WorldId{0}].imports.size(), 20000u);
}

TEST(WitResolveTest, WorldsCannotGrowWithoutBound) {
  // Each world implies the imports of a long chain: quadratic in the text.
  std::string text = "package a:b; interface i0 { type t = u8; }";
  for (int i = 1; i < 2000; ++i) {
    text += "interface i" + std::to_string(i) + " { use i" + std::to_string(i - 1) + ".{t}; }";
  }
  for (int i = 0; i < 2000; ++i) text += "world w" + std::to_string(i) + " { import i1999; }";
  EXPECT_TRUE(error_of(text).contains("too many items of worlds")) << error_of(text);
}

TEST(WitResolveTest, NamesAreUniqueWhateverTheirCase) {
  EXPECT_EQ(error_of("package a:b;\ninterface i { type ab = u8; AB: func(); }"),
            "2:29: duplicate name 'AB' in interface 'i'");
  EXPECT_EQ(error_of("package a:b;\ninterface i { f: func(a: u8, A: u8); }"), "2:30: duplicate parameter 'A'");
  EXPECT_EQ(error_of("package a:b;\ninterface i { flags f { a, b, a } }"), "2:31: duplicate name 'a' in 'f'");
  EXPECT_EQ(error_of("package a:b;\ninterface i { resource r { a: func(); a: static func(); } }"),
            "2:39: duplicate method 'a' in resource 'r'");
}

TEST(WitResolveTest, ResourcesAreHandlesWhereValuesStand) {
  const Resolved resolved = must_resolve(
      "interface i { resource r { constructor(a: u8); m: func(o: r) -> r; s: static func(); }"
      " type alias = r; f: func(b: borrow<alias>, o: alias); }");
  const Resolve& model = resolved.model;
  const InterfaceId i{0};
  const TypeId r = *model.find_type(i, "r");
  ASSERT_EQ(model.functions_of(i, r).size(), 3u);
  const Function* constructor = model.find_function(i, "[constructor]r");
  ASSERT_NE(constructor, nullptr);
  EXPECT_FALSE(std::get<Handle>(model.definition(*constructor->result)->kind).borrowed);
  const Function* method = model.find_function(i, "[method]r.m");
  ASSERT_NE(method, nullptr);
  EXPECT_EQ(method->params[0].name, "self");
  EXPECT_TRUE(std::get<Handle>(model.definition(method->params[0].type)->kind).borrowed);
  EXPECT_FALSE(std::get<Handle>(model.definition(method->params[1].type)->kind).borrowed);
  EXPECT_NE(model.find_function(i, "[static]r.s"), nullptr);
  const Function* function = model.find_function(i, "f");
  const auto& handle = std::get<Handle>(model.definition(function->params[0].type)->kind);
  EXPECT_EQ(model.dealias(handle.resource), r);
}

TEST(WitResolveTest, HandlesThatCannotBe) {
  EXPECT_EQ(error_of("package a:b;\ninterface i { type t = u8; f: func(x: borrow<t>); }"),
            "2:46: 't' is no resource, expected a resource");
  EXPECT_EQ(error_of("package a:b;\ninterface i { resource r; record p { x: borrow<r> } f: func() -> option<p>; }"),
            "2:53: function 'f' returns a type that holds a borrow: only parameters can");
  EXPECT_EQ(error_of("package a:b;\ninterface i { resource r; f: func(s: stream<borrow<r>>); }"),
            "2:38: a stream cannot carry a borrow");
  EXPECT_EQ(error_of("package a:b;\ninterface i { resource r { constructor() -> option<r>; } }"),
            "2:45: the constructor of 'r' returns 'result<r>' or 'result<r, ...>', or nothing is written");
  EXPECT_EQ(error_of("package a:b;\ninterface i { resource r { constructor() -> result<r, string>; } }"), "accepted");
  EXPECT_EQ(error_of("package a:b;\ninterface i { type m = map<f32, u8>; }"),
            "2:24: keys of a map are bool, char, string or integers");
}

TEST(WitResolveTest, GatedItemsAreThereWhenTheirFeatureIs) {
  const char* text = "interface i { @unstable(feature = x) f: func(); @unstable(feature = y) g: func(); h: func(); }";
  EXPECT_EQ(printed(text), "interface i {\n  h: func();\n}\n");
  const ResolveOptions only_x{{"x"}, false};
  EXPECT_EQ(printed(text, {}, only_x), "interface i {\n  @unstable(feature = x)\n  f: func();\n\n  h: func();\n}\n");
  const ResolveOptions all{{}, true};
  EXPECT_EQ(must_resolve(text, all).model[InterfaceId{0}].functions.size(), 3u);
}

TEST(WitResolveTest, WhatUsesGatedItemsIsGatedToo) {
  EXPECT_EQ(error_of("package a:b;\ninterface i { @unstable(feature = x) type t = u8; f: func(a: t); }"),
            "2:62: type 't' is left out here: its feature 'x' is not enabled, but what refers to it is not gated");
  EXPECT_EQ(error_of("package a:b;\n@unstable(feature = x) interface i { type t = u8; }"),
            "2:43: type 't' has no gate, but its interface 'i' is left out: its feature 'x' is not enabled");
  EXPECT_EQ(error_of("package a:b;\n@unstable(feature = x) interface i {}\nworld w { import i; }"),
            "3:18: interface 'i' is left out here: its feature 'x' is not enabled, but what refers to it is not gated");
  EXPECT_EQ(error_of("package a:b@1.0.0;\n@since(version = 1.0.1)\ninterface i {}"),
            "2:1: @since(version = 1.0.1): the package is only at version 1.0.0");
  EXPECT_EQ(error_of("package a:b;\n@since(version = 1.0.1)\ninterface i {}"),
            "2:1: @since(version = ...) in a package without version: expected 'package a:b@VERSION;'");
}

TEST(WitResolveTest, FilesOfAFolderAreOnePackage) {
  SourceGroup group;
  group.files = {{"a.wit", "interface i { use j.{t}; }"},
                 {"b.wit", "package a:b;\ninterface j { type t = u8; }"},
                 {"c.wit", "use j as renamed; interface k { use renamed.{t}; }"}};
  const std::vector<SourceGroup> groups = {group};
  const Result<Resolved> resolved = resolve(groups);
  ASSERT_TRUE(resolved) << resolved.error().render();
  EXPECT_EQ(resolved->model[resolved->roots[0]].interfaces.size(), 3u);

  // A name that another file's `use` gives is that file's own.
  group.files.push_back({"d.wit", "interface l { use renamed.{t}; }"});
  const std::vector<SourceGroup> wrong = {group};
  const Result<Resolved> failed = resolve(wrong);
  ASSERT_FALSE(failed);
  EXPECT_TRUE(failed.error().render().starts_with("d.wit:1:19: unknown interface 'renamed'"))
      << failed.error().render();
}

TEST(WitResolveTest, PackagesOfOtherGroupsAreFound) {
  SourceGroup spare = group_of("package c:d@1.0.0; interface i { type other = u8; }");
  spare.spare = true;
  const std::vector<SourceGroup> groups = {group_of("package a:b; interface i { use c:d/i@1.0.0.{t}; }"),
                                           group_of("package c:d@1.0.0; interface i { type t = u8; }"), spare};
  const Result<Resolved> resolved = resolve(groups);
  ASSERT_TRUE(resolved) << resolved.error().render();
  EXPECT_EQ(resolved->model[resolved->roots[0]].name.str(), "a:b");
  EXPECT_EQ(resolved->model.full_name(resolved->model[resolved->roots[1]].interfaces[0]), "c:d/i@1.0.0");
  const std::vector<SourceGroup> twice = {groups[0], groups[1], groups[1]};
  EXPECT_EQ(resolve(twice).error().message(), "package 'c:d@1.0.0' is defined twice");
}

TEST(WitResolveTest, SelectsWorlds) {
  const Resolved resolved = must_resolve("package a:b@1.0.0; world one {} world two {} package c:d { world three {} }");
  const Resolve& model = resolved.model;
  const PackageId root = resolved.roots[0];
  EXPECT_EQ(model.full_name(*select_world(model, root, "two")), "a:b/two@1.0.0");
  EXPECT_EQ(model.full_name(*select_world(model, root, "c:d/three")), "c:d/three");
  EXPECT_EQ(model.full_name(*select_world(model, *model.find_package({"c", "d", {}}), "")), "c:d/three");
  EXPECT_EQ(select_world(model, root, "").error().message(),
            "package 'a:b@1.0.0' has 2 worlds: name one, as in --world NAME: one, two");
  EXPECT_EQ(select_world(model, root, "tow").error().message(), "unknown world 'tow'; did you mean 'two'?");
}

}  // namespace
}  // namespace ashlar::wit
