// The thread that looks at loops; see loop_turns.h.
#include "serve/loop_turns.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <system_error>
#include <vector>

#include "os/quiet_thread.h"

namespace ashlar::serve {

namespace {

/// How long a guest may compute before others have their turn: between one and two of these, of a processor's time. On
/// a busy machine that takes longer, and guests that need little are not left in the middle.
constexpr std::chrono::milliseconds kSlice{10};
constexpr uint64_t kSliceNs = std::chrono::nanoseconds(kSlice).count() * 9 / 10;  // looks are not quite regular
/// So many looks at loops that do nothing, and the thread sleeps until a guest runs.
constexpr unsigned kQuietLooks = 20;

/// Never destroyed: the thread uses it until the process ends.
class Clock {
 public:
  static Clock& instance() {
    static auto* const the = new Clock;
    return *the;
  }
  void add(LoopTurns& loop) {
    const std::lock_guard lock(mutex_);
    loops_.push_back(&loop);
    if (started_) return;
    try {
      os::quiet_thread([this] { run(); }).detach();
      started_ = true;
    } catch (const std::system_error&) {
      // Without a thread there are no turns; the next loop tries again.
    }
  }
  void remove(LoopTurns& loop) {
    const std::lock_guard lock(mutex_);
    std::erase(loops_, &loop);
  }
  /// A guest runs now.
  void wake() {
    if (!asleep_.load(std::memory_order_relaxed)) return;
    const std::lock_guard lock(mutex_);
    asleep_.store(false, std::memory_order_relaxed);
    changed_.notify_one();
  }

 private:
  bool look() {
    bool worked = false;
    for (LoopTurns* loop : loops_) worked |= loop->look();
    return worked;
  }
  void run() {
    std::unique_lock lock(mutex_);
    for (unsigned quiet = 0;;) {
      quiet = look() ? 0 : quiet + 1;
      if (quiet < kQuietLooks) {
        changed_.wait_for(lock, kSlice);
        continue;
      }
      // A guest that runs by now is seen by the next look, or its loop sees this: each loop has a mutex for both.
      asleep_.store(true, std::memory_order_relaxed);
      if (!look()) changed_.wait(lock, [this] { return !asleep_.load(std::memory_order_relaxed); });
      asleep_.store(false, std::memory_order_relaxed);
      quiet = 0;
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<LoopTurns*> loops_;
  bool started_ = false;
  std::atomic<bool> asleep_{false};
};

}  // namespace

boost::asio::execution_context::id LoopTurns::id;

LoopTurns::LoopTurns(boost::asio::execution_context& loop) : service(loop) { Clock::instance().add(*this); }
LoopTurns::~LoopTurns() { Clock::instance().remove(*this); }

bool LoopTurns::look() {
  const std::lock_guard lock(mutex_);
  const bool same = slice_ == seen_;
  seen_ = slice_;
  if (running_ == nullptr) return !same;
  const uint64_t had = clock_ ? clock_->now() : 0;
  if (!same) {
    had_ = had;
  } else if (!clock_ || had - had_ >= kSliceNs) {
    running_->request_turn();
  }
  return true;
}

void LoopTurns::enter(runtime::Store& store) {
  {
    const std::lock_guard lock(mutex_);
    if (!clock_) clock_ = os::ThreadClock::current();
    running_ = &store;
    ++slice_;
  }
  Clock::instance().wake();
}

void LoopTurns::leave() {
  const std::lock_guard lock(mutex_);
  running_ = nullptr;
}

}  // namespace ashlar::serve
