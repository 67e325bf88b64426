// Source lines between the compiler program and the command: read back as written, and nothing else is believed.
#include "native/source_lines.h"

#include <gtest/gtest.h>

#include <random>

namespace ashlar::native {
namespace {

SourceLines sample() {
  SourceLines out;
  out.strings = {"", "a.c", "/src", "clang", "f", "_Z1fv", "/src/a.h"};
  out.units = {{.name = 1, .directory = 2, .producer = 3, .language = 12}};
  out.frames = {{.function = 4, .linkage = 5, .file = 1, .line = 7, .start_file = 1, .start_line = 6},
                {.function = 4, .linkage = 0, .file = 6, .line = 0, .start_file = 0, .start_line = 0}};
  out.rows = {{.wasm = 10, .unit = 0, .first_frame = 0, .frame_count = 2},
              {.wasm = 20, .unit = 0, .first_frame = 1, .frame_count = 1}};
  return out;
}

TEST(SourceLines, RoundTrip) {
  const auto back = decode_source_lines(encode_source_lines(sample()));
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(back->strings, sample().strings);
  EXPECT_EQ(encode_source_lines(*back), encode_source_lines(sample()));
  EXPECT_EQ(back->find(11), nullptr);
  const SourceRow* row = back->find(10);
  ASSERT_NE(row, nullptr);
  ASSERT_EQ(back->frames_of(*row).size(), 2u);
  EXPECT_EQ(back->text(back->frames_of(*row)[0].linkage), "_Z1fv");
}

TEST(SourceLines, EmptyOnesAreNoSource) {
  const SourceLines none;
  EXPECT_EQ(none.find(0), nullptr);
  SourceLines least;
  least.strings = {""};
  EXPECT_TRUE(decode_source_lines(encode_source_lines(least)));
}

TEST(SourceLines, NumbersBeyondTheirTablesAreRefused) {
  const auto refused = [](void (*change)(SourceLines&)) {
    SourceLines lines = sample();
    change(lines);
    const auto back = decode_source_lines(encode_source_lines(lines));
    return !back && back.error().code() == ErrorCode::compiler_failed;
  };
  EXPECT_TRUE(refused([](SourceLines& l) { l.strings.clear(); }));
  EXPECT_TRUE(refused([](SourceLines& l) { l.strings[0] = "x"; }));
  EXPECT_TRUE(refused([](SourceLines& l) { l.units[0].producer = 7; }));
  EXPECT_TRUE(refused([](SourceLines& l) { l.frames[1].start_file = 7; }));
  EXPECT_TRUE(refused([](SourceLines& l) { l.rows[0].unit = 1; }));
  EXPECT_TRUE(refused([](SourceLines& l) { l.rows[0].frame_count = 0; }));
  EXPECT_TRUE(refused([](SourceLines& l) { l.rows[1].frame_count = 2; }));
  EXPECT_TRUE(refused([](SourceLines& l) { l.rows[1].first_frame = 3; }));
  EXPECT_TRUE(refused([](SourceLines& l) { l.rows[1].wasm = 10; }));
  EXPECT_FALSE(refused([](SourceLines&) {}));
}

TEST(SourceLines, DamagedBytesAreRefusedOrSound) {
  const std::vector<uint8_t> good = encode_source_lines(sample());
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(decode_source_lines(std::span(good).first(size))) << size;
  }
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    std::vector<uint8_t> bytes = good;
    bytes[random() % bytes.size()] = static_cast<uint8_t>(random());
    const auto back = decode_source_lines(bytes);
    if (!back) continue;
    for (const SourceRow& row : back->rows) {
      for (const SourceFrame& frame : back->frames_of(row)) (void)back->text(frame.file).size();
    }
  }
}

}  // namespace
}  // namespace ashlar::native
