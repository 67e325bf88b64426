// Tests the instruction table: encodings, signatures, search by mnemonic.
#include "isa/op_table.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace ashlar::isa {
namespace {

TEST(OpTable, EveryRowIsFoundByItsEncoding) {
  for (size_t i = 0; i < kOpCount; ++i) {
    const OpInfo& op = kOpTable[i];
    EXPECT_EQ(lookup(op.prefix, op.code), static_cast<Op>(i)) << op.mnemonic;
    if (op.prefix == 0) EXPECT_EQ(lookup(static_cast<uint8_t>(op.code)), static_cast<Op>(i)) << op.mnemonic;
  }
}

TEST(OpTable, EveryMnemonicIsFound) {
  for (size_t i = 0; i < kOpCount; ++i) {
    const Op found = find_mnemonic(kOpTable[i].mnemonic);
    ASSERT_NE(found, Op::kCount) << kOpTable[i].mnemonic;
    EXPECT_EQ(mnemonic(found), kOpTable[i].mnemonic);
  }
}

TEST(OpTable, SharedMnemonicsGiveThePlainForm) {
  EXPECT_EQ(find_mnemonic("select"), Op::select);
  EXPECT_EQ(find_mnemonic("ref.test"), Op::ref_test);
  EXPECT_EQ(find_mnemonic("ref.cast"), Op::ref_cast);
}

TEST(OpTable, UnknownMnemonics) {
  for (const char* name : {"", "i32", "i32.ad", "i32.addd", "get_local", "i32_add", "I32.ADD", "if_"}) {
    EXPECT_EQ(find_mnemonic(name), Op::kCount) << name;
  }
}

TEST(OpTable, UnknownEncodings) {
  EXPECT_EQ(lookup(0x27), Op::kCount);
  EXPECT_EQ(lookup(0xff), Op::kCount);
  EXPECT_EQ(lookup(0xfc), Op::kCount);
  EXPECT_EQ(lookup(0, 256), Op::kCount);
  EXPECT_EQ(lookup(0xfa, 0), Op::kCount);
  EXPECT_EQ(lookup(0xfb, 31), Op::kCount);
  EXPECT_EQ(lookup(0xfc, 0x17), Op::kCount);
  EXPECT_EQ(lookup(0xfd, 0x9a), Op::kCount);
  EXPECT_EQ(lookup(0xfd, 0x114), Op::kCount);
  EXPECT_EQ(lookup(0xfe, 0x4f), Op::kCount);
  for (uint8_t prefix : {0, 0xfb, 0xfc, 0xfd, 0xfe}) EXPECT_EQ(lookup(prefix, 0xffffffffu), Op::kCount);
}

TEST(OpTable, KnownEncodings) {
  EXPECT_EQ(lookup(0x00), Op::unreachable);
  EXPECT_EQ(lookup(0x0b), Op::end);
  EXPECT_EQ(lookup(0x1c), Op::select_t);
  EXPECT_EQ(lookup(0x6a), Op::i32_add);
  EXPECT_EQ(lookup(0xc4), Op::i64_extend32_s);
  EXPECT_EQ(lookup(0xd6), Op::br_on_non_null);
  EXPECT_EQ(lookup(0xfb, 0x1e), Op::i31_get_u);
  EXPECT_EQ(lookup(0xfc, 0x11), Op::table_fill);
  EXPECT_EQ(lookup(0xfc, 0x16), Op::i64_mul_wide_u);
  EXPECT_EQ(lookup(0xfd, 0xff), Op::f64x2_convert_low_i32x4_u);
  EXPECT_EQ(lookup(0xfd, 0x113), Op::i32x4_relaxed_dot_i8x16_i7x16_add_s);
  EXPECT_EQ(lookup(0xfe, 0x4e), Op::i64_atomic_rmw32_cmpxchg_u);
}

TEST(OpTable, SignaturesAreDecoded) {
  const OpInfo& wait = info(Op::memory_atomic_wait32);
  ASSERT_EQ(wait.operand_count(), 3u);
  ASSERT_EQ(wait.result_count(), 1u);
  EXPECT_EQ(wait.operand(0), 'a');
  EXPECT_EQ(wait.operand(1), 'i');
  EXPECT_EQ(wait.operand(2), 'l');
  EXPECT_EQ(wait.result(0), 'i');
  EXPECT_EQ(info(Op::i64_add128).operand_count(), 4u);
  EXPECT_EQ(info(Op::i64_add128).result_count(), 2u);
  EXPECT_TRUE(info(Op::drop).has_special_typing());
  EXPECT_FALSE(info(Op::nop).has_special_typing());
  for (const OpInfo& op : kOpTable) {
    if (op.special) continue;
    std::string sig(op.operands.data(), op.operand_count());
    sig += '>';
    sig.append(op.results.data(), op.result_count());
    EXPECT_EQ(sig, op.sig) << op.mnemonic;
  }
}

TEST(OpTable, WidthsAndLanes) {
  EXPECT_EQ(info(Op::i64_load16_u).width, 2);
  EXPECT_EQ(info(Op::v128_load32x2_s).width, 8);
  EXPECT_EQ(info(Op::v128_store8_lane).lane_count(), 16u);
  EXPECT_EQ(info(Op::v128_load64_lane).lane_count(), 2u);
  EXPECT_EQ(info(Op::i16x8_extract_lane_s).lane_count(), 8u);
  EXPECT_EQ(info(Op::i8x16_shuffle).lane_count(), 32u);
  EXPECT_EQ(info(Op::i32_add).lane_count(), 0u);
}

TEST(OpTable, SigTypes) {
  EXPECT_EQ(sig_type('d'), ValType::f64());
  EXPECT_EQ(sig_type('a'), ValType::i32());
  EXPECT_EQ(sig_type('a', ValType::i64()), ValType::i64());
  EXPECT_EQ(sig_type('t', ValType::i32(), ValType::i64()), ValType::i64());
}

TEST(OpTable, ImmediateKindsAreDescribed) {
  std::set<std::string_view> seen;
  for (size_t i = 0; i < static_cast<size_t>(ImmKind::kCount); ++i) seen.insert(describe(static_cast<ImmKind>(i)));
  EXPECT_GT(seen.size(), 30u);
  EXPECT_EQ(describe(ImmKind::Fence), "one zero byte");
}

}  // namespace
}  // namespace ashlar::isa
