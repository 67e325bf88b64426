// Components that run: linking, calls between components and with the host, handles, what must trap.
#include <gtest/gtest.h>

#include "binary/decode.h"
#include "component/decode.h"
#include "component/instance.h"
#include "component/text/parse.h"
#include "component/typed.h"
#include "component/validate.h"
#include "interp/interp.h"
#include "validate/validate.h"

namespace ashlar::component {
namespace {

struct Runs : testing::Test {
  std::shared_ptr<runtime::Engine> engine = std::make_shared<runtime::Engine>(runtime::Config{}, interp::tier());
  runtime::Store store{engine};
  HostImports imports;
  std::unique_ptr<Instance> instance;

  Result<std::shared_ptr<runtime::CompiledModule>> compile(const CoreModuleDef& def) {
    binary::DecodeOptions options;
    TRY_ASSIGN(auto module, binary::decode(def.bytes, def.storage, options));
    TRY(validate::validate(*module, engine->types(), {}));
    return std::make_shared<runtime::CompiledModule>(engine, std::move(module));
  }

  Status load(std::string_view text) {
    TRY_ASSIGN(auto bytes, parse_component_to_binary(text));
    TRY_ASSIGN(auto component, decode(std::move(bytes), {}));
    TRY(validate(*component, {}));
    std::shared_ptr<const Component> shared = std::move(component);
    TRY_ASSIGN(auto executable,
               Executable::make(engine, shared, [&](const CoreModuleDef& def, size_t) { return compile(def); }));
    TRY_ASSIGN(instance, Instance::make(store, std::move(executable), imports));
    return {};
  }

  Result<std::optional<Val>> call(std::string_view name, std::vector<Val> args = {}) {
    const PlanExport* e = instance->plan().exports.find(name);
    if (e == nullptr) return make_error(ErrorCode::no_such_export, kNoOffset, std::string(name), "");
    return instance->call(e->index, args);
  }

