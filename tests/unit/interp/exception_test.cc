// Exceptions: across instances and host functions, from the host, and what locals hold when one is caught.
#include "exe_tester.h"

namespace ashlar::interp::test {
namespace {

struct ExceptionTest : ExeTest {
  /// Throws from a host function: a tag of the instance's export "tag" with these payload slots.
  static Status throw_from_host(Caller& caller, Instance* owner, std::vector<Slot> payload) {
    runtime::Extern e{};
    EXPECT_TRUE(owner->find_export("tag", &e));
    const runtime::GcRef exn = caller.store.heap().alloc_exn(e.tag, static_cast<uint32_t>(payload.size()));
    std::copy(payload.begin(), payload.end(), caller.store.heap().exn_payload(exn));
    caller.store.pending_exception = exn;
    return make_error(ErrorCode::uncaught_exception);
  }
};
ASHLAR_ALL_CONFIGURATIONS(ExceptionTest);

constexpr std::string_view kThrower = R"((module
  (tag $e (export "tag") (param i32 i64))
  (memory 1) (data (i32.const 0) "\09")
  (func $deep (param i32)
    (if (i32.eqz (local.get 0)) (then (throw $e (i32.load8_u (i32.const 0)) (i64.const 77))))
    (call $deep (i32.sub (local.get 0) (i32.const 1))))
  (func (export "throw") (param i32) (call $deep (local.get 0)))))";

TEST_P(ExceptionTest, AcrossInstancesRestoresTheCatchersState) {
  load(kThrower, "a");
  Instance* b = load(R"((module
    (import "a" "tag" (tag $e (param i32 i64)))
    (import "a" "throw" (func $throw (param i32)))
    (memory 1) (data (i32.const 0) "\05")
    (global $g i32 (i32.const 1000))
    (func $middle (param i32) (call $throw (local.get 0)))
    (func (export "catch") (param i32) (result i64) (local $x i64)
      (local.set $x (i64.const 100000))
      (block $h (result i32 i64)
        (try_table (catch $e $h) (call $middle (local.get 0)))
        (return (i64.const 0)))
      (i64.add (local.get $x)) (local.set $x)
      (i64.extend_i32_u (i32.add (i32.load8_u (i32.const 0)) (global.get $g)))
      (i64.add (local.get $x)) (local.set $x)
      (i64.mul (i64.extend_i32_u) (i64.const 1000000))
      (i64.add (local.get $x)))))");
  EXPECT_EQ(value(b, "catch", {i32(0)}), 9'000'000u + 100'000 + 77 + 1005);
  EXPECT_EQ(value(b, "catch", {i32(50)}), 9'101'082u);
}

TEST_P(ExceptionTest, PassesThroughHostFrames) {
  Instance* a = load(kThrower, "a");
  int destroyed = 0;
  host("through", {ValType::i32()}, {}, [&](Caller& caller, Slot* s) -> Status {
    struct Count {
      int& n;
      ~Count() { ++n; }
    } count{destroyed};
    std::vector<Value> results;
    return caller.store.call(func(a, "throw"), std::vector<Value>{i32(static_cast<uint32_t>(s[0]))}, results);
  });
  Instance* b = load(R"((module
    (import "a" "tag" (tag $e (param i32 i64)))
    (import "host" "through" (func $through (param i32)))
    (func (export "catch") (param i32) (result i32)
      (block $h (result i32 i64)
        (try_table (catch $e $h) (call $through (local.get 0)))
        (return (i32.const 0)))
      (drop))
    (func (export "escape") (param i32) (call $through (local.get 0)))))");
  EXPECT_EQ(value(b, "catch", {i32(3)}), 9u);
  EXPECT_EQ(destroyed, 1);
  EXPECT_EQ(store->pending_exception, runtime::kNullRef);
  EXPECT_EQ(error(b, "escape", {i32(3)}), "uncaught_exception");
  EXPECT_NE(store->pending_exception, runtime::kNullRef);
  store->pending_exception = runtime::kNullRef;
  EXPECT_EQ(value(b, "catch", {i32(0)}), 9u);
  EXPECT_EQ(store->host_depth, 0u);
  EXPECT_EQ(store->stack_top, store->stack_base);
}

