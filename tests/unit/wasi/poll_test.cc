// poll_oneoff: clocks, descriptors, hostile counts and overlapping arrays, in both versions' layouts.
#include <chrono>

#include "guest.h"

namespace ashlar::wasi::testing {
namespace {

constexpr uint32_t kIn = 0x2000;
constexpr uint32_t kOut = 0x6000;
constexpr uint64_t kMillisecond = 1'000'000;

class PollTest : public ::testing::Test {
 protected:
  PollTest() : guest_(make()) {}
  ~PollTest() override {
    ::close(pipe_[0]);
    ::close(pipe_[1]);
  }
  Guest make() {
    EXPECT_EQ(::pipe2(pipe_, O_CLOEXEC), 0);
    Context::Builder b;
    b.stdio(0, os::Fd::borrow(pipe_[0])).stdio(1, os::Fd::borrow(pipe_[1])).preopen_dir(dir_.granted(), "/", false);
    b.interrupted([this] { return interrupt_; });
    return Guest(b);
  }
  void clock(uint32_t index, uint64_t userdata, uint32_t id, uint64_t timeout, uint16_t flags = 0) {
    const uint32_t at = kIn + index * 48;
    guest_.store<uint64_t>(at, userdata);
    guest_.store<uint8_t>(at + 8, 0);
    guest_.store<uint32_t>(at + 16, id);
    guest_.store<uint64_t>(at + 24, timeout);
    guest_.store<uint16_t>(at + 40, flags);
  }
  void fd(uint32_t index, uint64_t userdata, uint8_t tag, uint32_t number) {
    const uint32_t at = kIn + index * 48;
    guest_.store<uint64_t>(at, userdata);
    guest_.store<uint8_t>(at + 8, tag);
    guest_.store<uint32_t>(at + 16, number);
  }
  /// The number of events, or dies.
  uint32_t poll(uint32_t count, uint32_t out = kOut) {
    guest_.fill(kOut, 1024, 0xff);
    EXPECT_EQ(guest_.call("poll_oneoff", kIn, out, count, Guest::kResult), Errno::success);
    return guest_.load<uint32_t>(Guest::kResult);
  }
  uint64_t userdata(uint32_t event, uint32_t out = kOut) { return guest_.load<uint64_t>(out + event * 32); }
  Errno error(uint32_t event) { return static_cast<Errno>(guest_.load<uint16_t>(kOut + event * 32 + 8)); }
  uint8_t type(uint32_t event) { return guest_.load<uint8_t>(kOut + event * 32 + 10); }
  uint64_t bytes(uint32_t event) { return guest_.load<uint64_t>(kOut + event * 32 + 16); }
  uint16_t flags(uint32_t event) { return guest_.load<uint16_t>(kOut + event * 32 + 24); }

