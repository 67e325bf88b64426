// Handles and a deadline that a program waits for, on an event loop.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "os/file_wait.h"

namespace ashlar::serve {

class LoopWatch {
 public:
  /// `happened` is called from the loop, perhaps more than once.
  LoopWatch(boost::asio::io_context& loop, std::function<void()> happened)
      : loop_(loop), timer_(loop), happened_(std::move(happened)) {}

  /// Until disarm(). The deadline is on the monotonic clock. Handles that cannot be waited for are ready.
  void arm(std::span<const os::WaitItem> items, std::optional<uint64_t> deadline);
  void disarm();

 private:
  void watch(const os::WaitItem& item);

  boost::asio::io_context& loop_;
  boost::asio::steady_timer timer_;
  std::vector<boost::asio::posix::stream_descriptor> handles_;
  std::function<void()> happened_;
};

}  // namespace ashlar::serve