TEST_P(ExceptionTest, FramesAreThoseOfTheExceptionThatNothingCaught) {
  Instance* a = load(kThrower, "a");
  host("through", {}, {}, [&](Caller& caller, Slot*) -> Status {
    std::vector<Value> results;
    return caller.store.call(func(a, "throw"), std::vector<Value>{i32(1)}, results);
  });
  Instance* b = load(R"((module $b
    (import "a" "tag" (tag $e (param i32 i64)))
    (import "host" "through" (func $through))
    (func $inner (call $through))
    (func (export "escape") (call $inner))
    (func (export "caught") (block $h (try_table (catch_all $h) (call $inner))))
    (func (export "caught before") (block $h (try_table (catch_all $h) (call $inner))) (unreachable))))");
  const auto names = [&](Instance* of, std::string_view what, std::vector<Value> arguments) {
    std::vector<std::string> out;
    for (const Line& line : parse_backtrace(call(of, what, arguments).notes())) out.push_back(line.name);
    return out;
  };
  using Names = std::vector<std::string>;
  const Names whole{"<unknown>!deep", "<unknown>!deep", "<unknown>!throw", "b!inner", "b!escape"};
  EXPECT_EQ(names(b, "escape", {}), whole);
  EXPECT_EQ(names(b, "escape", {}), whole);
  EXPECT_EQ(names(b, "caught before", {}), Names{"b!caught before"});
  EXPECT_EQ(names(b, "caught", {}), Names{});
  EXPECT_EQ(names(a, "throw", {i32(0)}), (Names{"<unknown>!deep", "<unknown>!throw"}));
}

TEST_P(ExceptionTest, HostFunctionsThrow) {
  Instance* a = load(kThrower, "a");
  host("throw", {ValType::i32()}, {ValType::i32()}, [&](Caller& caller, Slot* s) -> Status {
    if (s[0] == 0) return {};
    return throw_from_host(caller, a, {s[0] * 2, 5});
  });
  Instance* b = load(R"((module
    (import "a" "tag" (tag $e (param i32 i64)))
    (import "host" "throw" (func $throw (param i32) (result i32)))
    (table 1 funcref) (elem (i32.const 0) $throw) (elem declare func $throw)
    (type $t (func (param i32) (result i32)))
    (func (export "direct") (param i32) (result i32) (local $keep i32)
      (local.set $keep (i32.const 100))
      (block $h (result i32 i64)
        (try_table (result i32) (catch $e $h) (call $throw (local.get 0)))
        (return (i32.const -1)))
      (drop) (i32.add (local.get $keep)))
    (func (export "indirect") (param i32) (result i32)
      (block $h (result i32 i64)
        (try_table (result i32) (catch $e $h) (call_indirect (type $t) (local.get 0) (i32.const 0)))
        (return (i32.const -1)))
      (drop))
    (func (export "ref") (param i32) (result i32)
      (block $h (try_table (result i32) (catch_all $h) (call_ref $t (local.get 0) (ref.func $throw))) (return))
      (i32.const 55))
    (func $tail (param i32) (result i32) (return_call $throw (local.get 0)))
    (func (export "tail") (param i32) (result i32)
      (block $h (result i32 i64)
        (try_table (result i32) (catch $e $h) (call $tail (local.get 0)))
        (return (i32.const -1)))
      (drop))
    (func (export "loop") (param i32) (result i32) (local $i i32) (local $sum i32)
      (loop $again
        (block $next
          (block $h (result i32 i64)
            (try_table (catch $e $h)
              (drop (call $throw (i32.and (local.get $i) (i32.const 1)))) (br $next))
            (unreachable))
          (drop) (local.set $sum (i32.add (local.get $sum))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $i) (local.get 0))))
      (local.get $sum))))");
  EXPECT_EQ(value(b, "direct", {i32(4)}), 108u);
  EXPECT_EQ(value(b, "indirect", {i32(4)}), 8u);
  EXPECT_EQ(value(b, "ref", {i32(4)}), 55u);
  EXPECT_EQ(value(b, "tail", {i32(4)}), 8u);
  EXPECT_EQ(value(b, "direct", {i32(0)}), 0xffff'ffffu);
  EXPECT_EQ(value(b, "loop", {i32(1000)}), 1000u);
}

TEST_P(ExceptionTest, ThrownBelowTailCallsOfOtherInstances) {
  load(kThrower, "a");
  Instance* b = load(R"((module
    (import "a" "tag" (tag $e (param i32 i64)))
    (import "a" "throw" (func $throw (param i32)))
    (memory 1) (data (i32.const 0) "\05")
    (func $hop (param i32) (return_call $throw (local.get 0)))
    (func $tried (param i32)   ;; the tail call leaves this handler
      (block $h (try_table (catch_all $h) (return_call $hop (local.get 0)))))
    (func (export "run") (param i32) (result i32)
      (block $h (result i32 i64)
        (try_table (catch $e $h) (call $tried (local.get 0)))
        (return (i32.const 0)))
      (drop) (i32.add (i32.load8_u (i32.const 0))))))");
  EXPECT_EQ(value(b, "run", {i32(0)}), 14u);
  EXPECT_EQ(value(b, "run", {i32(7)}), 14u);
}

