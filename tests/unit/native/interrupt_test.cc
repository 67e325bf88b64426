// Interruption of compiled code by other threads: wherever it is, and the store is usable afterwards.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <semaphore>
#include <thread>

#include "native/machine.h"
#include "support/single_step.h"

// The thread sanitizer keeps signals back until the thread calls the C library: compiled code never does.
#if defined(__x86_64__) && !__has_feature(thread_sanitizer)

namespace ashlar::native {
namespace {

using namespace std::chrono_literals;
using machine::Func;
using machine::Machine;
using runtime::Caller;
using runtime::Instance;
using runtime::Slot;
using runtime::Store;

/// Another thread that does something after a while, each time it is asked; ends the process when that does not help.
class Other {
 public:
  Other() : thread_([this] { run(); }) {}
  ~Other() {
    task_ = nullptr;
    asked_.release();
    thread_.join();
  }
  void after(std::chrono::microseconds time, std::function<void()> task) {
    time_ = time;
    task_ = std::move(task);
    asked_.release();
  }
  /// When the task has been done, and what it was to end has ended.
  void join() { finished_.release(), idle_.acquire(); }

 private:
  void run() {
    for (;;) {
      asked_.acquire();
      if (!task_) return;
      std::this_thread::sleep_for(time_);
      task_();
      if (!finished_.try_acquire_for(30s)) {
        std::fputs("the guest did not stop\n", stderr);
        std::abort();
      }
      idle_.release();
    }
  }
  std::chrono::microseconds time_{};
  std::function<void()> task_;
  std::binary_semaphore asked_{0}, finished_{0}, idle_{0};
  std::thread thread_;
};

class Interrupt : public testing::Test {
 protected:
  struct Guest {
    std::unique_ptr<Store> store;
    Instance* instance = nullptr;
  };
  Interrupt() : guest_(make()) {}

  Guest make() {
    Guest g;
    g.store = std::make_unique<Store>(machine_.engine());
    const uint32_t type = g.store->types().intern_func({{isa::ValType::i64()}, {isa::ValType::i64()}});
    const uint32_t wide = g.store->types().intern_func({machine::wide_type(), machine::wide_type()});
    auto* host = g.store->new_host_func(type, {[this](Caller& c, Slot* slots) { return import_(c, slots); }, "import"});
    auto* wide_host = g.store->new_host_func(wide, {[](Caller&, Slot*) { return Status{}; }, "wide"});
    g.instance = machine_.instantiate(*g.store, host, wide_host);
    return g;
  }

  Status call(Instance& instance, Func f, Slot argument, Slot* result = nullptr) {
    Slot slots[16] = {argument};
    Status status = machine_.call(instance, f, slots);
    if (result != nullptr) *result = slots[0];
    return status;
  }
  /// Interrupts the guest after a while in f, and says how the call ended.
  Status interrupted(Guest& g, Func f, std::chrono::microseconds time = 2ms, Slot argument = 60) {
    other_.after(time, [&] { g.store->interrupt("enough"); });
    Status status = call(*g.instance, f, argument);
    other_.join();
    return status;
  }
  static void expect_interrupted(const Status& status) {
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code(), ErrorCode::interrupted);
    EXPECT_EQ(status.error().message(), "interrupted: enough");
  }
  uint64_t memory_word(Guest& g, size_t at) {
    uint64_t word;
    std::memcpy(&word, g.instance->ctx.mem0_base + at, sizeof word);
    return word;
  }
  void expect_usable(Guest& g) {
    g.store->clear_interrupt();
    std::memset(g.instance->ctx.mem0_base, 0, 16);
    Slot result = 0;
    const Status status = call(*g.instance, machine::kTree, 15, &result);
    EXPECT_TRUE(status) << status.error().render();
    EXPECT_EQ(result, 610u);
    EXPECT_EQ(memory_word(g, 0), 0u);
    EXPECT_EQ(g.store->host_depth, 0u);
  }

