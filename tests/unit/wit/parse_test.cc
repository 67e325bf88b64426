// What is no WIT text, and where it says so; documentation and strings.
#include "wit/parse.h"

#include "wit/wit_text.h"

namespace ashlar::wit {
namespace {

using testing::error_of;
using testing::must_resolve;
using testing::printed;

TEST(WitParseTest, ErrorsSayWhereAndWhatWasExpected) {
  EXPECT_EQ(error_of("package a:b:c;"),
            "1:12: expected one namespace and one name (nested ones are gated, and not there yet), found ':'");
  EXPECT_EQ(error_of("package a:b\ninterface i {}"), "2:1: expected ';' or '{', found keyword 'interface'");
  EXPECT_EQ(error_of("package a:b;\ninterface i {\n  f: fun();\n}"), "3:6: expected 'func', found 'fun'");
  EXPECT_EQ(error_of("package a:b;\ninterface i {\n  f: func(a: u33);\n}"), "3:14: unknown type 'u33'");
  EXPECT_EQ(error_of("package a:b;\ninterface i {\n  type option = u8;\n}"),
            "3:8: expected a type's name ('%option' to mean the name), found keyword 'option'");
  EXPECT_EQ(error_of("package a:b;\ninterface i {\n  r: func() -> list<u8;\n}"), "3:23: expected '>', found ';'");
  EXPECT_EQ(error_of("package a:b@1.2;"), "1:13: '1.2' is no version: expected MAJOR.MINOR.PATCH");
  EXPECT_EQ(error_of("package a:b;\ninterface aB {}"),
            "2:11: 'aB' is no identifier: upper and lower case are mixed in a word");
  EXPECT_EQ(error_of("package a:B;"), "1:11: 'B' is no identifier: namespaces and packages are in lower case");
  EXPECT_EQ(error_of("package A:b;"), "1:9: 'A' is no identifier: namespaces and packages are in lower case");
  EXPECT_EQ(error_of("package a:b;\nworld w {\n  import a:HTTP/x;\n}"),
            "3:12: 'HTTP' is no identifier: namespaces and packages are in lower case");
  EXPECT_EQ(error_of("package a:b;\nworld w {\n  import x\n}"), "4:1: expected ';', found '}'");
  EXPECT_EQ(error_of("package a:b;\nworld w {\n  import a:b;\n}"), "3:13: expected '/', found ';'");
  EXPECT_EQ(error_of("package a:b;\ninterface i {"),
            "2:14: expected a type definition, 'use', or a function's name, found the end of the file");
}

TEST(WitParseTest, TheLineIsShown) {
  const Result<Resolved> out = testing::resolve_text("package a:b;\ninterface i { f: func(x: nothing); }\n");
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().render(),
            "test.wit:2:26: unknown type 'nothing'\n"
            "  interface i { f: func(x: nothing); }\n"
            "                           ^");
}

TEST(WitParseTest, CharactersThatMayStandNowhere) {
  EXPECT_EQ(error_of("package a:b; // \xe2\x80\xae"), "1:17: illegal character U+202E");
  EXPECT_EQ(error_of("package a:b; // \x01"), "1:17: illegal character U+0001");
  EXPECT_EQ(error_of("package a:b; // \xff"), "1:17: malformed UTF-8 encoding");
  EXPECT_EQ(error_of("package a:b; #"), "1:14: illegal character '#'");
  EXPECT_EQ(error_of("package a:b; /* /* */"), "1:14: unclosed comment");
  EXPECT_EQ(error_of("package a:b; // gr\xc3\xbc\xc3\x9f\n/* /* */ */ interface i {}"), "accepted");
}

TEST(WitParseTest, FlagsFitThirtyTwoBits) {
  const auto flags = [](int count) {
    std::string text = "package a:b; interface i { flags f { ";
    for (int i = 0; i < count; ++i) text += "f" + std::to_string(i) + ",\n";
    return text + "} }";
  };
  EXPECT_EQ(error_of(flags(32)), "accepted");
  EXPECT_EQ(error_of(flags(33)), "33:1: too many flags in one type: at most 32");
}

TEST(WitParseTest, NestingIsBounded) {
  const auto nested = [](size_t depth) {
    std::string text = "package a:b; interface i { type t = ";
    for (size_t i = 0; i < depth; ++i) text += "list<";
    text += "u8";
    text.append(depth, '>');
    return text + "; }";
  };
  EXPECT_EQ(error_of(nested(kMaxTypeNesting - 1)), "accepted");
  EXPECT_EQ(error_of(nested(100000)).substr(2), "537: nesting too deep: at most 100 types inside each other");
}

TEST(WitParseTest, GatesThatDontGoTogether) {
  EXPECT_EQ(error_of("package a:b@1.0.0;\n@since(version = 1.0.0) @unstable(feature = x)\ninterface i {}"),
            "2:25: one of @since and @unstable, and only once");
  EXPECT_EQ(error_of("package a:b@1.0.0;\n@deprecated(version = 1.0.0)\ninterface i {}"),
            "2:1: @deprecated needs @since or @unstable beside it");
  EXPECT_EQ(error_of("package a:b@1.0.0;\n@nothing\ninterface i {}"),
            "2:2: expected 'since', 'unstable', 'deprecated' or 'external-id', found 'nothing'");
  EXPECT_EQ(error_of("package a:b@1.0.0;\n@since(version = 1)\ninterface i {}"),
            "2:18: '1' is no version: expected MAJOR.MINOR.PATCH");
}

TEST(WitParseTest, DocumentationIsKept) {
  const Resolved resolved = must_resolve(
      "/// Of the package.\npackage a:b;\n"
      "/// First line.\n///\n///   indented\n// no documentation\ninterface i {\n"
      "  /** A block\n   * of two lines. */\n  enum e { /// Of a.\n a, b }\n}\n");
  const Interface& interface = resolved.model[InterfaceId{0}];
  EXPECT_EQ(resolved.model[PackageId{0}].docs, "Of the package.");
  EXPECT_EQ(interface.docs, "First line.\n\n  indented");
  const TypeDef& def = resolved.model[interface.types[0]];
  EXPECT_EQ(def.docs, "A block\nof two lines.");
  EXPECT_EQ(std::get<Enum>(def.kind).cases[0].docs, "Of a.");
  EXPECT_EQ(std::get<Enum>(def.kind).cases[1].docs, "");
}

TEST(WitParseTest, StringsAreDecodedAndPrinted) {
  const std::string world = "world w {\n  @external-id(\"a\\u{fc}\\n\\22\\5c\")\n  import x: func();\n}\n";
  const Resolved resolved = must_resolve("package a:b;\n" + world);
  EXPECT_EQ(resolved.model[WorldId{0}].imports[0].external_id, "a\xc3\xbc\n\"\\");
  EXPECT_EQ(printed("package a:b;\n" + world),
            "world w {\n  @external-id(\"a\\c3\\bc\\0a\\\"\\\\\")\n  import x: func();\n}\n");
  EXPECT_EQ(error_of("package a:b;\nworld w { @external-id(\"\\x\") import x: func(); }"),
            "2:24: malformed string: unknown escape");
  EXPECT_EQ(error_of("package a:b;\nworld w { @external-id(\"\\ff\") import x: func(); }"),
            "2:24: malformed string: not UTF-8");
  EXPECT_EQ(error_of("package a:b;\nworld w { @external-id(\"x"), "2:24: unclosed string");
}

}  // namespace
}  // namespace ashlar::wit