TEST_P(ExceptionTest, HostFunctionsThrowWhenTailCalledFromAnotherInstance) {
  Instance* a = load(kThrower, "a");
  host("throw", {}, {}, [&](Caller& caller, Slot*) -> Status { return throw_from_host(caller, a, {8, 5}); });
  host("fail", {}, {}, [&](Caller&, Slot*) -> Status { return make_error(ErrorCode::host_trap, kNoOffset, "no"); });
  load(R"((module
    (import "host" "throw" (func $throw)) (import "host" "fail" (func $fail))
    (func (export "hop") (return_call $throw))
    (func (export "fail") (return_call $fail))))",
       "b");
  Instance* c = load(R"((module $c
    (import "a" "tag" (tag $e (param i32 i64)))
    (import "b" "hop" (func $hop)) (import "b" "fail" (func $fail))
    (memory 1) (data (i32.const 0) "\06")
    (func (export "catch") (result i32) (local $keep i32)
      (local.set $keep (i32.const 100))
      (block $h (result i32 i64)
        (try_table (catch $e $h) (call $hop))
        (return (i32.const -1)))
      (drop) (i32.add (local.get $keep)) (i32.add (i32.load8_u (i32.const 0))))
    (func $fails (export "fail") (call $fail))))");
  EXPECT_EQ(value(c, "catch"), 114u);
  Outcome fail = call(c, "fail");
  EXPECT_EQ(fail.error(), "host_trap");
  EXPECT_EQ(parse_backtrace(fail.notes()), (std::vector<Line>{{offset_of(c, 3, Op::call), "c!fails"}}));
  // From the host itself: nothing is there to catch it.
  runtime::Extern hop = *linker->find("b", "hop");
  std::vector<Value> results;
  Status status = store->call(hop.func, {}, results);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code(), ErrorCode::uncaught_exception);
}

TEST_P(ExceptionTest, HotLocalsKeepTheirValuesWhenCaught) {
  host("maybe", {ValType::i32()}, {}, [](Caller&, Slot*) -> Status { return {}; });
  Instance* m = load(R"((module
    (tag $e (param i32))
    (func $check (param i32)
      (if (i32.eqz (i32.rem_u (local.get 0) (i32.const 3))) (then (throw $e (local.get 0)))))
    ;; Every local changes between the try's start and the throw; the handler must see the newest values.
    (func (export "sum") (param $n i32) (result i32)
      (local $i i32) (local $a i32) (local $b i64) (local $c i32) (local $caught i32) (local $f f64) (local $v v128)
      (loop $again
        (local.set $a (i32.add (local.get $a) (local.get $i)))
        (block $next
          (block $h (result i32)
            (try_table (catch $e $h)
              (local.set $b (i64.add (local.get $b) (i64.const 3)))
              (local.set $f (f64.add (local.get $f) (f64.const 0.5)))
              (local.set $v (i64x2.add (local.get $v) (i64x2.splat (i64.const 2))))
              (local.set $c (i32.xor (local.get $c) (local.get $i)))
              (local.set $a (i32.add (local.get $a) (i32.const 1)))
              (call $check (local.get $i)))
            (br $next))
          (local.set $caught (i32.add (local.get $caught))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (local.set $c (i32.add (local.get $c) (local.get $a)))
        (br_if $again (i32.lt_u (local.get $i) (local.get $n))))
      (i32.add (i32.add (local.get $a) (local.get $caught))
        (i32.add (i32.wrap_i64 (local.get $b))
          (i32.add (local.get $c) (i32.add (i32.trunc_f64_u (local.get $f))
            (i32.wrap_i64 (i64x2.extract_lane 1 (local.get $v))))))))
    (func (export "legacy") (param $n i32) (result i32)
      (local $i i32) (local $a i32) (local $b i32) (local $c i32)
      (loop $again
        (try
          (do
            (local.set $a (i32.add (local.get $a) (local.get $i)))
            (local.set $b (i32.add (local.get $b) (i32.const 2)))
            (call $check (local.get $i))
            (local.set $c (i32.add (local.get $c) (i32.const 1))))
          (catch $e
            (local.set $c (i32.add (local.get $c) (i32.mul (i32.const 100))))
            (local.set $b (i32.sub (local.get $b) (i32.const 1)))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $i) (local.get $n))))
      (i32.add (local.get $a) (i32.add (i32.mul (local.get $b) (i32.const 7)) (local.get $c))))))");
  uint32_t i = 0, a = 0, c = 0, caught = 0;
  uint64_t b = 0;
  constexpr uint32_t kN = 500;
  for (; i < kN; ++i) {
    a += i;
    b += 3;
    c ^= i;
    a += 1;
    if (i % 3 == 0) caught += i;
    c += a;
  }
  EXPECT_EQ(value(m, "sum", {i32(kN)}), uint32_t(a + caught + b + c + kN / 2 + 2 * kN));
  uint32_t la = 0, lb = 0, lc = 0;
  for (i = 0; i < kN; ++i) {
    la += i;
    lb += 2;
    if (i % 3 == 0) {
      lc = i + lc * 100;
      lb -= 1;
    } else {
      lc += 1;
    }
  }
  EXPECT_EQ(value(m, "legacy", {i32(kN)}), la + lb * 7 + lc);
}

