// Backtraces read back out of notes.
#include "runtime/trace_text.h"

#include <gtest/gtest.h>

#include "runtime/backtrace.h"

namespace ashlar::runtime {
namespace {

Error with_frames(Error e, std::initializer_list<uint32_t> offsets, uint64_t more = 0) {
  const module::Module m;
  Backtrace trace;
  for (uint32_t offset : offsets) trace.add(m, offset / 16, offset);
  trace.skip(more);
  return add_backtrace(std::move(e), trace);
}

TEST(TraceText, NoteWithoutFramesHasNone) {
  EXPECT_TRUE(told_frames("").empty());
  EXPECT_TRUE(told_frames("some note\n   0:    0x123 - not a frame").empty());
}

TEST(TraceText, GivesBackWhatWasAdded) {
  const Error e = with_frames(with_frames(Error(ErrorCode::unreachable), {0x21, 0xabcdef}), {0x10}, 7);
  const std::vector<ToldFrame> frames = told_frames(e.notes());
  ASSERT_EQ(frames.size(), 3u) << e.notes();
  EXPECT_EQ(frames[0].offset, 0x21u);
  EXPECT_EQ(frames[1].offset, 0xabcdefu);
  EXPECT_EQ(frames[2].offset, 0x10u);
  EXPECT_EQ(frames[0].name, told_name(module::Module(), 2));
  EXPECT_EQ(frames[2].name, "<unknown>!func[1]");
}

}  // namespace
}  // namespace ashlar::runtime
