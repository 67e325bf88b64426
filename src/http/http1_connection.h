// A connection that speaks HTTP/1: requests are read, answered and followed by the next.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "http/connection.h"
#include "http/parser.h"
#include "http/writer.h"

namespace ashlar::http {

/// A request is read while its answer is written; the next is looked at when both are through. Waiting takes no buffer:
/// bytes are read when they are there, into one of the loop's.
class Http1Connection final : public Connection {
 public:
  using Connection::Connection;
  void start(std::span<const uint8_t> first) override;
  void finish() override;
  void close() override;
  void check_time(Clock::time_point now) override;

 private:
  friend class Http1Answer;
  enum class State : uint8_t {
    Idle,      ///< before a request's first byte
    Head,      ///< in its head
    Answer,    ///< the handler has it
    Lingering  ///< answered; what still comes is thrown away until the peer has seen the answer
  };

  void read();
  void on_readable() override;
  void process();
  bool skip_empty_lines();
  /// The head is there.
  void begin_request();
  void end_body();
  void respond(HttpResponse response);
  void write_head();
  /// In place of a response: who sees one go is told.
  void fail(uint16_t status);
  void refuse(const BadMessage& bad);
  /// The same of a body, as long as no head has gone.
  void refuse_body(uint16_t status);
  /// Of a response whose head has not gone.
  void replace(uint16_t status);
  void pump() override;
  /// flush(), which may show that the peer is there.
  bool write();
  void on_written() override;
  void end_response();
  void linger();
  /// The peer has ended, which may mean that it has gone.
  void watch_half_closed();
  void tell_gone();
  std::shared_ptr<Http1Connection> self() { return std::static_pointer_cast<Http1Connection>(shared_from_this()); }

  State state_ = State::Idle;
  std::vector<uint8_t> in_;  ///< read, not used yet
  std::optional<RequestParser> parser_;
  SharedHttpBody body_;                   ///< the request's
  std::weak_ptr<Answer> answer_;          ///< the handler's, until the response has gone
  std::optional<HttpResponse> response_;  ///< whose head is not written yet
  std::optional<BodyWriter> writer_;
  std::shared_ptr<Sending> sending_;  ///< of either
  uint32_t request_ = 0;
  bool is_head_ = false;
  bool ended_ = false;  ///< the peer sends no more
  bool keep_alive_ = true;
  bool responded_ = false;
  Clock::time_point gone_at_ = Clock::time_point::max();  ///< then a peer that has ended counts as gone
};

}  // namespace ashlar::http
