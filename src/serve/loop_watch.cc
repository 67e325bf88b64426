// Waiting for handles and times; see loop_watch.h.
#include "serve/loop_watch.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include <boost/asio/error.hpp>

namespace ashlar::serve {

using boost::asio::posix::stream_descriptor;
using boost::system::error_code;

void LoopWatch::arm(std::span<const os::WaitItem> items, std::optional<uint64_t> deadline) {
  if (deadline) {
    // The same clock.
    constexpr uint64_t kLast = std::numeric_limits<int64_t>::max();
    timer_.expires_at(
        std::chrono::steady_clock::time_point(std::chrono::nanoseconds(std::min<uint64_t>(*deadline, kLast))));
    timer_.async_wait([this](error_code ec) {
      if (!ec) happened_();
    });
  }
  for (const os::WaitItem& item : items) watch(item);
}

// A handle of its own: a loop takes each only once.
void LoopWatch::watch(const os::WaitItem& item) {
  error_code ec;
  stream_descriptor handle(loop_);
  handle.assign(::dup(item.fd), ec);
  if (ec) return happened_();
  handles_.push_back(std::move(handle));
  const auto told = [this](error_code failed) {
    if (failed != boost::asio::error::operation_aborted) happened_();
  };
  if (item.read) handles_.back().async_wait(stream_descriptor::wait_read, told);
  if (item.write) handles_.back().async_wait(stream_descriptor::wait_write, told);
}

void LoopWatch::disarm() {
  timer_.cancel();
  handles_.clear();
}

}  // namespace ashlar::serve
