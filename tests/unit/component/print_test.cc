// Components as text: what is printed, and that it parses back to the same bytes.
#include <gtest/gtest.h>

#include "component/decode.h"
#include "component/encode.h"
#include "component/text/parse.h"
#include "component/text/print.h"

namespace ashlar::component {
namespace {

std::vector<uint8_t> bytes_of(std::string_view text) {
  ParseOptions options;
  options.debug_names = true;
  auto out = parse_component_to_binary(text, options);
  EXPECT_TRUE(out) << out.error().render() << text;
  return out ? std::move(*out) : std::vector<uint8_t>();
}

std::unique_ptr<Component> decoded(const std::vector<uint8_t>& bytes) {
  DecodeOptions options;
  options.features = isa::Features::all();
  auto out = decode(bytes, options);
  EXPECT_TRUE(out) << out.error().render();
  return out ? std::move(*out) : std::make_unique<Component>();
}

std::string printed(std::string_view text, const text::PrintOptions& options = {}) {
  auto out = print_component(*decoded(bytes_of(text)), options);
  EXPECT_TRUE(out) << out.error().render();
  return out ? std::move(*out) : std::string();
}

/// The text of the text's binary gives the same binary.
void expect_round_trip(std::string_view text) {
  const std::string again = printed(text);
  EXPECT_EQ(bytes_of(text), bytes_of(again)) << again;
}

TEST(ComponentPrint, WritesADefinitionALine) {
  EXPECT_EQ(printed(R"((component $c
    (import "a:b/c@1.0.0" (instance $i (export "r" (type (sub resource)))))
    (core module $m (func (export "f") (param i32)))
    (core instance $n (instantiate $m))
    (func $f (param "x" u32) (canon lift (core func $n "f")))
    (export "g" (func $f) (func (param "x" u32)))))"),
            R"((component $c
  (type (;0;) (instance
    (export "r" (type (;0;) (sub resource)))))
  (import "a:b/c@1.0.0" (instance $i (;0;) (type 0)))
  (core module $m (;0;)
    (type (;0;) (func (param i32)))
    (func (;0;) (type 0) (param i32))
    (export "f" (func 0)))
  (core instance $n (;0;) (instantiate $m))
  (type (;1;) (func (param "x" u32)))
  (alias core export $n "f" (core func (;0;)))
  (canon lift (core func 0 (;f;)) (func $f (;0;) (type 1)))
  (type (;2;) (func (param "x" u32)))
  (export (;1;) "g" (func $f) (func (type 2))))
)");
}

TEST(ComponentPrint, EveryValueTypeComesBack) {
  expect_round_trip(R"((component
    (type $p bool) (type f64) (type error-context)
    (type (record (field "a" u8) (field "b" char) (field "c" string) (field "d" s64)))
    (type (variant (case "x") (case "y" u16) (case "z" $p)))
    (type (list u8)) (type (list u8 3)) (type (list $p 3))
    (type (tuple u8 $p)) (type (flags "a" "b")) (type (enum "a" "b" "c" "d"))
    (type (option $p)) (type (result)) (type (result u8)) (type (result (error $p))) (type (result $p (error string)))
    (type $r (resource (rep i32))) (type (own $r)) (type (borrow $r))
    (type (stream)) (type (stream u8)) (type (future)) (type (future $p)) (type (map string $p))
    (type (func)) (type (func async (param "a" $p) (result (list $p))))))");
}

TEST(ComponentPrint, ComponentAndCoreTypesComeBack) {
  expect_round_trip(R"((component $C
    (core type $f (func (param i32 (ref null extern)) (result f32)))
    (core rec (type $a (sub (struct (field (mut i8)) (field (ref null $b))))) (type $b (array i64)))
    (core rec (type $single (func)))
    (core type $m (module
      (alias outer $C $f (type $g))
      (type $h (func))
      (import "a" "f" (func (type $g))) (import "a" "t" (table 1 2 funcref)) (import "" "m" (memory i64 1 2))
      (export "g" (global (mut i32))) (export "t" (tag (type $h)))))
    (type $t (component
      (type $i (instance (export "x" (type (sub resource))) (export "y" (type (eq 0)))))
      (import "m" (core module (type $m)))
      (import "i" (instance (type $i)))
      (export "c" (component))
      (export "f" (func))))
    (import "c" (component (type $t))))
  )");
}

TEST(ComponentPrint, EveryCanonicalDefinitionComesBack) {
  expect_round_trip(R"((component
    (core module $m (memory (export "m") 1) (table (export "t") 1 funcref) (func (export "f")))
    (core instance $i (instantiate $m))
    (alias core export $i "m" (core memory $mem))
    (core func $f (alias core export $i "f"))
    (core type $start (func (param i32)))
    (type $r (resource (rep i32) (dtor (func $f))))
    (type $s (stream u8)) (type $u (future u8))
    (func $l (canon lift (core func $f) string-encoding=latin1+utf16 (memory $mem) (realloc $f) (post-return $f)))
    (func (canon lift (core func $f) async (callback $f) string-encoding=utf16))
    (core func (canon lower (func $l) string-encoding=utf8 (memory $mem) async gc (core-type $start)))
    (core func (canon resource.new $r)) (core func (canon resource.drop $r)) (core func (canon resource.rep $r))
    (core func (canon task.cancel)) (core func (canon subtask.cancel async)) (core func (canon subtask.cancel))
    (core func (canon task.return (result $r) (memory $mem))) (core func (canon task.return))
    (core func (canon context.get i32 0)) (core func (canon context.set i64 1)) (core func (canon thread.yield))
    (core func (canon stream.new $s)) (core func (canon stream.read $s (memory $mem) async))
    (core func (canon stream.cancel-write $s async)) (core func (canon future.drop-readable $u))
    (core func (canon error-context.new (memory $mem) string-encoding=utf8)) (core func (canon error-context.drop))
    (core func (canon waitable-set.wait (memory $mem))) (core func (canon waitable.join))
    (core func (canon thread.new-indirect $start (core table $i "t"))) (core func (canon thread.suspend))
    (core func (canon thread.spawn-ref shared $start)) (core func (canon thread.spawn-ref $start))
    (core func (canon thread.spawn-indirect shared $start (core table $i "t")))
    (core func (canon thread.available-parallelism shared))))");
}

