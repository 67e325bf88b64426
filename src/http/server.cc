// The server's sockets and clock; see server.h.
#include "http/server.h"

#include <ctime>

#include "http/opening.h"

namespace ashlar::http {

namespace {

/// How exact limits of time are.
constexpr std::chrono::milliseconds kTick{250};

}  // namespace

Server::Server(boost::asio::io_context& loop, const HttpLimits& limits, Handler handler)
    : limits_(limits), handler_(std::move(handler)), ticker_(loop) {
  tick();
}

Server::~Server() { stop(); }

void Server::listen(Listener listener) {
  sources_.push_back({std::move(listener)});
  accept();
}

void Server::accept() {
  for (Source& source : sources_) accept_from(source);
}

void Server::accept_from(Source& source) {
  if (finishing_ || source.accepting || connections_.size() >= limits_.connections) return;
  source.accepting = true;
  source.from.acceptor.async_accept([this, &source](boost::system::error_code ec, Stream::Socket socket) {
    if (ec == boost::asio::error::operation_aborted) return;
    source.accepting = false;
    // Without descriptors the next tick tries again.
    if (finishing_ || ec) return;
    const auto tls = source.from.tls ? source.from.tls->current() : nullptr;
    take(std::move(socket), tls.get());
    accept();
  });
}

void Server::take(Stream::Socket socket, const TlsContext* tls) {
  Stream stream(std::move(socket));
  // Without memory for it the peer finds the connection closed.
  if (tls != nullptr && !stream.secure(*tls)) return;
  connections_.push_back(std::make_shared<Opening>(*this, std::move(stream)));
  // By itself: it may go.
  const std::shared_ptr<Connection> connection = connections_.back();
  connection->place = std::prev(connections_.end());
  connection->start({});
}

void Server::tick() {
  ticker_.expires_after(kTick);
  ticker_.async_wait([this](boost::system::error_code ec) {
    if (ec) return;
    const auto now = Connection::Clock::now();
    for (auto at = connections_.begin(); at != connections_.end();) {
      // It may go.
      const std::shared_ptr<Connection> connection = *at++;
      connection->check_time(now);
    }
    accept();
    tick();
  });
}

void Server::finish(std::function<void()> done) {
  finishing_ = true;
  done_ = std::move(done);
  for (Source& source : sources_) {
    boost::system::error_code ignored;
    source.from.acceptor.close(ignored);
    source.from.keeps.reset();
  }
  for (auto at = connections_.begin(); at != connections_.end();) {
    const std::shared_ptr<Connection> connection = *at++;
    connection->finish();
  }
  if (connections_.empty() && done_) std::exchange(done_, {})();
}

void Server::stop() {
  ticker_.cancel();
  while (!connections_.empty()) {
    const std::shared_ptr<Connection> connection = connections_.front();
    connection->close();
  }
}

void Server::gone(Connection& connection) {
  const bool was_full = connections_.size() >= limits_.connections;
  connections_.erase(connection.place);
  if (finishing_) {
    if (connections_.empty() && done_) std::exchange(done_, {})();
  } else if (was_full) {
    accept();
  }
}

void Server::replace(Connection& connection, std::shared_ptr<Connection> next) {
  next->place = connection.place;
  *next->place = next;
}

const std::string& Server::date() {
  const std::time_t now = std::time(nullptr);
  if (now != date_second_) {
    date_second_ = now;
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    constexpr size_t kLongest = 64;
    char text[kLongest];
    // The "C" locale: nobody sets another.
    const size_t size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    date_.assign(text, size);
  }
  return date_;
}

}  // namespace ashlar::http
