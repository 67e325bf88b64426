// Standard streams that are pipes of the host's, and waiting at a waiter in place of blocking.
#include <deque>
#include <functional>

#include "guest.h"
#include "os/clock.h"

namespace ashlar::wasi::testing {
namespace {

/// Moves so many bytes as it is allowed to.
class TestPipe final : public host::Pipe {
 public:
  bool ready() const override { return allowed != 0 || ended; }
  size_t available() const override { return allowed; }
  host::HostResult<size_t> transfer(std::span<const os::Buffer> buffers) override {
    if (failure != Errno::success) return host::fail(failure);
    if (ended) return 0;
    if (allowed == 0) return host::fail(Errno::again);
    size_t moved = 0;
    for (const os::Buffer& b : buffers) {
      const size_t n = std::min(b.size, allowed);
      std::fill_n(static_cast<char*>(b.data), n, 'p');
      moved += n;
      allowed -= n;
    }
    return moved;
  }
  size_t allowed = 0;
  bool ended = false;
  Errno failure = Errno::success;
};

/// Does the next of what was planned whenever the program waits; when nothing is left the program is to end.
class TestWaiter final : public host::Waiter {
 public:
  Status wait(std::span<os::WaitItem> items, std::optional<uint64_t> until) override {
    handles.push_back(items.size());
    deadline = until;
    if (plan.empty()) return make_error(ErrorCode::interrupted, kNoOffset, "the test");
    const auto next = std::move(plan.front());
    plan.pop_front();
    next();
    return {};
  }
  Status turn(bool now) override {
    static_cast<void>(now);
    return {};
  }
  void wake() override {}
  std::deque<std::function<void()>> plan;
  std::vector<size_t> handles;  ///< how many, of each waiting
  std::optional<uint64_t> deadline;
};

class PipeTest : public ::testing::Test {
 protected:
  Guest make() {
    Context::Builder b;
    b.stdio(0, in_).stdio(1, out_).preopen_dir(dir_.granted(), "/", false).waiter(&waiter_);
    return Guest(b);
  }
  void subscribe(uint32_t index, uint8_t tag, uint32_t fd, uint64_t timeout = 0) {
    const uint32_t at = 0x2000 + index * 48;
    guest_.fill(at, 48, 0);
    guest_.store<uint64_t>(at, index);
    guest_.store<uint8_t>(at + 8, tag);
    guest_.store<uint32_t>(at + 16, tag == 0 ? 1 : fd);
    guest_.store<uint64_t>(at + 24, timeout);
  }
  Errno poll(uint32_t count) { return guest_.call("poll_oneoff", 0x2000, 0x6000, count, Guest::kResult); }

