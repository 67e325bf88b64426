// What C++ types stand for in typed calls and host functions: small integers, enumerations, texts and spans.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "ashlar/ashlar.h"

namespace {

using ashlar::ErrorKind;

enum class Colour : uint8_t { Red = 1, Green = 200 };
enum class Far : int64_t { Away = -5'000'000'000 };
enum Plain { kNone, kSome };

struct TypedValues : testing::Test {
  ashlar::Engine engine;
  ashlar::Store store{engine};
  ashlar::Linker linker{store};

  ashlar::Instance load(std::string_view text) {
    auto module = ashlar::Module::compile(engine, text);
    EXPECT_TRUE(module) << module.error().to_string();
    auto instance = linker.instantiate(*module);
    EXPECT_TRUE(instance) << instance.error().to_string();
    return *instance;
  }
  template <class T>
  std::string message(const ashlar::Result<T>& result) {
    return result ? "no error" : result.error().message();
  }
};

TEST_F(TypedValues, SmallIntegersAreI32) {
  linker.func("env", "u8", [](uint8_t v) { return v; });
  linker.func("env", "i16", [](int16_t v) { return v; });
  linker.func("env", "not", [](bool v) { return !v; });
  linker.func("env", "colour", [](Colour v) { return v == Colour::Green ? Colour::Red : Colour::Green; });
  linker.func("env", "far", [](Far v) { return v == Far::Away ? kSome : kNone; });
  ashlar::Instance m = load(R"((module
    (import "env" "u8" (func $u8 (param i32) (result i32)))
    (import "env" "i16" (func $i16 (param i32) (result i32)))
    (import "env" "not" (func $not (param i32) (result i32)))
    (import "env" "colour" (func $colour (param i32) (result i32)))
    (import "env" "far" (func $far (param i64) (result i32)))
    (func (export "u8") (param i32) (result i32) (call $u8 (local.get 0)))
    (func (export "i16") (param i32) (result i32) (call $i16 (local.get 0)))
    (func (export "not") (param i32) (result i32) (call $not (local.get 0)))
    (func (export "colour") (param i32) (result i32) (call $colour (local.get 0)))
    (func (export "far") (param i64) (result i32) (call $far (local.get 0)))
    (func (export "same") (param i32) (result i32) (local.get 0))))");
  EXPECT_EQ(m.func<int32_t(int32_t)>("u8")->call(0x1ff).value(), 0xff);
  EXPECT_EQ(m.func<int32_t(int32_t)>("i16")->call(0x1ffff).value(), -1);
  EXPECT_EQ(m.func<int32_t(int32_t)>("not")->call(256).value(), 0);
  EXPECT_EQ(m.func<int32_t(int32_t)>("colour")->call(200).value(), 1);
  EXPECT_EQ(m.func<Plain(Far)>("far")->call(Far::Away).value(), kSome);
  EXPECT_EQ(m.func<int32_t(int8_t)>("same")->call(-3).value(), -3);
  EXPECT_EQ(m.func<int32_t(uint16_t)>("same")->call(0xffff).value(), 0xffff);
  EXPECT_EQ(m.func<bool(Colour)>("same")->call(Colour::Red).value(), true);
  EXPECT_EQ(m.func<Colour(int32_t)>("same")->call(456).value(), Colour::Green);
  EXPECT_EQ(m.func<int8_t(int32_t)>("same")->call(255).value(), -1);
  EXPECT_EQ(m.func<bool(int64_t)>("same").error().kind(), ErrorKind::Usage);
}

TEST_F(TypedValues, HostFunctionsSeeTheCallersBytes) {
  std::string seen;
  linker.func("env", "print", [&](std::string_view text, int32_t n) {
    seen.assign(text);
    return n + 1;
  });
  linker.func("env", "sum", [](std::span<const uint8_t> bytes) {
    int32_t sum = 0;
    for (uint8_t byte : bytes) sum += byte;
    return sum;
  });
  linker.func("env", "fill", [](ashlar::Caller& caller, int32_t value, std::span<uint8_t> bytes) {
    EXPECT_TRUE(caller.memory().has_value());
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(value);
  });
  ashlar::Instance m = load(R"((module
    (import "env" "print" (func $print (param i32 i32 i32) (result i32)))
    (import "env" "sum" (func $sum (param i32 i32) (result i32)))
    (import "env" "fill" (func $fill (param i32 i32 i32)))
    (memory (export "memory") 1)
    (data (i32.const 16) "hello, host")
    (func (export "print") (param i32 i32) (result i32) (call $print (local.get 0) (local.get 1) (i32.const 41)))
    (func (export "sum") (param i32 i32) (result i32) (call $sum (local.get 0) (local.get 1)))
    (func (export "fill") (param i32 i32 i32) (call $fill (local.get 0) (local.get 1) (local.get 2)))))");
  const auto print = *m.func<int32_t(int32_t, int32_t)>("print");
  EXPECT_EQ(print(16, 11).value(), 42);
  EXPECT_EQ(seen, "hello, host");
  EXPECT_EQ(print(65536, 0).value(), 42);
  EXPECT_EQ(seen, "");
  EXPECT_EQ(message(print(65530, 7)), "host function: 7 bytes at address 65530 do not lie in the caller's memory");
  EXPECT_EQ(message(print(-1, 2)), "host function: 2 bytes at address 4294967295 do not lie in the caller's memory");
  EXPECT_EQ(print(0, -1).error().kind(), ErrorKind::Trap);
  EXPECT_EQ(m.func<int32_t(int32_t, int32_t)>("sum")->call(16, 2).value(), 'h' + 'e');
  ASSERT_TRUE(m.func<void(int32_t, int32_t, int32_t)>("fill")->call(7, 65535, 1));
  EXPECT_EQ(m.memory()->read<uint8_t>(65535), 7);
}