  Machine machine_;
  std::function<Status(Caller&, Slot*)> import_ = [](Caller&, Slot*) { return Status{}; };
  Guest guest_;
  Other other_;
};

/// How many frames a backtrace has; each must be of function `name`.
size_t count_frames(const std::string& notes, const std::string& name) {
  size_t lines = 0;
  for (size_t at = notes.find('\n'); at != notes.npos; at = notes.find('\n', at + 1)) {
    const std::string line = notes.substr(at + 1, notes.find('\n', at + 1) - at - 1);
    if (line.starts_with("    ... ")) {
      lines += static_cast<size_t>(std::atoi(line.c_str() + 8));
    } else {
      EXPECT_TRUE(line.ends_with(" - m!" + name)) << notes;
      ++lines;
    }
  }
  return lines;
}

TEST_F(Interrupt, ALoop) {
  const Status status = interrupted(guest_, machine::kSpin);
  expect_interrupted(status);
  EXPECT_GT(memory_word(guest_, 8), 0u);
  // At or behind the only place of the loop.
  const std::string notes = status.error().notes();
  EXPECT_TRUE(notes.ends_with(" - m!spin")) << notes;
  EXPECT_EQ(count_frames(notes, "spin"), 1u);
  expect_usable(guest_);
}

TEST_F(Interrupt, StaysUntilItIsCleared) {
  expect_interrupted(interrupted(guest_, machine::kSpin));
  const Status again = call(*guest_.instance, machine::kTree, 3);
  expect_interrupted(again);
  EXPECT_EQ(count_frames(again.error().notes(), "tree"), 1u);
  EXPECT_EQ(memory_word(guest_, 0), 0u);
  expect_usable(guest_);
}

TEST_F(Interrupt, BeforeTheFirstRun) {
  guest_.store->interrupt("enough");
  expect_interrupted(call(*guest_.instance, machine::kSpin, 0));
  expect_usable(guest_);
}

TEST_F(Interrupt, InTheHost) {
  bool returned = false;
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  ssize_t got = 0;
  import_ = [&](Caller& caller, Slot*) -> Status {
    char byte;
    other_.after(2ms, [&] {
      caller.store.interrupt("enough");
      std::this_thread::sleep_for(5ms);
      EXPECT_EQ(::write(pipe_ends[1], "x", 1), 1);
    });
    got = ::read(pipe_ends[0], &byte, 1);
    returned = true;
    return {};
  };
  expect_interrupted(call(*guest_.instance, machine::kHostLoop, 0));
  other_.join();
  EXPECT_EQ(got, 1) << "the system call was not restarted";
  EXPECT_TRUE(returned);
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
  expect_usable(guest_);
}

TEST_F(Interrupt, TheHostsOwnErrorComesFirst) {
  import_ = [&](Caller& caller, Slot*) -> Status {
    caller.store.interrupt("enough");
    return make_error(ErrorCode::host_trap, kNoOffset, "mine");
  };
  const Status status = call(*guest_.instance, machine::kHostLoop, 0);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), ErrorCode::host_trap);
  expect_usable(guest_);
}

TEST_F(Interrupt, UnwindsThroughTheHost) {
  bool reached = false;
  import_ = [&](Caller& caller, Slot*) -> Status {
    Status inner = call(*caller.instance, machine::kSpin, 0);
    expect_interrupted(inner);
    reached = true;
    return inner;
  };
  const Status status = interrupted(guest_, machine::kHostLoop);
  EXPECT_TRUE(reached);
  expect_interrupted(status);
  const std::string notes = status.error().notes();
  EXPECT_NE(notes.find("m!spin"), notes.npos);
  EXPECT_NE(notes.find("m!host_loop"), notes.npos);
  EXPECT_LT(notes.find("m!spin"), notes.find("m!host_loop"));
  expect_usable(guest_);
}

TEST_F(Interrupt, TheHostMayNotGoOnWhereItSwallowsTheError) {
  import_ = [&](Caller& caller, Slot*) -> Status {
    (void)call(*caller.instance, machine::kSpin, 0);
    return {};
  };
  expect_interrupted(interrupted(guest_, machine::kHostLoop));
  expect_usable(guest_);
}