TEST_P(ExceptionTest, OperandsBelowATryAreKept) {
  Instance* m = load(R"((module
    (tag $e (param v128 i32))
    (func $throw (param i32) (throw $e (i64x2.splat (i64.const 1000)) (local.get 0)))
    (func (export "run") (param i32) (result i64) (local $k i64) (local $p i32)
      (i64.const 1) (i64.const 20) (i64.extend_i32_u (i32.mul (local.get 0) (i32.const 300)))
      (block $h (result v128 i32)
        (try_table (catch $e $h) (call $throw (i32.add (local.get 0) (i32.const 5))))
        (unreachable))
      (local.set $p) (i64x2.extract_lane 1) (i64.extend_i32_u (local.get $p))
      (i64.add) (i64.add) (i64.add) (i64.add))))");
  EXPECT_EQ(value(m, "run", {i32(1)}), 1u + 20 + 300 + 1000 + 6);
}

TEST_P(ExceptionTest, ReferencesAreRethrown) {
  Instance* m = load(R"((module
    (tag $e (param i32)) (tag $f)
    (func $inner (param i32) (result i32)
      (block $h (result exnref)
        (try_table (result i32) (catch_all_ref $h)
          (if (local.get 0) (then (throw $e (i32.const 42))))
          (throw $f))
        (return))
      (throw_ref))
    (func (export "run") (param i32) (result i32)
      (block $f_
        (block $e_ (result i32)
          (try_table (result i32) (catch $e $e_) (catch $f $f_) (call $inner (local.get 0))))
        (return))
      (i32.const 7))
    (func (export "null") (throw_ref (ref.null exn)))))");
  EXPECT_EQ(value(m, "run", {i32(1)}), 42u);
  EXPECT_EQ(value(m, "run", {i32(0)}), 7u);
  EXPECT_EQ(error(m, "null"), "null_exception_reference");
}

TEST_P(ExceptionTest, TrapsAreNotCaught) {
  Instance* m = load(R"((module
    (memory 1)
    (func (export "divide") (param i32) (result i32)
      (block $h (try_table (catch_all $h) (return (i32.div_u (i32.const 1) (local.get 0))))) (i32.const 9))
    (func (export "load") (param i32) (result i32)
      (block $h (try_table (catch_all $h) (return (i32.load (local.get 0))))) (i32.const 9))
    (func (export "legacy") (result i32)
      (try (result i32) (do (unreachable)) (catch_all (i32.const 9))))))");
  EXPECT_EQ(error(m, "divide", {i32(0)}), "integer_divide_by_zero");
  EXPECT_EQ(error(m, "load", {i32(0x10000)}), "out_of_bounds_memory_access");
  EXPECT_EQ(error(m, "legacy"), "unreachable");
  EXPECT_EQ(value(m, "divide", {i32(1)}), 1u);
}

TEST_P(ExceptionTest, DelegateSkipsHandlers) {
  Instance* m = load(R"((module
    (tag $e)
    (func (export "run") (result i32)
      (try $outer (result i32)
        (do
          (try (result i32)
            (do (try (result i32) (do (throw $e)) (delegate $outer)))
            (catch_all (i32.const 1))))
        (catch_all (i32.const 2))))
    (func (export "rethrow") (param i32) (result i32)
      (try (result i32)
        (do (try $t (result i32)
          (do (throw $e))
          (catch $e (if (local.get 0) (then (rethrow $t))) (i32.const 5))))
        (catch_all (i32.const 6))))))");
  EXPECT_EQ(value(m, "run"), 2u);
  EXPECT_EQ(value(m, "rethrow", {i32(0)}), 5u);
  EXPECT_EQ(value(m, "rethrow", {i32(1)}), 6u);
}

TEST_P(ExceptionTest, ManyThrowsDoNotGrowTheSideStack) {
  load(kThrower, "a");
  Instance* b = load(R"((module
    (import "a" "throw" (func $throw (param i32)))
    (func (export "run") (param i32) (result i32) (local $i i32)
      (loop $again
        (block $h (try_table (catch_all $h) (call $throw (i32.const 3))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $i) (local.get 0))))
      (local.get $i))))");
  EXPECT_EQ(value(b, "run", {i32(20'000)}), 20'000u);
}

}  // namespace
}  // namespace ashlar::interp::test
