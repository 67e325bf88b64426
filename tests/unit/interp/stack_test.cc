// Exhaustion of the stack: every kind of recursion is a trap, at any stack size, and the store works on.
#include "exe_tester.h"

namespace ashlar::interp::test {
namespace {

struct StackTest : ExeTest {};
ASHLAR_ALL_CONFIGURATIONS(StackTest);

TEST_P(StackTest, EveryRecursionEndsInATrapAndTheStoreStaysUsable) {
  Instance* m = nullptr;
  host("call", {}, {}, [&](Caller& caller, Slot*) -> Status {
    std::vector<Value> results;
    return caller.store.call(func(m, "host"), {}, results);
  });
  load(R"((module (table (export "t") 1 funcref)
    (func (export "call") (call_indirect (i32.const 0)))))",
       "other");
  m = load(R"((module
    (import "host" "call" (func $host))
    (import "other" "t" (table $other 1 funcref))
    (import "other" "call" (func $cross))
    (type $v (func))
    (table $own 3 funcref)
    (elem (table $own) (i32.const 0) func $indirect $a $ref)
    (elem (table $other) (i32.const 0) func $cross_back)
    (memory 1)
    (func $direct (export "direct") (param i64) (result i64) (local v128 i64)
      (i64.add (call $direct (i64.add (local.get 0) (i64.const 1))) (i64.const 1)))
    (func $indirect (export "indirect") (call_indirect $own (type $v) (i32.const 0)) (drop (i32.const 1)))
    (func $ref (export "ref") (call_ref $v (ref.func $ref)) (drop (i32.const 1)))
    (func $a (export "mutual") (call $b))
    (func $b (call_indirect $own (type $v) (i32.const 1)) (call $c))
    (func $c (call $a))
    (func $cross_back (export "cross") (call $cross))
    (func (export "host") (call $host))
    (func $hot (export "hot") (param i32) (result i32) (local i32 i32)
      (loop
        (local.set 1 (i32.add (local.get 1) (local.get 0)))
        (local.set 2 (i32.add (local.get 2) (local.get 1)))
        (br_if 0 (i32.lt_u (local.get 2) (i32.const 10))))
      (i32.add (call $hot (local.get 2)) (local.get 1)))
    (func $caught (export "caught") (block $h (try_table (catch_all $h) (call $caught))))
    (func (export "fine") (param i32) (result i32) (i32.load (local.get 0)))))");
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(error(m, "direct", {i64(1)}), "call_stack_exhausted");
    for (const char* name : {"indirect", "ref", "mutual", "cross", "host", "caught"}) {
      EXPECT_EQ(error(m, name), "call_stack_exhausted") << name;
      EXPECT_EQ(store->stack_top, store->stack_base);
      EXPECT_EQ(store->host_depth, 0u);
      EXPECT_EQ(value(m, "fine", {i32(16)}), 0u);
    }
    EXPECT_EQ(error(m, "hot", {i32(1)}), "call_stack_exhausted");
    EXPECT_EQ(error(m, "fine", {i32(0xffff'fffc)}), "out_of_bounds_memory_access");
  }
}

TEST_P(StackTest, AnyStackSizeIsSafe) {
  std::string args, params, locals;
  for (int i = 0; i < 40; ++i) {
    params += " i64";
    locals += " v128";
    args += " (local.get " + std::to_string(i) + ")";
  }
  const std::string wat = "(module (import \"host\" \"f\" (func $f (param" + params + ")))" +
                          "(func $big (export \"big\") (param" + params + ") (local" + locals + ") (call $big" + args +
                          "))" + "(func (export \"host\") (param" + params + ") (call $f" + args + "))" +
                          "(func $small (export \"small\") (param i32) (call $small (local.get 0))))";
  const std::vector<Value> many(40, i64(1));
  for (uint64_t bytes : {0, 1, 8, 64, 4096, 8192, 65536}) {
    runtime::StoreLimits limits;
    limits.stack_bytes = bytes;
    new_store(limits);
    host("f", std::vector<ValType>(40, ValType::i64()), {}, [](Caller&, Slot*) -> Status { return {}; });
    Instance* m = load(wat);
    EXPECT_EQ(error(m, "big", many), "call_stack_exhausted") << bytes;
    EXPECT_EQ(error(m, "small", {i32(1)}), "call_stack_exhausted") << bytes;
    EXPECT_EQ(error(m, "host", many), bytes == 0 ? "call_stack_exhausted" : "") << bytes;
  }
}

TEST_P(StackTest, DepthGrowsWithTheStack) {
  uint64_t depth[2] = {};
  for (int i = 0; i < 2; ++i) {
    runtime::StoreLimits limits;
    limits.stack_bytes = (i + 1) * uint64_t{1} << 20;
    new_store(limits);
    Instance* m = load(R"((module (global $n (mut i64) (i64.const 0))
      (func $f (export "f") (global.set $n (i64.add (global.get $n) (i64.const 1))) (call $f))
      (func (export "n") (result i64) (global.get $n))))");
    EXPECT_EQ(error(m, "f"), "call_stack_exhausted");
    depth[i] = value(m, "n");
  }
  EXPECT_GT(depth[0], 10'000u);
  EXPECT_NEAR(static_cast<double>(depth[1]), 2.0 * static_cast<double>(depth[0]), 16);
}

TEST_P(StackTest, HostRecursionIsLimitedSeparately) {
  runtime::StoreLimits limits;
  limits.host_depth = 20;
  new_store(limits);
  Instance* m = nullptr;
  uint32_t calls = 0;
  host("again", {}, {}, [&](Caller& caller, Slot*) -> Status {
    ++calls;
    std::vector<Value> results;
    return caller.store.call(func(m, "f"), {}, results);
  });
  m = load(R"((module (import "host" "again" (func $again)) (func (export "f") (call $again))))");
  EXPECT_EQ(error(m, "f"), "call_stack_exhausted");
  EXPECT_EQ(calls, 20u);
  calls = 0;
  EXPECT_EQ(error(m, "f"), "call_stack_exhausted");
  EXPECT_EQ(calls, 20u);
}

TEST_P(StackTest, StartFunctionsAndBacktracesOfDeepStacks) {
  auto made = linker->instantiate(compile(R"((module (func $f (call $f)) (start $f)))"));
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code(), ErrorCode::call_stack_exhausted);
  const std::vector<Line> lines = parse_backtrace(made.error().notes());
  EXPECT_EQ(lines.size(), 64u);
  EXPECT_NE(made.error().notes().find("more frames"), std::string::npos);
}

}  // namespace
}  // namespace ashlar::interp::test