TEST(ComponentPrint, InstancesAliasesAndValuesComeBack) {
  expect_round_trip(R"((component $C
    (type $t u8)
    (component $c (import "f" (func)) (alias outer $C $t (type)) (export "g" (func 0)))
    (import "a" (implements "a:b/c") (versionsuffix ".1") (external-id "x") (func $f))
    (import "v" (value $v u32)) (import "w" (value (eq $v)))
    (instance $i (instantiate $c (with "f" (func $f)) (with "e" (instance)) (with "t" (type $t))))
    (instance $j (export "x" (func $i "g")) (export "y" (instance $i)))
    (value $lit string "hi")
    (start $f (value $v) (value $lit) (result (value $out)))
    (core instance (export "f" (func 0)))
    (@custom "some section" "\00\ff")
    (export $named "out" (value $out))))");
}

TEST(ComponentPrint, NamesThatAreNoIdentifiersOrTwiceComeBack) {
  expect_round_trip(R"((component $"with space"
    (import "a" (func $x)) (import "b" (func (@name "x"))) (import "c" (func (@name "")))
    (component $outer (@ashlar.name "inner")) (component (@ashlar.name "alone")) (component $bare (@ashlar.name))
    (core module $m (@ashlar.name "own")) (core module $n (@ashlar.name)) (core module (@ashlar.name "z"))
    (core module (@name "q"))))");
  const std::string text = printed(R"((component (core module $m (@ashlar.name "own"))))");
  EXPECT_NE(text.find("(core module $m (;0;) (@ashlar.name \"own\")"), text.npos) << text;
}

TEST(ComponentPrint, NamesInCommentsCannotEndThem) {
  const std::string text = printed(R"((component
    (import "evil;)(" (func)) (import "good" (func)) (export "a" (func 0)) (export "b" (func 1))))");
  EXPECT_NE(text.find("(export (;2;) \"a\" (func 0))"), text.npos) << text;
  EXPECT_NE(text.find("(export (;3;) \"b\" (func 1 (;good;)))"), text.npos) << text;
}

TEST(ComponentPrint, WithoutNamesOrCustoms) {
  text::PrintOptions options;
  options.names = false;
  options.customs = false;
  EXPECT_EQ(printed(R"((component $c (type $t u8) (@custom "x" "y") (export "t" (type $t))))", options), R"((component
  (type (;0;) u8)
  (export (;1;) "t" (type 0)))
)");
}

TEST(ComponentPrint, CoreModulesThatDoNotDecodeAreBytes) {
  const std::string source = R"((component (core module binary "\00asm\01\00\00\00\ff")))";
  EXPECT_NE(printed(source).find(R"((core module (;0;) binary "\00asm\01\00\00\00\ff"))"), std::string::npos);
  expect_round_trip(source);
}

TEST(ComponentPrint, UnboundItemsStayIndices) {
  // Not valid, but it must not name what is defined later: that would not parse.
  expect_round_trip(R"((component (alias export 7 "x" (func)) (type (own 3)) (alias outer 9 1 (type)) (type $t u8)))");
}

TEST(ComponentPrint, WhatTheTextCannotSayIsAnError) {
  auto c = decoded(bytes_of("(component (core func (canon thread.yield)))"));
  std::get<CanonDef>(c->defs[0].def).cancellable = true;
  const auto text = print_component(*c);
  ASSERT_FALSE(text);
  EXPECT_NE(text.error().message().find("cancellable"), std::string::npos) << text.error().message();
}

TEST(ComponentPrint, HugeCountsEndAtTheLimit) {
  auto c = decoded(bytes_of("(component (import \"f\" (func $f)) (start $f))"));
  std::get<StartDef>(c->defs.back().def).results = ~uint32_t{0};
  text::PrintOptions options;
  options.max_bytes = 1 << 16;
  const auto text = print_component(*c, options);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code(), ErrorCode::implementation_limit);
}

TEST(ComponentPrint, DefinitionsOneByOne) {
  const auto c =
      decoded(bytes_of("(component (type u8) (component $in (type u16)) (core module) (export \"t\" (type 0)))"));
  const auto texts = print_definitions(*c);
  ASSERT_TRUE(texts);
  EXPECT_EQ(*texts, (std::vector<std::string>{"(type (;0;) u8)", "(component $in (;0;) ...)", "(core module (;0;) ...)",
                                              "(export (;1;) \"t\" (type 0))"}));
}

}  // namespace
}  // namespace ashlar::component
