// Calls: across instances, through tables and references, tail calls, many values, values that the host left dirty.
#include "exe_tester.h"

namespace ashlar::interp::test {
namespace {

struct CallTest : ExeTest {};
ASHLAR_ALL_CONFIGURATIONS(CallTest);

TEST_P(CallTest, AcrossInstancesEachSeesItsOwnState) {
  load(R"((module
    (memory 1) (global $g (mut i32) (i32.const 100))
    (func (export "bump") (param i32) (result i32)
      (global.set $g (i32.add (global.get $g) (local.get 0)))
      (i32.store (i32.const 8) (global.get $g))
      (i32.load (i32.const 8)))))",
       "a");
  Instance* b = load(R"((module
    (import "a" "bump" (func $bump (param i32) (result i32)))
    (memory 1) (global $g (mut i32) (i32.const 7))
    (func (export "run") (param i32) (result i32)
      (i32.store (i32.const 8) (i32.const 5))
      (global.set $g (call $bump (local.get 0)))
      (i32.add (global.get $g) (i32.mul (i32.const 1000) (i32.load (i32.const 8)))))))");
  EXPECT_EQ(value(b, "run", {i32(1)}), 5101u);
  EXPECT_EQ(value(b, "run", {i32(10)}), 5111u);
}

TEST_P(CallTest, RecursionBetweenInstancesThroughATable) {
  Instance* a = load(R"((module
    (type $t (func (param i32) (result i32)))
    (table (export "table") 2 funcref)
    (memory 1) (data (i32.const 0) "\01")
    (elem (i32.const 0) $even)
    (func $even (export "even") (param i32) (result i32)
      (if (i32.eqz (local.get 0)) (then (return (i32.load8_u (i32.const 0)))))
      (i32.add (i32.load8_u (i32.const 0))
        (call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 1))))))",
                     "a");
  load(R"((module
    (type $t (func (param i32) (result i32)))
    (import "a" "table" (table 2 funcref))
    (memory 1) (data (i32.const 0) "\64")
    (elem (i32.const 1) $odd)
    (func $odd (param i32) (result i32)
      (i32.add (i32.load8_u (i32.const 0))
        (call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))))))");
  EXPECT_EQ(value(a, "even", {i32(10)}), 5u + 500 + 1);
  EXPECT_EQ(value(a, "even", {i32(1000)}), 500u + 50000 + 1);
}

constexpr std::string_view kTailA = R"((module
  (type $t (func (param i64 i64) (result i64)))
  (table (export "table") 2 funcref)
  (global $mine (mut i64) (i64.const 1))
  (elem (i32.const 0) $a)
  (func $a (export "a") (param $n i64) (param $sum i64) (result i64)
    (if (i64.eqz (local.get $n)) (then (return (local.get $sum))))
    (return_call_indirect (type $t) (i64.sub (local.get $n) (i64.const 1))
      (i64.add (local.get $sum) (global.get $mine)) (i32.const 1)))
  (func (export "through_frame") (param i64) (result i64)
    (i64.add (i64.const 7) (call $a (local.get 0) (i64.const 0))))))";
constexpr std::string_view kTailB = R"((module
  (type $t (func (param i64 i64) (result i64)))
  (import "a" "table" (table 2 funcref))
  (global $mine (mut i64) (i64.const 2))
  (elem (i32.const 1) $b)
  (func $b (param $n i64) (param $sum i64) (result i64)
    (if (i64.eqz (local.get $n)) (then (return (local.get $sum))))
    (return_call_indirect (type $t) (i64.sub (local.get $n) (i64.const 1))
      (i64.add (local.get $sum) (global.get $mine)) (i32.const 0)))))";

TEST_P(CallTest, TailCallsAcrossInstancesNeedNoStack) {
  runtime::StoreLimits limits;
  limits.stack_bytes = 8192;  // a frame a hop would end it at once
  reset(limits);
  Instance* a = load(kTailA, "a");
  load(kTailB);
  EXPECT_EQ(value(a, "a", {i64(1'000'000), i64(0)}), 1'500'000u);
  EXPECT_EQ(value(a, "through_frame", {i64(1'000'001)}), 1'500'001u + 7);
  EXPECT_EQ(store->stack_top, store->stack_base);
}