  /// What the call gives, or its error as text.
  std::string outcome(std::string_view name, std::vector<Val> args = {}) {
    auto got = call(name, std::move(args));
    if (!got) return got.error().message();
    if (!*got) return "nothing";
    const Val& v = **got;
    if (v.kind() == TypeKind::String) return v.as_string();
    return std::to_string(v.bits());
  }
};

/// A core module with memory, a bump allocator and functions behind it.
std::string memory_module(std::string_view functions, std::string_view imports = "") {
  return std::string("(core module $m ") + std::string(imports) + R"(
    (memory (export "mem") 1)
    (global $next (mut i32) (i32.const 1024))
    (func $realloc (export "realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.set $next (i32.add (local.get $at) (local.get 3)))
      (memory.copy (local.get $at) (local.get 0) (local.get 1))
      (local.get $at)) )" +
         std::string(functions) + ")";
}

TEST_F(Runs, CallsBetweenComponents) {
  ASSERT_TRUE(load(R"((component
    (component $A
      (core module $m (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
      (core instance $i (instantiate $m))
      (func (export "add") (param "a" u8) (param "b" u32) (result u32) (canon lift (core func $i "add"))))
    (component $B
      (import "add" (func $add (param "a" u8) (param "b" u32) (result u32)))
      (core func $lowered (canon lower (func $add)))
      (core module $m (import "x" "add" (func $add (param i32 i32) (result i32)))
        (func (export "run") (param i32) (result i32) (call $add (local.get 0) (i32.const 5))))
      (core instance $i (instantiate $m (with "x" (instance (export "add" (func $lowered))))))
      (func (export "run") (param "n" u32) (result u32) (canon lift (core func $i "run"))))
    (instance $a (instantiate $A))
    (instance $b (instantiate $B (with "add" (func $a "add"))))
    (export "run" (func $b "run"))))"));
  EXPECT_EQ(outcome("run", {Val::u32(3)}), "8");
  // What does not fit a u8 is cut off on the way.
  EXPECT_EQ(outcome("run", {Val::u32(0x101)}), "6");
}

TEST_F(Runs, StringsCrossWithTheirEncoding) {
  const std::string text = R"((component
    (component $A )" + memory_module(R"((func (export "f") (param i32 i32) (result i32)
        ;; the second UTF-16 unit
        (i32.add (i32.mul (local.get 1) (i32.const 100000)) (i32.load16_u offset=2 (local.get 0)))))") +
                           R"(
      (core instance $i (instantiate $m))
      (func (export "f") (param "s" string) (result u32)
        (canon lift (core func $i "f") (memory $i "mem") (realloc (func $i "realloc")) string-encoding=utf16)))
    (component $B
      (import "f" (func $f (param "s" string) (result u32)))
      (core module $memory (memory (export "mem") 1) (data (i32.const 8) "z\c3\a9\f0\9f\98\80"))
      (core instance $memory (instantiate $memory))
      (core func $lowered (canon lower (func $f) (memory $memory "mem")))
      (core module $m (import "x" "f" (func $f (param i32 i32) (result i32)))
        (func (export "run") (param i32) (result i32) (call $f (i32.const 8) (local.get 0))))
      (core instance $i (instantiate $m (with "x" (instance (export "f" (func $lowered))))))
      (func (export "run") (param "n" u32) (result u32) (canon lift (core func $i "run"))))
    (instance $a (instantiate $A))
    (instance $b (instantiate $B (with "f" (func $a "f"))))
    (export "run" (func $b "run"))))";
  ASSERT_TRUE(load(text));
  // z, e with acute, and a pair of surrogates.
  EXPECT_EQ(outcome("run", {Val::u32(7)}), "400233");
}

/// A component whose "f" gives back the string that it gets, by way of another one that has `inner` as its encoding.
std::string echo(const std::string& outer, const std::string& inner) {
  const std::string memory = R"((core module $memory
      (memory (export "mem") 64)
      (global $next (mut i32) (i32.const 1024))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
        (local.set $at (i32.and (i32.add (global.get $next) (i32.const 3)) (i32.const -4)))
        (global.set $next (i32.add (local.get $at) (local.get 3)))
        (memory.copy (local.get $at) (local.get 0) (local.get 1))
        (local.get $at)))
      (core instance $memory (instantiate $memory))
      (alias core export $memory "mem" (core memory $mem))
      (alias core export $memory "realloc" (core func $realloc)))";
  const std::string own = " (memory $mem) (realloc $realloc) string-encoding=" + outer;
  return R"((component
    (component $A )" +
         memory + R"(
      (core module $m (import "" "mem" (memory 1)) (func (export "f") (param i32 i32) (result i32)
        (i32.store (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (local.get 1)) (i32.const 16)))
      (core instance $i (instantiate $m (with "" (instance (export "mem" (memory $mem))))))
      (func (export "f") (param "s" string) (result string)
        (canon lift (core func $i "f") (memory $mem) (realloc $realloc) string-encoding=)" +
         inner + R"()))
    (component $B
      (import "f" (func $f (param "s" string) (result string))) )" +
         memory + R"(
      (core func $lowered (canon lower (func $f) )" +
         own + R"())
      (core module $m (import "" "f" (func $f (param i32 i32 i32)))
        (func (export "f") (param i32 i32) (result i32)
          (call $f (local.get 0) (local.get 1) (i32.const 32)) (i32.const 32)))
      (core instance $i (instantiate $m (with "" (instance (export "f" (func $lowered))))))
      (func (export "f") (param "s" string) (result string) (canon lift (core func $i "f") )" +
         own + R"()))
    (instance $a (instantiate $A))
    (instance $b (instantiate $B (with "f" (func $a "f"))))
    (export "f" (func $b "f"))))";
}

TEST_F(Runs, StringsOfEveryLengthAndEncodingComeBack) {
  const std::string encodings[] = {"utf8", "utf16", "latin1+utf16"};
  const std::string odd[] = {"x", "\u00e9", "\u20ac", "\U0001f600"};
  for (const std::string& outer : encodings) {
    for (const std::string& inner : encodings) {
      ASSERT_TRUE(load(echo(outer, inner)));
      for (size_t length = 0; length < 150; length += length < 70 ? 1 : 13) {
        for (const std::string& c : odd) {
          for (size_t at : {size_t{0}, length / 2, length}) {
            std::string text;
            for (size_t i = 0; i < length; ++i) text += static_cast<char>('!' + i % 90);
            text.insert(at, c);
            ASSERT_EQ(outcome("f", {Val::string(text)}), text) << outer << " " << inner << " " << length << " " << at;
          }
        }
      }
    }
  }
}

TEST_F(Runs, StringsOfOtherLettersThanAsciiComeBack) {
  const std::string encodings[] = {"utf8", "utf16", "latin1+utf16"};
  for (const std::string& outer : encodings) {
    for (const std::string& inner : encodings) {
      ASSERT_TRUE(load(echo(outer, inner)));
      for (const std::string c : {"\u00e9", "\u0416", "\u6f22", "\U0001f600", "\u00e9a", "a\u6f22\U0001f600"}) {
        std::string text;
        for (size_t count = 0; count < 90; ++count, text += c) {
          ASSERT_EQ(outcome("f", {Val::string(text)}), text) << outer << " " << inner << " " << count;
        }
      }
    }
  }
}

TEST_F(Runs, BadTextTrapsWhateverItIsToBecome) {
  const std::string head = std::string(40, 'a');
  for (const std::string from : {"utf8", "utf16"}) {
    for (const std::string to : {"utf8", "utf16", "latin1+utf16"}) {
      std::string data = head + "\\c3\\a9\\ff";
      if (from == "utf16") {
        data.clear();
        for (const char c : head) data += std::string(1, c) + "\\00";
        data += "\\e9\\00\\00\\d8";
      }
      ASSERT_TRUE(load(R"((component
        (component $A )" +
                       memory_module(R"((func (export "f") (param i32 i32)))") +
                       R"(
          (core instance $i (instantiate $m))
          (func (export "f") (param "s" string)
            (canon lift (core func $i "f") (memory $i "mem") (realloc (func $i "realloc")) string-encoding=)" +
                       to +
                       R"()))
        (component $B
          (import "f" (func $f (param "s" string)))
          (core module $memory (memory (export "mem") 1) (data (i32.const 8) ")" +
                       data + R"("))
          (core instance $memory (instantiate $memory))
          (core func $lowered (canon lower (func $f) (memory $memory "mem") string-encoding=)" +
                       from + R"())
          (core module $m (import "x" "f" (func $f (param i32 i32)))
            (func (export "run") (param i32) (call $f (i32.const 8) (local.get 0))))
          (core instance $i (instantiate $m (with "x" (instance (export "f" (func $lowered))))))
          (func (export "run") (param "n" u32) (canon lift (core func $i "run"))))
        (instance $a (instantiate $A))
        (instance $b (instantiate $B (with "f" (func $a "f"))))
        (export "run" (func $b "run"))))"));
      const uint32_t right = from == "utf8" ? 42 : 41;
      EXPECT_EQ(outcome("run", {Val::u32(right)}), "nothing") << from << " " << to;
      const std::string found = outcome("run", {Val::u32(right + 1)});
      EXPECT_NE(found.find(from == "utf8" ? "UTF-8" : "UTF-16"), std::string::npos)
          << from << " " << to << ": " << found;
    }
  }
}

TEST_F(Runs, BadUtf8Traps) {
  const std::string text = R"((component
    (component $A )" + memory_module(R"((func (export "f") (param i32 i32)))") +
                           R"(
      (core instance $i (instantiate $m))
      (func (export "f") (param "s" string)
        (canon lift (core func $i "f") (memory $i "mem") (realloc (func $i "realloc")))))
    (component $B
      (import "f" (func $f (param "s" string)))
      (core module $memory (memory (export "mem") 1) (data (i32.const 8) "a\ff"))
      (core instance $memory (instantiate $memory))
      (core func $lowered (canon lower (func $f) (memory $memory "mem")))
      (core module $m (import "x" "f" (func $f (param i32 i32)))
        (func (export "run") (param i32 i32) (call $f (local.get 0) (local.get 1))))
      (core instance $i (instantiate $m (with "x" (instance (export "f" (func $lowered))))))
      (func (export "run") (param "at" u32) (param "n" u32) (canon lift (core func $i "run"))))
    (instance $a (instantiate $A))
    (instance $b (instantiate $B (with "f" (func $a "f"))))
    (export "run" (func $b "run"))))";
  ASSERT_TRUE(load(text));
  EXPECT_EQ(outcome("run", {Val::u32(8), Val::u32(1)}), "nothing");
  EXPECT_NE(outcome("run", {Val::u32(8), Val::u32(2)}).find("UTF-8"), std::string::npos);
  // Nobody gets in after a trap.
  EXPECT_NE(outcome("run", {Val::u32(8), Val::u32(1)}).find("cannot enter"), std::string::npos);
  ASSERT_TRUE(load(text));
  EXPECT_NE(outcome("run", {Val::u32(65535), Val::u32(2)}).find("out of bounds"), std::string::npos);
}

