// Sockets and TLS as one; see stream.h.
#include "http/stream.h"

#include <sys/socket.h>

#include <cstring>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace ashlar::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

Stream::Step step_of(const error_code& ec) {
  if (!ec) return Stream::Step::Done;
  if (ec == asio::error::would_block || ec == asio::error::try_again) return Stream::Step::Wait;
  return ec == asio::error::eof ? Stream::Step::End : Stream::Step::Failed;
}

Stream::Step step_of(TlsStep step, const TlsStream& stream) {
  switch (step) {
    case TlsStep::Done:
      return Stream::Step::Done;
    case TlsStep::WantsRead:
    case TlsStep::WantsWrite:
      return Stream::Step::Wait;
    case TlsStep::End:
      return Stream::Step::End;
    case TlsStep::Failed:
      // Many clients just go. What ends too early shows in the messages.
      return stream.error() == TlsError::Connection ? Stream::Step::End : Stream::Step::Failed;
  }
  return Stream::Step::Failed;
}

std::string shown(const asio::generic::stream_protocol::endpoint& at) {
  asio::ip::tcp::endpoint out;
  const int family = at.protocol().family();
  if ((family != AF_INET && family != AF_INET6) || at.size() > out.capacity()) return {};
  out.resize(at.size());
  std::memcpy(out.data(), at.data(), at.size());
  asio::ip::address address = out.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  const std::string text = address.to_string();
  return (address.is_v6() ? "[" + text + "]:" : text + ":") + std::to_string(out.port());
}

}  // namespace

Stream::Stream(Socket socket) : socket_(std::move(socket)) {
  error_code ignored;
  socket_.non_blocking(true, ignored);
  // Unix sockets know of no delays.
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

std::string Stream::remote() const {
  error_code failed;
  const auto at = socket_.remote_endpoint(failed);
  return failed ? std::string() : shown(at);
}

std::string Stream::local() const {
  error_code failed;
  const auto at = socket_.local_endpoint(failed);
  return failed ? std::string() : shown(at);
}

Status Stream::secure(const TlsContext& context) {
  TRY_ASSIGN(tls_, TlsStream::of_server(context, socket_.native_handle()));
  return {};
}

Stream::Step Stream::handshake() {
  const TlsStep step = tls_->handshake();
  read_wants_write_ = step == TlsStep::WantsWrite;
  return step_of(step, *tls_);
}

Stream::Moved Stream::read_some(std::span<uint8_t> to) {
  if (tls_) {
    const TlsStream::Moved moved = tls_->read_some(to);
    read_more_ = moved.step == TlsStep::Done;
    read_wants_write_ = moved.step == TlsStep::WantsWrite;
    return {step_of(moved.step, *tls_), moved.size};
  }
  error_code ec;
  const size_t size = socket_.read_some(asio::buffer(to.data(), to.size()), ec);
  return {step_of(ec), size};
}

Stream::Moved Stream::write_some(std::span<const uint8_t> from) {
  if (tls_) {
    const TlsStream::Moved moved = tls_->write_some(from);
    write_wants_read_ = moved.step == TlsStep::WantsRead;
    return {step_of(moved.step, *tls_), moved.size};
  }
  error_code ec;
  const size_t size = socket_.write_some(asio::buffer(from.data(), from.size()), ec);
  return {step_of(ec), size};
}

bool Stream::shutdown_send() {
  if (tls_) (void)tls_->shutdown();
  error_code ec;
  socket_.shutdown(Socket::shutdown_send, ec);
  return !ec;
}

void Stream::close() {
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace ashlar::http
