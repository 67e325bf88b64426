// Immediates of every kind, and how a body ends.
#include "binary/body_reader.h"

#include <gtest/gtest.h>

namespace ashlar::binary {
namespace {

using isa::Op;
using Bytes = std::vector<uint8_t>;

struct Read {
  explicit Read(Bytes bytes_in, isa::Features features = isa::Features::all())
      : bytes(std::move(bytes_in)), reader(bytes, 0, bytes.size(), features), op(reader.next(imm)) {}
  std::string error() { return op == Op::kCount ? reader.take_error().message() : ""; }
  Bytes bytes;
  Imm imm;
  BodyReader reader;
  Op op;
};

TEST(BodyReader, Constants) {
  EXPECT_EQ(Read({0x41, 0x7f}).imm.lo, 0xffffffffu);
  EXPECT_EQ(Read({0x42, 0x7f}).imm.lo, ~uint64_t{0});
  EXPECT_EQ(Read({0x43, 0, 0, 0x80, 0x3f}).imm.lo, 0x3f800000u);
  const Read v({0xfd, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
  EXPECT_EQ(v.op, Op::v128_const);
  EXPECT_EQ(v.imm.lo, 0x0807060504030201u);
  EXPECT_EQ(v.imm.hi, 0x100f0e0d0c0b0a09u);
}

TEST(BodyReader, Memory) {
  const Read plain({0x28, 2, 0x80, 1});
  EXPECT_EQ(plain.imm.memory, 0u);
  EXPECT_EQ(plain.imm.align_log2, 2);
  EXPECT_EQ(plain.imm.offset, 128u);
  const Read second({0x28, 0x42, 5, 3});
  EXPECT_EQ(second.imm.memory, 5u);
  EXPECT_EQ(second.imm.align_log2, 2);
  EXPECT_EQ(second.imm.offset, 3u);
  EXPECT_EQ(Read({0x28, 0x42, 5, 3}, isa::Features::mvp()).error(), "malformed memop flags: 0x42");
  EXPECT_EQ(Read({0x3f, 1}, isa::Features::mvp()).error(), "zero byte expected");
  const Read lane({0xfd, 84, 0, 1, 7});
  EXPECT_EQ(lane.op, Op::v128_load8_lane);
  EXPECT_EQ(lane.imm.lane, 7);
}

TEST(BodyReader, Control) {
  EXPECT_EQ(Read({0x02, 0x40}).imm.block.kind, BlockType::Kind::Empty);
  EXPECT_EQ(Read({0x02, 0x7c}).imm.block.value, isa::ValType::f64());
  EXPECT_EQ(Read({0x02, 0x63, 0x6b}).imm.block.value, isa::ValType::structref());
  EXPECT_EQ(Read({0x02, 0xc0, 0}).imm.block.type, 64u);
  const Read table({0x0e, 2, 1, 0, 7});
  ASSERT_EQ(table.imm.labels.size(), 2u);
  EXPECT_EQ(table.imm.labels[0], 1u);
  EXPECT_EQ(table.imm.a, 7u);
  const Read handler({0x1f, 0x40, 2, 1, 4, 0, 2, 3});
  ASSERT_EQ(handler.imm.catches.size(), 2u);
  EXPECT_EQ(handler.imm.catches[0].tag, 4u);
  EXPECT_TRUE(handler.imm.catches[0].has_ref());
  EXPECT_EQ(handler.imm.catches[1].label, 3u);
  EXPECT_FALSE(handler.imm.catches[1].has_tag());
  const Read cast({0xfb, 0x18, 2, 9, 0x6e, 5});
  EXPECT_FALSE(cast.imm.null1);
  EXPECT_TRUE(cast.imm.null2);
  EXPECT_EQ(cast.imm.a, 9u);
  EXPECT_EQ(cast.imm.heap2, isa::HeapType::concrete(5));
}

TEST(BodyReader, ErrorsStick) {
  Read cut({0x41});
  EXPECT_EQ(cut.op, Op::kCount);
  EXPECT_EQ(cut.reader.next(cut.imm), Op::kCount);
  EXPECT_EQ(cut.reader.take_error().message(), "unexpected end of section or function");
  EXPECT_EQ(Read({0xff}).error(), "illegal opcode ff");
  EXPECT_EQ(Read({0xfc, 0x7f}).error(), "illegal opcode fc 7f");
  EXPECT_EQ(Read({0xd2, 0}, isa::Features::mvp()).error(),
            "illegal opcode d2 (ref.func: feature reference-types is off)");
  EXPECT_EQ(Read({0x0e, 0xff, 0x7f, 0}).error(), "length out of bounds");
}

TEST(BodyReader, TellsHowABodyEndsTooEarly) {
  for (const auto& [behind, message] : {std::pair<Bytes, std::string>{{}, "unexpected end of section or function"},
                                        {{0x0b}, "section size mismatch"},
                                        {{0x05}, "END opcode expected"}}) {
    Bytes bytes = {0x01};
    bytes.insert(bytes.end(), behind.begin(), behind.end());
    BodyReader reader(bytes, 0, 1, {});
    Imm imm;
    EXPECT_EQ(reader.next(imm), Op::nop);
    EXPECT_EQ(reader.next(imm), Op::kCount);
    EXPECT_EQ(reader.take_error().message(), message);
  }
}

TEST(BodyReader, Locals) {
  const Bytes bytes = {2, 3, 0x7f, 1, 0x7b};
  BodyReader reader(bytes, 0, bytes.size(), {});
  std::vector<LocalGroup> groups;
  ASSERT_TRUE(read_locals(reader, 2, 6, groups));
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].count, 3u);
  EXPECT_EQ(groups[1].type, isa::ValType::v128());
  reader.restart(0, bytes.size());
  const Status status = read_locals(reader, 3, 6, groups);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message(), "too many locals: 7, at most 6");
}

}  // namespace
}  // namespace ashlar::binary