TEST_F(Interrupt, OneOfTwoStoresOnAThread) {
  Guest inside = make();
  // The outer one is interrupted while the inner runs, which is not disturbed.
  Slot result = 0;
  import_ = [&](Caller&, Slot*) -> Status {
    const Status status = call(*inside.instance, machine::kTree, 27, &result);
    EXPECT_TRUE(status);
    return {};
  };
  expect_interrupted(interrupted(guest_, machine::kHostLoop, 500us));
  EXPECT_EQ(result, 196418u);
  expect_usable(guest_);
  // The inner one is interrupted, and the outer goes on.
  int calls = 0;
  import_ = [&](Caller&, Slot*) -> Status {
    if (++calls == 3) return make_error(ErrorCode::host_trap, kNoOffset, "done");
    other_.after(1ms, [&] { inside.store->interrupt("enough"); });
    const Status status = call(*inside.instance, machine::kSpin, 0);
    other_.join();
    expect_interrupted(status);
    inside.store->clear_interrupt();
    return {};
  };
  const Status status = call(*guest_.instance, machine::kHostLoop, 0);
  EXPECT_EQ(status.error().code(), ErrorCode::host_trap);
  expect_usable(guest_);
  expect_usable(inside);
}

TEST_F(Interrupt, OnWhateverThreadRunsTheStore) {
  for (int i = 0; i < 3; ++i) {
    std::thread([&] {
      expect_interrupted(interrupted(guest_, machine::kSpin));
      expect_usable(guest_);
    }).join();
    expect_interrupted(interrupted(guest_, machine::kTree));
    expect_usable(guest_);
  }
}

TEST_F(Interrupt, OnAThreadThatBlocksSignals) {
  std::thread([&] {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    expect_interrupted(interrupted(guest_, machine::kSpin));
    expect_usable(guest_);
  }).join();
}

TEST_F(Interrupt, TheCallerIsFoundFromEachInstruction) {
  expect_usable(guest_);  // what is only done once need not be stepped through
  Slot result = 0;
  const test::Steps steps = test::single_step([&] { EXPECT_TRUE(call(*guest_.instance, machine::kTree, 6, &result)); },
                                              guest_.instance->ctx.mem0_base);
  EXPECT_EQ(result, 8u);
  EXPECT_GT(steps.in_images, 200u);
  EXPECT_EQ(steps.wrong + steps.astray, 0u)
      << std::hex << steps.first_pc - reinterpret_cast<uint64_t>(machine_.image().code()) << ": " << steps.first_found
      << " callers, frames: " << steps.first_depth;
}

/// At random moments, in every kind of code; some of them before the run and some behind.
TEST_F(Interrupt, AtAnyInstruction) {
  std::mt19937 random(7);
  std::mutex mutex;
  std::map<int, std::string> data;
  import_ = [&](Caller&, Slot* slots) -> Status {
    EXPECT_EQ(slots[0], 7u);
    const std::lock_guard lock(mutex);
    data[static_cast<int>(random() % 50)] = std::string(random() % 100, 'x');
    return {};
  };
  constexpr Func kFuncs[] = {machine::kTree, machine::kTree, machine::kHelperLoop, machine::kHostLoop, machine::kSpin};
  size_t rounds = 0;
  const auto end = std::chrono::steady_clock::now() + 3s;
  while (std::chrono::steady_clock::now() < end && !HasFailure()) {
    const Func f = kFuncs[random() % std::size(kFuncs)];
    const Status status = interrupted(guest_, f, std::chrono::microseconds(random() % 200));
    expect_interrupted(status);
    if (f == machine::kTree) {
      // The frame that comes or goes is counted or not.
      const size_t frames = count_frames(status.error().notes(), "tree");
      const uint64_t counted = memory_word(guest_, 0);
      EXPECT_TRUE(frames == counted || frames == counted + 1) << frames << ' ' << counted;
    }
    EXPECT_TRUE(mutex.try_lock()) << "left inside the host";
    mutex.unlock();
    expect_usable(guest_);
    ++rounds;
  }
  EXPECT_GT(rounds, 10u);
}

TEST_F(Interrupt, WhileTheGuestEnds) {
  std::mt19937 random(7);
  for (int i = 0; i < 300; ++i) {
    Guest g = make();
    other_.after(std::chrono::microseconds(random() % 100), [&] { g.store->interrupt("enough"); });
    const Status status = call(*g.instance, machine::kTree, 10);
    if (!status) expect_interrupted(status);
    other_.join();
  }
}

}  // namespace
}  // namespace ashlar::native

#endif