TEST_F(TypedValues, BytesOfMemory64) {
  std::string seen;
  linker.func("env", "print", [&](ashlar::In64<std::string_view> text) { seen.assign(text.value); });
  ashlar::Instance m = load(R"((module
    (import "env" "print" (func $print (param i64 i64)))
    (memory i64 1)
    (data (i64.const 3) "wide")
    (func (export "print") (param i64 i64) (call $print (local.get 0) (local.get 1)))))");
  const auto print = *m.func<void(int64_t, int64_t)>("print");
  ASSERT_TRUE(print(3, 4));
  EXPECT_EQ(seen, "wide");
  EXPECT_EQ(message(print(-1, 2)),
            "host function: 2 bytes at address 18446744073709551615 do not lie in the caller's memory");
}

TEST_F(TypedValues, CallerWithoutMemory) {
  linker.func("env", "print", [](std::string_view) {});
  ashlar::Instance m = load(R"((module
    (import "env" "print" (func $print (param i32 i32)))
    (func (export "print") (call $print (i32.const 0) (i32.const 0)))))");
  EXPECT_EQ(message(m.func<void()>("print")->call()), "host function: its caller has no memory");
}

/// Notes what it gave and got back; fails where there is no room.
constexpr const char* kMallocGuest = R"((module
  (memory (export "memory") 1)
  (global $top (mut i32) (i32.const 1024))
  (global $live (export "live") (mut i32) (i32.const 0))
  (func (export "malloc") (param $n i32) (result i32)
    (if (i32.gt_u (local.get $n) (i32.const 4096)) (then (return (i32.const 0))))
    (global.set $live (i32.add (global.get $live) (i32.const 1)))
    (global.get $top)
    (global.set $top (i32.add (global.get $top) (local.get $n))))
  (func (export "free") (param i32)
    (if (i32.lt_u (local.get 0) (i32.const 1024)) (then unreachable))
    (global.set $live (i32.sub (global.get $live) (i32.const 1))))
  (func $sum (param $p i32) (param $n i32) (result i32)
    (local $sum i32)
    (loop $again
      (if (i32.eqz (local.get $n)) (then (return (local.get $sum))))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u (i32.add (local.get $p) (local.get $n)))))
      (br $again))
    (unreachable))
  (func (export "sum") (param i32 i32 i32 i32 i32) (result i32)
    (i32.add (local.get 0) (i32.add (call $sum (local.get 1) (local.get 2)) (call $sum (local.get 3) (local.get 4)))))
  (func (export "trap") (param i32 i32) (unreachable))))";

