// The bytes of a server's connection: a socket of whatever family, by itself or under TLS.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/post.hpp>

#include "http/tls.h"

namespace ashlar::http {

/// Reads and writes never wait; waiting holds no buffer.
class Stream {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;

  explicit Stream(Socket socket);
  /// From now on under TLS; shake hands before anything else. Errors: Internal.
  Status secure(const TlsContext& context);
  /// Both ends: "127.0.0.1:80", "[::1]:80"; an IPv4 address of a socket for both is shown as what it is. Empty: it has
  /// none of the two.
  std::string remote() const;
  std::string local() const;
  bool is_secure() const { return tls_ != nullptr; }

  enum class Step : uint8_t { Done, Wait, End, Failed };
  struct Moved {
    Step step;
    size_t size = 0;  ///< of Done
  };
  /// Wait: again after wait_read().
  Step handshake();
  /// Of TLS, what was agreed on: "h2".
  std::string_view protocol() const { return tls_ ? tls_->protocol() : std::string_view(); }
  /// Wait: again after wait_read().
  Moved read_some(std::span<uint8_t> to);
  /// Wait: again after wait_write(), with the same bytes first.
  Moved write_some(std::span<const uint8_t> from);

  /// Calls `then` with an error code, from the loop, when it is worth trying.
  template <class Then>
  void wait_read(Then then) {
    if (tls_ && read_more_ && tls_->has_pending()) {
      return boost::asio::post(socket_.get_executor(),
                               [then = std::move(then)]() mutable { then(boost::system::error_code()); });
    }
    socket_.async_wait(read_wants_write_ ? Socket::wait_write : Socket::wait_read, std::move(then));
  }
  template <class Then>
  void wait_write(Then then) {
    socket_.async_wait(write_wants_read_ ? Socket::wait_read : Socket::wait_write, std::move(then));
  }

  /// Calls `then` when the connection is broken.
  template <class Then>
  void wait_error(Then then) {
    socket_.async_wait(Socket::wait_error, std::move(then));
  }

  /// Tells the peer that nothing more comes. False: it cannot be told.
  bool shutdown_send();
  /// Without a word: what was under way has no end.
  void close();
  Socket::executor_type executor() { return socket_.get_executor(); }

 private:
  Socket socket_;
  std::unique_ptr<TlsStream> tls_;
  bool read_more_ = false;  ///< the last read took bytes, and there may be more
  bool read_wants_write_ = false, write_wants_read_ = false;
};

}  // namespace ashlar::http