TEST_P(CallTest, TailCallOfImportsAndReferences) {
  Instance* a = load(R"((module
    (type $t (func (param i32 i32) (result i32)))
    (global $state (mut i32) (i32.const 40))
    (func (export "sub") (param i32 i32) (result i32)
      (i32.add (global.get $state) (i32.sub (local.get 0) (local.get 1))))
    (func (export "get") (result (ref null $t)) (ref.func 0))
    (elem declare func 0)))",
                     "a");
  (void)a;
  host("twice", {ValType::i32()}, {ValType::i32()}, [](Caller&, Slot* s) -> Status {
    s[0] *= 2;
    return {};
  });
  Instance* b = load(R"((module
    (type $t (func (param i32 i32) (result i32)))
    (import "a" "sub" (func $sub (type $t)))
    (import "a" "get" (func $get (result (ref null $t))))
    (import "host" "twice" (func $twice (param i32) (result i32)))
    (memory 1)
    (func $grow (param i32 i32) (result i32)   ;; more parameters than the caller's
      (return_call $sub (local.get 1) (local.get 0)))
    (func (export "direct") (param i32) (result i32)
      (return_call $grow (local.get 0) (i32.const 50)))
    (func (export "ref") (param i32) (result i32)
      (return_call_ref $t (local.get 0) (i32.const 1) (call $get)))
    (func (export "host") (param i32 i32 i32) (result i32)   ;; fewer parameters than the caller's
      (return_call $twice (local.get 2)))
    (func (export "after") (param i32) (result i32)
      (i32.store (i32.const 0) (i32.const 3))
      (i32.add (call 6 (i32.const 0) (i32.const 0) (local.get 0))
        (i32.add (call 4 (local.get 0)) (i32.load (i32.const 0)))))
    (func (export "null") (result i32)
      (return_call_ref $t (i32.const 1) (i32.const 2) (ref.null $t)))))");
  EXPECT_EQ(value(b, "direct", {i32(8)}), 82u);
  EXPECT_EQ(value(b, "ref", {i32(9)}), 48u);
  EXPECT_EQ(value(b, "host", {i32(1), i32(2), i32(30)}), 60u);
  EXPECT_EQ(value(b, "after", {i32(8)}), 16u + 82 + 3);
  EXPECT_EQ(error(b, "null"), "null_function_reference");
}

