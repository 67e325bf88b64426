// A connection before it is known what it speaks: TLS is agreed on, or the first bytes tell.
#pragma once

#include <vector>

#include "http/connection.h"

namespace ashlar::http {

/// Puts a connection of HTTP/1 or HTTP/2 in its place.
class Opening final : public Connection {
 public:
  using Connection::Connection;
  void start(std::span<const uint8_t> first) override;
  void finish() override { end(); }
  void close() override {
    if (close_stream()) server_.gone(*this);
  }
  void check_time(Clock::time_point now) override {
    if (now >= deadline_) close();
  }

 private:
  void on_readable() override;
  void shake();
  void read_first();
  void become(bool http2);

  std::vector<uint8_t> first_;
};

}  // namespace ashlar::http