TEST_F(Runs, HostFunctionsInCppTypes) {
  imports.function("test:host/text@1.0.0", "shout", typed_function([](std::string s, uint32_t times) {
                     std::string out;
                     for (uint32_t i = 0; i < times; ++i) out += s + "!";
                     return out;
                   }));
  const std::string text = R"((component
    (import "test:host/text@1.2.0" (instance $host
      (export "shout" (func (param "s" string) (param "times" u32) (result string)))))
    (core module $memory (memory (export "mem") 1) (data (i32.const 8) "hey")
      (global $next (mut i32) (i32.const 1024))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (global.get $next)))
    (core instance $memory (instantiate $memory))
    (core func $lowered (canon lower (func $host "shout") (memory $memory "mem") (realloc (func $memory "realloc"))))
    (core module $m (import "x" "shout" (func $shout (param i32 i32 i32 i32)))
      (func (export "run") (param i32) (result i32)
        (call $shout (i32.const 8) (i32.const 3) (local.get 0) (i32.const 16)) (i32.const 16)))
    (core instance $i (instantiate $m (with "x" (instance (export "shout" (func $lowered))))))
    (func (export "run") (param "n" u32) (result string) (canon lift (core func $i "run") (memory $memory "mem")))))";
  const Status loaded = load(text);
  ASSERT_TRUE(loaded) << loaded.error().message();
  EXPECT_EQ(outcome("run", {Val::u32(3)}), "hey!hey!hey!");
  EXPECT_EQ(outcome("run", {Val::u32(0)}), "");
}

