// Components from text: what abbreviations stand for, identifiers, errors; and back from bytes.
#include <gtest/gtest.h>

#include "component/decode.h"
#include "component/encode.h"
#include "component/text/parse.h"

namespace ashlar::component {
namespace {

std::unique_ptr<Component> parsed(std::string_view text) {
  auto out = parse_component(text);
  EXPECT_TRUE(out) << out.error().render();
  return out ? std::move(*out) : nullptr;
}

/// The message of the error that parsing gives, with its position.
std::string error_of(std::string_view text) {
  auto out = parse_component(text);
  if (out) return "no error";
  return std::to_string(out.error().line()) + ":" + std::to_string(out.error().column()) + " " + out.error().message();
}

/// Two texts that stand for the same binary.
void expect_same(std::string_view a, std::string_view b) {
  auto first = parse_component_to_binary(a);
  auto second = parse_component_to_binary(b);
  ASSERT_TRUE(first) << first.error().render();
  ASSERT_TRUE(second) << second.error().render();
  EXPECT_EQ(*first, *second) << a;
}

TEST(ComponentText, EmptyComponentIsItsPreamble) {
  const auto bytes = parse_component_to_binary("(component)");
  ASSERT_TRUE(bytes);
  EXPECT_EQ(*bytes, (std::vector<uint8_t>{0, 'a', 's', 'm', 0x0d, 0, 1, 0}));
}

TEST(ComponentText, InlineTypesAreWrittenOut) {
  expect_same("(component (import \"f\" (func (param \"x\" (list u8)))))",
              "(component (type (list u8)) (type (func (param \"x\" 0))) (import \"f\" (func (type 1))))");
}

TEST(ComponentText, InlineExportsStandAtTheEnd) {
  expect_same("(component (type (export \"t\") u8) (type u16))",
              "(component (type $t u8) (type u16) (export \"t\" (type $t)))");
}

TEST(ComponentText, InlineAliasesAndInstances) {
  expect_same(R"((component
                   (import "i" (instance $i (export "f" (func))))
                   (import "c" (component $c (import "x" (instance (export "g" (func))))))
                   (instance (instantiate $c (with "x" (instance (export "g" (func $i "f"))))))))",
              R"((component
                   (import "i" (instance $i (export "f" (func))))
                   (import "c" (component $c (import "x" (instance (export "g" (func))))))
                   (alias export $i "f" (func $f))
                   (instance $a (export "g" (func $f)))
                   (instance (instantiate $c (with "x" (instance $a))))))");
}

TEST(ComponentText, IdentifiersOfEnclosingScopesAreAliased) {
  expect_same(
      "(component (type $t u8) (component (import \"f\" (func (result $t)))))",
      "(component $c (type $t u8) (component (alias outer $c $t (type $u)) (import \"f\" (func (result $u)))))");
  EXPECT_EQ(
      error_of("(component (import \"f\" (func $f)) (component (export \"g\" (func $f))))"),
      "1:64 unknown func $f: it belongs to an enclosing scope, from which only types, core modules and components "
      "can be used");
}

TEST(ComponentText, BothFormsOfCanonicalDefinitions) {
  expect_same(R"((component (import "f" (func $f)) (core func $g (canon lower (func $f)))
                   (func (canon lift (core func $g)))))",
              R"((component (import "f" (func $f)) (canon lower (func $f) (core func $g))
                   (canon lift (core func $g) (func))))");
}

TEST(ComponentText, RecursiveCoreTypesNameEachOtherAndWhatIsOutside) {
  expect_same(R"((component $o (core type $f (func))
                   (component (core rec (type $a (struct (field (ref $b) (ref $f)))) (type $b (array i8))))))",
              R"((component $o (core type $f (func))
                   (component (alias outer $o $f (core type $g))
                     (core rec (type (struct (field (ref 2) (ref $g)))) (type (array i8))))))");
}

TEST(ComponentText, CoreModulesAreAssembledWhereTheyStand) {
  const auto component = parsed("(component (core module $m (func (export \"f\"))) (core module))");
  ASSERT_EQ(component->defs.size(), 2u);
  EXPECT_EQ(std::get<CoreModuleDef>(component->defs[1].def).bytes.size(), 8u);
  EXPECT_EQ(error_of("(component\n  (core module (func (bogus))))"), "2:23 unknown operator bogus");
}

TEST(ComponentText, ErrorsSayWhere) {
  EXPECT_EQ(error_of("(component (type (list)))"), "1:23 unexpected token ), expected a value type");
  EXPECT_EQ(error_of("(component (export \"a\" (func $f)))"), "1:30 unknown func $f");
  EXPECT_EQ(error_of("(component (type $t u8) (type $t u8))"), "1:31 duplicate type $t");
  EXPECT_EQ(error_of("(component (type (variant (case $a \"x\") (case $a \"y\"))))"), "1:47 duplicate variant case $a");
}

TEST(ComponentText, DeepNestingIsRefused) {
  std::string components, lists = "(component (type ";
  for (int i = 0; i < 100'000; ++i) components += "(component ";
  for (int i = 0; i < 100'000; ++i) lists += "(list ";
  EXPECT_NE(error_of(components).find("nesting too deep"), std::string::npos);
  EXPECT_NE(error_of(lists).find("nesting too deep"), std::string::npos);
}

TEST(ComponentText, BinaryAndQuotedForms) {
  EXPECT_EQ(parsed("(component binary \"\\00asm\\0d\\00\\01\\00\")")->defs.size(), 0u);
  EXPECT_EQ(parsed("(component quote \"(type u8)\")")->defs.size(), 1u);
  EXPECT_TRUE(is_component_text(";; comment\n(component)"));
  EXPECT_FALSE(is_component_text("(module)"));
}

TEST(ComponentText, NamesSurviveTheBinary) {
  ParseOptions options;
  options.debug_names = true;
  const auto bytes = parse_component_to_binary("(component $c (type $t u8) (component $d))", options);
  ASSERT_TRUE(bytes);
  DecodeOptions decoding;
  const auto component = decode(*bytes, decoding);
  ASSERT_TRUE(component) << component.error().render();
  EXPECT_EQ((*component)->name, "c");
  ASSERT_EQ((*component)->names.size(), 2u);
  EXPECT_EQ((*component)->names[0].name, "t");
  EXPECT_EQ(encode(**component), *bytes);
}

}  // namespace
}  // namespace ashlar::component
