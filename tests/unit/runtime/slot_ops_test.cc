// Slot operations: every opcode that is executed through slots has a function, and what the functions do with slots.
#include "runtime/slot_ops.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <set>

#include "isa/op_table.h"
#include "runtime/fake_tier.h"
#include "runtime/store.h"

namespace ashlar::runtime {
namespace {

namespace fake = runtime::fake;
using isa::Op;
using isa::StorageType;
using isa::ValType;

/// Special typing, tables, bulk memory, atomics, lanes and wide arithmetic; what lowering does itself is not among
/// them.
bool expected(Op op, const isa::OpInfo& info) {
  static const std::set<Op> kLowered = {Op::br_on_cast, Op::br_on_cast_fail};
  static const std::set<Op> kOthers = {Op::memory_size, Op::memory_grow, Op::memory_init,    Op::memory_copy,
                                       Op::memory_fill, Op::data_drop,   Op::elem_drop,      Op::ref_as_non_null,
                                       Op::ref_func,    Op::table_get,   Op::table_set,      Op::table_init,
                                       Op::table_copy,  Op::table_grow,  Op::table_size,     Op::table_fill,
                                       Op::i64_add128,  Op::i64_sub128,  Op::i64_mul_wide_s, Op::i64_mul_wide_u};
  if (kLowered.contains(op)) return false;
  return info.prefix == 0xfb || info.prefix == 0xfe || info.imm == isa::ImmKind::MemArgLane || kOthers.contains(op);
}

TEST(SlotFunction, ExactlyTheExpectedOpcodesHaveOne) {
  for (size_t i = 0; i < isa::kOpCount; ++i) {
    const Op op = static_cast<Op>(i);
    EXPECT_EQ(slot_function(op) != nullptr, expected(op, isa::info(op))) << isa::mnemonic(op);
  }
}

/// An instance with one shared memory of a page, a table of 4 and some types.
struct SlotOps : testing::Test {
  std::shared_ptr<runtime::Engine> engine = fake::engine();
  runtime::Store store{engine};
  fake::Builder builder;
  uint32_t pair = builder.struct_type({StorageType::i8(), StorageType::of(ValType::v128())}, false);
  uint32_t sub =
      builder.struct_type({StorageType::i8(), StorageType::of(ValType::v128()), StorageType::i16()}, true, pair);
  uint32_t shorts = builder.array_type(StorageType::i16());
  uint32_t vectors = builder.array_type(StorageType::of(ValType::v128()));
  uint32_t func = builder.func_type({}, {});
  runtime::Instance* instance = nullptr;
  std::array<Slot, 16> s{};

