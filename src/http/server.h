// A server of HTTP/1.1 and HTTP/2 on one event loop: connections, limits, and its end. What a request means is its
// handler's matter.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/error.h"
#include "http/limits.h"
#include "http/tls.h"
#include "wasi/host/http.h"

namespace ashlar::http {

using wasi::host::HttpRequest;
using wasi::host::HttpResponse;

/// Sees a response go. On the loop's thread; let go of when all of it has gone, or will not go.
class Sending {
 public:
  virtual ~Sending() = default;
  /// The peer gets this page, and not the response that was given. May add fields.
  virtual void replaced(HttpResponse& page) = 0;
  /// The peer has gone before it had all of it.
  virtual void gone() = 0;
};

/// The answer that a handler owes. On the loop's thread.
class Answer {
 public:
  virtual ~Answer() = default;
  /// Once. The body may go on afterwards.
  virtual void respond(HttpResponse response) = 0;
  /// In place of it: a page that says no more than the status.
  virtual void fail(uint16_t status) = 0;
  /// The program that owes it has failed: for those who run the service. The peer is told by fail() alone.
  virtual void failed(const Error& error) { static_cast<void>(error); }
  /// Called from the loop when the peer has gone before it had all of the response. May be empty.
  std::function<void()> on_gone;
  /// "HTTP/1.1"
  virtual std::string_view protocol() const = 0;
  /// Set before the response is given; may be null.
  std::shared_ptr<Sending> sending;
};
/// Takes a request. An answer that is dropped without a response is 502.
using Handler = std::function<void(HttpRequest request, std::shared_ptr<Answer> answer)>;

class Connection;

/// A socket that listens, of whatever family.
using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol>;
struct Listener {
  Acceptor acceptor;
  std::shared_ptr<ServerTls> tls;     ///< null: without
  std::shared_ptr<const void> keeps;  ///< let go of when it listens no more
};

class Server {
 public:
  Server(boost::asio::io_context& loop, const HttpLimits& limits, Handler handler);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Takes connections of it.
  void listen(Listener listener);
  /// Takes a connection. `tls`: null without.
  void take(boost::asio::generic::stream_protocol::socket socket, const TlsContext* tls);
  /// Takes no more; idle connections end now, others when they have answered. `done` is called when none is left.
  void finish(std::function<void()> done);
  /// Ends what is left.
  void stop();

  // Of its connections.
  const HttpLimits& limits() const { return limits_; }
  const Handler& handler() const { return handler_; }
  bool finishing() const { return finishing_; }
  /// Of this second, as fields have it.
  const std::string& date();
  void gone(Connection& connection);
  void replace(Connection& connection, std::shared_ptr<Connection> next);

 private:
  struct Source {
    Listener from;
    bool accepting = false;
  };
  void accept();
  void accept_from(Source& source);
  void tick();

  const HttpLimits limits_;
  Handler handler_;
  std::list<Source> sources_;
  boost::asio::steady_timer ticker_;
  std::list<std::shared_ptr<Connection>> connections_;
  bool finishing_ = false;
  std::function<void()> done_;
  int64_t date_second_ = 0;
  std::string date_;
};

}  // namespace ashlar::http