TEST_P(CallTest, IndirectCallsCheckIndexNullAndType) {
  Instance* m = load(R"((module
    (type $t (func (param i32) (result i32)))
    (type $u (func (param i64) (result i32)))
    (table 10 10 funcref)
    (elem (i32.const 1) $id $wide)
    (func $id (param i32) (result i32) (local.get 0))
    (func $wide (param i64) (result i32) (i32.const 9))
    (func (export "call") (param i32) (result i32) (call_indirect (type $t) (i32.const 3) (local.get 0)))
    (func (export "tail") (param i32) (result i32) (return_call_indirect (type $t) (i32.const 3) (local.get 0)))))");
  for (const char* name : {"call", "tail"}) {
    EXPECT_EQ(value(m, name, {i32(1)}), 3u);
    EXPECT_EQ(error(m, name, {i32(0)}), "uninitialized_element");
    EXPECT_EQ(error(m, name, {i32(2)}), "indirect_call_type_mismatch");
    EXPECT_EQ(error(m, name, {i32(10)}), "undefined_element");
    EXPECT_EQ(error(m, name, {i32(0xffff'ffff)}), "undefined_element");
  }
}

TEST_P(CallTest, TwentyOneResultsAndParameters) {
  std::string types, consts, gets, sum = "(i64.const 0)";
  for (int i = 0; i < 21; ++i) {
    const bool wide = i % 3 == 1;
    types += wide ? " i64" : " i32";
    consts += wide ? " (i64.add (i64.const " : " (i32.add (i32.const ";
    consts += std::to_string(i * i) + (wide ? ") (i64.extend_i32_u (local.get 0)))" : ") (local.get 0))");
    gets += " local.get " + std::to_string(i);
    std::string term = "(local.get " + std::to_string(i) + ")";
    if (!wide) term = "(i64.extend_i32_u " + term + ")";
    sum = "(i64.add (i64.mul (i64.const 3) " + sum + ") " + term + ")";
  }
  const std::string wat = "(module (import \"host\" \"mix\" (func $mix (param" + types + ") (result" + types +
                          "))) (func $many (param i32) (result" + types + ")" + consts + ")" + "(func $pass (param" +
                          types + ") (result" + types + ")" + gets + ")" + "(func $sum (param" + types +
                          ") (result i64) " + sum + ")" +
                          "(func (export \"run\") (param i32) (result i64) (call $sum (call $pass (call $many "
                          "(local.get 0)))))" +
                          "(func (export \"host\") (param i32) (result i64) (call $sum (call $mix (call $many "
                          "(local.get 0)))))" +
                          "(func (export \"tail\") (param i32) (result i64) (return_call $sum (call $many "
                          "(local.get 0))))" +
                          "(func (export \"many\") (param i32) (result" + types + ") (call $many (local.get 0))))";
  std::vector<ValType> list;
  for (int i = 0; i < 21; ++i) list.push_back(i % 3 == 1 ? ValType::i64() : ValType::i32());
  host("mix", list, list, [](Caller&, Slot* s) -> Status {
    for (int i = 0; i < 21; ++i) s[i] = (s[i] + 1) | (i % 3 == 1 ? 0 : 0xabcd'0000'0000'0000);
    return {};
  });
  Instance* m = load(wat);
  uint64_t expected = 0, expected_host = 0;
  for (uint64_t i = 0; i < 21; ++i) {
    expected = 3 * expected + i * i + 5;
    expected_host = 3 * expected_host + i * i + 6;
  }
  EXPECT_EQ(value(m, "run", {i32(5)}), expected);
  EXPECT_EQ(value(m, "tail", {i32(5)}), expected);
  EXPECT_EQ(value(m, "host", {i32(5)}), expected_host);
  Outcome many = call(m, "many", {i32(2)});
  ASSERT_EQ(many.results.size(), 21u);
  for (uint64_t i = 0; i < 21; ++i) EXPECT_EQ(many.results[i].lo, i * i + 2);
}

TEST_P(CallTest, HundredsOfParametersAndLocals) {
  std::string params, body = "(i32.const 0)", args, locals;
  for (int i = 0; i < 600; ++i) {
    params += " i32";
    locals += " i64";
    args += " (i32.add (local.get 0) (i32.const " + std::to_string(i) + "))";
    body = "(i32.add " + body + " (i32.mul (local.get " + std::to_string(i) + ") (i32.const " + std::to_string(i % 7) +
           ")))";
  }
  const std::string wat = "(module (func $f (param" + params + ") (result i32) (local" + locals + ") " + body +
                          ") (func (export \"run\") (param i32) (result i32) (call $f" + args + ")))";
  Instance* m = load(wat);
  uint32_t expected = 0;
  for (uint32_t i = 0; i < 600; ++i) expected += (10 + i) * (i % 7);
  EXPECT_EQ(value(m, "run", {i32(10)}), expected);
}

TEST_P(CallTest, FramesUpToTheLimit) {
  // As many parameters and results as the limits allow, and locals beyond what a frame can hold.
  std::string params, results, gets;
  for (int i = 0; i < 1000; ++i) params += " v128", gets += " (local.get " + std::to_string(i) + ")";
  Instance* m =
      load("(module (func $f (param" + params + ") (result" + params + ")" + gets + ") (func (export \"f\") (param" +
           params + ") (result" + params + ") (call $f" + gets + ")) (func (export \"tail\") (param" + params +
           ") (result" + params + ") (return_call $f" + gets + ")))");
  std::vector<Value> args;
  for (uint64_t i = 0; i < 1000; ++i) args.push_back(v128(i, i * i));
  for (const char* name : {"f", "tail"}) {
    Outcome out = call(m, name, args);
    ASSERT_TRUE(out.ok()) << out.status.error().render();
    ASSERT_EQ(out.results.size(), 1000u);
    for (uint64_t i = 0; i < 1000; ++i) {
      EXPECT_EQ(out.results[i].lo, i);
      EXPECT_EQ(out.results[i].hi, i * i);
    }
  }
  std::string i64s, v128s;
  for (int i = 0; i < 49'990; ++i) i64s += " i64", v128s += " v128";
  Instance* big = load("(module (func (export \"narrow\") (param i64) (result i64) (local" + i64s +
                       ") (local.set 49990 (local.get 0)) (i64.add (local.get 49990) (local.get 49989)))" +
                       "(func (export \"wide\") (param i64) (result i64) (local" + v128s + ") (local.get 0)))");
  EXPECT_EQ(value(big, "narrow", {i64(5)}), 5u);
  EXPECT_EQ(error(big, "wide", {i64(5)}), "implementation_limit");
  EXPECT_EQ(value(big, "narrow", {i64(6)}), 6u);
}

TEST_P(CallTest, LocalsStartAtZeroInADirtyFrame) {
  Instance* m = load(R"((module
    (func $dirty (param i64) (local i64 i64 i64 i64 v128 f64)
      (local.set 1 (local.get 0)) (local.set 2 (local.get 0)) (local.set 3 (local.get 0)) (local.set 4 (local.get 0))
      (local.set 5 (i64x2.splat (local.get 0))) (local.set 6 (f64.reinterpret_i64 (local.get 0))))
    (func $clean (param i64) (result i64) (local i64 i64 i32 i64 v128 f64)
      (i64.or (i64.or (i64.or (local.get 1) (local.get 2))
                      (i64.or (i64.extend_i32_u (local.get 3)) (local.get 4)))
              (i64.or (i64.or (i64x2.extract_lane 0 (local.get 5)) (i64x2.extract_lane 1 (local.get 5)))
                      (i64.reinterpret_f64 (local.get 6)))))
    (func (export "run") (result i64)
      (call $dirty (i64.const -1)) (call $clean (i64.const -1)))))");
  EXPECT_EQ(value(m, "run"), 0u);
}

TEST_P(CallTest, VectorsTravelThroughCalls) {
  host("swap", {ValType::i32(), ValType::v128(), ValType::v128()}, {ValType::v128(), ValType::i32(), ValType::v128()},
       [](Caller&, Slot* s) -> Status {
         const Slot in[5] = {s[0], s[1], s[2], s[3], s[4]};
         s[0] = in[3], s[1] = in[4], s[2] = in[0], s[3] = in[1], s[4] = in[2];
         return {};
       });
  load(R"((module
    (func (export "add") (param v128 i64 v128) (result v128)
      (local $keep v128)
      (local.set $keep (i64x2.add (local.get 0) (local.get 2)))
      (i64x2.add (local.get $keep) (i64x2.splat (local.get 1))))))",
       "other");
  Instance* m = load(R"((module
    (import "host" "swap" (func $swap (param i32 v128 v128) (result v128 i32 v128)))
    (import "other" "add" (func $add (param v128 i64 v128) (result v128)))
    (table 1 funcref) (elem (i32.const 0) $add)
    (type $t (func (param v128 i64 v128) (result v128)))
    (func $two (param v128) (result v128 v128) (local.get 0) (i64x2.neg (local.get 0)))
    (func (export "add") (param v128 v128) (result v128) (call $add (local.get 0) (i64.const 3) (local.get 1)))
    (func (export "indirect") (param v128 v128) (result v128)
      (return_call_indirect (type $t) (local.get 0) (i64.const 4) (local.get 1) (i32.const 0)))
    (func (export "swap") (param v128 v128) (result v128 i32 v128)
      (call $swap (i32.const 6) (local.get 0) (local.get 1)))
    (func (export "two") (param v128) (result v128 v128)
      (local $x v128)
      (local.set $x (local.get 0))
      (call $two (local.get $x)))))");
  const Value a = v128(10, 20), b = v128(1, 2);
  const auto expect = [](const Value& v, uint64_t lo, uint64_t hi) {
    EXPECT_EQ(v.lo, lo);
    EXPECT_EQ(v.hi, hi);
  };
  Outcome add = call(m, "add", {a, b});
  ASSERT_TRUE(add.ok());
  expect(add.results[0], 14, 25);
  Outcome indirect = call(m, "indirect", {a, b});
  ASSERT_TRUE(indirect.ok());
  expect(indirect.results[0], 15, 26);
  Outcome swap = call(m, "swap", {a, b});
  ASSERT_TRUE(swap.ok());
  expect(swap.results[0], 1, 2);
  EXPECT_EQ(swap.results[1].lo, 6u);
  expect(swap.results[2], 10, 20);
  Outcome two = call(m, "two", {a});
  ASSERT_TRUE(two.ok());
  expect(two.results[0], 10, 20);
  expect(two.results[1], -10ull, -20ull);
}

TEST_P(CallTest, NarrowValuesAreExtendedWhenTheHostLeavesThemDirty) {
  constexpr Slot kDirt = 0xdead'beef'0000'0000;
  host("dirty", {}, {ValType::i32()}, [](Caller&, Slot* s) -> Status {
    s[0] = kDirt | 0xffff'fff0;
    return {};
  });
  Instance* m = load(R"((module
    (import "host" "dirty" (func $dirty (result i32)))
    (memory 1) (table 4 funcref)
    (global $g (mut i32) (i32.const 0))
    (func (export "extend") (result i64) (i64.extend_i32_u (call $dirty)))
    (func (export "signed") (result i64) (i64.extend_i32_s (call $dirty)))
    (func (export "compare") (result i32) (i32.lt_u (i32.const 5) (call $dirty)))
    (func (export "equal") (result i32) (i32.eq (call $dirty) (i32.const -16)))
    (func (export "address") (result i32) (i32.load offset=16 (i32.add (call $dirty) (i32.const 16))))
    (func (export "shift") (result i32) (i32.shr_u (call $dirty) (i32.const 4)))
    (func (export "rotate") (result i32) (i32.rotr (call $dirty) (i32.const 4)))
    (func (export "float") (result f64) (f64.convert_i32_u (call $dirty)))
    (func (export "param") (param i32) (result i64) (i64.extend_i32_u (local.get 0)))
    (func (export "param_loop") (param i32) (result i64) (local i32)
      (loop (local.set 1 (i32.add (local.get 1) (i32.const 1))) (br_if 0 (i32.lt_u (local.get 1) (local.get 0))))
      (i64.extend_i32_u (local.get 0)))
    (func (export "global") (result i64) (global.set $g (call $dirty)) (i64.extend_i32_u (global.get $g)))
    (func (export "switch") (param i32) (result i32)
      (block (block (br_table 0 1 1 (local.get 0))) (return (i32.const 10))) (i32.const 20))))");
  EXPECT_EQ(value(m, "extend"), 0xffff'fff0u);
  EXPECT_EQ(value(m, "signed"), -16ull);
  EXPECT_EQ(value(m, "compare"), 1u);
  EXPECT_EQ(value(m, "equal"), 1u);
  EXPECT_EQ(value(m, "address"), 0u);
  EXPECT_EQ(value(m, "shift"), 0x0fff'ffffu);
  EXPECT_EQ(value(m, "rotate"), 0x0fff'ffffu);
  EXPECT_EQ(std::bit_cast<double>(value(m, "float")), 4294967280.0);
  EXPECT_EQ(value(m, "param", {{ValType::i32(), kDirt | 7}}), 7u);
  EXPECT_EQ(value(m, "param_loop", {{ValType::i32(), kDirt | 7}}), 7u);
  EXPECT_EQ(value(m, "global"), 0xffff'fff0u);
  EXPECT_EQ(value(m, "switch", {{ValType::i32(), kDirt}}), 10u);
  EXPECT_EQ(value(m, "switch", {{ValType::i32(), kDirt | 1}}), 20u);
}

TEST_P(CallTest, HostFunctionsCallBackAndSeeTheirCaller) {
  Instance* seen = nullptr;
  Instance* m = nullptr;
  host("again", {ValType::i32()}, {ValType::i32()}, [&](Caller& caller, Slot* s) -> Status {
    seen = caller.instance;
    std::vector<Value> results;
    TRY(caller.store.call(func(m, "down"), std::vector<Value>{i32(static_cast<uint32_t>(s[0]))}, results));
    s[0] = results[0].lo + 1;
    return {};
  });
  m = load(R"((module
    (import "host" "again" (func $again (param i32) (result i32)))
    (memory 1)
    (func (export "down") (param i32) (result i32) (local $a i32) (local $b i32)
      (local.set $a (i32.mul (local.get 0) (i32.const 2)))
      (local.set $b (i32.const 5))
      (if (i32.eqz (local.get 0)) (then (return (i32.const 100))))
      (i32.add (call $again (i32.sub (local.get 0) (i32.const 1)))
        (i32.sub (i32.add (local.get $a) (local.get $b)) (i32.add (i32.mul (local.get 0) (i32.const 2)) (i32.const 5)))))))");
  EXPECT_EQ(value(m, "down", {i32(20)}), 120u);
  EXPECT_EQ(seen, m);
  EXPECT_EQ(store->host_depth, 0u);
}

TEST_P(CallTest, HostErrorsAndExceptionsAreTraps) {
  host("fail", {}, {}, [](Caller&, Slot*) -> Status { return make_error(ErrorCode::host_trap, kNoOffset, "no luck"); });
  host("throw", {}, {}, [](Caller&, Slot*) -> Status { throw std::runtime_error("oops"); });
  host("exit", {}, {}, [](Caller&, Slot*) -> Status { return make_error(ErrorCode::program_exit, kNoOffset, "3"); });
  Instance* m = load(R"((module
    (import "host" "fail" (func $fail)) (import "host" "throw" (func $throw)) (import "host" "exit" (func $exit))
    (func (export "fail") (block (try_table (catch_all 0) (call $fail))))
    (func (export "throw") (call $throw))
    (func (export "exit") (call $exit))))");
  Outcome fail = call(m, "fail");
  ASSERT_FALSE(fail.ok());
  EXPECT_EQ(fail.status.error().message(), "no luck");
  EXPECT_NE(fail.notes().find("fail"), std::string::npos);
  Outcome thrown = call(m, "throw");
  ASSERT_FALSE(thrown.ok());
  EXPECT_EQ(thrown.status.error().message(), "exception in throw: oops");
  EXPECT_EQ(error(m, "exit"), "program_exit");
}

}  // namespace
}  // namespace ashlar::interp::test
