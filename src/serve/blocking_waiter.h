// Waiting of a program that has a thread to itself and an event loop: the loop runs where the program waits.
#pragma once

#include "serve/loop_watch.h"
#include "wasi/p2/waiter.h"

namespace ashlar::serve {

class BlockingWaiter final : public wasi::p2::Waiter {
 public:
  explicit BlockingWaiter(boost::asio::io_context& loop) : loop_(loop), watch_(loop, [this] { wake(); }) {}
  Status wait(std::span<os::WaitItem> items, std::optional<uint64_t> deadline) override;
  Status turn(bool now) override;
  void wake() override { woken_ = true; }

 private:
  boost::asio::io_context& loop_;
  LoopWatch watch_;
  bool woken_ = false;
  std::chrono::steady_clock::time_point looked_;  ///< at the loop, last
};

}  // namespace ashlar::serve
