// A request of HTTP/2 and its answer, as far as they are no matter of frames.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/server.h"
#include "wasi/host/http.h"

namespace ashlar::http {

using wasi::host::HttpField;
using wasi::host::HttpFields;

/// Lives as long as its stream.
struct Http2Exchange {
  using Clock = std::chrono::steady_clock;
  explicit Http2Exchange(int32_t id) : stream(id) {}

  const int32_t stream;

  // The request. Names and values are valid ones (RFC 9113, 8.2.1): the library has looked.
  void add_field(std::string_view name, std::string_view value, const HttpLimits& limits);
  /// The head is there. Returns the status that says why it is refused; 0: it is fine.
  uint16_t complete_request(bool secure, const HttpLimits& limits);
  /// No more comes.
  void end_body();

  wasi::host::HttpRequest request;  ///< whose body is below; moved to the handler
  bool malformed = false;           ///< and was reset
  bool in_trailers = false;         ///< fields are those
  bool expects_continue = false;
  bool ended = false;  ///< the peer has sent all
  const wasi::host::SharedHttpBody body = std::make_shared<wasi::host::HttpBody>();
  uint64_t received = 0, given = 0;  ///< of the body's bytes; for so many the peer has got room again
  Clock::time_point read_deadline = Clock::time_point::max();

  // The answer.
  /// Its head, once: what `response` says in the protocol's form, with the length where it is known.
  HttpFields answer_head(const std::string& date);
  HttpFields answer_trailers() const;

  std::optional<wasi::host::HttpResponse> response;  ///< whose head has not gone
  bool submitted = false;
  bool sends_nothing = false;         ///< the head is all
  wasi::host::SharedHttpBody answer;  ///< after the head
  std::optional<uint64_t> answer_length;
  uint64_t sent = 0;
  bool answered = false;  ///< all of it has gone
  bool deferred = false;  ///< the library waits for more of it
  Clock::time_point write_deadline = Clock::time_point::max();

  std::weak_ptr<Answer> owed;        ///< the handler's
  std::shared_ptr<Sending> sending;  ///< of what it gave

  bool touched = false;  ///< the connection will look at it

  /// Tells both sides that the stream has gone.
  void end();

 private:
  void add_to_head(std::string_view name, std::string_view value);
  uint16_t read_authority();

  size_t field_bytes_ = 0, field_count_ = 0;
  bool too_large_ = false;
  std::string scheme_, host_;
  size_t hosts_ = 0;
  HttpFields trailers_;
  bool is_head_ = false;
};

}  // namespace ashlar::http
