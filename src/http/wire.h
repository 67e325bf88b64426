// A connection to a server as bytes, plain or through TLS, on an event loop.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include <boost/asio/ip/tcp.hpp>

#include "http/tls.h"
#include "wasi/host/http.h"

namespace ashlar::http {

/// Never blocks, and holds no buffers.
class Wire {
 public:
  explicit Wire(boost::asio::ip::tcp::socket socket);
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  /// TLS from now on; handshake() comes first. Errors: those of TlsStream.
  Status begin_tls(const TlsContext& context, const std::string& host);
  TlsStep handshake() { return tls_->handshake(); }

  // As those of TlsStream.
  TlsStream::Moved read_some(std::span<uint8_t> to);
  TlsStream::Moved write_some(std::span<const uint8_t> from);
  /// Calls `go_on` when what WantsRead or WantsWrite asks for may be there, or after cancel().
  void wait(TlsStep wants, std::function<void()> go_on);
  void cancel();
  /// Why a step has failed.
  wasi::host::HttpError error() const;

 private:
  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<TlsStream> tls_;  ///< before the socket it goes
};

}  // namespace ashlar::http
