// What the server knows of a connection, whatever it speaks.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <string>

#include "http/server.h"
#include "http/stream.h"

namespace ashlar::http {

/// Belongs to the loop's thread. It is the server's until it is closed; then what waits for it learns closed_.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Clock = std::chrono::steady_clock;

  Connection(Server& server, Stream stream)
      : server_(server), stream_(std::move(stream)), remote_(stream_.remote()), local_(stream_.local()) {}
  virtual ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Once, when it is the server's. `first`: bytes that were read already.
  virtual void start(std::span<const uint8_t> first) = 0;
  /// It is to end as soon as nothing is under way.
  virtual void finish() = 0;
  /// Ends it, whatever is under way.
  virtual void close() = 0;
  /// Looks at its time.
  virtual void check_time(Clock::time_point now) = 0;

  std::list<std::shared_ptr<Connection>>::iterator place;  ///< the server's

 protected:
  /// Ends it where nothing is under way.
  void end() {
    if (!closed_) (void)stream_.shutdown_send();
    close();
  }
  /// Something has come, or the peer has ended.
  virtual void on_readable() = 0;
  /// Something has happened to what is written.
  virtual void pump() {}
  /// All that had to wait is written.
  virtual void on_written() {}

  /// Until on_readable().
  void wait_readable();
  /// From the loop: what is written meanwhile goes with it.
  void pump_later();
  /// Writes what it can of `out_`; false: the connection is gone. The rest follows when there is room: `writing_`.
  bool flush();
  /// Of close(), which then tells others and at last the server; false: it was closed.
  bool close_stream();
  void set_deadline(std::chrono::milliseconds time) { deadline_ = Clock::now() + time; }
  /// The thread's, which has one loop.
  static std::span<uint8_t> read_buffer();

  Server& server_;
  Stream stream_;
  const std::string remote_, local_;
  bool closed_ = false;
  std::string out_;  ///< not written yet
  bool reading_ = false, writing_ = false, pumping_ = false;
  Clock::time_point deadline_ = Clock::time_point::max();
};

}  // namespace ashlar::http
