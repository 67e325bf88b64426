// Backtraces as data and as text.
#include "runtime/backtrace.h"

#include <gtest/gtest.h>

namespace ashlar::runtime {
namespace {

/// Of functions of 16 bytes each.
struct SomeModule : module::Module {
  SomeModule() {
    for (uint32_t i = 0; i < 200; ++i)
      funcs.push_back({.type = {}, .imported = 0, .body_offset = 16 * i, .body_size = 16});
  }
};

Error with_frames(Error e, const module::Module& m, std::initializer_list<uint32_t> offsets, uint64_t more = 0) {
  Backtrace trace;
  for (uint32_t offset : offsets) trace.add(m, offset / 16, offset);
  trace.skip(more);
  return add_backtrace(std::move(e), std::move(trace));
}

TEST(Backtrace, OneRunAfterAnother) {
  const SomeModule m;
  const Error e = with_frames(with_frames(Error(ErrorCode::unreachable), m, {0x21, 0xabc}), m, {0x10}, 7);
  ASSERT_EQ(e.frames().known.size(), 3u);
  EXPECT_EQ(e.frames().more, 7u);
  EXPECT_EQ(e.frames().known[0].offset, 0x21u);
  EXPECT_EQ(e.frames().known[1].func, 0xabu);
  EXPECT_EQ(e.frames().known[1].func_offset, 0xcu);
  EXPECT_EQ(e.frames().known[2].func_name, "func[1]");
  EXPECT_EQ(e.frames().known[2].module, &m);
  EXPECT_EQ(e.notes(),
            "wasm backtrace:\n"
            "     0:     0x21 - <unknown>!func[2]\n"
            "     1:    0xabc - <unknown>!func[171]\n"
            "     2:     0x10 - <unknown>!func[1]\n"
            "  ... 7 more frames");
}

TEST(Backtrace, BehindOtherNotes) {
  const SomeModule m;
  // One that looks like a backtrace is none.
  const char* const note = "wasm backtrace:\n     0:      0x1 - m!f";
  const Error e = with_frames(with_frames(Error(ErrorCode::unreachable).with_notes(note), m, {0x21}), m, {0x22});
  ASSERT_EQ(e.frames().known.size(), 2u);
  EXPECT_EQ(e.notes(), std::string(note) +
                           "\nwasm backtrace:\n"
                           "     0:     0x21 - <unknown>!func[2]\n"
                           "     1:     0x22 - <unknown>!func[2]");
}

TEST(Backtrace, AtMostSoMany) {
  const SomeModule m;
  Error e(ErrorCode::unreachable);
  for (uint32_t i = 0; i < 2 * Backtrace::kMost; ++i) e = with_frames(std::move(e), m, {i});
  EXPECT_EQ(e.frames().known.size(), Backtrace::kMost);
  EXPECT_EQ(e.frames().known.back().offset, Backtrace::kMost - 1);
  EXPECT_EQ(e.frames().more, Backtrace::kMost);
  EXPECT_TRUE(e.notes().ends_with("\n  ... 64 more frames")) << e.notes();
  EXPECT_EQ(e.clone().frames().known.size(), Backtrace::kMost);
}

}  // namespace
}  // namespace ashlar::runtime