  TempDir dir_;
  int pipe_[2];
  bool interrupt_ = false;
  Guest guest_;
};

TEST_F(PollTest, Clocks) {
  const auto start = std::chrono::steady_clock::now();
  clock(0, 7, 1, 30 * kMillisecond);
  clock(1, 8, 0, 10'000 * kMillisecond);
  ASSERT_EQ(poll(2), 1u);
  EXPECT_EQ(userdata(0), 7u);
  EXPECT_EQ(error(0), Errno::success);
  EXPECT_EQ(type(0), 0);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(30));
  for (uint32_t i : {11u, 12u, 13u, 14u, 15u, 26u, 27u, 31u}) EXPECT_EQ(guest_.load<uint8_t>(kOut + i), 0) << i;
  EXPECT_EQ(guest_.load<uint8_t>(kOut + 32), 0xff);
}

TEST_F(PollTest, AbsoluteAndExtremeTimes) {
  clock(0, 1, 0, 1, 1);        // 1970
  clock(1, 2, 1, UINT64_MAX);  // would wrap when added to now
  clock(2, 3, 0, UINT64_MAX, 1);
  clock(3, 4, 1, 0, 1);
  ASSERT_EQ(poll(4), 2u);
  EXPECT_EQ(userdata(0), 1u);
  EXPECT_EQ(userdata(1), 4u);
  ASSERT_EQ(guest_.call("clock_time_get", 0, 0, Guest::kResult), Errno::success);
  clock(0, 5, 0, guest_.load<uint64_t>(Guest::kResult) + 15 * kMillisecond, 1);
  ASSERT_EQ(poll(1), 1u);
  clock(0, 6, 3, 0);
  ASSERT_EQ(poll(1), 1u);
  EXPECT_EQ(error(0), Errno::success);
}

TEST_F(PollTest, Descriptors) {
  fd(0, 1, 1, 0);
  fd(1, 2, 2, 1);
  clock(2, 3, 1, 5 * kMillisecond);
  ASSERT_EQ(poll(3), 1u) << "nothing to read yet, but room to write";
  EXPECT_EQ(userdata(0), 2u);
  EXPECT_EQ(type(0), 2);
  ASSERT_EQ(::write(pipe_[1], "abc", 3), 3);
  ASSERT_EQ(poll(3), 2u);
  EXPECT_EQ(userdata(0), 1u);
  EXPECT_EQ(type(0), 1);
  EXPECT_EQ(bytes(0), 3u);
  EXPECT_EQ(flags(0), 0);
  ASSERT_EQ(guest_.read(0), Errno::success);
  fd(0, 1, 1, 0);
  clock(1, 3, 1, 5 * kMillisecond);
  ASSERT_EQ(poll(2), 1u);
  EXPECT_EQ(userdata(0), 3u);
}

TEST_F(PollTest, HangupIsAnEvent) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  Context::Builder b;
  b.stdio(0, os::Fd::own(ends[0]));
  Guest guest(b);
  ::close(ends[1]);
  guest.store<uint64_t>(kIn, 9);
  guest.store<uint8_t>(kIn + 8, 1);
  guest.store<uint32_t>(kIn + 16, 0);
  ASSERT_EQ(guest.call("poll_oneoff", kIn, kOut, 1, Guest::kResult), Errno::success);
  EXPECT_EQ(guest.load<uint16_t>(kOut + 24), 1);
}

TEST_F(PollTest, WrongSubscriptionsAreEvents) {
  dir_.make("file", "0123456789");
  ASSERT_EQ(guest_.open("file", kReadRights | host::right::poll_fd_readwrite.bits), Errno::success);
  const uint32_t file = guest_.opened;
  ASSERT_EQ(guest_.open("file", kReadRights), Errno::success);
  fd(0, 1, 1, 77);
  fd(1, 2, 1, 3);  // a directory
  fd(2, 3, 2, 0);  // reading end
  fd(3, 4, 1, file);
  fd(4, 5, 2, file);           // no right to write
  fd(5, 6, 1, guest_.opened);  // no right to poll
  fd(6, 7, 9, 0);              // no such type
  clock(7, 8, 17, 0);          // no such clock
  clock(8, 9, 1, 0, 2);        // no such flag
  clock(9, 10, 1, 60'000 * kMillisecond);
  ASSERT_EQ(poll(10), 9u);
  const Errno expected[] = {Errno::badf,       Errno::badf,  Errno::notcapable, Errno::success, Errno::notcapable,
                            Errno::notcapable, Errno::inval, Errno::inval,      Errno::inval};
  for (uint32_t i = 0; i < 9; ++i) {
    EXPECT_EQ(userdata(i), i + 1);
    EXPECT_EQ(error(i), expected[i]) << i;
  }
  EXPECT_EQ(bytes(3), 10u);
}

TEST_F(PollTest, HostileCounts) {
  clock(0, 1, 1, 0);
  EXPECT_EQ(guest_.call("poll_oneoff", kIn, kOut, 0, Guest::kResult), Errno::inval);
  // Products with 32 and 48 that wrap in 32 bits, and plainly too many.
  for (uint32_t count : {0xffffffffu, 0x08000000u, 0x05555556u, 0x80000000u, 70'000u}) {
    EXPECT_EQ(guest_.call("poll_oneoff", kIn, kOut, count, Guest::kResult), Errno::inval) << count;
  }
  EXPECT_EQ(guest_.call("poll_oneoff", kIn, kOut, 2000, Guest::kResult), Errno::fault);
  EXPECT_EQ(guest_.call("poll_oneoff", 0xffffffe0, kOut, 1, Guest::kResult), Errno::fault);
  EXPECT_EQ(guest_.call("poll_oneoff", kIn, 0xfff0, 1, Guest::kResult), Errno::fault);
  EXPECT_EQ(guest_.call("poll_oneoff", kIn, kOut, 1, 0xfffd), Errno::fault);
}

TEST_F(PollTest, ManyOfOneDescriptorAndOverlap) {
  for (uint32_t i = 0; i < 300; ++i) fd(i, i, 2, 1);
  ASSERT_EQ(poll(300, kIn), 300u) << "events over the subscriptions";
  for (uint32_t i = 0; i < 300; ++i) ASSERT_EQ(userdata(i, kIn), i);
}

TEST_F(PollTest, UnstableLayout) {
  guest_.store<uint64_t>(kIn, 11);
  guest_.store<uint8_t>(kIn + 8, 0);
  guest_.store<uint64_t>(kIn + 16, 0x1234);
  guest_.store<uint32_t>(kIn + 24, 1);
  guest_.store<uint64_t>(kIn + 32, 0);
  guest_.store<uint16_t>(kIn + 48, 0);
  guest_.store<uint64_t>(kIn + 56, 12);
  guest_.store<uint8_t>(kIn + 56 + 8, 2);
  guest_.store<uint32_t>(kIn + 56 + 16, 1);
  ASSERT_EQ(guest_.call_in("wasi_unstable", "poll_oneoff", kIn, kOut, 2, Guest::kResult), Errno::success);
  ASSERT_EQ(guest_.load<uint32_t>(Guest::kResult), 2u);
  EXPECT_EQ(userdata(0), 11u);
  EXPECT_EQ(userdata(1), 12u);
  EXPECT_EQ(error(0), Errno::success);
  EXPECT_EQ(type(1), 2);
}

TEST_F(PollTest, Interrupted) {
  fd(0, 1, 1, 0);
  interrupt_ = true;
  EXPECT_EQ(guest_.call("poll_oneoff", kIn, kOut, 1, Guest::kResult), Errno::intr);
  EXPECT_EQ(guest_.outcome.kind, p1::CallOutcome::Kind::Interrupted);
}

}  // namespace
}  // namespace ashlar::wasi::testing
