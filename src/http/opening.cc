// What a connection speaks; see opening.h.
#include "http/opening.h"

#include <algorithm>
#include <string_view>

#include "http/http1_connection.h"
#include "http/http2_connection.h"

namespace ashlar::http {

namespace {
/// What clients of HTTP/2 begin with (RFC 9113, 3.4), which no request of HTTP/1 does.
constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
}  // namespace

void Opening::start(std::span<const uint8_t>) {
  if (!stream_.is_secure()) {
    set_deadline(server_.limits().idle_time);
    return wait_readable();
  }
  set_deadline(server_.limits().head_time);
  shake();
}

void Opening::on_readable() { stream_.is_secure() ? shake() : read_first(); }

void Opening::shake() {
  const Stream::Step step = stream_.handshake();
  if (step == Stream::Step::Wait) return wait_readable();
  if (step != Stream::Step::Done) return close();
  become(stream_.protocol() == "h2");
}

void Opening::read_first() {
  const std::span<uint8_t> buffer = read_buffer();
  const auto [step, size] = stream_.read_some(buffer);
  if (step == Stream::Step::Wait) return wait_readable();
  if (step != Stream::Step::Done) return close();
  if (first_.empty()) set_deadline(server_.limits().head_time);
  first_.insert(first_.end(), buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(size));
  const size_t same = std::min(first_.size(), kPreface.size());
  const bool like_preface =
      has_http2() && std::equal(first_.begin(), first_.begin() + static_cast<ptrdiff_t>(same), kPreface.begin());
  if (like_preface && same < kPreface.size()) return wait_readable();
  become(like_preface);
}

void Opening::become(bool http2) {
  // Replaced, this may go.
  const auto self = shared_from_this();
  closed_ = true;
  std::shared_ptr<Connection> next;
  if (http2) {
    next = make_http2_connection(server_, std::move(stream_));
  } else {
    next = std::make_shared<Http1Connection>(server_, std::move(stream_));
  }
  server_.replace(*this, next);
  next->start(first_);
}

}  // namespace ashlar::http
