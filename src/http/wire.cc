// Bytes of a connection to a server; see wire.h.
#include "http/wire.h"

#include <boost/asio/buffer.hpp>

namespace ashlar::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using wasi::host::HttpError;
using wasi::host::HttpErrorCode;

namespace {

TlsStream::Moved moved(const error_code& ec, size_t size, TlsStep blocked) {
  if (ec == asio::error::would_block || ec == asio::error::try_again) return {blocked};
  if (ec == asio::error::eof) return {TlsStep::End};
  return ec ? TlsStream::Moved{TlsStep::Failed} : TlsStream::Moved{TlsStep::Done, size};
}

}  // namespace

Wire::Wire(tcp::socket socket) : socket_(std::move(socket)) {
  error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(tcp::no_delay(true), ignored);
}

Status Wire::begin_tls(const TlsContext& context, const std::string& host) {
  TRY_ASSIGN(tls_, TlsStream::of_client(context, socket_.native_handle(), host));
  return {};
}

TlsStream::Moved Wire::read_some(std::span<uint8_t> to) {
  if (tls_) return tls_->read_some(to);
  error_code ec;
  const size_t size = socket_.read_some(asio::buffer(to.data(), to.size()), ec);
  return moved(ec, size, TlsStep::WantsRead);
}

TlsStream::Moved Wire::write_some(std::span<const uint8_t> from) {
  if (tls_) return tls_->write_some(from);
  error_code ec;
  const size_t size = socket_.write_some(asio::buffer(from.data(), from.size()), ec);
  return moved(ec, size, TlsStep::WantsWrite);
}

void Wire::wait(TlsStep wants, std::function<void()> go_on) {
  socket_.async_wait(wants == TlsStep::WantsWrite ? tcp::socket::wait_write : tcp::socket::wait_read,
                     [go_on = std::move(go_on)](error_code) { go_on(); });
}

void Wire::cancel() {
  error_code ignored;
  socket_.cancel(ignored);
}

HttpError Wire::error() const {
  if (!tls_) return {HttpErrorCode::ConnectionTerminated, {}, {}};
  switch (tls_->error()) {
    case TlsError::None:
    case TlsError::Connection:
      break;
    case TlsError::Certificate:
      return {HttpErrorCode::TlsCertificateError, tls_->error_text(), {}};
    case TlsError::Alert:
      return {HttpErrorCode::TlsAlertReceived, tls_->error_text(), {}};
    case TlsError::Protocol:
      return {HttpErrorCode::TlsProtocolError, tls_->error_text(), {}};
  }
  return {HttpErrorCode::ConnectionTerminated, {}, {}};
}

}  // namespace ashlar::http
