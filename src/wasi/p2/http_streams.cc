// Streams of wasi:io over bodies of HTTP.
#include <algorithm>

#include "wasi/p2/interfaces.h"

namespace ashlar::wasi::p2 {

namespace {

/// The most that one read gives.
constexpr uint64_t kMostRead = 64 << 10;

PollableState event(std::function<bool()> happened) {
  return {PollableState::Kind::Event, 0, nullptr, std::move(happened)};
}

bool is_readable(const host::HttpBody& body) { return body.buffered() != 0 || body.finished(); }
bool is_writable(const host::HttpBody& body) { return body.room() != 0 || body.abandoned() || body.finished(); }

}  // namespace

PollableState StreamsHost::readable_body(host::SharedHttpBody body) {
  return event([body = std::move(body)] { return is_readable(*body); });
}

PollableState StreamsHost::writable_body(host::SharedHttpBody body) {
  return event([body = std::move(body)] { return is_writable(*body); });
}

StreamsHost::Outcome<std::vector<uint8_t>> StreamsHost::read_body(host::HttpBody& body, uint64_t len, bool wait) {
  if (len == 0) return std::vector<uint8_t>();
  if (wait && !is_readable(body)) TRY(wait_for_one(w_, event([&body] { return is_readable(body); })));
  const std::span<const uint8_t> there = body.peek();
  if (!there.empty()) {
    const size_t size = std::min({len, kMostRead, uint64_t{there.size()}});
    std::vector<uint8_t> out(there.begin(), there.begin() + static_cast<ptrdiff_t>(size));
    body.consume(size);
    return out;
  }
  if (body.error()) return refuse<std::vector<uint8_t>>(error(StreamFailure(*body.error())));
  if (body.finished()) return refuse<std::vector<uint8_t>>(closed());
  TRY(w_.turn(true));
  return std::vector<uint8_t>();
}

StreamsHost::Outcome<uint64_t> StreamsHost::check_body(Stream& s) {
  s.permit = 0;
  if (s.body->room() == 0) TRY(w_.turn(true));
  if (s.body->error()) return refuse<uint64_t>(error(StreamFailure(*s.body->error())));
  if (s.body->abandoned() || s.body->finished()) return refuse<uint64_t>(closed());
  s.permit = s.body->room();
  return s.permit;
}

// What was written is with whoever sends it, and no more than that is known of TCP either. A body that nobody sends yet
// keeps nobody waiting: the guest sends it afterwards.
StreamsHost::Outcome<void> StreamsHost::flush_body(host::HttpBody& body) {
  const auto flushed = [&body] {
    return body.buffered() == 0 || !body.has_reader() || body.abandoned() || body.finished();
  };
  if (!flushed()) TRY(wait_for_one(w_, event(flushed)));
  if (body.error()) return refuse<void>(error(StreamFailure(*body.error())));
  if (body.abandoned()) return refuse<void>(closed());
  return std::expected<void, StreamError>();
}

StreamsHost::Outcome<void> StreamsHost::write_body(host::HttpBody& body, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    if (body.error()) return refuse<void>(error(StreamFailure(*body.error())));
    if (body.abandoned() || body.finished()) return refuse<void>(closed());
    if (body.length && body.written() + bytes.size() > *body.length) {
      body.fail({body.wrong_length, {}, body.written() + bytes.size()});
      continue;
    }
    const size_t size = std::min(bytes.size(), body.room());
    if (size == 0) {
      TRY(wait_for_one(w_, event([&body] { return is_writable(body); })));
      continue;
    }
    body.write(bytes.first(size));
    bytes = bytes.subspan(size);
  }
  return std::expected<void, StreamError>();
}

}  // namespace ashlar::wasi::p2