  void SetUp() override {
    builder.memory(1, 2);
    builder.m->memories[0].type.limits.shared = true;
    builder.memory(1, 2);
    builder.table(4, 6);
    builder.func(func);
    auto made = store.instantiate(builder.compile(engine), {});
    ASSERT_TRUE(made.has_value());
    instance = *made;
  }
  uint32_t id(uint32_t type) const { return instance->module().canonical[type]; }
  Trap call(SlotFn f, uint32_t a, uint32_t b, uint64_t offset) {
    std::array<uint8_t, 18> imm{};
    std::memcpy(imm.data(), &a, 4);
    std::memcpy(imm.data() + 4, &b, 4);
    std::memcpy(imm.data() + 10, &offset, 8);
    return f(&instance->ctx, s.data(), imm.data());
  }
  Trap run(Op op, std::initializer_list<Slot> in, uint32_t a = 0, uint32_t b = 0, uint64_t offset = 0) {
    std::copy(in.begin(), in.end(), s.begin());
    return call(slot_function(op), a, b, offset);
  }
};

TEST_F(SlotOps, MemoriesGrowWithinTheirMaximum) {
  EXPECT_EQ(run(Op::memory_size, {}, 1), Trap::none);
  EXPECT_EQ(s[0], 1u);
  EXPECT_EQ(run(Op::memory_grow, {1}, 1), Trap::none);
  EXPECT_EQ(s[0], 1u);
  EXPECT_EQ(run(Op::memory_grow, {1}, 1), Trap::none);
  EXPECT_EQ(s[0], 0xffff'ffffu);
  EXPECT_EQ(run(Op::memory_fill, {0x1'0000, 7, 0x1'0000}, 1), Trap::none);
  EXPECT_EQ(run(Op::memory_fill, {0x1'0000, 7, 0x1'0001}, 1), Trap::out_of_bounds_memory_access);
  EXPECT_EQ(run(Op::memory_copy, {0, 0x1'0000, 0x1'0000}, 0, 1), Trap::none);
  EXPECT_EQ(instance->ctx.memories[0]->base()[0xffff], 7);
}

TEST_F(SlotOps, TablesCheckTheirBounds) {
  EXPECT_EQ(run(Op::ref_func, {}, 0), Trap::none);
  const Slot f = s[0];
  EXPECT_EQ(run(Op::table_set, {3, f}), Trap::none);
  EXPECT_EQ(run(Op::table_get, {3}), Trap::none);
  EXPECT_EQ(s[0], f);
  EXPECT_EQ(run(Op::table_get, {4}), Trap::out_of_bounds_table_access);
  EXPECT_EQ(run(Op::table_grow, {f, 2}), Trap::none);
  EXPECT_EQ(s[0], 4u);
  EXPECT_EQ(run(Op::table_grow, {f, 1}), Trap::none);
  EXPECT_EQ(s[0], 0xffff'ffffu);
  EXPECT_EQ(run(Op::table_size, {}), Trap::none);
  EXPECT_EQ(s[0], 6u);
}

TEST_F(SlotOps, AtomicsZeroExtendAndCheck) {
  EXPECT_EQ(run(Op::i64_atomic_store, {8, 0xffff'ffff'ffff'fff0}), Trap::none);
  EXPECT_EQ(run(Op::i32_atomic_rmw8_add_u, {0, 0x11}, 0, 0, 8), Trap::none);
  EXPECT_EQ(s[0], 0xf0u);
  EXPECT_EQ(run(Op::i64_atomic_load, {8}), Trap::none);
  EXPECT_EQ(s[0], 0xffff'ffff'ffff'ff01u);
  EXPECT_EQ(run(Op::i64_atomic_rmw32_cmpxchg_u, {8, 0xffff'ff01, 5}), Trap::none);
  EXPECT_EQ(s[0], 0xffff'ff01u);
  EXPECT_EQ(run(Op::i32_atomic_rmw16_xchg_u, {8, 9}), Trap::none);
  EXPECT_EQ(s[0], 5u);
  EXPECT_EQ(run(Op::i32_atomic_load, {0x1'0002}), Trap::unaligned_atomic);
  EXPECT_EQ(run(Op::i32_atomic_load, {0x1'0000}), Trap::out_of_bounds_memory_access);
  EXPECT_EQ(run(Op::i32_atomic_load8_u, {4}, 0, 0, ~0ull), Trap::out_of_bounds_memory_access);
  EXPECT_EQ(run(Op::memory_atomic_wait32, {8, 1, 0}, 1), Trap::expected_shared_memory);
  EXPECT_EQ(run(Op::memory_atomic_wait32, {8, 1, 0}), Trap::none);
  EXPECT_EQ(s[0], 1u);
  EXPECT_EQ(run(Op::memory_atomic_wait32, {8, 9, 1000}), Trap::none);
  EXPECT_EQ(s[0], 2u);
  EXPECT_EQ(run(Op::memory_atomic_notify, {8, 1}), Trap::none);
  EXPECT_EQ(s[0], 0u);
}

TEST_F(SlotOps, LanesMoveTheirBytesOnly) {
  EXPECT_EQ(run(Op::v128_store16_lane, {4, 0x4444'3333'2222'1111, 0x8888'7777'6666'5555}, 1, 5, 2), Trap::none);
  EXPECT_EQ(run(Op::v128_load32_lane, {6, 1, 2}, 1, 3), Trap::none);
  EXPECT_EQ(s[0], 1u);
  EXPECT_EQ(s[1], 0x0000'6666'0000'0002u);
  EXPECT_EQ(run(Op::v128_load64_lane, {0xfff9, 1, 2}, 1, 0), Trap::out_of_bounds_memory_access);
}

TEST_F(SlotOps, WideArithmeticCarries) {
  EXPECT_EQ(run(Op::i64_add128, {~0ull, 1, 1, 2}), Trap::none);
  EXPECT_EQ(s[0], 0u);
  EXPECT_EQ(s[1], 4u);
  EXPECT_EQ(run(Op::i64_mul_wide_s, {~0ull, 2}), Trap::none);
  EXPECT_EQ(s[1], ~0ull);
}

TEST_F(SlotOps, StructFields) {
  EXPECT_EQ(run(Op::struct_new, {0x1'80, 11, 12}, id(pair)), Trap::none);
  const Slot r = s[0];
  EXPECT_EQ(run(Op::struct_get_s, {r}, id(pair), 0), Trap::none);
  EXPECT_EQ(s[0], 0xffff'ff80u);
  EXPECT_EQ(run(Op::struct_get_u, {r}, id(pair), 0), Trap::none);
  EXPECT_EQ(s[0], 0x80u);
  EXPECT_EQ(run(Op::struct_set, {r, 21, 22}, id(pair), 1), Trap::none);
  EXPECT_EQ(run(Op::struct_get, {r}, id(pair), 1), Trap::none);
  EXPECT_EQ(s[0], 21u);
  EXPECT_EQ(s[1], 22u);
  EXPECT_EQ(run(Op::struct_get, {0}, id(pair), 1), Trap::null_structure_reference);
}

TEST_F(SlotOps, ArrayElements) {
  EXPECT_EQ(run(Op::array_new, {0xffff, 3}, id(shorts)), Trap::none);
  const Slot r = s[0];
  EXPECT_EQ(run(Op::array_set, {r, 1, 0x1'7fff}, id(shorts)), Trap::none);
  EXPECT_EQ(run(Op::array_get_s, {r, 0}, id(shorts)), Trap::none);
  EXPECT_EQ(s[0], 0xffff'ffffu);
  EXPECT_EQ(run(Op::array_get_u, {r, 1}, id(shorts)), Trap::none);
  EXPECT_EQ(s[0], 0x7fffu);
  EXPECT_EQ(run(Op::array_get_u, {r, 3}, id(shorts)), Trap::out_of_bounds_array_access);
  EXPECT_EQ(run(Op::array_len, {r}), Trap::none);
  EXPECT_EQ(s[0], 3u);
  EXPECT_EQ(run(Op::array_len, {0}), Trap::null_array_reference);
  EXPECT_EQ(run(Op::array_new_default, {~0u}, id(vectors)), Trap::gc_heap_exhausted);
  EXPECT_EQ(run(Op::array_new_fixed, {1, 2, 3, 4}, id(vectors), 2), Trap::none);
  const Slot v = s[0];
  EXPECT_EQ(run(Op::array_fill, {v, 0, 7, 8, 1}, id(vectors)), Trap::none);
  EXPECT_EQ(run(Op::array_copy, {v, 1, v, 0, 1}, id(vectors), id(vectors)), Trap::none);
  EXPECT_EQ(run(Op::array_get, {v, 1}, id(vectors)), Trap::none);
  EXPECT_EQ(s[0], 7u);
  EXPECT_EQ(s[1], 8u);
}

TEST_F(SlotOps, TestsAndCasts) {
  auto to = [&](uint32_t type) { return ValType::ref(isa::HeapType::concrete(id(type))).raw(); };
  EXPECT_EQ(run(Op::struct_new_default, {}, id(sub)), Trap::none);
  const Slot r = s[0];
  for (uint32_t type : {pair, sub}) {
    EXPECT_EQ(run(Op::ref_test, {r}, to(type)), Trap::none);
    EXPECT_EQ(s[0], 1u);
  }
  EXPECT_EQ(run(Op::ref_cast, {r}, to(shorts)), Trap::cast_failure);
  EXPECT_EQ(run(Op::ref_cast, {0}, to(sub)), Trap::cast_failure);
  EXPECT_EQ(run(Op::ref_cast_null, {0}, ValType::anyref().raw()), Trap::none);
  EXPECT_EQ(run(Op::ref_i31, {0xffff'ffff}), Trap::none);
  const Slot i31 = s[0];
  EXPECT_EQ(run(Op::ref_cast, {i31}, to(sub)), Trap::cast_failure);
  EXPECT_EQ(run(Op::i31_get_s, {i31}), Trap::none);
  EXPECT_EQ(s[0], 0xffff'ffffu);
  EXPECT_EQ(run(Op::i31_get_u, {i31}), Trap::none);
  EXPECT_EQ(s[0], 0x7fff'ffffu);
  EXPECT_EQ(run(Op::i31_get_u, {0}), Trap::null_i31_reference);
  EXPECT_EQ(run(Op::ref_func, {}, 0), Trap::none);
  const Slot f = s[0];
  EXPECT_EQ(call(slot_test_keep, to(func), 0, 0), Trap::none);
  EXPECT_EQ(s[0], f);
  EXPECT_EQ(s[1], 1u);
  EXPECT_EQ(call(slot_test_keep, ValType::nullfuncref().raw(), 0, 0), Trap::none);
  EXPECT_EQ(s[1], 0u);
  EXPECT_EQ(run(Op::ref_as_non_null, {0}), Trap::null_reference);
}

}  // namespace
}  // namespace ashlar::runtime
