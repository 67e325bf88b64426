// Memories and tables as running code sees them: bounds at every edge, growth and its limits, 64-bit addresses.
#include "exe_tester.h"

namespace ashlar::interp::test {
namespace {

struct MemoryTest : ExeTest {};
ASHLAR_ALL_CONFIGURATIONS(MemoryTest);

constexpr const char* kOutOfBounds = "out_of_bounds_memory_access";

TEST_P(MemoryTest, LastByteOfEveryWidth) {
  struct Access {
    const char* load;
    uint32_t bytes;
  };
  const Access accesses[] = {{"i32.load8_u", 1},        {"i32.load16_s", 2},      {"i32.load", 4},
                             {"i64.load8_s", 1},        {"i64.load32_u", 4},      {"i64.load", 8},
                             {"f32.load", 4},           {"f64.load", 8},          {"v128.load", 16},
                             {"v128.load8x8_s", 8},     {"v128.load64_splat", 8}, {"v128.load32_zero", 4},
                             {"i32.atomic.load8_u", 1}, {"i64.atomic.load", 8}};
  for (const Access& a : accesses) {
    SCOPED_TRACE(a.load);
    const std::string load_it = std::string("(drop (") + a.load;
    Instance* m =
        load("(module (memory 2) (func (export \"plain\") (param i32) " + load_it + " (local.get 0))))" +
             "(func (export \"offset\") (param i32) " + load_it + " offset=65536 (local.get 0))))" +
             "(func (export \"far\") (param i32) " + load_it + " offset=0xfffffff8 (local.get 0))))" +
             "(func (export \"sum\") (param i32) " + load_it + " offset=8 (i32.add (local.get 0) (i32.const 8))))))");
    const uint32_t last = 0x20000 - a.bytes;
    EXPECT_EQ(error(m, "plain", {i32(last)}), "");
    EXPECT_EQ(error(m, "plain", {i32(last + a.bytes)}), kOutOfBounds);
    EXPECT_EQ(error(m, "offset", {i32(last - 0x10000)}), "");
    EXPECT_EQ(error(m, "offset", {i32(last - 0x10000 + a.bytes)}), kOutOfBounds);
    EXPECT_EQ(error(m, "sum", {i32(last - 16)}), "");
    EXPECT_EQ(error(m, "sum", {i32(last - 16 + a.bytes)}), kOutOfBounds);
    for (uint32_t address : {0u, 8u, 0xffff'fff8u, 0xffff'ffffu & ~(a.bytes - 1)}) {
      EXPECT_EQ(error(m, "far", {i32(address)}), kOutOfBounds) << address;
    }
    if (a.bytes > 1 && std::string_view(a.load).find("atomic") == std::string_view::npos) {
      EXPECT_EQ(error(m, "plain", {i32(last + 1)}), kOutOfBounds);
      EXPECT_EQ(error(m, "plain", {i32(0xffff'ffff)}), kOutOfBounds);
    }
  }
}

TEST_P(MemoryTest, StoresThatTrapWriteNothing) {
  Instance* m = load(R"((module (memory 1)
    (func (export "i64") (param i32) (i64.store (local.get 0) (i64.const -1)))
    (func (export "v128") (param i32) (v128.store (local.get 0) (v128.const i64x2 -1 -1)))
    (func (export "read") (param i32) (result i64) (i64.load (local.get 0)))))");
  for (uint32_t address = 0x10000 - 7; address < 0x10000; ++address) {
    EXPECT_EQ(error(m, "i64", {i32(address)}), kOutOfBounds);
    EXPECT_EQ(error(m, "v128", {i32(address)}), kOutOfBounds);
  }
  EXPECT_EQ(error(m, "v128", {i32(0x10000 - 15)}), kOutOfBounds);
  EXPECT_EQ(value(m, "read", {i32(0x10000 - 8)}), 0u);
  EXPECT_EQ(error(m, "i64", {i32(0x10000 - 8)}), "");
  EXPECT_EQ(value(m, "read", {i32(0x10000 - 8)}), ~0ull);
}

TEST_P(MemoryTest, GrowsToItsMaximumAndIsUsableAtOnce) {
  Instance* m = load(R"((module (memory (export "memory") 1 5)
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "size") (result i32) (memory.size))
    (func (export "touch") (param i32) (result i32)
      (i32.store (local.get 0) (i32.const 7)) (i32.load (local.get 0)))
    (func (export "loop") (param i32) (result i32) (local $i i32) (local $sum i32)
      ;; grows inside a loop that keeps the address in a local
      (loop
        (if (i32.eq (local.get $i) (i32.const 65536)) (then (drop (memory.grow (i32.const 1)))))
        (i32.store8 (local.get $i) (i32.const 1))
        (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $i))))
        (local.set $i (i32.add (local.get $i) (i32.const 4096)))
        (br_if 0 (i32.lt_u (local.get $i) (local.get 0))))
      (local.get $sum))))");
  EXPECT_EQ(value(m, "loop", {i32(2 * 65536)}), 32u);
  EXPECT_EQ(value(m, "size"), 2u);
  EXPECT_EQ(value(m, "grow", {i32(0)}), 2u);
  EXPECT_EQ(error(m, "touch", {i32(2 * 65536)}), kOutOfBounds);
  EXPECT_EQ(value(m, "grow", {i32(2)}), 2u);
  EXPECT_EQ(value(m, "touch", {i32(4 * 65536 - 4)}), 7u);
  EXPECT_EQ(value(m, "grow", {i32(2)}), 0xffff'ffffu);
  EXPECT_EQ(value(m, "grow", {i32(0xffff'ffff)}), 0xffff'ffffu);
  EXPECT_EQ(value(m, "grow", {i32(1)}), 4u);
  EXPECT_EQ(value(m, "grow", {i32(1)}), 0xffff'ffffu);
  EXPECT_EQ(value(m, "size"), 5u);
  EXPECT_EQ(error(m, "touch", {i32(5 * 65536 - 3)}), kOutOfBounds);
}

TEST_P(MemoryTest, StoreLimitsBoundGrowth) {
  runtime::StoreLimits limits;
  limits.memory_bytes = 4 * 65536;
  limits.table_elements = 20;
  new_store(limits);
  Instance* m = load(R"((module (memory 1) (memory $b 1) (table 5 funcref)
    (func (export "a") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "b") (param i32) (result i32) (memory.grow $b (local.get 0)))
    (func (export "t") (param i32) (result i32) (table.grow (ref.null func) (local.get 0)))))");
  EXPECT_EQ(value(m, "a", {i32(3)}), 0xffff'ffffu);
  EXPECT_EQ(value(m, "a", {i32(1)}), 1u);
  EXPECT_EQ(value(m, "b", {i32(1)}), 1u);
  EXPECT_EQ(value(m, "b", {i32(1)}), 0xffff'ffffu);
  EXPECT_EQ(value(m, "t", {i32(16)}), 0xffff'ffffu);
  EXPECT_EQ(value(m, "t", {i32(15)}), 5u);
  EXPECT_EQ(value(m, "t", {i32(1)}), 0xffff'ffffu);
}

TEST_P(MemoryTest, GrownByAnotherInstanceOrTheHost) {
  Instance* a = load(R"((module (memory (export "memory") 1)
    (func (export "grow") (result i32) (memory.grow (i32.const 1)))
    (func (export "write") (param i32) (i32.store (local.get 0) (i32.const 99)))))",
                     "a");
  host("grow", {}, {}, [](Caller& caller, Slot*) -> Status {
    EXPECT_GE(caller.store.memory_grow(*caller.memory(), 1), 0);
    return {};
  });
  Instance* b = load(R"((module (import "a" "memory" (memory 1)) (import "a" "grow" (func $grow (result i32)))
    (import "host" "grow" (func $host)) (import "a" "write" (func $write (param i32)))
    (func (export "run") (param i32) (result i32)
      (drop (call $grow)) (call $host) (call $write (local.get 0)) (i32.load (local.get 0)))
    (func (export "size") (result i32) (memory.size))))");
  EXPECT_EQ(value(b, "run", {i32(3 * 65536 - 4)}), 99u);
  EXPECT_EQ(value(b, "size"), 3u);
  EXPECT_EQ(error(a, "write", {i32(3 * 65536)}), kOutOfBounds);
}

TEST_P(MemoryTest, SixtyFourBitAddresses) {
  Instance* m = load(R"((module (memory i64 1 3)
    (func (export "load") (param i64) (result i32) (i32.load (local.get 0)))
    (func (export "offset") (param i64) (result i32) (i32.load offset=0xffffffffffff (local.get 0)))
    (func (export "wrap") (param i64) (result i64) (i64.load offset=0xfffffffffffffff8 (local.get 0)))
    (func (export "store") (param i64 i32) (i32.store offset=4 (local.get 0) (local.get 1)))
    (func (export "grow") (param i64) (result i64) (memory.grow (local.get 0)))
    (func (export "fill") (param i64 i64) (memory.fill (local.get 0) (i32.const 1) (local.get 1)))
    (func (export "atomic") (param i64) (result i32) (i32.atomic.rmw.add (local.get 0) (i32.const 1)))
    (func (export "lane") (param i64) (v128.store16_lane 3 (local.get 0) (v128.const i64x2 0 0)))))");
  EXPECT_EQ(error(m, "store", {i64(0x10000 - 8), i32(5)}), "");
  EXPECT_EQ(value(m, "load", {i64(0x10000 - 4)}), 5u);
  for (uint64_t address : {uint64_t{0x10000 - 3}, uint64_t{1} << 32, uint64_t{1} << 63, ~uint64_t{0}, ~uint64_t{3}}) {
    SCOPED_TRACE(address);
    EXPECT_EQ(error(m, "load", {i64(address)}), kOutOfBounds);
    EXPECT_EQ(error(m, "store", {i64(address), i32(1)}), kOutOfBounds);
    EXPECT_EQ(error(m, "fill", {i64(address), i64(4)}), kOutOfBounds);
    EXPECT_EQ(error(m, "lane", {i64(address | 0xffff)}), kOutOfBounds);
  }
  EXPECT_EQ(error(m, "offset", {i64(0)}), kOutOfBounds);
  EXPECT_EQ(error(m, "wrap", {i64(8)}), kOutOfBounds);
  EXPECT_EQ(error(m, "wrap", {i64(16)}), kOutOfBounds);
  EXPECT_EQ(error(m, "atomic", {i64(uint64_t{1} << 40)}), kOutOfBounds);
  EXPECT_EQ(error(m, "fill", {i64(1), i64(~uint64_t{0})}), kOutOfBounds);
  EXPECT_EQ(value(m, "grow", {i64(uint64_t{1} << 32)}), ~0ull);
  EXPECT_EQ(value(m, "grow", {i64(2)}), 1u);
  EXPECT_EQ(value(m, "grow", {i64(1)}), ~0ull);
  EXPECT_EQ(value(m, "load", {i64(0x30000 - 4)}), 0u);
}

TEST_P(MemoryTest, PagesOfOneByte) {
  Instance* m = load(R"((module (memory 10 20 (pagesize 1))
    (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
    (func (export "word") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))))");
  EXPECT_EQ(value(m, "load", {i32(9)}), 0u);
  EXPECT_EQ(error(m, "load", {i32(10)}), kOutOfBounds);
  EXPECT_EQ(error(m, "word", {i32(7)}), kOutOfBounds);
  EXPECT_EQ(value(m, "grow", {i32(5)}), 10u);
  EXPECT_EQ(value(m, "word", {i32(11)}), 0u);
  EXPECT_EQ(value(m, "grow", {i32(6)}), 0xffff'ffffu);
}

TEST_P(MemoryTest, SeveralMemoriesDoNotMix) {
  Instance* m = load(R"((module (memory $a 1) (memory $b 1 4) (memory $c i64 1)
    (func (export "run") (param i32) (result i32)
      (i32.store $a (local.get 0) (i32.const 1))
      (i32.store $b (local.get 0) (i32.const 20))
      (i32.store $c (i64.extend_i32_u (local.get 0)) (i32.const 300))
      (memory.copy $a $b (i32.add (local.get 0) (i32.const 4)) (local.get 0) (i32.const 4))
      (i32.add (i32.load $a offset=4 (local.get 0))
        (i32.add (i32.load $a (local.get 0)) (i32.load $c (i64.extend_i32_u (local.get 0))))))
    (func (export "b") (param i32) (result i32) (i32.load $b (local.get 0)))
    (func (export "grow") (result i32) (memory.grow $b (i32.const 1)))))");
  EXPECT_EQ(value(m, "run", {i32(64)}), 321u);
  EXPECT_EQ(error(m, "b", {i32(65536)}), kOutOfBounds);
  EXPECT_EQ(value(m, "grow"), 1u);
  EXPECT_EQ(value(m, "b", {i32(65536)}), 0u);
}

TEST_P(MemoryTest, TablesGrowAndAreChecked) {
  Instance* m = load(R"((module (type $t (func (result i32)))
    (table $t 1 4 funcref) (table $x i64 2 externref) (elem declare func $f)
    (func $f (result i32) (i32.const 42))
    (func (export "grow") (param i32) (result i32) (table.grow $t (ref.func $f) (local.get 0)))
    (func (export "call") (param i32) (result i32) (call_indirect $t (type $t) (local.get 0)))
    (func (export "set") (param i64 externref) (table.set $x (local.get 0) (local.get 1)))
    (func (export "get") (param i64) (result externref) (table.get $x (local.get 0)))))");
  EXPECT_EQ(error(m, "call", {i32(0)}), "uninitialized_element");
  EXPECT_EQ(error(m, "call", {i32(1)}), "undefined_element");
  EXPECT_EQ(value(m, "grow", {i32(3)}), 1u);
  EXPECT_EQ(value(m, "call", {i32(3)}), 42u);
  EXPECT_EQ(value(m, "grow", {i32(1)}), 0xffff'ffffu);
  const runtime::GcRef box = store->heap().alloc_host(5);
  EXPECT_EQ(error(m, "set", {i64(1), {ValType::externref(), box}}), "");
  EXPECT_EQ(value(m, "get", {i64(1)}), box);
  EXPECT_EQ(error(m, "get", {i64(uint64_t{1} << 32 | 1)}), "out_of_bounds_table_access");
}

TEST_P(MemoryTest, AFaultOutsideGuestMemoryIsNotATrap) {
  // The guest's fault handler must leave foreign faults alone: the process dies as it would without it.
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  host("crash", {}, {}, [](Caller&, Slot*) -> Status {
    *reinterpret_cast<volatile int*>(uintptr_t{64}) = 1;
    return {};
  });
  Instance* m = load(R"((module (import "host" "crash" (func $crash)) (func (export "f") (call $crash))))");
  EXPECT_DEATH((void)call(m, "f"), "");
}

}  // namespace
}  // namespace ashlar::interp::test