TEST_F(TypedValues, TextsAreCopiedByMallocAndFreed) {
  ashlar::Instance m = load(kMallocGuest);
  auto sum = m.func<int32_t(int32_t, std::string_view, std::span<const uint8_t>)>("sum");
  ASSERT_TRUE(sum) << sum.error().to_string();
  const std::array<uint8_t, 3> bytes{1, 2, 3};
  EXPECT_EQ(sum->call(1000, "ab", bytes).value(), 1000 + 'a' + 'b' + 6);
  EXPECT_EQ(sum->call(1000, "", {}).value(), 1000);
  EXPECT_EQ(m.global("live")->get().as_i32(), 0);
  EXPECT_EQ(message(sum->call(0, "a", std::vector<uint8_t>(5000))),
            "the guest's allocator gave no room for 5000 bytes");
  auto trap = m.func<void(std::string_view)>("trap");
  EXPECT_EQ(trap->call("x").error().kind(), ErrorKind::Trap);
}

TEST_F(TypedValues, TextsByCabiReallocBelongToTheCallee) {
  ashlar::Instance m = load(R"((module
    (memory (export "memory") 1)
    (global (export "asked") (mut i32) (i32.const 0))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
      (if (i32.or (i32.or (local.get 0) (local.get 1)) (i32.ne (local.get 2) (i32.const 1))) (then unreachable))
      (global.set 0 (local.get 3))
      (i32.const 512))
    (func (export "malloc") (param i32) (result i32) (unreachable))
    (func (export "free") (param i32) (unreachable))
    (func (export "first") (param i32 i32) (result i32) (i32.load8_u (local.get 0)))))");
  EXPECT_EQ(m.func<char(std::string_view)>("first")->call("xyz").value(), 'x');
  EXPECT_EQ(m.global("asked")->get().as_i32(), 3);
}

TEST_F(TypedValues, TextsIn64BitMemories) {
  ashlar::Instance m = load(R"((module
    (memory (export "memory") i64 1)
    (func (export "malloc") (param i64) (result i64) (i64.const 640))
    (func (export "free") (param i64) (if (i64.ne (local.get 0) (i64.const 640)) (then unreachable)))
    (func (export "last") (param i64 i64) (result i32)
      (i32.load8_u (i64.sub (i64.add (local.get 0) (local.get 1)) (i64.const 1))))))");
  EXPECT_EQ(m.func<char(std::string_view)>("last")->call("xyz").value(), 'z');
}

TEST_F(TypedValues, TextsNeedAnAllocator) {
  ashlar::Instance m = load(R"((module
    (memory (export "memory") 1)
    (func (export "malloc") (param i32) (result i32) (i32.const 0))
    (func (export "free") (param i64))
    (func (export "f") (param i32 i32))
    (func (export "g") (param i32 i64))))");
  auto f = m.func<void(std::string_view)>("f");
  ASSERT_FALSE(f);
  EXPECT_EQ(f.error().kind(), ErrorKind::Link);
  EXPECT_EQ(f.error().message(),
            "the function's module exports no allocator for what the call passes: cabi_realloc, or malloc and free");
  EXPECT_EQ(m.func<void(std::string_view)>("g").error().kind(), ErrorKind::Usage);
  ashlar::Func host = ashlar::Func::make(store, [](std::string_view) {});
  EXPECT_EQ(host.typed<void(std::string_view)>().error().kind(), ErrorKind::Link);
}

}  // namespace
