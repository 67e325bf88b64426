// Documentation and stability of packages in binary form.
#include "componentize/package_docs.h"

#include "component/decode.h"
#include "component/encode.h"
#include "componentize/wit_decoder.h"
#include "componentize/world_encoder.h"
#include "wit/wit_text.h"

namespace ashlar::componentize {
namespace {

using wit::testing::must_resolve;

std::string print(const wit::Resolved& resolved) {
  return wit::print_with_dependencies(resolved.model, resolved.roots[0], {.docs = true, .flat_worlds = true});
}

/// The package in binary form with those sections instead of its own, read again.
Result<wit::Resolved> with_docs(const wit::Resolved& resolved, const std::vector<std::string>& sections) {
  component::Component package = *encode_package(resolved.model, resolved.roots[0]);
  std::erase_if(package.defs, [](const component::Definition& def) {
    return std::holds_alternative<component::CustomSection>(def.def);
  });
  for (const std::string& one : sections) {
    component::Definition def;
    def.def = component::CustomSection{std::string(kDocsSection), {one.begin(), one.end()}};
    package.defs.push_back(std::move(def));
  }
  const auto read = component::decode(component::encode(package), {});
  if (!read) return std::unexpected(read.error().clone());
  return decode_wit(**read, {});
}

TEST(PackageDocsTest, EverythingComesBack) {
  const wit::Resolved resolved = must_resolve(
      "/// The package.\n"
      "package test:p@1.2.3;\n"
      "/// An interface.\n"
      "///\n"
      "///   with \"lines\" \\ of their own\n"
      "@since(version = 1.0.0)\n"
      "interface types {\n"
      "  /// A record.\n"
      "  @since(version = 1.1.0) @deprecated(version = 1.2.0)\n"
      "  record r {\n    /// A field.\n    a: u8,\n    b: u8,\n  }\n"
      "  /// A variant.\n"
      "  variant v {\n    /// A case.\n    a,\n  }\n"
      "  flags f {\n    /// A flag.\n    a,\n  }\n"
      "  enum e {\n    a,\n    /// An enumerator.\n    b,\n  }\n"
      "  /// An alias.\n"
      "  type t = list<r>;\n"
      "  /// A resource.\n"
      "  resource res {\n"
      "    /// Its constructor.\n    constructor();\n"
      "    /// A method.\n    m: func(v: v, f: f, e: e, t: t);\n"
      "    /// A static one.\n    s: static func();\n"
      "  }\n"
      "  /// A function.\n"
      "  @unstable(feature = later)\n"
      "  go: func() -> r;\n"
      "}\n"
      "interface silent { f: func(); }\n"
      "/// A world.\n"
      "world w {\n"
      "  /// Why it is imported.\n"
      "  @since(version = 1.0.0)\n"
      "  import types;\n"
      "  /// A type of the world.\n"
      "  type mine = u8;\n"
      "  /// An import of the world's own.\n"
      "  import both: func(x: mine);\n"
      "  /// Another one.\n"
      "  import inside: interface {\n    /// Inside.\n    f: func();\n  }\n"
      "  /// Why it is exported.\n"
      "  export silent;\n"
      "  /// Of the same name.\n"
      "  export both: func();\n"
      "  /// Exported.\n"
      "  export other: interface {\n    /// Inside of the other.\n    f: func();\n  }\n"
      "}\n",
      {.features = {"later"}, .all_features = false});
  const auto package = encode_package(resolved.model, resolved.roots[0]);
  ASSERT_TRUE(package);
  const auto read = component::decode(component::encode(*package), {});
  ASSERT_TRUE(read);
  const auto back = decode_wit(**read, {});
  ASSERT_TRUE(back) << back.error().render();
  EXPECT_EQ(print(*back), print(resolved));
}

TEST(PackageDocsTest, WithoutDocumentationThereIsNoSection) {
  const wit::Resolved resolved = must_resolve("interface i { f: func(); } world w { import i; }");
  EXPECT_TRUE(encode_package_docs(resolved.model, resolved.roots[0]).empty());
  EXPECT_EQ(print(*with_docs(resolved, {})), print(resolved));
}

TEST(PackageDocsTest, TheFormatIsThatOfOtherTools) {
  const wit::Resolved resolved = must_resolve(
      "/// P.\npackage test:p@1.0.0;\n"
      "/// I.\ninterface i {\n  /// F.\n  @since(version = 1.0.0)\n  f: func();\n}\n"
      "world w {\n  /// E.\n  export i;\n}\n");
  const std::vector<uint8_t> section = encode_package_docs(resolved.model, resolved.roots[0]);
  EXPECT_EQ(
      std::string(section.begin(), section.end()),
      std::string("\1") +
          R"({"docs":"P.","worlds":{"w":{"interface_export_docs":{"test:p/i@1.0.0":"E."}}},)"
          R"("interfaces":{"i":{"docs":"I.","funcs":{"f":{"docs":"F.","stability":{"stable":{"since":"1.0.0"}}}}}}})");
}

TEST(PackageDocsTest, ReadsTheOlderFormat) {
  const wit::Resolved resolved = must_resolve(
      "interface i { f: func(); } world w { import go: func(); export run: func(); export x: interface { f: func(); } "
      "}");
  const auto out = with_docs(
      resolved, {std::string("\0", 1) + R"({"interfaces":{"i":{"funcs":{"f":"Old."}}},"worlds":{"w":{"funcs":{)"
                                        R"("go":"Go.","run":"Run."},"interfaces":{"x":{"docs":"X."}}}}})"});
  ASSERT_TRUE(out) << out.error().render();
  const std::string text = print(*out);
  for (const char* one : {"/// Old.", "/// Go.", "/// Run.", "/// X."}) EXPECT_NE(text.find(one), text.npos) << text;
}

TEST(PackageDocsTest, WhatIsNotKnownIsPassedOver) {
  const wit::Resolved resolved = must_resolve("interface i { f: func(); }");
  const auto out =
      with_docs(resolved, {std::string("\1") +
                           R"({"more":1,"docs":null,"interfaces":{"none":{"docs":"x"},"i":{"docs":"Is there.",)"
                           R"("funcs":{"g":{"docs":"no"},"f":{"docs":"","stability":"unknown"}},"types":7}}})"});
  ASSERT_TRUE(out) << out.error().render();
  EXPECT_NE(print(*out).find("/// Is there."), std::string::npos);
  // A version that the package cannot have.
  const auto since =
      with_docs(resolved, {std::string("\1") + R"({"interfaces":{"i":{"stability":{"stable":{"since":"9.0.0"}}}}})"});
  ASSERT_TRUE(since) << since.error().render();
  EXPECT_EQ(print(*since), print(resolved));
}

TEST(PackageDocsTest, TextThatWitWouldReadOtherwiseIsPutRight) {
  const wit::Resolved resolved = must_resolve("interface i { f: func(); }");
  const auto out =
      with_docs(resolved, {std::string("\1") + R"({"interfaces":{"i":{"docs":"\n a */ {\n\n/// b  \n\n"}}})"});
  ASSERT_TRUE(out) << out.error().render();
  const std::string text = print(*out);
  EXPECT_EQ(print(must_resolve(text)), text);
}

TEST(PackageDocsTest, SaysWhatIsMalformed) {
  const wit::Resolved resolved = must_resolve("interface i { f: func(); }");
  const std::vector<std::vector<std::string>> bad = {
      {""},
      {std::string("\2{}", 3)},
      {"\1"},
      {"\1{"},
      {"\1[]"},
      {"\1{\"docs\":1}"},
      {"\1{\"docs\":\"\xff\"}"},
      {R"({"docs":"x"})"},
      {"\1{\"docs\":\"a\\u0000b\"}"},
      {"\1{\"docs\":\"\\u202e\"}"},
      {"\1{\"interfaces\":{\"i\":{\"stability\":{\"stable\":{\"since\":\"x\"}}}}}"},
      {"\1{\"interfaces\":{\"i\":{\"stability\":{\"stable\":{}}}}}"},
      {"\1{\"interfaces\":{\"i\":{\"stability\":{\"unstable\":{\"feature\":\"A b\"}}}}}"},
      {"\1{}", "\1{}"},
  };
  for (const auto& sections : bad) {
    const auto out = with_docs(resolved, sections);
    ASSERT_FALSE(out) << sections[0];
    EXPECT_EQ(out.error().code(), ErrorCode::world_section) << sections[0];
  }
}

}  // namespace
}  // namespace ashlar::componentize
