// Turns on an event loop: a guest that has computed for a slice of time lets the others go on.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>

#include <boost/asio/execution_context.hpp>

#include "os/thread_clock.h"
#include "runtime/store.h"

namespace ashlar::serve {

/// The loop's own: boost::asio::use_service<LoopTurns>(loop). One thread of the process looks at all loops from time to
/// time, while any is at work, and asks a store whose guest runs for a turn (Store::request_turn) when it ran already
/// when that thread looked last, and has had a processor for long enough since.
class LoopTurns final : public boost::asio::execution_context::service {
 public:
  using key_type = LoopTurns;
  static boost::asio::execution_context::id id;
  explicit LoopTurns(boost::asio::execution_context& loop);
  ~LoopTurns() override;

  /// While a guest runs: from where the loop goes into its fiber to where that is left. On the loop's thread, never
  /// within another.
  class Slice {
   public:
    Slice(LoopTurns& turns, runtime::Store& store) : turns_(turns) { turns_.enter(store); }
    ~Slice() { turns_.leave(); }
    Slice(const Slice&) = delete;
    Slice& operator=(const Slice&) = delete;

   private:
    LoopTurns& turns_;
  };

  /// For that thread: whether guests have run since it looked last.
  bool look();

 private:
  void enter(runtime::Store& store);
  void leave();
  void shutdown() override {}

  std::mutex mutex_;  ///< of what follows: a store that runs does not end while it is asked
  runtime::Store* running_ = nullptr;
  uint64_t slice_ = 0, seen_ = 0;
  std::optional<os::ThreadClock> clock_;  ///< the loop's thread's
  uint64_t had_ = 0;                      ///< nanoseconds of a processor, by it, when seen_ was seen first
};

}  // namespace ashlar::serve
