// Lookups, attempts and handshakes; see connecting.h.
#include "http/connecting.h"

#include <algorithm>
#include <chrono>

namespace ashlar::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using wasi::host::HttpError;
using wasi::host::HttpErrorCode;

namespace {

/// Before the next address is tried, too (RFC 8305, section 5).
constexpr std::chrono::milliseconds kAttempt{250};

HttpErrorCode code_of(const error_code& ec) {
  if (ec == asio::error::connection_refused) return HttpErrorCode::ConnectionRefused;
  if (ec == asio::error::network_unreachable || ec == asio::error::host_unreachable) {
    return HttpErrorCode::DestinationIpUnroutable;
  }
  if (ec == asio::error::timed_out) return HttpErrorCode::ConnectionTimeout;
  if (ec == asio::error::no_descriptors) return HttpErrorCode::ConnectionLimitReached;
  return HttpErrorCode::ConnectionTerminated;
}

/// The families in turn, the first address first.
std::deque<asio::ip::address> in_turn(const Resolver::Addresses& addresses) {
  std::deque<asio::ip::address> out, second;
  for (const asio::ip::address& a : addresses) {
    (a.is_v6() == addresses.front().is_v6() ? out : second).push_back(a);
  }
  for (size_t at = 1; !second.empty(); at += 2) {
    out.insert(out.begin() + static_cast<ptrdiff_t>(std::min(at, out.size())), second.front());
    second.pop_front();
  }
  return out;
}

}  // namespace

void Connecting::begin(Resolver& resolver) {
  error_code not_address;
  const auto address = asio::ip::make_address(destination_.host, not_address);
  if (!not_address) return try_addresses({address});
  lookup_ = resolver.look_up(destination_.host, [self = shared_from_this()](const Resolver::Answer& answer) {
    self->lookup_.reset();
    if (!self->done_) return;
    if (!answer) return self->finish(std::unexpected(answer.error()));
    self->try_addresses(*answer);
  });
}

void Connecting::cancel() {
  done_ = {};
  finish(std::unexpected(HttpError{}));
}

void Connecting::finish(Outcome outcome) {
  const Done done = std::exchange(done_, {});
  if (const auto lookup = lookup_.lock()) *lookup = {};
  timer_.cancel();
  left_.clear();
  for (const Attempt& a : attempts_) {
    error_code ignored;
    a->close(ignored);
  }
  attempts_.clear();
  wire_.reset();
  if (done) done(std::move(outcome));
}

// Only what passes here is connected to: what a name says later changes nothing.
void Connecting::try_addresses(const Resolver::Addresses& addresses) {
  Resolver::Addresses allowed;
  std::ranges::copy_if(addresses, std::back_inserter(allowed), [&](const asio::ip::address& a) {
    return rules_->allows(destination_.host, a, destination_.port);
  });
  if (allowed.empty()) return finish(std::unexpected(HttpError{HttpErrorCode::DestinationIpProhibited, {}, {}}));
  left_ = in_turn(allowed);
  try_next();
}

void Connecting::try_next() {
  const auto attempt = std::make_shared<tcp::socket>(loop_);
  const tcp::endpoint to(left_.front(), destination_.port);
  left_.pop_front();
  attempts_.push_back(attempt);
  attempt->async_connect(to, [self = shared_from_this(), attempt](error_code ec) { self->on_attempt(attempt, ec); });
  if (left_.empty()) return;
  timer_.expires_after(kAttempt);
  timer_.async_wait([weak = weak_from_this()](error_code ec) {
    const auto self = weak.lock();
    if (!ec && self && self->done_ && !self->left_.empty()) self->try_next();
  });
}

void Connecting::on_attempt(const Attempt& attempt, error_code ec) {
  // Another was faster.
  if (!done_ || wire_) return;
  std::erase(attempts_, attempt);
  if (ec) {
    if (!left_.empty()) return try_next();
    if (attempts_.empty()) finish(std::unexpected(HttpError{code_of(ec), {}, {}}));
    return;
  }
  wire_ = std::make_unique<Wire>(std::move(*attempt));
  timer_.cancel();
  left_.clear();
  if (!destination_.tls) return finish(std::move(wire_));
  if (Status begun = wire_->begin_tls(*destination_.tls, destination_.host); !begun) {
    return finish(std::unexpected(HttpError{HttpErrorCode::InternalError, begun.error().render(), {}}));
  }
  shake_hands();
}

void Connecting::shake_hands() {
  if (!done_) return;
  const TlsStep step = wire_->handshake();
  if (step == TlsStep::Done) return finish(std::move(wire_));
  if (step == TlsStep::WantsRead || step == TlsStep::WantsWrite) {
    return wire_->wait(step, [self = shared_from_this()] { self->shake_hands(); });
  }
  finish(std::unexpected(wire_->error()));
}

}  // namespace ashlar::http