TEST_F(Runs, HostFunctionsOfOtherTypesAreRefused) {
  imports.function("", "f", typed_function([](uint64_t) {}));
  const Status loaded = load("(component (import \"f\" (func (param \"a\" u32))))");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), ErrorCode::component_import_type);
}

TEST_F(Runs, AllMissingImportsAreNamedAtOnce) {
  const Status loaded = load(R"((component
    (import "a" (func)) (import "b:c/d@0.2.0" (instance (export "e" (func)) (export "r" (type (sub resource)))))))");
  ASSERT_FALSE(loaded);
  const std::string message = loaded.error().message();
  EXPECT_NE(message.find("\"a\""), std::string::npos) << message;
  EXPECT_NE(message.find("b:c/d@0.2.0#e"), std::string::npos) << message;
  EXPECT_NE(message.find("resource \"b:c/d@0.2.0#r\""), std::string::npos) << message;
}

/// A component with a resource whose destructor counts, and one that uses it.
constexpr std::string_view kResources = R"((component
  (component $A
    (core module $d (global $dropped (export "dropped") (mut i32) (i32.const 0))
      (func (export "drop") (param i32) (global.set $dropped (i32.add (global.get $dropped) (local.get 0))))
      (func (export "count") (result i32) (global.get $dropped))
      (func (export "peek") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2))))
    (core instance $d (instantiate $d))
    (type $R' (resource (rep i32) (dtor (func $d "drop"))))
    (export $R "r" (type $R'))
    (core func $new (canon resource.new $R'))
    (core module $m (import "" "new" (func $new (param i32) (result i32)))
      (func (export "make") (param i32) (result i32) (call $new (local.get 0))))
    (core instance $i (instantiate $m (with "" (instance (export "new" (func $new))))))
    (func (export "make") (param "rep" u32) (result (own $R)) (canon lift (core func $i "make")))
    (func (export "peek") (param "r" (borrow $R)) (result u32) (canon lift (core func $d "peek")))
    (func (export "count") (result u32) (canon lift (core func $d "count"))))
  (component $B
    (import "a" (instance $a
      (export "r" (type $R (sub resource)))
      (export "make" (func (param "rep" u32) (result (own $R))))
      (export "peek" (func (param "r" (borrow $R)) (result u32)))))
    (alias export $a "r" (type $R))
    (core func $make (canon lower (func $a "make")))
    (core func $peek (canon lower (func $a "peek")))
    (core func $drop (canon resource.drop $R))
    (core module $m
      (import "" "make" (func $make (param i32) (result i32)))
      (import "" "peek" (func $peek (param i32) (result i32)))
      (import "" "drop" (func $drop (param i32)))
      (func (export "use") (param i32) (result i32) (local $h i32)
        (local.set $h (call $make (local.get 0)))
        (call $peek (local.get $h))
        (call $drop (local.get $h)))
      (func (export "twice") (local $h i32)
        (local.set $h (call $make (i32.const 1)))
        (call $drop (local.get $h))
        (call $drop (local.get $h)))
      (func (export "forged") (drop (call $peek (i32.const 77)))))
    (core instance $i (instantiate $m (with "" (instance
      (export "make" (func $make)) (export "peek" (func $peek)) (export "drop" (func $drop))))))
    (func (export "use") (param "rep" u32) (result u32) (canon lift (core func $i "use")))
    (func (export "twice") (canon lift (core func $i "twice")))
    (func (export "forged") (canon lift (core func $i "forged"))))
  (instance $a (instantiate $A))
  (instance $b (instantiate $B (with "a" (instance $a))))
  (export "use" (func $b "use"))
  (export "twice" (func $b "twice"))
  (export "forged" (func $b "forged"))
  (export "count" (func $a "count"))))";

TEST_F(Runs, ResourcesAreMadeLentAndDropped) {
  const Status loaded = load(kResources);
  ASSERT_TRUE(loaded) << loaded.error().message();
  EXPECT_EQ(outcome("use", {Val::u32(21)}), "42");
  EXPECT_EQ(outcome("count"), "21");
  EXPECT_EQ(outcome("use", {Val::u32(4)}), "8");
  EXPECT_EQ(outcome("count"), "25");
}

TEST_F(Runs, HandlesThatAreNoneTrap) {
  ASSERT_TRUE(load(kResources));
  EXPECT_NE(outcome("twice").find("unknown handle index 1"), std::string::npos);
  ASSERT_TRUE(load(kResources));
  EXPECT_NE(outcome("forged").find("unknown handle index 77"), std::string::npos);
}

TEST_F(Runs, ValuesOfEveryShapeCross) {
  const std::string direct = R"((component
      (type $e' (flags "x" "y" "z")) (export $e "e" (type $e'))
      (type $f' (variant (case "p") (case "q" (list char)))) (export $f "f-type" (type $f'))
      (type $g' (enum "m" "n")) (export $g "g" (type $g'))
      (type $t' (record (field "a" u8) (field "b" (list (tuple u16 string))) (field "c" (option f64))
        (field "d" (result u64 (error string))) (field "e" $e) (field "f" $f) (field "g" $g)))
      (export $t "t" (type $t')) )" +
                             memory_module(R"((func (export "f") (param i32 i32) (result i32)
        (i32.store (i32.const 512) (local.get 0)) (i32.store (i32.const 516) (local.get 1)) (i32.const 512)))") +
                             R"((core instance $i (instantiate $m))
      (func (export "f") (param "v" (list $t)) (result (list $t))
        (canon lift (core func $i "f") (memory $i "mem") (realloc (func $i "realloc"))))))";
  const Status loaded = load(direct);
  ASSERT_TRUE(loaded) << loaded.error().message();
  std::vector<Val> pairs;
  for (int i = 0; i < 3; ++i)
    pairs.push_back(Val::tuple([&] {
      std::vector<Val> out;
      out.push_back(Val::u16(static_cast<uint16_t>(i)));
      out.push_back(Val::string(std::string(static_cast<size_t>(i), 'x')));
      return out;
    }()));
  std::vector<Val> chars;
  chars.push_back(Val::character(U'\u00e9'));
  std::vector<Val> fields;
  fields.push_back(Val::u8(7));
  fields.push_back(Val::list(std::move(pairs)));
  fields.push_back(Val::some(Val::f64(1.5)));
  fields.push_back(Val::error(Val::string("no")));
  fields.push_back(Val::flags(5));
  fields.push_back(Val::variant(1, Val::list(std::move(chars))));
  fields.push_back(Val::enumeration(1));
  std::vector<Val> records;
  records.push_back(Val::record(std::move(fields)));
  records.push_back(records[0]);
  const Val value = Val::list(std::move(records));
  auto got = call("f", {value});
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_TRUE(**got == value);
}

}  // namespace
}  // namespace ashlar::component