  TempDir dir_;
  TestWaiter waiter_;
  std::shared_ptr<TestPipe> in_ = std::make_shared<TestPipe>(), out_ = std::make_shared<TestPipe>();
  Guest guest_ = make();
};

TEST_F(PipeTest, TransfersWaitAtTheWaiter) {
  waiter_.plan = {[] {}, [this] { in_->allowed = 3; }};
  EXPECT_EQ(guest_.read(0), Errno::success);
  EXPECT_EQ(guest_.got, "ppp");
  EXPECT_EQ(waiter_.handles, (std::vector<size_t>{0, 0}));
  waiter_.plan = {[this] { out_->allowed = 2; }};
  EXPECT_EQ(guest_.write(1, "four"), Errno::success);
  EXPECT_EQ(guest_.load<uint32_t>(Guest::kResult), 2u);
  in_->ended = true;
  EXPECT_EQ(guest_.read(0), Errno::success);
  EXPECT_EQ(guest_.got, "");
  out_->failure = Errno::pipe;
  EXPECT_EQ(guest_.write(1, "x"), Errno::pipe);
  EXPECT_EQ(guest_.outcome.kind, p1::CallOutcome::Kind::Return);
}

TEST_F(PipeTest, WhoNeedNotWaitDoesNot) {
  EXPECT_EQ(guest_.call("fd_fdstat_set_flags", 0, host::fd_flag::kNonblock), Errno::success);
  EXPECT_EQ(guest_.read(0), Errno::again);
  EXPECT_TRUE(waiter_.handles.empty());
}

TEST_F(PipeTest, TheWaiterEndsThePrograms) {
  EXPECT_EQ(guest_.read(0), Errno::intr);
  EXPECT_EQ(guest_.outcome.kind, p1::CallOutcome::Kind::Interrupted);
}

TEST_F(PipeTest, APipeEndsTheProgram) {
  out_->failure = Errno::intr;
  EXPECT_EQ(guest_.write(1, "x"), Errno::intr);
  EXPECT_EQ(guest_.outcome.kind, p1::CallOutcome::Kind::Interrupted);
}

TEST_F(PipeTest, OnlyOneDirection) {
  in_->allowed = out_->allowed = 9;
  EXPECT_EQ(guest_.write(0, "x"), Errno::notcapable);
  EXPECT_EQ(guest_.read(1), Errno::notcapable);
}

TEST_F(PipeTest, IsNoFile) {
  EXPECT_EQ(guest_.call("fd_filestat_get", 0, Guest::kResult), Errno::success);
  EXPECT_EQ(guest_.load<uint64_t>(Guest::kResult + 32), 0u);
  EXPECT_EQ(guest_.call("fd_seek", 0, 0, 0, Guest::kResult), Errno::spipe);
  EXPECT_EQ(guest_.call("fd_pread", 0, Guest::kIovecs, 0, 0, Guest::kResult), Errno::spipe);
  EXPECT_EQ(guest_.call("fd_sync", 1), Errno::notcapable);
  EXPECT_EQ(guest_.call("fd_fdstat_set_flags", 1, host::fd_flag::kAppend), Errno::notsup);
  EXPECT_EQ(guest_.open("x", kReadRights, 0, 1, 0, 0, 0), Errno::notdir);
  EXPECT_EQ(guest_.call("sock_send", 1, Guest::kIovecs, 0, 0, Guest::kResult), Errno::notsock);
  EXPECT_EQ(guest_.call("fd_prestat_get", 0, Guest::kResult), Errno::badf);
}

TEST_F(PipeTest, PollWaitsForPipesAndTimes) {
  subscribe(0, 1, 0);
  subscribe(1, 2, 1);
  waiter_.plan = {[] {}, [this] { out_->allowed = 5; }};
  EXPECT_EQ(poll(2), Errno::success);
  EXPECT_EQ(guest_.load<uint32_t>(Guest::kResult), 1u);
  EXPECT_EQ(guest_.load<uint64_t>(0x6000), 1u);
  EXPECT_FALSE(waiter_.deadline);
  in_->allowed = 7;
  EXPECT_EQ(poll(2), Errno::success);
  EXPECT_EQ(guest_.load<uint32_t>(Guest::kResult), 2u);
  EXPECT_EQ(guest_.load<uint64_t>(0x6000 + 16), 7u);

  const uint64_t before = os::monotonic_now();
  constexpr uint64_t kMillisecond = 1'000'000;
  subscribe(0, 0, 0, kMillisecond);
  waiter_.handles.clear();
  waiter_.plan = {[] {
    while (::usleep(2000) != 0) {
    }
  }};
  EXPECT_EQ(poll(1), Errno::success);
  EXPECT_EQ(waiter_.handles.size(), 1u);
  ASSERT_TRUE(waiter_.deadline);
  EXPECT_GE(*waiter_.deadline, before + kMillisecond);
  // An endless one: nothing is added up beyond what there is.
  subscribe(0, 0, 0, UINT64_MAX);
  EXPECT_EQ(poll(1), Errno::intr);
}

TEST_F(PipeTest, HandlesAreWaitedForThere) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  Context::Builder b;
  b.stdio(0, os::Fd::borrow(ends[0])).waiter(&waiter_);
  Guest other(b);
  waiter_.plan = {[&] { ASSERT_EQ(::write(ends[1], "abc", 3), 3); }};
  EXPECT_EQ(other.read(0), Errno::success);
  EXPECT_EQ(other.got, "abc");
  EXPECT_EQ(waiter_.handles, std::vector<size_t>{1});
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(PipeTest, ADirectoryThatIsOpenIsGranted) {
  dir_.make("file", "text");
  auto handle = os::open_at(os::kWorkingDirectory, dir_.granted().c_str(), os::kOpenRead | os::kOpenDirectory);
  ASSERT_TRUE(handle);
  for (int i = 0; i < 2; ++i) {
    Context::Builder b;
    b.preopen_dir(os::Fd::borrow(handle->raw()), "/", true);
    Guest other(b);
    EXPECT_EQ(other.open("file"), Errno::success);
    EXPECT_EQ(other.read(other.opened), Errno::success);
    EXPECT_EQ(other.got, "text");
    EXPECT_EQ(other.open("new", kWriteRights, 1), Errno::rofs);
  }
}

}  // namespace
}  // namespace ashlar::wasi::testing
